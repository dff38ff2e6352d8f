"""Options that only some tasks have, as flags of one command: `eval`, `predict`, `generate`.

A task lists them in a configuration of their own (`TaskHome.options`). The command shows the
flags of all tasks, each under the tasks it is for, and refuses those that the run's task does
not know.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from elman._config import Config, load_config
from elman._errors import ConfigError
from elman.cli.flags import flags
from elman.tasks.registry import TASKS, task_of

__all__ = ["read_options", "with_task_options"]

Command = Callable[..., None]
MANY = 4
"""Tasks that are too many to stand in a heading."""


def with_task_options(command: str) -> Callable[[Command], Command]:
    """Give a command's function the flags of all tasks; it gets those that were typed as a dict.

    Args:
        command: ``"eval"``, ``"predict"`` or ``"generate"``. The function's parameter ``options``
            takes the flags; those that it has itself are not added.
    """

    def decorate(function: Command) -> Command:
        own = inspect.signature(function, eval_str=True)
        fixed = [p for name, p in own.parameters.items() if name != "options"]
        extra = [p for p in option_parameters(command) if p.name not in own.parameters]

        def run(*words: Any, **named: Any) -> None:
            bound = signature.bind(*words, **named)
            names = {p.name for p in extra}
            options = {k: v for k, v in bound.arguments.items() if k in names and v is not None}
            rest = {k: v for k, v in named.items() if k not in names}
            function(*words, **rest, options=options)

        signature = inspect.Signature([*fixed, *extra])
        run.__signature__ = signature  # type: ignore[attr-defined]  # functions take attributes
        run.__annotations__ = {p.name: p.annotation for p in (*fixed, *extra)}
        run.__doc__ = function.__doc__
        return run

    return decorate


def option_parameters(command: str) -> list[inspect.Parameter]:
    """Return a keyword parameter for each option that any task has for a command."""
    tasks_of: dict[str, list[str]] = {}
    told: dict[str, dict[str, list[str]]] = {}  # of each option: description to tasks
    fields: dict[str, Any] = {}
    for name in TASKS:
        options = TASKS[name].options(command)
        if options is None:
            continue
        for key, field in flags(options).model_fields.items():
            tasks_of.setdefault(key, []).append(name)
            told.setdefault(key, {}).setdefault(field.description or "", []).append(name)
            known = fields.setdefault(key, field)
            if known.annotation != field.annotation:  # checked again when the task is known
                fields[key] = field.merge_field_infos(field, annotation=str | None)
    return [
        inspect.Parameter(
            key,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                fields[key].annotation,
                Parameter(
                    help=described(told[key]),
                    group=f"for {', '.join(tasks)}" if len(tasks) < MANY else "for several tasks",
                    show_default=False,
                ),
            ],
        )
        for key, tasks in tasks_of.items()
    ]


def described(told: Mapping[str, list[str]]) -> str:
    """Return what an option means, for each task apart where it differs."""
    if len(told) == 1:
        return next(iter(told))
    parts = (f"{', '.join(tasks)}: {text.rstrip('.')}" for text, tasks in told.items())
    return "; ".join(parts) + "."


def read_options(command: str, run: Path, given: Mapping[str, Any]) -> Config | None:
    """Return the options of the run's task; None if it has none for this command.

    Raises:
        ConfigError: If an option is for other tasks, or its value does not fit.
    """
    task = task_of(run)
    kind = TASKS[task].options(command)
    known = set() if kind is None else set(kind.model_fields)
    for key in given:
        if key not in known:
            others = [
                name
                for name in TASKS
                if (other := TASKS[name].options(command)) and key in other.model_fields
            ]
            raise ConfigError(
                f"--{key.replace('_', '-')} is for {' and '.join(others)}; {run} is a run of "
                f"{task}. Leave it out"
            )
    return None if kind is None else load_config(kind, None, given)
