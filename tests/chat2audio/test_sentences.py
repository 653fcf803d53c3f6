"""Sentences: the table of hard strings, the laws that hold for any text, and the policy of lengths."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat2audio.boundaries import NEVER, rank_inside
from chat2audio.characters import count_syllables, count_words
from chat2audio.sentences import Sentence, SentenceSplitter, SplitLimits
from chat2audio.spans import Kind, Span
from chat2audio.speakable import Speakable, SpeakableOptions
from tests.chat2audio.stream_cases import cut_texts, letters, limits, options, sentences_of, spans_of
from tts.text.forced import without_readings

CASES = json.loads((Path(__file__).parents[1] / "data" / "splitter_cases.json").read_text(encoding="utf-8"))
SENTENCES_ONLY = SplitLimits.sentences_only()
WEARING = "天|天气。|word |a|1|(|（（））|*a |[a](b |_a|`|😀|...| |\n|<th|http://a.b,"
law = settings(max_examples=300, deadline=None)


def spoken(text: str, chosen: SplitLimits | None = None, step: int = 1) -> list[str]:
    return [s.spoken for s in sentences_of([text[i : i + step] for i in range(0, len(text), step)], chosen)]


def said(text: str) -> Span:
    return Span(text, text)


def units(text: str) -> float:
    return count_syllables(text) + 1.5 * count_words(text)


class TestTable:
    """What is wanted was written by hand; the file says it for every string."""

    @pytest.mark.parametrize("step", [1, 3, 1000])
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_sentences_end_where_they_should(self, case: dict, step: int) -> None:
        pieces = [case["text"][i : i + step] for i in range(0, len(case["text"]), step)]
        assert [s.display for s in sentences_of(pieces, SENTENCES_ONLY)] == case["sentences"]

    @pytest.mark.parametrize("step", [1, 3, 1000])
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_pieces_are_spoken_as_they_should(self, case: dict, step: int) -> None:
        assert spoken(case["text"], None, step) == case["streamed"]

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_a_sentence_waits_for_one_character_behind_its_cut(self, case: dict) -> None:
        speech = "".join(span.spoken for span in spans_of([case["text"]]))
        splitter = SentenceSplitter(SENTENCES_ONLY)
        done = 0
        for seen, char in enumerate(speech, 1):
            for sentence in splitter.push(said(char)):
                done += len(sentence.display)
                assert seen - done <= 1


class TestReadings:
    @pytest.mark.parametrize("step", [1, 10, 50])
    def test_words_with_readings_are_parted_however_many_come_at_once(self, step: int) -> None:
        text = "{重|chong2}" * 5
        chosen = SplitLimits(0, 4, 0, 4, 0, 8, 0)
        pieces = [text[i : i + step] for i in range(0, len(text), step)]
        assert [s.display for s in sentences_of(pieces, chosen)] == ["重重重重", "重"]


class TestLaws:
    @law
    @given(cut_texts(), limits, options)
    def test_how_the_stream_is_cut_changes_nothing(
        self, pieces: list[str], chosen: SplitLimits, how: SpeakableOptions
    ) -> None:
        text = "".join(pieces)
        whole = sentences_of([text], chosen, how)
        assert sentences_of(pieces, chosen, how) == whole
        assert sentences_of(list(text), chosen, how) == whole

    @law
    @given(cut_texts(), limits, options)
    def test_nothing_is_lost_and_nothing_is_said_twice(
        self, pieces: list[str], chosen: SplitLimits, how: SpeakableOptions
    ) -> None:
        spans = spans_of(pieces, how)
        sentences = sentences_of(pieces, chosen, how)
        assert "".join(s.display for s in sentences) == "".join(s.display for s in spans)
        assert letters("".join(s.spoken for s in sentences)) == letters("".join(s.spoken for s in spans))
        assert [s.index for s in sentences] == list(range(len(sentences)))

    @law
    @given(cut_texts(), limits, options)
    def test_marks_alone_are_never_spoken(
        self, pieces: list[str], chosen: SplitLimits, how: SpeakableOptions
    ) -> None:
        sentences = sentences_of(pieces, chosen, how)
        assert all(letters(s.spoken) or not s.spoken for s in sentences)
        assert all(s.spoken for s in sentences[:-1]), "only a rest may be silent"

    @law
    @given(cut_texts(), limits)
    def test_no_piece_is_above_its_limit_if_it_can_be_cut(
        self, pieces: list[str], chosen: SplitLimits
    ) -> None:
        for sentence in sentences_of(pieces, chosen):
            text = without_readings(sentence.spoken)
            assert len(text) <= 2 * chosen.max_chars  # a comma and a blank may stand for the end of a line
            if text == sentence.spoken and units(text) > chosen.bounds(sentence.index).max_units:
                places = [at for at in range(1, len(text)) if rank_inside(text, at) > NEVER]
                assert not any(letters(text[:at]) and letters(text[at:]) for at in places), sentence

    @law
    @given(st.text(alphabet="天a1 .,-", min_size=1, max_size=200))
    def test_words_and_numbers_stay_whole(self, text: str) -> None:
        sentences = sentences_of([text], SplitLimits(0, 4, 0, 4, 0, 4, max_chars=500))
        for left, right in pairwise(s.display for s in sentences):
            assert not (left[-1] in "a1" and right[0] in "a1")

    @law
    @given(st.integers(0, 40), st.integers(1, 5))
    def test_stage_directions_that_span_pieces_are_not_said(self, start: int, step: int) -> None:
        text = "天" * start + "（慢慢地（很慢）走过来）你好*smiles, then waves* ok"
        assert "".join(spoken(text, SENTENCES_ONLY, step)) == "天" * start + "你好 ok"

    @pytest.mark.parametrize(
        "quoted", ["“你好呀”", "「你好呀」", "『你好呀』", "《你好呀》", '"你好呀"', "‘你好呀’"]
    )
    def test_quotations_and_titles_are_said(self, quoted: str) -> None:
        assert spoken(f"他说{quoted}然后走了") == [f"他说{quoted}然后走了"]


class TestPolicy:
    def test_the_first_piece_ends_at_the_first_clause_that_is_long_enough(self) -> None:
        assert spoken("嗯，好，我们走吧，去海边，看日出。")[0] == "嗯，好，我们走吧，"
        assert spoken("Well, then, let us go, to the sea.")[0] == "Well, then, let us go,"

    def test_three_words_are_enough(self) -> None:
        assert spoken("Oh my dear, how nice of you to come all the way.")[0] == "Oh my dear,"
        assert spoken("Oh dear, how nice, of you to come all the way.")[0] == "Oh dear, how nice,"

    def test_the_second_piece_is_longer_and_the_third_a_sentence(self) -> None:
        text = "你好朋友，今天好，天气也不错吧，风很轻，我们去海边，看看船，也看看人。好的。走吧走吧。"
        assert spoken(text) == [
            "你好朋友，",
            "今天好，天气也不错吧，",
            "风很轻，我们去海边，看看船，也看看人。",
            "好的。走吧走吧。",
        ]

    def test_ten_words_without_a_mark_are_cut_behind_a_word(self) -> None:
        pieces = spoken("one two three four five six seven eight nine ten eleven twelve")
        assert pieces == ["one two three four five six seven eight nine ten", "eleven twelve"]

    def test_a_long_sentence_is_cut_at_a_clause_if_there_is_one(self) -> None:
        limits_ = SplitLimits(0, 50, 0, 50, 0, 50, clause_pieces=0)
        assert spoken("天" * 30 + "，" + "天" * 30, limits_) == ["天" * 30 + "，", "天" * 30]
        assert spoken("天" * 30 + " " + "天" * 30, limits_) == ["天" * 30, "天" * 30]
        assert spoken("天" * 60, limits_) == ["天" * 50, "天" * 10]

    def test_a_cut_of_necessity_avoids_tearing_a_phrase(self) -> None:
        assert spoken("这个地方的风景真好看我们一起走路回家")[0] == "这个地方的风景真好看"
        assert spoken("私は昨日友達と海辺の公園へ行きました")[0] == "私は昨日友達と海辺の公園へ"

    def test_what_cannot_be_cut_is_kept_whole_up_to_the_number_of_characters(self) -> None:
        tight = SplitLimits(0, 4, 0, 4, 0, 4, max_chars=40)
        assert spoken("1" * 30 + "天", tight) == ["1" * 30 + "天"]
        assert [len(piece) for piece in spoken("1" * 90, tight)] == [40, 40, 10]
        for step in (1, 1000):
            assert spoken("1" * 30 + "天地天地天", tight, step) == ["1" * 30 + "天", "地天地天"]

    def test_what_was_too_early_in_one_piece_counts_in_the_next(self) -> None:
        limits_ = SplitLimits(first_min=10, first_max=15, second_min=1)
        pieces = spoken("天天天天天天。天天，天天天天天天天天天", limits_)
        assert pieces == ["天天天天天天。", "天天，", "天天天天天天天天天"]

    @pytest.mark.parametrize(
        "pair",
        ["か\u3099", "e\u0301", "ｶﾞ", "\u200d👩", "👍🏽", "🇨🇳", "\u1100\u1161", "❤\ufe0f", "ab", "12", "a1"],
    )
    def test_graphemes_words_and_numbers_have_no_place_inside(self, pair: str) -> None:
        assert rank_inside(pair, 1) == NEVER

    def test_a_word_at_the_end_of_the_room_is_not_torn_from_its_accent(self) -> None:
        limits_ = SplitLimits(0, 4, 0, 4, 0, 4, max_chars=16)
        assert spoken("a" * 15 + "e\u0301" + "a" * 9, limits_) == ["a" * 15, "e\u0301" + "a" * 9]

    def test_lines_without_marks_are_joined_with_a_pause(self) -> None:
        assert spoken("长长的第一句话。第二句话也长。\n苹果\n香蕉\n梨\n都有") == [
            "长长的第一句话。",
            "第二句话也长。 苹果",
            "香蕉，梨，都有",
        ]

    def test_words_around_left_out_text_do_not_run_together(self) -> None:
        assert spoken("hello(smiles)world") == ["hello world"]
        assert spoken("hello😀world") == ["hello world"]
        assert spoken("Hello.😀World", SENTENCES_ONLY) == ["Hello.", "World"]
        assert spoken("Hello.❤\ufe0fWorld", SENTENCES_ONLY) == ["Hello.", "World"]
        assert spoken("he**ll**o") == ["hello"]

    def test_a_sentence_before_a_stage_direction_does_not_wait_for_its_end(self) -> None:
        assert [s.spoken for s in sentences_before("你好朋友。（他慢慢地")] == ["你好朋友。"]

    def test_a_limit_of_the_speaker_counts(self) -> None:
        quick = SplitLimits.from_dict({"first_min": 1, "word_units": 2})
        assert spoken("嗯，好的。", quick) == ["嗯，", "好的。"]


def sentences_before(text: str) -> list[Sentence]:
    """What is complete while the stream is still open."""
    splitter = SentenceSplitter()
    speakable = Speakable()
    return [s for char in text for span in speakable.push(char) for s in splitter.push(span)]


class TestInputs:
    def test_a_span_says_what_it_shows(self) -> None:
        with pytest.raises(ValueError, match="said as shown or not at all"):
            SentenceSplitter().push(Span("5", "five"))

    def test_a_word_with_its_reading_is_one_thing(self) -> None:
        splitter = SentenceSplitter(SplitLimits(1, 4, 1, 4, 1, 4, max_chars=40))
        markup = Span("重庆三峡", "{重庆三峡|chong2 qing4 san1 xia2}", Kind.READING)
        spans = [said("我们去，去"), markup, said("玩。好吗？")]
        sentences = [s for span in spans for s in splitter.push(span)] + splitter.flush()
        assert "".join(s.display for s in sentences) == "我们去，去重庆三峡玩。好吗？"
        assert markup.spoken in [s.spoken.rstrip("玩。") for s in sentences]

    def test_a_word_with_its_reading_that_must_be_cut_is_read_as_written(self) -> None:
        splitter = SentenceSplitter(SplitLimits(1, 4, 1, 4, 1, 4, max_chars=16))
        pushed = splitter.push(Span("字" * 20, "{%s|zi4}" % ("字" * 20), Kind.READING))
        assert [s.spoken for s in pushed + splitter.flush()] == ["字" * 16, "字" * 4]

    def test_a_silent_span_without_a_kind_is_an_aside(self) -> None:
        splitter = SentenceSplitter()
        assert splitter.push(said("你好朋友。")) == []
        assert splitter.push(Span("（笑）", "")) == [Sentence(0, "你好朋友。", "你好朋友。")]
        assert splitter.flush() == [Sentence(1, "（笑）", "")]

    def test_what_is_shown_goes_with_its_neighbour(self) -> None:
        splitter = SentenceSplitter(SENTENCES_ONLY)
        spans = [
            Span("**", "", Kind.OPENER),
            said("好。"),
            Span("**", "", Kind.CLOSER),
            Span("😀", "", Kind.SYMBOL),
        ]
        sentences = [s for span in [*spans, said("走")] for s in splitter.push(span)]
        assert sentences == [Sentence(0, "**好。**😀", "好。")]
        assert splitter.flush() == [Sentence(1, "走", "走")]

    def test_nothing_gives_nothing(self) -> None:
        assert sentences_of([]) == sentences_of(["", ""]) == []

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"first": 3}, "unknown splitter limit 'first'; valid are first_min, first_max"),
            ({"first_min": "4"}, "first_min is '4'; it must be a number"),
            ({"max_chars": 20.5}, "max_chars is 20.5; it must be a whole number"),
            ({"first_min": 20}, "first_min is 20 and first_max 15"),
            ({"later_max": float("nan")}, "later_min is 6 and later_max nan"),
            ({"clause_pieces": -1}, "clause_pieces is -1"),
            ({"word_units": 0}, "word_units is 0"),
            ({"max_chars": 3}, "max_chars is 3"),
        ],
    )
    def test_bad_limits_are_named(self, values: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            SplitLimits.from_dict(values)


class TestEffort:
    """Counted, not timed: calls of Python and C functions while a text goes through both stages."""

    @pytest.mark.parametrize("step", [1, 7, 10**6])
    @pytest.mark.parametrize("bit", WEARING.split("|"))
    def test_twice_the_text_is_twice_the_work(self, bit: str, step: int) -> None:
        def effort(text: str) -> int:
            calls = 0

            def count(*_: object) -> None:
                nonlocal calls
                calls += 1

            sys.setprofile(count)
            try:
                sentences_of([text[i : i + step] for i in range(0, len(text), step)])
            finally:
                sys.setprofile(None)
            return calls

        text = bit * (1500 // len(bit))
        effort(text)  # what is looked up once is known from here on
        assert effort(text + text) <= 2.5 * effort(text) + 200
