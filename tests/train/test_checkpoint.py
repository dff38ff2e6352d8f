"""A checkpoint is whole or not there, whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from elman import _files
from elman._errors import RunError
from elman._files import sha256
from elman.train import CheckpointStore

ROOT = Path(__file__).parents[2]


def state(step: int) -> dict[str, object]:
    return {"step": step, "weight": torch.full((100,), float(step))}


def test_newest_comes_back_and_old_ones_go(tmp_path):
    store = CheckpointStore(tmp_path / "deep" / "folder", keep=2)
    assert store.newest() is None
    for step in (1, 20, 300):
        path = store.save(step, state(step))
    assert [p.name[:9] for p in store.paths()] == ["00000020-", "00000300-"]
    found = store.newest()
    assert found.path == path and found.step == 300
    assert torch.equal(found.state["weight"], torch.full((100,), 300.0))


def test_name_carries_the_hash(tmp_path):
    path = CheckpointStore(tmp_path).save(7, state(7))
    assert path.name == f"00000007-{sha256(path.read_bytes())[:16]}.safetensors"


def test_order_is_by_step_beyond_eight_digits(tmp_path):
    store = CheckpointStore(tmp_path, keep=3)
    for step in (99_999_999, 100_000_000, 5_000_000_000):
        store.save(step, state(step))
    assert store.newest().step == 5_000_000_000


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_newest_falls_back_with_a_warning(tmp_path, damage):
    store = CheckpointStore(tmp_path)
    store.save(1, state(1))
    path = store.save(2, state(2))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes({"flip": bytes(data), "cut": bytes(data[:-9]), "empty": b""}[damage])
    with pytest.warns(UserWarning, match=r"00000002-.* is damaged .*going back to 00000001-"):
        assert store.newest().step == 1


def test_every_flipped_byte_is_seen(tmp_path):
    store = CheckpointStore(tmp_path)
    path = store.save(1, {"weight": torch.ones(5)})
    good = path.read_bytes()
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        with pytest.raises(RunError, match="no checkpoint can be read"):
            store.newest()


def test_a_malformed_file_with_the_right_hash_is_a_run_error(tmp_path):
    store = CheckpointStore(tmp_path)
    data = b"\x80\x04not a checkpoint"
    (tmp_path / f"00000009-{sha256(data)[:16]}.safetensors").write_bytes(data)
    with pytest.raises(RunError, match="a pickle"):
        store.newest()


def test_after_a_fallback_the_damaged_later_file_goes(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(1, state(1))
    store.save(50, state(50)).write_bytes(b"damaged")
    store.save(2, state(2))
    assert [p.name[:9] for p in store.paths()] == ["00000001-", "00000002-"]


def test_other_files_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "00000001-zz.safetensors").write_text("not ours")
    store = CheckpointStore(tmp_path, keep=1)
    for step in (1, 2):
        store.save(step, state(step))
    assert {p.name for p in tmp_path.iterdir()} - {store.paths()[0].name} == {
        "notes.txt",
        "00000001-zz.safetensors",
    }


def test_leftovers_of_a_kill_are_removed(tmp_path):
    leftover = tmp_path / ".00000001-0123456789abcdef.safetensors.x7.tmp"
    leftover.write_bytes(b"half")
    CheckpointStore(tmp_path)
    assert not leftover.exists()


SYSCALLS = {"fsync": os.fsync, "replace": os.replace, "chmod": os.chmod}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", SYSCALLS)
def test_a_failing_disk_is_a_run_error_and_leaves_nothing_half_written(
    tmp_path, monkeypatch, call, number
):
    store = CheckpointStore(tmp_path)
    good = store.save(1, state(1))

    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(_files.os, call, fail)
        with pytest.raises(RunError, match=os.strerror(number)):
            store.save(2, state(2))
    assert [p.name for p in tmp_path.iterdir()] == [good.name]
    assert store.newest().step == 1
    assert store.save(2, state(2)).exists()  # and it goes on when the disk is well again


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_disk_full_in_the_middle_of_a_write(tmp_path, monkeypatch, share):
    """The kernel takes a part of the bytes, then says ENOSPC."""
    store = CheckpointStore(tmp_path)
    store.save(1, state(1))
    fdopen = os.fdopen

    def limited(*args, **kwargs):
        file = fdopen(*args, **kwargs)
        write = file.write

        class Full:
            def __enter__(self):
                return self

            def __exit__(self, *error):
                file.close()

            def write(self, data):
                write(data[: int(share * len(data))])
                raise OSError(errno.ENOSPC, "No space left on device")

        return Full()

    monkeypatch.setattr(_files.os, "fdopen", limited)
    with pytest.raises(RunError, match="No space left on device"):
        store.save(2, state(2))
    assert len(list(tmp_path.iterdir())) == 1 and store.newest().step == 1


def test_a_really_full_disk(tmp_path):
    """A process may write 4 KiB to a file and no more: the kernel itself refuses."""
    code = (
        "import resource, signal, sys, torch\n"
        "from elman._errors import RunError\n"
        "from elman.train import CheckpointStore\n"
        "store = CheckpointStore(sys.argv[1])\n"
        "store.save(1, {'x': torch.zeros(10)})\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    store.save(2, {'x': torch.zeros(5000)})\n"
        "except RunError as error:\n    print(error)\n"
        "print(store.newest().step)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    message, step = done.stdout.splitlines()
    assert "File too large" in message and step == "1"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_made(tmp_path):
    """Also for root: a file stands in the folder's place, and /proc takes no folders."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    for folder in (in_the_way, in_the_way / "below", Path("/proc/elman")):
        with pytest.raises(RunError, match="cannot use .* for checkpoints"):
            CheckpointStore(folder)


def test_a_folder_that_vanished(tmp_path):
    store = CheckpointStore(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(RunError, match="No such file"):
        store.save(1, state(1))
    with pytest.raises(RunError, match="cannot read"):
        store.newest()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(tmp_path):
    store = CheckpointStore(tmp_path)
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="Permission denied"):
        store.save(1, state(1))
    tmp_path.chmod(0o700)
    assert list(tmp_path.iterdir()) == []


def kill_while_saving(folder: Path, rounds: int) -> str:
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("kill_while_saving.py")),
            folder,
            str(rounds),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_kill_while_saving(tmp_path):
    assert "12 kills" in kill_while_saving(tmp_path, 12)


@pytest.mark.slow
def test_kill_while_saving_often(tmp_path):
    assert "200 kills" in kill_while_saving(tmp_path, 200)
