"""DNA from sequences and regions to tracks; a chromosome in memory that does not grow."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from elman._config import load_config
from elman._errors import ConfigError, DataError
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.tag.dna import DnaTagKind
from elman.tasks.tag.kinds import settled
from elman.tasks.tag.steps import StepTagRun
from elman.tasks.tag.task import TagRun, TagTraining

SMALL: dict[str, Any] = {
    "model": {"cell": "gru", "hidden_size": 12, "dropout": 0.0},
    "train": {"epochs": 8, "lr": 2e-2, "batch_size": 8},
}


def genome(folder: Path, count: int = 60, size: int = 200, seed: int = 0) -> Path:
    """Sequences in which stretches of 20 to 40 letters without A or T are regions."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    lines, bed = [], []
    for k in range(count):
        letters = rng.choice(list("ACGT"), size)
        start = int(rng.integers(size - 40))
        end = start + int(rng.integers(20, 41))
        letters[start:end] = rng.choice(list("CG"), end - start)
        lines.append(f">s{k}\n{''.join(letters)}\n")
        bed.append(f"s{k}\t{start}\t{end}\trich\n")
    (folder / "a.fa").write_text("".join(lines))
    (folder / "a.bed").write_text("".join(bed))
    return folder / "a.fa"


def task_of(data: Path | str, **changes: Any) -> TagTask:
    tables = {key: {**SMALL.get(key, {}), **changes.pop(key, {})} for key in ("model", "train")}
    return load_config(TagTask, None, {"data": str(data), **tables, **changes})


def trained(task: TagTask, out: Path) -> StepTagRun:
    list(TagTraining.start(task, out).events())
    run = TagRun.open(out)
    assert isinstance(run, StepTagRun)
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> StepTagRun:
    folder = tmp_path_factory.mktemp("dna")
    return trained(task_of(genome(folder), dna={"strands": "average"}), folder / "run")


def predicted(run: StepTagRun, *inputs: str, **options: Any) -> list[str]:
    out: list[str] = []
    run.predict(iter(inputs), TagPredict(**options), out.append, False)
    return "".join(out).splitlines()


def test_it_learns_where_regions_are(run: StepTagRun) -> None:
    report = run.evaluate(baselines=True)
    assert "6 sequences, 1,200 bases" in report.title
    common = report.baselines["most frequent tag"]["accuracy"]
    assert report["accuracy"] > 0.94 > common > 0.8  # type: ignore[operator]


def test_regions_are_written_as_bed(run: StepTagRun, tmp_path: Path) -> None:
    data = genome(tmp_path, 3, seed=4)
    lines = predicted(run, str(data), format="bed")
    assert lines and predicted(run, str(data)) == lines
    for line in lines:
        name, start, end, label, score = line.split("\t")
        assert name in ("s0", "s1", "s2") and int(start) < int(end) <= 200
        assert label == "rich" and 500 <= int(score) <= 1000
    records = [json.loads(line) for line in predicted(run, str(data), format="json")]
    assert [record["start"] for record in records] == [int(x.split("\t")[1]) for x in lines]


def test_a_track_covers_every_base_once(run: StepTagRun, tmp_path: Path) -> None:
    data = genome(tmp_path, 3, seed=4)
    lines = [line.split("\t") for line in predicted(run, str(data), format="bedgraph")]
    for name, rows in itertools.groupby(lines, key=lambda line: line[0]):
        end = 0
        for _, start, stop, value in rows:
            assert int(start) == end and 0 <= float(value) <= 1
            end = int(stop)
        assert end == 200, name
    other = [
        line.split("\t") for line in predicted(run, str(data), format="bedgraph", track="none")
    ]
    assert float(other[0][3]) == pytest.approx(1 - float(lines[0][3]), abs=0.011)


