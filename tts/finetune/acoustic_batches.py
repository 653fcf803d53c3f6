"""The batches an acoustic model is trained on: pieces of clips, cut where tokens begin, with a reference."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from tts.finetune.acoustic_settings import AcousticSettings
from tts.finetune.errors import BadRecordings
from tts.finetune.features import SAMPLES_PER_TOKEN, ClipFeatures
from tts.finetune.length_buckets import LengthBuckets
from tts.models.vits import VitsModel

FRAMES_PER_TOKEN = 2
SAMPLES_PER_FRAME = SAMPLES_PER_TOKEN // FRAMES_PER_TOKEN
# Upstream leaves out clips below 0.6 s; spectra and strides of the discriminators need about as much.
MIN_TOKENS = 12


@dataclass(frozen=True, slots=True, eq=False)
class AcousticBatch:
    """Pieces of B clips: W tokens each, with 2 * W frames and 1280 * W samples.

    Attributes:
        tokens: (B, W) int64.
        phones: (B, P) int64, of the whole clip each, filled up with zeros.
        is_phone: (B, P) bool, False where filled up.
        waveform: (B, 1280 * W) float32.
        reference: (B, N) float32 at 32 kHz, what the voice is taken from.
        speaker_embedding: (B, E) float32, of the reference; None where the model has none.
        segment_starts: (B,) int64, first frame of the piece that is decoded.
        num_segment_frames: of that piece.
    """

    tokens: Tensor
    phones: Tensor
    is_phone: Tensor
    waveform: Tensor
    reference: Tensor
    speaker_embedding: Tensor | None
    segment_starts: Tensor
    num_segment_frames: int

    def to(self, device: torch.device) -> AcousticBatch:
        """The same batch on another device."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        tensors = {name: value for name, value in values.items() if isinstance(value, Tensor)}
        return replace(self, **{name: tensor.to(device) for name, tensor in tensors.items()})


class AcousticBatches:
    """Draws the pieces of a step.

    Args:
        clips: to learn from; read again at every draw, so they may be loaded lazily.
        model: that shall learn from them, for the checks.
        settings: lengths of the pieces.
        speakers: who speaks each clip; None if all are one.

    Attributes:
        digest: of phones and tokens of all clips, which tells whether a run is the same run.

    Raises:
        BadRecordings: there is no clip, or one does not fit the model; all misfits are named.
    """

    def __init__(
        self,
        clips: Sequence[ClipFeatures],
        model: VitsModel,
        settings: AcousticSettings,
        speakers: Sequence[str] | None = None,
    ) -> None:
        if not len(clips):
            raise BadRecordings("there is no clip to learn from")
        names = np.array(list(speakers) if speakers is not None else [""] * len(clips))
        if len(names) != len(clips):
            raise ValueError(f"{len(names)} speakers for {len(clips)} clips")
        self._clips, self._settings = clips, settings
        self._has_embedding = model.fusion is not None
        clips_of = {name: np.flatnonzero(names == name) for name in {*names.tolist()}}
        self._others = [clips_of[name] for name in names.tolist()]
        lengths, self.digest = _checked(clips, model)
        self._buckets = LengthBuckets(lengths)

    def draw(self, step: int, batch_size: int, seed: int) -> AcousticBatch:
        """Return the pieces of a step; clips shorter than the window make it shorter for all."""
        random = np.random.default_rng((seed, step, 0xACC))
        indices = self._buckets.indices(step, batch_size, seed)
        clips = [self._clips[index] for index in indices]
        references = [self._clips[self._reference(index, random)] for index in indices]
        num_tokens = min(self._settings.window_tokens, *(len(clip.tokens) for clip in clips))
        starts = [int(random.integers(len(clip.tokens) - num_tokens + 1)) for clip in clips]
        num_frames = FRAMES_PER_TOKEN * num_tokens
        num_segment_frames = min(self._settings.segment_frames, num_frames)
        phones, is_phone = _filled_up([clip.phones for clip in clips])
        return AcousticBatch(
            tokens=torch.from_numpy(
                np.stack([c.tokens[s : s + num_tokens] for c, s in zip(clips, starts, strict=True)])
            ),
            phones=phones,
            is_phone=is_phone,
            waveform=torch.from_numpy(
                np.stack([_samples(c, s, num_tokens) for c, s in zip(clips, starts, strict=True)])
            ),
            reference=torch.from_numpy(self._cut_references(references, random)),
            speaker_embedding=self._embeddings(references),
            segment_starts=torch.from_numpy(
                random.integers(num_frames - num_segment_frames + 1, size=batch_size)
            ),
            num_segment_frames=num_segment_frames,
        )

    def _reference(self, index: int, random: np.random.Generator) -> int:
        others = self._others[index]
        if self._settings.has_own_reference or len(others) == 1:
            return index
        chosen = int(others[random.integers(len(others) - 1)])
        return int(others[-1]) if chosen == index else chosen

    def _cut_references(self, clips: Sequence[ClipFeatures], random: np.random.Generator) -> np.ndarray:
        """Cut pieces of one length, as the style encoder averages over frames and knows no filling."""
        longest = self._settings.reference_frames * SAMPLES_PER_FRAME
        length = min(longest, *(len(clip.waveform) for clip in clips))
        starts = [int(random.integers(len(clip.waveform) - length + 1)) for clip in clips]
        return np.stack([clip.waveform[s : s + length] for clip, s in zip(clips, starts, strict=True)])

    def _embeddings(self, clips: Sequence[ClipFeatures]) -> Tensor | None:
        if not self._has_embedding:
            return None
        embeddings = [clip.speaker_embedding for clip in clips if clip.speaker_embedding is not None]
        return torch.from_numpy(np.stack(embeddings))


