"""The CRF is what it says it is: compared with the enumeration of every tagging."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from elman._errors import ConfigError, DataError, DtypeError, ShapeError
from elman.nn.crf import CRF, log_partition, log_partition_reference, mixing_steps

BIO = torch.tensor(  # O, B, I: I never after O
    [[True, True, False], [True, True, True], [True, True, True]]
)
NOT_I = torch.tensor([True, True, False])


def random_crf(tags: int, seed: int = 0, scale: float = 1.0, **options: object) -> CRF:
    generator = torch.Generator().manual_seed(seed)
    crf = CRF(tags, **options).double()  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(
                torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * scale
            )
    return crf


def random_emissions(*shape: int, seed: int = 1, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64) * scale


def taggings(crf: CRF, emissions: Tensor) -> Iterator[tuple[tuple[int, ...], Tensor]]:
    """Yield every allowed tagging of one row ``(T, K)`` and its score, summed term by term."""
    steps, tags = emissions.shape
    for path in itertools.product(range(tags), repeat=steps):
        moves = list(itertools.pairwise(path))
        if crf.allowed_start is not None and not crf.allowed_start[path[0]]:
            continue
        if crf.allowed_end is not None and not crf.allowed_end[path[-1]]:
            continue
        if crf.allowed is not None and not all(crf.allowed[i, j] for i, j in moves):
            continue
        score = crf.start[path[0]] + crf.end[path[-1]]
        score = score + sum(emissions[t, k] for t, k in enumerate(path))
        yield path, score + sum(crf.transitions[i, j] for i, j in moves)


CASES = [
    pytest.param(random_crf(3), id="free"),
    pytest.param(random_crf(1), id="one tag"),
    pytest.param(random_crf(3, allowed=BIO, allowed_start=NOT_I), id="bio"),
    pytest.param(random_crf(3, allowed=BIO, allowed_end=NOT_I), id="end"),
    pytest.param(random_crf(4, allowed=torch.ones(4, 4).triu().bool()), id="left to right"),
    pytest.param(random_crf(3, scale=30), id="sharp"),
    pytest.param(random_crf(3, scale=300), id="beyond the fast way"),
]


@pytest.mark.parametrize("crf", CASES)
@pytest.mark.parametrize("sizes", [[4, 1, 3, 2], [5, 5, 5, 5]])
def test_everything_equals_enumeration(crf: CRF, sizes: list[int]) -> None:
    scale = float(crf.transitions.detach().abs().max().clamp(min=1))
    emissions = random_emissions(5, 4, crf.num_tags, scale=scale / 2)
    partition = crf.log_partition(emissions, sizes)
    marginals = crf.marginals(emissions, sizes)
    decoded = crf.decode(emissions, sizes)
    for row, size in enumerate(sizes):
        every = list(taggings(crf, emissions[:size, row]))
        scores = torch.stack([score for _, score in every])
        torch.testing.assert_close(partition[row], scores.logsumexp(0), rtol=1e-12, atol=1e-10)
        expected = torch.zeros(5, crf.num_tags, dtype=torch.float64)
        for (path, _), p in zip(every, scores.softmax(0), strict=True):
            expected[range(size), path] += p.detach()
        torch.testing.assert_close(marginals[:, row], expected, rtol=0, atol=1e-10)
        best = int(scores.argmax())
        assert decoded.tags[:size, row].tolist() == list(every[best][0])
        assert not decoded.tags[size:, row].any()
        torch.testing.assert_close(decoded.score[row], scores[best].detach())
        tags = torch.zeros(5, 4, dtype=torch.int64)
        for path, score in every[:: max(1, len(every) // 7)]:
            tags[:size, row] = torch.tensor(path)
            torch.testing.assert_close(crf.score(emissions, tags, sizes)[row], score)
            torch.testing.assert_close(
                crf(emissions, tags, sizes)[row], score - scores.logsumexp(0), atol=1e-9, rtol=1e-9
            )


@pytest.mark.parametrize("options", [{}, {"allowed": BIO, "allowed_start": NOT_I}])
def test_gradients(options: dict[str, Tensor]) -> None:
    crf = random_crf(3, **options)
    emissions = random_emissions(4, 3, 3).requires_grad_()
    tags = torch.tensor([[0, 1, 2, 2], [1, 0, 0, 0], [1, 2, 0, 0]]).T
    sizes = torch.tensor([4, 1, 3])
    parameters = (crf.transitions, crf.start, crf.end)

    def value(emissions: Tensor, *_: Tensor) -> Tensor:
        return crf(emissions, tags, sizes)  # type: ignore[no-any-return]

    assert torch.autograd.gradcheck(value, (emissions, *parameters))


@pytest.mark.parametrize("mixing", [1, None])
def test_fast_way_equals_reference(mixing: int | None) -> None:
    """Value and every gradient, with upstream gradients that differ from row to row."""
    results = []
    for way in (log_partition, log_partition_reference):
        given = [random_emissions(9, 5, 4, scale=3), *random_crf(4).parameters()]
        leaves = [tensor.detach().clone().requires_grad_() for tensor in given]
        options = {"mixing": mixing} if way is log_partition else {}
        found = way(*leaves, torch.tensor([9, 1, 2, 8, 9]), **options)
        found.backward(torch.tensor([1.0, -2.0, 0.5, 3.0, 0.0], dtype=torch.float64))
        results.append([found.detach(), *(leaf.grad for leaf in leaves)])
    for fast, slow in zip(*results, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-11, atol=1e-11)


def test_fast_way_is_used_and_the_reference_where_it_must_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used = []
    monkeypatch.setattr(
        "elman.nn.crf.log_partition_reference",
        lambda *args: used.append(1) or log_partition_reference(*args),
    )
    emissions = random_emissions(30, 2, 3)
    crf = random_crf(3, allowed=BIO)
    crf.log_partition(emissions)
    assert not used
    crf.log_partition(emissions * 200)
    assert len(used) == 1
    narrow = random_crf(3, allowed=torch.ones(3, 3).triu().bool())
    narrow.log_partition(emissions * 20)  # a tag may be ever further behind
    assert len(used) == 2


def test_float32_keeps_its_precision_over_long_rows() -> None:
    crf = random_crf(5)
    emissions = random_emissions(2000, 2, 5, scale=4)
    exact = crf.log_partition(emissions)
    found = crf.float().log_partition(emissions.float())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), exact, rtol=1e-6, atol=0)


@pytest.mark.parametrize("filler", [0.0, 1e9, float("nan"), float("inf")])
def test_padding_changes_nothing(filler: float) -> None:
    crf = random_crf(3)
    sizes = [4, 2]
    emissions = random_emissions(4, 2, 3)
    tags = torch.tensor([[0, 1, 2, 1], [2, 0, 99, -100]]).T
    padded = torch.cat([emissions, torch.zeros(3, 2, 3)])
    for row, size in enumerate(sizes):
        padded[size:, row] = filler
    padded.requires_grad_()
    longer = torch.cat([tags, torch.full((3, 2), -100)])
    found = crf(padded, longer, sizes)
    for row, size in enumerate(sizes):
        alone = crf(emissions[:size, row : row + 1], tags[:size, row : row + 1])
        torch.testing.assert_close(found[row], alone[0], rtol=0, atol=1e-12)
    found.sum().backward()
    assert padded.grad is not None and bool(padded.grad.isfinite().all())
    assert not padded.grad[2:, 1].any()
    for row, size in enumerate(sizes):
        alone_tags = crf.decode(emissions[:size, row : row + 1]).tags[:, 0]
        assert torch.equal(crf.decode(padded, sizes).tags[:size, row], alone_tags)


def test_equal_scores_go_to_the_lowest_tags_from_the_end() -> None:
    crf = random_crf(2)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.zero_()
    assert crf.decode(torch.zeros(3, 1, 2).double()).tags[:, 0].tolist() == [0, 0, 0]
    # 0-1 and 1-0 have the same score: the one that ends lower wins.
    emissions = torch.tensor([[[0.0, 0.0]], [[0.0, 0.0]]]).double()
    with torch.no_grad():
        crf.transitions.copy_(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    assert crf.decode(emissions).tags[:, 0].tolist() == [1, 0]


def test_batch_first_is_the_same_turned() -> None:
    crf, turned = random_crf(3), random_crf(3, batch_first=True)
    emissions, tags = random_emissions(5, 2, 3), torch.randint(0, 3, (5, 2))
    sizes = [5, 3]
    torch.testing.assert_close(
        crf(emissions, tags, sizes), turned(emissions.transpose(0, 1), tags.T, sizes)
    )
    decoded = turned.decode(emissions.transpose(0, 1), sizes)
    assert torch.equal(decoded.tags.T, crf.decode(emissions, sizes).tags)
    torch.testing.assert_close(
        turned.marginals(emissions.transpose(0, 1), sizes).transpose(0, 1),
        crf.marginals(emissions, sizes),
    )


def test_under_autocast_it_works_in_its_own_precision() -> None:
    crf = CRF(3)
    emissions = torch.randn(5, 2, 3).bfloat16()
    assert crf.log_partition(emissions).dtype == torch.float32


def test_inference_mode_gives_the_same_marginals() -> None:
    crf, emissions = random_crf(3), random_emissions(4, 2, 3)
    with torch.inference_mode():
        found = crf.marginals(emissions * 1, [4, 2])
    assert torch.equal(found, crf.marginals(emissions, [4, 2]))


def test_an_empty_batch() -> None:
    crf = CRF(3)
    assert crf.log_partition(torch.zeros(4, 0, 3)).shape == (0,)
    assert crf.decode(torch.zeros(4, 0, 3)).tags.shape == (4, 0)


def test_a_forbidden_tagging_has_no_probability() -> None:
    crf = random_crf(3, allowed=BIO)
    found = crf(random_emissions(2, 1, 3), torch.tensor([[0], [2]]))
    assert float(found.detach()) < -1e5


def test_mixing_steps() -> None:
    assert mixing_steps(BIO) == 2
    assert mixing_steps(torch.ones(3, 3).triu().bool()) is None
    ring = torch.eye(3).roll(1, 1).bool()
    assert mixing_steps(ring) is None  # always one and the same tag
    ring[0, 0] = True
    assert mixing_steps(ring) == 4


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: CRF(0), ConfigError, "num_tags: expected at least 1"),
        (
            lambda: CRF(2, allowed=torch.ones(2, 3, dtype=torch.bool)),
            ShapeError,
            r"allowed: expected \(K=2, to=2\)",
        ),
        (lambda: CRF(2, allowed=torch.ones(2, 2)), DtypeError, "allowed: expected torch.bool"),
        (
            lambda: CRF(2, allowed=torch.tensor([[True, True], [False, False]])),
            ConfigError,
            "no tag is allowed after tag 1",
        ),
        (
            lambda: CRF(2, allowed_start=torch.zeros(2, dtype=torch.bool)),
            ConfigError,
            "allowed_start: no tag is allowed",
        ),
        (lambda: CRF(2).decode(torch.zeros(3, 1, 4)), ShapeError, "emissions: expected"),
        (lambda: CRF(2).decode(torch.zeros(3, 1, 2).long()), DtypeError, "floating point"),
        (lambda: CRF(2).decode(torch.zeros(3, 1, 2), [4]), DataError, "expected 1 to T=3, got 4"),
        (lambda: CRF(2).decode(torch.zeros(3, 1, 2), [0]), DataError, "got 0"),
        (
            lambda: CRF(2)(torch.zeros(3, 1, 2), torch.zeros(2, 1).long()),
            ShapeError,
            "tags: expected",
        ),
    ],
)
def test_bad_input(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()  # type: ignore[operator]


def test_printed() -> None:
    assert str(CRF(3, allowed=BIO, batch_first=True)) == "CRF(3, batch_first=True, forbidden=1)"
