from __future__ import annotations

import pytest

from tests.ops.calls import OPTIONS, random_call


@pytest.mark.parametrize("options", list(OPTIONS))
def test_a_call_knows_its_options(options: str) -> None:
    call = random_call("lstm", OPTIONS[options])
    assert call.zoned == any("zoneout" in name for name in OPTIONS[options])
    assert call.normed == ("layer_norm" in OPTIONS[options])
