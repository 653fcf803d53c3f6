"""The whole way from labelled clips to a speaker, stage by stage."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import soundfile

from speakers.speaker import Speaker
from tts.audio import to_pcm16
from tts.finetune.agreement import oddness, read_agreement, write_agreement
from tts.finetune.bases import Bases, Tools
from tts.finetune.comparison import Pair, SimilarityJudge, VoiceJudge
from tts.finetune.epochs import EpochPlan, kept_epochs
from tts.finetune.feature_maker import FeatureMaker
from tts.finetune.feature_stage import StoredClips, store_features, stored_features
from tts.finetune.features import WAVEFORM_RATE_HZ
from tts.finetune.figures import Figures, as_table, best_of
from tts.finetune.loudness import read_mono
from tts.finetune.reading import ClipReader
from tts.finetune.selection import Cast, cast_clips
from tts.finetune.speaker_file import write_speaker
from tts.finetune.stage_progress import StageLines
from tts.finetune.stages import Stages, file_hash
from tts.finetune.training_stages import VoiceTraining, train_acoustic_stage, train_semantic_stage
from tts.finetune.transcription import Transcriber
from tts.models.speaker_encoder import SpeakerEncoder
from tts.voice import VoiceLoader

BASE_NAME, RECORDINGS_NAME = "the base, zero-shot", "the recordings"
FIGURES_FILE, TABLE_FILE, REFERENCE_FILE = "figures.json", "table.txt", "reference.wav"
MAX_SIMILARITY_CLIPS = 30
# Standard deviations above the usual from where somebody should look.
VERY_ODD = 5.0

# A small semantic model knows few voices: it speaks more clearly without having heard this one (so without
# ref_text), and kept to what it is sure of.
SMALL_BASE_SAMPLING = {"top_k": 5, "temperature": 0.7, "repetition_penalty": 1.0}


class VoiceMaking:
    """Makes one voice; every method is a stage that is skipped when nothing it depends on has changed."""

    def __init__(
        self, name: str, stages: Stages, lines: StageLines, bases: Bases, tools: Tools, cast: Cast
    ) -> None:
        self._name, self._stages, self._lines = name, stages, lines
        self._bases, self._tools, self._cast = bases, tools, cast
        self._reader = ClipReader(bases.version.symbols)
        self._clip_hashes = [[file_hash(clip.path), clip.text, clip.language] for clip in cast.clips]

    def features(self) -> StoredClips:
        """Features of all good clips, in their order; names those whose words seem to be others.

        What is found out about the words also decides which clip is the reference, from here on.
        """
        bases, tools = self._bases, self._tools
        models = json.dumps([tools.hashes(), file_hash(bases.acoustic), bases.bert_dim], sort_keys=True)
        store = self._stages.folder / "feature-store"

        def make_maker() -> FeatureMaker:
            return FeatureMaker(
                bases.acoustic,
                tools.ssl_model,
                version=bases.version.name,
                bert_model=tools.bert_model,
                bert_dim=bases.bert_dim,
                speaker_net=tools.speaker_net,
                reader=self._reader,
                device=tools.device,
            )

        def build(folder: Path) -> None:
            store_features(self._cast.clips, make_maker, folder, store, models=models, told=told)
            write_agreement(stored_features(folder, store), bases.semantic, folder, device=tools.device)

        with self._lines.counting("features") as told:
            folder = self._stages.run(
                "features",
                {"clips": self._clip_hashes, "models": models, "semantic": file_hash(bases.semantic)},
                build,
            )
        self._heed(read_agreement(folder))
        return stored_features(folder, store)

    def semantic(self, features: StoredClips, plan: EpochPlan) -> dict[int, Path]:
        """Checkpoints of the semantic model by epoch."""
        return self._trained(
            "semantic", train_semantic_stage, features, plan, file_hash(self._bases.semantic)
        )

    def acoustic(self, features: StoredClips, plan: EpochPlan) -> dict[int, Path]:
        """Checkpoints of the acoustic model by epoch."""
        judges = self._bases.discriminators
        base = [file_hash(self._bases.acoustic), file_hash(judges) if judges else None]
        return self._trained("acoustic", train_acoustic_stage, features, plan, base)

    def _trained(
        self,
        name: str,
        train: Callable[[VoiceTraining], None],
        features: StoredClips,
        plan: EpochPlan,
        base: Any,
    ) -> dict[int, Path]:
        learned, held_out = self._parted(features)
        with self._lines.counting(name):
            folder = self._stages.run(
                name,
                self._training_inputs(plan, base),
                lambda path: train(
                    VoiceTraining(
                        learned,
                        held_out,
                        self._bases,
                        plan,
                        path,
                        self._tools.device,
                        self._lines.progress(name),
                    )
                ),
                is_resumable=True,
            )
        return kept_epochs(folder)

    def evaluation(
        self,
        semantic: dict[int, Path],
        acoustic: dict[int, Path],
        make_transcriber: Callable[[], Transcriber | None],
    ) -> tuple[Pair, str]:
        """The best pair of checkpoints, and the table of all.

        The semantic base takes part: a few minutes may teach it a voice's way to speak, or confuse it.
        """
        ways = {"semantic base": self._bases.semantic}
        ways |= {f"semantic {epoch}": semantic[epoch] for epoch in sorted(semantic)}
        pairs = [
            Pair(f"{name}, acoustic {epoch}", path, acoustic[epoch])
            for name, path in ways.items()
            for epoch in sorted(acoustic)
        ]
        if not self._cast.held_out:
            return pairs[-1], "too few clips to hold any out: the last epochs are taken unheard"
        base = Pair(BASE_NAME, self._bases.semantic, self._bases.acoustic)
        inputs = {
            "models": {pair.name: [file_hash(pair.semantic), file_hash(pair.acoustic)] for pair in pairs},
            "base": [file_hash(base.semantic), file_hash(base.acoustic), self._tools.hashes()],
            "held_out": [[file_hash(r.clip.path), r.clip.text] for r in self._cast.held_out],
            "reference": [self._cast.reference.text, [str(path) for path in self._cast.reference.paths]],
        }
        with self._lines.counting("evaluation", "pairs") as told:

            def build(folder: Path) -> None:
                judge = self._judge(folder, make_transcriber())
                rows = [(RECORDINGS_NAME, judge.recordings())]
                for number, pair in enumerate([base, *pairs], start=1):
                    rows.append((pair.name, judge.judge(pair)))
                    told(number, len(pairs) + 1)
                best = pairs[best_of([figures for _, figures in rows[2:]])]
                _write_rows(folder, rows, best.name)

            folder = self._stages.run("evaluation", inputs, build)
        best_name = json.loads((folder / FIGURES_FILE).read_text(encoding="utf-8"))["best"]
        best = next(pair for pair in pairs if pair.name == best_name)
        return best, (folder / TABLE_FILE).read_text(encoding="utf-8")

    def install(self, best: Pair, out: Path, speaker_path: Path, models_dir: Path) -> Speaker:
        """Puts models and reference where the server finds them, and writes the speaker file."""
        folder = out / self._name
        folder.mkdir(parents=True, exist_ok=True)
        for source, target in ((best.semantic, "semantic.ckpt"), (best.acoustic, "decoder.pth")):
            unfinished = folder / (target + ".unfinished")
            unfinished.write_bytes(source.read_bytes())
            unfinished.replace(folder / target)
        self._write_reference(folder)
        keys = {
            "gpt_model": folder / "semantic.ckpt",
            "sovits_model": folder / "decoder.pth",
            "ref_audio": folder / REFERENCE_FILE,
            **self._reference_keys(),
        }
        return write_speaker(speaker_path, keys, models_dir, usual=self._sampling_keys())

    def _heed(self, losses: Sequence[float]) -> None:
        """Chooses among the clips anew, with what the semantic base thinks of their words."""
        clips = self._cast.clips
        odd = oddness(losses, [clip.language for clip in clips])
        for clip, loss, one in zip(clips, losses, odd, strict=True):
            if one > VERY_ODD:
                text = f"the words may not be what is said: {loss:.1f} nats a token, unlike the others"
                self._lines.note("features", f"{clip.path.name}: {text}")
        paths = [clip.path for clip in clips]
        self._cast = cast_clips(self._cast.good, dict(zip(paths, odd, strict=True)))

    def _parted(self, features: StoredClips) -> tuple[StoredClips, StoredClips]:
        """Features to learn from, and held-out ones."""
        marks = [self._cast.is_held_out(clip) for clip in self._cast.clips]
        return features.chosen([not mark for mark in marks]), features.chosen(marks)

    def _training_inputs(self, plan: EpochPlan, base: Any) -> dict[str, Any]:
        return {
            "plan": asdict(plan),
            "base": base,
            "models": self._tools.hashes(),
            "clips": self._clip_hashes,
            "held_out": [str(report.clip.path) for report in self._cast.held_out],
        }

    def _judge(self, folder: Path, transcriber: Transcriber | None) -> VoiceJudge:
        tools, cast = self._tools, self._cast
        self._write_reference(folder)
        loader = VoiceLoader(
            ssl_model=tools.ssl_model,
            bert_model=tools.bert_model,
            speaker_net=tools.speaker_net,
            device=tools.device,
        )
        similarity = None
        if tools.speaker_net is not None:
            encoder = SpeakerEncoder.from_file(tools.speaker_net).to(tools.device)
            learned = [clip for clip in cast.clips if not cast.is_held_out(clip)][:MAX_SIMILARITY_CLIPS]
            similarity = SimilarityJudge(encoder, [read_mono(clip.path) for clip in learned])
        keys = {
            key: str(value) if isinstance(value, Path) else value
            for key, value in {**self._sampling_keys(), **self._reference_keys()}.items()
        }
        keys["ref_audio"] = str((folder / REFERENCE_FILE).resolve())
        keys["version"] = self._bases.version.name  # the base's file may not say
        return VoiceJudge(
            [report.clip for report in cast.held_out],
            keys,
            loader,
            self._reader,
            similarity=similarity,
            transcriber=transcriber,
        )

    def _reference_keys(self) -> dict[str, Any]:
        languages = {clip.language for clip in self._cast.clips}
        return {
            "ref_text": "" if self._bases.is_small else self._cast.reference.text,
            "ref_language": self._cast.reference.language,
            "target_language": languages.pop() if len(languages) == 1 else "auto",
            "ssl_model": self._tools.ssl_model.resolve(),
        }

    def _sampling_keys(self) -> dict[str, Any]:
        return SMALL_BASE_SAMPLING if self._bases.is_small else {}

    def _write_reference(self, folder: Path) -> None:
        soundfile.write(
            folder / REFERENCE_FILE,
            to_pcm16(self._cast.reference.samples),
            WAVEFORM_RATE_HZ,
            subtype="PCM_16",
        )


def _write_rows(folder: Path, rows: Sequence[tuple[str, Figures]], best: str) -> None:
    content = {"best": best, "rows": [{"name": name, **asdict(figures)} for name, figures in rows]}
    (folder / FIGURES_FILE).write_text(json.dumps(content, indent=1), encoding="utf-8")
    (folder / TABLE_FILE).write_text(as_table(rows, best) + "\n", encoding="utf-8")
