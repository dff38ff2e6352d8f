"""A run directory is stepped to the same logits as its model gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from elman._config import to_toml
from elman._errors import ConfigError, ElmanError, RunError
from elman._run import RunDirectory
from elman.models.language_model import LanguageModel
from elman.models.save import model_bytes
from elman.runtime import Stepper
from elman.tasks.language_model.config import LanguageModelTask
from tests.runtime.networks import NATIVE, error

V = 23
ROOT = Path(__file__).parents[2]
KINDS: dict[str, dict[str, Any]] = {
    "lstm": {},
    "gru": {"cell": "gru", "zoneout": 0.2},
    "rnn": {"cell": "rnn"},
    "rnn_relu": {"cell": "rnn_relu", "num_layers": 1},
    "tied": {"tie_weights": True},
    "adaptive": {"adaptive_cutoffs": (5, 12), "hidden_size": 18},
    "normed": {"layer_norm": True, "zoneout": 0.1},
}


def write_run(path: Path, kind: str) -> LanguageModel:
    """Write a run directory of a model with random weights."""
    torch.manual_seed(3)
    values = {"embedding_size": 6, "hidden_size": 9, "num_layers": 2, **KINDS[kind]}
    task = LanguageModelTask.model_validate({"model": values})
    model = LanguageModel(V, task.model).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    config = to_toml(task).encode()
    RunDirectory.create(path, {"config.toml": config, "model.safetensors": model_bytes(model)})
    return model


@pytest.mark.parametrize("backend", ["numpy", *NATIVE])
@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_same_logits(tmp_path: Path, kind: str, backend: str) -> None:
    model = write_run(tmp_path / "run", kind)
    ids = np.random.default_rng(0).integers(V, size=(3, 100))
    logits = model(torch.from_numpy(ids))[0]
    truth = model.double()(torch.from_numpy(ids))[0].numpy()
    theirs = error(logits.double().numpy(), truth)
    stepper = Stepper.open(tmp_path / "run", 3, backend=backend)
    stepped = np.stack([stepper.step(ids[:, t]).copy() for t in range(100)], 1)
    assert error(stepped, truth) <= 4 * theirs + 1e-7
    stepper.reset()
    assert np.array_equal(stepper.feed(ids), stepped[:, -1])
    double = Stepper.open(str(tmp_path / "run"), 3, backend=backend, dtype="float64")
    assert error(double.feed(ids), truth[:, -1]) < 1e-12
    likely = Stepper.open(tmp_path / "run", 3, backend=backend, output="softmax").feed(ids)
    np.testing.assert_allclose(likely, torch.from_numpy(truth[:, -1]).softmax(-1), atol=1e-5)


def rewrite(path: Path, name: str, data: bytes) -> None:
    RunDirectory.open(path).write({name: data})


def test_runs_that_cannot_be_stepped(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_run(run, "lstm")
    config = (run / "config.toml").read_bytes()
    model = (run / "model.safetensors").read_bytes()

    def refuse(name: str, data: bytes, kind: type[ElmanError], message: str) -> None:
        rewrite(run, name, data)
        with pytest.raises(kind, match=message):
            Stepper.open(run)
        rewrite(run, "config.toml", config)
        rewrite(run, "model.safetensors", model)

    other = config.replace(b'task = "language-model"', b'task = "classify"')
    refuse("config.toml", other, ConfigError, "the task is 'classify'; only a 'language-model'")
    refuse("config.toml", b"task =", ConfigError, "not valid TOML")
    refuse("config.toml", b'task = "language-model"', ConfigError, r"the table \[model\]")
    fewer = config.replace(b"num_layers", b"layers")
    refuse("config.toml", fewer, RunError, "'num_layers' is missing")
    more = config.replace(b"num_layers = 2", b"num_layers = 3")
    refuse("config.toml", more, ConfigError, "body.layers.layers.2.weight_hh_l0: is missing")
    refuse("model.safetensors", model[:100], RunError, "model file: 100 bytes are cut off")
    refuse("model.safetensors", model[:-4], RunError, "model file: damaged")
    refuse("model.safetensors", b"", RunError, "model file: 0 bytes are cut off")
    refuse("model.safetensors", b"PK" + model, RunError, "model file: a zip")
    strange = safetensors.numpy.save({"a": np.ones(1)})
    refuse("model.safetensors", strange, RunError, "holds a None in format None")
    with pytest.raises(RunError, match="is not there"):
        Stepper.open(tmp_path / "nothing")
    Stepper.open(run).step(1)


def test_opens_without_torch(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "tied")
    code = (
        "import sys; from elman.runtime import Stepper; "
        f"print(Stepper.open({str(tmp_path / 'run')!r}).feed([[1, 2]]).shape, "
        "*(m in sys.modules for m in ('torch', 'pydantic')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.stdout.strip() == f"(1, {V}) False False", done.stderr
