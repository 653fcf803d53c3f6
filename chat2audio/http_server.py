"""uvicorn with an end of its own: it drains as `chat2audio.drain` says, and leaves nobody hanging.

uvicorn stops listening on the first signal, so nobody could be told that the server is draining, and it
bounds neither the time of a half-sent header nor that of a closed connection whose client does not read.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from types import FrameType
from typing import Any

import uvicorn

from chat2audio.delivery import Kitchen

log = logging.getLogger(__name__)

HEADER_TIMEOUT_SEC = 10.0
CLOSE_TIMEOUT_SEC = 5.0
# What replies that were cut get to say so and what connections get to close.
LAST_WORDS_SEC = 2.0
TICKS_PER_SWEEP = 10  # uvicorn ticks ten times a second


class HttpServer(uvicorn.Server):
    """Serves an app until a signal comes and all running replies are through, or their time is over.

    The first SIGTERM or SIGINT begins the drain: /readyz answers 503, new work is refused, running replies go
    on. At the limit they end with an `error` event. A second signal ends the server at once.

    Attributes:
        was_forced: the end was a second signal's.
    """

    def __init__(self, app: Any, kitchen: Kitchen, *, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http="h11",  # the sweeper looks into its connections
                log_config=None,
                # A line of the access log holds the query, and so what somebody said.
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=int(LAST_WORDS_SEC),
                ws="none",
            )
        )
        self._kitchen = kitchen
        self._sweeper = _Sweeper()
        self.was_forced = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Takes a signal. uvicorn's own handler would raise it again at the end; ours is a clean exit."""
        if self._kitchen.drain.is_draining:
            self.was_forced = self.force_exit = self.should_exit = True
        else:
            log.info("%s: draining", signal.Signals(sig).name)
            self._kitchen.drain.begin()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; returns True to end the server."""
        if counter % TICKS_PER_SWEEP == 0:
            self._sweeper.sweep(self.server_state.connections)
        if self._is_drained():
            self.should_exit = True
        return await super().on_tick(counter)

    def _is_drained(self) -> bool:
        drain, admission = self._kitchen.drain, self._kitchen.admission
        if not drain.is_draining:
            return False
        if admission.is_idle:
            return True
        if drain.seconds_over >= 0 and not drain.is_cut:
            log.warning("%d replies are cut short by the end of the server", admission.num_running)
            drain.cut()
        return drain.seconds_over >= LAST_WORDS_SEC


class _Sweeper:
    """Closes connections that never finish a request's header, and those that never finish closing."""

    def __init__(self) -> None:
        self._since: dict[Any, tuple[str, float]] = {}

    def sweep(self, connections: set[Any]) -> None:
        now = time.monotonic()
        since: dict[Any, tuple[str, float]] = {}
        for connection in connections:
            state = _state_of(connection)
            known = self._since.get(connection)
            since[connection] = known if known is not None and known[0] == state else (state, now)
            limit = {"header": HEADER_TIMEOUT_SEC, "closing": CLOSE_TIMEOUT_SEC}.get(state)
            if limit is not None and now - since[connection][1] > limit:
                connection.transport.abort()
        self._since = since


def _state_of(connection: Any) -> str:
    """What one of uvicorn's protocol objects is doing; before its first request it has no `cycle`."""
    transport: asyncio.Transport = connection.transport
    if transport.is_closing():
        return "closing"
    cycle = connection.cycle
    if cycle is not None and not cycle.response_complete:
        return "serving"
    # uvicorn runs this timer between two requests, until the first byte of the next one.
    return "header" if connection.timeout_keep_alive_task is None else "idle"
