from __future__ import annotations

import json
from pathlib import Path

import pytest

from elman._errors import DataError
from elman.bench.record import Comparison, Record


def test_a_target_is_reached_from_its_own_side() -> None:
    assert Comparison("torch.nn", 4.0, 4.0).reached
    assert not Comparison("torch.nn", 3.9, 4.0).reached
    assert Comparison("plain layer", 1.5, 1.5, "at most").reached
    assert not Comparison("plain layer", 1.6, 1.5, "at most").reached
    assert Comparison("torch.nn", 4.0).reached is None


def test_what_was_written_is_read(record: Record, tmp_path: Path) -> None:
    record.write(tmp_path / "bench.json")
    assert Record.read(tmp_path / "bench.json") == record


def test_the_file_has_everything_by_name(record: Record, tmp_path: Path) -> None:
    record.write(tmp_path / "bench.json")
    content = json.loads((tmp_path / "bench.json").read_text())
    keys = {"format", "about", "missing", "rows", "quick", "complete", "seconds"}
    assert set(content) == keys
    for row in content["rows"]:
        assert set(row) == {
            *("part", "cell", "case", "threads", "unit", "contenders", "comparisons"),
            *("rate_unit", "facts"),
        }
        for contender in row["contenders"]:
            assert set(contender) == {"name", "median", "p10", "p90", "error", "rate"}
        for ratio in row["comparisons"]:
            assert set(ratio) == {"name", "value", "target", "sense", "reached"}
    assert content["rows"][0]["comparisons"][0]["reached"] is True
    assert content["rows"][0]["comparisons"][1]["reached"] is False


def test_targets_are_those_of_all_rows(record: Record) -> None:
    assert [ratio.target for _, ratio in record.targets()] == [4.0, 0.85, 9.0, 1.5, 1.0, 1.3]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 1}', '{"format": 1, "rows": 3}'])
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"other\.json: not a file of elman bench --json"):
        Record.read(path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text('{"format": 0}')
    with pytest.raises(DataError, match=r"expected format 1, got 0. Measure anew"):
        Record.read(path)
