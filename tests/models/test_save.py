"""A model file is loaded whole or refused in one line, and nothing in it is ever run."""

from __future__ import annotations

import io
import json
import pickle
import random
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from elman._errors import RunError
from elman._safetensors import MAX_HEADER_BYTES as MAX_HEADER
from elman._safetensors import MAX_TENSORS
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.models.save import load_model, model_bytes, model_metadata


def make(seed: int = 0, **values: object) -> LanguageModel:
    torch.manual_seed(seed)
    defaults = {"embedding_size": 4, "hidden_size": 5, "num_layers": 2}
    return LanguageModel(7, LanguageModelConfig(**{**defaults, **values}))


def refuse(data: bytes, message: str, model: nn.Module | None = None) -> None:
    """The error is one line that matches, and the model stays as it was."""
    model = model or make(1)
    before = {name: t.clone() for name, t in model.state_dict().items()}
    with pytest.raises(RunError, match=message) as caught:
        load_model(model, data)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())


def with_header(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def parts(data: bytes) -> tuple[dict, bytes]:
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


@pytest.mark.parametrize(
    "values", [{}, {"tie_weights": True}, {"adaptive_cutoffs": (3,)}, {"layer_norm": True}]
)
def test_a_model_comes_back_bit_identical(values: dict) -> None:
    model, other = make(**values).eval(), make(1, **values).eval()
    data = model_bytes(model)
    tokens = torch.tensor([[1, 2, 3]])
    assert not torch.equal(model(tokens)[0], other(tokens)[0])
    load_model(other, data)
    assert torch.equal(model(tokens)[0], other(tokens)[0])
    assert model_bytes(other) == data
    assert model_metadata(data) == {"class": "LanguageModel", "format": 1, "vocab_size": 7}


def test_tied_weights_are_stored_once_and_stay_tied() -> None:
    model, other = make(tie_weights=True), make(1, tie_weights=True)
    data = model_bytes(model)
    header, _ = parts(data)
    assert "embedding.table.weight" in header and "head.weight" not in header
    load_model(other, data)
    assert other.head.weight is other.embedding.weight
    assert torch.equal(other.head.weight, model.head.weight)


def test_any_safetensors_reader_can_read_it() -> None:
    tensors = safetensors.torch.load(model_bytes(make()))
    assert torch.equal(tensors["embedding.table.weight"], make().embedding.weight)


class Bomb:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("a-pickle-ran"),))


def test_pickles_and_zips_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a pickle was read")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, never)
    monkeypatch.setattr(torch, "load", never)
    refuse(pickle.dumps(Bomb()), "a pickle, as torch.save writes")
    saved = io.BytesIO()
    torch.save(make().state_dict(), saved)
    refuse(saved.getvalue(), "a zip, as torch.save writes")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x", "y")
    refuse(archive.getvalue(), "a zip, as torch.save writes")
    refuse(pickle.dumps(Bomb(), protocol=0), "are read|cut off, or no safetensors file")


def test_what_does_not_fit_is_named() -> None:
    data = model_bytes(make())
    refuse(data, r"'embedding.table.weight' has shape \(7, 4\), expected \(7, 6\)",
           make(embedding_size=6))  # fmt: skip
    refuse(data, "'embedding.table.weight' has dtype torch.float32, expected torch.float64",
           make().double())  # fmt: skip
    refuse(data, "'body.layers.layers.2.weight_ih_l0' is missing", make(num_layers=3))
    refuse(data, "'body.layers.layers.1.bias_hh_l0' is unknown", make(num_layers=1))
    refuse(data, "holds a 'LanguageModel', expected a 'Linear'", nn.Linear(2, 2))
    header, body = parts(data)
    header["__metadata__"] = {"elman": '{"class": "LanguageModel", "format": 2}'}
    refuse(with_header(header, body), "format 2 is not 1")
    del header["__metadata__"]
    assert model_metadata(with_header(header, body)) == {}
    refuse(with_header(header, body), "format None is not 1")


def test_truncation_anywhere_is_refused() -> None:
    data = model_bytes(make())
    for end in [*range(20), *range(20, len(data), 37), len(data) - 1]:
        refuse(data[:end], "model file: ")


def test_bad_headers_are_refused() -> None:
    header, body = parts(model_bytes(make()))
    twice = json.dumps(header)[:-1] + ', "head.bias": ' + json.dumps(header["head.bias"]) + "}"
    refuse(with_header(twice.encode(), body), "the key 'head.bias' stands there twice")
    refuse(with_header(b"[" * 100_000), "damaged header")
    refuse(with_header(b"\xff\xfe{}"), "damaged header")
    refuse(with_header([1, 2]), "damaged header: no table of")
    refuse(with_header({"__metadata__": {"elman": 1}}), "damaged header: no table of")
    refuse(with_header({"__metadata__": {"elman": "{"}}), "damaged header")
    refuse(with_header({"__metadata__": {"elman": '{"a": 1, "a": 2}'}}), "stands there twice")
    refuse(with_header({"__metadata__": 3}), "damaged header: no table of")
    many = {f"t{k}": 0 for k in range(MAX_TENSORS + 2)}
    refuse(with_header(many), f"{MAX_TENSORS + 2} tensors; at most {MAX_TENSORS} are read")
    refuse(with_header(b" " * (MAX_HEADER + 1)), f"at most {MAX_HEADER} are read")


def test_wrong_offsets_are_refused() -> None:
    data = model_bytes(make())
    for change in ([0, 10**9], [-1, 4], [0, 0]):
        header, body = parts(data)
        header["head.bias"]["data_offsets"] = change
        refuse(with_header(header, body), "damaged")
    refuse(data + b"\0", "damaged")


def test_random_edits_of_the_header_give_only_our_error() -> None:
    data = model_bytes(make())
    length = int.from_bytes(data[:8], "little")
    rng = random.Random(0)
    refused = 0
    for _ in range(1000):
        edited = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            edited[rng.randrange(8 + length)] = rng.randrange(256)
        try:
            load_model(make(1), bytes(edited))
        except RunError:
            refused += 1
    assert refused > 950
