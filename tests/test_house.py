"""The plan of the house is kept: arrows point down, tests mirror the source, imports stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "elman"

# A room may import the rooms named here, itself, and the bottom (elman._*). Nothing else.
BELOW = {
    "ops": set(),
    "runtime": set(),
    "nn": {"ops"},
    "models": {"nn", "ops"},
    "data": {"nn", "ops"},
    "train": {"nn", "ops"},
    "tasks": {"models", "data", "train", "nn", "ops", "runtime"},
    "serve": {"tasks", "models", "data", "train", "nn", "ops", "runtime"},
    "inspect": {"tasks", "models", "data", "train", "nn", "ops", "runtime"},
    "export": {"tasks", "models", "data", "train", "nn", "ops", "runtime"},
}
# The bench measures what is below the tasks, and knows none of them.
BELOW["bench"] = {"models", "data", "train", "nn", "ops", "runtime"}
BELOW["cli"] = set(BELOW)
MODULES = sorted(p for p in SOURCE.rglob("*.py") if "__pycache__" not in p.parts)


def room(module: str) -> str:
    """``elman.ops.scan`` is in the room ``ops``, ``elman._run`` in ``_``."""
    parts = module.split(".")
    if len(parts) == 1 or parts[1] == "__main__":
        return "elman"
    return "_" if parts[1].startswith("_") else parts[1]


def imports(path: Path) -> Iterator[str]:
    """Yield every elman module that a file imports, also inside functions and type checks."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("elman"))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrows"
            if node.module == "elman":
                yield from (f"elman.{name.name}" for name in node.names)
            elif node.module and node.module.startswith("elman."):
                yield node.module


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_arrows_point_down(path: Path) -> None:
    here = room(dotted(path))
    allowed = {here, "_"} | BELOW.get(here, set())
    for module in imports(path):
        there = room(module)
        if here == "elman" or there == "elman" or module == "elman.__version__":
            continue  # the top opens every room, and holds nothing but the version
        assert there in allowed, f"{dotted(path)} imports {module}: that arrow does not point down"


def test_no_import_cycles() -> None:
    graph = {dotted(p): set(imports(p)) - {dotted(p), "elman"} for p in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path, module])
        if module in done or module not in graph:
            return
        for below in sorted(graph[module]):
            visit(below, (*path, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def test_tests_mirror_the_source() -> None:
    missing = []
    for path in MODULES:
        if path.name in ("__init__.py", "__main__.py"):
            continue
        relative = path.relative_to(SOURCE)
        mirror = ROOT / "tests" / relative.parent / f"test_{relative.name.lstrip('_')}"
        if not mirror.exists():
            missing.append(str(mirror.relative_to(ROOT)))
    assert not missing, f"no test mirrors: {missing}"


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    "module",
    [
        *(
            "elman",
            "elman.cli",
            "elman.tasks.language_model.config",
            "elman.data",
            "elman.models.ngram",
        ),
        *("elman.bench.plan", "elman.bench.targets", "elman.bench.text", "elman.bench.page"),
    ],
)
def test_import_without_torch(module: str) -> None:
    loaded = python(f"import sys, {module}; print('torch' in sys.modules)")
    assert loaded.strip() == "False", f"import {module} pulls torch in"
