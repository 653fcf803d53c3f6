"""The laws of the step loop, on an engine that only counts."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from runtime.step_loop import DeadlineExceeded, EngineDied, Job, JobFailed, Overloaded, StepLoop


class Counter:
    """Emits 0, 1, 2, ... up to the requested length. A request may ask for trouble instead."""

    def __init__(self) -> None:
        self.position: dict[Job[int | str, int], int] = {}
        self.batch_sizes: list[int] = []
        self.dropped: list[Job[int | str, int]] = []
        self.gate: threading.Event | None = None

    def start(self, job: Job[int | str, int]) -> None:
        if job.request == "bad start":
            raise ValueError("cannot start")
        self.position[job] = 0

    def step(self, jobs: Sequence[Job[int | str, int]]) -> None:
        self.batch_sizes.append(len(jobs))
        if self.gate is not None:
            self.gate.wait(5)
        for job in jobs:
            if job.request == "bad row":
                raise JobFailed(job, ValueError("this row is broken"))
            if job.request == "engine bug":
                raise RuntimeError("the engine is broken")
            if job.request == "thread death":
                raise SystemExit(1)
            job.emit(self.position[job])
            self.position[job] += 1
            if self.position[job] == job.request:
                job.finish()

    def drop(self, job: Job[int | str, int]) -> None:
        del self.position[job]
        self.dropped.append(job)


ENDLESS = 10**9


@pytest.fixture
def engines() -> list[Counter]:
    return []


@pytest.fixture
def loop(engines: list[Counter]) -> Iterator[StepLoop[int | str, int]]:
    def make() -> Counter:
        engines.append(Counter())
        return engines[-1]

    step_loop: StepLoop[int | str, int] = StepLoop(
        "counter", make, max_running=2, max_waiting=2, max_buffered=8
    )
    step_loop.start()
    yield step_loop
    step_loop.stop()


async def collect(job: Job[int | str, int]) -> list[int]:
    return [item async for item in job]


async def until(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_job_delivers_everything_in_order(loop) -> None:
    assert await collect(loop.submit(50)) == list(range(50))


async def test_jobs_join_between_steps_and_leave_when_done(loop, engines) -> None:
    results = await asyncio.gather(*(collect(loop.submit(n)) for n in (30, 5, 20, 1)))
    assert results == [list(range(n)) for n in (30, 5, 20, 1)]
    assert max(engines[0].batch_sizes) == 2
    await until(lambda: not engines[0].position)


async def test_one_too_many_is_refused(loop) -> None:
    jobs = [loop.submit(ENDLESS) for _ in range(4)]
    with pytest.raises(Overloaded, match="full"):
        loop.submit(1)
    for job in jobs:
        await job.aclose()
    await until(lambda: loop.num_running + loop.num_waiting == 0)
    assert await collect(loop.submit(3)) == [0, 1, 2]


async def test_a_cancelled_job_takes_no_place_from_others(loop, engines) -> None:
    engines[0].gate = threading.Event()
    jobs = [loop.submit(ENDLESS) for _ in range(4)]
    await until(lambda: engines[0].batch_sizes)  # a step is under way: nobody is retired before it ends
    jobs[0].cancel()
    late = loop.submit(2)
    engines[0].gate.set()
    for job in jobs[1:]:
        job.cancel()
    assert await collect(late) == [0, 1]


async def test_a_slow_consumer_stalls_only_itself(loop, engines) -> None:
    slow = loop.submit(ENDLESS)
    assert await collect(loop.submit(1000)) == list(range(1000))
    await until(lambda: not slow.has_room)
    assert engines[0].position[slow] == 8  # max_buffered: no step was made for it beyond that
    assert [await anext(slow) for _ in range(20)] == list(range(20))
    await slow.aclose()


async def test_cancel_reaches_the_next_step(loop, engines) -> None:
    engines[0].gate = threading.Event()
    job = loop.submit(ENDLESS)
    await until(lambda: job in engines[0].position and engines[0].batch_sizes)
    job.cancel()
    done = engines[0].position[job]
    engines[0].gate.set()
    await until(lambda: job in engines[0].dropped)
    assert engines[0].batch_sizes[-1] == 1
    assert len(engines[0].batch_sizes) == done + 1, "only the step that was under way is finished"
    assert len(await collect(job)) == 1


async def test_a_failing_start_and_a_failing_row_end_only_their_own_job(loop, engines) -> None:
    healthy = asyncio.create_task(collect(loop.submit(200)))
    with pytest.raises(ValueError, match="cannot start"):
        await collect(loop.submit("bad start"))
    with pytest.raises(ValueError, match="this row is broken"):
        await collect(loop.submit("bad row"))
    assert await healthy == list(range(200))
    assert len(engines) == 1, "the engine was not replaced"


@pytest.mark.parametrize("trouble", ["engine bug", "thread death"])
async def test_a_dying_engine_ends_everyone_with_an_error_and_is_replaced(loop, engines, trouble) -> None:
    bystander, culprit = loop.submit(ENDLESS), loop.submit(trouble)
    waiting = loop.submit(5)
    for job in (bystander, culprit, waiting):
        with pytest.raises(EngineDied, match="counter failed"):
            async with asyncio.timeout(5):
                await collect(job)
    assert await collect(loop.submit(3)) == [0, 1, 2]
    assert len(engines) == 2


async def test_an_engine_that_keeps_dying_is_given_up(loop) -> None:
    for _ in range(4):
        with pytest.raises(EngineDied):
            await collect(loop.submit("engine bug"))
    await until(lambda: not loop.is_alive)
    with pytest.raises(EngineDied, match="not running"):
        loop.submit(1)


async def test_a_deadline_in_the_queue_and_while_running(loop, engines) -> None:
    running = [loop.submit(ENDLESS, deadline=time.monotonic() + 0.2) for _ in range(2)]
    late = loop.submit(5, deadline=time.monotonic() + 0.05)
    for job in (late, *running):
        with pytest.raises(DeadlineExceeded):
            async with asyncio.timeout(5):
                await collect(job)
    assert late not in engines[0].dropped, "it was never started"


async def test_a_deadline_holds_even_when_a_step_hangs(loop, engines) -> None:
    engines[0].gate = threading.Event()
    job = loop.submit(ENDLESS, deadline=time.monotonic() + 0.05)
    with pytest.raises(DeadlineExceeded):
        async with asyncio.timeout(5):
            await collect(job)
    assert loop.heartbeat_age_sec > 0.5, "the hanging step shows in the heartbeat"
    engines[0].gate.set()


async def test_calls_run_on_the_loop_thread_between_steps(loop, engines) -> None:
    assert await loop.call(lambda engine: (engine is engines[0], threading.current_thread().name)) == (
        True,
        "counter",
    )
    with pytest.raises(ZeroDivisionError):
        await loop.call(lambda engine: 1 // 0)
    assert len(engines) == 1


async def test_an_idle_loop_keeps_its_heartbeat_and_makes_no_steps(loop) -> None:
    await collect(loop.submit(1))
    steps = loop.num_steps
    await asyncio.sleep(0.6)
    assert loop.heartbeat_age_sec < 0.5
    assert loop.num_steps == steps


async def test_stopping_ends_all_jobs(loop) -> None:
    job = loop.submit(ENDLESS)
    await anext(job)
    await asyncio.to_thread(loop.stop)
    with pytest.raises(EngineDied, match="stopped"):
        await collect(job)
    with pytest.raises(EngineDied):
        loop.submit(1)
