"""Sound by what is installed, else by the plain synthesiser."""

from __future__ import annotations

import shutil
import stat
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from elman._errors import ConfigError, DataError
from elman.tasks.compose import rendering
from elman.tasks.compose.config import ComposeGenerate
from elman.tasks.compose.rendering import render
from tests.data.music.tunes import scale


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No synthesiser and no instruments."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(rendering, "found_font", lambda: None)


def asked(folder: Path, **more: Any) -> ComposeGenerate:
    return ComposeGenerate(render=str(folder / "a.wav"), **more)


def test_without_any_it_is_plain(bare: None, tmp_path: Path) -> None:
    assert render(scale(), asked(tmp_path)) == "the plain synthesiser"
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() > 4 * 44_100


@pytest.mark.parametrize("synth", ["fluidsynth", "timidity"])
def test_what_is_asked_for_and_not_there_is_named(bare: None, tmp_path: Path, synth: str) -> None:
    with pytest.raises(ConfigError, match=f"{synth} is not installed: apt install {synth}"):
        render(scale(), asked(tmp_path, synth=synth))


def test_instruments_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"soundfont: .*none.sf2 is not there"):
        render(scale(), asked(tmp_path, soundfont=str(tmp_path / "none.sf2")))


def tool(folder: Path, body: str) -> str:
    """A program that stands for a synthesiser."""
    path = folder / "tool"
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are no programs there")
@pytest.mark.parametrize("synth", ["fluidsynth", "timidity", "auto"])
def test_a_synthesiser_is_given_the_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synth: str
) -> None:
    copy = (
        "midi = [w for w in sys.argv if w.endswith('.mid')][0]\n"
        "wav = [w for w in sys.argv if w.endswith('.wav')][0]\n"
        "open(wav, 'wb').write(b'RIFF' + open(midi, 'rb').read())"
    )
    path = tool(tmp_path, copy)
    monkeypatch.setattr(shutil, "which", lambda name: path)
    monkeypatch.setattr(rendering, "found_font", lambda: "font.sf2")
    assert render(scale(), asked(tmp_path, synth=synth)) == path
    assert (tmp_path / "a.wav").read_bytes().startswith(b"RIFFMThd")


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are no programs there")
def test_a_synthesiser_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tool(tmp_path, "sys.exit('no sound card')")
    monkeypatch.setattr(shutil, "which", lambda name: path)
    with pytest.raises(DataError, match="failed: no sound card. Try --synth plain"):
        render(scale(), asked(tmp_path, synth="timidity"))


def test_fluidsynth_without_instruments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(rendering, "found_font", lambda: None)
    with pytest.raises(ConfigError, match="has no instruments"):
        render(scale(), asked(tmp_path, synth="fluidsynth"))
