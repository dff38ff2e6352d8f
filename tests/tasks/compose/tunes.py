"""Small music, and small runs trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elman._config import load_config, merged
from elman.tasks.compose.config import ComposeTask
from elman.tasks.compose.run import ComposeRun
from elman.tasks.compose.training import ComposeTraining

SMALL: dict[str, Any] = {
    "model": {"hidden_size": 24, "num_layers": 1, "embedding_size": 16, "dropout": 0.0},
    "train": {"batch_size": 4, "tbptt_length": 32, "lr": 0.01, "epochs": 3},
}
EVENTS: dict[str, Any] = merged(SMALL, {"music": {"transpose": 2}})
ROLL: dict[str, Any] = merged(
    SMALL, {"music": {"form": "roll", "steps_per_beat": 2, "transpose": 0}}
)


def book(folder: Path, tunes: int = 24) -> Path:
    """Two folders of tunes: marches go up a scale, waltzes play chords."""
    for style, meter in (("march", "4/4"), ("waltz", "3/4")):
        path = folder / style
        path.mkdir(parents=True)
        text = []
        for number in range(tunes // 2):
            letters = "CDEFGABcdefgab"[number % 7 :]
            bars = []
            for k in range(5):
                one, two, three = letters[k : k + 3]
                march, waltz = f"{one}{two}{three}{one}2", f"{one}[{two}{three}][CEG]"
                bars.append(march if style == "march" else waltz)
            head = f"X:{number}\nT:{style} {number}\nM:{meter}\nL:1/4\nK:C\n"
            text.append(f"{head}{'|'.join(bars)}|C{number + 1}|")
        (path / "book.abc").write_text("\n\n".join(text) + "\n")
    return folder


def task(folder: Path, settings: dict[str, Any], **more: Any) -> ComposeTask:
    return load_config(ComposeTask, None, merged(merged(settings, {"data": str(folder)}), more))


def trained(folder: Path, out: Path, settings: dict[str, Any], **more: Any) -> ComposeRun:
    training = ComposeTraining.start(task(folder, settings, **more), out)
    for _ in training.events():
        pass
    return ComposeRun.open(out)
