"""A model's configuration says early and in one line what does not fit."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.models.config import BodyConfig, LanguageModelConfig


def test_defaults_are_a_model_and_survive_toml() -> None:
    import tomllib

    config = LanguageModelConfig(dropout_input=0.3, adaptive_cutoffs=(10, 20))
    assert LanguageModelConfig(**tomllib.loads(to_toml(config))) == config
    assert load_config(LanguageModelConfig) == LanguageModelConfig()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hiden_size": 3}, "unknown key 'hiden_size'; did you mean 'hidden_size'"),
        ({"cell": "lstn"}, "'cell' = 'lstn': input should be 'rnn', 'rnn_relu', 'lstm' or 'gru'"),
        ({"dropout": 1.0}, "'dropout' = 1.0: input should be less than 1"),
        ({"hidden_size": 0}, "'hidden_size' = 0: input should be greater than or equal to 1"),
        ({"num_layers": 1, "dropout_hidden": 0.1}, "nothing is between the layers"),
        ({"init": "chrono"}, "'chrono_max': init = 'chrono' needs it"),
        ({"chrono_max": 9}, "'chrono_max' = 9: has no effect unless init = 'chrono'"),
        ({"init": "chrono", "chrono_max": 9, "cell": "rnn"}, "sets gate biases: use cell 'lstm'"),
        ({"cell": "rnn", "forget_bias": 1.0}, "only the cells 'lstm' and 'gru' have a gate"),
        (
            {"init": "chrono", "chrono_max": 9, "forget_bias": 1.0},
            "init = 'chrono' sets this bias already",
        ),
        (
            {"tie_weights": True, "sparse_embedding": True},
            "'tie_weights' = True: cannot be combined with sparse_embedding",
        ),
        (
            {"tie_weights": True, "adaptive_cutoffs": [5]},
            "cannot be combined with tie_weights: rare clusters",
        ),
        ({"adaptive_cutoffs": [5, 3]}, "expected increasing numbers"),
        ({"adaptive_cutoffs": [0]}, "'adaptive_cutoffs.0' = 0: input should be greater"),
    ],
)
def test_what_does_not_fit_is_one_clear_line(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(LanguageModelConfig, overrides=values)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_every_key_is_described() -> None:
    for name, field in LanguageModelConfig.model_fields.items():
        assert field.description, name


def test_cells_are_those_that_layers_exist_for() -> None:
    from elman.nn import LAYERS

    assert set(get_args(BodyConfig.model_fields["cell"].annotation)) == set(LAYERS)
