"""DNA from a person's files to classes: trained, scored, told, explained; both strands alike."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from elman._config import load_config
from elman._errors import ConfigError, DataError
from elman.data.dna.alphabet import encoded, reverse_complement
from elman.tasks.classify.config import ClassifyPredict, ClassifyTask
from elman.tasks.classify.dna import DnaKind
from elman.tasks.classify.kinds import settled
from elman.tasks.classify.task import ClassifyRun, ClassifyTraining

SMALL: dict[str, Any] = {
    "model": {"cell": "gru", "hidden_size": 12, "dropout": 0.0},
    "train": {"epochs": 12, "lr": 2e-2, "batch_size": 16},
}


def letters_of(count: int, seed: int = 0, size: int = 24) -> list[tuple[str, str]]:
    """Sequences with GGATCC in them, or without it: it is its own reverse complement."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(count):
        letters = "".join(rng.choice(list("ACGT"), size)).replace("GGATCC", "GGATCA")
        if k % 2:
            place = int(rng.integers(size - 6))
            letters = f"{letters[:place]}GGATCC{letters[place + 6 :]}"
        rows.append((letters, "cut" if k % 2 else "whole"))
    return rows


def fasta(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f">s{k} label={n}\n{s}\n" for k, (s, n) in enumerate(rows)))
    return path


def task_of(data: Path | str, **changes: Any) -> ClassifyTask:
    tables = {key: {**SMALL.get(key, {}), **changes.pop(key, {})} for key in ("model", "train")}
    return load_config(ClassifyTask, None, {"data": str(data), **tables, **changes})


def trained(task: ClassifyTask, out: Path) -> ClassifyRun:
    list(ClassifyTraining.start(task, out).events())
    return ClassifyRun.open(out)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ClassifyRun:
    folder = tmp_path_factory.mktemp("dna")
    data = fasta(folder / "a.fa", letters_of(400))
    return trained(task_of(data, dna={"strands": "tied"}), folder / "run")


def test_it_learns_and_beats_what_knows_no_order(run: ClassifyRun) -> None:
    report = run.evaluate(baselines=True)
    assert report["accuracy"] > 0.9 and "40 sequences" in report.title  # type: ignore[operator]
    names = ["bag of 4-mers", "bag of 6-mers", "letters by place", "commonest class"]
    assert list(report.baselines) == names
    assert report.baselines["commonest class"]["accuracy"] == 0.5


def test_what_it_says_is_the_same_for_both_strands(run: ClassifyRun) -> None:
    rows = [letters for letters, _ in letters_of(30, seed=5)]
    kind = run.kind
    items = [encoded(letters) for letters in rows]
    other = [reverse_complement(item) for item in items]
    lengths = [len(item) for item in items]
    one = kind.logits(run.model, items, lengths)
    assert np.abs(one - kind.logits(run.model, other, lengths)).max() < 1e-5
    assert one.std() > 0.1


