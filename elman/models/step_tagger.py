r"""The tagger of steps: a label for each step of any sequence that a frontend can read.

.. math::
    e_t = W\, \text{body}(\text{frontend}(x))_t + b \qquad
    y = \arg\max_y \text{crf}(e, y) \;\text{ or }\; y_t = \arg\max_k e_{tk}

``(B, T)`` outside, time-major inside. With one direction it also runs over a sequence that has no
end, chunk by chunk: `StepTagger.step` takes the state after the last chunk and returns the next,
and the scores are those of the whole sequence. Sequences too long for both directions are cut into
overlapping windows in `windows.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ConfigError, DataError
from elman.models.body import RecurrentBody
from elman.models.describe import describe, parameter_count
from elman.models.frontend import Frontend
from elman.models.step_tagger_config import StepTaggerConfig
from elman.models.tagger import IGNORED, TaggerLoss, Tags, within
from elman.nn.crf import CRF
from elman.nn.state import State

__all__ = ["StepTagger", "TaggerState"]


class TaggerState(NamedTuple):
    """Where a stream of steps stands.

    Attributes:
        frontend: Of its own making; None if a step says all.
        body: The state of the recurrent layers; None before the first step.
        belief: With a CRF: log-probabilities of the last step's labels given all steps so far,
            ``(B, K)``; None before the first step.
    """

    frontend: Any = None
    body: tuple[State, ...] | None = None
    belief: Tensor | None = None


class StepTagger(nn.Module):
    """A frontend, recurrent layers, and at each step a softmax over labels or a CRF.

    Args:
        frontend: Turns the inputs into ``(T, B, E)``, a step for a step; see `frontend.py`.
        num_tags: Labels, K, at least 2.
        config: Everything else.
        moves: For a CRF: which label may follow which ``(K, K)``, be first ``(K,)``, be last
            ``(K,)``.

    Raises:
        ConfigError: If there is no choice between labels, or moves would have no effect.

    Shape:
        - inputs: what the frontend takes, ``(B, T, ...)``; lengths: ``(B,)`` int64
        - tags: ``(B, T)`` int64; -100: the label of this step is not known (softmax alone)
        - returns: scores ``(B, T, K)``

    Example:
        >>> from elman.models.frontend import TokenFrontend
        >>> model = StepTagger(TokenFrontend(9, 4), 3, StepTaggerConfig(hidden_size=5)).eval()
        >>> model.decode(torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([3, 2])).tags.shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        frontend: Frontend,
        num_tags: int,
        config: StepTaggerConfig,
        *,
        moves: tuple[Tensor, Tensor, Tensor] | None = None,
    ) -> None:
        super().__init__()
        if num_tags < 2:
            raise ConfigError(f"num_tags: expected at least 2, got {num_tags}")
        if moves is not None and config.output != "crf":
            raise ConfigError("moves have no effect on a softmax: use output = 'crf'")
        self.num_tags, self.config = num_tags, config
        self.frontend = frontend
        self.body = self.make_body(frontend.output_size, config)
        self.head = nn.Linear(self.body.output_size, num_tags)
        self.crf: CRF | None = None
        if config.output == "crf":
            allowed, start, end = moves if moves is not None else (None, None, None)
            self.crf = CRF(num_tags, allowed=allowed, allowed_start=start, allowed_end=end)

    def make_body(self, input_size: int, config: StepTaggerConfig) -> RecurrentBody:
        """Build what is between frontend and head."""
        return RecurrentBody(input_size, config, bidirectional=config.bidirectional)

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.head.weight.device

    def forward(self, inputs: Any, lengths: Tensor | None = None) -> Tensor:
        """Return the score of every label at every step, ``(B, T, K)``."""
        return self.emissions(inputs, lengths).transpose(0, 1)

    def emissions(self, inputs: Any, lengths: Tensor | None = None) -> Tensor:
        """Return the scores time-major, ``(T, B, K)``."""
        return self.from_features(self.frontend(inputs), lengths)

    def from_features(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the scores ``(T, B, K)`` of what a frontend gave, ``(T, B, E)``."""
        scores: Tensor = self.head(self.body(features, lengths=lengths).output)
        return scores

    def loss(self, inputs: Any, lengths: Tensor, tags: Tensor) -> TaggerLoss:
        """Return how improbable the tags ``(B, T)`` are; those in padding are not looked at."""
        return self.loss_of(self.emissions(inputs, lengths), lengths, tags)

    def loss_of(
        self, scores: Tensor, lengths: Tensor, tags: Tensor, weights: Tensor | None = None
    ) -> TaggerLoss:
        """Return the same for scores ``(T, B, K)`` that are there already.

        Args:
            scores: What `emissions` returned.
            lengths: ``(B,)``.
            tags: ``(B, T)``.
            weights: ``(K,)``, what a step counts by its label; the mean stays one over the steps.

        Raises:
            ConfigError: If weights are given to a CRF, whose labels are scored together.
            DataError: If a CRF is given a step without a label.
        """
        inside = within(lengths, len(scores))
        targets = torch.where(inside, tags.T, IGNORED)
        if self.crf is not None:
            if weights is not None:
                raise ConfigError("weights have no effect on a CRF: use output = 'softmax'")
            steps = int(lengths.sum())
            if bool((inside & (targets < 0)).any()):
                raise DataError(
                    "a step has no label, and a CRF needs them all: label every step, or train "
                    "with model.output = 'softmax'"
                )
            full = self.crf(scores, targets.clamp(min=0), lengths)
            return TaggerLoss(-full.sum() / max(1, steps), steps)
        steps = int((targets >= 0).sum())
        nats = F.cross_entropy(
            scores.flatten(0, 1),
            targets.flatten(),
            weights,
            ignore_index=IGNORED,
            reduction="sum",
        )
        return TaggerLoss(nats / max(1, steps), steps)

    @torch.no_grad()
    def decode(
        self, inputs: Any, lengths: Tensor | None = None, *, confidence: bool = True
    ) -> Tags:
        """Return the best labels, and how sure each is; zeros where that is not asked for."""
        return self.decoded(self.emissions(inputs, lengths), lengths, confidence=confidence)

    @torch.no_grad()
    def decoded(
        self, scores: Tensor, lengths: Tensor | None = None, *, confidence: bool = True
    ) -> Tags:
        """Return the best labels for scores ``(T, B, K)`` that are there already."""
        lengths = self.all_steps(scores) if lengths is None else lengths
        inside = within(lengths, len(scores))
        if self.crf is not None:
            tags = self.crf.decode(scores, lengths).tags
        else:
            tags = torch.where(inside, scores.argmax(2), 0)
        if not confidence:
            return Tags(tags.T, torch.zeros_like(tags, dtype=scores.dtype).T)
        sure = self.chances(scores, lengths).gather(2, tags.unsqueeze(2)).squeeze(2)
        return Tags(tags.T, torch.where(inside, sure, 0.0).T)

    def chances(self, scores: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the probability of every label at every step, given the whole sequence.

        Shape:
            - scores: ``(T, B, K)``
            - returns: ``(T, B, K)``; what stands in padding means nothing
        """
        if self.crf is None:
            return scores.softmax(2)
        return self.crf.marginals(scores, self.all_steps(scores) if lengths is None else lengths)

    @staticmethod
    def all_steps(scores: Tensor) -> Tensor:
        """Return ``(B,)``: every step is valid."""
        steps, batch = scores.shape[:2]
        return torch.full((batch,), steps, dtype=torch.int64, device=scores.device)

    def stream(self) -> TaggerState:
        """Return the state before the first step of a stream.

        Raises:
            ConfigError: If the model needs the end of a sequence before its beginning.
        """
        if not self.frontend.streams:
            raise ConfigError("this model's frontend needs the whole sequence")
        if self.config.bidirectional:
            raise ConfigError(
                "a model that also reads from the end cannot run step by step: train with "
                "model.bidirectional = false, or cut the sequence into windows"
            )
        return TaggerState()

    def step(self, inputs: Any, state: TaggerState) -> tuple[Tensor, TaggerState]:
        """Run over the next steps of a stream, one or many.

        Args:
            inputs: ``(B, T, ...)``, T at least 1, all of them valid.
            state: What `stream`, or the call before, returned.

        Returns:
            Scores ``(B, T, K)`` as of the whole sequence, and the state after the last step.
        """
        features, frontend = self.frontend.step(inputs, state.frontend)
        output, _, body = self.body(features, state.body)
        scores: Tensor = self.head(output).transpose(0, 1)
        return scores, TaggerState(frontend, body, state.belief)

    @torch.no_grad()
    def believe(self, scores: Tensor, state: TaggerState) -> tuple[Tensor, TaggerState]:
        r"""Return what is known of each step as soon as it is read.

        Of a softmax that is its log-probabilities. A CRF sums over all labels before:

        .. math::
            b_t(j) \propto e_{tj} + \log \sum_i \exp(b_{t-1}(i) + A_{ij})

        Args:
            scores: What `step` returned, ``(B, T, K)``.
            state: And with it.

        Returns:
            Log-probabilities ``(B, T, K)``, and the state after the last step.
        """
        if self.crf is None:
            return scores.log_softmax(2), state
        moves, start, _ = self.crf.moves()
        belief, told = state.belief, []
        for now in scores.unbind(1):
            before = start if belief is None else (belief.unsqueeze(2) + moves).logsumexp(1)
            belief = (before + now).log_softmax(1)
            told.append(belief)
        return torch.stack(told, 1), state._replace(belief=belief)

    def parameter_count(self) -> int:
        """Return how many numbers are trained."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)
