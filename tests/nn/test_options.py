from __future__ import annotations

import pytest

from elman._errors import ConfigError, ElmanError
from elman.nn.options import OptionTypeError, check_bool, check_rate, check_size


def test_good_values_pass() -> None:
    check_size("n", 1)
    check_size("n", 0, least=0)
    check_bool("b", False)
    assert check_rate("p", 0) == 0.0
    assert check_rate("p", 1, one=True) == 1.0


@pytest.mark.parametrize("value", [1.0, "1", None, True])
def test_sizes_are_ints(value: object) -> None:
    with pytest.raises(OptionTypeError, match="n: expected an int"):
        check_size("n", value)


@pytest.mark.parametrize("value", [-0.1, 1, 1.5, float("nan"), "x", None, True])
def test_rates_are_in_range(value: object) -> None:
    with pytest.raises(ConfigError, match="p: expected a number"):
        check_rate("p", value)


def test_errors_are_builtin_too() -> None:
    assert issubclass(OptionTypeError, TypeError)
    assert issubclass(OptionTypeError, ElmanError)
    with pytest.raises(TypeError, match="b: expected a bool"):
        check_bool("b", 1)
