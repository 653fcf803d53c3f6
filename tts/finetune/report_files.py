"""The quality report on disk: text for people, JSON for programs, pictures for whoever wants to look."""

from __future__ import annotations

import json
from pathlib import Path

from tts.audio import BadAudio
from tts.finetune.loudness import read_mono
from tts.finetune.pictures import write_spectrograms
from tts.finetune.quality import QualityReport, as_dict, as_text
from tts.finetune.run_folder import write_atomically

TEXT_FILE, JSON_FILE, PICTURES = "report.txt", "report.json", "pictures"


def write_report(folder: Path, report: QualityReport, *, has_pictures: bool) -> None:
    """Writes the report, and on demand a spectrogram of every clip that can be read."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / TEXT_FILE, (as_text(report) + "\n").encode())
    content = json.dumps(as_dict(report), indent=1, ensure_ascii=False)
    write_atomically(folder / JSON_FILE, content.encode())
    if not has_pictures:
        return
    pictures = folder / PICTURES
    for number, clip in enumerate(report.clips, start=1):
        try:
            recording = read_mono(clip.clip.path)
        except BadAudio:
            continue
        write_spectrograms(pictures / f"{number:04d}-{clip.clip.path.stem}.png", [recording])
