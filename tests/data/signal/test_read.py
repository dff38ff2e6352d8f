from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.signal.config import SignalLayout
from elman.data.signal.read import is_signal, read_recordings
from tests.data.signal import made


def test_every_format_gives_the_same(tmp_path: Path) -> None:
    found = made.recordings(4, 2)
    paths = [
        made.long_csv(tmp_path / "long.csv", found),
        made.npz(tmp_path / "a.npz", found),
        made.ts(tmp_path / "a.ts", found),
    ]
    for path in paths:
        assert is_signal(str(path))
        made.same(read_recordings(str(path), SignalLayout(), labelled=True), found)


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    for label, name, rows in (("walk", "s1_1", 3), ("walk", "s2_1", 2), ("run", "s1_2", 4)):
        folder = tmp_path / "data" / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.csv").write_text("x,y\n" + "1,2\n" * rows)
    config = SignalLayout(group_pattern="(s[0-9]+)_")
    found = read_recordings(str(tmp_path / "data"), config, labelled=True)
    assert is_signal(str(tmp_path / "data"))
    assert [(item.name, item.labels[0], item.group, len(item)) for item in found] == [
        ("run/s1_2", "run", "s1", 4),
        ("walk/s1_1", "walk", "s1", 3),
        ("walk/s2_1", "walk", "s2", 2),
    ]
    (tmp_path / "data" / "walk" / "s3_1.csv").write_text("x,z\n1,2\n")
    with pytest.raises(DataError, match="s3_1.csv has no column 'y'"):
        read_recordings(str(tmp_path / "data"), config, labelled=True)
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no recordings"):
        read_recordings(str(tmp_path / "none"), config, labelled=True)


def test_layouts_are_told_apart(tmp_path: Path) -> None:
    def shapes(text: str, *, steps: bool = False, config: SignalLayout | None = None) -> list[int]:
        path = tmp_path / "a.csv"
        path.write_text(text)
        found = read_recordings(str(path), config or SignalLayout(), labelled=True, steps=steps)
        return [len(item) for item in found]

    repeated = "id,x,y,label\n1,0,0,a\n1,0,0,a\n2,0,0,b\n"
    once = "id,x,y,label\n1,0,0,a\n2,0,0,a\n3,0,0,b\n"
    assert shapes(repeated) == [2, 1]
    assert shapes(once) == [2, 2, 2]
    assert shapes(once, steps=True) == [1, 1, 1]
    assert shapes("x,label\n1,a\n2,a\n") == [1, 1]
    assert shapes("x,label\n1,a\n2,b\n", config=SignalLayout(window=2)) == [2]
    assert shapes("t,x,label\n1,1,a\n2,2,a\n") == [2]
    assert shapes(once, config=SignalLayout(layout="long")) == [1, 1, 1]


def test_texts_are_not_taken_for_recordings(tmp_path: Path) -> None:
    for name, text in (
        ("a.csv", "text,label\nso good,yes\nbad,no\n"),
        ("b.csv", "id,title,label\n1,so good,yes\n"),
        ("c.csv", ""),
        ("d.txt", "1,2,3\n"),
    ):
        (tmp_path / name).write_text(text)
        assert not is_signal(str(tmp_path / name))
    assert not is_signal(str(tmp_path / "gone.csv"))
    assert not is_signal("names") and is_signal("gestures")


def test_other_files_must_have_as_many_channels(tmp_path: Path) -> None:
    path = made.ts(tmp_path / "a.ts", made.recordings(2, 3))
    with pytest.raises(DataError, match="3 dimensions, and 2 were trained on"):
        read_recordings(str(path), SignalLayout(), labelled=True, learned=("x", "y"))
    np.savez(tmp_path / "a.npz", X=np.zeros((2, 3, 3)))
    with pytest.raises(DataError, match="3 channels in 'X', and 2 were"):
        read_recordings(str(tmp_path / "a.npz"), SignalLayout(), labelled=False, learned=("x", "y"))
