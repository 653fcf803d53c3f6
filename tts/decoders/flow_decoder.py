"""Semantic tokens -> waveform for v3 and v4: flow matching makes a mel, a vocoder makes the sound.

The mel comes in pieces of up to about five seconds (see tts/decoders/mel_stream.py); that is how soon the
first sound can come. The vocoder then runs over the mel step by step and carries the state of its layers from
step to step, across the seams of the pieces too (tts/models/bigvgan_stream.py, hifigan_stream.py): no window
is cut out, nothing is faded, and the joined chunks are the waveform of one run over the whole mel. Pieces and
steps depend on the sentence alone, and noise is drawn by frame number, so neither chunk sizes nor other
requests change a bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tts.checkpoint import BadCheckpoint
from tts.decoders.decoder import Spoken
from tts.decoders.inputs import DecoderBase, check_speed, seeded_noise
from tts.decoders.mel_stream import Continuation, MelStream, plan_pieces, plan_upstream_pieces
from tts.dsp import denormalize_mel
from tts.models.flow_model import FlowModel
from tts.models.vocoders import Vocoder
from tts.reference_features import Reference, Style

# The vocoder runs on this many frames at once, however many are asked for: kernels round differently for
# other lengths, so chunk sizes would otherwise show in the last bits.
STEP_FRAMES = 32
# A sentence that needs several pieces begins with one of at least this length.
FIRST_PIECE_SEC = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class FlowConditioning:
    """What the networks know about one voice's reference; computed once per voice.

    Attributes:
        ge: (1, C, 1) conditioning vector.
        reference: features and mel of the recording's end, as long as the network may see.
    """

    ge: Tensor
    reference: Continuation


class FlowDecoder(DecoderBase[FlowModel]):
    """Stage 2 of one voice.

    Args:
        model: The networks up to the mel.
        vocoder: The network behind it.
        num_steps: Euler steps; None takes the version's usual number.
        device: Where to compute.

    Raises:
        BadCheckpoint: The vocoder takes other mels.
    """

    def __init__(
        self,
        model: FlowModel,
        vocoder: Vocoder,
        *,
        num_steps: int | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        if vocoder.num_mels != model.estimator.num_mels:
            raise BadCheckpoint(
                "",
                f"the model makes {model.estimator.num_mels} mel bands, its vocoder takes {vocoder.num_mels}",
            )
        super().__init__(model, model.version, device)
        self.vocoder = vocoder
        self.num_steps = num_steps or model.facts.default_steps

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The networks, which other decoders may share."""
        return (self.model, self.vocoder.model)

    @torch.inference_mode()
    def condition(self, references: Sequence[Style], spoken: Spoken | None = None) -> FlowConditioning:
        """Make a voice of its main reference; further ones change nothing in these versions.

        Args:
            references: The main one first.
            spoken: What is said in it.

        Raises:
            ValueError: No reference with a mel, or not known what is said in it.
        """
        main = references[0] if references else None
        if not isinstance(main, Reference) or main.mel is None:
            raise ValueError(f"a {self.version.name} voice needs a reference and its mel")
        if spoken is None or not len(spoken.tokens) or not len(spoken.phones):
            raise ValueError(
                f"a {self.version.name} voice needs the words of its reference: give ref_text, "
                "in the language ref_language"
            )
        ge = self.model.ref_enc(self._place(main.spectrogram))
        features = self.model.features(*self._ids(spoken.tokens, spoken.phones), ge)
        mel = self._place(main.mel)
        length = min(features.shape[2], mel.shape[2])
        both = Continuation(features[..., :length], mel[..., :length])
        return FlowConditioning(ge, both.last(self.model.facts.max_reference_frames))

    @torch.inference_mode()
    def open(
        self,
        tokens: Sequence[int] | np.ndarray | Tensor,
        phones: Sequence[int] | np.ndarray | Tensor,
        conditioning: FlowConditioning,
        *,
        speed_factor: float = 1.0,
        seed: int = 0,
        noise: np.ndarray | Tensor | None = None,
        is_like_upstream: bool = False,
    ) -> "FlowStream":
        """Encode a sentence; its waveform then comes from the returned stream.

        Args:
            tokens: Semantic tokens (T_sem,) without the reference's.
            phones: Phone ids of the sentence (P,) without the reference's.
            conditioning: The voice.
            speed_factor: Above 1 speaks faster; 0.25 to 4.
            seed: Equal seeds give equal samples, whatever the chunks.
            noise: (num_mels, T) standard normal values to use in place of the seeded ones.
            is_like_upstream: Cut long sentences as upstream does, with the short piece at the end, and let a
                piece hear less after a short one.

        Raises:
            ValueError: Nothing to say, an id out of range, or a number out of range.
        """
        features = self.features(tokens, phones, conditioning, speed_factor)
        num_frames, num_mels = features.shape[2], self.vocoder.num_mels
        if noise is None:
            noise = seeded_noise(seed, num_mels, num_frames)
        placed = self._place(torch.as_tensor(noise))
        if placed.shape != (num_mels, num_frames):
            raise ValueError(f"noise of shape {tuple(placed.shape)}; {(num_mels, num_frames)} is needed")
        longest = self.longest_piece(conditioning)
        if is_like_upstream:
            lengths = plan_upstream_pieces(num_frames, longest)
        else:
            lengths = plan_pieces(num_frames, longest, round(FIRST_PIECE_SEC * self.frames_per_sec))
        mels = MelStream(
            self.model.estimator,
            features,
            conditioning.reference,
            placed[None],
            lengths,
            self.num_steps,
            fills_reference=not is_like_upstream,
        )
        return FlowStream(mels, self.vocoder, self.frames_per_sec)

    def longest_piece(self, conditioning: FlowConditioning) -> int:
        """Mel frames the network can make at once behind the voice's reference."""
        return self.model.facts.max_chunk_frames - conditioning.reference.mel.shape[2]

    @property
    def frames_per_sec(self) -> float:
        """Mel frames of a second."""
        return self.sample_rate / self.vocoder.samples_per_frame

    @torch.inference_mode()
    def features(
        self,
        tokens: Sequence[int] | np.ndarray | Tensor,
        phones: Sequence[int] | np.ndarray | Tensor,
        conditioning: FlowConditioning,
        speed_factor: float = 1.0,
    ) -> Tensor:
        """Run the text encoder only: (1, C, T); arguments and errors as of `open`."""
        check_speed(speed_factor)
        return self.model.features(*self._ids(tokens, phones), conditioning.ge, speed_factor)


