"""An encoder's last state, layer by layer, as a decoder's first."""

from __future__ import annotations

import pytest
import torch

from elman.models.bridge import Bridge, tensors_of


def state(tensors: int, layers: int) -> tuple:
    """States of both directions, ``(2, 5, 3)`` each."""
    made = [torch.randn(2, 5, 3) for _ in range(tensors * layers)]
    if tensors == 1:
        return tuple(made)
    return tuple(tuple(made[k * tensors : (k + 1) * tensors]) for k in range(layers))


@pytest.mark.parametrize("tensors", [1, 2])
def test_each_layer_crosses_by_itself(tensors: int) -> None:
    bridge, states = Bridge(6, 4, 2, tensors), state(tensors, 2)
    first = bridge(states)
    for k in range(2):
        for j, (before, after) in enumerate(
            zip(tensors_of(states[k]), tensors_of(first[k]), strict=True)
        ):
            both = torch.cat([before[0], before[1]], 1)  # forwards, backwards
            expected = bridge.maps[k][j](both)
            torch.testing.assert_close(after[0], expected if j else expected.tanh())


def test_layers_that_the_encoder_lacks_start_from_its_last() -> None:
    bridge = Bridge(6, 4, 3, 1)
    with torch.no_grad():
        bridge.maps[2].load_state_dict(bridge.maps[1].state_dict())
    first = bridge(state(1, 2))
    torch.testing.assert_close(first[1], first[2])
    assert not torch.equal(first[0], first[1])


def test_an_lstms_cell_has_no_bounds_and_what_is_bounded_stays_so() -> None:
    bridge = Bridge(6, 4, 1, 2)
    with torch.no_grad():
        for parameter in bridge.parameters():
            parameter.mul_(50)
    ((h, c),) = bridge(state(2, 1))
    assert h.abs().max() <= 1 < c.abs().max()


def test_the_tensors_of_a_layer() -> None:
    one, two = torch.zeros(1), (torch.zeros(1), torch.zeros(2))
    assert tensors_of(one) == (one,) and tensors_of(two) == two
