"""`elman demo`: a network learns to write in front of your eyes, and is held against counting."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from elman._errors import ConfigError
from elman.cli.show import progress_bar, score_table

if TYPE_CHECKING:
    from elman.tasks.language_model.task import LanguageModelTraining
    from elman.train.events import Stepped

__all__ = ["demo"]

SECONDS = 70.0
SHOWN_AT = (0.05, 0.3)
"""Parts of the time after which the network is asked to write."""
LINES = 4
PROMPT = "The "


def demo(*, seconds: float = SECONDS, out: Path | None = None) -> None:
    """Train on the manual inside Python, watch it learn, compare it with counting, try it.

    Args:
        seconds: Time to train; the rest takes about ten seconds more.
        out: Folder to write the run to. Default: the next free runs/demo-N.
    """
    from elman._config import load_config
    from elman.cli.task_command import next_free
    from elman.tasks.language_model.config import LanguageModelTask
    from elman.tasks.language_model.task import LanguageModelRun, LanguageModelTraining

    if seconds <= 0:
        raise ConfigError(f"seconds: expected more than 0, got {seconds}")
    console = Console(highlight=False)
    task = load_config(LanguageModelTask, None, recipe(seconds))
    with progress_bar() as progress:
        folder = out or next_free(Path("runs"), "demo")
        training = LanguageModelTraining.start(task, folder, progress)
    introduce(console, training)
    tokens_per_s = learn(console, training)
    run = LanguageModelRun.open(training.run.path)
    show_sample(console, run.sample(PROMPT), "At the end it writes")
    with progress_bar() as progress:
        scores = run.scores(baselines=True, progress=progress)
    conclude(console, scores, tokens_per_s, folder)


def recipe(seconds: float) -> dict[str, Any]:
    """Return the demo's configuration: small enough to learn in a minute on two cores."""
    return {
        "data": "manual",
        "model": {"hidden_size": 256, "num_layers": 1, "embedding_size": 64, "dropout": 0.1},
        "train": {
            "batch_size": 32,
            "tbptt_length": 64,
            "lr": 5e-3,
            "warmup_steps": 20,
            "minutes": seconds / 60,
            "report_every": 5,
            "eval_every": 200,
        },
    }


def introduce(console: Console, training: LanguageModelTraining) -> None:
    """Say what is about to happen."""
    import torch

    facts, model = training.corpus.facts, training.task.model
    console.print(
        "\n[bold]A recurrent network learns to write[/bold]\n\n"
        f"  text     the manual inside Python: {facts.train.characters:,} characters to learn "
        f"from,\n           {facts.valid.characters:,} held out, {facts.vocabulary} symbols\n"
        f"  network  embedding {model.embedding_size}, LSTM {model.hidden_size}, softmax: "
        f"{training.model.parameter_count():,} parameters\n"
        f"  machine  torch on {torch.get_num_threads()} threads\n",
    )


def learn(console: Console, training: LanguageModelTraining) -> float:
    """Train under a bar, show samples on the way, and return tokens per second."""
    from elman.train.events import Started, Stepped, Validated
    from elman.train.metrics import JsonlWriter

    tokens, seconds, marks = 0, 0.0, list(SHOWN_AT)
    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    began = time.monotonic()
    log = JsonlWriter(training.run.metrics)
    with log, Progress(*columns, console=console, transient=True) as view:
        bar = view.add_task("starting", total=1.0)
        for event in training.events():
            log(event)
            if isinstance(event, Started):
                show_sample(
                    console, training.sample(PROMPT), "Before it has read anything it writes"
                )
            elif isinstance(event, Stepped):
                tokens, seconds = tokens + event.tokens, seconds + event.seconds
                view.update(bar, completed=event.progress, description=facts(event))
                if marks and event.progress >= marks[0]:
                    marks.pop(0)
                    after = f"After {time.monotonic() - began:.0f} s"
                    bits = training.bits_per_character(event.nats)
                    title = f"{after}, at {bits:.2f} bits per character, it writes"
                    show_sample(console, training.sample(PROMPT), title)
            elif isinstance(event, Validated):
                view.update(bar, description=f"validation {event.nats:.3f} nats")
    return tokens / max(seconds, 1e-9)


def facts(event: Stepped) -> str:
    """Return a step's figures in one line."""
    return f"{event.nats:.3f} nats   {event.tokens / event.seconds:,.0f} characters/s"


def show_sample(console: Console, text: str, title: str) -> None:
    """Print what the network wrote, the first lines of it."""
    from elman.train.log import printable

    lines = [line for line in printable(text).splitlines() if line.strip()][:LINES]
    console.print(f"{title}:")
    console.print(Padding(Text("\n".join(lines), style="cyan"), (0, 0, 1, 4)))


def conclude(console: Console, scores: Any, tokens_per_s: float, folder: Path) -> None:
    """Print the held-out comparison and what to type next."""
    console.print("[bold]On the held-out part, which it has never seen[/bold]\n")
    ordered = sorted(scores, key=lambda score: -score.nats)
    console.print(score_table(ordered))
    console.print(
        f"\nTrained at {tokens_per_s:,.0f} characters per second. "
        f"The model is in [bold]{folder}[/bold]. Now try:\n\n"
        f"  elman generate {folder} --prompt 'The for statement'\n"
        f"  elman next {folder} 'The for state'\n"
        "  elman train language-model YOUR_TEXT_FILE\n",
        soft_wrap=True,
    )
