"""Strings that are hard to cut, ways to cut the stream they come in, and what both stages make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from chat2audio.sentences import Sentence, SentenceSplitter, SplitLimits
from chat2audio.speakable import Span, Speakable, SpeakableOptions

# Whatever any rule looks at, often, among letters of all sorts.
MARKS = "。！？!?.…‥．｡,;:，、；：—~～-'\"’”“‘「」『』《》()（）[]【】{}｛｝〔〕<>*_`#|/@^+%$&=\\ \t\n\r"
BITS = (
    "**|***|```|~~|__|](|- |# |> |1. |Dr.|No. |etc. |U.S.|a.m. |...|<think>|</think>|<thi|nk>|http://|www.|a@b.c"
    "|3.14|1,280|12:30|v2.0.1|你好。|今天天气真好|hello world|她说：|（微笑）|*waves*|“好！”|走！」と|\n\n"
)
ODD_ONES = (
    "😀|👨\u200d👩\u200d👧|❤\ufe0f|🇨🇳|1\ufe0f\u20e3|e\u0301|\u200b|\u202e|\ud83d|\ude00|\x00|\u3000|\u2028"
)
READINGS = ["{重|chong2}", "{K. Y|K AY1}", "{", "|a1}"]
TRICKY = [*READINGS, *MARKS, *"aZ1９你的我好はカっン가éя", *BITS.split("|"), *ODD_ONES.split("|")]
texts = st.one_of(
    st.lists(st.sampled_from(TRICKY), max_size=40).map("".join),
    st.text(max_size=60),
    st.text(alphabet=st.characters(categories=["L", "P", "Z"], max_codepoint=0x3100), max_size=80),
)
limits = st.builds(
    lambda low, high, pieces, chars: SplitLimits(
        low, low + high, 2 * low, 2 * low + high, low, low + 2 * high, pieces, max_chars=chars
    ),
    low=st.integers(0, 12),
    high=st.integers(4, 30),
    pieces=st.integers(0, 3),
    chars=st.integers(16, 120),
)
options = st.builds(
    SpeakableOptions,
    asides=st.sampled_from(["([{*", "", "(", "*", "([{*「《“<"]),
    show_asides=st.booleans(),
    max_held_chars=st.sampled_from([1, 7, 40, 300]),
    speak_urls=st.booleans(),
    speak_code=st.booleans(),
    starts_thinking=st.booleans(),
)


@st.composite
def cut_texts(draw: Callable) -> list[str]:
    """A text in pieces."""
    text = draw(texts)
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


def spans_of(pieces: Sequence[str], chosen: SpeakableOptions | None = None) -> list[Span]:
    stage = Speakable(chosen)
    spans = [span for piece in pieces for span in stage.push(piece)]
    return spans + stage.flush()


def sentences_of(
    pieces: Sequence[str],
    chosen_limits: SplitLimits | None = None,
    chosen: SpeakableOptions | None = None,
) -> list[Sentence]:
    """The sentences of a stream."""
    speakable, splitter = Speakable(chosen), SentenceSplitter(chosen_limits)
    sentences: list[Sentence] = []
    for piece in pieces:
        for span in speakable.push(piece):
            sentences += splitter.push(span)
    for span in speakable.flush():
        sentences += splitter.push(span)
    return sentences + splitter.flush()


def letters(text: str) -> str:
    """What of a text is heard."""
    return "".join(filter(str.isalnum, text))
