"""What the tests of training share: the small stream, and a way to compare two trainings."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SMALL = Path(__file__).with_name("small.py")


@pytest.fixture(scope="session")
def small() -> ModuleType:
    """The module `small.py`, imported from its file: the tests are not a package."""
    spec = importlib.util.spec_from_file_location("tests_train_small", SMALL)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
