"""A record as bars: every ratio, a line at 1, and a mark where the target is."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from elman._errors import BackendUnavailable
from elman.bench.plan import CELLS
from elman.bench.record import Comparison, Record, Row

__all__ = ["draw", "require"]

COLOURS = {
    "torch.nn": "#d1603d",
    "torch cell": "#d1603d",
    "jax.lax.scan": "#4c78a8",
    "ONNX Runtime": "#7a9e57",
    "bf16 over fp32": "#9c8ac0",
    "train": "#5b6c8f",
    "infer": "#a9b7cf",
    "peak of torch.nn": "#5b6c8f",
    "growth of torch.nn": "#a9b7cf",
}
OTHER = "#888888"
INK, FAINT, RED = "#222222", "#dddddd", "#b3261e"
NAMES = {"rnn": "Elman RNN", "gru": "GRU", "lstm": "LSTM"}
SVG_IDS = "elman"


@dataclass(frozen=True)
class Panel:
    """One set of bars: groups along x, in each one bar for each name.

    Attributes:
        axis: What the heights are.
        bars: ``bars[name][group]``; a missing group has no bar.
        log: Whether the axis is logarithmic.
        shared: Whether the panels beside it have the same axis.
    """

    title: str
    axis: str
    groups: tuple[str, ...]
    bars: dict[str, dict[str, Comparison]]
    log: bool = False
    shared: bool = True


def require() -> None:
    """Raise unless matplotlib is there.

    Raises:
        BackendUnavailable: With the command that installs it.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise BackendUnavailable(
            f"a chart needs matplotlib ({error}): pip install 'elman[bench]'"
        ) from None


def draw(record: Record, form: str) -> bytes:
    """Draw a record.

    Args:
        record: What was measured.
        form: ``png`` or ``svg``.

    Raises:
        BackendUnavailable: If matplotlib is not installed.
    """
    require()
    matplotlib: Any = importlib.import_module("matplotlib")
    figure_class: Any = importlib.import_module("matplotlib.figure").Figure
    strips = [strip for make in STRIPS if (strip := make(record))]
    with matplotlib.rc_context(
        {"svg.hashsalt": SVG_IDS, "font.size": 9, "axes.titlesize": 10, "text.color": INK}
    ):
        height = 3.0 * max(1, len(strips)) + 0.9
        figure = figure_class(figsize=(15, height), layout="constrained")
        figure.suptitle(heading(record), fontsize=11)
        parts = figure.subfigures(max(1, len(strips)), 1, squeeze=False)[:, 0]
        for part, strip in zip(parts, strips, strict=False):
            places = part.subplots(1, len(strip), squeeze=False, sharey=strip[0].shared)[0]
            for axes, panel in zip(places, strip, strict=True):
                draw_panel(axes, panel, bounds(strip if panel.shared else [panel]))
                if axes is places[0] or not panel.shared:
                    axes.set_ylabel(panel.axis)
        file = io.BytesIO()
        metadata = {"Date": None, "Creator": "elman bench"} if form == "svg" else {}
        figure.savefig(file, format=form, dpi=110, metadata=metadata)
    return file.getvalue()


def heading(record: Record) -> str:
    """Return what was measured, where and when."""
    about = record.about
    kind = "a quick run, " if record.quick else ""
    return (
        "elman beside the others: how many times faster, medians. "
        "Black marks are targets, red figures miss them\n"
        f"{kind}{about.get('processor', '')}, {about.get('cores', '')} cores, "
        f"{about.get('instruction set', '')}, torch {about.get('torch', '')}, "
        f"{about.get('measured', '')}"
    )


def bounds(panels: list[Panel]) -> tuple[float, float]:
    """Return the least and the greatest of all ratios, targets and 1."""
    found = [ratio for panel in panels for bars in panel.bars.values() for ratio in bars.values()]
    values = [1.0, *(r.value for r in found), *(r.target for r in found if r.target is not None)]
    return min(values), max(values)


def draw_panel(axes: Any, panel: Panel, limits: tuple[float, float]) -> None:
    """Draw the bars of a panel side by side, each with its figure."""
    names = list(panel.bars)
    width = min(0.42, 0.84 / max(1, len(names)))
    for k, name in enumerate(names):
        for place, group in enumerate(panel.groups):
            if (comparison := panel.bars[name].get(group)) is not None:
                x = place + (k - (len(names) - 1) / 2) * width
                draw_bar(axes, comparison, x, width, COLOURS.get(name, OTHER))
    finish(axes, panel, *limits)


def draw_bar(axes: Any, comparison: Comparison, x: float, width: float, colour: str) -> None:
    """Draw a bar, its figure, red where the target is missed, and the target."""
    value, target, half = comparison.value, comparison.target, width * 0.46
    axes.bar(x, value, 2 * half, color=colour, zorder=2)
    if target is not None:
        axes.plot([x - half, x + half], [target, target], color=INK, lw=2, zorder=4)
    crowded = target is not None and 0 <= target - value < 0.15 * target
    axes.annotate(
        f"{value:.2f}" if value < 2 else f"{value:.1f}" if value < 10 else f"{value:.0f}",
        (x, value),
        (0, -10 if crowded else 2),  # not onto the mark
        textcoords="offset points",
        ha="center",
        fontsize=7,
        color=RED if comparison.reached is False else INK,
        bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.92},
        zorder=5,
    )


