"""What `transcribe` is configured by. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from elman._config import Config
from elman.data.audio.config import AudioConfig
from elman.models.transcriber_config import AugmentConfig, TranscriberConfig
from elman.train.config import ExampleTrainConfig

__all__ = [
    "Searching",
    "TranscribeEval",
    "TranscribePredict",
    "TranscribeTask",
    "TranscribeTrainConfig",
]


class TranscribeTrainConfig(ExampleTrainConfig):
    """How a transcriber is trained: as any model of examples, and what is the best of it.

    Example:
        >>> TranscribeTrainConfig().select
        'cer'
    """

    batch_size: int = Field(default=16, ge=1)
    """Recordings side by side in one batch."""
    lr: float = Field(default=5e-3, gt=0, le=1000)
    """Peak learning rate."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Frames in one batch at most, padding included: long recordings then come in smaller
    batches. Unset: 60,000 where recordings are so long that it matters."""
    select: Literal["cer", "wer", "nats"] = "cer"
    """What the kept model has least of on the validation part: wrong letters, wrong words, or
    nats."""


class TranscribeTask(Config):
    """Train a network that writes down what is said: speech, or any sound that spells.

    Recordings and transcripts come as a table or a folder; nothing needs to say where in a
    recording a letter is.
    """

    task: Literal["transcribe"] = "transcribe"
    """The task's name in the registry."""
    data: str = "dialled"
    """A table of recordings and transcripts (CSV, TSV, JSON lines, Parquet), a folder of both, or
    dialled: telephone numbers in tones, made here."""
    audio: AudioConfig = Field(default_factory=AudioConfig)
    """How recordings and transcripts are read, split and varied."""
    model: TranscriberConfig = Field(default_factory=TranscriberConfig)
    """The network."""
    augment: AugmentConfig = Field(default_factory=AugmentConfig)
    """What is blanked of the spectrogram in training."""
    train: TranscribeTrainConfig = Field(default_factory=TranscribeTrainConfig)
    """The training."""


class Searching(Config):
    """How the best text is looked for."""

    beam: int = Field(default=1, ge=1)
    """Beginnings that are kept at each step: 1 is greedy, 10 usually better and slower."""
    lm: str | None = None
    """A run of `language-model` whose opinion of the text counts too; needs a beam."""
    lm_weight: float = Field(default=0.5, ge=0)
    """How much the language model counts, beside 1 of the sound."""
    letter_bonus: float = 0.0
    """Added to the score for each letter, in nats: above 0 for longer texts."""

    @model_validator(mode="after")
    def _all_is_read(self) -> Self:
        for name, needs in (("lm", "beam"), ("letter_bonus", "beam"), ("lm_weight", "lm")):
            default = type(self).model_fields[name].default
            missing = self.beam == 1 if needs == "beam" else self.lm is None
            if missing and getattr(self, name) != default:
                how = "a beam of at least 2" if needs == "beam" else "a language model: lm"
                raise ValueError(f"{name} has no effect without {how}")
        return self


class TranscribeEval(Searching):
    """How a transcriber is scored."""


class TranscribePredict(Searching):
    """How recordings are transcribed, and how that is written."""

    format: Literal["text", "json", "srt", "vtt"] = "text"
    """`text`: a line for each recording; `json`: an object with the times and the confidence of
    each word; `srt`, `vtt`: subtitles."""
    stream: bool = False
    """Transcribe sound as it comes, and print as it goes: of a file, or of standard input."""
    follow: bool = False
    """For stream: the file is still being written; wait for more of it until interrupted."""
    idle_s: float | None = Field(default=None, gt=0)
    """For follow: stop once nothing has been added for so many seconds."""
    raw_rate: int | None = Field(default=None, ge=1000)
    """The sound has no header but is bare 16-bit samples, little-endian, of one channel, so many
    a second."""
    html: str | None = None
    """Also draw the first 20 recordings with their letters, as one page of HTML, to this file."""

    @model_validator(mode="after")
    def _streams_fit(self) -> Self:
        if self.follow and not self.stream:
            raise ValueError("follow needs stream: it prints while the file grows")
        if self.idle_s is not None and not self.follow:
            raise ValueError("idle_s has no effect without follow")
        if self.stream:
            for name, value in (("beam", self.beam > 1), ("html", self.html is not None)):
                if value:
                    raise ValueError(f"{name} needs the whole recording; leave out stream")
            if self.format in ("srt", "vtt"):
                raise ValueError(f"format {self.format} needs the whole recording: text or json")
        return self
