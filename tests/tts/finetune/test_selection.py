from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.tts.finetune.recordings import RATE, hum, record
from tts.finetune.clip_checks import ClipReport, Problem
from tts.finetune.clips import Clip
from tts.finetune.errors import BadRecordings
from tts.finetune.figures import Figures, as_table, best_of
from tts.finetune.selection import ChosenReference, choose_held_out, choose_reference, is_whole_sentence
from tts.finetune.sound_measures import measure_sound


def report(folder: Path, name: str, samples: np.ndarray, text: str = "So it goes.", **other) -> ClipReport:
    path = record(folder / f"{name}.wav", samples)
    speed = other.pop("phones_per_sec", 10.0)
    return ClipReport(Clip(path, "x", "en", text), measure_sound(samples, RATE), speed, **other)


def names(reference: ChosenReference) -> list[str]:
    return [path.stem for path in reference.paths]


def test_the_reference_is_clean_typical_whole_and_long_enough(tmp_path) -> None:
    noise = 0.05 * np.random.default_rng(0).standard_normal(5 * RATE)
    reports = [
        report(tmp_path, "best", hum(5, seed=1)),
        report(tmp_path, "short", hum(2.9, seed=2)),
        report(tmp_path, "long", hum(10.5, seed=3)),
        report(tmp_path, "high", hum(5, seed=4, pitch_hz=220)),
        report(tmp_path, "noisy", hum(5, seed=5) + noise),
        report(tmp_path, "hasty", hum(5, seed=6), phones_per_sec=19.0),
        report(tmp_path, "broken off", hum(5, seed=7), "So it"),
        report(tmp_path, "odd", hum(5, seed=8), problems=[Problem("quiet", "quiet", is_fatal=False)]),
        report(tmp_path, "bad", hum(5, seed=9), problems=[Problem("clipped", "clipped")]),
    ]
    for _ in range(2):
        chosen = choose_reference(reports)
        assert (names(chosen), chosen.text, chosen.language) == (["best"], "So it goes.", "en")
        assert len(chosen.samples) == pytest.approx(5 * 32_000, abs=2)
        reports.reverse()
    twins = [
        report(tmp_path, name, hum(5, seed=1), text) for name, text in (("a", "So it"), ("b", "So it goes."))
    ]
    assert names(choose_reference(twins)) == names(choose_reference(twins[::-1])) == ["b"], "a whole sentence"
    same = [report(tmp_path, name, hum(5, seed=1)) for name in ("c", "d")]
    assert names(choose_reference(same, {same[0].clip.path: 4.0, same[1].clip.path: -3.0})) == ["d"]
    assert names(choose_reference(same, {same[1].clip.path: 4.0})) == ["c"], "words that are not said"
    left = [r for r in reports if r.clip.path.stem != "best"]
    assert names(choose_reference(left))[0] not in {"short", "long", "high", "noisy", "hasty", "bad"}


def test_short_clips_are_joined_and_too_little_is_refused(tmp_path) -> None:
    reports = [report(tmp_path, f"{i}", hum(1.7, seed=i), f"Part {i}.") for i in range(4)]
    chosen = choose_reference(reports)
    assert len(chosen.paths) == 2
    assert chosen.text == " ".join(f"Part {name}." for name in names(chosen))
    assert len(chosen.samples) / 32_000 == pytest.approx(2 * 1.7 + 0.2, abs=0.01)
    with pytest.raises(BadRecordings, match="3 to 10 s of clean speech"):
        choose_reference(reports[:1])


def test_sentences_are_whole_when_they_end() -> None:
    for text in ("Yes.", "真的？", '"Go!"', "好。」", "Well…"):
        assert is_whole_sentence(text)
    for text in ("Yes", "因为，", "", "..., and"):
        assert not is_whole_sentence(text)


def test_held_out_clips_are_good_ones_and_never_the_reference(tmp_path) -> None:
    reports = [report(tmp_path, f"{i:02}", hum(4, seed=i)) for i in range(40)]
    reports[7].problems.append(Problem("noisy", "noisy", is_fatal=False))
    reference = choose_reference(reports)
    held_out = choose_held_out(reports, reference)
    stems = [r.clip.path.stem for r in held_out]
    assert len(set(stems)) == 2
    assert not {*stems} & {*names(reference), "07"}
    assert stems == [r.clip.path.stem for r in choose_held_out(reports, reference)]
    assert choose_held_out(reports[:3], replace(reference, paths=())) == [], "too few to spare one"


def test_the_best_pair_has_the_fewest_faults_in_all() -> None:
    good = Figures(similarity=0.9, error_rate=0.1, duration_ratio=1.0, mel_distance_db=4.0)
    worse = [
        replace(good, similarity=0.8),
        replace(good, error_rate=0.2),
        replace(good, duration_ratio=1.5),
        replace(good, mel_distance_db=5.0),
        replace(good, similarity=0.99, num_failed=1),
    ]
    assert best_of([*worse, good, good]) == len(worse)
    assert best_of([Figures(mel_distance_db=5.0), Figures(mel_distance_db=4.9)]) == 1


def test_the_table_has_a_row_per_pair_and_marks_the_best() -> None:
    table = as_table([("base", Figures()), ("s e4, a e8", Figures(0.91, 0.123, 1.02, 4.5))], "s e4, a e8")
    lines = table.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1].split() == ["base", "-", "-", "-", "-", "0"]
    assert lines[2].split() == ["s", "e4,", "a", "e8", "*", "0.910", "12.3%", "1.02", "4.50", "dB", "0"]
