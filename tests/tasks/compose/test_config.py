"""Options of compose fit together, and are there without torch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.tasks.compose.config import ComposeGenerate, ComposeTask


def test_config_round_trip(tmp_path: Any) -> None:
    task = load_config(ComposeTask, None, {"music": {"form": "roll"}, "model": {"direct": False}})
    (tmp_path / "config.toml").write_text(to_toml(task))
    assert load_config(ComposeTask, tmp_path / "config.toml") == task


@pytest.mark.parametrize("name", ["direct", "dropout_keys"])
def test_what_events_do_not_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"model.{name} has no effect on music.form = 'events'"):
        load_config(ComposeTask, None, {"model": {name: 0}})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"primer_bars": 2}, "primer_bars: says how much of --continue"),
        ({"synth": "plain"}, "no effect without --render"),
        ({"soundfont": "a.sf2"}, "no effect without --render"),
        ({"render": "a.wav", "synth": "timidity", "soundfont": "a"}, "no effect on timidity"),
        ({"out": "a.mp3"}, "ends in .mid or .abc"),
        ({"render": "a.mp3"}, "ends in .wav"),
        ({"bars": 0}, "bars"),
        ({"temperature": -1}, "temperature"),
        ({"program": 128}, "program"),
    ],
)
def test_what_has_no_effect_or_cannot_be_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(ComposeGenerate, None, asked)


def test_without_torch() -> None:
    code = "import sys, elman.tasks.compose.config; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
