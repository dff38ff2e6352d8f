"""Who is here to be measured against."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from elman.bench import jax_scan
from elman.bench.cores import cores

__all__ = ["Rivals", "find_rivals"]

HOW = {
    "jax": "jax.lax.scan is not measured: jax cannot be imported ({error}); pip install jax",
    "onnxruntime": "ONNX Runtime is not measured: it cannot be imported ({error}); "
    "pip install 'elman[bench]'",
}


@dataclass(frozen=True)
class Rivals:
    """Which optional competitors are installed; torch always is.

    Attributes:
        missing: A line for each that is not.
    """

    jax: bool = True
    onnx: bool = True
    missing: tuple[str, ...] = ()


def find_rivals(threads: int) -> Rivals:
    """Import the competitors; XLA starts with as many cores as the most threads measured."""
    missing = []

    def there(name: str, *modules: str) -> bool:
        try:
            for module in modules:
                importlib.import_module(module)
        except ImportError as error:
            missing.append(HOW[name].format(error=error))
            return False
        return True

    onnx = there("onnxruntime", "onnx", "onnxruntime")
    jax = there("jax", "jax")
    if jax:
        with cores(threads):
            jax_scan.start()
    return Rivals(jax, onnx, tuple(missing))
