"""`elman train`: start a training, or continue one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App

from elman.cli.flags import flags, given
from elman.cli.task_command import section
from elman.tasks.registry import TASKS
from elman.train.config import TrainConfig

if TYPE_CHECKING:
    from pydantic import BaseModel as TrainFlags
else:
    TrainFlags = flags(TrainConfig)

__all__ = ["train"]

train = App(name="train", help="Train a model on your data, or continue a run.")
for task_name in TASKS:
    train.command(
        f"elman.cli.task_command:{task_name}", name=task_name, help=TASKS[task_name].about
    )


@train.default
def resume(
    task: str | None = None,
    /,
    *,
    resume: Path | None = None,
    train: Annotated[TrainFlags | None, section("train")] = None,
) -> None:
    """Continue a run exactly where it stopped, or further with new limits.

    Args:
        task: What to train, one of the commands above.
        resume: The run's folder.
    """
    from elman._errors import ConfigError

    if task is not None:
        TASKS[task]  # names the nearest one, and all that are known
    if resume is None:
        raise ConfigError(
            "say what to train, or what to go on with:\n"
            "  elman train language-model [DATA]\n"
            "  elman train --resume RUN"
        )
    from elman.cli.training import resume_training

    resume_training(resume, given(train))
