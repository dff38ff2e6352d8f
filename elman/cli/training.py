"""A training in the terminal: what it will do, how it goes, what came of it, what to type next."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from elman.cli.show import byte_count, progress_bar
from elman.tasks.registry import TASKS, task_of
from elman.tasks.training import TaskConfig, TaskTraining
from elman.train.events import Stopped
from elman.train.listener import Listener
from elman.train.log import ProgressView
from elman.train.metrics import JsonlWriter
from elman.train.tensorboard import TensorBoardWriter

__all__ = ["resume_training", "run_training"]

INTERRUPTED = 130


def run_training(task: TaskConfig, out: Path) -> None:
    """Start a training and show it to its end."""
    with progress_bar() as progress:
        training = TASKS[task.task].training.start(task, out, progress)
    show(training)


def resume_training(path: Path, changes: dict[str, Any]) -> None:
    """Take a training up where it stopped and show it to its end."""
    with progress_bar() as progress:
        training = TASKS[task_of(path)].training.resumed(path, changes, progress)
    show(training)


def show(training: TaskTraining[Any]) -> None:
    """Run a training with everybody who listens to it."""
    console = Console(stderr=True)
    count = sum(parameter.numel() for parameter in training.model.parameters())
    facts = [
        *training.about(),
        ("size", f"{count:,} parameters ({byte_count(4 * count)})"),
        ("run", str(training.run.path)),
    ]
    for word, fact in facts:
        console.print(f"{word:<8} {fact}", highlight=False, soft_wrap=True, markup=False)
    stopped = None
    with ExitStack() as stack:
        listeners: list[Listener] = [
            stack.enter_context(ProgressView(console, training.units)),
            stack.enter_context(JsonlWriter(training.run.metrics)),
        ]
        if training.task.train.tensorboard:
            folder = training.run.path / "tensorboard"
            listeners.append(stack.enter_context(TensorBoardWriter(folder)))
        for event in training.events():
            for listener in listeners:
                listener(event)
            stopped = event
    if isinstance(stopped, Stopped) and stopped.reason == "interrupted":
        command = f"elman train --resume {training.run.path}"
        console.print(f"go on with: {command}", highlight=False, soft_wrap=True, markup=False)
        raise SystemExit(INTERRUPTED)
    for word, command in zip(["next", *[""] * 9], training.next_steps(), strict=False):
        console.print(f"{word:<8} {command}", highlight=False, soft_wrap=True, markup=False)
