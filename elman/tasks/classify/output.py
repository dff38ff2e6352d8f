"""Predictions of a classifier as text: lines to read, JSON, CSV, and steps in colour."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from elman.tasks.classify.config import ClassifyPredict
from elman.train.log import printable

__all__ = ["Prediction", "Why", "running", "written"]

SHOWN = 100
"""Characters of a text that stand beside its label."""
LISTED = 10
"""Labels that are shown with `--why`."""


@dataclass(frozen=True)
class Prediction:
    """The class of an input.

    Args:
        text: What was classified: a text, or what another input is called.
        label: The most probable label.
        probabilities: Of every label.
    """

    text: str
    label: str
    probabilities: Mapping[str, float]

    @property
    def probability(self) -> float:
        """How sure the label is, 0 to 1."""
        return self.probabilities[self.label]


@dataclass(frozen=True)
class Why:
    """What each step contributes to a label.

    Args:
        label: The label that is explained.
        tokens: What is written for each step, a token of a text, with its contribution in nats of
            log-odds.
        score: The label's log-odds.
        base: Its log-odds for an input that says nothing; ``score - base`` is what the
            contributions sum to.
        gap: What their sum misses: the error of the numerical integral.
    """

    label: str
    tokens: Sequence[tuple[str, float]]
    score: float
    base: float
    gap: float


def written(
    predictions: Iterable[tuple[Prediction, Why | None]],
    labels: Sequence[str],
    options: ClassifyPredict,
    color: bool,
    key: str = "text",
) -> Iterator[str]:
    """Yield predictions as the command writes them.

    Args:
        predictions: As they come, each with its reasons if they were asked for.
        labels: All labels, in their order.
        options: The format.
        color: Whether the reader shows colours.
        key: What the input is called in JSON and CSV.
    """
    if options.format == "csv":
        yield csv_line(["label", "probability", *labels, key])
    for found, reason in predictions:
        if options.format == "json":
            yield json.dumps(record(found, reason, key), ensure_ascii=False) + "\n"
        elif options.format == "csv":
            shares = [f"{found.probabilities[label]:.6g}" for label in labels]
            yield csv_line([found.label, f"{found.probability:.6g}", *shares, found.text])
        elif reason is None:
            shown = printable(found.text).replace("\n", " ")
            cut = shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
            yield f"{printable(found.label)}\t{found.probability:.1%}\t{cut}\n"
        else:
            yield explained(found, reason, color)


def record(found: Prediction, reason: Why | None, key: str) -> dict[str, Any]:
    """Return a prediction as JSON has it."""
    entry: dict[str, Any] = {
        "label": found.label,
        "probability": found.probability,
        "probabilities": dict(found.probabilities),
        key: found.text,
    }
    if reason is not None:
        entry["why"] = {
            "tokens": [[token, value] for token, value in reason.tokens],
            "log_odds": reason.score,
            "log_odds_of_nothing": reason.base,
            "missing": reason.gap,
        }
    return entry


def running(
    name: str,
    steps: Iterable[tuple[str, NDArray[np.floating[Any]]]],
    labels: Sequence[str],
    options: ClassifyPredict,
    key: str,
) -> Iterator[str]:
    """Yield what a sequence looks like so far, each time some of it has arrived.

    Args:
        name: What is arriving.
        steps: Where it has come to, and the probabilities ``(C,)`` there.
        labels: All labels, in their order.
        options: The format.
        key: What the input is called in JSON and CSV.
    """
    if options.format == "csv":
        yield csv_line(["at", "label", "probability", *labels, key])
    for stamp, shares in steps:
        best = int(shares.argmax())
        told = Prediction(name, labels[best], dict(zip(labels, shares.tolist(), strict=True)))
        if options.format == "json":
            yield json.dumps({"at": stamp, **record(told, None, key)}, ensure_ascii=False) + "\n"
        elif options.format == "csv":
            cells = [f"{share:.6g}" for share in shares]
            yield csv_line([stamp, told.label, f"{told.probability:.6g}", *cells, name])
        else:
            at = printable(stamp).replace("\n", "⏎")
            yield f"{at}\t{printable(told.label)}\t{told.probability:.1%}\n"


def csv_line(cells: Sequence[str]) -> str:
    """Return a row of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def explained(found: Prediction, reason: Why, color: bool) -> str:
    """Return a label, the probabilities, and each token with what it contributes.

    In colour: green speaks for the label, red against it, the stronger the brighter. Without
    colour the contribution stands behind each token.
    """
    ranked = sorted(found.probabilities.items(), key=lambda pair: -pair[1])[:LISTED]
    shares = "  ".join(f"{printable(label)} {share:.1%}" for label, share in ranked)
    largest = max((abs(value) for _, value in reason.tokens), default=0.0) or 1.0
    spaced = sum(len(token) for token, _ in reason.tokens) > 1.5 * len(reason.tokens)  # words
    text = Text()
    for number, (token, value) in enumerate(reason.tokens):
        text.append(" " if number and not token[:1].isspace() and spaced else "")
        shown = printable(token).replace("\n", "⏎")
        text.append(shown if color else f"{shown}({value:+.2f})", style(value / largest))
    about = (
        f"log-odds of {printable(reason.label)}: {reason.base:+.2f} before reading, "
        f"{reason.score:+.2f} after"
    )
    return f"{shares}\n{rendered(text) if color else text.plain}\n{about}\n"


def style(strength: float) -> str:
    """Return the colours of a token that contributes so much, -1 to 1."""
    if abs(strength) < 0.05:
        return ""
    level = round(40 + 150 * min(1.0, abs(strength)))
    hue = f"rgb(0,{level},0)" if strength > 0 else f"rgb({level},0,0)"
    return f"white on {hue}"


def rendered(text: Text) -> str:
    """Return styled text with the terminal's codes for its colours."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, color_system="truecolor", width=10_000)
    console.print(text, end="", soft_wrap=True)
    return screen.getvalue()
