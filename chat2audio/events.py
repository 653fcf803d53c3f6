"""What a reply consists of, in speaking order. Encoders and SSE give these their form on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tts.audio import AudioChunk


@dataclass(frozen=True, slots=True)
class Meta:
    """The first event. `seed` repeats the reply when it is sent with the same request."""

    id: str
    speaker: str
    sample_rate: int
    seed: int


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The words of sentence `seq`, as they are to be shown; comes before its sound."""

    seq: int
    delta: str


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """Chunk number `chunk` of the sound of one sentence.

    Attributes:
        audio: the samples; its `sentence_index` is the `seq` of the sentence's text.
        text: the words of the whole sentence.
        start_ms: where the chunk begins in the sound of the whole reply.
    """

    chunk: int
    audio: AudioChunk
    text: str
    start_ms: int

    @property
    def seq(self) -> int:
        return self.audio.sentence_index

    @property
    def duration_ms(self) -> int:
        return round(1000 * self.audio.duration_sec)


@dataclass(frozen=True, slots=True)
class SentenceError:
    """Sentence `seq` could not be spoken; the reply goes on."""

    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of a complete reply.

    Attributes:
        finish_reason: "stop", or "length" where a limit of tokens cut the words short.
        text: all that was shown.
        audio_ms: length of all that was heard; 0 if there was nothing to say.
        timing: milliseconds from the start of the turn: first_text_ms, first_audio_ms, total_ms.
    """

    id: str
    finish_reason: str
    text: str
    audio_ms: int
    timing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The last event of a reply that could not be completed."""

    code: str
    message: str


Event = Meta | TextDelta | AudioDelta | SentenceError | Done | Failed
