"""Write docs/reference/*.md: a page for each room, an entry for each of its public names.

    python scripts/reference_docs.py            write them
    python scripts/reference_docs.py --check    fail if they are not current

An entry is a line for mkdocstrings, which takes the text from the docstring.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"

ROOMS = {
    "nn": "Parameters and topology: layers, cells, and what holds and regularises them.",
    "ops": "Equations and kernels, no parameters: a cell's step, and what runs it over time.",
    "models": "Whole networks: frontend, recurrent body, head.",
    "data": "Text into tokens, tokens into batches.",
    "train": "The training loop and all that it needs.",
    "runtime": "A trained network stepped with NumPy alone, without torch.",
    "tasks": "The only room where models, data and training meet.",
}
ERRORS = """\
# Errors

Every error that elman raises on purpose is an `ElmanError` and also the builtin that fits.

::: elman._errors
    options:
      show_root_heading: false
      show_source: false
"""


def home(room: str, name: str) -> str:
    """Return the dotted path of the file of a room where a public name is defined."""
    folder = ROOT / "elman" / room
    for path in sorted(folder.rglob("*.py")):
        if path.name != "__init__.py" or path.parent != folder:
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if name in defined(node):
                    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                    return f"{dotted.removesuffix('.__init__')}.{name}"
    if (folder / f"{name}.py").exists():  # a public module
        return f"elman.{room}.{name}"
    raise LookupError(f"elman.{room}.{name} is public, but no file of elman/{room} defines it")


def defined(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines, other than by an import."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return {target.id for target in targets if isinstance(target, ast.Name)}


def entry(dotted: str) -> str:
    """Return the lines for one name; of a module only what it makes public is shown."""
    path = ROOT / f"{dotted.replace('.', '/')}.py"
    if not path.exists() or "." not in dotted.removeprefix("elman."):
        return f"::: {dotted}\n"
    names = ", ".join(importlib.import_module(dotted).__all__)
    return f"::: {dotted}\n    options:\n      members: [{names}]\n"


def public(room: str) -> list[str]:
    """Return the public names of a room."""
    module = importlib.import_module(f"elman.{room}")
    names = getattr(module, "__all__", None) or dir(module)
    return sorted(names, key=lambda name: (name.casefold(), name))


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    found = {"errors.md": ERRORS}
    for room, about in ROOMS.items():
        parts = [f"# elman.{room}\n\n{about}\n"]
        parts += [entry(home(room, name)) for name in public(room)]
        found[f"{room}.md"] = "\n".join(parts)
    return found


def main() -> None:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if a page is not current")
    check = parser.parse_args().check
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        path = FOLDER / name
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"docs/reference/{name} is not current: run python scripts/reference_docs.py")


if __name__ == "__main__":
    main()
