"""What of a reply is said and what is only shown."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chat2audio.spans import Kind
from chat2audio.speakable import Span, Speakable, SpeakableOptions
from tests.chat2audio.stream_cases import TRICKY, cut_texts, options, spans_of
from tts.text.forced import without_readings

law = settings(max_examples=300, deadline=None)


def said(text: str, **chosen: object) -> str:
    """What is said, which must not depend on whether the text comes at once or by the character."""
    how = SpeakableOptions(**chosen)  # type: ignore[arg-type]
    whole = "".join(span.spoken for span in spans_of([text], how))
    assert "".join(span.spoken for span in spans_of(list(text), how)) == whole
    return whole


def shown(text: str, **chosen: object) -> str:
    how = SpeakableOptions(**chosen)  # type: ignore[arg-type]
    whole = "".join(span.display for span in spans_of([text], how))
    assert "".join(span.display for span in spans_of(list(text), how)) == whole
    return whole


def without_lone_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def merged(spans: list[Span]) -> list[tuple[str, str, Kind]]:
    out: list[tuple[str, str, Kind]] = []
    for display, spoken, kind in spans:
        if out and out[-1][2] is kind:
            display, spoken = out[-1][0] + display, out[-1][1] + spoken
            out.pop()
        out.append((display, spoken, kind))
    return out


class TestLaws:
    @law
    @given(cut_texts(), options)
    def test_how_the_stream_is_cut_changes_nothing(self, pieces: list[str], how: SpeakableOptions) -> None:
        text = "".join(pieces)
        whole = merged(spans_of([text], how))
        assert merged(spans_of(pieces, how)) == whole
        assert merged(spans_of(list(text), how)) == whole

    @law
    @given(cut_texts(), options)
    def test_a_span_says_what_it_shows_or_nothing(self, pieces: list[str], how: SpeakableOptions) -> None:
        for span in spans_of(pieces, how):
            if span.kind is Kind.READING:
                assert without_readings(span.spoken) == span.display != span.spoken
            else:
                assert span.spoken in ("", span.display)
                assert bool(span.spoken) == (span.kind is Kind.SPEECH)

    @law
    @given(st.lists(st.sampled_from([part for part in TRICKY if "<" not in part]), max_size=40))
    def test_all_is_shown(self, pieces: list[str]) -> None:
        text = without_lone_surrogates("".join(pieces))
        assume(without_readings(text) == text)
        assert "".join(span.display for span in spans_of(pieces)) == text

    @law
    @given(st.text(max_size=30), st.text(alphabet="<>/thinkTHINK ", max_size=30), st.text(max_size=30))
    def test_reasoning_is_never_shown(self, before: str, reasoning: str, after: str) -> None:
        if any(tag in (before + reasoning + after).lower() for tag in ("<think", "</think")):
            return
        text = f"{before}<think>{reasoning}</think>{after}"
        expected = without_lone_surrogates(before) + without_lone_surrogates(after)
        assert shown(text) == expected

    @pytest.mark.parametrize(
        "mark", ["(", "（（）)", "*a ", "[a](b ", "_a", "`", "```", "<", "# ", "http://"]
    )
    def test_what_is_undecided_stays_small(self, mark: str) -> None:
        stage = Speakable(SpeakableOptions(speak_urls=False))
        waiting = 0
        for char in mark * 400:
            waiting += 1 - sum(len(span.display) for span in stage.push(char))
            assert waiting <= 400


class TestReadings:
    """A word may bring its reading: the word is shown, and the reading goes with it to the voice."""

    @pytest.mark.parametrize("chosen", [{}, {"asides": ""}, {"show_asides": False}])
    def test_the_word_is_shown_and_said_as_told(self, chosen: dict[str, object]) -> None:
        text = "去{重|chong2}庆找｛Kira｜K AY1 R AH0｝。"
        assert shown(text, **chosen) == "去重庆找Kira。"
        assert said(text, **chosen) == "去{重|chong2}庆找{Kira|K AY1 R AH0}。"

    def test_what_is_in_no_notation_is_no_reading(self) -> None:
        assert said("好{叹气|点头}吧") == "好吧"
        assert said("好{叹气|点头}吧", asides="") == "好{叹气|点头}吧"
        assert said("{a|b\nc}好") == "a|b\nc好", "the end of a line gives a bracket up"

    def test_within_a_stage_direction_it_is_not_said(self) -> None:
        assert shown("（看着{重|chong2}庆）好") == "（看着重庆）好"
        assert said("（看着{重|chong2}庆）好") == "好"


class TestReasoning:
    @pytest.mark.parametrize("tag", ["think", "Think", "THINKING"])
    def test_it_is_neither_shown_nor_said(self, tag: str) -> None:
        assert shown(f"好<{tag}>他在问。</{tag}>啊") == "好啊"

    def test_it_is_dropped_to_the_end_if_never_closed(self) -> None:
        assert shown("好。<think>也许") == "好。"
        assert shown("好。<think>也许</thi") == "好。"

    def test_it_may_begin_before_the_stream(self) -> None:
        assert shown("想一想</think>好", starts_thinking=True) == "好"
        assert shown("没有想完", starts_thinking=True) == ""
        assert shown("a</think>b") == "ab", "a closing tag alone is dropped alone"

    def test_what_only_looks_like_a_tag_is_text(self) -> None:
        assert shown("1 < 2, <b>, <thinker>, <thi") == "1 < 2, <b>, <thinker>, <thi"

    def test_other_tags_can_be_named(self) -> None:
        assert shown("<plan>x</plan>y<think>z", think_tags=("plan",)) == "y<think>z"
        assert shown("<think>z", think_tags=()) == "<think>z"


class TestStageDirections:
    @pytest.mark.parametrize(
        "aside",
        [
            "（笑）",
            "(laughs)",
            "【旁白】",
            "[sighs]",
            "{x}",
            "｛笑｝",
            "〔注〕",
            "*waves*",
            "（微笑)",
            "(笑）",
        ],
    )
    def test_they_are_shown_and_not_said(self, aside: str) -> None:
        assert said(f"你好{aside}朋友") == "你好朋友"
        assert shown(f"你好{aside}朋友") == f"你好{aside}朋友"
        assert shown(f"你好{aside}朋友", show_asides=False) == "你好朋友"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("（他（小声）说）好", "好"),
            ("(a [b) c] d", " c d"),
            ("（*笑*）*（哭）*好", "好"),
            ("*She nods.* Yes, *really*.", " Yes, ."),
            ("他说）好]吧}", "他说好吧"),
            ("（没有结束", "没有结束"),
            ("（没有\n结束）好", "没有\n结束好"),
            ("（外面（里面）还有", "外面还有"),
            ("*开头没有结束", "开头没有结束"),
            ("2*3=6, 2 * 3 = 6", "2*3=6, 2 * 3 = 6"),
            (":) :( ok", ": : ok"),
        ],
    )
    def test_nesting_and_what_is_not_closed(self, text: str, expected: str) -> None:
        assert said(text) == expected
        assert shown(text) == text

    def test_an_open_bracket_holds_the_text_only_so_long(self) -> None:
        stage = Speakable(SpeakableOptions(max_held_chars=30))
        waiting = [len(stage.push(char)) == 0 for char in "（" + "天" * 20]
        assert waiting.index(False, 1) == 10, "one for the mark, three for a character"
        assert said("（" + "天" * 20 + "）好", max_held_chars=30) == "天" * 20 + "好"
        assert said("（" + "天" * 9 + "）好", max_held_chars=30) == "好"

    def test_a_late_closing_star_opens_nothing(self) -> None:
        assert said("*" + "很" * 20 + "*你好*笑*啊", max_held_chars=30) == "很" * 20 + "你好啊"

    def test_the_opening_mark_does_not_wait(self) -> None:
        stage = Speakable()
        stage.push("好。")
        assert stage.push("（") == [Span("（", "", Kind.OPENER)]

    def test_which_brackets_can_be_chosen(self) -> None:
        assert said("（笑）[哭]*挥手*好", asides="(") == "[哭]挥手好"
        assert said("「对白」《书》“话”") == "「对白」《书》“话”"
        assert said("「旁白」《书》“话”好", asides="「《“") == "好"
        assert said("(笑)好", asides="") == "(笑)好"


class TestMarkdown:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("**重要**的事", "重要的事"),
            ("***both***", "both"),
            ("_i_ and __b__", "i and b"),
            ("snake_case_name", "snake_case_name"),
            ("用`print`吧", "用print吧"),
            ("# Title\n## 二\n#tag", " Title\n 二\n#tag"),
            ("> quote\n> > twice", " quote\n twice"),
            ("- a\n* b\n+ c\n-5度\n  • d", " a\n b\n c\n-5度\n d"),
            ("1. one", "1. one"),
            ("看[这里](https://a.com/x_(y))吧", "看这里吧"),
            ("[脚注] (旁注)", " "),
            ("![图](a.png)", "!图"),
            ("好\n```py\nx = 1\n```\n吧", "好\n\n吧"),
            ("```\nnever closed", ""),
            ("|a|b|\n|-|-|\nok", "\n\nok"),
            ("~~old~~ 好呀~~", "old~~ 好呀~~"),
            ("**a\nb** c", "a\nb c"),
        ],
    )
    def test_marks_are_silent_and_words_are_said(self, text: str, expected: str) -> None:
        assert said(text) == expected
        assert shown(text) == text

    def test_a_mark_left_open_ends_with_its_line(self) -> None:
        marks = [span.kind for span in spans_of(["**a\n**b** `c\n`d"]) if not span.spoken]
        assert marks == [Kind.OPENER, Kind.OPENER, Kind.CLOSER, Kind.OPENER, Kind.OPENER]

    def test_code_can_be_said(self) -> None:
        assert said("```\nx = 1\n```\n|a|", speak_code=True) == "\nx = 1\n\na|"

    def test_bold_is_said_where_an_action_is_not(self) -> None:
        assert said("**bold** *action* **bold *action* bold**") == "bold  bold  bold"


class TestAddresses:
    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("看 https://a.com/b_c?d=1.5&e=(f)#g 吧", "看  吧"),
            ("看https://a.com/b。好", "看。好"),
            ("(see http://a.com/x) ok", " ok"),
            ("Go to www.example.com. Now", "Go to . Now"),
            ("mail first_last@x-y.com, ok", "mail , ok"),
            ("snake_case is no address. 3.14 neither", "snake_case is no address. 3.14 neither"),
        ],
    )
    def test_they_are_said_whole_or_left_out(self, text: str, left: str) -> None:
        assert said(text, speak_urls=False) == left
        assert shown(text, speak_urls=False) == text
        assert said(text) == text.replace("(see http://a.com/x)", "")


class TestSymbols:
    @pytest.mark.parametrize(
        "symbol",
        [
            "😀",
            "👨\u200d👩\u200d👧",
            "❤\ufe0f",
            "👍🏽",
            "🇨🇳",
            "★",
            "♪",
            "(＾▽＾)",
            "\u200b",
            "\u202e",
            "\x00",
            "\ue000",
        ],
    )
    def test_ornaments_are_shown_and_not_said(self, symbol: str) -> None:
        assert said(f"好{symbol}吧") == "好吧"
        assert shown(f"好{symbol}吧") == f"好{symbol}吧"

    def test_symbols_that_stand_for_words_are_said(self) -> None:
        assert said("30℃ 5㎡ 45° ① 2^10 $5 50% 1\ufe0f\u20e3") == "30℃ 5㎡ 45° ① 2^10 $5 50% 1"

    def test_stacked_marks_are_thinned(self) -> None:
        assert said("e" + "\u0301" * 50) == "e" + "\u0301" * 3

    @pytest.mark.parametrize("text", ["\ud800", "好\udfff吧", "\ude00\ud83d"])
    def test_lone_surrogates_become_replacement_characters(self, text: str) -> None:
        shown(text).encode()
        assert shown(text) == without_lone_surrogates(text)

    def test_a_surrogate_pair_in_two_pieces_is_one_character(self) -> None:
        assert "".join(span.display for span in spans_of(["a\ud842", "\udfb7b"])) == "a\U00020bb7b"


class TestOptions:
    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"asides": "(?"}, "'\\?' is not among"),
            ({"max_held_chars": 0}, "max_held_chars is 0"),
            ({"think_tags": "think"}, "think_tags is 'think'"),
            ({"think_tags": ("<think>",)}, "think_tags"),
        ],
    )
    def test_bad_ones_are_named(self, values: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            SpeakableOptions(**values)

    def test_nothing_gives_nothing(self) -> None:
        assert spans_of([]) == spans_of(["", ""]) == []
