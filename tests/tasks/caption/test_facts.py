"""What a run remembers of its data; the file is not trusted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from elman._errors import RunError
from elman._run import RunDirectory
from elman.tasks.caption.facts import DATA, Facts
from elman.tasks.caption.run import CaptionRun
from elman.tasks.clips import FrameFacts

FRAMES = FrameFacts((48, 32, 1), (0.5,), (0.25,))
FACTS = Facts("ab", FRAMES, 9, 20)


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {"config.toml": b"", **FACTS.files()})
    assert Facts.read(run) == FACTS
    assert FACTS.most_tokens == 28


@pytest.mark.parametrize(
    "change",
    [
        {"frames": {**FRAMES._asdict(), "shape": [48, 32]}},
        {"frames": {"shape": [48, 32, 1]}},
        {"frames": None},
        {"longest": 0},
        {"longest": True},
        {"steps": 2.5},
        {"fingerprint": None},
        {"more": 1},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    content = {**json.loads(FACTS.files()[DATA]), **change}
    run = RunDirectory.create(tmp_path / "run", {DATA: json.dumps(content).encode()})
    with pytest.raises(RunError, match="data.json is damaged. Restore it from a copy"):
        Facts.read(run)


@pytest.mark.parametrize("content", [b"{", b"[1]", b"null", b"{}"])
def test_what_is_no_record_is_refused(tmp_path: Path, content: bytes) -> None:
    run = RunDirectory.create(tmp_path / "run", {DATA: content})
    with pytest.raises(RunError, match="data.json is damaged"):
        Facts.read(run)


def test_a_runs_facts_are_those_of_its_training_part(narrating: CaptionRun) -> None:
    facts = narrating.narrator.facts
    assert (facts.frames.shape, facts.longest, facts.steps) == ((16, 16, 1), 4, 7)
