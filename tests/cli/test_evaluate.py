"""`elman eval` reports figures, beside baselines where asked, for people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.small import Elman


def test_eval_needs_a_stream(elman: Elman, trained: Path) -> None:
    done = elman("eval", trained, "--streams", 0)
    assert done.code == 2 and "'streams' = 0: input should be greater" in done.err


def test_eval_refuses_streams_without_a_past(elman: Elman, trained: Path) -> None:
    done = elman("eval", trained, "--streams", 100_000)
    assert done.code == 2 and "leave no past" in done.err


def test_eval_scores_beside_baselines(elman: Elman, trained: Path) -> None:
    done = elman("eval", trained, "--baselines")
    for word in ("this network", "uniform", "unigram", "5-gram", "bits/character"):
        assert word in done.out


def test_eval_of_another_text(elman: Elman, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("the dog sat on the mat")
    done = elman("eval", trained, "other.txt")
    assert done.code == 0 and "22 characters" in done.out


def test_eval_of_a_missing_part(elman: Elman, trained: Path) -> None:
    done = elman("eval", trained, "--split", "test")
    assert done.code == 2 and "the test part has 0 tokens" in done.err


def test_eval_as_json(elman: Elman, trained: Path) -> None:
    found = json.loads(elman("eval", trained, "--baselines", "--json").out)
    assert set(found["figures"]) == {"nats/token", "bits/character", "perplexity"}
    assert found["baselines"]["uniform"]["nats/token"] > found["figures"]["nats/token"]


def test_eval_writes_a_page(elman: Elman, trained: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = elman("eval", trained, "--html", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert done.code == 0 and "bits/character" in done.out
    assert "bits/character" in page and "data:image/png;base64," in page


def test_eval_refuses_a_page_in_a_folder_that_is_not_there(elman: Elman, trained: Path) -> None:
    done = elman("eval", trained, "--html", "nowhere/report.html")
    assert done.code == 2 and "there is no folder nowhere" in done.err
    done = elman("eval", trained, "--html", trained)
    assert done.code == 2 and "is a folder. Give the name of a file" in done.err
