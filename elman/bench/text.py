"""A record in words: lines for the terminal, tables for pages. One wording for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from elman.bench.plan import PARTS
from elman.bench.record import Comparison, Contender, Record, Row

__all__ = ["Table", "number", "row_lines", "summary", "tables", "verdict"]

MODES = {"train": "training", "infer": "inference"}


@dataclass(frozen=True)
class Table:
    """A heading and cells of text."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def number(value: float) -> str:
    """Return a figure with three digits that say something.

    Example:
        >>> from elman.bench.text import number
        >>> number(0.01234), number(1.5), number(12.34), number(23174.6)
        ('0.0123', '1.50', '12.3', '23,175')
    """
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def verdict(comparison: Comparison) -> str:
    """Return the target and whether it is reached, or an empty string.

    Example:
        >>> from elman.bench.text import verdict
        >>> verdict(Comparison("torch.nn", 3.1, 4.0)), verdict(Comparison("x", 1.2, 1.5, "at most"))
        ('target 4: missed', 'at most 1.5: reached')
    """
    if comparison.target is None:
        return ""
    word = "target" if comparison.sense == "at least" else "at most"
    return f"{word} {comparison.target:g}: {'reached' if comparison.reached else 'missed'}"


def figures(contender: Contender, unit: str) -> str:
    """Return median, unit and percentiles."""
    low, high = number(contender.p10), number(contender.p90)
    return f"{number(contender.median)} {unit} ({low} to {high})"


def row_lines(row: Row) -> Iterator[str]:
    """Yield a row for the terminal: what it is, then a line for each contender and ratio."""
    threads = f"{row.threads} thread{'s' if row.threads > 1 else ''}"
    chosen = f", auto takes '{row.facts['auto']}'" if "auto" in row.facts else ""
    yield " ".join(filter(None, (row.cell, row.case))) + f"  ({threads}{chosen})"
    ratios = {comparison.name: comparison for comparison in row.comparisons}
    for contender in row.contenders:
        rate = "" if contender.rate is None else f"{number(contender.rate)} {row.rate_unit}"
        wrong = "" if contender.error is None else f"error {contender.error:.0e}"
        line = f"  {contender.name:<17}{figures(contender, row.unit):<30}{rate:<25}{wrong:<13}"
        yield (line + ratio_text(ratios.pop(contender.name, None))).rstrip()
    for comparison in ratios.values():
        yield f"  {comparison.name:<85}{ratio_text(comparison)}".rstrip()


def ratio_text(comparison: Comparison | None) -> str:
    """Return a ratio and its verdict."""
    if comparison is None:
        return ""
    sense = "" if comparison.sense == "at least" else " as much"
    return f"{number(comparison.value):>6}x{sense}  {verdict(comparison)}".rstrip()


def summary(record: Record) -> list[str]:
    """Return how many targets are reached, and each that is missed."""
    found = list(record.targets())
    missed = [(row, ratio) for row, ratio in found if not ratio.reached]
    if not found:
        return []
    lines = [f"targets: {len(found) - len(missed)} of {len(found)} reached"]
    lines += [
        f"  missed: {row.part} {row.cell} {row.case}, {ratio.name} {number(ratio.value)} "
        f"({verdict(ratio).partition(':')[0]})"
        for row, ratio in missed
    ]
    return lines


def tables(record: Record) -> list[Table]:
    """Return a table for each part, mode and number of threads, in the order of measuring."""
    groups: dict[tuple[str, str, int], list[Row]] = {}
    for row in record.rows:
        key = (row.part, str(row.facts.get("mode", "")), row.threads)
        groups.setdefault(key, []).append(row)
    return [table(key, rows) for key, rows in groups.items()]


def table(key: tuple[str, str, int], rows: list[Row]) -> Table:
    """Return one table: elman's figures, every ratio with its target, the errors."""
    part, mode, threads = key
    words = [PARTS[part], MODES.get(mode, ""), f"{threads} thread{'s' if threads > 1 else ''}"]
    ratios = {c.name: ratio_heading(c) for row in rows for c in row.comparisons}
    names = list(ratios)
    errors = any(row.contenders[0].error is not None for row in rows)
    rates = any(row.contenders[0].rate is not None for row in rows)
    header = ("cell", "case", "elman", *([rows[0].rate_unit] if rates else []), *ratios.values())
    header += ("error (others)",) if errors else ()
    return Table(
        title=", ".join(word for word in words if word),
        header=header,
        rows=tuple(cells(row, names, rates, errors) for row in rows),
    )


def ratio_heading(comparison: Comparison) -> str:
    """Return what a ratio is.

    Example:
        >>> from elman.bench.text import ratio_heading
        >>> ratio_heading(Comparison("torch.nn", 2.0)), ratio_heading(Comparison("of sgemm", 0.9))
        ('times torch.nn', 'of sgemm')
    """
    name = comparison.name
    if comparison.sense == "at most":
        return f"over {name}"
    return name if name.startswith("of ") or " over " in name else f"times {name}"


def cells(row: Row, names: list[str], rates: bool, errors: bool) -> tuple[str, ...]:
    """Return a row of a table."""
    own, *others = row.contenders
    found = {comparison.name: comparison for comparison in row.comparisons}
    case = row.case.removeprefix(str(row.facts.get("mode", ""))).lstrip(", ")
    shown = [row.cell, case, figures(own, row.unit)]
    if rates:
        shown.append("" if own.rate is None else number(own.rate))
    for name in names:
        comparison = found.get(name)
        if comparison is None:
            shown.append("")
            continue
        said = verdict(comparison)
        shown.append(f"{number(comparison.value)}{f', {said}' if said else ''}")
    if errors:
        shown.append(error_cell(row, own, others))
    return tuple(shown)


def error_cell(row: Row, own: Contender, others: list[Contender]) -> str:
    """Return the own error and those of the others, or of the reference in float32."""
    if own.error is None:
        return ""
    if "reference error" in row.facts:
        return f"{own.error:.0e} (reference in float32 {row.facts['reference error']:.0e})"
    theirs = ", ".join(f"{c.name} {c.error:.0e}" for c in others if c.error is not None)
    return f"{own.error:.0e} ({theirs})"
