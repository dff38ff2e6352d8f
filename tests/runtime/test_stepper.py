"""The stepper as it is called: state is a value, one thread at a time, wrong input is one error."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from elman._errors import (
    ConfigError,
    DataError,
    DtypeError,
    ElmanError,
    ShapeError,
    StepperBusy,
)
from elman.runtime import LayerWeights, LinearHead, Stepper, stepper
from tests.runtime.networks import NATIVE, make_stack, plain_layers, random_input

BACKENDS = ["numpy", *NATIVE]
ROOT = Path(__file__).parents[2]


def features(batch: int = 3, backend: str = "auto", **options: Any) -> Stepper:
    layers = plain_layers(make_stack("lstm", "all", (5, 7, 6)))
    return Stepper(layers, batch, backend=backend, **options)


def tokens(batch: int = 1, backend: str = "auto", vocab: int = 11, **options: Any) -> Stepper:
    layers = plain_layers(make_stack("gru", "plain", (5, 7)))
    rng = np.random.default_rng(0)
    return Stepper(
        layers,
        batch,
        embedding=rng.normal(size=(vocab, 5)),
        head=LinearHead(rng.normal(size=(vocab, 7)), rng.normal(size=vocab)),
        backend=backend,
        **options,
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_output_is_the_steppers_own(backend: str) -> None:
    s = features(backend=backend)
    x = random_input(2, 3, 5).astype(np.float32)
    first = s.step(x[0])
    kept = first.copy()
    second = s.step(x[1])
    assert np.shares_memory(first, second) and not np.array_equal(kept, second)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_written_to_the_output_does_not_reach_the_state(backend: str) -> None:
    s, other = features(backend=backend), features(backend=backend)
    x = random_input(3, 3, 5).astype(np.float32)
    for step in x:
        s.step(step)[...] = 7.0
        expected = other.step(step)
    assert np.array_equal(s.state[-1][0], other.state[-1][0])
    assert np.array_equal(other.state[-1][0], expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_feed_is_step_repeated(backend: str) -> None:
    x = random_input(9, 3, 5).astype(np.float32)
    fed, stepped = features(backend=backend), features(backend=backend)
    for step in x:
        last = stepped.step(step)
    assert np.array_equal(fed.feed(x.swapaxes(0, 1)), last)
    ids = np.random.default_rng(1).integers(11, size=(2, 9))
    fed, stepped = tokens(2, backend), tokens(2, backend)
    for t in range(9):
        last = stepped.step(ids[:, t])
    assert np.array_equal(fed.feed(ids), last)
    for a, b in zip(fed.state, stepped.state, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ids_in_any_form(backend: str) -> None:
    forms = [4, np.array([4]), np.array([4], np.int32), np.array([4], np.uint8), [4], np.int64(4)]
    forms.append(np.arange(10)[4:5:2])
    outputs = [tokens(backend=backend).step(form).copy() for form in forms]
    assert all(np.array_equal(outputs[0], output) for output in outputs)


@pytest.mark.parametrize("backend", BACKENDS)
def test_strided_features(backend: str) -> None:
    x = random_input(1, 5, 6).astype(np.float32)[0].T[:3:1, :5]
    whole, strided = features(backend=backend), features(backend=backend)
    assert not x.flags.c_contiguous
    assert np.array_equal(whole.step(np.ascontiguousarray(x)), strided.step(x))
    swapped = x.astype(">f4")  # the other byte order is another dtype
    with pytest.raises(DtypeError, match="expected a NumPy array of float32, got >f4"):
        strided.step(swapped)


@pytest.mark.parametrize("backend", BACKENDS)
def test_reset_of_some_rows(backend: str) -> None:
    x = random_input(2, 3, 5).astype(np.float32)
    for rows in ([0, 2], np.array([True, False, True])):
        s, fresh = features(backend=backend), features(backend=backend)
        s.step(x[0])
        going_on = features(backend=backend)
        going_on.state = s.state
        s.reset(rows)
        output = s.step(x[1])
        np.testing.assert_allclose(output[[0, 2]], fresh.step(x[1])[[0, 2]], atol=1e-6)
        np.testing.assert_allclose(output[1], going_on.step(x[1])[1], atol=1e-6)
    before = s.state
    s.reset([])
    assert np.array_equal(s.state[0][0], before[0][0]) and before[0][0].any()
    s.reset()
    assert all((part == 0).all() for pair in s.state for part in pair)


class Machine(RuleBasedStateMachine):
    """Step, keep, put back, feed and reset in any order: always the same as starting over."""

    @initialize(backend=st.sampled_from(BACKENDS), seed=st.integers(0, 3))
    def start(self, backend: str, seed: int) -> None:
        self.backend = backend
        self.stepper = features(2, backend)
        self.inputs = random_input(40, 2, 5, seed).astype(np.float32)
        self.rows: list[list[np.ndarray]] = [[], []]  # what each row has read since its reset
        self.kept: list[tuple[Any, list[list[np.ndarray]]]] = []
        self.count = 0

    def read(self, x: np.ndarray) -> None:
        for row, history in enumerate(self.rows):
            history.append(x[row])

    def next(self) -> np.ndarray:
        self.count += 1
        return self.inputs[self.count % 40]

    @rule()
    def step(self) -> None:
        x = self.next()
        self.stepper.step(x)
        self.read(x)

    @rule(steps=st.integers(1, 5))
    def feed(self, steps: int) -> None:
        x = np.stack([self.next() for _ in range(steps)], 1)
        self.stepper.feed(x)
        for t in range(steps):
            self.read(x[:, t])

    @rule()
    def keep(self) -> None:
        self.kept.append((self.stepper.state, [list(row) for row in self.rows]))

    @rule(which=st.integers(0, 100))
    def put_back(self, which: int) -> None:
        if self.kept:
            self.stepper.state, rows = self.kept[which % len(self.kept)]
            self.rows = [list(row) for row in rows]

    @rule(rows=st.sampled_from([None, [0], [1], [0, 1], []]))
    def reset(self, rows: list[int] | None) -> None:
        self.stepper.reset(rows)
        for row in (0, 1) if rows is None else rows:
            self.rows[row] = []

    @rule()
    def fail(self) -> None:
        with pytest.raises(ElmanError):
            self.stepper.step(np.zeros((2, 4), np.float32))

    @invariant()
    def same_as_from_the_start(self) -> None:
        if not hasattr(self, "stepper"):
            return
        for row, history in enumerate(self.rows):
            alone = features(2, self.backend)
            for x in history:
                alone.step(np.stack([x, x]))
            for (h, c), (want_h, want_c) in zip(self.stepper.state, alone.state, strict=True):
                np.testing.assert_allclose(h[row], want_h[row], atol=1e-5)
                np.testing.assert_allclose(c[row], want_c[row], atol=1e-5)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("x", "kind", "message"),
    [
        (np.zeros((3, 4), np.float32), ShapeError, r"x: expected \(B=3, I=5\), got \(3, 4\)"),
        (np.zeros((2, 5), np.float32), ShapeError, r"x: expected \(B=3, I=5\), got \(2, 5\)"),
        (np.zeros(5, np.float32), ShapeError, r"x: expected \(B=3, I=5\), got \(5,\)"),
        (np.zeros((3, 5)), DtypeError, "expected a NumPy array of float32, got float64"),
        (np.zeros((3, 5), np.int64), DtypeError, "expected a NumPy array of float32, got int64"),
        ([[0.0] * 5] * 3, DtypeError, "expected a NumPy array of float32, got list"),
        (None, DtypeError, "expected a NumPy array of float32, got NoneType"),
        (7, DtypeError, "expected a NumPy array of float32, got int"),
    ],
)
def test_features_that_do_not_fit(backend: str, x: Any, kind: type, message: str) -> None:
    s = features(backend=backend)
    before = s.state
    with pytest.raises(kind, match=message):
        s.step(x)
    assert all(np.array_equal(a, b) for a, b in zip(before[0], s.state[0], strict=True))
    with pytest.raises(ElmanError):
        s.feed(x)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("x", "kind", "message"),
    [
        (11, DataError, "expected ids from 0 to 10, got 11; was the text encoded"),
        (-1, DataError, "expected ids from 0 to 10, got -1"),
        (2**70, ElmanError, "x: "),
        (np.array([2**63], np.uint64), DataError, "got 9223372036854775808"),
        (np.array([3, 4]), ShapeError, r"x: expected \(B=1\), got \(2,\)"),
        (np.array([[3]]), ShapeError, r"x: expected \(B=1\), got \(1, 1\)"),
        (np.array([3.0]), DtypeError, "expected whole numbers, the ids of tokens, got float64"),
        (True, DtypeError, "expected whole numbers, the ids of tokens, got bool"),
        ("a", DtypeError, "expected whole numbers"),
        (None, DtypeError, "expected whole numbers, the ids of tokens, got object"),
        ([[1], [2, 3]], ShapeError, "rows of unequal size"),
    ],
)
def test_ids_that_do_not_fit(backend: str, x: Any, kind: type, message: str) -> None:
    s = tokens(backend=backend)
    with pytest.raises(kind, match=message):
        s.step(x)
    assert (s.state[0] == 0).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_wrong_prompts(backend: str) -> None:
    s = tokens(2, backend)
    with pytest.raises(DataError, match="at least one token"):
        s.feed(np.zeros((2, 0), np.int64))
    with pytest.raises(ShapeError, match=r"expected \(B=2, T\), got \(3,\)"):
        s.feed([1, 2, 3])
    with pytest.raises(DataError, match="got 99"):
        s.feed([[1, 2], [3, 99]])
    assert (s.state[0] == 0).all()
    with pytest.raises(DataError, match="at least one step"):
        features(backend=backend).feed(np.zeros((3, 0, 5), np.float32))


@settings(max_examples=300)
@given(
    x=st.one_of(
        hnp.arrays(
            st.one_of(hnp.scalar_dtypes(), hnp.unicode_string_dtypes()),
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
        ),
        st.none(),
        st.integers(),
        st.floats(),
        st.text(),
        st.binary(),
        st.lists(st.integers()),
        st.lists(st.lists(st.integers())),
    ),
    backend=st.sampled_from(BACKENDS),
)
def test_anything_is_served_or_refused(x: Any, backend: str) -> None:
    for s in (tokens(2, backend), features(2, backend), tokens(1, backend)):
        for call in (s.step, s.feed):
            try:
                output = call(x)
            except ElmanError as error:
                assert str(error)
            else:
                assert output.shape[0] == s.batch


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"batch": 0}, ConfigError, "batch: expected a whole number from 1"),
        ({"batch": 2.0}, ConfigError, "batch: expected a whole number"),
        ({"dtype": "float16"}, ConfigError, "dtype: expected one of 'float32', 'float64'"),
        ({"weights": "int8"}, ConfigError, "weights: expected one of None, 'bf16'"),
        ({"weights": "bf16", "dtype": "float64"}, ConfigError, "summed in float32"),
        ({"output": "softmax"}, ConfigError, "needs a head"),
        ({"output": "probs"}, ConfigError, "output: expected one of"),
        ({"backend": "cuda"}, ConfigError, "backend: expected one of"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        features(**options)


def test_states_that_do_not_fit() -> None:
    s = features()
    good = s.state
    h, c = good[0]
    for wrong, kind, message in (
        (good[:1], ShapeError, "one entry for each of 2 layers"),
        ((h, good[1]), ShapeError, r"state of layer 0: a lstm takes \(h, c\), got 1 parts"),
        (((h, c[:1]), good[1]), ShapeError, "state c of layer 0: expected"),
        (((h, c.astype(float)), good[1]), DtypeError, "expected float32, got float64"),
        (((h, None), good[1]), DtypeError, "got NoneType"),
        (None, ShapeError, "one entry"),
    ):
        with pytest.raises(kind, match=message):
            s.state = wrong  # type: ignore[assignment]
    for rows, kind, message in (
        ([3], ShapeError, "expected numbers from 0 to 2"),
        ([-1], ShapeError, "expected numbers from 0 to 2"),
        ([0.5], DtypeError, "expected row numbers or bool"),
        ([True], ShapeError, r"rows: expected \(B=3\)"),
    ):
        with pytest.raises(kind, match=message):
            s.reset(rows)


def test_eight_threads_each_with_its_own() -> None:
    x = random_input(300, 3, 5).astype(np.float32)
    layers = plain_layers(make_stack("lstm", "all", (5, 7, 6)))
    alone = Stepper(layers, 3)
    expected = [alone.step(step).copy() for step in x][-1]
    results: list[Any] = [None] * 8

    def work(k: int) -> None:
        s = Stepper(layers, 3)
        for step in x:
            output = s.step(step)
        results[k] = output.copy()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(result, expected) for result in results)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_second_thread_is_refused(backend: str) -> None:
    """One thread is held inside a long feed; every call of another then says so."""
    rng = np.random.default_rng(0)
    layer = LayerWeights("gru", rng.normal(size=(768, 256)), rng.normal(size=(768, 256)))
    s = Stepper([layer], backend=backend)
    long = np.zeros((1, 20_000, 256), np.float32)
    thread = threading.Thread(target=s.feed, args=(long,))
    x = np.zeros((1, 256), np.float32)
    refused = []
    thread.start()
    while thread.is_alive():
        for call in (lambda: s.step(x), lambda: s.feed(x[None]), lambda: s.state, s.reset):
            try:
                call()
            except StepperBusy as error:
                refused.append(str(error))
        if len(refused) >= 4:
            break
    thread.join()
    assert refused and "another thread is stepping this stepper" in refused[0]
    s.step(x)  # and when it is done, it is free again


def test_after_a_fork() -> None:
    s, other = features(), features()
    x = random_input(2, 3, 5).astype(np.float32)
    s.step(x[0])
    other.step(x[0])
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads of other tests
        child = os.fork()
    if child == 0:
        os.write(writer, s.step(x[1]).tobytes())
        os._exit(0)
    os.close(writer)
    received = b""
    while piece := os.read(reader, 4096):
        received += piece
    os.close(reader)
    assert os.waitpid(child, 0)[1] == 0
    assert received == other.step(x[1]).tobytes() == s.step(x[1]).tobytes()


def test_without_the_compiled_module(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = features(backend="numpy").step(np.ones((3, 5), np.float32))
    monkeypatch.setattr(stepper, "KERNELS", None)
    monkeypatch.setattr(stepper, "MISSING", "it was not built")
    monkeypatch.setattr(stepper, "warned", False)
    with pytest.warns(RuntimeWarning, match="plain NumPy, slower: it was not built"):
        s = features()
    features()  # a second warning would be an error here
    assert np.array_equal(s.step(np.ones((3, 5), np.float32)), expected)


HIDDEN = """
import sys

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "pydantic", "rich", "cyclopts"):
            raise ImportError(f"{name} is hidden")

sys.meta_path.insert(0, Hide())
import numpy as np
from elman.runtime import LayerWeights, LinearHead, Stepper, generate
layer = LayerWeights("gru", np.ones((12, 4)) / 9, np.ones((12, 4)) / 8)
for backend in BACKENDS:
    stepper = Stepper([layer], embedding=np.eye(4), head=LinearHead(np.eye(4)), backend=backend)
    stepper.feed([[1, 2, 3]])
    print(stepper.step(2).shape, next(generate(stepper, [1], np.argmax)) in range(4))
print("torch" in sys.modules)
"""


def test_needs_no_torch() -> None:
    code = HIDDEN.replace("BACKENDS", repr(BACKENDS))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == ["(1, 4) True"] * len(BACKENDS) + ["False"]
