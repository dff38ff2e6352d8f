"""The tree of commands."""

from __future__ import annotations

from cyclopts import App

from elman import __version__
from elman.cli.data import data
from elman.cli.demo import demo
from elman.cli.doctor import doctor
from elman.cli.run import evaluate, generate, next_word
from elman.cli.train import train

__all__ = ["app"]

app = App(
    name="elman",
    version=__version__,
    help="Recurrent neural networks: train on your own file, look inside, generate.",
    help_format="plaintext",
    help_epilogue="Start with: elman demo",
)
app.command(demo)
app.command(train)
app.command(evaluate, name="eval")
app.command(generate)
app.command(next_word, name="next")
app.command(data)
app.command(doctor)
