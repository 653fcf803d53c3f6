"""The Japanese reader: phones, marks of melody, and no text that makes it raise."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.edit_distance import edit_distance
from tts.text.japanese.engine import FOLDER_VARIABLE, get_engine
from tts.text.japanese.reader import JapaneseReader
from tts.text.languages import ReaderOptions
from tts.text.symbols import symbol_table

DATA = Path(__file__).parents[3] / "data"
GOLDENS = DATA / "text" / "goldens" / "ja.jsonl"
MARKS_OF_MELODY = frozenset(("[", "]", "UNK"))


@pytest.fixture(autouse=True)
def own_dictionary(monkeypatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)


@pytest.fixture(scope="module")
def ours() -> JapaneseReader:
    return JapaneseReader(ReaderOptions())


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def agreement(reader: JapaneseReader) -> tuple[float, int]:
    """Returns 1 - edits / phones over the goldens, and how many of them are equal."""
    num_edits = num_phones = num_equal = 0
    for row in rows(GOLDENS):
        reading = reader.read(row["text"])
        phones = symbol_table(row["version"]).known(reading.phones)
        assert reading.norm_text == row["norm_text"]
        num_edits += edit_distance(row["phones"], phones)
        num_phones += len(row["phones"])
        num_equal += tuple(row["phones"]) == phones
    return 1 - num_edits / num_phones, num_equal


def test_phones_and_marks_agree_with_upstream():
    share, num_equal = agreement(JapaneseReader(ReaderOptions(is_like_upstream=True)))
    assert share >= 0.995
    assert num_equal >= 62


# The variable is asked here, for the fixture takes it away.
UPSTREAM_DICTIONARY = Path(os.environ.get(FOLDER_VARIABLE, "."))


@pytest.mark.skipif(not os.environ.get(FOLDER_VARIABLE), reason=f"{FOLDER_VARIABLE} names no dictionary")
def test_phones_and_marks_are_those_of_upstream_with_its_dictionary():
    assert agreement(JapaneseReader(ReaderOptions(is_like_upstream=True), UPSTREAM_DICTIONARY)) == (1.0, 68)


def test_listening_list_is_read_as_it_was_checked(ours):
    for row in rows(DATA / "listening_ja.jsonl"):
        assert " ".join(ours.read(row["text"]).phones).replace("UNK", "/") == row["reading"]


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("はい。", "h a ] i ."),
        ("私は東京へ", "w a [ t a sh i w a UNK t o [ o ky o o e"),
        ("12本", "j u [ u UNK n i ] h o N"),
        ("0.25", "r e ] e t e N UNK n i [ i g o ] o"),
        ("ありますか？", "a [ r i m a ] s u k a ?"),
        ("月、", "ts u [ k i ,"),
        ("あの方が", "a [ n o UNK k a [ t a ] g a"),
        ("この表を見て", "k o [ n o UNK hy o [ o o UNK m i ] t e"),
        (
            "03-1234-5678",
            "z e [ r o s a ] N , i [ ch i n i ] i UNK s a [ N y o ] N , "
            "g o [ o r o ] k u UNK n a [ n a h a ] ch i",
        ),
    ],
)
def test_reads_as_a_person_would(ours, text, phones):
    assert " ".join(ours.read(text).phones) == phones


@pytest.mark.parametrize("text", ["", " ", "。。。", "「」", "🌙", "\n", "ー", "−", "・", "{|}", "\ue000"])
def test_nothing_to_say_gives_no_phones(ours, text):
    assert ours.read(text).phones == ()


def test_unknown_letters_are_counted_and_left_out(ours):
    reading = ours.read("愛とЖ")
    assert (reading.num_skipped, reading.norm_text) == (1, "愛と")
    assert ours.read("愛と").num_skipped == 0


def test_given_readings_stand_within_their_sentence():
    reader = JapaneseReader(ReaderOptions(lexicon={"七海": "ナナ'ミ", "纳西妲": "ナヒーダ"}))
    assert " ".join(reader.read("七海は").phones) == "n a [ n a ] m i w a"
    assert reader.read("纳西妲と七海さん").norm_text == "ナヒーダとナナミさん"
    assert " ".join(reader.read("{七|ヒチ'}は").phones) == "h i [ ch i ] w a"
    assert " ".join(reader.read("{海|abc}は").phones) == " ".join(reader.read("海は").phones)


def test_each_phone_is_in_the_table(ours):
    table = symbol_table("v2")
    text = "ヴァイオリン、ファ、ティ、クヮ、ちゃちゅちょ、ぎゃびゅぴょ、つぁ、うぃ、とぅ、ん、っ、𠮷野家"
    assert [phone for phone in ours.read(text).phones if phone not in table] == []


def test_threads_share_a_dictionary(ours):
    texts = [row["text"] for row in rows(GOLDENS)[::3]] * 2
    alone = [ours.read(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ours.read, texts)) == alone


def test_wrong_dictionary_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"is no dictionary of Open JTalk, for it has no sys\.dic"):
        JapaneseReader(ReaderOptions(), tmp_path)
    for name in ("sys.dic", "matrix.bin", "char.bin", "unk.dic"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"cannot be read"):
        JapaneseReader(ReaderOptions(), tmp_path)


def test_wrong_folder_in_the_environment_warns_once_and_all_is_read(ours, tmp_path, monkeypatch, caplog):
    wanted = ours.read("はい。")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    for _ in range(2):
        assert JapaneseReader(ReaderOptions(lexicon={"七海": "ナナミ"})).read("はい。") == wanted
    assert get_engine().is_own
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{FOLDER_VARIABLE}: {tmp_path} is no dictionary of Open JTalk")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.text("あいっゃー漢字々ゝ12年:/-.,%Lv「」～!?{|}' ", max_size=30))
def test_no_text_raises(text):
    for is_like_upstream in (True, False):
        reading = JapaneseReader(ReaderOptions(is_like_upstream=is_like_upstream)).read(text)
        assert reading.num_skipped >= 0
        assert reading.word2ph is None


def test_long_texts_are_read_to_the_end(ours):
    assert ours.read("とても" * 1000).phones[-5:] == ours.read("とても" * 100).phones[-5:]
