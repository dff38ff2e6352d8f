"""A training in the terminal: what it will do, how it goes, what came of it, what to type next."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from elman.cli.show import byte_count, progress_bar
from elman.tasks.config import LanguageModelTask
from elman.tasks.language_model import LanguageModelTraining
from elman.train.events import Stopped
from elman.train.log import ProgressView, with_bits
from elman.train.metrics import JsonlWriter
from elman.train.tensorboard import TensorBoardWriter

__all__ = ["resume_training", "run_training"]

INTERRUPTED = 130


def run_training(task: LanguageModelTask, out: Path) -> None:
    """Start a training and show it to its end."""
    with progress_bar() as progress:
        training = LanguageModelTraining.start(task, out, progress)
    show(training)


def resume_training(path: Path, changes: dict[str, Any]) -> None:
    """Take a training up where it stopped and show it to its end."""
    with progress_bar() as progress:
        training = LanguageModelTraining.resumed(path, changes, progress)
    show(training)


def show(training: LanguageModelTraining) -> None:
    """Run a training with everybody who listens to it."""
    console = Console(stderr=True)
    facts, path = training.corpus.facts, training.run.path
    console.print(
        f"text     {training.task.data}: {facts.train.tokens:,} tokens to train on, "
        f"{len(training.validated):,} to validate on, vocabulary {facts.vocabulary:,}\n"
        f"network  {training.task.model.cell}, {training.task.model.num_layers} x "
        f"{training.task.model.hidden_size} units, {training.model.parameter_count():,} "
        f"parameters ({byte_count(4 * training.model.parameter_count())})\n"
        f"run      {path}",
        highlight=False,
        soft_wrap=True,
    )
    train, valid = (p.tokens / max(1, p.characters) for p in (facts.train, facts.valid))
    stopped = None
    with ExitStack() as stack:
        listeners: list[Any] = [
            stack.enter_context(ProgressView(console, (with_bits(train), with_bits(valid)))),
            stack.enter_context(JsonlWriter(training.run.metrics)),
        ]
        if training.task.train.tensorboard:
            listeners.append(stack.enter_context(TensorBoardWriter(path / "tensorboard")))
        for event in training.events():
            for listener in listeners:
                listener(event)
            stopped = event
    if isinstance(stopped, Stopped) and stopped.reason == "interrupted":
        console.print(f"go on with: elman train --resume {path}", highlight=False, soft_wrap=True)
        raise SystemExit(INTERRUPTED)
    console.print(
        f"next     elman generate {path} --prompt 'The '\n"
        f"         elman eval {path} --baselines\n"
        f"         elman next {path} 'The '",
        highlight=False,
        soft_wrap=True,
    )
