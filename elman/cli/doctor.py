"""`elman doctor`: what this installation can do, and the command that fixes what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from elman._machine import processor

if TYPE_CHECKING:
    from elman.ops import Call

__all__ = ["doctor"]

EXTRAS = {
    "tokenizers": "text",
    "tensorboard": "log",
    "matplotlib": "bench",
    "onnxruntime": "bench",
}
CORE = ("torch", "numpy", "safetensors", "pydantic", "cyclopts", "rich", "tomli-w")


def doctor() -> None:
    """Show versions, processor features, threads and backends, and how to get what is missing."""
    import torch

    from elman import __version__
    from elman._files import cache_dir
    from elman.ops.backends import BACKENDS

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("elman", __version__)
    table.add_row("python", f"{platform.python_version()} ({sys.executable})")
    table.add_row("system", platform.platform())
    for name in CORE:
        table.add_row(name, version(name) or "missing: pip install --force-reinstall elman")
    for name, extra in EXTRAS.items():
        table.add_row(name, version(name) or f"not installed: pip install 'elman[{extra}]'")
    model, features = processor()
    table.add_row("processor", model)
    table.add_row("features", " ".join(features) or "unknown on this system")
    table.add_row("cores", f"{os.cpu_count()}, of which torch uses {torch.get_num_threads()}")
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else "none found"
    table.add_row("GPU", cuda)
    for name in BACKENDS:
        table.add_row(f"backend {name}", BACKENDS[name].refuses(plain_call()) or "ready")
    table.add_row("cache", f"{cache_dir()} ({folder_size(cache_dir()) / 1e6:.1f} MB)")
    Console(markup=False).print(table)


def plain_call() -> Call:
    """Return the smallest call that every kernel should serve."""
    import torch

    from elman.ops import CELLS, Call, Weights

    zeros = torch.zeros
    weights = Weights(zeros(4, 1), zeros(4, 1), zeros(4), zeros(4))
    return Call(CELLS["lstm"], zeros(1, 1, 1), (zeros(1, 1), zeros(1, 1)), weights)


def version(package: str) -> str | None:
    """Return an installed package's version, or ``None``."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
