"""Ctrl-C and SIGTERM as a wish that is granted between two steps, not in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupt", "held_interrupts"]


class Interrupt:
    """Whether someone asked to stop."""

    asked = False


@contextmanager
def held_interrupts() -> Iterator[Interrupt]:
    """Note the first SIGINT or SIGTERM; the second stops at once with `KeyboardInterrupt`.

    Signals belong to the main thread: in another one, and where a signal is ignored already
    (``nohup``), nothing is changed. The earlier handlers come back at the end.

    Example:
        >>> import os, signal
        >>> with held_interrupts() as interrupt:
        ...     os.kill(os.getpid(), signal.SIGINT)
        ...     print(interrupt.asked)
        True
    """
    interrupt = Interrupt()

    def note(number: int, frame: FrameType | None) -> None:
        if interrupt.asked:
            raise KeyboardInterrupt
        interrupt.asked = True

    earlier = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if handler not in (None, signal.SIG_IGN):
                earlier[number] = handler
                signal.signal(number, note)
    try:
        yield interrupt
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
