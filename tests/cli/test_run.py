from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.small import Elman


def test_generate_repeats_with_a_seed_and_begins_with_the_prompt(
    elman: Elman, trained: Path
) -> None:
    words = ("generate", trained, "--prompt", "the ", "--length", 40, "--seed")
    first, again, other = elman(*words, 1), elman(*words, 1), elman(*words, 2)
    assert first.code == 0
    assert first.out == again.out != other.out
    assert first.out.startswith("the ")
    assert len(first.out) == len("the ") + 40 + 1


def test_generate_stops_at_a_text(elman: Elman, trained: Path) -> None:
    done = elman("generate", trained, "--length", 400, "--seed", 1, "--stop", "e")
    assert done.code == 0 and "e" not in done.out


def test_generate_reads_the_prompt_from_standard_input(trained: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "elman", "generate", str(trained), "--prompt", "-", "--length", "5"],
        input="the cat",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("the cat")
    assert len(done.stdout) == len("the cat") + 5 + 1


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--temperature", -1, "temperature: expected a number of at least 0"),
        ("--top-p", 2, "top_p: expected"),
        ("--top-k", 0, "top_k: expected at least 1"),
        ("--seed", -1, "seed: expected"),
        ("--length", -1, "length: expected"),
    ],
)
def test_generate_refuses_what_makes_no_sense(
    elman: Elman, trained: Path, flag: str, value: int, message: str
) -> None:
    done = elman("generate", trained, flag, value)
    assert done.code == 2 and message in done.err


def test_next_shows_words_with_bars(elman: Elman, trained: Path) -> None:
    done = elman("next", trained, "the cat sat on the", "--count", 3)
    prompt, *bars = done.out.rstrip().splitlines()
    assert prompt == "the cat sat on the"
    assert len(bars) == 3
    assert all("%" in line and "█" in line for line in bars)


def test_next_needs_a_count(elman: Elman, trained: Path) -> None:
    done = elman("next", trained, "the", "--count", 0)
    assert done.code == 2 and "count: expected at least 1" in done.err


def test_a_refused_prompt_is_not_written(elman: Elman, trained: Path) -> None:
    done = elman("generate", trained, "--prompt", "the", "--temperature", -1)
    assert done.code == 2 and done.out == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.safetensors", "model.safetensors is not what was written"),
        ("tokenizer.json", "tokenizer.json is not what was written"),
        ("config.toml", "config.toml is not what was written"),
        ("manifest.json", "damaged"),
    ],
)
@pytest.mark.parametrize("edit", ["truncated", "changed"])
def test_damaged_run_is_refused(
    elman: Elman, trained: Path, tmp_path: Path, name: str, message: str, edit: str
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    path = tmp_path / "run" / name
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if edit == "truncated" else b"#" + data[1:])
    done = elman("generate", "run")
    assert done.code == 2
    assert message in done.err and "Traceback" not in done.err


def test_a_pickle_is_never_opened(elman: Elman, trained: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, (f"open({str(tmp_path / 'boom')!r}, 'w')",))

    import hashlib
    import json
    import pickle

    (tmp_path / "model.pt").write_bytes(pickle.dumps(Bomb()))
    done = elman("generate", "model.pt")
    assert done.code == 2 and "not a run directory" in done.err
    # even with a manifest that vouches for it
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    data = pickle.dumps(Bomb())
    (run / "model.safetensors").write_bytes(data)
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["files"]["model.safetensors"] = [hashlib.sha256(data).hexdigest()]
    (run / "manifest.json").write_text(json.dumps(manifest))
    done = elman("generate", "run")
    assert done.code == 2 and "pickle" in done.err
    assert not (tmp_path / "boom").exists()
