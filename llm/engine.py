"""The text engine over a model in this process: many replies at once, each an asynchronous stream of text."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm.adapters import Adapters
from llm.chat_model import ChatModel, ModelConfig, load_chat_model
from llm.errors import BadAdapter, BadLogits, BadModel, PromptTooLong, UnknownAdapter
from llm.messages import Message
from llm.sampling import SamplingParams
from llm.step_engine import TextRequest, TextStepEngine
from runtime.step_loop import EngineDied, StepLoop
from runtime.workers import Workers

__all__ = [
    "BadAdapter",
    "BadLogits",
    "BadModel",
    "LocalTextConfig",
    "LocalTextEngine",
    "PromptTooLong",
    "UnknownAdapter",
]

STALL_SEC = 30.0  # reading a long prompt on a slow CPU is one step; beyond this it is taken to hang


@dataclass(frozen=True, slots=True)
class LocalTextConfig:
    """How a `LocalTextEngine` works.

    Attributes:
        model: the model folder and how to load it.
        adapters_dir: holds one folder per LoRA adapter.
        max_running: replies generated together.
        max_waiting: requests that wait for a place.
        prefix_cache_bytes: memory for the shared beginnings of prompts.
        max_adapters: adapters kept in memory.
        batch_invariant: a reply does not depend, even in the last bit, on what else is running; slower.
    """

    model: ModelConfig
    adapters_dir: Path | None = None
    max_running: int = 8
    max_waiting: int = 32
    prefix_cache_bytes: int = 512 << 20
    max_adapters: int = 16
    batch_invariant: bool = False


class LocalTextEngine:
    """Generates replies with a model that is loaded in this process.

    Args:
        config: see `LocalTextConfig`.
        chat_model: a model that is loaded already, instead of the folder in the configuration.
    """

    def __init__(self, config: LocalTextConfig, chat_model: ChatModel | None = None) -> None:
        self.config = config
        self._chat_model = chat_model
        self._worker = Workers("llm-worker", 1)
        self._is_stopped = False
        self._engine: TextStepEngine | None = None
        self._loop: StepLoop[TextRequest, str] | None = None

    async def start(self) -> None:
        """Loads the model off the event loop and starts the step loop.

        Raises:
            BadModel: the model cannot be loaded.
        """
        if self._loop is not None:
            return
        if self._chat_model is None:
            self._chat_model = await self._worker.run(load_chat_model, self.config.model)
        chat_model, config = self._chat_model, self.config
        adapters = Adapters(chat_model.model, config.adapters_dir, max_loaded=config.max_adapters)

        def make_engine() -> TextStepEngine:
            """Builds an engine around the loaded weights; also called after one died."""
            adapters.release_all()
            self._engine = TextStepEngine(
                chat_model,
                adapters,
                prefix_cache_bytes=config.prefix_cache_bytes,
                batch_invariant=config.batch_invariant,
            )
            return self._engine

        loop = StepLoop("llm", make_engine, max_running=config.max_running, max_waiting=config.max_waiting)
        loop.start()
        self._loop = loop

    async def stop(self) -> None:
        """Ends all replies and the step loop, which may be within a long step. Final; again does nothing."""
        if self._is_stopped:
            return
        self._is_stopped = True
        if self._loop is not None:
            await self._worker.run(self._loop.stop)
        self._worker.stop()

    @property
    def is_ready(self) -> bool:
        """True while requests can be served: loaded, alive, and no step hangs."""
        loop = self._loop
        return loop is not None and loop.is_alive and loop.heartbeat_age_sec < STALL_SEC

    @property
    def num_steps(self) -> int:
        """Steps made since the start, each for all replies then running."""
        return self._loop.num_steps if self._loop is not None else 0

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        adapter: str | None = None,
        sampling: SamplingParams | None = None,
        seed: int = 0,
        deadline: float | None = None,
    ) -> AsyncGenerator[str, None]:
        """Generates one reply.

        Args:
            messages: the chat, as `build_messages` lays it out; too long a history is trimmed.
            adapter: name of a LoRA adapter, or None for the model as it is.
            sampling: see `SamplingParams`.
            seed: the same seed gives the same reply, alone or among others.
            deadline: `time.monotonic()` value after which the reply ends with `DeadlineExceeded`.

        Yields:
            Pieces of the reply as they come; the last is a `CutShort` where the reply met its limit. Closing
            the generator drops the reply before the next step.

        Raises:
            ValueError: there are no messages.
            UnknownAdapter, BadAdapter, PromptTooLong, BadLogits: this request cannot be served.
            Overloaded, DeadlineExceeded, EngineDied: see `runtime.step_loop`.
        """
        if not messages:
            raise ValueError("a reply needs at least one message")
        request = TextRequest(tuple(messages), adapter, sampling or SamplingParams(), seed)
        job = self._running_loop().submit(request, deadline=deadline)
        try:
            async for piece in job:
                yield piece
        finally:
            await job.aclose()

    async def load_adapter(self, name: str) -> float:
        """Loads an adapter ahead of its first use, or again after its files changed.

        Returns:
            Seconds it took on the engine's thread.

        Raises:
            UnknownAdapter, BadAdapter: it cannot be used.
        """

        def load(engine: TextStepEngine) -> float:
            start = time.perf_counter()
            engine.adapters.release(engine.adapters.acquire(name))
            return time.perf_counter() - start

        return await self._running_loop().call(load)

    def status(self) -> dict[str, Any]:
        """Returns the state for monitoring."""
        loop, model, engine = self._loop, self._chat_model, self._engine
        status: dict[str, Any] = {"backend": "local", "is_ready": self.is_ready, "num_steps": self.num_steps}
        if loop is not None:
            status["num_running"] = loop.num_running
            status["num_waiting"] = loop.num_waiting
            status["heartbeat_age_sec"] = round(loop.heartbeat_age_sec, 3)
        if model is not None:
            status["model"] = model.name
            status["device"] = str(model.device)
            status["dtype"] = str(model.model.dtype).removeprefix("torch.")
            status["context_limit"] = model.context_limit
        if engine is not None:
            status["adapters"] = list(engine.adapters.known)
            status["loaded_adapters"] = list(engine.adapters.loaded)
            status["prefix_cache"] = engine.prefix_cache.status()
        return status

    def _running_loop(self) -> StepLoop[TextRequest, str]:
        if self._loop is None:
            raise EngineDied("the text engine has not been started")
        return self._loop
