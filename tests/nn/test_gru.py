from __future__ import annotations

import torch

from elman import nn


def test_positional_arguments_are_torchs() -> None:
    given = (3, 4, 2, False, True, 0.5, True)
    layer, theirs = nn.GRU(*given), torch.nn.GRU(*given)
    assert repr(layer) == repr(theirs)
    layer.load_state_dict(theirs.state_dict())


def test_gates_are_packed_r_z_n_and_z_keeps() -> None:
    cell = nn.GRUCell(1, 1)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih.copy_(torch.tensor([0.0, 50.0, 50.0]))
    h = torch.full((1, 1), 0.7)
    assert torch.equal(cell(torch.zeros(1, 1), h), h)
    with torch.no_grad():
        cell.bias_ih[1] = -50.0
    assert torch.equal(cell(torch.zeros(1, 1), h), torch.ones(1, 1))


def test_reset_acts_after_the_product() -> None:
    cell = nn.GRUCell(1, 1)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih.copy_(torch.tensor([-50.0, -50.0, 0.0]))  # r = 0, z = 0
        cell.bias_hh[2] = 5.0  # before the product this bias would stay
    assert cell(torch.zeros(1, 1), torch.ones(1, 1)).item() < 1e-9
