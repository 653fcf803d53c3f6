"""What is wrong with one clip: its sound, its words, and whether the two go together."""

from __future__ import annotations

from dataclasses import dataclass, field

from tts.audio import BadAudio
from tts.finetune.clips import LABELS, Clip
from tts.finetune.language_labels import label_fault
from tts.finetune.loudness import read_mono
from tts.finetune.reading import ClipReader
from tts.finetune.sound_measures import SoundMeasures, measure_sound

MIN_CLIP_SEC, MAX_CLIP_SEC = 0.6, 54.0  # what GPT-SoVITS trains on
LONG_CLIP_SEC = 20.0  # longer ones take much memory
MIN_PHONES_PER_SEC, MAX_PHONES_PER_SEC = 3.0, 25.0  # as there
SILENT_DB = -80.0
QUIET_DB = -36.0
MIN_SNR_DB = 15.0
MAX_SILENCE_SHARE = 0.6
CLIPPED_SHARE_NOTED, CLIPPED_SHARE_REFUSED = 1e-4, 0.02


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one clip.

    Attributes:
        kind: one word for machines, such as `silent`.
        reason: for people, with the figure and what would be valid.
        is_fatal: the clip is left out of the training; otherwise it is only worth a look.
    """

    kind: str
    reason: str
    is_fatal: bool = True


@dataclass(slots=True)
class ClipReport:
    """What is known of one clip.

    Attributes:
        clip: the clip.
        sound: its measures; None if it cannot be read.
        phones_per_sec: how fast its words would have been said; None without words that can be read.
        problems: what is wrong with it.
    """

    clip: Clip
    sound: SoundMeasures | None = None
    phones_per_sec: float | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether it can be trained on."""
        return not any(problem.is_fatal for problem in self.problems)

    @property
    def duration_sec(self) -> float:
        """Length; 0 if it cannot be read."""
        return self.sound.duration_sec if self.sound else 0.0


def check_clip(clip: Clip, reader: ClipReader, first_with: dict[str, Clip]) -> ClipReport:
    """Listens to one clip and reads its words.

    Args:
        clip: the clip.
        reader: of the version to be trained.
        first_with: digest of a sound -> the first clip with it; is added to.
    """
    report = ClipReport(clip)
    _check_sound(report, first_with)
    _check_words(report, reader)
    return report


def _check_sound(report: ClipReport, first_with: dict[str, Clip]) -> None:
    try:
        samples, rate = read_mono(report.clip.path)
    except BadAudio as error:
        reason = str(error).removeprefix(f"{report.clip.path}: ")
        report.problems.append(Problem("unreadable", reason))
        return
    report.sound = sound = measure_sound(samples, rate)
    report.problems += _sound_problems(sound)
    first = first_with.setdefault(sound.digest, report.clip)
    if first is not report.clip and report.is_good:
        report.problems.append(Problem("duplicate", f"the same sound as {first.path.name}"))


def _sound_problems(sound: SoundMeasures) -> list[Problem]:
    if sound.peak_db < SILENT_DB:
        return [Problem("silent", f"silent: nothing in it is louder than {sound.peak_db:.0f} dB")]
    problems = []
    if sound.duration_sec < MIN_CLIP_SEC:
        problems.append(
            Problem("too-short", f"{sound.duration_sec:.2f} s long; at least {MIN_CLIP_SEC:g} s are needed")
        )
    if sound.duration_sec > MAX_CLIP_SEC:
        problems.append(
            Problem("too-long", f"{sound.duration_sec:.1f} s long; cut it to at most {MAX_CLIP_SEC:g} s")
        )
    elif sound.duration_sec > LONG_CLIP_SEC:
        reason = f"{sound.duration_sec:.1f} s long; clips above {LONG_CLIP_SEC:g} s take much memory"
        problems.append(Problem("long", reason, is_fatal=False))
    if sound.clipped_share >= CLIPPED_SHARE_NOTED:
        reason = f"clipped: {sound.clipped_share:.2%} of the samples are in cut-off waves; record less loudly"
        problems.append(Problem("clipped", reason, is_fatal=sound.clipped_share >= CLIPPED_SHARE_REFUSED))
    if sound.peak_db < QUIET_DB:
        problems.append(Problem("quiet", f"very quiet: peak {sound.peak_db:.0f} dB", is_fatal=False))
    if sound.snr_db < MIN_SNR_DB:
        reason = f"noisy: speech only {sound.snr_db:.0f} dB above the quietest parts"
        problems.append(Problem("noisy", reason, is_fatal=False))
    if sound.silence_share > MAX_SILENCE_SHARE:
        problems.append(Problem("mostly-silence", f"{sound.silence_share:.0%} silence", is_fatal=False))
    return problems


def _check_words(report: ClipReport, reader: ClipReader) -> None:
    clip = report.clip
    if not any(char.isalnum() for char in clip.text):
        reason = "no text: write the words into the list" if not clip.text else f"no words in {clip.text!r}"
        report.problems.append(Problem("no-text", reason))
        return
    if fault := label_fault(clip.text, clip.language):
        report.problems.append(Problem("wrong-language", fault))
        return
    if not reader.can_read(clip.language):
        valid = ", ".join(filter(reader.can_read, LABELS))
        reason = f"these models do not speak {clip.language}; they speak {valid or 'none of these languages'}"
        report.problems.append(Problem("unreadable-language", reason))
        return
    phones = reader.phones(clip.text, clip.language)
    if phones.num_skipped:
        reason = f"{phones.num_skipped} characters of the text cannot be read and are left out"
        report.problems.append(Problem("unreadable-text", reason, is_fatal=False))
    if report.duration_sec < MIN_CLIP_SEC:
        return
    report.phones_per_sec = speed = len(phones) / report.duration_sec
    if not MIN_PHONES_PER_SEC <= speed <= MAX_PHONES_PER_SEC:
        reason = (
            f"the text does not match the sound: {speed:.1f} phones a second; "
            f"{MIN_PHONES_PER_SEC:g} to {MAX_PHONES_PER_SEC:g} are possible"
        )
        report.problems.append(Problem("text-mismatch", reason))
