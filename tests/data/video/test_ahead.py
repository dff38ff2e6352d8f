from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from elman.data.video.ahead import Ahead


class Source:
    """Batches that take longer the smaller their number, and tell who made them."""

    def __init__(self, count: int = 12) -> None:
        self.count, self.made, self.threads = count, [], set()
        self.lock = threading.Lock()
        self.at_once = self.most = 0

    def __len__(self) -> int:
        return self.count

    def batch(self, epoch: int, index: int) -> tuple[int, int]:
        with self.lock:
            self.made.append((epoch, index))
            self.threads.add(threading.current_thread().name)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.002 * ((7 * index) % 4))
        with self.lock:
            self.at_once -= 1
        return epoch, index


def workers() -> int:
    return sum(thread.name.startswith("elman-video") for thread in threading.enumerate())


def test_batches_come_in_order_whatever_the_threads_do() -> None:
    source = Source()
    with Ahead(source, 3) as ahead:
        got = [ahead.batch(e, k) for e in range(3) for k in range(len(ahead))]
    assert got == [(e, k) for e in range(3) for k in range(12)]
    assert sorted(source.made) == got, "each is made once"
    assert source.most > 1 and "MainThread" not in source.threads


def test_a_resume_begins_anywhere() -> None:
    with Ahead(Source(), 2) as ahead:
        assert [ahead.batch(4, k) for k in range(7, 12)] == [(4, k) for k in range(7, 12)]
        assert ahead.batch(0, 3) == (0, 3) and ahead.batch(0, 3) == (0, 3)


def test_only_a_few_are_made_before_they_are_wanted() -> None:
    source = Source(100)
    with Ahead(source, 2) as ahead:
        ahead.batch(0, 0)
        time.sleep(0.05)
        assert len(source.made) <= 3


def test_an_error_is_raised_where_its_batch_is_asked_for() -> None:
    class Failing(Source):
        def batch(self, epoch: int, index: int) -> tuple[int, int]:
            if index == 2:
                raise ValueError("clip 2 is broken")
            return super().batch(epoch, index)

    with Ahead(Failing(), 2) as ahead:
        assert [ahead.batch(0, k) for k in range(2)] == [(0, 0), (0, 1)]
        with pytest.raises(ValueError, match="clip 2"):
            ahead.batch(0, 2)
        assert ahead.batch(0, 3) == (0, 3)


def test_threads_end_with_their_object() -> None:
    before = workers()
    ahead = Ahead(Source(), 3)
    ahead.batch(0, 0)
    assert workers() > before
    del ahead
    gc.collect()
    end = time.monotonic() + 5
    while workers() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert workers() == before


def test_closing_waits_for_the_threads() -> None:
    before = workers()
    ahead = Ahead(Source(), 3)
    ahead.batch(0, 0)
    ahead.close()
    assert workers() == before


def test_an_interrupt_in_between_leaves_nothing_running() -> None:
    before = workers()
    with pytest.raises(KeyboardInterrupt), Ahead(Source(), 2) as ahead:
        ahead.batch(0, 0)
        raise KeyboardInterrupt
    assert workers() == before


def test_several_sources_at_once() -> None:
    def run(seed: int) -> list[tuple[int, int]]:
        with Ahead(Source(), 2) as ahead:
            return [ahead.batch(seed, k) for k in range(12)]

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, range(3))) == [[(s, k) for k in range(12)] for s in range(3)]
