"""A run directory to the network it holds, without torch: `config.toml` and `model.safetensors`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from elman._errors import ConfigError, RunError
from elman._run import RunDirectory
from elman._safetensors import checked_metadata, json_object
from elman.runtime.network import AdaptiveHead, LinearHead, Network, layer_weights

__all__ = ["read_network"]

FORMAT = 1
CELL_NAMES = {"rnn": "rnn_tanh"}
"""Names in a configuration that differ from the cell's."""

Arrays = dict[str, NDArray[Any]]


def read_network(run: RunDirectory) -> Network:
    """Return the network of a run whose task is ``language-model``.

    Raises:
        RunError: If a file is missing or damaged.
        ConfigError: If the task is another one.
    """
    config = read_config(run.read("config.toml"))
    task = config.get("task")
    if task != "language-model":
        raise ConfigError(
            f"{run.path}: the task is {task!r}; only a 'language-model' can be opened. Give the "
            "layers of other models to Stepper(...)"
        )
    arrays = read_arrays(run.read("model.safetensors"))
    model = table(config, "model")
    try:
        layers = tuple(
            layer
            for k in range(int(model["num_layers"]))
            for layer in layer_weights(
                CELL_NAMES.get(model["cell"], model["cell"]),
                arrays,
                f"body.layers.layers.{k}.",
                zoneout=float(model["zoneout"]),
            )
        )
        embedding = arrays["embedding.table.weight"]
        if model["adaptive_cutoffs"]:
            return Network(layers, embedding, adaptive(arrays, len(model["adaptive_cutoffs"])))
        weight = embedding if model["tie_weights"] else arrays["head.weight"]
        return Network(layers, embedding, LinearHead(weight, arrays["head.bias"]))
    except KeyError as error:
        raise RunError(
            f"{run.path}: {error} is missing; config.toml and model.safetensors do not fit each "
            "other, or were written by another version of elman"
        ) from None


def read_config(data: bytes) -> dict[str, Any]:
    """Parse the configuration."""
    try:
        return tomllib.loads(data.decode())
    except ValueError as error:
        raise ConfigError(f"config.toml: not valid TOML: {error}") from None


def table(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return one table of the configuration."""
    found = config.get(name)
    if not isinstance(found, dict):
        raise ConfigError(f"config.toml: the table [{name}] is missing")
    return found


def read_arrays(data: bytes) -> Arrays:
    """Parse a model file that elman wrote for a language model."""
    facts = json_object(checked_metadata(data, "model file").get("elman", "{}"), "model file")
    try:
        arrays: Arrays = safetensors.numpy.load(data)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:  # a dtype NumPy has not
        raise RunError(f"model file: damaged: {error}. Restore it from a copy") from None
    if facts.get("format") != FORMAT or facts.get("class") != "LanguageModel":
        raise RunError(
            f"model file: holds a {facts.get('class')!r} in format {facts.get('format')!r}, "
            f"expected a 'LanguageModel' in format {FORMAT}"
        )
    return arrays


def adaptive(arrays: Arrays, clusters: int) -> AdaptiveHead:
    """Return the adaptive softmax, named as torch names its parts."""
    tails = (
        (arrays[f"head.softmax.tail.{k}.0.weight"], arrays[f"head.softmax.tail.{k}.1.weight"])
        for k in range(clusters)
    )
    return AdaptiveHead(arrays["head.softmax.head.weight"], tuple(tails))
