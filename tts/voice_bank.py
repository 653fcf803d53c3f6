"""The voices in memory: each is loaded once, and the least recently used leave when memory is short."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import torch

from runtime.workers import Workers
from speakers.speaker import Speaker
from tts.errors import BadVoice
from tts.shared_weights import file_stamp
from tts.voice import Voice

log = logging.getLogger(__name__)


class VoiceBank:
    """A least-recently-used cache of voices with a budget in bytes.

    A voice that is being spoken with stays whole when it leaves the bank: it is immutable, and memory is
    given back when its last request ends. A speaker whose files change becomes another voice.

    Args:
        load: makes a voice; called on a worker thread.
        workers: the threads to load on.
        budget_bytes: weights and features together; one voice is kept in any case.
    """

    def __init__(self, load: Callable[[Speaker], Voice], workers: Workers, budget_bytes: int) -> None:
        self._load = load
        self._workers = workers
        self._budget_bytes = budget_bytes
        self._voices: OrderedDict[Hashable, Voice] = OrderedDict()
        self._loading: dict[Hashable, asyncio.Task[Voice]] = {}
        self.num_loads = 0

    async def get(self, speaker: Speaker) -> Voice:
        """Returns the speaker's voice, loading it if need be; simultaneous callers share one load.

        Raises:
            BadVoice: see `VoiceLoader.load`.
        """
        key = _key(speaker)
        if key in self._voices:
            self._voices.move_to_end(key)
            return self._voices[key]
        if key not in self._loading:
            self._loading[key] = asyncio.create_task(self._load_into(key, speaker))
        # Shielded: the load is everybody's, and one caller's disconnect must not end it for the others.
        return await asyncio.shield(self._loading[key])

    async def _load_into(self, key: Hashable, speaker: Speaker) -> Voice:
        try:
            voice = await self._workers.run(self._load, speaker)
        finally:
            del self._loading[key]
        self.num_loads += 1
        self._voices[key] = voice
        self._make_room()
        return voice

    def _make_room(self) -> None:
        while len(self._voices) > 1 and self.num_bytes > self._budget_bytes:
            _, voice = self._voices.popitem(last=False)
            log.info("voice %s leaves memory", voice.speaker.name)

    @property
    def num_bytes(self) -> int:
        """Bytes of all weights and features in the bank; what voices share counts once."""
        modules = {id(m): m for v in self._voices.values() for m in (v.semantic, *v.decoder.modules)}
        weights = sum(
            _bytes_of(module.parameters()) + _bytes_of(module.buffers()) for module in modules.values()
        )
        return weights + sum(voice.reference.bert.nbytes for voice in self._voices.values())

    def names(self) -> list[str]:
        """The speakers in memory, the least recently used first."""
        return [voice.speaker.name for voice in self._voices.values()]


def _bytes_of(tensors: Iterable[torch.Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _key(speaker: Speaker) -> Hashable:
    stamps: list[Any] = []
    for path in speaker.files():
        try:
            stamps.append(file_stamp(path))
        except OSError as error:
            raise BadVoice(f"speaker {speaker.name}: cannot read {path}: {error.strerror}") from error
    return speaker, tuple(stamps)