class FlowStream:
    """The waveform of one sentence, chunk by chunk.

    Args:
        mels: Where its mel comes from.
        vocoder: Makes it a waveform.
        frames_per_sec: Mel frames of a second.

    Attributes:
        mels: the mel in the making; for those who want that alone, instead of the waveform.
    """

    def __init__(self, mels: MelStream, vocoder: Vocoder, frames_per_sec: float) -> None:
        self.frames_per_sec = frames_per_sec
        self.num_samples = mels.num_frames * vocoder.samples_per_frame
        self._samples_per_frame = vocoder.samples_per_frame
        self.mels = mels
        self._waveform = vocoder.open()
        self._steps: list[Tensor] = []  # mel frames that wait for the vocoder, as they will be pushed
        self._ready = np.zeros(0, np.float32)
        self._num_given = 0

    @torch.inference_mode()
    def next_chunk(self, num_frames: int) -> np.ndarray | None:
        """Do some work: one Euler step, or as many vocoder steps as the chunk takes.

        Args:
            num_frames: How many frames' worth of sound is wanted at most, at least 1.

        Returns:
            Float32 samples (N,), N = num_frames * samples_per_frame or fewer at the end of a piece; none of
            them after an Euler step; None when all were given.
        """
        if num_frames < 1:
            raise ValueError(f"num_frames {num_frames}: at least 1 is needed")
        if self._num_given == self.num_samples:
            return None
        length = num_frames * self._samples_per_frame
        while self._steps and len(self._ready) < length:
            self._push(self._steps.pop(0))
        if not len(self._ready) and not self.mels.is_done:
            mel = self.mels.step()
            self._steps = [] if mel is None else list(denormalize_mel(mel).split(STEP_FRAMES, dim=2))
        chunk, self._ready = self._ready[:length], self._ready[length:]
        self._num_given += len(chunk)
        return chunk

    def _push(self, frames: Tensor) -> None:
        is_last = not self._steps and self.mels.is_done
        samples = self._waveform.push(frames, is_last=is_last)[0, 0].cpu().numpy()
        self._ready = np.concatenate([self._ready, samples])
