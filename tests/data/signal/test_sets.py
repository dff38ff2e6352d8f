from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.signal.config import SignalConfig
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.sets import class_names, numbers_of, read_other, read_sets
from tests.data.signal import made


def test_windows_of_a_person_stay_in_one_part(tmp_path: Path) -> None:
    found = made.recordings(30, groups=[f"p{k}" for k in range(6)])
    path = made.long_csv(tmp_path / "a.csv", found)
    config = SignalConfig(window=3, stride=1, valid_fraction=0.2, test_fraction=0.2)
    sets = read_sets(str(path), config, "one")
    people = [{item.group for item in part} for part in (sets.train, sets.valid, sets.test)]
    assert all(people) and sum(map(len, people)) == 6
    assert sets.notes == ("6 groups (column 'subject'), each in one part only",)
    # Held-out windows do not overlap, those to learn from do.
    rows = sum(len(item) for item in found if item.group in people[2])
    assert sum(len(item) for item in sets.test) <= rows
    own = sum(len(item) for item in found if item.group in people[0])
    assert sum(len(item) for item in sets.train) > own


def test_windows_of_a_recording_stay_in_one_part(tmp_path: Path) -> None:
    path = made.long_csv(tmp_path / "a.csv", made.recordings(30))
    sets = read_sets(str(path), SignalConfig(window=3), "one")
    names = [
        {item.name.partition("[")[0] for item in part}
        for part in (sets.train, sets.valid, sets.test)
    ]
    assert sum(map(len, names)) == 30


def test_the_scale_is_that_of_the_training_part(tmp_path: Path) -> None:
    found = made.recordings(20)
    path = made.long_csv(tmp_path / "a.csv", found)
    sets = read_sets(str(path), SignalConfig(), "one")
    values = np.concatenate([item.values for item in sets.train])
    np.testing.assert_allclose(sets.scale.mean, values.mean(0))


def test_one_long_recording_is_held_out_by_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"{k},{'ab'[k // 5 % 2]}" for k in range(100)]
    path.write_text("x,label\n" + "\n".join(rows) + "\n")
    sets = read_sets(str(path), SignalConfig(), "steps")
    assert [len(part.items[0]) for part in (sets.train, sets.valid, sets.test)] == [80, 10, 10]
    assert "held out: the end of each recording" in sets.notes
    cut = read_sets(str(path), SignalConfig(window=10), "one")
    assert [len(part) for part in (cut.train, cut.valid, cut.test)] == [8, 1, 1]


def test_files_of_their_own_are_read_with_the_columns_found(tmp_path: Path) -> None:
    found = made.recordings(8, groups=("p", "q", "r", "s"))
    train = made.long_csv(tmp_path / "train.csv", found, label="what")
    test = made.long_csv(tmp_path / "test.csv", made.recordings(3, seed=1), label="what")
    sets = read_sets(str(train), SignalConfig(test=str(test), label="what"), "one")
    assert len(sets.test) == 3 and len(sets.train) + len(sets.valid) == 8
    assert sets.layout.label == "what" and sets.layout.sequence == "id"
    again = read_other(str(test), sets.layout, sets.scale.channels, "one")
    made.same(again, sets.test)
    bare = tmp_path / "bare.csv"
    bare.write_text("y,x\n1,2\n3,4\n")
    one = read_other(str(bare), sets.layout, sets.scale.channels, None)
    assert one.items[0].values.tolist() == [[2, 1], [4, 3]]


def test_the_fingerprint_sees_the_split(tmp_path: Path) -> None:
    path = str(made.long_csv(tmp_path / "a.csv", made.recordings(20)))
    first, again, other = (
        read_sets(path, SignalConfig(split_seed=seed), "one").fingerprint() for seed in (0, 0, 1)
    )
    assert first == again != other


def test_labels_are_sorted_and_those_unknown_named() -> None:
    def labelled(*labels: str) -> Recordings:
        items = [
            Recording(
                f"r{k}", np.zeros((2, 1)), labels=np.array([label], object), place=f"line {k}"
            )
            for k, label in enumerate(labels)
        ]
        return Recordings(("x",), items)

    assert class_names("a", labelled("10", "9", "b"), []) == ("9", "10", "b")
    with pytest.raises(DataError, match="line 0: label 'rum' of the test part.*did you mean 'run'"):
        class_names("a", labelled("run", "walk"), [("test", labelled("rum"))])
    with pytest.raises(DataError, match="every recording has the label 'run'"):
        class_names("a", labelled("run"), [])


def test_numbers_are_numbers() -> None:
    found = made.recordings(2, labels=("1.5", "-2"))
    assert numbers_of(found).tolist() == [1.5, -2]
    for wrong in ("fast", "inf", "nan"):
        item = replace(found.items[0], labels=np.array([wrong], object))
        with pytest.raises(DataError, match=f"expected a number to learn, got '{wrong}'"):
            numbers_of(replace(found, items=[item]))


def test_labels_of_steps_are_refused_where_one_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,x,label\n1,1,a\n1,2,b\n2,1,a\n2,2,a\n")
    with pytest.raises(DataError, match="line 2: recording '1' has several labels"):
        read_sets(str(path), SignalConfig(), "one")
