from __future__ import annotations

from tests.cli.small import Elman


def test_list_names_size_and_licence(elman: Elman) -> None:
    done = elman("data", "list")
    assert done.code == 0
    for word in ("manual", "stdlib", "Python Software", "elman train language-model --data NAME"):
        assert word in done.out
