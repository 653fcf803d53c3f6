"""The loop both engines run on: one thread, and requests that join and leave between steps."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from runtime.job import DeadlineExceeded, Job, Out, Req

__all__ = [
    "DeadlineExceeded",
    "Engine",
    "EngineDied",
    "Job",
    "JobFailed",
    "Overloaded",
    "StepLoop",
]

log = logging.getLogger(__name__)
T = TypeVar("T")

IDLE_SEC = 0.25  # an idle loop looks up this often, which is also its heartbeat
RESTART_WINDOW_SEC = 60.0
MAX_RESTARTS = 3  # within the window; more means that restarting does not help


class Overloaded(Exception):
    """The loop's queue is full; try again later."""


class EngineDied(Exception):
    """The engine failed under this request, or is not running."""


class JobFailed(Exception):
    """Raised by `Engine.step` to fail one job and leave the others untouched."""

    def __init__(self, job: Job[Any, Any], cause: BaseException) -> None:
        super().__init__(str(cause))
        self.job = job
        self.cause = cause


class Engine(Protocol[Req, Out]):
    """What a `StepLoop` drives. Every method runs on the loop's own thread."""

    def start(self, job: Job[Req, Out]) -> None:
        """Admits a job. An exception fails this job only."""
        ...

    def step(self, jobs: Sequence[Job[Req, Out]]) -> None:
        """Advances each of the given jobs by one step, emitting into them and finishing them.

        Raises:
            JobFailed: to fail one job. Any other exception ends all jobs and replaces the engine.
        """
        ...

    def drop(self, job: Job[Req, Out]) -> None:
        """Releases what `start` took, however the job ended."""
        ...


