"""A configuration that is accepted is used in full; any other is refused in words."""

from __future__ import annotations

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.train import StreamTrainConfig


def test_every_field_is_documented():
    for name, field in StreamTrainConfig.model_fields.items():
        assert field.description, name


def test_one_limit_is_always_there():
    assert StreamTrainConfig().minutes == 10.0
    for limit in ("epochs", "steps", "minutes"):
        config = StreamTrainConfig(**{limit: 3})
        given = {name: getattr(config, name) for name in ("epochs", "steps", "minutes")}
        assert {name for name, value in given.items() if value is not None} == {limit}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"steps": 7, "segment_length": 16, "patience": 3},
        {"optimizer": "sgd", "momentum": 0.9, "schedule": "plateau", "plateau_patience": 4},
        {"optimizer": "nt-asgd", "asgd_interval": 3, "epochs": 5, "lr": 20.0},
    ],
)
def test_toml_round_trip(tmp_path, options):
    config = StreamTrainConfig(**options)
    path = tmp_path / "c.toml"
    path.write_text(to_toml(config))
    assert load_config(StreamTrainConfig, path) == config


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lrr": 1.0}, "unknown key 'lrr'; did you mean 'lr'"),
        ({"lr": 0}, "'lr' = 0: input should be greater than 0"),
        ({"epochs": 0}, "'epochs' = 0"),
        ({"minutes": -1}, "'minutes' = -1"),
        ({"betas": (0.9, 1.0)}, "both must be at least 0 and less than 1"),
        ({"momentum": 0.9}, "only optimizer = 'sgd' reads it, and optimizer is 'adamw'"),
        ({"optimizer": "sgd", "betas": (0.5, 0.9)}, "only optimizer = 'adamw' reads it"),
        ({"asgd_interval": 2}, "only optimizer = 'nt-asgd' reads it"),
        ({"plateau_factor": 0.1}, "only schedule = 'plateau' reads it"),
        ({"schedule": "constant", "min_lr_ratio": 0.5}, "'cosine' or 'plateau' reads it"),
        ({"optimizer": "nt-asgd", "ema_decay": 0.9}, "averages the weights already"),
        ({"lr": 10, "weight_decay": 0.1}, "must be less than 1"),
        ({"segment_length": 200}, "at most tbptt_length = 128"),
        ({"device": "gpu"}, "expected cpu, cuda, cuda:N or mps"),
        ({"device": "cuda:x"}, "expected cpu"),
        ({"optimizer": "adam"}, "'adamw', 'sgd' or 'nt-asgd'"),
    ],
)
def test_wrong_values_are_refused_in_words(options, message):
    with pytest.raises(ConfigError) as caught:
        load_config(StreamTrainConfig, None, options)
    assert message in str(caught.value)
