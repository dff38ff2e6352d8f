"""What each token of a Python program is: a sequence to tag that every machine has.

The names of a program look alike; what each is for, its neighbours tell: `path` may be an
argument, a variable, an attribute or a module. The roles come from Python's own parser.
"""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import tokenize
from collections.abc import Iterator

__all__ = ["ROLES", "roles"]

ROLES = (
    *("keyword", "operator", "number", "string"),
    *("class", "function", "argument", "attribute", "method", "call", "builtin", "module"),
    *("option", "assigned", "variable", "other"),
)
"""Every role: signs first, then names by what they are for."""
BUILTINS = frozenset(dir(builtins))
LONGEST = 24
"""Characters of a string that are kept: what it says does not matter here."""
MOST = 60
"""Tokens of a line of code; a longer one is a table of data."""
STRINGS = {
    getattr(tokenize, name)
    for name in ("STRING", "FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
    if hasattr(tokenize, name)  # from Python 3.12 on an f-string is many tokens
}


def roles(source: str) -> Iterator[str]:
    r"""Yield the lines of code of a program as blocks of ``token<tab>role`` lines.

    Comments and indentation are left out. A program that Python refuses yields nothing.

    Example:
        >>> next(roles("x = len(path)")).split()
        ['x', 'assigned', '=', 'operator', 'len', 'builtin', '(', 'operator', ...]
    """
    try:
        named = Namer(source).found
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return
    lines: list[str] = []
    for token in tokens:
        role = role_of(token, named)
        if role is not None:
            text = token.string
            if role == "string":
                text = f"{text[:LONGEST]}..." if len(text) > LONGEST else text
                text = "".join(text.split()) or text
            lines.append(f"{text}\t{role}\n")
        elif token.type == tokenize.NEWLINE:
            if 0 < len(lines) <= MOST:
                yield "".join([*lines, "\n"])
            lines = []


def role_of(token: tokenize.TokenInfo, named: dict[tuple[int, int], str]) -> str | None:
    """Return the role of a token; None if it is no part of the program's text."""
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return "keyword"
        return named.get(token.start, "other")
    if token.type in STRINGS:
        return "string" if token.string.strip() else None
    return {tokenize.OP: "operator", tokenize.NUMBER: "number"}.get(token.type)


class Namer(ast.NodeVisitor):
    """Finds what each name of a program is for, by line and column.

    Args:
        source: The program.

    Raises:
        SyntaxError: If it is none.
    """

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self.found: dict[tuple[int, int], str] = {}
        self.visit(ast.parse(source))

    def put(self, line: int, byte: int, role: str) -> None:
        """Note a role; the parser counts columns in bytes, the tokenizer in characters."""
        column = len(self.lines[line - 1].encode()[:byte].decode(errors="replace"))
        self.found.setdefault((line, column), role)

    def put_word(self, node: ast.AST, word: str, role: str, after: int = 0) -> None:
        """Note a role for a word that stands somewhere after the beginning of a node."""
        line: int = node.lineno  # type: ignore[attr-defined]
        text = self.lines[line - 1].encode()
        place = text.find(word.encode(), node.col_offset + after)  # type: ignore[attr-defined]
        if place >= 0:
            self.put(line, place, role)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Note a function's name."""
        before = "async def " if isinstance(node, ast.AsyncFunctionDef) else "def "
        self.put_word(node, node.name, "function", after=len(before))
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Note a class's name."""
        self.put_word(node, node.name, "class", after=len("class "))
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        """Note an argument in a function's head."""
        self.put(node.lineno, node.col_offset, "argument")
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        """Note the name that a call gives a value by."""
        if node.arg is not None:
            self.put(node.lineno, node.col_offset, "option")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Note what is called."""
        if isinstance(node.func, ast.Attribute):
            self.put_attribute(node.func, "method")
        elif isinstance(node.func, ast.Name) and node.func.id not in BUILTINS:
            self.put(node.func.lineno, node.func.col_offset, "call")
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note what is behind a point."""
        self.put_attribute(node, "attribute")
        self.generic_visit(node)

    def put_attribute(self, node: ast.Attribute, role: str) -> None:
        """Note the role of the word that an expression with a point ends with."""
        if node.end_lineno is not None and node.end_col_offset is not None:
            self.put(node.end_lineno, node.end_col_offset - len(node.attr.encode()), role)

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name that stands alone."""
        if isinstance(node.ctx, ast.Store):
            role = "assigned"
        else:
            role = "builtin" if node.id in BUILTINS else "variable"
        self.put(node.lineno, node.col_offset, role)

    def visit_Import(self, node: ast.Import) -> None:
        """Note the modules of an import."""
        for alias in node.names:
            self.put(alias.lineno, alias.col_offset, "module")
            for part in alias.name.split(".")[1:]:
                self.put_word(alias, part, "module")
            self.put_new_name(alias)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Note the module that is imported from; what is imported is a name."""
        for part in (node.module or "").split("."):
            if part:
                self.put_word(node, part, "module", after=len("from "))
        for alias in node.names:
            role = "other" if alias.asname else "assigned"
            self.put(alias.lineno, alias.col_offset, role)
            self.put_new_name(alias)

    def put_new_name(self, alias: ast.alias) -> None:
        """Note the name that an import gives to something."""
        if alias.asname and alias.end_lineno is not None and alias.end_col_offset is not None:
            start = alias.end_col_offset - len(alias.asname.encode())
            self.put(alias.end_lineno, start, "assigned")
