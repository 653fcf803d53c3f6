"""A small pool of threads for work that would block the event loop: text front end, loading, encoding."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Workers:
    """Runs plain functions off the event loop; at most `num_threads` at once, the rest queue up."""

    def __init__(self, name: str, num_threads: int) -> None:
        self._pool = ThreadPoolExecutor(num_threads, thread_name_prefix=name)

    async def run(self, fn: Callable[..., T], *args: object) -> T:
        """Awaits `fn(*args)`; its exception is raised here."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, fn, *args)

    def stop(self) -> None:
        """Lets running work end and starts no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
