"""What `compose` is configured by. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from elman._config import Config
from elman.data.music.config import MusicConfig
from elman.models.composer_config import ComposerConfig
from elman.train.config import TrainConfig

__all__ = [
    "ComposeEval",
    "ComposeGenerate",
    "ComposePredict",
    "ComposeTask",
    "ComposeTrainConfig",
]


class ComposeTrainConfig(TrainConfig):
    """How a model of music is trained: pieces one behind the other, in windows.

    Example:
        >>> ComposeTrainConfig().tbptt_length
        128
    """

    fixed: ClassVar[tuple[str, ...]] = (*TrainConfig.fixed, "tbptt_length")

    batch_size: int = Field(default=16, ge=1)
    """Sequences side by side in one batch."""
    tbptt_length: int = Field(default=128, ge=1)
    """Events or frames through which gradients flow (truncated BPTT); memory is carried to the
    end of each piece, and is empty where one begins."""
    patience: int | None = Field(default=10, ge=1)
    """Stop early after this many validations without a new best."""


class ComposeTask(Config):
    """Train a network that writes music: new pieces, or the end of a piece begun."""

    task: Literal["compose"] = "compose"
    """The task's name in the registry."""
    data: str = "chorales"
    """A folder of music, a file of it (MIDI, ABC, MusicXML, piano roll), or a set by its name
    (`elman data list`)."""
    music: MusicConfig = Field(default_factory=MusicConfig)
    """How pieces are read, split, and turned into what the network sees."""
    model: ComposerConfig = Field(default_factory=ComposerConfig)
    """The network."""
    train: ComposeTrainConfig = Field(default_factory=ComposeTrainConfig)
    """The training."""

    @model_validator(mode="after")
    def _model_fits_the_form(self) -> Self:
        for name in ("direct", "dropout_keys"):
            if self.music.form == "events" and getattr(self.model, name) is not None:
                raise ValueError(f"model.{name} has no effect on music.form = 'events'")
        return self


class ComposeEval(Config):
    """How a model of music is scored."""

    chunk: int = Field(default=512, ge=1)
    """Events or frames of a piece in one pass: changes the speed, not the result."""


class ComposePredict(Config):
    """How pieces are scored one by one."""

    format: Literal["text", "json"] = "text"
    """`text` to read; `json`: an object a line."""


class ComposeGenerate(Config):
    """What is written, and where to.

    Example:
        >>> ComposeGenerate(key="Gm", bars=8).temperature
        1.0
    """

    out: str | None = None
    """The file to write, .mid or .abc. Unset: ABC is printed."""
    bars: int | None = Field(default=None, ge=1, le=10_000)
    """Bars to write, after the primer if there is one. Unset: until the piece ends, at most 64."""
    key: str | None = None
    """The key of the piece, such as C, Gm, F#, 'Bb minor'. Unset: the model chooses; of a piece
    that is continued, its own."""
    style: str | None = None
    """The style of the piece: the name of a folder that was trained on."""
    continue_: str | None = None
    """A file of music to go on from; the result begins with it."""
    primer_bars: int | None = Field(default=None, ge=1)
    """How many bars of that file are taken. Unset: all."""
    tempo: float | None = Field(default=None, ge=4, le=2000)
    """Quarters in a minute, for the whole piece. Unset: the model's, or 120."""
    program: int | None = Field(default=None, ge=0, le=127)
    """General MIDI program (from 0) that plays all but percussion. Unset: the model's."""
    temperature: float = Field(default=1.0, ge=0)
    """Below 1 safer, above 1 bolder, 0 always the most probable."""
    top_k: int | None = Field(default=None, ge=1)
    """Draw from the k most probable events only."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Draw from the fewest events that together have this probability."""
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    """The same seed writes the same piece on the same machine."""
    render: str | None = None
    """Also write sound: a .wav file, by fluidsynth or timidity if one is installed, else by a
    plain synthesiser of its own."""
    synth: Literal["auto", "fluidsynth", "timidity", "plain"] = "auto"
    """What renders."""
    soundfont: str | None = None
    """The .sf2 file of instruments for fluidsynth. Unset: one in the usual places."""
    png: str | None = None
    """Also draw the piano roll, given and written; needs `pip install 'elman[plot]'`."""

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if self.primer_bars is not None and self.continue_ is None:
            raise ValueError(
                "primer_bars: says how much of --continue FILE is taken; give that too"
            )
        if self.render is None and (self.synth != "auto" or self.soundfont is not None):
            raise ValueError("synth and soundfont have no effect without --render FILE.wav")
        if self.soundfont is not None and self.synth not in ("auto", "fluidsynth"):
            raise ValueError(f"soundfont has no effect on {self.synth}")
        if self.out is not None and not self.out.lower().endswith((".mid", ".midi", ".abc")):
            raise ValueError(f"out: expected a name that ends in .mid or .abc, got {self.out!r}")
        if self.render is not None and not self.render.lower().endswith(".wav"):
            raise ValueError(f"render: expected a name that ends in .wav, got {self.render!r}")
        return self
