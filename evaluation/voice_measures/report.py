"""The figures of one voice, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evaluation.voice_measures.comparison import Comparison, closeness
from evaluation.voice_measures.errors import ErrorCount, error_interval, error_rate
from evaluation.voice_measures.judges import Heard, Task
from evaluation.voice_measures.speaking import Spoken


@dataclass(frozen=True, eq=False)
class Result:
    """All that was found out about one sentence.

    Attributes:
        teacher: what the judges heard of the teacher; None if it was not asked.
        comparison: None without a teacher, or without speech.
    """

    task: Task
    spoken: Spoken
    heard: Heard
    loudness_dbfs: float | None
    teacher: Heard | None = None
    comparison: Comparison | None = None


ERRORS = {"wer": "words", "phone_error_rate": "phones", "toned_phone_error_rate": "toned_phones"}


def summarise(results: Sequence[Result]) -> dict[str, Any]:
    """Returns the figures over all sentences, JSON-compatible; None where one does not apply.

    Rates are shares (0.15 is 15 %), `..._interval` holds where a rate lies with 95 % chance, `mcd` is in dB
    on the scale of `tts.finetune.cepstra`, levels are in dB of full scale.
    """
    figures: dict[str, Any] = {"num_sentences": len(results)}
    for name, field in ERRORS.items():
        ours, teachers = (
            _counts([one.heard for one in results], field),
            _counts([one.teacher for one in results], field),
        )
        figures[name] = error_rate(ours)
        figures[f"{name}_interval"] = error_interval(ours)
        figures[f"teacher_{name}"] = error_rate(teachers)
        figures[f"teacher_{name}_interval"] = error_interval(teachers)
    compared = [one.comparison for one in results if one.comparison is not None]
    figures |= asdict(closeness(compared))
    figures["num_compared"] = len(compared)
    loud = [one.loudness_dbfs for one in results if one.loudness_dbfs is not None]
    figures["loudness_dbfs"] = float(np.mean(loud)) if loud else None
    figures["loudness_spread_db"] = float(np.std(loud)) if loud else None
    speech_sec = sum(one.spoken.speech_sec for one in results)
    figures["speech_sec"] = speech_sec
    work_sec = sum(one.spoken.work_sec for one in results)
    figures["real_time_factor"] = work_sec / speech_sec if speech_sec else None
    waits = [one.spoken.first_audio_sec for one in results if one.spoken.first_audio_sec is not None]
    figures["first_audio_sec"] = float(np.median(waits)) if waits else None
    figures["num_failed"] = sum(bool(one.spoken.problems) or not len(one.spoken.samples) for one in results)
    return figures


def _counts(heard: Sequence[Heard | None], field: str) -> list[ErrorCount | None]:
    return [None if one is None else getattr(one, field) for one in heard]


def sentence_rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Returns what was found out about each sentence, JSON-compatible."""
    return [_row(result) for result in results]


def _row(result: Result) -> dict[str, Any]:
    comparison = result.comparison
    return {
        "text": result.task.text,
        "heard": _told(result.heard),
        "teacher_heard": None if result.teacher is None else _told(result.teacher),
        "mcd": None if comparison is None else comparison.mcd,
        "duration_ratio": None
        if comparison is None
        else comparison.duration_sec / comparison.teacher_duration_sec,
        "loudness_dbfs": result.loudness_dbfs,
        "speech_sec": result.spoken.speech_sec,
        "work_sec": result.spoken.work_sec,
        "problems": list(result.spoken.problems),
    }


def _told(heard: Heard) -> dict[str, Any]:
    return {
        "words": heard.text,
        "phones": heard.labels,
        "word_errors": None if heard.words is None else heard.words.num_edits,
        "phone_errors": None if heard.phones is None else heard.phones.num_edits,
    }


# Figure, its name in the table, and how it is written.
_ROWS = (
    ("wer", "word error rate", "{:.1%}"),
    ("phone_error_rate", "phone error rate", "{:.1%}"),
    ("toned_phone_error_rate", "  with tones", "{:.1%}"),
    ("mcd", "mel-cepstral distortion, dB", "{:.2f}"),
    ("voiced_agreement", "voiced/unvoiced agreement", "{:.1%}"),
    ("pitch_correlation", "pitch correlation", "{:.2f}"),
    ("pitch_spread_ratio", "pitch spread, ours / teacher's", "{:.2f}"),
    ("duration_ratio", "duration, ours / teacher's", "{:.2f}"),
    ("loudness_dbfs", "loudness, dB of full scale", "{:.1f}"),
    ("real_time_factor", "real-time factor", "{:.2f}"),
    ("first_audio_sec", "time to first audio, s", "{:.2f}"),
    ("num_failed", "sentences not spoken whole", "{:d}"),
)


def table(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yields the lines of the table: the figure, ours, and the teacher's where there is one."""
    yield f"{'':32}{'ours':>8}{'':17}{'teacher':>8}"
    for key, name, form in _ROWS:
        ours = _written(figures[key], form) + _range(figures.get(f"{key}_interval"))
        teacher_key = f"teacher_{key}"
        theirs = _written(figures[teacher_key], form) if teacher_key in figures else ""
        theirs += _range(figures.get(f"{teacher_key}_interval"))
        yield f"{name:32}{ours:25}{theirs}".rstrip()


def _written(value: float | None, form: str) -> str:
    return f"{'-' if value is None else form.format(value):>8}"


def _range(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f" ({interval[0]:.1%} - {interval[1]:.1%})"
