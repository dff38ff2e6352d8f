"""The stepper: a network, a batch of states, one step a call.

Owns the state and checks what comes in. Knows no equation: an engine, compiled or plain, does
the step. Knows no text either: ids come in, logits go out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from elman._errors import ConfigError, DataError, DtypeError, ShapeError, StepperBusy
from elman._native import KERNELS, MISSING
from elman._run import RunDirectory
from elman._shapes import check_shape
from elman.runtime.adaptive import adaptive_log_probs
from elman.runtime.native import Engine, native_engine
from elman.runtime.network import AdaptiveHead, LayerWeights, LinearHead, Network
from elman.runtime.plain import BUSY, PlainEngine
from elman.runtime.run import read_network
from elman.runtime.threads import thread_limit

__all__ = ["State", "Stepper"]

Array: TypeAlias = "NDArray[Any]"
State: TypeAlias = "tuple[Array | tuple[Array, Array], ...]"
"""The memory: for each layer its ``h (B, R)``, or an LSTM's pair of ``h`` and ``c (B, H)``."""

warned = False


class Stepper:
    """Step a network of recurrent layers, NumPy in and NumPy out.

    As `elman.nn` in evaluation: dropout does nothing, zoneout mixes its expectation.

    Args:
        layers: The lowest first; each one's input is the output of the one below.
        batch: Rows stepped side by side, B.
        embedding: ``(V, E)``: a step then takes token ids. ``None``: it takes features.
        head: Makes logits of the last layer's output. ``None``: the output is the last ``h``.
        dtype: ``float32`` or ``float64``: of weights, state, input and output.
        weights: ``"bf16"`` keeps the recurrent matrices, projections and the linear head in
            bfloat16: half the memory and, where that is the limit, half the time. Sums, states
            and the embedding stay float32. Each weight is off by at most 1 part in 256.
            ``None`` keeps them as ``dtype``.
        output: ``"logits"``, or ``"softmax"`` for probabilities; needs a head.
        threads: How many threads share the weights of a large matrix, 1 to 64; the caller's is
            one of them. ``None``: by size, one for every 384 KiB of a matrix, and no more than
            there are cores. Any number gives the same bits. NumPy's own threads are its own.
        backend: ``cpu`` (compiled), ``numpy``, or ``auto``: compiled if it is there.

    Raises:
        ConfigError: If an option is out of its range.
        ShapeError, DtypeError, DataError, UnknownName: If the arrays do not make a network.
        BackendUnavailable: If ``backend="cpu"`` and the compiled module is not there.

    Threads:
        A stepper is for one thread at a time: a call that finds another thread's in progress
        raises `StepperBusy` and changes nothing. Any number of steppers run side by side, and
        other Python threads run during a step of more than about 5 µs. The threads that help
        with large matrices belong to the process: they spin for 200 µs after a step, then
        sleep; are called only while steps follow one another that quickly; serve one stepper at
        a time; and are never waited for before they have begun.

    Cost:
        2·B·G·H·(I+R) FLOPs for each layer; a row reads every weight once, so one row runs at
        the speed at which weights come from the cache. No memory is taken by a step.

    Example:
        >>> from elman.runtime import LayerWeights, Stepper
        >>> rng = np.random.default_rng(0)
        >>> layer = LayerWeights("gru", rng.normal(size=(12, 3)), rng.normal(size=(12, 4)))
        >>> stepper = Stepper([layer], batch=2)
        >>> stepper.step(np.ones((2, 3), np.float32)).shape
        (2, 4)
        >>> before = stepper.state
        >>> first = stepper.step(np.zeros((2, 3), np.float32)).copy()
        >>> stepper.state = before
        >>> bool((stepper.step(np.zeros((2, 3), np.float32)) == first).all())
        True
    """

    def __init__(
        self,
        layers: Sequence[LayerWeights],
        batch: int = 1,
        *,
        embedding: Array | None = None,
        head: LinearHead | AdaptiveHead | None = None,
        dtype: Literal["float32", "float64"] = "float32",
        weights: Literal["bf16"] | None = None,
        output: Literal["logits", "softmax"] = "logits",
        threads: int | None = None,
        backend: Literal["auto", "cpu", "numpy"] = "auto",
    ) -> None:
        if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= MAX_BATCH:
            raise ConfigError(f"batch: expected a whole number from 1 to {MAX_BATCH}, got {batch}")
        check_choice("dtype", dtype, ("float32", "float64"))
        check_choice("output", output, ("logits", "softmax"))
        check_choice("backend", backend, ("auto", "cpu", "numpy"))
        check_choice("weights", weights, (None, "bf16"))
        if weights == "bf16" and dtype != "float32":
            raise ConfigError(f"weights='bf16' are summed in float32; dtype is '{dtype}'")
        if output == "softmax" and head is None:
            raise ConfigError("output='softmax' needs a head: without one there are no logits")
        self.batch = batch
        self.dtype = np.dtype(dtype)
        network = Network(tuple(layers), embedding, head).checked(self.dtype)
        self.input_size = network.input_size
        self.vocab_size = None if network.embedding is None else len(network.embedding)
        self._layers = network.layers
        self._softmax = output == "softmax"
        self._adaptive = network.head if isinstance(network.head, AdaptiveHead) else None
        thread_limit(threads)
        self._engine = make_engine(
            network, batch, weights == "bf16", self._softmax, threads, backend
        )
        self._step = self._engine.step
        self._output = self._engine.output()
        self._parts = self._engine.state()

    @classmethod
    def open(
        cls,
        path: str | Path,
        batch: int = 1,
        *,
        dtype: Literal["float32", "float64"] = "float32",
        weights: Literal["bf16"] | None = None,
        output: Literal["logits", "softmax"] = "logits",
        threads: int | None = None,
        backend: Literal["auto", "cpu", "numpy"] = "auto",
    ) -> Stepper:
        """Step the language model of a run directory: ids in, logits out.

        Args:
            path: The folder that ``elman train`` wrote; its files are verified.
            batch: As for the class, and so are the others.
            dtype: As above.
            weights: As above.
            output: As above. An adaptive softmax's logits are log-probabilities.
            threads: As above.
            backend: As above.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
            ConfigError: If the run's task or network cannot be stepped; the message says why.
        """
        network = read_network(RunDirectory.open(Path(path)))
        return cls(
            network.layers,
            batch,
            embedding=network.embedding,
            head=network.head,
            dtype=dtype,
            weights=weights,
            output=output,
            threads=threads,
            backend=backend,
        )

    def step(self, x: Any) -> Array:
        """Take one step.

        Args:
            x: Token ids, or features where there is no embedding. With one row, an id may be a
                plain int.

        Shape:
            - x: ids ``(B,)``, or features ``(B, I)`` of the stepper's dtype
            - returns: ``(B, V)``, or ``(B, R)`` without a head

        Returns:
            The stepper's own array, overwritten by the next step: copy what is to be kept.
            (With an adaptive softmax it is a new array each time.)

        Raises:
            ShapeError, DtypeError: If x does not fit.
            DataError: If an id is beyond the vocabulary.
            StepperBusy: If another thread is stepping.
        """
        if self._step(x):
            self._again(self._step, x, False)
        return self._output if self._adaptive is None else self._adapted(self._adaptive)

    def feed(self, x: Any) -> Array:
        """Take several steps and return the output after the last; a head runs only then.

        Shape:
            - x: ids ``(B, T)``, or features ``(B, T, I)``; T >= 1
            - returns: as `step`

        Raises:
            ShapeError, DtypeError, DataError, StepperBusy: As `step`; nothing has moved then.
        """
        if self._engine.feed(x):
            self._again(self._engine.feed, x, True)
        return self._output if self._adaptive is None else self._adapted(self._adaptive)

    @property
    def state(self) -> State:
        """The memory as a value: a copy when read, copied when set.

        Raises:
            ShapeError, DtypeError: If what is set does not fit; nothing has changed then.
            StepperBusy: If another thread is stepping.
        """
        with self._alone():
            flat = iter([part.copy() for part in self._parts])
        pairs = (tuple(next(flat) for _ in layer.state_sizes) for layer in self._layers)
        return tuple(pair if len(pair) == 2 else pair[0] for pair in pairs)

    @state.setter
    def state(self, value: State) -> None:
        flat = self._flat(value)
        with self._alone():
            for part, new in zip(self._parts, flat, strict=True):
                part[...] = new

    def reset(self, rows: ArrayLike | None = None) -> None:
        """Set the memory to zero: of all rows, or of some.

        Args:
            rows: Row numbers, or a bool ``(B,)``, True = reset.

        Raises:
            ShapeError, DtypeError: If rows are neither, or beyond the batch.
        """
        chosen = slice(None) if rows is None else self._rows(rows)
        with self._alone():
            for part in self._parts:
                part[chosen] = 0

    def _rows(self, rows: ArrayLike) -> Array:
        """Check what `reset` got."""
        given = np.asarray(rows)
        if given.dtype == np.bool_:
            check_shape("rows", given, B=self.batch)
            return given
        if given.size == 0:
            given = given.astype(np.int64)
        if given.dtype.kind not in "iu":
            raise DtypeError(f"rows: expected row numbers or bool (B,), got {given.dtype}")
        if given.size and not (given.min() >= 0 and given.max() < self.batch):
            raise ShapeError(f"rows: expected numbers from 0 to {self.batch - 1}, got {rows!r}")
        return given

    def _flat(self, value: State) -> list[Array]:
        """Check a state and return its arrays, one after the other."""
        if not isinstance(value, tuple | list) or len(value) != len(self._layers):
            raise ShapeError(
                f"state: expected a tuple with one entry for each of {len(self._layers)} layers"
            )
        flat = []
        for k, (layer, given) in enumerate(zip(self._layers, value, strict=True)):
            pair = given if isinstance(given, tuple | list) else (given,)
            names = ("h", "c")[: len(layer.state_sizes)]
            if len(pair) != len(names):
                raise ShapeError(
                    f"state of layer {k}: a {layer.cell} takes ({', '.join(names)}), "
                    f"got {len(pair)} parts"
                )
            for name, part, size in zip(names, pair, layer.state_sizes, strict=True):
                if not isinstance(part, np.ndarray) or part.dtype != self.dtype:
                    came = getattr(part, "dtype", type(part).__name__)
                    raise DtypeError(
                        f"state {name} of layer {k}: expected {self.dtype}, got {came}"
                    )
                check_shape(f"state {name} of layer {k}", part, B=self.batch, H=size)
                flat.append(part)
        return flat

    def _adapted(self, head: AdaptiveHead) -> Array:
        """Run the adaptive softmax on the last layer's output."""
        with self._alone():
            logits = adaptive_log_probs(head, self._output)
        return np.exp(logits) if self._softmax else logits

    def _again(self, run: Callable[[Any], int], x: Any, several: bool) -> None:
        """Take an input that is not in the one form that is fast, or say what is wrong with it."""
        code = run(self._ids(x, several) if self.vocab_size else self._features(x, several))
        if code == BUSY:
            raise busy()
        if code:  # the array changed between the check and the step
            raise DataError("x: was changed by another thread while it was read")

    def _ids(self, x: Any, several: bool) -> Array:
        """Return token ids as the engine takes them."""
        try:
            ids = np.asarray(x)
        except (ValueError, TypeError):
            raise ShapeError(
                "x: expected an array of token ids, got rows of unequal size"
            ) from None
        if ids.shape == () and self.batch == 1 and not several:
            ids = ids.reshape(1)
        dims = {"B": self.batch, "T": None} if several else {"B": self.batch}
        if ids.dtype.kind not in "iu":
            raise DtypeError(f"x: expected whole numbers, the ids of tokens, got {ids.dtype}")
        check_shape("x", ids, **dims)
        if ids.size == 0:
            raise DataError("x: expected at least one token, got none")
        low, high = int(ids.min()), int(ids.max())
        last = (self.vocab_size or 0) - 1
        if low < 0 or high > last:
            raise DataError(
                f"x: expected ids from 0 to {last}, got {high if high > last else low}; "
                "was the text encoded with this model's vocabulary?"
            )
        return np.ascontiguousarray(ids, np.int64)

    def _features(self, x: Any, several: bool) -> Array:
        """Return features as the engine takes them."""
        if not isinstance(x, np.ndarray) or x.dtype != self.dtype:
            came = getattr(x, "dtype", type(x).__name__)
            raise DtypeError(f"x: expected a NumPy array of {self.dtype}, got {came}")
        dims = {"B": self.batch, "T": None} if several else {"B": self.batch}
        check_shape("x", x, **dims, I=self.input_size)
        if x.size == 0:
            raise DataError("x: expected at least one step, got none")
        return np.ascontiguousarray(x, self.dtype)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads out of the state."""
        if not self._engine.enter():
            raise busy()
        try:
            yield
        finally:
            self._engine.leave()


MAX_BATCH = 1 << 20


def busy() -> StepperBusy:
    """Return the error of a second thread."""
    return StepperBusy(
        "another thread is stepping this stepper; give each thread a stepper of its own, or hold "
        "a lock around each call"
    )


def check_choice(name: str, value: Any, known: tuple[Any, ...]) -> None:
    """Raise unless an option is one of those known."""
    if value not in known:
        listed = ", ".join(repr(k) for k in known)
        raise ConfigError(f"{name}: expected one of {listed}, got {value!r}")


def make_engine(
    network: Network, batch: int, bf16: bool, softmax: bool, threads: int | None, backend: str
) -> Engine:
    """Build the engine asked for; ``auto`` says once if it must do without the compiled one."""
    global warned
    if backend == "cpu" or (backend == "auto" and KERNELS is not None):
        return native_engine(network, batch, bf16=bf16, softmax=softmax, threads=threads)
    if backend == "auto" and not warned:
        warned = True
        warnings.warn(f"steps run in plain NumPy, slower: {MISSING}", RuntimeWarning, stacklevel=3)
    return PlainEngine(network, batch, bf16=bf16, softmax=softmax)
