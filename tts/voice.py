"""A `Voice` is a speaker made ready to speak: weights plus what they need to know of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from speakers.speaker import Speaker
from tts.checkpoint import read_checkpoint
from tts.decoders.decoder import Decoder, Spoken
from tts.decoders.loader import DecoderLoader
from tts.errors import BadVoice
from tts.models.semantic import SemanticModel
from tts.pairing import require_pair
from tts.pretrained import BERT, SPEAKER_NET, PretrainedModels
from tts.reference import ReferenceEncoder
from tts.sampling import SamplingParams
from tts.shared_weights import SharedWeights, file_stamp
from tts.text.bert import BertEncoder
from tts.text.front_end import FrontEnd
from tts.text.languages import PolyphoneModel
from tts.text.pieces import prepare_reference, prepare_target


@dataclass(frozen=True, eq=False)
class ReadText:
    """Text as stage 1 takes it.

    Attributes:
        phones: int64 (T,).
        bert: float32 (C, T), zeros where BERT has nothing to say.
    """

    phones: np.ndarray
    bert: np.ndarray


class Reader:
    """Text -> `ReadText` for one kind of model: its symbol table, its BERT width, a speaker's lexicon.

    Without a BERT folder, or with one of another width than the model was made for, all rows are zero:
    the models speak without them, with flatter Chinese prosody.
    """

    def __init__(self, front_end: FrontEnd, bert: BertEncoder | None, bert_dim: int) -> None:
        self._front_end = front_end
        self._bert = bert if bert is not None and bert.dim == bert_dim else None
        self._bert_dim = bert_dim

    def read_target(self, text: str, language: str) -> ReadText:
        """Returns the phones of a sentence to speak; none if nothing in it can be pronounced."""
        return self._read(prepare_target(text, language), language)

    def read_reference(self, text: str, language: str) -> ReadText:
        """Returns the phones of what a reference says; none if that is not known."""
        return self._read(prepare_reference(text, language), language)

    def _read(self, text: str, language: str) -> ReadText:
        phones = self._front_end.read(text, language)
        if self._bert is not None:
            return ReadText(phones.ids, self._bert.features(phones))
        return ReadText(phones.ids, np.zeros((self._bert_dim, len(phones.ids)), dtype=np.float32))


@dataclass(frozen=True, eq=False)
class Voice:
    """Everything that speaking with one speaker needs; immutable, shared by all its requests.

    Attributes:
        speaker: the parameters it was made from.
        semantic, decoder: the two stages; voices of the same files share them.
        conditioning: what the decoder knows of the reference recordings; its own kind of thing.
        prompt: semantic tokens of the reference, int64 (P,); empty if its words are not known.
        reference: what the reference says; no phones if that is not known.
        reader: reads text for these weights.
        sampling: how semantic tokens are drawn.
    """

    speaker: Speaker
    semantic: SemanticModel
    decoder: Decoder
    conditioning: Any
    prompt: np.ndarray
    reference: ReadText
    reader: Reader
    sampling: SamplingParams

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.decoder.sample_rate


class VoiceLoader:
    """Makes voices. Weights of one file are held once, for as long as any voice uses them.

    Args:
        ssl_model: folder of the HuBERT model (transformers format) of speakers that name none.
        bert_model: folder of the RoBERTa model, or None.
        g2pw_model: folder of the g2pW model, which reads Mandarin polyphones, or None; it takes its
            vocabulary from the RoBERTa folder.
        speaker_net: ERes2NetV2 file for v2Pro and v2ProPlus voices; None looks among the pretrained models.
        pretrained: finds what other voices need: by default, in the folder `models`.
        device: where the weights live.
    """

    def __init__(
        self,
        *,
        ssl_model: Path,
        bert_model: Path | None = None,
        g2pw_model: Path | None = None,
        speaker_net: Path | None = None,
        pretrained: PretrainedModels | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self._device = torch.device(device)
        self._ssl_model = ssl_model
        self._speaker_net = speaker_net
        self._pretrained = pretrained or PretrainedModels("models")
        self._reference_encoders: dict[Path, ReferenceEncoder] = {}
        self._bert = _load_bert(bert_model, device) if bert_model is not None else None
        self._polyphones: PolyphoneModel | None = None
        if g2pw_model is not None:
            from tts.text.mandarin.g2pw import try_g2pw  # brings the dictionaries of Mandarin

            self._polyphones = try_g2pw(g2pw_model, bert_model or self._pretrained.find(BERT))
        self._decoders = DecoderLoader(self._pretrained, self._device)
        self._shared = SharedWeights()

    def load(self, speaker: Speaker) -> Voice:
        """Reads files and computes the reference's features; seconds of work, so off the event loop.

        Raises:
            BadVoice: a file is missing, damaged, hostile or does not fit; names speaker, file and reason.
        """
        if missing := speaker.missing_files():
            raise BadVoice(f"speaker {speaker.name}: no such file: {', '.join(map(str, missing))}")
        try:
            return self._load(speaker)
        except ValueError as error:  # BadCheckpoint and BadAudio among them
            raise BadVoice(f"speaker {speaker.name}: {error}") from error

    def _load(self, speaker: Speaker) -> Voice:
        semantic = self._semantic(speaker.gpt_model)
        decoder = self._decoders.load(
            speaker.sovits_model,
            version=speaker.version,
            base=speaker.sovits_base,
            num_steps=speaker.sample_steps,
        )
        version = decoder.version
        require_pair(speaker.gpt_model, semantic.num_phonemes, speaker.sovits_model, version)
        if version.uses_speaker_embedding and self._speaker_net is None:
            self._pretrained.require(SPEAKER_NET)
        encoder = self._encoder(speaker.ssl_model or self._ssl_model)
        main = encoder.encode(speaker.ref_audio, version)
        others = [encoder.encode_style(path, version) for path in speaker.aux_ref_audios]
        front_end = FrontEnd(decoder.version.symbols, lexicon=speaker.lexicon, polyphones=self._polyphones)
        front_end.warm(speaker.target_language, *([speaker.ref_language] if speaker.ref_text else []))
        reader = Reader(front_end, self._bert, semantic.bert_dim)
        prompt = decoder.ssl_to_tokens(main.ssl).cpu().numpy() if speaker.ref_text else np.zeros(0, np.int64)
        reference = reader.read_reference(speaker.ref_text, speaker.ref_language)
        return Voice(
            speaker=speaker,
            semantic=semantic,
            decoder=decoder,
            conditioning=decoder.condition([main, *others], Spoken(prompt, reference.phones)),
            prompt=prompt,
            reference=reference,
            reader=reader,
            sampling=SamplingParams(
                top_k=speaker.top_k,
                top_p=speaker.top_p,
                temperature=speaker.temperature,
                repetition_penalty=speaker.repetition_penalty,
            ),
        )

    def _semantic(self, path: Path) -> SemanticModel:
        def load() -> SemanticModel:
            return SemanticModel.from_checkpoint(read_checkpoint(path)).to(self._device)

        return self._shared.get(("semantic", file_stamp(path)), load)

    def _encoder(self, ssl_model: Path) -> ReferenceEncoder:
        encoder = self._reference_encoders.get(ssl_model)
        if encoder is None:
            speaker_net = self._speaker_net or self._pretrained.place(SPEAKER_NET)
            encoder = ReferenceEncoder(ssl_model, speaker_net, device=self._device)
            self._reference_encoders[ssl_model] = encoder
        return encoder


def _load_bert(folder: Path, device: torch.device | str) -> BertEncoder:
    try:
        return BertEncoder(folder, device=str(device))
    except (OSError, ValueError) as error:
        raise BadVoice(f"the BERT model cannot be used: {error}") from error
