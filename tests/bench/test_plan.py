from __future__ import annotations

import os

import pytest
import torch

from elman._errors import ConfigError, UnknownName
from elman.bench.plan import CELLS, PARTS, Plan, make_plan


def test_everything_is_the_default() -> None:
    plan = make_plan()
    assert plan.parts == tuple(PARTS)
    assert plan.cells == CELLS
    assert plan.threads == tuple(sorted({1, torch.get_num_threads()}))


def test_parts_keep_their_order() -> None:
    assert make_plan(["memory", "layers"]).parts == ("layers", "memory")


def test_quick_means_fewer_rounds_and_one_number_of_threads() -> None:
    quick, slow = make_plan(quick=True), make_plan()
    assert quick.rounds < slow.rounds
    assert quick.threads == (torch.get_num_threads(),)
    assert quick.least <= quick.rounds


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"parts": ["stpe"]}, r"unknown part 'stpe'; did you mean 'step'\? Known: layers"),
        ({"cells": ["grru"]}, r"unknown cell 'grru'; did you mean 'gru'\?"),
    ],
)
def test_unknown_names_come_with_the_nearest(wrong: dict[str, list[str]], message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        make_plan(**wrong)


@pytest.mark.parametrize("threads", [0, (os.cpu_count() or 1) + 1])
def test_threads_must_have_cores(threads: int) -> None:
    with pytest.raises(ConfigError, match=f"--threads: expected 1 to .*; got {threads}"):
        make_plan(threads=[threads])


def test_rounds_must_be_some() -> None:
    with pytest.raises(ConfigError, match="--rounds: expected at least 1, got 0"):
        make_plan(rounds=0)


def test_least_is_never_more_than_all() -> None:
    assert Plan(("step",), CELLS, (1,), rounds=2).least == 2
