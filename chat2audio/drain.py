"""The end of the server: no new work, time for running replies, then a clear last word to those left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.step_loop import DeadlineExceeded


class ShuttingDown(Exception):
    """The server is about to end and does not wait any longer for this reply."""


class Drain:
    """Tells requests that the server is ending, and bounds their time.

    Args:
        limit_sec: how long running replies may go on once `begin` was called.
    """

    def __init__(self, limit_sec: float) -> None:
        self.limit_sec = limit_sec
        self.is_cut = False
        self._began_at: float | None = None
        self._scopes: set[asyncio.Timeout] = set()

    @property
    def is_draining(self) -> bool:
        return self._began_at is not None

    def begin(self) -> None:
        """Lets nobody in any more. Safe in a signal handler; a second call does nothing."""
        if self._began_at is None:
            self._began_at = time.monotonic()

    @property
    def seconds_over(self) -> float:
        """Seconds since the running replies' time ran out; negative before, minus infinity if not begun."""
        if self._began_at is None:
            return -float("inf")
        return time.monotonic() - self._began_at - self.limit_sec

    def cut(self) -> None:
        """Ends what every `limited` block awaits, now and later. To be called on the event loop."""
        self.is_cut = True
        for scope in self._scopes:
            scope.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def limited(self, deadline: float | None) -> AsyncIterator[None]:
        """A block that ends by itself when the deadline passes or the drain is cut. No `yield` inside it.

        Args:
            deadline: `time.monotonic()` value, or None.

        Raises:
            DeadlineExceeded, ShuttingDown: time is over.
        """
        remaining_sec = None if deadline is None else max(deadline - time.monotonic(), 0.0)
        timeout = asyncio.timeout(0.0 if self.is_cut else remaining_sec)
        try:
            async with timeout:
                self._scopes.add(timeout)
                try:
                    yield
                finally:
                    self._scopes.discard(timeout)
        except TimeoutError:
            if not timeout.expired():
                raise  # the block's own
            if self.is_cut:
                raise ShuttingDown("the server is shutting down") from None
            raise DeadlineExceeded("the request's time is over") from None
