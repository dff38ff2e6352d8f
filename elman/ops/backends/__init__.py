"""The kernels that can run a recurrence, in the order in which ``auto`` tries them."""

from __future__ import annotations

import torch

from elman._registry import Registry
from elman.ops.backends import aten, cpu
from elman.ops.backends.base import Backend
from elman.ops.backends.plain import Reference

__all__ = ["BACKENDS", "Backend"]

BACKENDS: Registry[Backend] = Registry("backend")
BACKENDS.register("cpu", cpu.Cpu())
BACKENDS.register("aten", aten.Aten())
BACKENDS.register("cpu-bf16", cpu.Cpu(torch.bfloat16))
BACKENDS.register("reference", Reference())
