from __future__ import annotations

import os
import subprocess
import sys

import pytest

from elman._native import KERNELS, MISSING


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True
    )


def test_there_are_kernels_or_a_reason() -> None:
    assert (KERNELS is None) == bool(MISSING)


def test_a_missing_module_is_a_reason_with_a_command() -> None:
    code = (
        "import sys; sys.modules['elman._kernels'] = None\n"
        "from elman._native import KERNELS, MISSING\n"
        "assert KERNELS is None; print(MISSING)\n"
        "import torch, elman; elman.nn.GRU(2, 3)(torch.zeros(4, 1, 2))\n"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert "pip install" in done.stdout and "_kernels" in done.stdout


@pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")
def test_unknown_instruction_set_is_an_error_that_lists_those_there_are() -> None:
    done = python("import elman._native", ELMAN_CPU="mmx")
    assert done.returncode != 0
    assert "ELMAN_CPU" in done.stderr and "'mmx'" in done.stderr and "baseline" in done.stderr


@pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")
def test_kernels_need_no_torch() -> None:
    code = (
        "import sys, numpy as np\n"
        "from elman._native import KERNELS\n"
        "x = np.linspace(-2, 2, 7, dtype=np.float32); y = np.empty_like(x)\n"
        "KERNELS.tanh(x, y); np.testing.assert_allclose(y, np.tanh(x), rtol=1e-6)\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr
