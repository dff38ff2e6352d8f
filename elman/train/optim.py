"""Optimisers: which parameters decay, which are sparse, and when averaging begins.

The update rules are torch's. Ours are the groups, the clip over dense and sparse gradients
alike, and the trigger of NT-ASGD.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from elman.train.config import TrainConfig

__all__ = ["Groups", "NonMonotonic", "clip_gradients", "make_optimizers", "parameter_groups"]


class Groups(NamedTuple):
    """The parameters that learn, each in exactly one group."""

    decayed: list[nn.Parameter]
    """Two or more dimensions: the matrices."""
    plain: list[nn.Parameter]
    """Biases, gains and other vectors: weight decay would only bias them."""
    sparse: list[nn.Parameter]
    """Embeddings whose gradient has rows only for the tokens that occurred."""


def parameter_groups(model: nn.Module) -> Groups:
    """Sort a model's parameters; a frozen one is in no group.

    A parameter is sparse if every module that holds it says ``sparse = True``, as
    `torch.nn.Embedding` does. One that is also a dense layer's (tied weights) is not: its
    gradient has all rows.

    Example:
        >>> from elman.train.optim import parameter_groups
        >>> embedding = torch.nn.Embedding(9, 4, sparse=True)
        >>> model = torch.nn.Sequential(embedding, torch.nn.Linear(4, 2))
        >>> [[tuple(p.shape) for p in group] for group in parameter_groups(model)]
        [[(2, 4)], [(2,)], [(9, 4)]]
    """
    is_sparse: dict[nn.Parameter, bool] = {}
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            claim = getattr(module, "sparse", False) is True
            is_sparse[parameter] = is_sparse.get(parameter, True) and claim
    groups = Groups([], [], [])
    for parameter in model.parameters():
        if parameter.requires_grad:
            by_shape = groups.decayed if parameter.dim() >= 2 else groups.plain
            (groups.sparse if is_sparse[parameter] else by_shape).append(parameter)
    return groups


def make_optimizers(groups: Groups, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Return the optimisers of a training: one for dense parameters, one for sparse ones.

    Sparse parameters get `SparseAdam` beside AdamW, and plain SGD beside SGD and NT-ASGD: their
    untouched rows get neither momentum nor decay.
    """
    made: list[torch.optim.Optimizer] = []
    dense = [
        {"params": groups.decayed, "weight_decay": config.weight_decay},
        {"params": groups.plain, "weight_decay": 0.0},
    ]
    dense = [group for group in dense if group["params"]]
    if dense and config.optimizer == "adamw":
        # one kernel over all parameters: on small models the step costs a quarter
        fused = all(p.device.type in {"cpu", "cuda"} for g in dense for p in of(g))
        made.append(torch.optim.AdamW(dense, lr=config.lr, betas=config.betas, fused=fused))
    elif dense:
        made.append(torch.optim.SGD(dense, lr=config.lr, momentum=config.momentum))
    if groups.sparse and config.optimizer == "adamw":
        made.append(torch.optim.SparseAdam(groups.sparse, lr=config.lr, betas=config.betas))
    elif groups.sparse:
        made.append(torch.optim.SGD(groups.sparse, lr=config.lr))
    return made


def of(group: dict[str, Any]) -> list[nn.Parameter]:
    """Return a group's parameters, typed."""
    params: list[nn.Parameter] = group["params"]
    return params


@torch.no_grad()
def clip_gradients(parameters: Sequence[nn.Parameter], max_norm: float) -> Tensor:
    """Scale all gradients together so that their Euclidean norm is at most ``max_norm``.

    Equal to `torch.nn.utils.clip_grad_norm_` on dense gradients, and takes sparse ones, whose
    doubled rows are summed first. Does not wait for the device.

    Args:
        parameters: Those without a gradient are passed over.
        max_norm: 0 measures only.

    Returns:
        The norm before clipping, a scalar tensor; not finite if any gradient is not. One above
        about 1e19 in float32 counts as not finite, since its square is.

    Example:
        >>> from elman.train.optim import clip_gradients
        >>> weight = torch.nn.Parameter(torch.zeros(2))
        >>> weight.grad = torch.tensor([3.0, 4.0])
        >>> clip_gradients([weight], 1.0), weight.grad
        (tensor(5.), tensor([0.6000, 0.8000]))
    """
    values: list[Tensor] = []
    for parameter in parameters:
        grad = parameter.grad
        if grad is None:
            continue
        if grad.is_sparse:
            grad = parameter.grad = grad.coalesce()
            grad = grad._values()  # a view, so that scaling it scales the gradient
        values.append(grad)
    norm = get_total_norm(values)
    if max_norm > 0 and values:
        torch._foreach_mul_(values, torch.clamp(max_norm / (norm + 1e-6), max=1.0))
    return norm


class NonMonotonic:
    r"""The trigger of NT-ASGD: has validation stopped getting better?

    Averaging begins after validation ``t`` if :math:`v_t > \min(v_0, \dots, v_{t-n-1})` and
    ``t > n``: ``n`` validations brought nothing. It then never ends.

    Args:
        interval: ``n``, the validations without gain that are borne.

    Source:
        Merity, Keskar & Socher 2018, algorithm 1, arXiv:1708.02182.

    Example:
        >>> from elman.train.optim import NonMonotonic
        >>> trigger = NonMonotonic(interval=2)
        >>> [trigger.validated(nats) for nats in (3.0, 2.0, 2.5, 2.4, 2.1)]
        [False, False, False, False, True]
    """

    def __init__(self, interval: int) -> None:
        self.interval = interval
        self.seen: list[float] = []

    def validated(self, nats: float) -> bool:
        """Hear of a validation and say whether averaging begins."""
        earlier = self.seen[: -self.interval]
        self.seen.append(nats)
        return bool(earlier) and nats > min(earlier)

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes, for a checkpoint."""
        return {"seen": self.seen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a checkpoint's values."""
        self.seen = list(state["seen"])