def test_files_standard_input_tables_and_letters_are_told(
    run: ClassifyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b.fq").write_text("@r1\nACGGATCCAA\n+\nIIIIIIIIII\n")
    (tmp_path / "c.csv").write_text("id,seq\n1,ACGGATCCAA\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "d.fa").write_text(">d1\nACGGATCCAA\n>d2\nACGTTTTTAA\n")
    stdin = SimpleNamespace(buffer=io.BytesIO(b">i1\nACGGATCCAA\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    inputs = [str(tmp_path / "b.fq"), str(tmp_path / "c.csv"), str(folder), "ACGGATCCAA", "-"]
    found = list(run.classify(inputs))
    assert [one.text for one in found] == [
        "r1", f"{tmp_path / 'c.csv'}, line 2", "d1", "d2", "ACGGATCCAA", "i1",
    ]  # fmt: skip
    same = {round(one.probability, 6) for one in found if one.text != "d2"}
    assert len(same) == 1
    with pytest.raises(DataError, match=r"nothere is neither a file nor a sequence"):
        list(run.classify(["nothere"]))
    assert list(run.inputs(tmp_path / "b.fq")) == [str(tmp_path / "b.fq")]


def test_reasons_are_letters(run: ClassifyRun) -> None:
    text = "ACGTTGCAAGGATCCTTACGAGTA"
    why = run.why(text)
    assert "".join(letter for letter, _ in why.tokens) == text
    values = np.array([value for _, value in why.tokens])
    assert values.sum() == pytest.approx(why.score - why.base, rel=0.02, abs=0.02)
    other = run.why("TACTCGTAAGGATCCTTGCAACGT")  # its reverse complement
    np.testing.assert_allclose(values, [v for _, v in other.tokens][::-1], atol=1e-3)
    lines: list[str] = []
    run.predict([text], ClassifyPredict(why=True, format="json"), lines.append, False)
    record = json.loads(lines[0])
    assert [letter for letter, _ in record["why"]["tokens"]] == list(text)
    lines.clear()
    run.predict([text], ClassifyPredict(why=True), lines.append, True)
    assert "\x1b[" in lines[0]


def test_pictures_show_letters(run: ClassifyRun) -> None:
    pytest.importorskip("matplotlib")
    report = run.evaluate(pictures=True)
    titles = [picture.title for picture in report.pictures]
    assert titles == ["What was taken for what", "What speaks for the class"]
    assert all(picture.image.startswith(b"\x89PNG") for picture in report.pictures)


def test_other_data_is_scored_whole(run: ClassifyRun, tmp_path: Path) -> None:
    data = fasta(tmp_path / "b.fa", letters_of(20, seed=9))
    assert "20 sequences" in run.evaluate(str(data)).title


@pytest.mark.parametrize("strands", ["augment", "average"])
def test_a_resumed_training_ends_with_the_same_bits(tmp_path: Path, strands: str) -> None:
    data = fasta(tmp_path / "a.fa", letters_of(60))
    limits = {"epochs": None, "schedule": "constant"}
    options: dict[str, Any] = {"dna": {"strands": strands, "kmer": 2, "filters": 4, "stride": 2}}
    whole = ClassifyTraining.start(
        task_of(data, train={"steps": 8, **limits}, **options), tmp_path / "whole"
    )
    list(whole.events())
    half = task_of(data, train={"steps": 4, **limits}, **options)
    list(ClassifyTraining.start(half, tmp_path / "half").events())
    resumed = ClassifyTraining.resumed(tmp_path / "half", {"steps": 8})
    list(resumed.events())
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name
    data.write_text(data.read_text().replace("label=cut", "label=whole", 1))
    with pytest.raises(DataError, match="changed"):
        ClassifyTraining.resumed(tmp_path / "half", {"steps": 9})


def test_augmenting_turns_about_half() -> None:
    kind = DnaKind(task_of("x", dna={"strands": "augment"}).dna)  # type: ignore[arg-type]
    items = [encoded("AAC")] * 400
    codes, _ = kind.collate(items, np.random.default_rng(0))
    share = float((codes[:, 0] == 1).float().mean())
    assert 0.4 < share < 0.6
    assert bool((kind.collate(items)[0][:, 0] == 1).all())


def test_one_direction_answers_letter_by_letter(tmp_path: Path) -> None:
    data = fasta(tmp_path / "a.fa", letters_of(60))
    model = {"bidirectional": False, "pooling": "mean"}
    run = trained(task_of(data, model=model, train={"epochs": 1}), tmp_path / "run")
    lines: list[str] = []
    run.predict(["ACGT"], ClassifyPredict(stream=True), lines.append, False)
    assert [line.split("\t")[0] for line in lines] == ["1 A", "2 C", "3 G", "4 T"]
    whole = next(run.classify(["ACGT"]))
    assert lines[-1].split("\t")[1:] == [whole.label, f"{whole.probability:.1%}\n"]


def test_the_kind_is_told_by_the_names_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.fa.gz").write_bytes(b"")
    for data in ("x.fasta", str(tmp_path), "promoters"):
        assert settled(task_of(data)).input == "dna"
    assert settled(task_of("x.csv", input="dna")).dna is not None
    assert not DnaKind.recognises("x.csv")


def test_single_letters_are_not_dropped_unless_that_is_said() -> None:
    assert settled(task_of("x.fa")).model.dropout_input == 0.0
    assert settled(task_of("x.fa", dna={"kmer": 3})).model.dropout_input is None
    assert settled(task_of("x.fa", model={"dropout_input": 0.2})).model.dropout_input == 0.2


def test_what_has_no_effect_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model.embedding_size: has no effect on sequences"):
        settled(task_of("x.fa", model={"embedding_size": 9}))
    with pytest.raises(ConfigError, match="dna: has no effect on texts"):
        settled(task_of("x.csv", dna={"kmer": 2}))


def elman(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "elman", *words], capture_output=True, text=True, cwd=cwd
    )


def test_the_command_from_fasta_to_a_page(tmp_path: Path) -> None:
    fasta(tmp_path / "a.fa", letters_of(80))
    small = ["--model.hidden-size", "4", "--train.epochs", "1", "--out", "run"]
    done = elman("train", "classify", "a.fa", *small, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "24 each; single letters; of the strand that is given" in done.stderr
    done = elman("eval", "run", "--html", "page.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "What speaks for the class" in (tmp_path / "page.html").read_text()
    done = elman("predict", "run", "a.fa", "--format", "csv", cwd=tmp_path)
    assert done.stdout.splitlines()[0] == "label,probability,cut,whole,input"
    assert len(done.stdout.splitlines()) == 81


def test_wrong_files_end_with_one_message(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_text(">a x\nACGT\nACZT\n")
    done = elman("train", "classify", "a.fa", cwd=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "a.fa, line 3: 'Z' of 'a' is no nucleotide" in " ".join(done.stderr.split())
    assert not (tmp_path / "runs").exists()
