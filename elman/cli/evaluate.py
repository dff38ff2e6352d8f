"""`elman eval`: how well a run does on what it has not seen."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from elman._errors import ConfigError
from elman._files import atomic_write
from elman.cli.show import progress_bar
from elman.cli.task_options import read_options, with_task_options

__all__ = ["evaluate"]


@with_task_options("eval")
def evaluate(
    run: Path,
    data: str | None = None,
    /,
    *,
    split: Literal["train", "valid", "test"] | None = None,
    baselines: bool = False,
    json: bool = False,
    html: Path | None = None,
    options: Mapping[str, Any],
) -> None:
    """Score how well a run does on data it has not seen.

    Args:
        run: The run's folder.
        data: Other data to score, whole. Default: a held-out part of the run's own data.
        split: Which part of the run's own data. Default: test; language-model: valid.
        baselines: Also score what needs no network, learned from the training part.
        json: Print JSON instead of a table.
        html: Also write a page with the same figures and pictures of what was found.
    """
    read = read_options("eval", run, options)
    if data is not None and split is not None:
        raise ConfigError("split: names a part of the run's own data; other data is scored whole")
    if html is not None and html.is_dir():
        raise ConfigError(f"html: {html} is a folder. Give the name of a file in it")
    if html is not None and not html.absolute().parent.is_dir():
        raise ConfigError(f"html: there is no folder {html.parent} to write {html.name} to")
    from elman.tasks.registry import open_run

    opened = open_run(run)
    asked: dict[str, Any] = {} if split is None else {"split": split}
    if html is not None:
        asked["pictures"] = True
    if read is not None:
        asked["options"] = read
    with progress_bar() as progress:
        report = opened.evaluate(data, baselines=baselines, progress=progress, **asked)
    if html is not None:
        from elman.tasks.page import report_page

        atomic_write(html.absolute(), report_page(report).encode())
    print(json_text.dumps(report.to_dict(), ensure_ascii=False) if json else report.text())
