"""Sound by a synthesiser that is installed, or by the plain one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from elman._errors import ConfigError, DataError
from elman._files import atomic_write
from elman.data.music.midi import midi_bytes
from elman.data.music.score import Score
from elman.data.music.synth import RATE, sound, wav_bytes
from elman.tasks.compose.config import ComposeGenerate
from elman.tasks.training import Progress

__all__ = ["render"]

SOUNDFONTS = ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts")
PATIENCE_S = 600


def render(score: Score, asked: ComposeGenerate, progress: Progress | None = None) -> str:
    """Write a piece as a WAV file; return by what.

    Raises:
        ConfigError: If the synthesiser asked for is not installed, or has no instruments.
        DataError: If it fails.
    """
    out = Path(asked.render or "").absolute()
    command = chosen(asked, out)
    if command is None:
        atomic_write(out, wav_bytes(sound(score, progress)))
        return "the plain synthesiser"
    with tempfile.TemporaryDirectory() as folder:
        midi, heard = Path(folder) / "piece.mid", Path(folder) / "piece.wav"
        midi.write_bytes(midi_bytes(score))
        places = {"MIDI": str(midi), "WAV": str(heard)}
        words = [places.get(word, word) for word in command]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DataError(f"{command[0]} failed: {error}. Try --synth plain") from None
        if done.returncode or not heard.exists():
            told = (done.stderr or done.stdout).strip().splitlines()
            raise DataError(
                f"{command[0]} failed: {told[-1] if told else done.returncode}. Try --synth plain"
            )
        atomic_write(out, heard.read_bytes())
    return command[0]


def chosen(asked: ComposeGenerate, out: Path) -> list[str] | None:
    """Return the command that renders MIDI to WAV; None: the plain synthesiser does."""
    if asked.synth == "plain":
        return None
    font = asked.soundfont or found_font()
    if asked.soundfont is not None and not Path(asked.soundfont).is_file():
        raise ConfigError(f"soundfont: {asked.soundfont} is not there")
    fluid, timidity = shutil.which("fluidsynth"), shutil.which("timidity")
    if asked.synth in ("auto", "fluidsynth") and fluid and font:
        return [fluid, "-ni", "-r", str(RATE), "-F", "WAV", font, "MIDI"]
    if asked.synth in ("auto", "timidity") and timidity and asked.soundfont is None:
        return [timidity, "MIDI", "-Ow", "-o", "WAV"]
    if asked.synth == "fluidsynth" and fluid:
        raise ConfigError(
            "fluidsynth has no instruments: give --soundfont FILE.sf2, or install some: "
            "apt install fluid-soundfont-gm"
        )
    if asked.synth != "auto" or asked.soundfont is not None:
        name = "fluidsynth" if asked.synth == "auto" else asked.synth
        raise ConfigError(
            f"{name} is not installed: apt install {name}, or brew install {name}; "
            "--synth plain needs nothing"
        )
    return None


def found_font() -> str | None:
    """Return a soundfont in the usual places."""
    for folder in SOUNDFONTS:
        for path in sorted(Path(folder).glob("*.sf[23]")):
            return str(path)
    return None
