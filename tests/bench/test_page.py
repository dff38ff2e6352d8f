from __future__ import annotations

import re
from dataclasses import replace

import pytest

from elman.bench.page import page
from elman.bench.record import Record

pytest.importorskip("matplotlib")


def test_the_page_needs_nothing_else(record: Record) -> None:
    html = page(record)
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", html))
    assert all("w3.org" in a or "purl.org" in a or "creativecommons" in a for a in addresses)
    assert not re.search(r"<(?:script|link|img)\b", html)
    assert html.count("<svg") == 1 and "<?xml" not in html


def test_the_page_has_every_row_and_verdict(record: Record) -> None:
    html = page(record)
    assert html.count("<table>") == 5
    assert html.count('<span class="missed">missed</span>') == 3
    assert html.count('<span class="reached">reached</span>') == 3
    assert "jax.lax.scan is not measured" in html
    assert "Interrupted" not in html and "quick run" not in html.split("<svg")[0]


def test_the_page_says_what_it_lacks(record: Record) -> None:
    html = page(replace(record, complete=False, quick=True))
    assert "Interrupted: not all of it was measured." in html
    assert "A quick run" in html


def test_names_are_escaped(record: Record) -> None:
    record.about["processor"] = "<b>abacus</b>"
    head = page(record).split("<svg")[0]
    assert "&lt;b&gt;abacus" in head and "<b>" not in head
