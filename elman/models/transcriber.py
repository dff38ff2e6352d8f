r"""The transcriber: sound in, letters out, without being told where in the sound they are.

.. math::
    x = \text{subsampling}(\text{normalise}(\text{log-mel}(s))) \qquad
    p(a_t \mid s) = \text{softmax}(W\, \text{body}(x)_t + b)

The loss sums over every way to place the letters, with blanks between (CTC). ``(B, .)``
outside, time-major inside. Class 0 is the blank. Knows waveforms and ids only; files and letters
are in `elman.data`, the search for the best text in `ctc.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ConfigError, DataError, ShapeError
from elman._shapes import check_shape
from elman.models.body import RecurrentBody
from elman.models.describe import describe, parameter_count
from elman.models.log_mel import LogMel
from elman.models.row_convolution import RowConvolution
from elman.models.spec_augment import SpecAugment
from elman.models.subsampling import Subsampling, SubsamplingState
from elman.models.transcriber_config import AugmentConfig, TranscriberConfig
from elman.nn.state import State

__all__ = ["Heard", "Transcriber", "TranscriberState", "steps_needed"]

LEAST_DEVIATION = 0.1
"""Of a band that hardly changes, such as one above the telephone's: not blown up further."""


class Heard(NamedTuple):
    """What a transcriber returns.

    Attributes:
        log_probs: ``(B, T, V)``, log-probabilities of blank and letters at each step.
        lengths: ``(B,)``, the steps of each row.
    """

    log_probs: Tensor
    lengths: Tensor


class TranscriberState(NamedTuple):
    """All that a streaming transcriber keeps between two chunks of sound.

    Attributes:
        samples: ``(B, n)``, those that later frames begin with.
        frames: How many frames there were, a whole number.
        convolved: Of the subsampling.
        body: Of each recurrent layer.
        waiting: ``(t, B, R)``, steps whose look-ahead has not come yet.
    """

    samples: Tensor
    frames: Tensor
    convolved: SubsamplingState
    body: tuple[State, ...]
    waiting: Tensor


