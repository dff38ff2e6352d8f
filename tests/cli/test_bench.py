"""The command as a process: what it prints and writes, how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from elman.bench import rivals, run
from elman.bench.plan import Case
from elman.bench.rivals import Rivals
from tests.bench.small import make_record
from tests.cli.small import Elman

BENCH = [sys.executable, "-u", "-m", "elman", "bench"]
SMALL = ["step", "--quick", "--cells", "gru", "--threads", "1", "--rounds", "1"]


def test_a_quick_part_is_measured_and_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    files = [tmp_path / f"bench.{form}" for form in ("json", "html", "png")]
    words = [f"--{file.suffix[1:]}={file}" for file in files]
    done = subprocess.run(
        [*BENCH, *SMALL, *words], capture_output=True, text=True, check=True, timeout=120
    )
    assert "gru I = H = 128  (1 thread)" in done.stdout
    assert "torch cell" in done.stdout and "targets:" in done.stdout
    for file in files:
        assert f"wrote {file}" in done.stderr
    content = json.loads(files[0].read_text())
    assert content["complete"] and content["quick"]
    (row,) = content["rows"]
    assert (row["part"], row["cell"]) == ("step", "gru")
    assert "<svg" in files[1].read_text()
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_an_unknown_part_is_one_line(elman: Elman) -> None:
    done = elman("bench", "layrs")
    assert done.code == 2
    assert done.err.startswith("error: unknown part 'layrs'; did you mean 'layers'? Known: layers,")
    assert done.out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cells", "ltsm"], "unknown cell 'ltsm'; did you mean 'lstm'?"),
        (["--threads", "0"], "--threads: expected 1 to"),
        (["--rounds", "0"], "--rounds: expected at least 1, got 0"),
        (["--json", "nowhere/bench.json"], "the folder nowhere does not exist"),
    ],
)
def test_wrong_options_are_one_line(elman: Elman, words: list[str], message: str) -> None:
    done = elman("bench", *words)
    assert done.code == 2
    assert message in done.err and "Traceback" not in done.err


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Cases that take no time, without competitors."""
    monkeypatch.setattr(
        rivals, "find_rivals", lambda threads: Rivals(False, False, ("no jax", "no onnx [here]"))
    )
    cases = [Case("first", 1, lambda: make_record().rows[:3])]
    monkeypatch.setitem(run.CASES, "layers", lambda plan, found: cases)
    return cases


@pytest.mark.usefixtures("measured")
def test_missing_competitors_are_said(elman: Elman) -> None:
    done = elman("bench", "layers", "--json", "bench.json")
    assert done.code == 0
    assert "no jax\nno onnx [here]\n" in done.out
    assert "target 4: reached" in done.out and "target 9: missed" in done.out
    assert json.loads(Path("bench.json").read_text())["missing"] == ["no jax", "no onnx [here]"]


def test_an_interrupt_keeps_the_rows(elman: Elman, measured: list[Case]) -> None:
    def interrupt() -> list[run.Row]:
        raise KeyboardInterrupt

    measured.append(Case("second", 1, interrupt))
    done = elman("bench", "layers", "--json", "bench.json")
    assert done.code == 130
    assert "interrupted: 3 rows are kept" in done.err
    assert "targets: 2 of 4 reached" in done.out
    content = json.loads(Path("bench.json").read_text())
    assert len(content["rows"]) == 3 and not content["complete"]


def test_an_interrupt_before_the_first_row_leaves_old_files(
    elman: Elman, measured: list[Case]
) -> None:
    def interrupt() -> list[run.Row]:
        raise KeyboardInterrupt

    measured[:] = [Case("only", 1, interrupt)]
    Path("bench.json").write_text("old")
    assert elman("bench", "layers", "--json", "bench.json").code == 130
    assert Path("bench.json").read_text() == "old"


def test_a_real_ctrl_c_keeps_the_rows(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    words = ["layers", "--cells", "gru", "--threads", "1", "--json", str(file)]
    with subprocess.Popen(
        [*BENCH, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a process that a shell put aside would ignore the signal, and so would its child
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    ) as process:
        assert process.stdout and process.stderr
        for line in process.stdout:
            if line.lstrip().startswith("of sgemm"):
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        said = process.stderr.read()
        assert process.wait(60) == 130, said
    content = json.loads(file.read_text())
    assert 1 <= len(content["rows"]) < 12 and not content["complete"]
    assert f"wrote {file}" in said
