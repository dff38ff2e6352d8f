from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.video.container import Shown
from elman.data.video.errors import BrokenClip
from elman.data.video.sampling import FINE, arriving, collected, windowed


def film(times: list[float], end: float) -> list[Shown]:
    """Frames whose one pixel is their number."""
    ends = [*times[1:], end]
    return [
        Shown(t, e, lambda k=k: np.full((1, 1, 1), k, np.uint8))  # type: ignore[misc]
        for k, (t, e) in enumerate(zip(times, ends, strict=True))
    ]


def seen(times: list[float], end: float, rate: float, **options: object) -> list[int]:
    clip = collected(film(times, end), rate, most=1000, **options)  # type: ignore[arg-type]
    return clip.seen()[:, 0, 0, 0].tolist()


def test_a_frame_stays_until_the_next_one() -> None:
    # middles of the stretches: 0.05 0.15 ... 0.95
    assert seen([0.0, 0.1, 0.5, 0.55], 1.0, 10) == [0, 1, 1, 1, 1, 3, 3, 3, 3, 3]


def test_frames_at_the_rate_asked_for_are_all_seen_once() -> None:
    assert seen([k / 10 for k in range(20)], 2.0, 10) == list(range(20))


def test_an_even_rate_does_not_change_what_an_uneven_one_shows() -> None:
    # The same picture, once with every frame written, once only where something changes.
    even = film([k / 30 for k in range(60)], 2.0)
    levels = [k // 7 for k in range(60)]
    full = [frame._replace(image=film([0.0], 1)[0].image) for frame in even]
    full = [
        frame._replace(image=lambda v=v: np.full((1, 1, 1), v, np.uint8))
        for frame, v in zip(even, levels, strict=True)
    ]
    starts = [k for k in range(60) if k % 7 == 0]
    sparse = film([k / 30 for k in starts], 2.0)
    a, b = (collected(x, 8.0, most=100).seen() for x in (full, sparse))
    assert np.array_equal(a, b)


@given(
    gaps=st.lists(st.floats(0.001, 0.4), min_size=1, max_size=20),
    rate=st.floats(1, 40),
)
def test_any_film_is_seen_as_the_definition_says(gaps: list[float], rate: float) -> None:
    times = [0.0, *np.cumsum(gaps)[:-1].tolist()]
    end = float(np.sum(gaps))
    middles = [(k + 0.5) / rate for k in range(int(end * rate) + 2)]
    wanted = [
        max(j for j, t in enumerate(times) if t <= m + 1e-6) for m in middles if m + 1e-6 < end
    ] or [len(times) - 1]
    assert seen(times, end, rate) == wanted
    assert [int(f[0, 0, 0]) for _, f in arriving(film(times, end), rate)] == wanted
    # what training may draw has the same middles
    assert seen(times, end, rate, fine=FINE) == wanted


def test_training_draws_within_each_stretch() -> None:
    clip = collected(film([k / 50 for k in range(50)], 1.0), 10, fine=FINE, most=100)
    drawn = clip.seen(np.random.default_rng(0))[:, 0, 0, 0].astype(int)
    again = clip.seen(np.random.default_rng(0))[:, 0, 0, 0].astype(int)
    assert np.array_equal(drawn, again)
    assert np.array_equal(drawn // 5, np.arange(10))
    assert not np.array_equal(drawn, clip.seen()[:, 0, 0, 0])


def test_so_many_frames_over_the_whole_clip() -> None:
    clip = collected(film([k / 10 for k in range(41)], 4.1), 8 / 4.1, most=8, exact=8)
    assert len(clip) == 8 and not clip.left_out
    assert clip.seen()[:, 0, 0, 0].tolist() == [2, 7, 12, 17, 23, 28, 33, 38]


def test_what_is_beyond_the_limit_is_not_read() -> None:
    asked = []

    def endless() -> Iterator[Shown]:
        for k in range(10_000):
            asked.append(k)
            yield Shown(k / 10, (k + 1) / 10, lambda: np.zeros((1, 1, 1), np.uint8))

    clip = collected(endless(), 10, most=5)
    assert len(clip) == 5 and clip.left_out and len(asked) < 10


def test_a_frame_is_converted_once_and_only_if_seen() -> None:
    converted = []

    def frames() -> Iterator[Shown]:
        for k in range(100):
            yield Shown(
                k / 100,
                (k + 1) / 100,
                lambda k=k: converted.append(k) or np.zeros((1, 1, 1), np.uint8),  # type: ignore
            )

    collected(frames(), 10, most=100)
    assert converted == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]


def test_no_frame_is_a_broken_clip() -> None:
    with pytest.raises(BrokenClip, match="holds no frame"):
        collected([], 10, most=5)


def test_a_window_counts_from_its_beginning() -> None:
    part = list(windowed(film([0.0, 1.0, 2.0, 3.0], 4.0), 1.5, 3.5))
    assert [(p.time_s, p.end_s) for p in part] == [(-0.5, 0.5), (0.5, 1.5), (1.5, 2.0)]
