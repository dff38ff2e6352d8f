"""The documentation is kept like code: complete, current, its links whole, its examples run."""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest

from elman import __version__

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
ROOMS = ("nn", "ops", "models", "data", "train", "tasks")
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(path: Path, language: str) -> list[str]:
    found = FENCE.findall(path.read_text(encoding="utf-8"))
    return [code for _, lang, code in found if lang == language]


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_in_the_reference(room: str) -> None:
    module = importlib.import_module(f"elman.{room}")
    names = getattr(module, "__all__", None) or dir(module)
    page = (DOCS / "reference" / f"{room}.md").read_text(encoding="utf-8")
    shown = {line.rpartition(".")[2] for line in page.splitlines() if line.startswith(":::")}
    assert shown == set(names), "run python scripts/reference_docs.py"


@pytest.mark.parametrize("room", ROOMS)
def test_what_the_reference_shows_is_there(room: str) -> None:
    page = (DOCS / "reference" / f"{room}.md").read_text(encoding="utf-8")
    for dotted in re.findall(r"^::: (\S+)", page, re.MULTILINE):
        home, _, name = dotted.rpartition(".")
        found = getattr(importlib.import_module(home), name, None)
        found = found if found is not None else importlib.import_module(dotted)
        if callable(found) and getattr(found, "__module__", "").startswith("elman"):
            assert found.__doc__, f"{dotted} has no docstring"


def test_the_reference_is_current() -> None:
    for name, text in script("reference_docs").pages().items():
        written = (DOCS / "reference" / name).read_text(encoding="utf-8")
        assert written == text, "run python scripts/reference_docs.py"


def test_the_performance_page_is_current() -> None:
    written = (DOCS / "performance.md").read_text(encoding="utf-8")
    assert written == script("performance_docs").page(), "run python scripts/performance_docs.py"


def test_the_command_page_is_current() -> None:
    page = script("cli_docs").page()
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == page, "run python scripts/cli_docs.py"


def test_every_command_is_shown_in_use() -> None:
    cli = script("cli_docs")
    guide = "".join(p.read_text(encoding="utf-8") for p in PAGES if p.name != "cli.md")
    for words, command in cli.commands(cli.app):
        assert command.help, f"elman {' '.join(words)} has no help"
        assert " ".join(("elman", *words)) in guide, f"no page uses elman {' '.join(words)}"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(prose(path)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        there = path.parent / file if file else path
        assert there.exists(), f"{name_of(path)}: {target}"
        if anchor:
            assert anchor in anchors(there), f"{name_of(path)}: no heading for {target}"


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", h.lower())).strip("-") for h in headings}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_files_that_are_named_exist(path: Path) -> None:
    named = re.findall(
        r"`((?:elman|tests|scripts|docs|recipes|benchmarks|csrc)/[\w./-]+\.\w+)`", prose(path)
    )
    for file in named:
        assert (ROOT / file).exists(), f"{name_of(path)} names {file}"


EXECUTABLE = [path for path in sorted(DOCS.rglob("*.md")) if blocks(path, "python")]


@pytest.mark.parametrize("path", EXECUTABLE, ids=name_of)
def test_python_blocks_run(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import numpy as np
    import torch

    import elman

    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    names: dict[str, object] = {"__name__": "page", "elman": elman, "np": np, "torch": torch}
    for number, code in enumerate(blocks(path, "python"), 1):
        title = f"{name_of(path)}, block {number}"
        if code.lstrip().startswith(">>>"):
            check_session(code, names, title)
        else:
            exec(compile(code, title, "exec"), names)


def check_session(code: str, names: dict[str, object], title: str) -> None:
    example = doctest.DocTestParser().get_doctest(code, names, title, None, 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example, out=report.append, clear_globs=False)
    names.update(example.globs)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_toml_blocks_are_configurations(path: Path) -> None:
    from elman._config import load_config
    from elman.tasks.registry import TASKS

    for block in blocks(path, "toml"):
        content = tomllib.loads(block)
        if "task" in content:
            load_config(TASKS[content["task"]].config, None, content)


def test_the_recipe_on_the_page_is_the_recipe() -> None:
    recipe = tomllib.loads((ROOT / "recipes" / "tinyshakespeare-lstm.toml").read_text("utf-8"))
    assert recipe in [tomllib.loads(block) for block in blocks(DOCS / "train.md", "toml")]


def test_the_picture_fetches_nothing() -> None:
    text = (DOCS / "images" / "demo.svg").read_text(encoding="utf-8")
    ET.fromstring(text)
    addresses = set(re.findall(r"https?://[^\s\"')]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert "@font-face" not in text and "<script" not in text


def test_the_changelog_knows_the_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_page_is_in_the_navigation() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for path in DOCS.rglob("*.md"):
        assert str(path.relative_to(DOCS)) in nav, f"mkdocs.yml has no {path.relative_to(DOCS)}"


def test_formulas_of_docstrings_become_dollars() -> None:
    pytest.importorskip("griffe")
    dollars = script("docs_math").dollars
    assert dollars("So :math:`x^2`.") == "So $x^2$."
    block = "A.\n\n.. math::\n    a &= b \\\\\n    c &= d\n\nExample:\n    >>> 1"
    assert dollars(block) == "A.\n\n$$\na &= b \\\\\nc &= d\n$$\n\nExamples:\n    >>> 1"


@pytest.mark.slow
def test_the_site_builds_strictly(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for page in tmp_path.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert not re.search(r'<(?:script|link)[^>]+(?:src|href)="https?://[^"]+\.(?:js|css)', html)
