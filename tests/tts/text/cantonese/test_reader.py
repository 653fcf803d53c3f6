import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.text.cantonese.jyutping import syllable_phones
from tts.text.cantonese.lexicon import check_reading
from tts.text.cantonese.reader import CantoneseReader
from tts.text.languages import ReaderOptions
from tts.text.symbols import symbol_table

DATA = Path(__file__).parents[3] / "data"
READER = CantoneseReader(ReaderOptions())
UPSTREAM = CantoneseReader(ReaderOptions(is_like_upstream=True))
MARKS = "!?…,.-"


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def phones_of(jyutping: str) -> tuple[str, ...]:
    return tuple(
        phone for part in jyutping.split() for phone in ((part,) if part in MARKS else check_reading(part))
    )


@pytest.mark.parametrize("row", rows("listening_yue.jsonl"), ids=lambda row: row["text"][:12])
def test_listening_list(row):
    assert READER.read(row["text"]).phones == phones_of(row["reading"])


@pytest.mark.parametrize("row", rows("text/goldens/yue.jsonl"), ids=lambda row: row["text"][:12])
def test_phones_of_upstream(row):
    reading = UPSTREAM.read(row["text"])
    assert reading.phones == tuple(row["phones"])
    assert reading.norm_text.replace("钟意", "锺意") == row["norm_text"]  # a sign with two simplified forms


@pytest.mark.parametrize(
    ("syllable", "phones"),
    [
        ("hoeng1", ("Yh", "Yoeng1")),
        ("gwok3", ("Ygw", "Yok3")),
        ("m4", ("Ym", "Ym4")),
        ("ng5", ("Yng", "Yg5")),
        ("aa3", ("Yaa", "Ya3")),
        ("oi3", ("Yoi", "Yi3")),
        ("ngo5", ("Yng", "Yo5")),
        ("uk1", ("Yuk", "Yk1")),
        ("ung3", ("Yng", "Yung3")),  # upstream's cut, Yung Yg3, is in no symbol table
        ("ang1", ("Yng", "Yang1")),
    ],
)
def test_phones_of_a_syllable(syllable, phones):
    assert syllable_phones(syllable) == phones


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("好驚", "hou2 geng1"),
        ("幾多", "gei2 do1"),
        ("我會聽", "ngo5 wui5 teng1"),
        ("一隻", "jat1 zek3"),
        ("離開", "lei4 hoi1"),
        ("因為", "jan1 wai6"),
        ("鬆開", "sung1 hoi1"),
        ("複雜", "fuk1 zaap6"),
        ("戰鬥", "zin3 dau3"),
        ("我会听", "ngo5 wui5 teng1"),
        ("係㗎", "hai6 gaa3"),
        ("行長", "hong4 zoeng2"),
        ("射中", "se6 zung3"),
        ("为生", "wai4 saang1"),
        ("甕", "ung3"),
        ("嗯", "ng6"),
        ("厚疊疊", "hau5 dip6 dip6"),  # the phrase's dep6 has no phones
    ],
)
def test_readings_of_the_characters_as_they_are_written(text, reading):
    assert READER.read(text).phones == phones_of(reading)


def test_simplifying_spoils_readings_for_upstream_only():
    assert UPSTREAM.read("好驚").phones == phones_of("hou2 ging1")
    assert UPSTREAM.read("係㗎").phones == phones_of("hai6")


def test_phones_per_character():
    reading = READER.read("我走，好！瓧")
    assert reading.norm_text == "我走,好!瓧"
    assert reading.word2ph == (2, 2, 1, 2, 1, 4)


def test_words_of_a_lexicon():
    reader = CantoneseReader(ReaderOptions(lexicon={"龙骑": "LUNG4 gei6", "Kira": "K IH1 R AH0"}))
    assert reader.read("龍騎士").phones == phones_of("lung4 gei6 si6")
    assert reader.read("龙骑士").phones == phones_of("lung4 gei6 si6")
    assert READER.read("龍騎士").phones == phones_of("lung4 ke4 si6")


@pytest.mark.parametrize("reading", ["", "hoeng1 gong", "chong2 qing4", "香港", "hoeng7"])
def test_readings_that_are_not_jyutping_are_refused(reading):
    with pytest.raises(ValueError, match="jyutping"):
        check_reading(reading)
    with pytest.raises(ValueError, match="jyutping"):
        CantoneseReader(ReaderOptions(lexicon={"香港": reading}))


def test_a_word_has_one_syllable_per_character():
    with pytest.raises(ValueError, match="2 jyutping syllables"):
        CantoneseReader(ReaderOptions(lexicon={"香港": "hoeng1"}))


def test_threads_read_alike():
    texts = [row["text"] for row in rows("listening_yue.jsonl")] * 5
    alone = [READER.read(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(READER.read, texts)) == alone


SIGNS = "我哋㗎兩2重行長驚甕兙嗧噷 03-:.,%~個月號年$HKLv℃㎏가か\ue000\ud800\x00\U00020000\uf900"


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from(SIGNS), max_size=20) | st.text(max_size=20))
def test_any_string_is_read_with_known_symbols(text):
    table = symbol_table("v2")
    for reader in (READER, UPSTREAM):
        reading = reader.read(text)
        assert reading.word2ph is not None
        assert len(reading.word2ph) == len(reading.norm_text)
        assert sum(reading.word2ph) == len(reading.phones)
    assert all(phone in table for phone in READER.read(text).phones)
