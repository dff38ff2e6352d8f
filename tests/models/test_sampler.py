"""The sampler draws what its options say, tested against exact distributions."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from elman._errors import ConfigError, RunError, ShapeError
from elman.models.sampler import Sampler

LOGITS = torch.tensor([0.3, 2.0, -1.0, 0.9, 0.0, -3.0, 1.4])
DRAWS = 20_000


def frequencies(sampler: Sampler, logits: Tensor = LOGITS) -> Tensor:
    picked = sampler.pick(logits.expand(DRAWS, -1))
    return torch.bincount(picked, minlength=logits.numel()).double()


def check_chi_square(counts: Tensor, probs: Tensor) -> None:
    """Fail where the draws would surprise once in 10,000 runs; impossible tokens never come."""
    possible = probs > 0
    assert counts[~possible].sum() == 0
    expected = probs[possible].double() * counts.sum()
    chi = ((counts[possible] - expected) ** 2 / expected).sum()
    half = torch.tensor((int(possible.sum()) - 1) / 2, dtype=torch.float64)
    if half > 0:
        assert torch.special.gammaincc(half, chi / 2) > 1e-4, chi


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_temperature(temperature: float) -> None:
    counts = frequencies(Sampler(temperature, seed=1))
    check_chi_square(counts, (LOGITS / temperature).softmax(0))


@pytest.mark.parametrize("top_k", [1, 2, 3, 7, 100])
def test_top_k_keeps_the_likeliest(top_k: int) -> None:
    kept = LOGITS.sort(descending=True).values[min(top_k, 7) - 1] <= LOGITS
    probs = LOGITS.masked_fill(~kept, -math.inf).softmax(0)
    check_chi_square(frequencies(Sampler(top_k=top_k, seed=2)), probs)


@pytest.mark.parametrize("top_p", [1e-9, 0.2, 0.5, 0.75, 0.93, 0.999, 1.0])
def test_top_p_keeps_the_fewest_that_reach_it(top_p: float) -> None:
    probs = LOGITS.softmax(0)
    order = probs.argsort(descending=True).tolist()
    kept, reached = [], 0.0
    while reached < top_p and len(kept) < 7:
        kept.append(order[len(kept)])
        reached += float(probs[kept[-1]])
    nucleus = torch.zeros(7)
    nucleus[kept] = probs[kept]
    check_chi_square(frequencies(Sampler(top_p=top_p, seed=3)), nucleus / nucleus.sum())


def test_all_options_together_act_in_order() -> None:
    allowed = (LOGITS / 0.7).clone()
    allowed[1] = -math.inf  # the likeliest may not come
    kept = allowed.topk(4).indices
    probs = torch.zeros(7)
    probs[kept] = allowed[kept].softmax(0)
    probs[kept[-1]] = 0.0  # 6, 3, 0 reach 0.9 already
    assert probs[kept[:2]].sum() < 0.9 < probs.sum()
    sampler = Sampler(0.7, top_k=4, top_p=0.9, seed=4, never=[1])
    check_chi_square(frequencies(sampler), probs / probs.sum())


def test_ties_in_the_nucleus_keep_at_least_one() -> None:
    counts = frequencies(Sampler(top_p=0.5, seed=5), torch.zeros(4))
    assert counts.tolist() == pytest.approx([DRAWS / 2, DRAWS / 2, 0, 0], rel=0.1)


def test_greedy_takes_the_likeliest_and_the_first_of_ties() -> None:
    sampler = Sampler(temperature=0)
    assert sampler.pick(torch.stack([LOGITS, -LOGITS])).tolist() == [1, 5]
    assert sampler.pick(torch.tensor([[0.0, 1.0, 1.0]])).tolist() == [1]
    assert Sampler(temperature=0, never=[1]).pick(LOGITS.unsqueeze(0)).tolist() == [6]


def test_the_coldest_temperature_is_greedy_and_finite() -> None:
    logits = torch.tensor([[1e30, 3.0, 1e30 * 1.01]])
    assert Sampler(1e-300, seed=0).pick(logits).tolist() == [2]


def test_rows_are_drawn_each_from_its_own() -> None:
    logits = torch.full((5, 9), -math.inf)
    logits[torch.arange(5), torch.tensor([3, 1, 8, 0, 3])] = 0.5
    for sampler in (Sampler(seed=0), Sampler(seed=0, top_k=2), Sampler(seed=0, top_p=0.5)):
        assert sampler.pick(logits).tolist() == [3, 1, 8, 0, 3]


def test_a_seed_repeats_and_another_differs() -> None:
    first, again, other = (Sampler(seed=s).pick(LOGITS.expand(64, -1)) for s in (7, 7, 8))
    assert torch.equal(first, again) and not torch.equal(first, other)
    unseeded = (Sampler().pick(LOGITS.expand(64, -1)) for _ in range(2))
    assert not torch.equal(*unseeded)


def test_global_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    Sampler(seed=1).pick(LOGITS.unsqueeze(0))
    Sampler().pick(LOGITS.unsqueeze(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_half_precision_and_a_caller_s_logits_stay_as_they_are() -> None:
    logits = LOGITS.bfloat16().unsqueeze(0)
    before = logits.clone()
    Sampler(0.5, top_k=3, top_p=0.9, seed=0, never=[1]).pick(logits)
    assert torch.equal(logits, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1.0}, "temperature: expected a number of at least 0, got -1.0"),
        ({"temperature": math.nan}, "temperature: expected a number"),
        ({"top_k": 0}, "top_k: expected at least 1, got 0"),
        ({"top_p": 0.0}, "top_p: expected a number above 0 and up to 1, got 0.0"),
        ({"top_p": 1.5}, "top_p: expected"),
        ({"seed": -1}, "seed: expected 0"),
        ({"never": [-1]}, "never: expected token ids"),
    ],
)
def test_options_out_of_range(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Sampler(**options)


def test_bad_logits() -> None:
    with pytest.raises(ShapeError, match=r"expected \(B, V\), got \(7,\)"):
        Sampler().pick(LOGITS)
    for bad in (math.nan, math.inf):
        damaged = LOGITS.clone()
        damaged[3] = bad
        with pytest.raises(RunError, match="logits are not finite"):
            Sampler().pick(damaged.unsqueeze(0))
    with pytest.raises(RunError, match="logits are not finite"):
        Sampler().pick(torch.full((1, 3), -math.inf))
    with pytest.raises(ShapeError, match="leaves nothing to draw from"):
        Sampler(never=[0, 1, 2]).pick(torch.zeros(1, 3))
    with pytest.raises(ShapeError, match="beyond, the 3 tokens"):
        Sampler(never=[3]).pick(torch.zeros(1, 3))
