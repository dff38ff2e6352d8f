"""A package is found where it is installed, and never run."""

import sys
from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data.package import Package


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    (tmp_path / "carrying").mkdir()
    (tmp_path / "carrying" / "__init__.py").write_text("raise RuntimeError('was run')")
    (tmp_path / "carrying" / "a.txt").write_text("a")
    monkeypatch.syspath_prepend(str(tmp_path))
    return Package("carrying", "pip install carrying")


def test_its_files_are_found_without_running_it(package: Package) -> None:
    assert package.file("a.txt").read_text() == "a"
    assert "carrying" not in sys.modules


def test_another_version_with_other_files_is_named(package: Package) -> None:
    with pytest.raises(DataError, match=r"b\.txt is not there.*pip install carrying"):
        package.file("b.txt")


def test_a_package_that_is_not_there() -> None:
    missing = Package("no_such_package", "pip install it")
    assert missing.folder() is None
    with pytest.raises(DataError, match="comes with the package 'no_such_package': pip install it"):
        missing.file("a.txt")