def test_standard_input_is_a_file(run: StepTagRun, tmp_path: Path, monkeypatch: Any) -> None:
    data = genome(tmp_path, 2, seed=4)
    expected = predicted(run, str(data))
    stdin = SimpleNamespace(buffer=io.BytesIO(data.read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert predicted(run, "-") == expected


def test_both_strands_have_the_same_track(run: StepTagRun, tmp_path: Path) -> None:
    data = genome(tmp_path, 1, seed=4)
    letters = data.read_text().split("\n")[1]
    turned = letters[::-1].translate(str.maketrans("ACGT", "TGCA"))
    (tmp_path / "b.fa").write_text(f">s0\n{turned}\n")

    def track(path: Path) -> list[str]:
        values: list[str] = []
        for line in predicted(run, str(path), format="bedgraph"):
            _, start, end, value = line.split("\t")
            values += [value] * (int(end) - int(start))
        return values

    one, other = track(data), track(tmp_path / "b.fa")[::-1]
    assert np.abs(np.array(one, float) - np.array(other, float)).max() <= 0.0101


def test_pictures_show_regions(run: StepTagRun) -> None:
    pytest.importorskip("matplotlib")
    titles = [picture.title for picture in run.evaluate(pictures=True).pictures]
    assert titles[-1] == "Regions, and what was found"


def test_a_resumed_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    data = genome(tmp_path, 20)
    limits = {"epochs": None, "schedule": "constant"}
    options: dict[str, Any] = {"dna": {"window": 50, "context": 10, "filters": 4}}
    whole = TagTraining.start(
        task_of(data, train={"steps": 8, **limits}, **options), tmp_path / "whole"
    )
    list(whole.events())
    half = task_of(data, train={"steps": 4, **limits}, **options)
    list(TagTraining.start(half, tmp_path / "half").events())
    resumed = TagTraining.resumed(tmp_path / "half", {"steps": 8})
    list(resumed.events())
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name
    bed = tmp_path / "a.bed"
    bed.write_text(re.sub(r"\t(\d+)\trich", lambda m: f"\t{int(m[1]) - 1}\trich", bed.read_text()))
    with pytest.raises(DataError, match="changed"):
        TagTraining.resumed(tmp_path / "half", {"steps": 9})


def test_what_has_no_effect_is_refused(run: StepTagRun, tmp_path: Path) -> None:
    for options, message in (
        ({"format": "conll"}, "written as bed"),
        ({"format": "csv"}, "written as bed"),
        ({"stream": True}, "stream: has no effect on DNA"),
        ({"chunk": 5}, "chunk: has no effect on DNA"),
        ({"input": "words"}, "input: has no effect on DNA"),
        ({"format": "bedgraph", "track": "ritch"}, "did you mean 'rich'"),
    ):
        with pytest.raises(ConfigError, match=message):
            predicted(run, "a.fa", **options)
    with pytest.raises(ConfigError, match="track has no effect unless"):
        load_config(TagPredict, None, {"track": "rich"})
    with pytest.raises(ConfigError, match="'augment' is for classify"):
        settled(task_of("a.fa", dna={"strands": "augment"}))
    with pytest.raises(ConfigError, match=r"model.word_size: has no effect on sequences"):
        settled(task_of("a.fa", model={"word_size": 9}))


def test_the_kind_is_told_by_the_name_of_the_file() -> None:
    assert settled(task_of("x.fasta.gz")).input == "dna"
    assert settled(task_of("islands")).input == "dna"
    assert not DnaTagKind.recognises("x.conll") and not DnaTagKind.recognises("roles")


def test_of_many_tags_one_must_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_text("".join(f">s{k} x=1..3 y=5..6\nACGTACGT\n" for k in range(20)))
    run = trained(task_of(tmp_path / "a.fa", train={"epochs": 1}), tmp_path / "run")
    with pytest.raises(ConfigError, match="of which tag. Say --track, one of none, x, y"):
        predicted(run, str(tmp_path / "a.fa"), format="bedgraph")


def chromosome(path: Path, size: int) -> Path:
    """A FASTA file with one long sequence of random letters."""
    rng, letters = np.random.default_rng(1), np.frombuffer(b"ACGT", np.uint8)
    with path.open("wb") as file:
        file.write(b">chr1\n")
        for start in range(0, size, 600_000):
            block = rng.choice(letters, min(600_000, size - start)).tobytes()
            file.write(b"".join(block[k : k + 60] + b"\n" for k in range(0, len(block), 60)))
    return path


def resident_mb(process: int) -> float:
    """Return how much memory a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def memory_while_tagging(run: Path, data: Path, out: Path) -> list[tuple[int, float]]:
    """Return, many times a second, up to which base a command has come and what it holds."""
    command = [sys.executable, "-m", "elman", "predict", str(run), str(data)]
    command += ["--format", "bedgraph"]
    seen: list[tuple[int, float]] = []
    with out.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, env={**os.environ, "OMP_NUM_THREADS": "1"})
        while process.poll() is None:
            with out.open("rb") as written:
                written.seek(max(0, out.stat().st_size - 200))
                lines = written.read().split(b"\n")[1:-1]
            if lines and (memory := resident_mb(process.pid)):
                seen.append((int(lines[-1].split(b"\t")[2]), memory))
            time.sleep(0.02)
    assert process.returncode == 0
    return seen


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(
    ("size", "after"),
    [(1_200_000, 300_000), pytest.param(10_000_000, 1_000_000, marks=pytest.mark.slow)],
)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_a_chromosome_is_tagged_in_flat_memory(
    tmp_path: Path, size: int, after: int, bidirectional: bool
) -> None:
    model = {"hidden_size": 8, "bidirectional": bidirectional}
    trained(task_of(genome(tmp_path, 20), model=model, train={"epochs": 1}), tmp_path / "run")
    data, out = chromosome(tmp_path / "chr.fa", size), tmp_path / "out.bedgraph"
    seen = memory_while_tagging(tmp_path / "run", data, out)
    later = [memory for base, memory in seen if base > after]
    first = [memory for base, memory in seen if base <= after]
    assert first and len(later) > 5
    assert max(later) < max(first) + 50
    last = out.read_bytes().rsplit(b"\n", 2)[-2].split(b"\t")
    assert last[0] == b"chr1" and int(last[2]) == size
