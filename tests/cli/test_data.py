from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.small import Elman


def test_list_names_size_task_and_licence(elman: Elman) -> None:
    done = elman("data", "list")
    assert done.code == 0
    for word in ("manual", "stdlib", "Python", "names", "classify", "elman train TASK NAME"):
        assert word in done.out


def test_an_unknown_set_has_a_nearest_name(elman: Elman) -> None:
    done = elman("data", "fetch", "trek")
    assert done.code == 2 and "did you mean 'trec'" in done.err


def test_a_set_without_a_connection_is_one_message(
    elman: Elman, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    done = elman("data", "fetch", "trec")
    assert done.code == 2 and "cannot download https://" in done.err
    assert "Traceback" not in done.err
