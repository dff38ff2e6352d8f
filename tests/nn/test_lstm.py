from __future__ import annotations

import inspect

import torch

from elman import nn


def test_positional_arguments_are_torchs() -> None:
    given = (3, 4, 2, False, True, 0.5, True, 2)
    layer, theirs = nn.LSTM(*given), torch.nn.LSTM(*given)
    assert repr(layer) == repr(theirs)
    layer.load_state_dict(theirs.state_dict())


def test_options_beyond_torch_are_keywords() -> None:
    kinds = {p.name: p.kind for p in inspect.signature(nn.LSTM).parameters.values()}
    for name in ("layer_norm", "zoneout", "recurrent_dropout", "weight_drop", "forget_bias"):
        assert kinds[name] is inspect.Parameter.KEYWORD_ONLY


def test_gates_are_packed_i_f_g_o() -> None:
    cell = nn.LSTMCell(1, 1)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih.copy_(torch.tensor([-50.0, 50.0, 50.0, -50.0]))  # shut, keep, any, hide
    h, c = cell(torch.zeros(1, 1), (torch.zeros(1, 1), torch.full((1, 1), 0.7)))
    assert torch.equal(c, torch.full((1, 1), 0.7))
    assert h.item() < 1e-9


def test_learns_to_add() -> None:
    """The adding problem: two of ten numbers are marked, say their sum (guessing 1: 0.167)."""
    torch.manual_seed(1)
    layer = nn.LSTM(2, 32, forget_bias=1.0)
    head = torch.nn.Linear(32, 1)
    optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.01)
    rows = torch.arange(64)
    losses = []
    for _ in range(500):
        values = torch.rand(10, 64)
        marks = torch.zeros(10, 64)
        marks[torch.randint(0, 5, (64,)), rows] = 1.0
        marks[torch.randint(5, 10, (64,)), rows] = 1.0
        output, _ = layer(torch.stack([values, marks], -1))
        loss = torch.nn.functional.mse_loss(head(output[-1]).squeeze(1), (values * marks).sum(0))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-20:]) / 20 < 0.005
