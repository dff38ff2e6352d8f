from __future__ import annotations

import numpy as np

from elman.data.signal.config import SignalFeatures
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.summary import at_steps, scaled, summaries
from tests.data.signal import made


def test_summaries_do_not_know_the_order_of_the_middle() -> None:
    values = np.array([[0.0], [5.0], [1.0], [7.0], [3.0]])
    items = [Recording("a", values), Recording("b", values[::-1])]
    found = Recordings(("x",), items)
    encoder = made.encoder(found)
    rows = summaries(found, encoder.scale, SignalFeatures())
    assert rows.shape == (2, 9)
    np.testing.assert_allclose(rows[0, :4], rows[1, :4], atol=1e-12)
    np.testing.assert_allclose(rows[0, 4:6], rows[1, [5, 4]])


def test_no_value_is_no_nan() -> None:
    found = made.recordings(5, 2, missing=0.8)
    encoder = made.encoder(made.recordings(5, 2))
    assert np.isfinite(summaries(found, encoder.scale, SignalFeatures())).all()
    assert np.isfinite(at_steps(found, encoder.scale, SignalFeatures())).all()


def test_a_few_steps_begin_and_end_with_the_recording() -> None:
    found = made.recordings(3, 2)
    encoder = made.encoder(found)
    rows = at_steps(found, encoder.scale, SignalFeatures(), 5).reshape(3, 5, 2)
    for row, item in zip(rows, found, strict=True):
        whole = scaled(item, encoder.scale, SignalFeatures())
        np.testing.assert_allclose(row[[0, -1]], whole[[0, -1]])


def test_no_recordings_have_no_rows_of_the_same_width() -> None:
    found = made.recordings(3, 2)
    scale, features = made.encoder(found).scale, SignalFeatures()
    for of in (summaries, at_steps):
        none = of(found.take([]), scale, features)
        assert none.shape == (0, of(found, scale, features).shape[1])
