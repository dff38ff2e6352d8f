"""A training as TensorBoard event files; needs the extra ``log``, and only when it is used."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from elman._errors import ConfigError
from elman.train.events import Event, Sampled, Saved, Started, Stepped, Stopped, Validated
from elman.train.listener import Listener

__all__ = ["TensorBoardWriter"]


class TensorBoardWriter(Listener):
    """Listener that writes scalars and samples as TensorBoard event files.

    Args:
        folder: Where TensorBoard looks: ``tensorboard --logdir FOLDER``.

    Raises:
        ConfigError: If TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                f"train.tensorboard needs a package that is not here ({error}): "
                "pip install 'elman[log]'"
            ) from None
        self.folder = folder
        self._make: Any = SummaryWriter
        self._writer: Any = None

    def __call__(self, event: Event) -> None:
        """Write an event down."""
        match event:
            case Started():
                # TensorBoard hides what an earlier run wrote from beyond this step
                self.close()
                self._writer = self._make(str(self.folder), purge_step=event.step + 1)
            case Stepped() if self._writer is not None:
                speed = event.tokens / event.seconds if event.seconds > 0 else 0.0
                self._scalars(
                    event.step,
                    {
                        "train/nats": event.nats,
                        "train/grad_norm": event.grad_norm,
                        "train/lr": event.lr,
                        "train/tokens_per_s": speed,
                        "train/skipped": event.skipped,
                    },
                )
            case Validated() if self._writer is not None:
                scores = {"nats": event.nats, **event.metrics}
                named = {f"validation/{name}": score for name, score in scores.items()}
                self._scalars(event.step, named)
            case Sampled() if self._writer is not None:
                self._writer.add_text("sample", f"```\n{event.text}\n```", event.step)
            case Saved() if self._writer is not None:
                self._writer.flush()
            case Stopped():
                self.close()

    def close(self) -> None:
        """Flush and close the files."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _scalars(self, step: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            if math.isfinite(value):
                self._writer.add_scalar(name, value, step)