def _samples(clip: ClipFeatures, start: int, num_tokens: int) -> np.ndarray:
    """Cut the sound of some tokens; the last token of a clip may have less than its share."""
    samples = clip.waveform[start * SAMPLES_PER_TOKEN : (start + num_tokens) * SAMPLES_PER_TOKEN]
    return np.pad(samples, (0, num_tokens * SAMPLES_PER_TOKEN - len(samples)))


def _filled_up(texts: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(text) for text in texts])
    phones = torch.zeros(len(texts), int(lengths.max()), dtype=torch.int64)
    for row, text in zip(phones, texts, strict=True):
        row[: len(text)] = torch.from_numpy(text)
    return phones, torch.arange(phones.shape[1]) < lengths[:, None]


def _checked(clips: Sequence[ClipFeatures], model: VitsModel) -> tuple[list[int], str]:
    """Return the clips' lengths in tokens and a digest, or say which clips do not fit the model and why."""
    lengths, faults = [], []
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(clip.phones.tobytes() + b"|" + clip.tokens.tobytes() + b";")
        fault = _fault(clip, model)
        faults += [f"{clip.name}: {fault}"] if fault else []
        lengths.append(len(clip.tokens))
    if faults:
        raise BadRecordings("clips that do not fit the model:\n" + "\n".join(faults))
    return lengths, digest.hexdigest()


def _fault(clip: ClipFeatures, model: VitsModel) -> str:
    num_codes, num_symbols = len(model.quantizer.codebook), model.enc_p.num_symbols
    if len(clip.tokens) < MIN_TOKENS:
        return f"{len(clip.tokens)} tokens; at least {MIN_TOKENS} are needed (0.48 s)"
    if not 0 <= clip.tokens.min() <= clip.tokens.max() < num_codes:
        return f"tokens must be from 0 to {num_codes - 1}, not {clip.tokens.min()} to {clip.tokens.max()}"
    if not len(clip.phones) or not 0 <= clip.phones.min() <= clip.phones.max() < num_symbols:
        return f"phones must be at least one number from 0 to {num_symbols - 1}"
    if len(clip.waveform) < (len(clip.tokens) - 1) * SAMPLES_PER_TOKEN:
        return f"{len(clip.waveform)} samples are too few for {len(clip.tokens)} tokens"
    if model.fusion is not None:
        wanted = model.fusion.sv_emb.in_features
        if clip.speaker_embedding is None or clip.speaker_embedding.shape != (wanted,):
            return f"a speaker embedding of {wanted} values is needed"
    return ""
