"""`elman predict` names what a run cannot do; what it can do is tested with each task."""

from __future__ import annotations

from pathlib import Path

from tests.cli.small import Elman


def test_a_language_model_is_sent_to_generate(elman: Elman, trained: Path) -> None:
    done = elman("predict", trained, "the cat")
    assert done.code == 2
    assert f"elman generate {trained}" in done.err


def test_a_folder_that_is_no_run(elman: Elman, tmp_path: Path) -> None:
    done = elman("predict", tmp_path, "the cat")
    assert done.code == 2 and "is not a run directory" in done.err