def finish(axes: Any, panel: Panel, least: float, most: float) -> None:
    """Set scales, labels and the legend."""
    axes.axhline(1.0, color=INK, lw=1, ls=(0, (4, 2)), zorder=3)
    axes.set_title(panel.title, loc="left", fontweight="bold")
    axes.tick_params(axis="x", length=0, labelsize=8)
    axes.set_xticks(range(len(panel.groups)), panel.groups)
    axes.set_xlim(-0.6, len(panel.groups) - 0.4)
    if panel.log:
        axes.set_yscale("log", base=2)
        axes.set_ylim(least / 1.5, most * 2)
        ticks = [2.0**k for k in range(-6, 10) if least / 1.5 <= 2.0**k <= most * 2]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    else:
        axes.set_ylim(0, most * 1.22)
    axes.grid(axis="y", color=FAINT, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    handles = [axes.bar(0, 0, color=COLOURS.get(name, OTHER), label=name) for name in panel.bars]
    if len(handles) > 1:
        axes.legend(handles=handles, fontsize=7, frameon=False, loc="upper right", ncols=3)


def collect(
    rows: Sequence[Row], group: Callable[[Row], str], names: Callable[[Row, Comparison], str]
) -> tuple[tuple[str, ...], dict[str, dict[str, Comparison]]]:
    """Sort the ratios of some rows into bars; an empty name leaves one out."""
    groups: dict[str, None] = {}
    bars: dict[str, dict[str, Comparison]] = {}
    for row in rows:
        for comparison in row.comparisons:
            if name := names(row, comparison):
                groups.setdefault(group(row))
                bars.setdefault(name, {})[group(row)] = comparison
    return tuple(groups), bars


def full(record: Record, part: str) -> list[Row]:
    """Return the rows of a part with the most threads."""
    rows = record.of(part)
    most = max((row.threads for row in rows), default=0)
    return [row for row in rows if row.threads == most]


def by_cell(
    rows: list[Row],
    title: str,
    axis: str,
    group: Callable[[Row], str],
    names: Callable[[Row, Comparison], str],
    log: bool = False,
) -> list[Panel]:
    """Return a panel for each cell that was measured."""
    cells = [cell for cell in CELLS if any(row.cell == cell for row in rows)]
    panels = []
    for cell in cells:
        groups, bars = collect([row for row in rows if row.cell == cell], group, names)
        panels.append(Panel(f"{NAMES[cell]}: {title}", axis, groups, bars, log))
    return panels


def layer_strip(mode: str, title: str) -> Callable[[Record], list[Panel]]:
    """Return the strip of one mode of the layers."""

    def group(row: Row) -> str:
        batch, steps, inputs, hidden = row.facts["shape"]
        return f"B{batch} T{steps}\nI{inputs} H{hidden}"

    def strip(record: Record) -> list[Panel]:
        rows = [row for row in full(record, "layers") if row.facts["mode"] == mode]
        return by_cell(
            rows, title, "times faster", group, lambda _, c: "" if c.name == "of sgemm" else c.name
        )

    return strip


def step_strip(record: Record) -> list[Panel]:
    """Return one step of one row, by size."""
    return by_cell(
        record.of("step"),
        "one step, B = 1",
        "times faster (log)",
        lambda row: row.case,
        lambda _, c: c.name,
        log=True,
    )


def option_strip(record: Record) -> list[Panel]:
    """Return the cost of each option."""
    return by_cell(
        record.of("options"),
        "cost of an option",
        "time over the plain layer (less is better)",
        lambda row: str(row.facts["option"]).replace("_", "\n"),
        lambda row, _: str(row.facts["mode"]),
    )


def rest_strip(record: Record) -> list[Panel]:
    """Return the recipe and the memory."""
    panels = []
    if rows := record.of("recipe"):
        groups, bars = collect(rows, lambda row: NAMES[row.cell], lambda _, c: c.name)
        panels.append(
            Panel("Training the recipe's model", "times faster", groups, bars, shared=False)
        )
    if rows := record.of("memory"):
        groups, bars = collect(
            rows,
            lambda row: f"{NAMES[row.cell]}\n{row.case}",
            lambda _, c: c.name if c.target is not None else "",
        )
        panels.append(
            Panel(
                "Memory of a training step",
                "of torch.nn (less is better)",
                groups,
                bars,
                shared=False,
            )
        )
    return panels


STRIPS: tuple[Callable[[Record], list[Panel]], ...] = (
    layer_strip("train", "training"),
    layer_strip("infer", "inference"),
    step_strip,
    option_strip,
    rest_strip,
)
