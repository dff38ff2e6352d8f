from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from elman.ops import CELLS, CellSpec, recurrence
from elman.ops.backends.aten import Aten
from tests.ops.calls import OPTIONS, random_call

REFUSED = {
    "reset": "no resets",
    "layer_norm": "no layer norm",
    "zoneout_mask": "no zoneout",
    "zoneout_rate": "no zoneout",
    "recurrent_mask": "no recurrent dropout",
    "empty_rows": "every length to be at least 1",
}


@pytest.mark.parametrize("option", list(REFUSED))
def test_refusal_names_the_reason(option: str) -> None:
    reason = Aten().refuses(random_call("lstm", OPTIONS[option]))
    assert reason is not None
    assert REFUSED[option] in reason


@pytest.mark.parametrize(("steps", "batch"), [(0, 2), (2, 0)])
def test_nothing_to_do_is_refused(steps: int, batch: int) -> None:
    reason = Aten().refuses(random_call("gru", T=steps, B=batch))
    assert reason is not None
    assert "at least one step" in reason


def test_unknown_cell_is_refused() -> None:
    call = random_call("gru")
    spec = CELLS["gru"]
    other = replace(call, spec=CellSpec("mine", spec.gates, spec.state, spec.step))
    reason = Aten().refuses(other)
    assert reason is not None
    assert "no kernel for the cell 'mine'" in reason
    assert recurrence(other).output.shape == (5, 3, 4)


def test_projection_is_quiet_and_draws_nothing() -> None:
    code = (
        "import torch, elman; torch.manual_seed(0); torch.randn(1)\n"
        "layer = elman.nn.LSTM(3, 4, proj_size=2)\n"
        "x = torch.randn(5, 2, 3); before = torch.get_rng_state()\n"
        "layer(x); assert torch.equal(before, torch.get_rng_state())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
