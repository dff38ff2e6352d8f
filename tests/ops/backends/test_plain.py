from __future__ import annotations

import pytest
import torch

from elman.ops import CELLS, reference
from elman.ops.backends.plain import Reference
from tests.ops.calls import OPTIONS, random_call


@pytest.mark.parametrize("cell", list(CELLS))
def test_it_is_the_reference_loop(cell: str) -> None:
    for options in OPTIONS.values():
        call = random_call(cell, options)
        assert Reference().refuses(call) is None
        expected = reference.run(call)
        assert torch.equal(Reference().run(call).output, expected.output)
        result, trace = Reference().trace(call)
        assert torch.equal(result.output, expected.output)
        assert list(trace.gates) == list(call.spec.gates)
        assert list(trace.states) == list(call.spec.state)
