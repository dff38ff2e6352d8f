from __future__ import annotations

import pytest

from elman import _errors


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (_errors.ShapeError, ValueError),
        (_errors.DtypeError, TypeError),
        (_errors.BackendUnavailable, RuntimeError),
        (_errors.ConfigError, ValueError),
        (_errors.DataError, ValueError),
        (_errors.RunError, OSError),
        (_errors.UnknownName, KeyError),
        (_errors.TrainingDiverged, ArithmeticError),
    ],
)
def test_each_error_is_also_its_builtin(error: type[Exception], builtin: type) -> None:
    raised = error("what came, what to do")
    assert isinstance(raised, _errors.ElmanError)
    assert isinstance(raised, builtin)
    assert str(raised) == "what came, what to do"


def test_exit_codes() -> None:
    assert _errors.DataError.exit_code == 2
    assert _errors.TrainingDiverged.exit_code == 3


def test_did_you_mean_is_silent_for_strangers() -> None:
    assert _errors.did_you_mean("zzz", ["hidden_size"]) == ""
