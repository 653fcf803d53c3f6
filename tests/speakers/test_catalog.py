"""The catalog follows its folder, keeps the last good speaker of a broken file, and never crashes."""

import logging
import os
from pathlib import Path

import pytest

from speakers import catalog as catalog_module
from speakers.catalog import SpeakerCatalog, UnknownSpeaker

SPEAKERS = Path(catalog_module.__file__).parent
GOOD = """
gpt_model = "a.ckpt"
sovits_model = "b.pth"
ref_audio = "r.wav"
ref_text = "hello"
ref_language = "en"
target_language = "en"
"""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_sec = 100.0

    def __call__(self) -> float:
        return self.now_sec


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "Mei.toml", 'description = "a florist"\n')
    write(tmp_path / "Ada.toml", 'name = "Ada L."\n')
    return tmp_path


def write(path: Path, more: str = "", text: str = GOOD) -> None:
    """Write a speaker file with a time of its own, as edits a second apart have."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text + more, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def test_names_get_and_describe(folder: Path) -> None:
    catalog = SpeakerCatalog(folder, folder / "models")
    assert catalog.names() == ["Ada L.", "Mei"]
    assert catalog.get("Mei").gpt_model == folder / "models/a.ckpt"
    assert catalog.get(" mei ") is catalog.get("Mei")
    mei = {"name": "Mei", "language": "en", "description": "a florist"}
    assert catalog.describe()[1] == mei
    write(folder / "Mei.toml", '[emotions.happy]\nref_audio = "h.wav"\n')
    catalog.reload()
    assert catalog.describe()[1]["emotions"] == ["default", "happy"]
    assert catalog.problems() == {}


def test_an_unknown_speaker_is_told_the_known_ones(folder: Path) -> None:
    catalog = SpeakerCatalog(folder)
    with pytest.raises(UnknownSpeaker, match=r"^unknown speaker 'Bob'; known: Ada L\., Mei$"):
        catalog.get("Bob")


def test_who_asks_for_an_unusable_speaker_is_told_why(folder: Path) -> None:
    write(folder / "Bob.toml", 'colour = "red"\n')
    with pytest.raises(UnknownSpeaker, match=r"known: Ada L\., Mei; Bob\.toml: colour: unknown key"):
        SpeakerCatalog(folder).get("Bob")


def test_changes_are_seen_after_the_interval_and_not_before(folder: Path, clock: Clock) -> None:
    catalog = SpeakerCatalog(folder, check_interval_sec=2, clock=clock)
    untouched = catalog.get("Ada L.")
    write(folder / "Mei.toml", "top_k = 5\n")
    write(folder / "New.toml")
    assert catalog.get("Mei").top_k == 15
    clock.now_sec += 2
    assert catalog.get("Mei").top_k == 5
    assert catalog.names() == ["Ada L.", "Mei", "New"]
    assert catalog.get("Ada L.") is untouched
    (folder / "New.toml").unlink()
    clock.now_sec += 2
    assert catalog.names() == ["Ada L.", "Mei"]


def test_a_broken_file_keeps_its_last_good_speaker(
    folder: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = SpeakerCatalog(folder, check_interval_sec=2, clock=clock)
    write(folder / "Mei.toml", "top_k = 5000\n")
    clock.now_sec += 2
    with caplog.at_level(logging.WARNING):
        assert catalog.get("Mei").top_k == 15
        for _ in range(3):
            clock.now_sec += 2
            catalog.names()
    problem = "Mei.toml: top_k: must be a number from 1 to 1025"
    assert catalog.problems() == {"Mei.toml": problem}
    assert [record.getMessage() for record in caplog.records] == [f"speakers: {problem}"]
    write(folder / "Mei.toml", "top_k = 50\n")
    clock.now_sec += 2
    assert catalog.get("Mei").top_k == 50
    assert catalog.problems() == {}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"top_k = ", "bad.toml: not valid TOML: "),
        (b"\xff\xfe", "bad.toml: not valid TOML: "),
        (
            b"top_k = 3",
            "bad.toml: gpt_model, sovits_model, ref_audio, ref_language, target_language: required",
        ),
        (b"#" * (2 << 20), "bad.toml: larger than 1048576 bytes"),
    ],
)
def test_a_file_broken_from_the_start_is_a_problem_not_a_crash(folder: Path, raw: bytes, reason: str) -> None:
    (folder / "bad.toml").write_bytes(raw)
    catalog = SpeakerCatalog(folder)
    assert catalog.names() == ["Ada L.", "Mei"]
    assert catalog.problems()["bad.toml"].startswith(reason)


def test_a_dead_link_and_a_folder_named_like_a_file_are_problems(folder: Path) -> None:
    (folder / "dead.toml").symlink_to(folder / "nothing.toml")
    (folder / "dir.toml").mkdir()
    problems = SpeakerCatalog(folder).problems()
    assert sorted(problems) == ["dead.toml", "dir.toml"]
    assert all("cannot be read" in problem for problem in problems.values())


def test_a_name_can_be_taken_once(folder: Path) -> None:
    write(folder / "Zoe.toml", 'name = "MEI"\n')
    catalog = SpeakerCatalog(folder)
    assert catalog.names() == ["Ada L.", "Mei"]
    assert catalog.problems() == {"Zoe.toml": "Zoe.toml: name: another file already gives 'Mei'"}


def test_a_missing_folder_is_a_problem_until_it_is_there(tmp_path: Path, clock: Clock) -> None:
    catalog = SpeakerCatalog(tmp_path / "later", check_interval_sec=2, clock=clock)
    assert "no such folder" in catalog.problems()["later"]
    with pytest.raises(UnknownSpeaker, match="known: none"):
        catalog.get("Mei")
    (tmp_path / "later").mkdir()
    write(tmp_path / "later/Mei.toml")
    clock.now_sec += 2
    assert catalog.names() == ["Mei"]
    assert catalog.problems() == {}


def test_paths_outside_the_roots_are_problems(folder: Path) -> None:
    write(folder / "Eve.toml", text=GOOD.replace("a.ckpt", "../../a.ckpt"))
    catalog = SpeakerCatalog(folder, roots=[folder])
    assert catalog.names() == ["Ada L.", "Mei"]
    assert "lies outside" in catalog.problems()["Eve.toml"]


def test_built_in_speakers() -> None:
    catalog = SpeakerCatalog(SPEAKERS, SPEAKERS.parent / "models", roots=[SPEAKERS.parent / "models"])
    assert catalog.problems() == {}
    assert {"Qinglan", "Wren", "Bram"} <= set(catalog.names())
    for name in ("Qinglan", "Wren", "Bram"):
        speaker = catalog.get(name)
        assert speaker.persona is not None
        assert (SPEAKERS.parent / "prompts" / speaker.persona).is_file()
        assert speaker.missing_files() == ()
