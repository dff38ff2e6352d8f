r"""Mathematics in the documentation, turned to MathML while it is built: no script, no network.

Two hooks. For mkdocs (`hooks:` in mkdocs.yml): what arithmatex marks, ``\(...\)`` and ``\[...\]``,
becomes MathML, which browsers draw themselves. Without the package latex2mathml the LaTeX stays as
it is written, readable. For mkdocstrings: ``.. math::`` and ``:math:`` in docstrings become the
dollar signs of the pages, and the section Example the one that it knows, Examples.
"""

from __future__ import annotations

import html
import importlib
import re
import textwrap
from collections.abc import Callable
from typing import Any

import griffe

try:
    convert: Callable[..., str] | None = importlib.import_module("latex2mathml.converter").convert
except ImportError:
    convert = None

MARKED = re.compile(
    r'<(span|div) class="arithmatex">\s*(?:\\\((.*?)\\\)|\\\[(.*?)\\\])\s*</\1>', re.DOTALL
)
BLOCK = re.compile(r"^\.\. math::\n((?:[ ]{4}.*\n?|\n)+)", re.MULTILINE)
EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)
INLINE = re.compile(r":math:`([^`]+)`")


def on_page_content(content: str, **_: Any) -> str:
    """Turn the marked LaTeX of a page to MathML; called by mkdocs."""
    return MARKED.sub(mathml, content)


def mathml(found: re.Match[str]) -> str:
    """Return one formula as MathML, or as it was where there is no converter."""
    inline, block = found.group(2), found.group(3)
    if convert is None:
        return found.group(0)
    if inline is not None:
        return convert(html.unescape(inline).strip())
    return convert(aligned(html.unescape(block).strip()), display="block")


def aligned(latex: str) -> str:
    """Put aligned lines into the one environment for them that the converter knows."""
    latex = latex.replace("{aligned}", "{align*}")
    if r"\begin" in latex or not (r"\\" in latex or re.search(r"(?<!\\)&", latex)):
        return latex
    return rf"\begin{{align*}}{latex}\end{{align*}}"


def dollars(docstring: str) -> str:
    """Return a docstring with its reStructuredText mathematics as pages write it.

    >>> dollars("So :math:`x^2`.")
    'So $x^2$.'
    """

    def block(found: re.Match[str]) -> str:
        return f"$$\n{textwrap.dedent(found.group(1)).strip()}\n$$\n\n"

    docstring = EXAMPLE.sub("Examples:", docstring)
    return INLINE.sub(r"$\1$", BLOCK.sub(block, docstring))


class DocstringMath(griffe.Extension):
    """Rewrites each docstring as it is loaded; called by mkdocstrings."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = dollars(obj.docstring.value)
