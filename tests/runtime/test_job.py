"""The channel between an engine's thread and a coroutine, without either engine or thread."""

from __future__ import annotations

import asyncio
import time

import pytest

from runtime.job import Job


def make_job(deadline_sec: float | None = 60.0) -> Job[str, int]:
    deadline = None if deadline_sec is None else time.monotonic() + deadline_sec
    return Job("request", deadline=deadline, max_buffered=4, wake_engine=lambda: None)


@pytest.mark.parametrize("deadline_sec", [None, 60.0])
async def test_a_cancellation_that_comes_together_with_news_is_not_lost(deadline_sec) -> None:
    job = make_job(deadline_sec)

    async def listen() -> None:
        async for _ in job:
            await asyncio.sleep(3600)  # where a consumer whose cancellation was lost would hang

    consumer = asyncio.create_task(listen())
    await asyncio.sleep(0)
    job.emit(1)
    await asyncio.sleep(0)  # the news is set; the waiting coroutine has not run yet
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(consumer, 5)


async def test_what_was_emitted_before_the_end_is_delivered_before_the_error() -> None:
    job = make_job()
    job.emit(1)
    job.emit(2)
    job.finish(ValueError("broken"))
    job.emit(3)
    job.finish()
    assert [await anext(job), await anext(job)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        await anext(job)
