"""The tree of commands; what a command needs is imported when it is called."""

from __future__ import annotations

from cyclopts import App

from elman import __version__

__all__ = ["app"]

COMMANDS = {
    "demo": ("demo:demo", "Train on the manual inside Python, watch it learn, try it."),
    "train": ("train:train", "Train a model on your data, or continue a run."),
    "eval": ("evaluate:evaluate", "Score how well a run does on data it has not seen."),
    "predict": ("predict:predict", "Apply a run to new inputs, one by one as they come."),
    "generate": ("run:generate", "Write text on from a prompt, or music."),
    "next": ("run:next_word", "Show the probable next words after a text, as bars."),
    "chat": ("chat:chat", "Talk with a model that was trained on replies."),
    "data": ("data:data", "Show the built-in data, download well-known sets."),
    "bench": ("bench:bench", "Time the kernels beside torch, JAX and ONNX Runtime."),
    "doctor": (
        "doctor:doctor",
        "Check this installation: kernels, backends, speed, built-in data.",
    ),
}

app = App(
    name="elman",
    version=__version__,
    help="Recurrent neural networks: train on your own file, look inside, generate.",
    help_format="plaintext",
    help_epilogue="Start with: elman demo",
)
for name, (place, about) in COMMANDS.items():
    app.command(f"elman.cli.{place}", name=name, help=about)