class StepLoop(Generic[Req, Out]):
    """Schedules jobs on an engine: admit, step, retire, again.

    Args:
        name: for threads, logs and error messages.
        make_engine: called on the loop's thread at the start and after an engine died. It should be
            cheap: build the engine around weights that are already loaded.
        max_running: jobs that are stepped together.
        max_waiting: jobs that wait for a place; one more is refused.
        max_buffered: outputs a job may be ahead of its consumer before it is paused.
    """

    def __init__(
        self,
        name: str,
        make_engine: Callable[[], Engine[Req, Out]],
        *,
        max_running: int,
        max_waiting: int,
        max_buffered: int = 64,
    ) -> None:
        self.name = name
        self.num_steps = 0
        self._make_engine = make_engine
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._max_buffered = max_buffered
        self._running: list[Job[Req, Out]] = []
        self._waiting: deque[Job[Req, Out]] = deque()
        self._calls: deque[tuple[Callable[[Any], Any], asyncio.Future[Any]]] = deque()
        self._wake = threading.Event()
        self._is_stopping = False
        self._is_dead = False
        self._restarts: deque[float] = deque()
        self._last_beat = time.monotonic()
        self._thread: threading.Thread | None = None

    # -- called from anywhere ------------------------------------------------------------------------

    @property
    def num_running(self) -> int:
        return len(self._running)

    @property
    def num_waiting(self) -> int:
        return len(self._waiting)

    @property
    def heartbeat_age_sec(self) -> float:
        """Seconds since the loop last came round; grows while a step hangs."""
        return time.monotonic() - self._last_beat

    @property
    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive() and not self._is_dead

    def start(self) -> None:
        """Starts the thread; a second call while it runs does nothing."""
        if self._thread is None:
            self._last_beat = time.monotonic()
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()

    def stop(self, timeout_sec: float = 10.0) -> None:
        """Ends all jobs with `EngineDied` and joins the thread. Final: a stopped loop is not restarted."""
        self._is_stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_sec)
        self._end_everything(EngineDied(f"{self.name} has been stopped"))

    def submit(self, request: Req, *, deadline: float | None = None) -> Job[Req, Out]:
        """Queues a request; to be called from a running event loop.

        Raises:
            EngineDied: the loop is not running.
            Overloaded: all places, running and waiting, are taken.
        """
        self._require_alive()
        # A job that was just cancelled holds its place until the thread comes round, but not against others.
        num_taken = sum(not job.is_over for job in [*self._running, *self._waiting])
        if num_taken >= self._max_running + self._max_waiting:
            raise Overloaded(f"{self.name} is full: {self.num_running} running, {self.num_waiting} waiting")
        job: Job[Req, Out] = Job(
            request, deadline=deadline, max_buffered=self._max_buffered, wake_engine=self._wake.set
        )
        self._waiting.append(job)
        self._wake.set()
        return job

    async def call(self, fn: Callable[[Any], T]) -> T:
        """Runs `fn(engine)` on the loop's thread between two steps and returns its result."""
        self._require_alive()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._calls.append((fn, future))
        self._wake.set()
        return await future

    def _require_alive(self) -> None:
        if self._is_stopping or not self.is_alive:
            raise EngineDied(f"{self.name} is not running")

    # -- the thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_stopping:
            try:
                self._serve(self._make_engine())
            except (
                BaseException
            ) as error:  # the border: whatever kills an engine ends its jobs, not the server
                log.exception("%s died and is started anew", self.name)
                death = EngineDied(f"{self.name} failed: {type(error).__name__}")
                death.__cause__ = error
                self._end_everything(death)
                if not self._may_restart():
                    log.critical(
                        "%s died %d times within %.0f s", self.name, MAX_RESTARTS + 1, RESTART_WINDOW_SEC
                    )
                    self._is_dead = True
                    return

    def _may_restart(self) -> bool:
        now = time.monotonic()
        self._restarts.append(now)
        while self._restarts[0] < now - RESTART_WINDOW_SEC:
            self._restarts.popleft()
        return len(self._restarts) <= MAX_RESTARTS

    def _serve(self, engine: Engine[Req, Out]) -> None:
        while not self._is_stopping:
            self._wake.clear()  # before looking round: what comes later wakes the wait below
            self._last_beat = time.monotonic()
            self._make_calls(engine)
            self._retire(engine)
            self._admit(engine)
            ready = [job for job in self._running if job.has_room]
            if not ready:
                self._wake.wait(IDLE_SEC)
                continue
            try:
                engine.step(ready)
            except JobFailed as failure:
                failure.job.finish(failure.cause)
            self.num_steps += 1
        for job in self._running:
            engine.drop(job)

    def _make_calls(self, engine: Engine[Req, Out]) -> None:
        while self._calls:
            fn, future = self._calls.popleft()
            try:
                result = fn(engine)
            except Exception as error:  # travels to the caller, who awaits it
                _resolve(future, error=error)
            else:
                _resolve(future, result)

    def _retire(self, engine: Engine[Req, Out]) -> None:
        for job in [job for job in self._running if job.is_over]:
            self._running.remove(job)
            engine.drop(job)
            _end_expired(job)
        for job in [job for job in self._waiting if job.is_over]:
            self._waiting.remove(job)
            _end_expired(job)

    def _admit(self, engine: Engine[Req, Out]) -> None:
        while self._waiting and self.num_running < self._max_running:
            job = self._waiting.popleft()
            self._running.append(job)
            try:
                engine.start(job)
            except Exception as error:  # travels in-band to the one who submitted the job
                self._running.remove(job)
                job.finish(error)

    def _end_everything(self, error: EngineDied) -> None:
        jobs = [*self._running, *self._waiting]
        self._running.clear()
        self._waiting.clear()
        for job in jobs:
            job.finish(error)
        while self._calls:
            _resolve(self._calls.popleft()[1], error=error)


def _end_expired(job: Job[Any, Any]) -> None:
    job.finish(DeadlineExceeded("the request's time is over") if job.is_expired else None)


def _resolve(future: asyncio.Future[Any], result: Any = None, error: BaseException | None = None) -> None:
    """Completes a future that belongs to an event loop of another thread."""

    def complete() -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

    loop = future.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(complete)
