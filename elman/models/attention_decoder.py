r"""The attention decoder: from what any encoder leaves behind to a sequence of tokens.

.. math::
    q_t &= \text{bottom}(y_{<t}) \qquad c_t = \text{attention}(q_t, m) \\
    r_t &= \tanh(W [\text{top}(q_{\le t}, c_{\le t}); c_t; y_{t-1}]) \\
    p(y_t \mid y_{<t}, x) &= \text{softmax}(E r_t + b)

The lowest layer of the decoder asks, the layers above it read the answers (with one layer, that
layer is both). No layer waits for what is above it, so under teacher forcing each of them runs
once over all steps of the target. ``(B, T)`` outside, time-major inside. What the memory m was
read from is known in `translator.py` and `captioner.py` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from elman._shapes import check_shape
from elman.models.attention_decoder_config import AttentionDecoderConfig
from elman.models.body import BodyOutput, RecurrentBody, dropout_of
from elman.models.bridge import Bridge, DecoderState, tensors_of
from elman.models.decode import Hypothesis, beam_search, greedy
from elman.models.describe import describe, parameter_count
from elman.models.embedding import TokenEmbedding
from elman.models.head import LinearHead
from elman.models.language_model import check_tokens
from elman.models.smoothing import smoothing_penalty
from elman.nn.attention import make_attention

__all__ = ["AttentionDecoder", "Decoded", "DecoderLoss", "DecoderState", "Memory", "init_embedding"]

EMBEDDING_RANGE = 0.1
"""Embeddings start in plus or minus this: a tied softmax wants small weights."""


class Memory(NamedTuple):
    """What the encoder leaves behind; its rows stand in dimension 1.

    Attributes:
        values: ``(S, B, M)``
        keys: ``(S, B, .)``, what the attention compares with.
        lengths: ``(1, B)``
    """

    values: Tensor
    keys: Tensor
    lengths: Tensor


class Decoded(NamedTuple):
    """What the decoder returns for some steps of the target.

    Attributes:
        readout: ``(T, N, E)``: what the softmax sees.
        state: After the last of the steps.
        weights: ``(T, N, S)``, the attention; ``None`` without one.
    """

    readout: Tensor
    state: DecoderState
    weights: Tensor | None


class DecoderLoss(NamedTuple):
    """What `AttentionDecoder.loss` returns.

    Attributes:
        nats: Mean nats per target token, the end included: what is reported.
        total: The same with smoothed labels: what is minimised in training.
    """

    nats: Tensor
    total: Tensor


class AttentionDecoder(nn.Module):
    """Base of the models that write: a decoder that looks back at what an encoder has read.

    A subclass adds the encoder, and says in `encode` how its inputs are read; all else is here.
    The vocabulary gets one token more, `end`, which ends a sequence; the decoder starts from it
    as well.

    Args:
        memory_size: Features of a step of the memory, M: what the encoder gives.
        vocab_size: Tokens of the target without the end.
        config: Everything else. The encoder has to have its kind of cell.
        state_size: Units of a layer of the encoder, those of both directions together, whose
            last state the decoder starts from; ``None``: M.

    Shape:
        - inputs: what `encode` takes
        - lengths: ``(B,)`` int64, how many steps of each input are real
        - targets: ``(B, T)`` int64, each row its tokens and `end`, then numbers below zero

    Source:
        Attention asked by the bottom layer and read by those above: Wu et al. 2016,
        arXiv:1609.08144. With one layer: Luong, Pham & Manning 2015, arXiv:1508.04025, without
        input feeding. The readout sees the last token, as in arXiv:1409.0473.

    Example:
        >>> class Points(AttentionDecoder):  # reads (S, B, 2) as it stands
        ...     def __init__(self):
        ...         config = AttentionDecoderConfig(hidden_size=8, embedding_size=4)
        ...         super().__init__(16, 5, config)
        ...         self.encoder = RecurrentBody(2, config, bidirectional=True)
        ...     def encode(self, inputs, lengths):
        ...         return self.begin(self.encoder(inputs, lengths=lengths), lengths)
        >>> inputs, lengths = torch.randn(7, 3, 2), torch.tensor([7, 4, 1])
        >>> Points()(inputs, lengths, torch.tensor([[0, 5], [5, -1], [4, 5]])).shape
        torch.Size([3, 2, 6])
    """

    def __init__(
        self,
        memory_size: int,
        vocab_size: int,
        config: AttentionDecoderConfig,
        *,
        state_size: int | None = None,
    ) -> None:
        super().__init__()
        self.config: AttentionDecoderConfig = config
        self.end = vocab_size
        size = config.embedding_size
        self.target_embedding = TokenEmbedding(
            vocab_size + 1, size, dropout=config.dropout_embedding
        )
        init_embedding(self.target_embedding)
        width = config.decoder_size or config.hidden_size
        layers = config.decoder_layers or config.num_layers
        lowest: dict[str, Any] = {"num_layers": 1, "hidden_size": width, "dropout_hidden": None}
        if layers > 1:
            lowest["dropout_output"] = 0.0  # then the layers above drop what they read
        self.bottom = RecurrentBody(size, config.model_copy(update=lowest))
        self.attention = (
            None
            if config.attention == "none"
            else make_attention(config.attention, width, memory_size, config.attention_size)
        )
        seen = 0 if self.attention is None else memory_size
        above = {"num_layers": layers - 1, "hidden_size": width}
        self.top = (
            RecurrentBody(width + seen, config.model_copy(update=above)) if layers > 1 else None
        )
        parts = len(tensors_of(self.bottom.initial_state(1)[0]))
        self.bridge = Bridge(state_size or memory_size, width, layers, parts)
        self.readout = nn.Linear(width + seen + size, size)
        self.dropout = dropout_of(config.dropout_output, config.dropout)
        tied = self.target_embedding.weight if config.tie_weights else None
        self.head = LinearHead(size, vocab_size + 1, weight=tied)

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.target_embedding.weight.device

    def encode(self, inputs: Any, lengths: Tensor) -> tuple[DecoderState, Memory]:
        """Read inputs; return the decoder's first state and what it can look at."""
        raise NotImplementedError

    def begin(self, read: BodyOutput, lengths: Tensor) -> tuple[DecoderState, Memory]:
        """Return the first state and the memory of what an encoder's body has read."""
        keys = read.output if self.attention is None else self.attention.keys(read.output)
        return self.bridge(read.state), Memory(read.output, keys, lengths.unsqueeze(0))

    def decode(self, tokens: Tensor, state: DecoderState, memory: Memory) -> Decoded:
        """Run the decoder over tokens that are known.

        Several hypotheses of one input share its memory: with K of them for each of the B
        inputs there are ``N = K*B`` rows, hypothesis k of input b in row ``k*B + b``.

        Args:
            tokens: What came before each step, ``(T, N)``; `end` before the first.
            state: The state before these steps, of N rows.
            memory: Of B rows.
        """
        steps, rows = tokens.shape
        embedded = self.target_embedding(tokens)
        hidden, raw, after = self.bottom(embedded, state[:1])
        context = weights = None
        if self.attention is not None:
            # all hypotheses of an input are queries of one memory: (T*K, B, .)
            asked = raw.reshape(-1, memory.values.shape[1], raw.shape[-1])
            context, weights = self.attention(
                asked, memory.values, memory.lengths.squeeze(0), keys=memory.keys
            )
            context = context.reshape(steps, rows, -1)
            weights = weights.reshape(steps, rows, -1)
        if self.top is not None:
            below = raw if context is None else torch.cat([raw, context], -1)
            hidden, _, above = self.top(below, state[1:])
            after = (*after, *above)
        parts = [hidden, embedded] if context is None else [hidden, context, embedded]
        readout = self.dropout(self.readout(torch.cat(parts, -1)).tanh())
        return Decoded(readout, after, weights)

    def forward(self, inputs: Any, lengths: Tensor, targets: Tensor) -> Tensor:
        """Return logits ``(B, T, V)`` of each target token, the true ones before it given."""
        readout = self.forced(inputs, lengths, targets).readout
        logits: Tensor = self.head(readout.transpose(0, 1))
        return logits

    def forced(self, inputs: Any, lengths: Tensor, targets: Tensor) -> Decoded:
        """Run everything with the true tokens before each step: teacher forcing."""
        state, memory = self.encode(inputs, lengths)
        self.check_targets(targets, memory)
        return self.decode(self.shifted(targets), state, memory)

    def check_targets(self, targets: Tensor, memory: Memory) -> None:
        """Raise unless the targets are tokens, in as many rows as the memory has."""
        check_tokens("targets", targets, self.end + 1, padded=True)
        check_shape("targets", targets, B=memory.values.shape[1], T=None)

    def shifted(self, targets: Tensor) -> Tensor:
        """Return what stands before each target, ``(T, B)``: the end, then all but the last."""
        before = targets.T.clamp(min=0)  # padding is any token: no target depends on it
        return torch.cat([torch.full_like(before[:1], self.end), before[:-1]])

    def loss(
        self, inputs: Any, lengths: Tensor, targets: Tensor, forced: float = 1.0
    ) -> DecoderLoss:
        """Return the mean nats of the targets, without ever holding all logits at once.

        Args:
            inputs: What is read.
            lengths: How much of each row of it is real.
            targets: What should be written.
            forced: Part of the tokens before each step that are the true ones; the others are
                the model's own best guesses at their places, made in a first pass with true
                tokens alone (scheduled sampling in two passes, Mihaylova & Martins 2019,
                arXiv:1906.07651). 1 is teacher forcing.
        """
        return self.loss_of(*self.encode(inputs, lengths), targets, forced)

    def loss_of(
        self, state: DecoderState, memory: Memory, targets: Tensor, forced: float = 1.0
    ) -> DecoderLoss:
        """Return the same, given what `encode` has returned."""
        self.check_targets(targets, memory)
        before = self.shifted(targets)
        if forced < 1:
            before = self.mixed(before, state, memory, forced)
        h, wanted = self.decode(before, state, memory).readout.flatten(0, 1), targets.T.flatten()
        total = nats = self.head.nats(h, wanted)
        if self.training and self.config.label_smoothing:
            penalty = smoothing_penalty(h, self.head.weight, self.head.bias, wanted)
            total = nats + self.config.label_smoothing * penalty
        return DecoderLoss(nats, total)

    @torch.no_grad()
    def mixed(self, before: Tensor, state: DecoderState, memory: Memory, forced: float) -> Tensor:
        """Put the model's own guesses in the place of some true tokens, but not of the first."""
        readout = self.decode(before, state, memory).readout
        guesses = torch.stack([self.head(step).argmax(-1) for step in readout[:-1]])
        own = torch.rand(guesses.shape, device=before.device) >= forced
        return torch.cat([before[:1], torch.where(own, guesses, before[1:])])

    def step(
        self, tokens: Tensor, state: DecoderState, memory: Memory
    ) -> tuple[Tensor, DecoderState]:
        """Return the logits ``(N, V)`` after tokens ``(N,)``, and the state: one step."""
        readout, state, _ = self.decode(tokens.unsqueeze(0), state, memory)
        return self.head(readout[0]), state

    @torch.inference_mode()
    def write(
        self,
        inputs: Any,
        lengths: Tensor,
        limits: Tensor,
        *,
        beam: int = 1,
        alpha: float = 0.6,
        never: Sequence[int] = (),
    ) -> list[list[Hypothesis]]:
        """Return the hypotheses of each input, the best first: greedy, or a beam's.

        Args:
            inputs: What is read.
            lengths: How much of each row of it is real.
            limits: Most tokens of each, ``(B,)``.
            beam: Hypotheses of each; 1 is greedy.
            alpha: The length penalty of a beam.
            never: Tokens that are not written.
        """
        state, memory = self.encode(inputs, lengths)
        return self.search(state, memory, limits, beam=beam, alpha=alpha, never=never)

    @torch.inference_mode()
    def search(
        self,
        state: DecoderState,
        memory: Memory,
        limits: Tensor,
        *,
        beam: int = 1,
        alpha: float = 0.6,
        never: Sequence[int] = (),
    ) -> list[list[Hypothesis]]:
        """Return the same, given what `encode` has returned."""
        if beam == 1:
            found = greedy(self.step, state, memory, limits, end=self.end, never=never)
            return [[one] for one in found]
        return beam_search(
            self.step, state, memory, limits, end=self.end, beam=beam, alpha=alpha, never=never
        )

    def score(self, inputs: Any, lengths: Tensor, targets: Tensor) -> Tensor:
        """Return the log-probability of each whole target, ``(B,)``, its end included."""
        log_probs: Tensor = self(inputs, lengths, targets).log_softmax(-1)
        picked = log_probs.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        return picked.masked_fill(targets < 0, 0.0).sum(1)

    def attended(self, inputs: Any, lengths: Tensor, targets: Tensor) -> Tensor | None:
        """Return where the decoder looks at each target, ``(B, T, S)``; ``None`` if nowhere."""
        weights = self.forced(inputs, lengths, targets).weights
        return None if weights is None else weights.transpose(0, 1)

    def parameter_count(self) -> int:
        """Return how many numbers are trained; shared weights count once."""
        return parameter_count(self)

    def describe(self) -> str:
        """Return a table of all parameters with their shapes and sizes."""
        return describe(self)


def init_embedding(embedding: TokenEmbedding) -> None:
    """Start an embedding small, as a tied softmax wants it."""
    nn.init.uniform_(embedding.weight, -EMBEDDING_RANGE, EMBEDDING_RANGE)
