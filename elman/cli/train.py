"""`elman train`: start a training, or continue one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from elman.cli.flags import flags, given
from elman.data.config import TextConfig
from elman.models.config import LanguageModelConfig
from elman.train.config import TrainConfig

if TYPE_CHECKING:
    from pydantic import BaseModel as ModelFlags
    from pydantic import BaseModel as TextFlags
    from pydantic import BaseModel as TrainFlags
else:
    TextFlags = flags(TextConfig)
    ModelFlags = flags(LanguageModelConfig)
    TrainFlags = flags(TrainConfig)

__all__ = ["train"]

TASKS = ("language-model",)

train = App(name="train", help="Train a model on your data, or continue a run.")


def section(name: str) -> Parameter:
    """Return a table of the configuration as a group of flags."""
    return Parameter(
        group=f"{name} (in TOML: the table of that name)",
        show_default=False,
        negative_iterable=(),
        consume_multiple=True,
    )


@train.command(name="language-model")
def language_model(
    data: str | None = None,
    *,
    config: Path | None = None,
    out: Path | None = None,
    text: Annotated[TextFlags | None, section("text")] = None,
    model: Annotated[ModelFlags | None, section("model")] = None,
    train: Annotated[TrainFlags | None, section("train")] = None,
) -> None:
    """Train a network that predicts what comes next in a text, and so can write.

    Args:
        data: A text file, or the name of a built-in text (`elman data list`). Default: manual.
        config: A TOML file with the same keys as the flags; flags win.
        out: Folder to write the run to. Default: the next free runs/language-model-N.
    """
    from elman._config import load_config
    from elman.cli.training import run_training
    from elman.tasks.config import LanguageModelTask

    overrides: dict[str, object] = {
        "text": given(text),
        "model": given(model),
        "train": given(train),
    }
    if data is not None:
        overrides["data"] = data
    task = load_config(LanguageModelTask, config, overrides)
    run_training(task, out or next_free(Path("runs"), "language-model"))


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
    from elman._errors import ConfigError, UnknownName, did_you_mean

    if task is not None:
        raise UnknownName(
            f"unknown task '{task}'{did_you_mean(task, TASKS) or '.'} Known: {', '.join(TASKS)}"
        )
    if resume is None:
        raise ConfigError(
            "say what to train, or what to go on with:\n"
            "  elman train language-model [DATA]\n"
            "  elman train --resume RUN"
        )
    from elman.cli.training import resume_training

    resume_training(resume, given(train))


def next_free(folder: Path, name: str) -> Path:
    """Return the first of ``name-1``, ``name-2``, ... that does not exist yet."""
    number = 1
    while (folder / f"{name}-{number}").exists():
        number += 1
    return folder / f"{name}-{number}"
