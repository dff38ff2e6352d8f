"""The compiled kernels, if they are there.

Knows how `elman._kernels` is found, why it may be missing, and how ``ELMAN_CPU`` picks its
instruction set. What the kernels compute is written in `csrc/problem.h`. Needs no torch.
"""

from __future__ import annotations

import os
from types import ModuleType

from elman._errors import ConfigError

__all__ = ["KERNELS", "MISSING"]


def load() -> tuple[ModuleType | None, str]:
    """Import the compiled module; return it, or None and the reason with what to do.

    Raises:
        ConfigError: If ``ELMAN_CPU`` names an instruction set that this machine has not.
    """
    try:
        from elman import _kernels
    except ImportError as error:
        return None, (
            f"the compiled kernels cannot be imported ({error}); "
            "`pip install .` in elman's source tree builds them and needs a C++20 compiler"
        )
    kernels: ModuleType = _kernels
    wanted = os.environ.get("ELMAN_CPU")
    if wanted:
        try:
            kernels.select(wanted)
        except ValueError as error:
            raise ConfigError(f"environment variable ELMAN_CPU: {error}") from None
    return kernels, ""


KERNELS, MISSING = load()
