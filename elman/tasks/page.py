"""A report as one page of HTML: no script, no file beside it, nothing from the network."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape

from elman.tasks.report import MISSING, OURS, Picture, Report, Table

__all__ = ["report_page"]

HEAD = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin: 2rem 0 .5rem }}
table {{ border-collapse: collapse; display: block; overflow-x: auto }}
th, td {{ padding: .15rem .7rem; border-bottom: 1px solid #e6e6e6; text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap }}
th:first-child, td:first-child {{ text-align: left }}
th {{ font-weight: 600 }}
td.ours {{ font-weight: 600 }}
figure {{ margin: 0 }} img {{ max-width: 100%; height: auto }}
figcaption, .note {{ color: #555 }}
</style>
"""  # noqa: E501 (a header is one line)


def report_page(report: Report) -> str:
    """Return a report as a page; all text is escaped.

    Example:
        >>> from elman.tasks.report import Figure
        >>> page = report_page(Report("a < b", (Figure("nats", 0.25),)))
        >>> "<h1>a &lt; b</h1>" in page, "0.250" in page
        (True, True)
    """
    return "".join(parts(report))


def parts(report: Report) -> Iterator[str]:
    """Yield the page, part by part."""
    title = escape(report.title)
    yield HEAD.format(title=title)
    yield f"<h1>{title}</h1>\n"
    yield "".join(figures(report))
    for picture in report.pictures:
        yield drawn(picture)
    for table in report.tables:
        yield f"<h2>{escape(table.title)}</h2>\n" + "".join(tabled(table))
    for note in report.notes:
        yield f'<p class="note">{escape(note)}</p>\n'
    yield "</html>\n"


def figures(report: Report) -> Iterator[str]:
    """Yield the figures beside those of the baselines."""
    yield "<table>\n"
    yield row("th", ["", OURS, *report.baselines]) if report.baselines else ""
    for figure in report.figures:
        beside = (figure.show(values.get(figure.name)) for values in report.baselines.values())
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in beside)
        ours = escape(figure.show(figure.value))
        yield f'<tr><td>{escape(figure.name)}</td><td class="ours">{ours}</td>{cells}</tr>\n'
    yield "</table>\n"


def tabled(table: Table) -> Iterator[str]:
    """Yield a table."""
    yield "<table>\n" + row("th", [column.name for column in table.columns])
    for cells in table.rows:
        shown = (c.show(cell) for c, cell in zip(table.columns, cells, strict=True))
        yield row("td", [cell or MISSING for cell in shown])
    yield "</table>\n"


def row(tag: str, cells: Sequence[str]) -> str:
    """Return a row of a table."""
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>\n"


def drawn(picture: Picture) -> str:
    """Return a picture that stands in the page itself."""
    kind = {"png": "image/png", "svg": "image/svg+xml"}[picture.kind]
    data = base64.b64encode(picture.image).decode()
    title, caption = escape(picture.title), escape(picture.caption)
    return (
        f'<h2>{title}</h2>\n<figure><img alt="{title}" src="data:{kind};base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>\n"
    )
