from __future__ import annotations

from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data.signal.columns import find_roles, has_header, unknown_group
from elman.data.signal.config import SignalLayout
from elman.data.signal.tables import open_rows
from elman.data.table import Table


def table(path: Path, header: str) -> Table:
    path.write_text(header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")
    return open_rows(path, SignalLayout())


@pytest.mark.parametrize(
    ("first", "is_header"),
    [
        (["x", "y"], True),
        (["label", "0", "1", "2"], True),
        (["label", "0", "2", "4"], False),
        (["walk", "0.5", "0.7"], False),
        (["0", "1", "2"], False),
        (["nan", "x"], False),
    ],
)
def test_a_line_of_names_is_told_from_a_row(first: list[str], is_header: bool) -> None:
    assert has_header(first) is is_header


def test_usual_names_are_found_and_the_rest_are_channels(tmp_path: Path) -> None:
    found = find_roles(
        table(tmp_path / "a.csv", "Clip,Subject,timestamp,ax,ay,Activity"),
        SignalLayout(),
        labelled=True,
    )
    assert found.channels == ("ax", "ay")
    assert found.named() == {
        "sequence": "Clip",
        "time": "timestamp",
        "label": "Activity",
        "group": "Subject",
    }


def test_a_group_without_a_sequence_is_one_recording_each(tmp_path: Path) -> None:
    found = find_roles(table(tmp_path / "a.csv", "user,x,label"), SignalLayout(), labelled=True)
    assert found.sequence == found.group == "user"


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    three = table(tmp_path / "a.csv", "id,x,y1")
    with pytest.raises(DataError, match="which column is the label.*id, x, y1.*--signal.label"):
        find_roles(three, SignalLayout(), labelled=True)
    with pytest.raises(DataError, match="no column 'z'"):
        find_roles(three, SignalLayout(channels=("z",)), labelled=False)
    with pytest.raises(DataError, match="named for two things"):
        find_roles(three, SignalLayout(channels=("x", "id")), labelled=False)
    with pytest.raises(DataError, match="no column is left"):
        find_roles(table(tmp_path / "b.csv", "id,label"), SignalLayout(), labelled=True)


def test_to_predict_neither_name_nor_group_nor_label_is_needed(tmp_path: Path) -> None:
    said = SignalLayout(sequence="id", group="subject", label="what")
    found = find_roles(table(tmp_path / "a.csv", "y,x"), said, labelled=False, learned=("x",))
    assert found.channels == ("x",) and found.named() == {}
    with pytest.raises(DataError, match="no column 'x'"):
        find_roles(table(tmp_path / "b.csv", "y,z"), said, labelled=False, learned=("x",))


def test_the_error_of_a_group_lists_those_there_are() -> None:
    assert "--signal.test_groups: no group '9'. Groups: 1, 2" in str(
        unknown_group("9", ["1", "2"], "test_groups")
    )
