"""Train a BiLSTM-CRF tagger: this model, and the same one of torch.nn and pytorch-crf.

    python -m benchmarks.crf [--threads 2] [--rounds 7]

Needs `pip install pytorch-crf`, which elman itself never needs. First the gate: the same weights
must give the same loss and gradients. Then whole steps (forward, backward, clip, AdamW) are timed
in turns, the same batches for all. `every word` runs the character LSTM for each place of a word,
as published taggers do; `distinct words` gives torch.nn the distinct words of the batch too. At
the end stand the two CRF layers alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from elman.data.conll import Sentence
from elman.data.tagged import TaggedSet, TaggedVocabulary
from elman.data.tagged_config import TaggedConfig
from elman.models.tagger import Tagger, TaggerInput
from elman.models.tagger_config import TaggerConfig
from elman.nn import CRF

try:
    import torchcrf
except ImportError:
    raise SystemExit("this benchmark needs pytorch-crf: pip install pytorch-crf") from None

BATCH, TAGS = 32, 17


class TorchTagger(nn.Module):
    """The same network of torch.nn's layers and pytorch-crf."""

    def __init__(self, words: int, characters: int, config: TaggerConfig, distinct: bool) -> None:
        super().__init__()
        size, units = config.character_size, config.character_units
        self.distinct = distinct
        self.embedding = nn.Embedding(words, config.word_size)
        self.characters = nn.Embedding(characters, size)
        self.spelling = nn.LSTM(size, units, bidirectional=True)
        self.body = nn.LSTM(config.word_size + 2 * units, config.hidden_size, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * config.hidden_size, TAGS)
        self.crf = torchcrf.CRF(TAGS)

    def loss(self, batch: TaggerInput, tags: Tensor) -> Tensor:
        if self.distinct:
            spelled = self.spell(batch.characters, batch.character_lengths)
            spelled = nn.functional.embedding(batch.which.T, spelled)
        else:
            flat = batch.which.T.flatten()
            spelled = self.spell(batch.characters[flat], batch.character_lengths[flat])
            spelled = spelled.view(*batch.which.T.shape, -1)
        x = self.dropout(torch.cat([self.embedding(batch.words.T), spelled], 2))
        packed = pack_padded_sequence(x, batch.lengths, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.body(packed)[0])
        scores = self.head(self.dropout(output))
        mask = torch.arange(len(scores)).unsqueeze(1) < batch.lengths
        return -self.crf(scores, tags.T, mask=mask, reduction="token_mean")

    def spell(self, words: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(self.characters(words.T), lengths, enforce_sorted=False)
        _, (h, _) = self.spelling(packed)
        return torch.cat([h[0], h[1]], 1)


def sentences(count: int) -> list[Sentence]:
    """Sentences whose lengths and words are distributed as in a treebank of English."""
    rng = np.random.default_rng(0)
    sizes = rng.geometric(1 / 6, 20_000).clip(1, 20)
    words = ["".join(chr(97 + c) for c in rng.integers(0, 26, n)) for n in sizes]
    chances = 1 / np.arange(3, len(words) + 3)
    made = []
    for _ in range(count):
        length = int(np.clip(rng.gamma(1.6, 10), 1, 80))
        picked = rng.choice(len(words), length, p=chances / chances.sum())
        tags = [f"T{t}" for t in rng.integers(0, TAGS, length)]
        made.append(Sentence([words[k] for k in picked], tags, range(length)))
    return made


def copy_weights(ours: Tagger, theirs: TorchTagger) -> None:
    """Give both the same weights."""
    assert ours.crf is not None and ours.characters is not None
    ours_body = ours.body.layers.layers[0]
    pairs = [
        (theirs.embedding, ours.embedding),
        (theirs.characters, ours.characters.embedding),
        (theirs.spelling, ours.characters.layer),
        (theirs.body, ours_body),
        (theirs.head, ours.head),
    ]
    with torch.no_grad():
        for there, here in pairs:
            there.load_state_dict(here.state_dict())
        theirs.crf.transitions.copy_(ours.crf.transitions)
        theirs.crf.start_transitions.copy_(ours.crf.start)
        theirs.crf.end_transitions.copy_(ours.crf.end)


def step_of(model: nn.Module, loss: Callable[..., Tensor]) -> Callable[..., float]:
    """Return a whole training step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def step(batch: TaggerInput, tags: Tensor) -> float:
        started = time.perf_counter()
        optimizer.zero_grad()
        loss(batch, tags).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return time.perf_counter() - started

    return step


def layer_alone(rounds: int) -> dict[str, float]:
    """Return milliseconds of the two CRFs without a network: T 25, B 32, K 17."""
    scores, tags = torch.randn(25, BATCH, TAGS, requires_grad=True), torch.zeros(25, BATCH).long()
    lengths = torch.randint(1, 26, (BATCH,))
    lengths[0] = 25
    mask = torch.arange(25).unsqueeze(1) < lengths
    ours, theirs = CRF(TAGS), torchcrf.CRF(TAGS)
    with torch.no_grad():
        theirs.transitions.copy_(ours.transitions)
        theirs.start_transitions.copy_(ours.start)
        theirs.end_transitions.copy_(ours.end)
    best = ours.decode(scores, lengths).tags
    for row, path in enumerate(theirs.decode(scores, mask)):
        assert best[: len(path), row].tolist() == path
    calls = {
        "elman, loss and gradient": lambda: ours(scores, tags, lengths).sum().backward(),
        "pytorch-crf, loss and gradient": lambda: theirs(scores, tags, mask).backward(),
        "elman, decode": lambda: ours.decode(scores, lengths),
        "pytorch-crf, decode": lambda: theirs.decode(scores, mask),
    }
    found: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(20 * rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if turn >= rounds:
                found[name].append(1e3 * (time.perf_counter() - started))
    return {name: statistics.median(took) for name, took in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batches", type=int, default=8, help="batches of one round")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    made = sentences(20 * BATCH * options.batches)
    vocabulary = TaggedVocabulary.learn(made, TaggedConfig(), None)
    data = TaggedSet.encode(made, vocabulary)
    order = np.argsort(data.lengths, kind="stable")
    batches = []
    for first in np.linspace(0, len(order) - BATCH, options.batches).astype(int):
        *inputs, tags = map(torch.from_numpy, data.batch(order[first : first + BATCH]))
        batches.append((TaggerInput(*inputs), tags))
    tokens = sum(int(batch.lengths.sum()) for batch, _ in batches)
    characters = len(vocabulary.characters) + 1

    exact = TaggerConfig(dropout=0, word_dropout=0)
    ours = Tagger(len(vocabulary.words), characters, TAGS, exact)
    for distinct in (True, False):
        theirs = TorchTagger(len(vocabulary.words), characters, exact, distinct)
        copy_weights(ours, theirs)
        for batch, tags in batches:
            here, there = ours.loss(batch, tags).nats, theirs.loss(batch, tags)
            torch.testing.assert_close(here, there, rtol=1e-4, atol=1e-5)
            here.backward()
            there.backward()
        for name in ("head.weight", "embedding.weight"):
            torch.testing.assert_close(
                ours.get_parameter(name).grad, theirs.get_parameter(name).grad, rtol=1e-3, atol=1e-4
            )
        ours.zero_grad()
    print("gate: losses and gradients agree")

    config = TaggerConfig(word_dropout=0)
    steps: dict[str, Callable[..., float]] = {}
    model = Tagger(len(vocabulary.words), characters, TAGS, config)
    steps["elman"] = step_of(model, lambda batch, tags: model.loss(batch, tags).nats)
    for name, distinct in (("torch.nn, every word", False), ("torch.nn, distinct words", True)):
        theirs = TorchTagger(len(vocabulary.words), characters, config, distinct)
        steps[name] = step_of(theirs, theirs.loss)
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(options.rounds + 1):  # the first warms up
        for name, step in steps.items():
            took = sum(step(batch, tags) for batch, tags in batches)
            if turn:
                seconds[name].append(took)
    own = statistics.median(seconds["elman"])
    results = {}
    for name, took in seconds.items():
        middle = statistics.median(took)
        results[name] = {"tokens_per_s": tokens / middle, "times_elman": middle / own}
        print(f"{name:26} {tokens / middle:9,.0f} tokens/s   {middle / own:5.2f} x elman's time")
    alone = layer_alone(options.rounds)
    for name, took in alone.items():
        print(f"{name:32} {took:7.3f} ms")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        json.dumps(
            {
                "threads": options.threads,
                "torch": torch.__version__,
                "peak_mb": peak,
                "tokens_per_round": tokens,
                "results": results,
                "layer_ms": alone,
            }
        )
    )


if __name__ == "__main__":
    main()
