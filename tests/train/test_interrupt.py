from __future__ import annotations

import os
import signal

import pytest

from elman.train.interrupt import held_interrupts


def test_the_first_is_noted_and_the_second_raised():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), held_interrupts() as interrupt:
        assert not interrupt.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupt.asked
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_ignored_signal_stays_ignored():
    """`nohup` and a shell's background jobs set this."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_interrupts() as interrupt:
            os.kill(os.getpid(), signal.SIGINT)
            assert not interrupt.asked
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
