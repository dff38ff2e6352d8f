"""Public sets become tables with the splits that published results use."""

import gzip
from pathlib import Path

from elman.data.public import m4_hourly, mr, multi30k, trec


def test_trec_holds_the_last_tenth_out(tmp_path: Path) -> None:
    lines = [f"{k % 6} Question number {k} ?" for k in range(25)]
    (tmp_path / "TREC.train.all").write_text("\n".join(lines) + "\n")
    (tmp_path / "TREC.test.all").write_text("5 How far is Y\xe9men ?\n", encoding="latin-1")
    parts = trec(tmp_path)
    assert parts["test.tsv"] == "label\ttext\nnumber\tHow far is Y\xe9men ?\n"
    assert parts["valid.tsv"].splitlines()[1:] == [
        "number\tQuestion number 23 ?",
        "description\tQuestion number 24 ?",
    ]
    assert len(parts["train.tsv"].splitlines()) == 24


def test_mr_takes_every_tenth_line_of_both_classes(tmp_path: Path) -> None:
    for ending in ("pos", "neg"):
        text = "".join(f"{ending} {k}\n" for k in range(20))
        (tmp_path / f"rt-polarity.{ending}").write_text(text)
    parts = mr(tmp_path)
    assert parts["test.tsv"].splitlines()[1:] == [
        *("negative\tneg 0", "negative\tneg 10", "positive\tpos 0", "positive\tpos 10")
    ]
    assert "negative\tneg 11" in parts["valid.tsv"]
    assert len(parts["train.tsv"].splitlines()) == 1 + 32


def test_multi30k_stands_side_by_side(tmp_path: Path) -> None:
    for name in ("train", "val", "test_2016_flickr"):
        for side in ("de", "en"):
            text = f"{side} {name}\t 1\n{side} 2\n"
            (tmp_path / f"{name}.{side}.gz").write_bytes(gzip.compress(text.encode()))
    parts = multi30k(tmp_path)
    assert parts["valid.tsv"] == "de val 1\ten val 1\nde 2\ten 2\n"
    assert sorted(parts) == ["test.tsv", "train.tsv", "valid.tsv"]


def test_m4_joins_training_and_test(tmp_path: Path) -> None:
    (tmp_path / "Hourly-train.csv").write_text('"V1","V2","V3"\n"H1","5","6"\n"H2","7",\n')
    (tmp_path / "Hourly-test.csv").write_text('"V1","V2"\n"H1","8"\n"H2","9"\n')
    assert m4_hourly(tmp_path)["hourly.csv"].splitlines()[1:] == [
        *("H1,1,5", "H1,2,6", "H1,3,8", "H2,1,7", "H2,2,9")
    ]
