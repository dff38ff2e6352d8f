"""The helpers of a step under stress, compiled by themselves, once with ThreadSanitizer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILER = shutil.which("g++") or shutil.which("c++")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}  # another sanitizer's
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")


def compiled(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    sources = [ROOT / "csrc/pool.cpp", ROOT / "tests/csrc/pool_stress.cpp"]
    command = [str(COMPILER), "-std=c++20", "-O1", "-g", "-Wall", "-Wextra", "-Werror", *options]
    command += ["-pthread", f"-I{ROOT / 'csrc'}", *map(str, sources), "-o", str(folder / "stress")]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)


def run(folder: Path, *words: str) -> None:
    """Run it; whether a helper was free to help depends on what else the machine does."""
    command = [str(folder / "stress"), *words]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout in ("helped\n", "alone\n")


def test_every_part_runs_once(tmp_path: Path) -> None:
    """By eight callers at once, by one that pauses, and in a forked child."""
    done = compiled(tmp_path)
    assert done.returncode == 0, done.stderr
    run(tmp_path, "20000", "1")


def test_no_data_races(tmp_path: Path) -> None:
    done = compiled(tmp_path, "-fsanitize=thread")
    if "tsan" in done.stderr:
        pytest.skip("the compiler has no ThreadSanitizer")
    assert done.returncode == 0, done.stderr
    run(tmp_path, "5000")
