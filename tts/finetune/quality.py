"""The report on a set of clips: what is wrong, with which file and why, before anything is trained on it."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tts.finetune.clip_checks import MIN_SNR_DB, ClipReport, Problem, check_clip
from tts.finetune.clips import Clip
from tts.finetune.language_labels import scripts_of
from tts.finetune.reading import ClipReader
from tts.reference import MAX_REFERENCE_SEC, MIN_REFERENCE_SEC

# A clip this much faster or slower than the typical one is worth listening to.
UNUSUAL_SPEED = 1.7
MIN_CLIPS_FOR_USUAL = 8
MIN_TOTAL_SEC = 60.0


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What is known of a set of clips.

    Attributes:
        clips: one report per clip, in order.
        remarks: what concerns all of them.
        refusal: why no voice should be trained on them, and what to do instead; None if all is well.
    """

    clips: Sequence[ClipReport]
    remarks: Sequence[str]
    refusal: str | None

    @property
    def good(self) -> list[ClipReport]:
        """Those that can be trained on."""
        return [report for report in self.clips if report.is_good]

    @property
    def good_sec(self) -> float:
        """Their length together."""
        return sum(report.duration_sec for report in self.good)


def check_clips(
    clips: Sequence[Clip],
    reader: ClipReader,
    *,
    told: Callable[[int, int], object] = lambda num_done, num: None,
) -> QualityReport:
    """Listens to and reads every clip.

    Args:
        clips: in any order.
        reader: reads the words; it should be the one of the version to be trained.
        told: is called with the number of clips done, and of all.
    """
    reports: list[ClipReport] = []
    first_with: dict[str, Clip] = {}
    for clip in clips:
        reports.append(check_clip(clip, reader, first_with))
        told(len(reports), len(clips))
    _find_unusual_speed(reports)
    return QualityReport(reports, _remarks(reports), _refusal(reports))


def _find_unusual_speed(reports: Sequence[ClipReport]) -> None:
    """Notes clips whose words would have been said much faster or slower than in the others."""
    for language in {report.clip.language for report in reports}:
        group = [report for report in reports if report.is_good and report.clip.language == language]
        speeds = [speed for report in group if (speed := _speaking_speed(report)) is not None]
        if len(speeds) < MIN_CLIPS_FOR_USUAL:
            continue
        usual = statistics.median(speeds)
        for report in group:
            speed = _speaking_speed(report)
            if speed is not None and not usual / UNUSUAL_SPEED <= speed <= usual * UNUSUAL_SPEED:
                reason = f"the text may not match: {speed:.1f} phones a second of speech, usual {usual:.1f}"
                report.problems.append(Problem("unusual-speed", reason, is_fatal=False))


def _speaking_speed(report: ClipReport) -> float | None:
    """Phones a second, pauses not counted; None where they cannot be told from speech."""
    if report.phones_per_sec is None or report.sound is None or report.sound.snr_db < MIN_SNR_DB:
        return None
    return report.phones_per_sec / (1 - report.sound.silence_share)


def _remarks(reports: Sequence[ClipReport]) -> list[str]:
    remarks = []
    speakers = Counter(report.clip.speaker for report in reports)
    if len(speakers) > 1:
        names = ", ".join(f"{name or '(none)'} {count}" for name, count in speakers.most_common(8))
        remarks.append(f"the list names several speakers ({names}); one voice is made of all of them")
    languages = Counter(report.clip.language for report in reports)
    if len(languages) > 1:
        names = ", ".join(f"{code} {count}" for code, count in languages.most_common())
        remarks.append(f"several languages: {names}")
    mixed = sum(1 for report in reports if _is_mixed(report.clip))
    if mixed:
        remarks.append(f"{mixed} clips mix Latin letters into another script")
    if not any(r.is_good and MIN_REFERENCE_SEC <= r.duration_sec <= MAX_REFERENCE_SEC for r in reports):
        remarks.append(
            f"no good clip is {MIN_REFERENCE_SEC:g} to {MAX_REFERENCE_SEC:g} s long, as a reference must be"
        )
    return remarks


def _is_mixed(clip: Clip) -> bool:
    scripts = scripts_of(clip.text)
    return clip.language != "en" and scripts["latin"] > 0 and scripts.total() > scripts["latin"]


def _refusal(reports: Sequence[ClipReport]) -> str | None:
    good_sec = sum(report.duration_sec for report in reports if report.is_good)
    if good_sec >= MIN_TOTAL_SEC:
        return None
    return (
        f"only {good_sec:.0f} s can be trained on; a voice needs at least {MIN_TOTAL_SEC:g} s, "
        "better 3 minutes. With less, speak zero-shot: a speaker file with a base model, and 3 to 10 s as "
        "its ref_audio. (--anyway trains nevertheless.)"
    )


def as_text(report: QualityReport) -> str:
    """The report for people: what is left out and why, what is worth a look, and the whole."""
    good = report.good
    total_sec = sum(clip.duration_sec for clip in report.clips)
    lines = [
        f"{len(report.clips)} clips, {_minutes(total_sec)}; {len(good)} good, {_minutes(report.good_sec)}",
    ]
    for title, is_fatal in (("left out", True), ("worth a look", False)):
        named = [
            (clip, problem.reason)
            for clip in report.clips
            for problem in clip.problems
            if problem.is_fatal == is_fatal
        ]
        if named:
            lines.append(f"{title}:")
            lines += [f"  {clip.clip.path.name}: {reason}" for clip, reason in named]
    lines += [f"note: {remark}" for remark in report.remarks]
    lines += _typical(good)
    if report.refusal:
        lines.append(report.refusal)
    return "\n".join(lines)


def as_dict(report: QualityReport) -> dict[str, Any]:
    """The report for programs: plain values only."""
    return {
        "num_clips": len(report.clips),
        "num_good": len(report.good),
        "good_sec": round(report.good_sec, 2),
        "refusal": report.refusal,
        "remarks": list(report.remarks),
        "clips": [
            {
                "path": str(clip.clip.path),
                "language": clip.clip.language,
                "text": clip.clip.text,
                "is_good": clip.is_good,
                "phones_per_sec": clip.phones_per_sec,
                "sound": asdict(clip.sound) if clip.sound else None,
                "problems": [asdict(problem) for problem in clip.problems],
            }
            for clip in report.clips
        ],
    }


def _typical(good: Sequence[ClipReport]) -> list[str]:
    speeds = [clip.phones_per_sec for clip in good if clip.phones_per_sec is not None]
    snrs = [clip.sound.snr_db for clip in good if clip.sound]
    if not speeds or not snrs:
        return []
    lengths = [clip.duration_sec for clip in good]
    return [
        f"length {min(lengths):.1f} to {max(lengths):.1f} s, "
        f"phones a second {statistics.median(speeds):.1f} ({min(speeds):.1f} to {max(speeds):.1f}), "
        f"speech over noise {statistics.median(snrs):.0f} dB"
    ]


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.1f} s"
