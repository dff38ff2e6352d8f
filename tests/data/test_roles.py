"""The role of a name is what Python's own parser makes of it."""

import pytest

from elman.data.roles import ROLES, roles


def found(source: str) -> list[tuple[str, str]]:
    lines = "".join(roles(source)).splitlines()
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines if line]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os.path as p\n", {"os": "module", "path": "module", "p": "assigned"}),
        ("from a.b import c as d, e\n", {"a": "module", "b": "module", "d": "assigned"}),
        ("x = len(path)\n", {"x": "assigned", "len": "builtin", "path": "variable"}),
        ("run(fast=True).go(1).now\n", {"run": "call", "fast": "option", "go": "method"}),
        ("async def f(self, *rest): pass\n", {"f": "function", "self": "argument"}),
        ("class A(B): pass\n", {"A": "class", "B": "variable"}),
        ("é = a.é\n", {"a": "variable", "é": "attribute"}),
    ],
)
def test_roles_of_names(source: str, expected: dict[str, str]) -> None:
    tagged = dict(found(source))
    assert {name: tagged[name] for name in expected} == expected
    assert set(tagged.values()) <= set(ROLES)


def test_a_line_of_code_is_a_block_and_comments_are_gone() -> None:
    text = "".join(roles("x = (1,\n  'a b')  # hi\n\ny = 2\n"))
    assert text.split("\n\n")[0].splitlines()[-2:] == ["'ab'\tstring", ")\toperator"]
    assert "hi" not in text
    assert text.count("\n\n") == 2


def test_what_python_refuses_yields_nothing() -> None:
    assert list(roles("def (:\n")) == []
    assert list(roles("x = '\0'\n")) == []


def test_tables_of_data_are_left_out() -> None:
    assert list(roles(f"x = [{'1, ' * 100}]\n")) == []
