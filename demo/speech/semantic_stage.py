"""The stage that trains the semantic model of the built-in voices: one for all teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch

from demo.speech.features import TeacherFeatures
from demo.speech.labels import PAUSE, phones
from demo.speech.phone_starts import start_values
from demo.speech.tokens import NUM_ROWS, code_table
from demo.speech.voice_corpus import VoiceCorpus, read_corpus
from tts.finetune.semantic_batches import SemanticBatches
from tts.finetune.semantic_check import PhoneCheck
from tts.finetune.semantic_held_out import HeldOut
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.semantic_training import Check, SemanticTrainee
from tts.finetune.training_loop import LoopResult, LoopSettings, train
from tts.finetune.training_progress import Progress
from tts.models.semantic import SemanticModel
from tts.models.semantic_layout import SemanticSizes
from tts.text.symbols import symbol_table

SIZES = SemanticSizes(
    dim=256,
    num_layers=4,
    num_heads=8,
    ff_dim=1024,
    bert_dim=1024,
    num_phonemes=len(symbol_table("v2")),
    num_tokens=NUM_ROWS + 1,
    eos_id=NUM_ROWS,
)
SETTINGS = SemanticSettings(
    learning_rate=1.2e-3,
    average_decay=0.999,
    joined_share=0.5,
    reference_tokens=(60, 150),  # 2.4 s and more: a character's reference has 3 to 6 s
)
LOOP = LoopSettings(num_steps=4000, batch_size=16, save_every=100, eval_every=500, log_every=25, seed=1)


def train_semantic_stage(
    work: Path,
    folder: Path,
    loop: LoopSettings = LOOP,
    settings: SemanticSettings = SETTINGS,
    sizes: SemanticSizes = SIZES,
) -> tuple[SemanticTrainee, LoopResult]:
    """Trains, or goes on with, the run in a folder.

    Speech may be added between two sittings: the run is then not the one it would have been, but a sound one.

    Args:
        work: folder with one folder of shards per teacher.
        folder: of the run.

    Raises:
        FileNotFoundError: there is no speech.
        BadRun, TrainingFailed: see `tts.finetune.training_loop.train`.
    """
    corpus = read_corpus(work, has_sound=False)
    torch.manual_seed(loop.seed)
    model = SemanticModel(sizes)
    # The voices speak without BERT features; where a user has some, they change nothing.
    torch.nn.init.zeros_(model.bert_projection.weight)
    trainee = SemanticTrainee(
        model,
        settings,
        loop.num_steps,
        held_out=HeldOut(corpus.held_out, sizes, corpus.held_out_speakers),
        start_values=start_values(corpus.training.clips, sizes),
        checks=make_checks(corpus),
    )
    batches = SemanticBatches(corpus.training, sizes, settings, loop.num_steps, corpus.speakers)
    note = {name: value for name, value in asdict(settings).items() if name != "precision"}
    result = train(
        trainee, batches, loop, folder, note={**note, "sizes": asdict(sizes)}, progress=Progress("semantic")
    )
    return trainee, result


def make_checks(corpus: VoiceCorpus) -> dict[str, Check]:
    """Returns phone error rates by language, of speech alone (`per_en`) and behind a reference."""
    checks: dict[str, Check] = {}
    languages = [clip.language for clip in corpus.held_out.clips]
    for language in sorted({*languages}):
        chosen = partial(_of_language, languages=languages, language=language)
        clips, references = chosen(corpus.held_out), chosen(corpus.references)
        checks[f"per_{language}"] = PhoneCheck(clips, read_tokens)
        checks[f"per_{language}_prompted"] = PhoneCheck(clips, read_tokens, references=references)
    return checks


def read_tokens(tokens: np.ndarray) -> Sequence[int]:
    """Returns the phones that tokens say, without tones and pauses; a sound is one, however long."""
    frames = code_table().decode(tokens)[0]
    is_new = np.diff(frames, prepend=-1) != 0
    heard = frames[is_new & (frames != phones().index(PAUSE))]
    return heard.tolist()


def _of_language(features: TeacherFeatures, languages: Sequence[str], language: str) -> TeacherFeatures:
    pairs = zip(features.clips, languages, strict=True)
    return TeacherFeatures([clip for clip, other in pairs if other == language], has_sound=False)
