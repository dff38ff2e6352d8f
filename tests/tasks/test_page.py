"""A report's page stands alone, shows what the text shows, and trusts no name in it."""

from __future__ import annotations

import base64
import re

from elman.tasks.page import report_page
from elman.tasks.report import Column, Figure, Picture, Report, Table

PNG = b"\x89PNG not really"
REPORT = Report(
    "test part of <b>.csv",
    (Figure("accuracy", 0.9125, "%", 1), Figure("nats", None)),
    {"commonest & first": {"accuracy": 0.5}},
    (Table("by <class>", (Column("class"), Column("F1", "%", 1)), (("<script>", 0.5),)),),
    ("a note & more",),
    (Picture("<seen>", PNG, "png", "caption <i>"), Picture("drawn", b"<svg/>", "svg")),
)


def test_page_escapes_every_name() -> None:
    page = report_page(REPORT)
    for spoilt in ("<b>.csv", "<class>", "<script>", "<seen>", "<i>", "commonest & first"):
        assert spoilt not in page
    assert "by &lt;class&gt;" in page and "a note &amp; more" in page


def test_page_holds_figures_baselines_and_pictures() -> None:
    page = report_page(REPORT)
    assert "91.2 %" in page and "50.0 %" in page
    images = re.findall(r'src="data:(image/[a-z+]+);base64,([^"]+)"', page)
    assert [kind for kind, _ in images] == ["image/png", "image/svg+xml"]
    assert base64.b64decode(images[0][1]) == PNG


def test_page_asks_for_nothing_else() -> None:
    page = report_page(REPORT)
    assert "http://" not in page and "https://" not in page and "<script" not in page
