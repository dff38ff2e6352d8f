"""The body of tied strands is equivariant at any depth."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from elman.models.config import BodyConfig
from elman.models.dna_body import StrandBody
from elman.nn.reverse_complement import reverse_complement


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_it_is_equivariant(cell: Any, layers: int, bidirectional: bool) -> None:
    torch.manual_seed(0)
    config = BodyConfig(cell=cell, hidden_size=5, num_layers=layers, layer_norm=cell != "rnn")
    body = StrandBody(6, config, bidirectional=bidirectional).double().eval()
    x, lengths = torch.randn(9, 3, 6).double(), torch.tensor([9, 4, 1])
    output = body(x, lengths=lengths).output
    assert output.shape[2] == body.output_size == (20 if bidirectional else 10)
    turned = body(reverse_complement(x, lengths), lengths=lengths).output
    torch.testing.assert_close(turned, reverse_complement(output, lengths), rtol=0, atol=1e-12)
    assert len(body(x).state) == layers


def test_weights_start_as_in_every_body() -> None:
    body = StrandBody(4, BodyConfig(hidden_size=8, init="orthogonal", forget_bias=None))
    weight = dict(body.named_parameters())["layers.layers.0.layer.weight_hh_l0"][:8]
    torch.testing.assert_close(weight @ weight.T, torch.eye(8), rtol=0, atol=1e-5)
