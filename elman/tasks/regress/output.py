"""Numbers that were told, as text: lines to read, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from elman.tasks.regress.config import RegressPredict
from elman.tasks.regress.targets import Z90
from elman.train.log import printable

__all__ = ["Answer", "written"]


class Answer(NamedTuple):
    """A number that was told.

    Attributes:
        name: Of what.
        number: The number, or the mean of its distribution.
        deviation: Of the distribution; None if there is none.
        at: Where a recording that is still arriving has come to.
    """

    name: str
    number: float
    deviation: float | None = None
    at: str | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the number is nine times in ten, if the network says how sure it is."""
        if self.deviation is None:
            return None
        return self.number - Z90 * self.deviation, self.number + Z90 * self.deviation


def written(answers: Iterable[Answer], options: RegressPredict, *, normal: bool) -> Iterator[str]:
    """Yield answers as the command writes them.

    Args:
        answers: As they come.
        options: The format.
        normal: Whether they say how sure they are.

    Example:
        >>> list(written([Answer("a", 2.5, 0.1)], RegressPredict(), normal=True))
        ['2.5 ± 0.1\\ta\\n']
    """
    sure = ["deviation", "low", "high"] if normal else []
    if options.format == "csv":
        yield csv_line([*(["at"] if options.stream else []), "number", *sure, "input"])
    for answer in answers:
        interval = answer.interval or ()
        at = [] if answer.at is None else [answer.at]
        if options.format == "json":
            entry: dict[str, object] = {} if answer.at is None else {"at": answer.at}
            entry["number"] = answer.number
            if answer.interval is not None:
                entry |= {"deviation": answer.deviation, "interval_90": list(answer.interval)}
            yield json.dumps({**entry, "input": answer.name}, ensure_ascii=False) + "\n"
        elif options.format == "csv":
            more = [] if answer.deviation is None else [answer.deviation, *interval]
            cells = [f"{value:.6g}" for value in (answer.number, *more)]
            yield csv_line([*at, *cells, answer.name])
        else:
            spread = "" if answer.deviation is None else f" ± {answer.deviation:.2g}"
            lead = "".join(f"{printable(stamp)}\t" for stamp in at)
            tail = "" if at else f"\t{printable(answer.name)}"
            yield f"{lead}{answer.number:.4g}{spread}{tail}\n"


def csv_line(cells: Iterable[str]) -> str:
    """Return a row of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
