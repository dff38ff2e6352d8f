"""The command that trains a task, made from the task's configuration: its keys are the flags."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, cast

from cyclopts import Parameter
from pydantic import BaseModel

from elman._config import Config, table_of
from elman.cli.flags import flags, given
from elman.tasks.registry import TASKS

__all__ = ["next_free", "section", "task_command"]


def section(name: str) -> Parameter:
    """Return a table of the configuration as a group of flags."""
    return Parameter(
        group=f"{name} (in TOML: the table of that name)",
        show_default=False,
        negative_iterable=(),
        consume_multiple=True,
    )


def task_command(name: str) -> Callable[..., None]:
    """Return the command that trains a task: its flags are the keys of its configuration."""
    config_class: type[Config] = TASKS[name].config

    def command(*words: Any, **named: Any) -> None:
        from elman._config import load_config
        from elman.cli.training import run_training

        keys = signature.bind(*words, **named).arguments
        config, out = keys.pop("config", None), keys.pop("out", None)
        overrides = {
            key: given(value) if isinstance(value, BaseModel) else value
            for key, value in keys.items()
            if value is not None
        }
        task = load_config(config_class, config, overrides)
        run_training(cast("Any", task), out or next_free(Path("runs"), name))

    kinds = inspect.Parameter
    parameters = [
        kinds("config", kinds.KEYWORD_ONLY, default=None, annotation=Path | None),
        kinds("out", kinds.KEYWORD_ONLY, default=None, annotation=Path | None),
    ]
    helps = {
        "config": "A TOML file with the same keys as the flags; flags win.",
        "out": f"Folder to write the run to. Default: the next free runs/{name}-N.",
    }
    for key, field in config_class.model_fields.items():
        if key == "task":
            continue
        annotation: Any
        if (table := table_of(field.annotation)) is not None:
            annotation = Annotated[flags(table) | None, section(key)]
        else:
            annotation = field.annotation | None  # type: ignore[operator]  # a type, at run time
            unsaid = field.is_required() or field.default is None
            shown = "" if unsaid else f" Default: {field.default}."
            helps[key] = f"{field.description or ''}{shown}"
        kind = kinds.POSITIONAL_OR_KEYWORD if key == "data" else kinds.KEYWORD_ONLY
        parameters.append(kinds(key, kind, default=None, annotation=annotation))
    parameters.sort(key=lambda parameter: parameter.kind)
    signature = inspect.Signature(parameters)
    command.__signature__ = signature  # type: ignore[attr-defined]  # functions take attributes
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    lines = [f"    {key}: {' '.join(text.split())}" for key, text in helps.items()]
    about = inspect.getdoc(config_class) or ""
    command.__doc__ = "\n".join([about.partition("\n\n")[0], "", "Args:", *lines])
    return command


def next_free(folder: Path, name: str) -> Path:
    """Return the first of ``name-1``, ``name-2``, ... that does not exist yet."""
    number = 1
    while (folder / f"{name}-{number}").exists():
        number += 1
    return folder / f"{name}-{number}"


def __getattr__(name: str) -> Callable[..., None]:
    """Return the command of a task: made when it is called or its help is read, not before."""
    if name in TASKS:
        return task_command(name)
    raise AttributeError(f"module 'elman.cli.task_command' has no attribute '{name}'")
