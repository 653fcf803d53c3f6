"""One request on a step loop: the bounded, cancellable channel between an engine thread and a coroutine."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Req = TypeVar("Req")
Out = TypeVar("Out")

# How long a consumer waits past its deadline for the loop thread to say so, before it says so itself.
DEADLINE_GRACE_SEC = 1.0


class DeadlineExceeded(Exception):
    """The request's time is over; what was emitted until then has been delivered."""


class Job(Generic[Req, Out]):
    """A request and everything that came out of it so far.

    The engine's thread calls `emit` and `finish`; the coroutine that submitted the request iterates,
    cancels and closes. Outputs, the end and errors travel through the same queue, so nobody is left waiting.

    Attributes:
        request: what was submitted.
        deadline: `time.monotonic()` value after which the job ends with `DeadlineExceeded`, or None.
    """

    def __init__(
        self, request: Req, *, deadline: float | None, max_buffered: int, wake_engine: Callable[[], None]
    ) -> None:
        self.request = request
        self.deadline = deadline
        self._max_buffered = max_buffered
        self._wake_engine = wake_engine
        self._consumer = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._outputs: deque[Out] = deque()
        self._error: BaseException | None = None
        self._is_ended = False
        self._is_cancelled = False

    # -- the engine's side ---------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """False while the consumer lags behind by `max_buffered` outputs: such a job is not stepped."""
        return len(self._outputs) < self._max_buffered

    @property
    def is_over(self) -> bool:
        """True once nothing more is to be computed: ended, cancelled or past the deadline."""
        return self._is_ended or self._is_cancelled or self.is_expired

    @property
    def is_expired(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def emit(self, item: Out) -> None:
        """Hands one output to the consumer. Never blocks; ignored after the end."""
        if not self._is_ended:
            self._outputs.append(item)
            self._notify()

    def finish(self, error: BaseException | None = None) -> None:
        """Ends the job, with an error or well. The first call counts."""
        if not self._is_ended:
            self._error = error
            self._is_ended = True
            self._notify()

    def _notify(self) -> None:
        # A consumer whose event loop is closed is gone for good: there is nobody to tell.
        if not self._consumer.is_closed():
            self._consumer.call_soon_threadsafe(self._news.set)

    # -- the consumer's side -------------------------------------------------------------------------

    def __aiter__(self) -> Job[Req, Out]:
        return self

    async def __anext__(self) -> Out:
        while not self._outputs:
            if self._is_ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            # Outputs are appended before the event is set, and it is set on this loop: nothing is missed.
            self._news.clear()
            await self._wait_for_news()
        was_full = not self.has_room
        item = self._outputs.popleft()
        if was_full:
            self._wake_engine()
        return item

    async def _wait_for_news(self) -> None:
        if self.deadline is None:
            await self._news.wait()
            return
        # The engine thread enforces deadlines; this one holds even when that thread hangs inside a step.
        remaining_sec = self.deadline - time.monotonic() + DEADLINE_GRACE_SEC
        try:
            # Not wait_for: on Python 3.11 it loses a cancellation that comes together with the news.
            async with asyncio.timeout(max(remaining_sec, 0.0)):
                await self._news.wait()
        except TimeoutError:
            self.cancel()
            raise DeadlineExceeded("the request's time is over") from None

    def cancel(self) -> None:
        """Asks the engine to drop the job before its next step. Safe from any thread, any number of times."""
        self._is_cancelled = True
        self._wake_engine()

    async def aclose(self) -> None:
        """Cancels the job and forgets its outputs."""
        self.cancel()
        self._outputs.clear()
        self.finish()
