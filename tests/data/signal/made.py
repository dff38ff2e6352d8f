"""Small recordings for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from elman.data.signal.config import SignalFeatures
from elman.data.signal.encode import Encoder
from elman.data.signal.normalise import learn_scale
from elman.data.signal.recording import Recording, Recordings


def recordings(
    count: int = 4,
    channels: int = 2,
    *,
    seed: int = 0,
    missing: float = 0.0,
    timed: bool = False,
    labels: Sequence[str] = ("a", "b"),
    groups: Sequence[str] | None = None,
) -> Recordings:
    rng = np.random.default_rng(seed)
    items = []
    for k in range(count):
        steps = int(rng.integers(3, 12))
        values = rng.normal(3.0, 2.0, (steps, channels))
        values[rng.random(values.shape) < missing] = np.nan
        items.append(
            Recording(
                f"r{k}",
                values,
                np.cumsum(rng.exponential(1.0, steps)) if timed else None,
                np.array([labels[k % len(labels)]], object),
                None if groups is None else groups[k % len(groups)],
                f"made, {k}",
            )
        )
    return Recordings(tuple("xyzuvw"[:channels]), items)


def encoder(found: Recordings, **features: object) -> Encoder:
    config = SignalFeatures.model_validate(features)
    return Encoder(learn_scale(found, config), config)


def long_csv(path: Path, found: Recordings, *, label: str = "label") -> Path:
    timed = found.items[0].times is not None
    grouped = found.items[0].group is not None
    header = ["id", *(["time"] if timed else []), *(["subject"] if grouped else [])]
    lines = [",".join([*header, *found.channels, label])]
    for item in found:
        for k, row in enumerate(item.values):
            cells = [item.name, *([repr(float(item.times[k]))] if item.times is not None else [])]
            cells += [str(item.group)] if grouped else []
            cells += ["" if np.isnan(v) else repr(float(v)) for v in row]
            cells.append(str(item.labels[k if len(item.labels) > 1 else 0]))
            lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n")
    return path


def wide_csv(path: Path, found: Recordings) -> Path:
    width = max(len(item) for item in found) * len(found.channels)
    lines = [",".join(["label", *(f"v{k}" for k in range(width))])]
    for item in found:
        cells = ["" if np.isnan(v) else repr(float(v)) for v in item.values.reshape(-1)]
        lines.append(",".join([str(item.labels[0]), *cells, *[""] * (width - len(cells))]))
    path.write_text("\n".join(lines) + "\n")
    return path


def npz(path: Path, found: Recordings) -> Path:
    np.savez(
        path,
        X=np.concatenate([item.values for item in found]),
        lengths=np.array([len(item) for item in found]),
        y=np.array([str(item.labels[0]) for item in found]),
        subject=np.array([str(item.group) for item in found]),
    )
    return path


def ts(path: Path, found: Recordings) -> Path:
    timed = found.items[0].times is not None
    names = sorted({str(item.labels[0]) for item in found})
    lines = ["# made for a test", "@problemName Made", f"@timeStamps {str(timed).lower()}"]
    lines += ["@missing true", "@univariate false", f"@dimensions {len(found.channels)}"]
    lines += ["@equalLength false", f"@classLabel true {' '.join(names)}", "", "@data"]
    for item in found:
        parts = []
        for c in range(len(found.channels)):
            cells = ["?" if np.isnan(v) else repr(float(v)) for v in item.values[:, c]]
            if item.times is not None:
                stamps = [repr(float(t)) for t in item.times]
                cells = [f"({t},{v})" for t, v in zip(stamps, cells, strict=True)]
            parts.append(",".join(cells))
        lines.append(":".join([*parts, str(item.labels[0])]))
    path.write_text("\n".join(lines) + "\n")
    return path


def same(found: Recordings, wanted: Recordings, *, groups: bool = False) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        assert one.labels.tolist() == other.labels.tolist()
        assert (one.times is None) == (other.times is None)
        if one.times is not None and other.times is not None:
            np.testing.assert_array_equal(one.times, other.times)
        if groups:
            assert one.group == other.group
