from __future__ import annotations

import pytest

from elman.bench import options
from elman.bench.plan import CELLS, Plan
from elman.bench.rivals import Rivals
from elman.bench.targets import OPTIONS

SHAPE = (3, 6, 4, 5)


@pytest.mark.parametrize("cell", CELLS)
def test_every_option_has_a_row(plan: Plan, cell: str) -> None:
    trained = options.measure(plan, cell, SHAPE, "train")
    inferred = options.measure(plan, cell, SHAPE, "infer")
    assert [row.facts["option"] for row in trained] == list(OPTIONS)
    assert [row.facts["option"] for row in inferred] == [
        option for option in OPTIONS if option != "recurrent_dropout"
    ]
    for row in (*trained, *inferred):
        own, plain = row.contenders
        (ratio,) = row.comparisons
        assert ratio.value == pytest.approx(own.median / plain.median)
        assert (ratio.target, ratio.sense) == (OPTIONS[row.facts["option"]], "at most")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("option", OPTIONS)
def test_the_twins_draw_the_same_masks(cell: str, option: str) -> None:
    layer = options.OptionLayer(cell, SHAPE, option)
    own, reference = layer.errors("train")
    assert 0 < own < 1e-3  # with other masks it would be about 1
    assert own < 50 * reference + 1e-6


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_changes_what_is_computed(option: str) -> None:
    plain = options.OptionLayer("gru", SHAPE, "").run("train")()
    other = options.OptionLayer("gru", SHAPE, option).run("train")()
    same = all((a == b).all() for a, b in zip(plain[1:], other[1:], strict=False))
    assert same == (option == "trace")


def test_cases_are_cells_and_modes(plan: Plan) -> None:
    labels = [case.label for case in options.cases(plan, Rivals())]
    assert labels == ["gru train options", "gru infer options"]
