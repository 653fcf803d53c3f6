"""A labelled recording -> everything the two trainings want to know of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tts.audio import resample
from tts.checkpoint import BadCheckpoint, read_checkpoint
from tts.decoders.vits_decoder import VitsDecoder
from tts.dsp import resample_sinc
from tts.finetune.clips import Clip
from tts.finetune.features import WAVEFORM_RATE_HZ, ClipFeatures
from tts.finetune.loudness import read_mono, training_waveform
from tts.finetune.reading import ClipReader
from tts.models.hubert import SAMPLE_RATE_HZ as SSL_RATE_HZ
from tts.models.hubert import HubertEncoder
from tts.models.speaker_encoder import SpeakerEncoder
from tts.reference import SPEAKER_RATE_HZ
from tts.text.bert import LANGUAGE_WITH_FEATURES, BertEncoder
from tts.text.front_end import Phones


class FeatureMaker:
    """Hears and reads clips as the server will: the base's quantizer, its symbols, the one front end.

    Args:
        acoustic_base: the checkpoint training starts from; its quantizer makes the tokens.
        ssl_model: HuBERT folder that the base was made with.
        version: of the base, where the file cannot say.
        bert_model: RoBERTa folder; without one no clip has BERT features.
        bert_dim: width of those that the semantic base knows; of a model with another width none are taken,
            as in speaking.
        speaker_net: ERes2NetV2 file; needed for a Pro base.
        reader: of the base's symbol table; one is made if none is given.
        device: where to compute.

    Raises:
        BadCheckpoint: a file does not fit, or a Pro base has no speaker net.
    """

    def __init__(
        self,
        acoustic_base: Path,
        ssl_model: Path,
        *,
        version: str | None = None,
        bert_model: Path | None = None,
        bert_dim: int | None = None,
        speaker_net: Path | None = None,
        reader: ClipReader | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self._device = torch.device(device)
        self._decoder = VitsDecoder.from_checkpoint(read_checkpoint(acoustic_base, version=version), device)
        self._hubert = HubertEncoder(ssl_model, device)
        ssl_dim = self._decoder.model.quantizer.codebook.shape[1]
        if self._hubert.dim != ssl_dim:
            raise BadCheckpoint(
                ssl_model,
                f"its features are {self._hubert.dim} wide; {acoustic_base.name} was made with {ssl_dim}",
            )
        bert = BertEncoder(bert_model, device=str(device)) if bert_model is not None else None
        self._bert = bert if bert is not None and bert_dim in (None, bert.dim) else None
        self._speaker_encoder: SpeakerEncoder | None = None
        if self._decoder.version.uses_speaker_embedding:
            if speaker_net is None:
                name = self._decoder.version.name
                raise BadCheckpoint(acoustic_base, f"a {name} model needs the speaker net (ERes2NetV2)")
            self._speaker_encoder = SpeakerEncoder.from_file(speaker_net).to(device)
        self._reader = reader or ClipReader(self._decoder.version.symbols)

    def make(self, name: str, clip: Clip) -> ClipFeatures:
        """Computes the features of one clip.

        Raises:
            BadAudio: the recording cannot be used.
        """
        waveform = training_waveform(*read_mono(clip.path))
        phones = self._reader.phones(clip.text, clip.language)
        return ClipFeatures(
            name=name,
            phones=phones.ids,
            bert=self._bert_features(phones),
            tokens=self._tokens(waveform),
            waveform=waveform,
            speaker_embedding=self._speaker_embedding(waveform),
        )

    def _tokens(self, waveform: np.ndarray) -> np.ndarray:
        """Semantic tokens of a waveform at 32 kHz, in the loudness references are read in.

        Upstream's training reads clips 1145 times as loud. The normalisation behind the first layer of HuBERT
        takes that out again, but for its smallest term.
        """
        samples = torch.from_numpy(resample(waveform, WAVEFORM_RATE_HZ, SSL_RATE_HZ))
        return self._decoder.ssl_to_tokens(self._hubert.raw_features(samples)).cpu().numpy()

    def _bert_features(self, phones: Phones) -> np.ndarray | None:
        if self._bert is None:
            return None
        if not any(segment.language == LANGUAGE_WITH_FEATURES for segment in phones.segments):
            return None
        return self._bert.features(phones)

    def _speaker_embedding(self, waveform: np.ndarray) -> np.ndarray | None:
        if self._speaker_encoder is None:
            return None
        samples = resample_sinc(torch.from_numpy(waveform)[None], WAVEFORM_RATE_HZ, SPEAKER_RATE_HZ)[0]
        return self._speaker_encoder.embed(samples.to(self._device))[0].cpu().numpy()
