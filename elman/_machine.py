"""The processor, as the system describes it."""

from __future__ import annotations

import platform
from pathlib import Path

__all__ = ["WANTED_FEATURES", "processor"]

WANTED_FEATURES = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


def processor() -> tuple[str, list[str]]:
    """Return the processor's name and those of its features that matter to kernels."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine(), []
    fields: dict[str, str] = {}
    for line in info.read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip().lower(), value.strip())
    present = fields.get("flags", fields.get("features", "")).split()
    name = fields.get("model name", platform.machine())
    return name, [feature for feature in WANTED_FEATURES if feature in present]
