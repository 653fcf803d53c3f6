"""Blocking work runs off the event loop, bounded, and its errors come back."""

from __future__ import annotations

import asyncio
import threading

import pytest

from runtime.workers import Workers


async def test_results_and_errors_come_back_while_the_loop_goes_on() -> None:
    workers = Workers("work", 1)
    gate = threading.Event()
    blocked = asyncio.create_task(workers.run(gate.wait, 5))
    await asyncio.sleep(0)
    gate.set()  # reached only because the event loop was not blocked
    assert await blocked is True
    assert (await workers.run(lambda: threading.current_thread().name)).startswith("work")
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0)
    workers.stop()
