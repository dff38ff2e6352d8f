"""elman: recurrent neural networks, whole.

``import elman`` is instant; the rooms are imported when they are entered:

>>> import elman
>>> layer = elman.nn.LSTM(3, 4)
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

__all__ = ["__version__", "data", "models", "nn", "ops", "runtime", "tasks", "train"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return importlib.import_module(f"elman.{name}")
    raise AttributeError(f"module 'elman' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
