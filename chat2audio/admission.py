"""Who may come in: a bounded number of replies at once, a bounded queue before them, refusal beyond."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.step_loop import Overloaded


class Admission:
    """Places for replies. A place is held inside the context of `place` and given back however that ends.

    Args:
        max_running: replies at the same time.
        max_waiting: requests that may wait for a place, in order of arrival.
    """

    def __init__(self, max_running: int, max_waiting: int) -> None:
        self.max_running = max_running
        self.max_waiting = max_waiting
        self.num_running = 0
        self.num_waiting = 0
        self._free = asyncio.Semaphore(max_running)

    @property
    def is_full(self) -> bool:
        """True while one more request would be refused."""
        return self._free.locked() and self.num_waiting >= self.max_waiting

    @property
    def is_idle(self) -> bool:
        return self.num_running == 0 and self.num_waiting == 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Waits for a place and holds it.

        Raises:
            Overloaded: all places, running and waiting, are taken.
        """
        if self.is_full:
            raise Overloaded(
                f"{self.num_running} replies are running and {self.num_waiting} requests waiting"
            )
        self.num_waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.num_waiting -= 1
        self.num_running += 1
        try:
            yield
        finally:
            self.num_running -= 1
            self._free.release()
