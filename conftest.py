"""What every test and doctest of elman shares."""

from __future__ import annotations

import os

import hypothesis
import pytest

# Each test process gets one thread: two of them run side by side on a small machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

hypothesis.settings.register_profile("default", deadline=None, derandomize=bool(os.getenv("CI")))
hypothesis.settings.load_profile("default")


@pytest.fixture(autouse=True)
def doctest_names(request: pytest.FixtureRequest, doctest_namespace: dict[str, object]) -> None:
    """Give every docstring example a seeded ``torch``, ``np`` and ``elman``."""
    if type(request.node).__name__ != "DoctestItem":
        return
    import numpy as np
    import torch

    import elman

    torch.manual_seed(0)
    doctest_namespace.update(elman=elman, np=np, torch=torch)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs a GPU where there is none."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
