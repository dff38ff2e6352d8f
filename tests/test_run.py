from __future__ import annotations

import json
from pathlib import Path

import pytest

from elman import _run
from elman._errors import RunError
from elman._run import RunDirectory


def test_round_trip(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {"a": b"1", "b": b"2"})
    run.write({"a": b"3"})
    again = RunDirectory.open(run.path)
    assert (again.read("a"), again.read("b")) == (b"3", b"2")
    assert "a" in again and "c" not in again


def test_create_refuses_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(RunError, match="not empty"):
        RunDirectory.create(tmp_path, {})
    assert (tmp_path / "mine").read_text() == "keep"
    with pytest.raises(RunError, match="not empty"):
        RunDirectory.create(tmp_path / "mine", {})


def test_create_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Not a directory"):
        RunDirectory.create(tmp_path / "file" / "run", {})


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"X" + b[1:]])
def test_every_change_is_caught(tmp_path: Path, damage: object) -> None:
    run = RunDirectory.create(tmp_path / "run", {"model.safetensors": b"weights"})
    path = run.path / "model.safetensors"
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(RunError, match="not what was written"):
        RunDirectory.open(run.path).read("model.safetensors")


def test_missing_and_unlisted_files(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {"a": b"1"})
    (run.path / "a").unlink()
    with pytest.raises(RunError, match="cannot read .*a: No such file"):
        run.read("a")
    with pytest.raises(RunError, match="has no b"):
        run.read("b")


def test_open_says_what_it_found(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not there"):
        RunDirectory.open(tmp_path / "none")
    with pytest.raises(RunError, match="not a run directory"):
        RunDirectory.open(tmp_path)
    pickle = tmp_path / "model.pkl"
    pickle.write_bytes(b"\x80\x04.")
    with pytest.raises(RunError, match="is a file, not a run directory.*pickles"):
        RunDirectory.open(pickle)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"files": 3}', b'{"files": {"a": 3}}', b"\xff"]
)
def test_damaged_manifest(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(RunError, match="damaged"):
        RunDirectory.open(tmp_path)


def test_foreign_format(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 99, "files": {}}))
    with pytest.raises(RunError, match="format 99 is not 1"):
        RunDirectory.open(tmp_path)


def test_a_crash_between_any_two_writes_leaves_a_valid_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = _run.atomic_write
    for allowed in range(5):
        run = RunDirectory.create(tmp_path / str(allowed), {"a": b"old", "b": b"old"})
        count = 0

        def crash(path: Path, data: bytes, limit: int = allowed) -> None:
            nonlocal count
            count += 1
            if count > limit:
                raise KeyboardInterrupt
            real(path, data)

        monkeypatch.setattr(_run, "atomic_write", crash)
        if allowed < 4:  # manifest, a, b, manifest
            with pytest.raises(KeyboardInterrupt):
                run.write({"a": b"new", "b": b"new"})
        else:
            run.write({"a": b"new", "b": b"new"})
        monkeypatch.setattr(_run, "atomic_write", real)
        again = RunDirectory.open(run.path)
        assert {again.read("a"), again.read("b")} <= {b"old", b"new"}
        assert allowed < 4 or again.read("a") == b"new"


def test_failed_write_keeps_the_run_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunDirectory.create(tmp_path / "run", {"a": b"old"})

    def full(path: Path, data: bytes) -> None:
        raise RunError("No space left on device")

    monkeypatch.setattr(_run, "atomic_write", full)
    with pytest.raises(RunError, match="No space"):
        run.write({"a": b"new"})
    assert run.read("a") == b"old"


def test_failed_create_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise RunError("No space left on device")

    monkeypatch.setattr(_run, "atomic_write", full)
    with pytest.raises(RunError, match="No space"):
        RunDirectory.create(tmp_path / "new" / "deep" / "run", {"a": b"1"})
    assert list(tmp_path.iterdir()) == []
