from __future__ import annotations

from elman.cli.app import app


def test_every_command_of_the_tree_has_a_description() -> None:
    for name in app:
        if name.startswith("-"):
            continue
        assert app[name].help, name
