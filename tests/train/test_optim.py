"""Groups, clipping over dense and sparse gradients, and the trigger of NT-ASGD."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from elman.train import TrainConfig
from elman.train.optim import NonMonotonic, clip_gradients, make_optimizers, parameter_groups


def test_each_parameter_learns_in_one_group():
    model = nn.Sequential(nn.Embedding(5, 3, sparse=True), nn.LSTM(3, 4), nn.Linear(4, 5))
    model[2].bias.requires_grad_(False)
    groups = parameter_groups(model)
    grouped = [p for group in groups for p in group]
    assert {id(p) for p in grouped} == {id(p) for p in model.parameters() if p.requires_grad}
    assert len(grouped) == len({id(p) for p in grouped})
    assert all(p.dim() >= 2 for p in groups.decayed) and all(p.dim() == 1 for p in groups.plain)
    assert [tuple(p.shape) for p in groups.sparse] == [(5, 3)]


def test_a_tied_sparse_embedding_is_dense():
    model = nn.Sequential(nn.Embedding(5, 3, sparse=True), nn.Linear(3, 5))
    model[1].weight = model[0].weight
    groups = parameter_groups(model)
    assert groups.sparse == [] and len(groups.decayed) == 1


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "nt-asgd"])
def test_only_matrices_decay(optimizer):
    """With a zero gradient what moves is what decays."""
    model = nn.Linear(3, 3)
    nn.init.ones_(model.bias)
    before = model.weight.detach().clone()
    config = TrainConfig(optimizer=optimizer, lr=0.1, weight_decay=0.5)
    for optimizer_ in make_optimizers(parameter_groups(model), config):
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        optimizer_.step()
    torch.testing.assert_close(model.weight.detach(), before * 0.95)
    assert model.bias.tolist() == [1, 1, 1]


def random_gradients(scale):
    torch.manual_seed(3)
    shapes = [(4, 5), (7,), (2, 3, 4), ()]
    parameters = [nn.Parameter(torch.zeros(shape)) for shape in shapes]
    for p in parameters:
        p.grad = torch.randn_like(p) * scale
    return parameters


@pytest.mark.parametrize("scale", [1e-6, 0.01, 1.0, 1e6])
@pytest.mark.parametrize("max_norm", [0.25, 5.0])
def test_clip_has_the_bits_of_torch(scale, max_norm):
    ours, theirs = random_gradients(scale), random_gradients(scale)
    norm = clip_gradients(ours, max_norm)
    assert torch.equal(norm, nn.utils.clip_grad_norm_(theirs, max_norm))
    for p, q in zip(ours, theirs, strict=True):
        assert torch.equal(p.grad, q.grad)


def test_zero_measures_only():
    ours, same = random_gradients(1.0), random_gradients(1.0)
    assert torch.equal(clip_gradients(ours, 0.0), nn.utils.clip_grad_norm_(same, 1e9))
    assert all(torch.equal(p.grad, q.grad) for p, q in zip(ours, same, strict=True))


@pytest.mark.parametrize("accumulated", [1, 3])
def test_sparse_gradients_clip_as_dense_ones(accumulated):
    """Rows that occur twice, in a batch or over batches, count once with their sum."""
    grads, norms = [], []
    for sparse in (True, False):
        torch.manual_seed(5)
        embedding, linear = nn.Embedding(6, 3, sparse=sparse), nn.Linear(3, 2)
        for _ in range(accumulated):
            linear(embedding(torch.tensor([1, 1, 4, 1]))).square().sum().backward()
        norms.append(clip_gradients([*embedding.parameters(), *linear.parameters()], 0.1))
        grad = embedding.weight.grad
        assert grad.is_sparse == sparse
        grads.append([grad.to_dense() if sparse else grad, linear.weight.grad])
    torch.testing.assert_close(norms[0], norms[1])
    torch.testing.assert_close(grads[0], grads[1])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("sparse", [True, False])
def test_norm_tells_a_nonfinite_gradient(bad, sparse):
    embedding = nn.Embedding(6, 3, sparse=sparse)
    (embedding(torch.tensor([2])) * bad).sum().backward()
    assert not torch.isfinite(clip_gradients(list(embedding.parameters()), 1.0))


def test_no_gradient_has_norm_zero():
    assert clip_gradients([nn.Parameter(torch.ones(2))], 1.0).item() == 0.0


def test_sparse_optimizer_leaves_other_rows_alone():
    """SparseAdam beside AdamW: after many steps the rows that never occurred have their bits."""
    embedding = nn.Embedding(6, 3, sparse=True)
    before = embedding.weight.detach().clone()
    optimizers = make_optimizers(parameter_groups(embedding), TrainConfig())
    assert [type(o).__name__ for o in optimizers] == ["SparseAdam"]
    for _ in range(5):
        embedding(torch.tensor([0, 2, 2])).square().sum().backward()
        optimizers[0].step()
        optimizers[0].zero_grad()
    assert (embedding.weight != before).any(1).tolist() == [True, False, True] + [False] * 3


def test_trigger_by_the_papers_algorithm():
    """Written from the algorithm, with its own counters; 200 random series of losses."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        n = int(torch.randint(1, 6, (), generator=generator))
        series = torch.rand(15, generator=generator).tolist()
        trigger, logs = NonMonotonic(n), []
        for t, v in enumerate(series):
            expected = t > n and v > min(logs[: t - n])
            assert trigger.validated(v) == expected
            logs.append(v)
