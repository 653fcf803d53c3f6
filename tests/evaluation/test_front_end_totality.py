from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from click.testing import CliRunner

from evaluation import front_end_totality
from evaluation.front_end_totality import (
    RememberingReader,
    assigned_texts,
    made_up_strings,
    main,
    read_all,
    try_all,
)
from tts.text.languages import MODES, Reading


def test_every_assigned_code_point_is_there_alone_and_doubled():
    texts = set(assigned_texts())
    assert len(texts) > 2 * 280_000
    assert {"a", "aa", "龘", "\ud800", "\ue000\ue000", "😀"} <= texts
    assert "\uffff" not in texts
    assert len(set(assigned_texts(1000))) in (len(texts) // 1000, len(texts) // 1000 + 2)


def test_made_up_strings_are_many_and_the_same_again():
    jobs = made_up_strings(60)
    assert len(jobs) == 60
    assert jobs == made_up_strings(60)
    assert {mode for _, mode in jobs} <= set(MODES)
    assert len({text for text, _ in jobs}) > 40


def test_what_raises_is_found_and_nothing_else_is_lost():
    seen = []

    def read(jobs: Sequence[tuple[str, str]]) -> int:
        for text, mode in jobs:
            if text == "7" and mode == "zh":
                raise LookupError("seven")
            seen.append((text, mode))
        return 0

    jobs = [(str(number), mode) for number in range(20) for mode in ("zh", "en")]
    told: list[int] = []
    with ThreadPoolExecutor(1) as executor:
        assert try_all(jobs, executor, told.append, read) == ["zh '7': LookupError: seven"]
        assert try_all(jobs[:4], executor, told.append, read) == []
    assert set(seen) == set(jobs) - {("7", "zh")}
    assert told == [40, 4]


def test_a_run_is_read_once():
    class Counter:
        num_read = 0

        def read(self, text: str, *, is_alone: bool = True) -> Reading:
            self.num_read += 1
            return Reading(text, (str(is_alone),), None)

    counter = Counter()
    reader = RememberingReader(counter)
    assert [reader.read("a").phones, reader.read("a", is_alone=False).phones] == [("True",), ("False",)]
    assert reader.read("a").phones == ("True",)
    assert counter.num_read == 2


def test_the_command_counts(monkeypatch):
    monkeypatch.setattr(front_end_totality, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(front_end_totality, "MODES", {"en": MODES["en"]})
    result = CliRunner().invoke(main, ["--share", "20000", "--strings", "0"])
    assert result.exit_code == 0, result.output
    assert "code points: 30 texts, 30 readings, 0 exceptions" in result.output
    assert read_all([("Hello there", "en"), ("", "en")]) == 7