class Transcriber(nn.Module):
    """Log-mel features, convolutions, recurrent layers and a softmax over letters and blank.

    Args:
        letters: Letters, without the blank.
        rate: Samples per second of the sound, Hz.
        config: Everything else.
        augment: What is blanked in training; ``None``: nothing.

    Raises:
        ConfigError: If there is no letter, or the bands do not fit the rate.

    Shape:
        - waves: ``(B, N)`` in -1 to 1; lengths: ``(B,)`` in samples
        - log-probabilities: ``(B, T, V)`` with V = letters + 1

    Source:
        CTC: Graves et al. 2006, doi:10.1145/1143844.1143891. Convolutions below recurrent layers
        and look-ahead: Amodei et al. 2016, arXiv:1512.02595.

    Example:
        >>> model = Transcriber(26, 8000, TranscriberConfig(hidden_size=8)).eval()
        >>> heard = model(torch.randn(2, 8000), torch.tensor([8000, 4000]))
        >>> heard.log_probs.shape, heard.lengths
        (torch.Size([2, 25, 27]), tensor([25, 13]))
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        letters: int,
        rate: int,
        config: TranscriberConfig,
        augment: AugmentConfig | None = None,
    ) -> None:
        super().__init__()
        if letters < 1:
            raise ConfigError(f"letters: expected at least 1, got {letters}")
        self.letters, self.rate, self.config = letters, rate, config
        self.features = LogMel(
            rate,
            config.mels,
            window_ms=config.window_ms,
            hop_ms=config.hop_ms,
            low_hz=config.low_hz,
            high_hz=config.high_hz,
            scale=config.mel_scale,
        )
        self.augment = None
        if augment is not None:
            self.augment = SpecAugment(
                augment.frequency_masks,
                augment.frequency_width,
                augment.time_masks,
                augment.time_width,
                time_frames=round(1000 / config.hop_ms),
            )
        ahead = 0 if config.streaming else 1
        self.subsampling = Subsampling(
            config.mels, config.channels, config.subsampling, ahead=ahead
        )
        self.body = RecurrentBody(
            self.subsampling.output_size, config, bidirectional=not config.streaming
        )
        self.row = (
            RowConvolution(self.body.output_size, config.lookahead) if config.lookahead else None
        )
        self.head = nn.Linear(self.body.output_size, letters + 1)
        # from the data, so a run keeps them with what it knows of the data
        self.register_buffer("mean", torch.zeros(config.mels), persistent=False)
        self.register_buffer("deviation", torch.ones(config.mels), persistent=False)

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.head.weight.device

    @property
    def step_samples(self) -> int:
        """Samples from one step to the next."""
        return self.features.hop * self.config.subsampling

    @property
    def step_s(self) -> float:
        """Seconds from one step to the next."""
        return self.step_samples / self.rate

    @property
    def latency_ms(self) -> float | None:
        """Milliseconds from the moment that a step stands for until it can be computed.

        A window, and the steps of look-ahead. None for a network that needs the end.
        """
        if not self.config.streaming:
            return None
        samples = self.features.window + self.config.lookahead * self.step_samples
        return 1000 * samples / self.rate

    def normalise_by(self, mean: Tensor, deviation: Tensor) -> None:
        """Set what global normalisation subtracts and divides by, each ``(M,)``."""
        for name, value in (("mean", mean), ("deviation", deviation)):
            check_shape(name, value, M=self.config.mels)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.clamp(min=LEAST_DEVIATION))

    def steps(self, samples: Tensor) -> Tensor:
        """Return how many steps so many samples become, ``(B,)``."""
        frames = torch.tensor([self.features.frames(n) for n in samples.tolist()])
        return self.subsampling.lengths(frames)

    def forward(self, waves: Tensor, lengths: Tensor) -> Heard:
        """Hear whole recordings; what is beyond a row's end is not looked at."""
        if waves.shape[1] == 0:
            raise DataError("waves: expected at least one sample, got none")
        frames, lengths = self.features(waves, lengths)
        frames = self.normalised(frames, lengths)
        if self.augment is not None:
            frames = self.augment(frames, lengths)
        steps, lengths = self.subsampling(frames, lengths)
        output = self.body(steps, lengths=lengths).output
        if self.row is not None:
            output = self.row(output)
        return Heard(self.classes(output), lengths)

    def loss(self, waves: Tensor, lengths: Tensor, targets: Tensor, sizes: Tensor) -> Tensor:
        """Return the mean nats of a letter: of each text given its sound, over all its letters.

        Args:
            waves: The sound, ``(B, N)``.
            lengths: Its samples, ``(B,)``.
            targets: Ids of letters from 1, ``(B, U)``; what is beyond a row's size is not read.
            sizes: Letters of each row, ``(B,)``.

        Raises:
            DataError: If a text has more letters than its sound has steps, two equal letters in
                a row counted with the blank between them: no placement exists then.
        """
        heard = self(waves, lengths)
        check_shape("targets", targets, B=len(sizes), U=None)
        needed = steps_needed(targets, sizes)
        if bool((short := needed > heard.lengths).any()):
            row = int(short.nonzero()[0, 0])
            raise DataError(
                f"row {row}: {int(sizes[row])} letters need {int(needed[row])} steps, and "
                f"{int(lengths[row])} samples give {int(heard.lengths[row])}: the text is longer "
                "than what is said, or model.subsampling is too coarse"
            )
        total = F.ctc_loss(
            heard.log_probs.transpose(0, 1), targets, heard.lengths, sizes, reduction="sum"
        )
        return total / sizes.sum().clamp(min=1)

    def initial_state(self, batch: int) -> TranscriberState:
        """Return the state before the first sample.

        Raises:
            ConfigError: If the network needs the whole sound.
        """
        if not self.config.streaming:
            raise ConfigError(
                "this network hears in both directions, so it needs the whole recording; train "
                "one with model.streaming"
            )
        like = self.head.weight
        return TranscriberState(
            like.new_zeros(batch, 0),
            torch.zeros((), dtype=torch.int64),
            self.subsampling.initial_state(batch),
            self.body.initial_state(batch),
            like.new_zeros(0, batch, self.body.output_size),
        )

    def stream(self, samples: Tensor, state: TranscriberState) -> tuple[Tensor, TranscriberState]:
        """Hear some more samples ``(B, n)``; return the log-probabilities of the steps that are
        complete now, ``(B, t, V)``, and the state. Any chunks give what the whole sound gives.
        """
        check_shape("samples", samples, B=len(state.samples), N=None)
        waves = torch.cat([state.samples, samples.to(state.samples)], 1)
        frames = self.features.whole_frames(waves)
        kept = waves[:, frames.shape[1] * self.features.hop :]
        return self._advance(frames, state._replace(samples=kept))

    def finish(self, state: TranscriberState) -> tuple[Tensor, TranscriberState]:
        """Return the log-probabilities of the steps that only the end of the sound completes."""
        rest, window, hop = state.samples, self.features.window, self.features.hop
        samples = rest.shape[1]
        if samples > (window - hop if int(state.frames) else 0):  # not all of it is in a frame
            frames = self.features.whole_frames(F.pad(rest, (0, window - samples)))
        else:
            frames = rest.new_zeros(len(rest), 0, self.config.mels)
        state = state._replace(samples=rest[:, :0])
        first, state = self._advance(frames, state)
        if self.row is None or not len(state.waiting):
            return first, state
        last = self.classes(self.row(state.waiting))
        return torch.cat([first, last], 1), state._replace(waiting=state.waiting[:0])

    def _advance(self, frames: Tensor, state: TranscriberState) -> tuple[Tensor, TranscriberState]:
        """Hear some more frames ``(B, t, M)``."""
        count = state.frames + frames.shape[1]
        frames = (frames - self.mean) / self.deviation
        steps, convolved = self.subsampling.stream(frames, state.convolved)
        output, body = steps.new_zeros(0, len(frames), self.body.output_size), state.body
        if len(steps):
            output, _, body = self.body(steps, state.body)
        waiting = state.waiting
        if self.row is not None:
            known = torch.cat([waiting, output])
            output = self.row.inner(known)
            waiting = known[len(output) :]
        state = TranscriberState(state.samples, count, convolved, body, waiting)
        return self.classes(output), state

    def normalised(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Return frames ``(B, T, M)`` of mean 0 and deviation 1; zeros beyond a row's end."""
        inside = torch.arange(frames.shape[1], device=frames.device) < lengths[:, None]
        inside = inside[:, :, None]
        if self.config.normalise == "utterance":
            count = lengths.clamp(min=1)[:, None, None]
            mean = frames.sum(1, keepdim=True) / count  # beyond the end there are zeros
            off = (frames - mean).masked_fill(~inside, 0)
            deviation = (off.square().sum(1, keepdim=True) / count).sqrt()
            return off / deviation.clamp(min=LEAST_DEVIATION)
        return ((frames - self.mean) / self.deviation).masked_fill(~inside, 0)

    def classes(self, output: Tensor) -> Tensor:
        """Return log-probabilities ``(B, T, V)`` of outputs ``(T, B, R)``."""
        logits: Tensor = self.head(output)
        return logits.transpose(0, 1).float().log_softmax(-1)

    def parameter_count(self) -> int:
        """Return how many numbers are trained."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)


def steps_needed(targets: Tensor, sizes: Tensor) -> Tensor:
    """Return the fewest steps that a text can be placed in: between equal letters stands a blank.

    Shape:
        - targets: ``(B, U)``; sizes: ``(B,)``
        - returns: ``(B,)``

    Example:
        >>> steps_needed(torch.tensor([[8, 5, 12, 12, 15]]), torch.tensor([5]))
        tensor([6])
    """
    if targets.dim() != 2:
        raise ShapeError(f"targets: expected (B, U), got {tuple(targets.shape)}")
    equal = targets[:, 1:] == targets[:, :-1]
    within = torch.arange(1, max(1, targets.shape[1]), device=sizes.device) < sizes[:, None]
    return sizes + (equal & within).sum(1)
