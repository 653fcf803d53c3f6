"""How a user ends long work: Ctrl-C asks it to save and stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Set by Ctrl-C (or SIGTERM); the work then saves after the step at hand and ends."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def is_set(self) -> bool:
        """Whether the work is to end."""
        return self._event.is_set()

    def set(self) -> None:
        """Ask the work to end."""
        self._event.set()

    @contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Within this context the first signal sets the flag; a second one ends the process as usual.

        Signals belong to the main thread; in any other one this does nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in _SIGNALS}

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        def ask(_signal: int, _frame: Any) -> None:
            self.set()
            restore()

        for number in _SIGNALS:
            signal.signal(number, ask)
        try:
            yield
        finally:
            restore()
