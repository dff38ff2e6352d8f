"""A conversation with a model that was trained on replies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import torch

from elman._errors import ConfigError
from elman.data.padding import pad
from elman.data.pairs import TURN
from elman.models.decode import draw
from elman.models.sampler import Sampler
from elman.tasks.translate.task import TranslateRun

__all__ = ["Conversation"]

LONGEST = 100
"""Most tokens of a reply if nobody says otherwise."""


class Conversation:
    """What was said so far, as much of it as the model looks back on, and what it says next.

    Both sides' turns are kept, as many as a reply answered to in training (``pairs.turns``).

    Args:
        run: A trained translator of turns into replies.
        temperature: See `Sampler`, as for ``top_k``, ``top_p`` and ``seed``.
        top_k: Draw from so many tokens.
        top_p: Draw from the nucleus of this probability.
        seed: Repeats the same conversation on the same machine.
        max_length: Most tokens of a reply.

    Raises:
        ConfigError: If an option is out of its range.
    """

    def __init__(
        self,
        run: TranslateRun,
        *,
        temperature: float = 0.7,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        max_length: int = LONGEST,
    ) -> None:
        if max_length < 1:
            raise ConfigError(f"max_length: expected at least 1, got {max_length}")
        self.run, self.max_length = run, max_length
        unknown = run.vocabularies.target.unk_id
        never = () if unknown is None else (unknown,)
        self._options = {"top_k": top_k, "top_p": top_p, "seed": seed, "never": never}
        self._sampler = Sampler(temperature, **self._options)  # type: ignore[arg-type]
        self._turns: deque[str] = deque(maxlen=run.task.pairs.turns)

    @property
    def temperature(self) -> float:
        """How bold replies are: 0 always the likeliest, 1 as the model thinks."""
        return self._sampler.temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        self._sampler = Sampler(value, **self._options)  # type: ignore[arg-type]

    @property
    def turns(self) -> list[str]:
        """What the next reply answers to, the oldest first."""
        return list(self._turns)

    def reset(self) -> None:
        """Forget what was said."""
        self._turns.clear()

    def reply(self, text: str) -> Iterator[str]:
        """Yield the reply to a turn, piece by piece as it is made.

        Both turns are remembered; of a reply that is not read to its end, what was read.
        """
        self._turns.append(" ".join(text.split()))
        written = ""
        try:
            for piece in self._pieces(TURN.join(self._turns)):
                piece = piece if written else piece.lstrip()  # a line begins without a space
                written += piece
                if piece:
                    yield piece
        finally:
            if said := " ".join(written.split()):  # no turn that was learned from is empty
                self._turns.append(said)

    def _pieces(self, context: str) -> Iterator[str]:
        model, vocabularies = self.run.model, self.run.vocabularies
        with torch.inference_mode():
            source, lengths = pad([vocabularies.source_ids(context)])
            state, memory = model.encode(source, lengths)
        decoder = vocabularies.target.stream()
        options = {"end": model.end, "limit": self.max_length}
        for token in draw(model.step, state, memory, self._sampler, **options):
            yield decoder.push(token)
        yield decoder.finish()
