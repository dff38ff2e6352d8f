from __future__ import annotations

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.video.clips import Clips, Entry
from elman.data.video.config import VideoConfig
from elman.data.video.parts import divided


def clips(groups: str = "", parts: str = "", count: int = 20) -> Clips:
    names = {"t": "train", "v": "valid", "e": "test", "-": None}
    entries = tuple(
        Entry(
            str(k),
            group=groups[k % len(groups)] if groups else "",
            part=names[parts[k % len(parts)]] if parts else None,  # type: ignore[arg-type]
        )
        for k in range(count)
    )
    return Clips("set", entries, VideoConfig())


def sizes(found: Clips, strata: list[str] | None = None, **options: object) -> list[int]:
    rows = divided(found, VideoConfig(**options), strata)  # type: ignore[arg-type]
    together = np.concatenate(rows)
    assert len(np.unique(together)) == len(together), "no clip is in two parts"
    return [len(part) for part in rows]


def test_parts_are_drawn_and_the_same_for_a_seed() -> None:
    assert sizes(clips()) == [16, 2, 2]
    one, two, other = (
        divided(clips(), VideoConfig(split_seed=seed)).test.tolist() for seed in (0, 0, 1)
    )
    assert one == two != other


def test_every_class_is_divided_alike() -> None:
    labels = ["a", "b"] * 20
    rows = divided(clips(count=40), VideoConfig(test_fraction=0.2), labels)
    assert sorted(labels[k] for k in rows.test) == ["a"] * 4 + ["b"] * 4


def test_groups_are_never_divided() -> None:
    found = clips("abcde")
    rows = divided(found, VideoConfig(valid_fraction=0.2, test_fraction=0.2))
    of = [{found.entries[k].group for k in part} for part in rows]
    assert [len(groups) for groups in of] == [3, 1, 1] and len(set.union(*of)) == 5


def test_groups_that_are_named_go_where_they_should() -> None:
    found = clips("1234")
    rows = divided(found, VideoConfig(valid_groups=("3",), test_groups=("2", "4")))
    assert [{found.entries[k].group for k in part} for part in rows] == [{"1"}, {"3"}, {"2", "4"}]


def test_the_column_of_the_set_counts_before_chance() -> None:
    assert sizes(clips(parts="ttve")) == [10, 5, 5]
    assert sizes(clips(parts="te"), valid_fraction=0.2) == [8, 2, 10]


def test_a_part_with_a_file_of_its_own_takes_nothing() -> None:
    assert sizes(clips(), test="other.csv") == [18, 2, 0]
    assert sizes(clips(parts="ttve"), test="other.csv") == [10, 5, 0]
    assert sizes(clips(), valid_fraction=0, test_fraction=0) == [20, 0, 0]


def test_what_leaves_a_part_empty_is_refused() -> None:
    with pytest.raises(DataError, match="2 groups .* leave one part empty"):
        sizes(clips("ab"))
    with pytest.raises(DataError, match=r"video.test_groups: no clip is of 9. Groups: 1, 2"):
        sizes(clips("12"), test_groups=("9",))
    with pytest.raises(DataError, match="none; name their column"):
        sizes(clips(), test_groups=("9",))
    with pytest.raises(DataError, match="no clip is left to train on"):
        sizes(clips("12"), valid_groups=("1",), test_groups=("2",))
