"""Nests to bytes and back; whatever else comes is a RunError."""

from __future__ import annotations

import json
import math
import pickle
import random
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from elman._errors import RunError
from elman._safetensors import MAX_HEADER_BYTES, MAX_TENSORS
from elman.train.tree import dump_tree, parse_tree

keys = st.text(max_size=4) | st.integers(-(2**63), 2**63)
numbers = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
nests = st.recursive(
    numbers,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=10,
)


@given(nests)
@settings(max_examples=200)
def test_any_nest_comes_back(nest):
    back = parse_tree(dump_tree(nest))
    assert back == nest and repr(back) == repr(nest)  # repr tells tuple from list, True from 1


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3, 4)])
def test_tensors_come_back_with_their_bits(dtype, shape):
    tensor = torch.randn(shape).mul(100).to(dtype)
    (back,) = parse_tree(dump_tree((tensor,)))
    assert back.dtype == dtype and back.shape == tensor.shape and torch.equal(back, tensor)


def test_special_numbers_come_back():
    tensor = torch.tensor([math.nan, math.inf, -0.0, 1e-45])
    back = parse_tree(dump_tree({"t": tensor, "x": math.inf, "y": math.nan, "z": 0.1 + 0.2}))
    assert back["t"].view(torch.int32).tolist() == tensor.view(torch.int32).tolist()
    assert back["x"] == math.inf and math.isnan(back["y"]) and back["z"] == 0.1 + 0.2


def test_views_of_one_memory_come_back():
    base = torch.arange(12.0).view(3, 4)
    nest = [base, base, base.t(), base[1], base[:, 1], base.view(-1), base[:1].expand(5, 4)]
    data = dump_tree(nest)
    for ours, back in zip(nest, parse_tree(data), strict=True):
        assert torch.equal(ours, back)
    assert len(data) < len(dump_tree([t.clone() for t in nest]))  # the second was not repeated


def test_a_gradient_is_not_stored():
    weight = torch.nn.Parameter(torch.ones(2))
    assert not parse_tree(dump_tree(weight)).requires_grad


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="cannot store a set"):
        dump_tree({"x": {1, 2}})


def file(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def tree_file(tree: object) -> bytes:
    return save({"0": torch.zeros(2)}, metadata={"elman.tree": json.dumps(tree)})


DEEP = "[" * 100_000
MALFORMED = {
    "empty": b"",
    "short": b"\x01",
    "text": b"this is not a checkpoint at all, only text",
    "pickle": pickle.dumps({"weight": [1.0, 2.0]}),
    "huge header": struct.pack("<Q", 2**62) + b"{}",
    "header over the cap": file(b" " * (MAX_HEADER_BYTES + 1)),
    "too many tensors": file(
        {
            "__metadata__": {"elman.tree": "null"},
            **{
                f"{k}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
                for k in range(MAX_TENSORS + 1)
            },
        }
    ),
    "no metadata": save({"0": torch.zeros(2)}),
    "other metadata": save({"0": torch.zeros(2)}, metadata={"format": "pt"}),
    "header is a list": file([1, 2]),
    "header is not JSON": file(b"{" * 50),
    "header is not UTF-8": file(b"\xff\xfe"),
    "deep header": file(DEEP.encode()),
    "key twice": file(b'{"__metadata__":{"elman.tree":"1"},"__metadata__":{"elman.tree":"2"}}'),
    "tensor beyond the end": file(
        {
            "__metadata__": {"elman.tree": "null"},
            "0": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
        }
    ),
    "trailing bytes": tree_file(None) + b"x",
    "truncated": tree_file({"tensor": "0"})[:-1],
    "tree is not JSON": save({}, metadata={"elman.tree": "{"}),
    "deep tree": save({}, metadata={"elman.tree": DEEP}),
    "tensor not there": tree_file({"tensor": "7"}),
    "unknown kind": tree_file({"set": [1]}),
    "two kinds": tree_file({"tuple": [], "dict": []}),
    "no kind": tree_file({}),
    "tuple of a number": tree_file({"tuple": 3}),
    "dict of a number": tree_file({"dict": [1]}),
    "dict with a list as key": tree_file({"dict": [[[1], 2]]}),
    "tensor name is a list": tree_file({"tensor": []}),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_file_is_a_run_error(name):
    with pytest.raises(RunError):
        parse_tree(MALFORMED[name])


def test_mutated_files_raise_nothing_but_run_error():
    """A flipped, cut or repeated byte either loads or is a RunError; nothing else, no crash."""
    good = dump_tree({"a": (torch.ones(3), None), 5: [1.5, "x", {"b": torch.zeros(2, 2)}]})
    generator, refused = random.Random(0), 0
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(generator.randint(1, 3)):
            at = generator.randrange(len(data))
            kind = generator.randrange(3)
            if kind == 0:
                data[at] = generator.randrange(256)
            elif kind == 1:
                del data[at : at + generator.randint(1, 9)]
            else:
                data[at:at] = data[at : at + 9]
        try:
            parse_tree(bytes(data))
        except RunError:
            refused += 1
    assert refused > 2000


def test_a_tree_too_large_to_read_is_not_written():
    with pytest.raises(RunError, match="are read"):
        dump_tree("x" * (MAX_HEADER_BYTES + 1))
    with pytest.raises(RunError, match="tensors"):
        dump_tree([torch.zeros(0) for _ in range(MAX_TENSORS + 1)])
