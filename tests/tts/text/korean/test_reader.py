import json
import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.text.korean.lexicon import check_reading
from tts.text.korean.reader import KoreanReader
from tts.text.languages import ReaderOptions
from tts.text.symbols import symbol_table

DATA = Path(__file__).parents[3] / "data"
READER = KoreanReader(ReaderOptions())
UPSTREAM = KoreanReader(ReaderOptions(is_like_upstream=True))


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def spoken(text: str, reader: KoreanReader = READER, *, is_alone: bool = True) -> str:
    return "".join(reader.read(text, is_alone=is_alone).phones)


@pytest.mark.parametrize("row", rows("listening_ko.jsonl"), ids=lambda row: row["text"][:20])
def test_listening_list(row):
    assert spoken(row["text"]) == row["reading"]


@pytest.mark.parametrize("row", rows("text/goldens/ko.jsonl"), ids=lambda row: row["text"][:20])
def test_phones_of_upstream(row):
    assert UPSTREAM.read(row["text"]).phones == tuple(row["phones"])


def test_upstream_knows_words_before_numbers_are_said():
    assert spoken("일시", UPSTREAM) == "ㅇㅣㄹㅆㅣ."
    assert spoken("1시간", UPSTREAM) == "ㅇㅣㄹㅅㅣㄱㅏㄴ."
    assert spoken("우산새", UPSTREAM) == "ㅇㅜㅅㅏㄴㅆㅐ."


def test_vowels_of_two_sounds_are_two_phones():
    assert spoken("와 왜 외 워 웨 위 의 야 얘 여 예 요 유.") == (
        "ㅇㅗㅏ空ㅇㅗㅐ空ㅇㅗㅣ空ㅇㅜㅓ空ㅇㅜㅔ空ㅇㅜㅣ空ㅇㅡㅣ空ㅇㅣㅏ空ㅇㅣㅐ空ㅇㅣㅓ空ㅇㅣㅔ空ㅇㅣㅗ空ㅇㅣㅜ."
    )


def test_between_other_languages_no_mark_is_added_and_blanks_stay():
    assert spoken("내 ", is_alone=False) == "ㄴㅐ空"
    assert spoken(" 내 ") == "ㄴㅐ."


def test_nothing_to_say_has_no_phones():
    assert READER.read("").phones == ()
    assert READER.read(" \n ").phones == (".",)
    assert READER.read("🌙").phones == ()
    assert READER.read("🌙").num_skipped == 1


def test_unknown_signs_and_blanks_are_stops_for_upstream_only():
    assert UPSTREAM.read(" ").phones == ("空",)
    assert READER.read(" ", is_alone=False).phones == ()
    assert spoken("🌙가", UPSTREAM) == "停ㄱㅏ."
    assert spoken("🌙가") == "ㄱㅏ."


def test_words_of_a_lexicon():
    reader = KoreanReader(
        ReaderOptions(lexicon={"한닢": "하닙", "닭지": "닥지", "Kira": "키라", "重庆": "chong2 qing4"})
    )
    assert spoken("한닢이", reader) == "ㅎㅏㄴㅣㅂㅣ."
    assert spoken("닭지", reader) == "ㄷㅏㄱㅈㅣ."
    assert spoken("Kira의 닭", reader) == "ㅋㅣㄹㅏㅇㅡㅣ空ㄷㅏㄱ."
    assert spoken("닭지") == "ㄷㅏㄱㅉㅣ."


@pytest.mark.parametrize("reading", ["", "na hi da", "ㄱㅏ", "가  나", "가!", " 가"])
def test_readings_that_are_not_hangul_are_refused(reading):
    with pytest.raises(ValueError, match="Hangul"):
        check_reading(reading)
    with pytest.raises(ValueError, match="Hangul"):
        KoreanReader(ReaderOptions(lexicon={"나히다": reading.replace(" 가", "가?")}))


def test_a_reading_is_said_as_it_is_written():
    assert check_reading("학교 왜") == ("ㅎ", "ㅏ", "ㄱ", "ㄱ", "ㅣ", "ㅗ", "空", "ㅇ", "ㅗ", "ㅐ")


def test_threads_read_alike():
    texts = [row["text"] for row in rows("listening_ko.jsonl")] * 5
    alone = [READER.read(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(READER.read, texts)) == alone


SIGNS = "가닭값끝이을 ㄱㅏㅋ3 10-2:.,%~개시월번원$₩℃㈜漢か\ue000\U000f0000\ud800\x00" + string.ascii_letters


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from(SIGNS), max_size=20) | st.text(max_size=20), st.booleans())
def test_any_string_is_read_with_known_symbols(text, is_alone):
    table = symbol_table("v2")
    assert all(phone in table for phone in READER.read(text, is_alone=is_alone).phones)
    UPSTREAM.read(text, is_alone=is_alone)
