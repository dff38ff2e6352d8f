"""Recordings as every task on them takes them: read, encoded, batched, kept with a run.

What a label is, and what is learned of it, is the task's own: see `classify/signal.py`,
`tag/signal.py` and `regress/`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._config import load_config
from elman._errors import ConfigError, DataError
from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.lines import read_lines
from elman.data.signal.arriving import arriving_rows
from elman.data.signal.config import SignalConfig, SignalLayout
from elman.data.signal.encode import Encoder
from elman.data.signal.normalise import Scale, is_scale, names_of
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.sets import Labelled, SignalSets, read_other, read_sets
from elman.models.signal_frontend import SignalFrontend
from elman.tasks.training import Progress, absolute, read_json

__all__ = ["SIGNAL", "Item", "SignalReader", "placed"]

SIGNAL = "signal.json"
Item = Recording | NDArray[np.float32]
"""A recording, or some steps of one that have been encoded already."""


class SignalReader:
    """What was learned of the recordings before any training.

    Args:
        config: What the person said.
        layout: How other files are read: the columns that were found.
        scale: Of the channels, learned from the training part.
    """

    def __init__(self, config: SignalConfig, layout: SignalLayout, scale: Scale) -> None:
        self.config, self.layout, self.scale = config, layout, scale
        self.encoder = Encoder(scale, config)

    @classmethod
    def learn(
        cls, data: str, config: SignalConfig, labelled: Labelled, progress: Progress | None
    ) -> tuple[SignalReader, SignalSets]:
        """Read the data, and learn the scale of its channels."""
        sets = read_sets(data, config, labelled, progress)
        return cls(config, sets.layout, sets.scale), sets

    @classmethod
    def restored(cls, config: SignalConfig, run: RunDirectory) -> SignalReader:
        """Return what `learn` gave, from a run's file, which is not trusted.

        Raises:
            RunError: If it is damaged.
        """
        about = read_json(run, SIGNAL, is_sound)
        layout = load_config(SignalLayout, None, about["layout"])
        return cls(config, layout, Scale.from_dict(about["scale"]))

    def files(self) -> dict[str, bytes]:
        """Return what a run directory must keep, by file name."""
        layout = self.layout.model_dump(mode="json", exclude_none=True)
        scale = json.loads(self.scale.to_json())
        return {SIGNAL: json.dumps({"layout": layout, "scale": scale}).encode()}

    def read(
        self,
        data: str,
        labelled: Labelled | None,
        progress: Progress | None = None,
        *,
        uncut: bool = False,
    ) -> Recordings:
        """Read other recordings of the channels trained on."""
        return read_other(
            data, self.layout, self.scale.channels, labelled, uncut=uncut, progress=progress
        )

    def named(self, sources: Iterator[str], *, uncut: bool = False) -> Iterator[Recording]:
        """Yield the recordings of files, one after the other; ``-`` is standard input, as CSV.

        Args:
            sources: Files and folders.
            uncut: Leave them whole, where the training cut them into windows.
        """
        for source in sources:
            if source == "-":
                with tempfile.NamedTemporaryFile(suffix=".csv") as file:
                    file.write(standard_input().read())
                    file.flush()
                    try:
                        found = self.read(file.name, None, uncut=uncut)
                    except DataError as error:
                        raise DataError(str(error).replace(file.name, "standard input")) from None
                yield from found
            else:
                yield from self.read(source, None, uncut=uncut)

    def arriving(self, source: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield the steps of one recording as its rows come, each with where it ends.

        Raises:
            ConfigError: If the network needs whole recordings.
        """
        stream = self.encoder.stream()
        if source == "-":
            name, lines = "standard input", decoded(standard_input(), self.layout.encoding)
        else:
            if Path(source).suffix.lower() in (".npz", ".ts", ".parquet", ".pq"):
                raise ConfigError(f"stream: {source} does not arrive row by row; give CSV")
            name, lines = source, read_lines(Path(source), self.layout.encoding)
        time = None if self.scale.gap is None else self.layout.time
        stamp = ""
        for row in arriving_rows(
            lines, self.scale.channels, time, name=name, delimiter=self.layout.delimiter
        ):
            stamp = row.stamp
            steps = stream.push(row.values, row.times if self.scale.gap is not None else None)
            if len(steps):
                yield stamp, steps
        if len(rest := stream.end()):
            yield stamp, rest

    def collate(
        self, items: Sequence[Item], rng: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the steps of recordings ``(B, T, .)``, zeros beyond their ends, and lengths."""
        rows = [
            item if isinstance(item, np.ndarray) else self.encoder.encode(item, rng)
            for item in items
        ]
        lengths = np.array([len(row) for row in rows], np.int64)
        size = self.config.rows_per_step * self.encoder.layout.width
        steps = np.zeros((len(rows), max(1, int(lengths.max(initial=1))), size), np.float32)
        for row, target in zip(rows, steps, strict=True):
            target[: len(row)] = row
        return torch.from_numpy(steps), torch.from_numpy(lengths)

    def frontend(self) -> SignalFrontend:
        """Build the part of the network that reads these steps."""
        layout = self.encoder.layout
        return SignalFrontend(
            layout.width,
            layout.channels,
            rows_per_step=layout.rows_per_step,
            decay=layout.aged,
            project=self.config.project,
        )

    def about(self, train: Recordings) -> list[tuple[str, str]]:
        """Say what was found in the data, a word and its facts."""
        lengths = np.array([len(item) for item in train])
        parts = [f"{len(self.scale.channels)} ({names_of(self.scale.channels)})"]
        parts.append(f"{lengths.min():,} to {lengths.max():,} rows")
        if self.scale.masked:
            lost = sum(int(np.isnan(item.values).sum()) for item in train)
            share = lost / (lengths.sum() * len(self.scale.channels))
            parts.append(f"{share:.1%} of the values are missing")
        if self.scale.gap is not None:
            parts.append(f"times {self.scale.gap:.4g} apart, mostly")
        return [("channels", ", ".join(parts))]


def placed(config: SignalConfig) -> SignalConfig:
    """Return a configuration whose files are named from the root."""
    named = {name: absolute(getattr(config, name), is_known) for name in ("valid", "test")}
    return config.model_copy(update=named)


def is_sound(content: Any) -> bool:
    """Say whether a run's file, which is not trusted, is what `SignalReader.files` wrote."""
    SignalLayout.model_validate(content["layout"])
    return is_scale(content["scale"])


def standard_input() -> BinaryIO:
    """Return standard input as bytes.

    Raises:
        DataError: If it is closed.
    """
    if sys.stdin is None:
        raise DataError("standard input is closed: there is nothing to read")
    return sys.stdin.buffer


def decoded(source: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield lines as they come, not a block at a time."""
    for number, line in enumerate(iter(source.readline, b""), 1):
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError:
            raise DataError(f"standard input, line {number}: not {encoding}") from None
