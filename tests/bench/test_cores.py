from __future__ import annotations

import os

import pytest
import torch

from elman.bench.cores import affinity, cores, spread


def test_threads_and_cores_come_back() -> None:
    threads, allowed = torch.get_num_threads(), affinity()
    with pytest.raises(RuntimeError, match="on the way"), cores(1):
        assert torch.get_num_threads() == 1
        if allowed:
            assert len(os.sched_getaffinity(0)) == 1
        raise RuntimeError("on the way")
    assert torch.get_num_threads() == threads
    assert affinity() == allowed


def test_every_core_comes_once() -> None:
    assert sorted(spread(affinity())) == sorted(affinity())


def test_unknown_cores_stand_for_themselves() -> None:
    assert spread({70_001, 70_000}) == [70_000, 70_001]
