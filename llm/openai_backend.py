"""The text engine over any OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama and others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from llm.errors import BackendError, BackendUnreachable, PromptTooLong, UnknownAdapter
from llm.messages import Message
from llm.pieces import CutShort
from llm.remote_stream import ChatStream, error_text
from llm.sampling import SamplingParams
from llm.text_stream import StopTexts
from runtime.step_loop import DeadlineExceeded, Overloaded

__all__ = [
    "BackendError",
    "BackendUnreachable",
    "OpenAITextConfig",
    "OpenAITextEngine",
    "PromptTooLong",
    "UnknownAdapter",
]

MAX_REMOTE_STOPS = 4  # what the OpenAI interface takes; all of them are applied here as well
MAX_ERROR_BYTES = 65536
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenAITextConfig:
    """Where the server is and what it understands.

    Attributes:
        base_url: as for OpenAI clients, usually ending in "/v1".
        model: name of the model without an adapter.
        api_key: sent as a bearer token where it is not empty.
        adapter_models: adapter name -> the server's model name for it.
        send_extra_fields: send top_k and repetition_penalty too, as vLLM and SGLang take them. Others may
            refuse the request, so it is off unless asked for.
        max_running: requests under way; one more is refused.
        connect_timeout_sec: for connecting.
        read_timeout_sec: longest silence of the server, the wait for the first token included.
    """

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    adapter_models: Mapping[str, str] = field(default_factory=dict)
    send_extra_fields: bool = False
    max_running: int = 64
    connect_timeout_sec: float = 5.0
    read_timeout_sec: float = 60.0

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url must begin with http:// or https://, not {self.base_url!r}")


class OpenAITextEngine:
    """Generates replies on a remote server; the same interface as `llm.engine.LocalTextEngine`.

    Args:
        config: see `OpenAITextConfig`.
        transport: replaces the network, for tests.
    """

    def __init__(self, config: OpenAITextConfig, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.config = config
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._num_running = 0
        self._last_error = ""

    async def start(self) -> None:
        """Opens the client. Does not call the server: it may come up later, and go and return."""
        if self._client is None:
            config = self.config
            headers = {"Authorization": f"Bearer {config.api_key}"} if config.api_key else {}
            self._client = httpx.AsyncClient(
                base_url=config.base_url.rstrip("/") + "/",
                headers=headers,
                timeout=httpx.Timeout(config.read_timeout_sec, connect=config.connect_timeout_sec),
                limits=httpx.Limits(max_connections=config.max_running),
                transport=self._transport,
            )

    async def stop(self) -> None:
        """Closes the client and with it all replies."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    @property
    def is_ready(self) -> bool:
        """True between `start` and `stop`. A server that is away may be back for the next request."""
        return self._client is not None

    def status(self) -> dict[str, Any]:
        """Returns the state for monitoring."""
        return {
            "backend": "openai",
            "is_ready": self.is_ready,
            "base_url": self.config.base_url,
            "model": self.config.model,
            "adapters": sorted(self.config.adapter_models),
            "num_running": self._num_running,
            "last_error": self._last_error,
        }

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        adapter: str | None = None,
        sampling: SamplingParams | None = None,
        seed: int = 0,
        deadline: float | None = None,
    ) -> AsyncGenerator[str, None]:
        """Generates one reply; see `LocalTextEngine.stream`. Closing the generator closes the connection.

        Raises:
            UnknownAdapter: no model is configured for the adapter.
            PromptTooLong: the server says that the context is exceeded.
            Overloaded: too many requests, here or there.
            BackendUnreachable, BackendError: no server, or an error of the server.
            DeadlineExceeded: the time is over.
        """
        if not messages:
            raise ValueError("a reply needs at least one message")
        if self._client is None:
            raise BackendUnreachable("the text engine has not been started")
        if self._num_running >= self.config.max_running:
            raise Overloaded(f"{self._num_running} replies are under way; no more are begun")
        sampling = sampling or SamplingParams()
        body = self._body(messages, self._model(adapter), sampling, seed)
        stops = StopTexts(sampling.stop)
        self._num_running += 1
        try:
            is_cut_short = False
            async with aclosing(self._pieces(self._client, body, deadline)) as pieces:
                async for piece in pieces:
                    is_cut_short = isinstance(piece, CutShort)
                    text = stops.push(piece)
                    if text:
                        yield text
                    if stops.is_hit:
                        return
            rest = stops.flush()
            if is_cut_short:
                yield CutShort(rest)
            elif rest:
                yield rest
        finally:
            self._num_running -= 1

    def _model(self, adapter: str | None) -> str:
        if adapter is None:
            return self.config.model
        if adapter not in self.config.adapter_models:
            raise UnknownAdapter(adapter, self.config.adapter_models)
        return self.config.adapter_models[adapter]

    def _body(
        self, messages: Sequence[Message], model: str, sampling: SamplingParams, seed: int
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "stream": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_new_tokens,
            "seed": seed,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop[:MAX_REMOTE_STOPS])
        if self.config.send_extra_fields:
            body["top_k"] = sampling.top_k or -1
            body["repetition_penalty"] = sampling.repetition_penalty
        elif sampling.top_k == 1:
            body["temperature"] = 0.0
        return body

    async def _pieces(
        self, client: httpx.AsyncClient, body: Mapping[str, Any], deadline: float | None
    ) -> AsyncGenerator[str, None]:
        """Yields the text of one reply as the server sends it."""
        request = client.build_request("POST", "chat/completions", json=body)
        try:
            response = await _before(deadline, client.send(request, stream=True))
            async with aclosing(response):
                if response.status_code != httpx.codes.OK:
                    await self._refuse(response, deadline)
                chat = ChatStream()
                lines = response.aiter_lines()
                while not chat.is_over:
                    line = await _before(deadline, anext(lines, None))
                    if line is None:
                        raise BackendError("the text server ended the reply before it was complete")
                    text = chat.push(line)
                    if text:
                        yield text
                if chat.finish_reason == "length":
                    yield CutShort()
            self._last_error = ""
        except httpx.HTTPError as error:
            self._last_error = f"{type(error).__name__}: {error}"
            raise BackendUnreachable(
                f"no text server at {self.config.base_url}, or it broke off: {self._last_error}"
            ) from error

    async def _refuse(self, response: httpx.Response, deadline: float | None) -> None:
        """Raises what an answer other than 200 means."""
        raw = (await _before(deadline, response.aread()))[:MAX_ERROR_BYTES]
        try:
            text = error_text(httpx.Response(200, content=raw).json())
        except ValueError:
            text = raw.decode("utf-8", "replace")[:300]
        status = response.status_code
        if status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
            raise Overloaded(f"the text server is full ({status}): {text}")
        if status == httpx.codes.BAD_REQUEST and "context" in text.lower():
            raise PromptTooLong(None, None, f"the text server refuses the prompt: {text}")
        raise BackendError(f"the text server answered {status}: {text}", status)


async def _before(deadline: float | None, awaitable: Awaitable[T]) -> T:
    """Awaits with what is left of the request's time."""
    if deadline is None:
        return await awaitable
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            return await awaitable
    except TimeoutError:
        raise DeadlineExceeded("the request's time is over") from None
