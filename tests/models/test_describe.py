"""The table names every parameter once and its sums are right."""

from __future__ import annotations

from torch import nn

from elman.models.describe import describe, parameter_count


def test_shared_parameters_count_once() -> None:
    model = nn.ModuleDict({"a": nn.Linear(3, 4, bias=False), "b": nn.Linear(3, 4)})
    assert parameter_count(model) == 28
    model["b"].weight = model["a"].weight
    assert parameter_count(model) == 16
    lines = describe(model).splitlines()
    assert [line.split()[0] for line in lines] == ["parameter", "a.weight", "b.bias", "total"]
    assert lines[1].split() == ["a.weight", "4", "x", "3", "12", "0.00"]
    assert lines[-1].split() == ["total", "16", "0.00"]


def test_sizes_are_in_megabytes_of_the_dtype() -> None:
    model = nn.Linear(1000, 500, bias=False).double()
    assert describe(model).splitlines()[1].split()[-2:] == ["500,000", "4.00"]
