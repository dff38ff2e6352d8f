from __future__ import annotations

import contextlib
import json
import pickle

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import RunError
from elman._safetensors import MAX_HEADER_BYTES, MAX_TENSORS, checked_metadata

GOOD = safetensors.numpy.save({"w": np.zeros(2, np.float32)}, {"a": "b"})


def with_header(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize("size", range(8, 1024, 8))
def test_header_of_any_length_is_read(size: int) -> None:
    # among them those whose length begins with the first byte of a pickle
    data = safetensors.numpy.save({}, {"a": "b" * size})
    assert checked_metadata(data, "file") == {"a": "b" * size}


def test_good_file_says_what_it_said() -> None:
    assert checked_metadata(GOOD, "file") == {"a": "b"}
    assert checked_metadata(safetensors.numpy.save({}), "file") == {}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps({"w": 1}), "file: a pickle, as torch.save writes"),
        (b"PK\x03\x04", "file: a zip"),
        (b"", "0 bytes are cut off"),
        (GOOD[:20], "20 bytes are cut off"),
        (with_header(b" " * (MAX_HEADER_BYTES + 1)), f"at most {MAX_HEADER_BYTES} are read"),
        (with_header(b"{"), "damaged header"),
        (with_header(b"[]"), "no table of names"),
        (with_header(b'{"a":1,"a":2}'), "the key 'a' stands there twice"),
        (with_header(b"\xff\xfe"), "damaged header"),
        (with_header(b"[" * 100_000), "damaged header"),
        (with_header(b'{"__metadata__":{"a":1}}'), "no table of texts"),
        (
            with_header(json.dumps({str(k): 0 for k in range(MAX_TENSORS + 2)}).encode()),
            f"at most {MAX_TENSORS} are read",
        ),
    ],
)
def test_bad_file_is_refused_with_its_reason(data: bytes, message: str) -> None:
    with pytest.raises(RunError, match=message):
        checked_metadata(data, "file")


@given(st.binary(max_size=64), st.integers(0, len(GOOD)))
def test_whatever_comes_is_a_run_error(noise: bytes, place: int) -> None:
    with contextlib.suppress(RunError):
        checked_metadata(GOOD[:place] + noise + GOOD[place + len(noise) :], "file")
