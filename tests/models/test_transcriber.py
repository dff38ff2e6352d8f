"""The transcriber: streaming is offline, padding never leaks, the latency is what it says."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from elman._errors import ConfigError, DataError, ShapeError
from elman.models.ctc import Greedy, greedy_texts
from elman.models.save import load_model, model_bytes
from elman.models.transcriber import Transcriber, TranscriberState, steps_needed
from elman.models.transcriber_config import AugmentConfig, TranscriberConfig
from elman.nn.state import map_state

RATE = 4000
SMALL = {"hidden_size": 12, "num_layers": 2, "channels": 4, "mels": 12, "dropout": 0.0}


def small(letters: int = 4, augment: AugmentConfig | None = None, **options: object) -> Transcriber:
    torch.manual_seed(0)
    config = TranscriberConfig.model_validate({**SMALL, **options})
    model = Transcriber(letters, RATE, config, augment).eval()
    for parameter in model.parameters():  # as far from the start as a trained one is
        torch.nn.init.normal_(parameter, std=0.4)
    model.normalise_by(torch.full((12,), -6.0), torch.full((12,), 3.0))
    return model


def sound(samples: int, rows: int = 1, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.3 * torch.randn(rows, samples, generator=generator)


def streamed(model: Transcriber, wave: Tensor, cuts: list[int]) -> Tensor:
    state, parts, place = model.initial_state(len(wave)), [], 0
    for cut in [*cuts, wave.shape[1]]:
        found, state = model.stream(wave[:, place : place + cut], state)
        parts.append(found)
        place += cut
        if place >= wave.shape[1]:
            break
    parts.append(model.finish(state)[0])
    return torch.cat(parts, 1)


@given(
    cuts=st.lists(st.integers(0, 400), max_size=30),
    samples=st.integers(1, 3000),
    factor=st.sampled_from([1, 2, 4]),
    lookahead=st.sampled_from([0, 1, 4]),
    cell=st.sampled_from(["lstm", "gru"]),
)
@settings(max_examples=60)
@torch.no_grad()
def test_streaming_is_offline_for_any_chunks(
    cuts: list[int], samples: int, factor: int, lookahead: int, cell: str
) -> None:
    model = small(streaming=True, subsampling=factor, lookahead=lookahead, cell=cell)
    wave = sound(samples)
    whole = model(wave, torch.tensor([samples]))
    chunks = streamed(model, wave, cuts)
    torch.testing.assert_close(chunks, whole.log_probs, rtol=1e-5, atol=1e-5)
    greedy = Greedy()
    text = [one.letter for row in chunks[0].split(3) for one in greedy.advance(row.numpy())]
    assert [text] == greedy_texts(whole.log_probs, whole.lengths)


@torch.no_grad()
def test_the_state_is_a_value() -> None:
    model = small(streaming=True, lookahead=2)
    wave = sound(2400)
    _, state = model.stream(wave[:, :1000], model.initial_state(1))
    copy = map_state(Tensor.clone, state)
    assert isinstance(copy, TranscriberState)
    first, _ = model.stream(wave[:, 1000:], state)
    model.stream(sound(500, seed=3), state)  # another future of the same past
    again, _ = model.stream(wave[:, 1000:], copy)
    assert torch.equal(first, again)


@torch.no_grad()
def test_the_latency_is_what_it_says() -> None:
    for factor, lookahead in ((4, 0), (4, 3), (2, 5)):
        model = small(streaming=True, subsampling=factor, lookahead=lookahead)
        reach = round(model.latency_ms * RATE / 1000)
        assert reach == 100 + lookahead * factor * 40
        wave, step = sound(4000), 5
        begins = step * model.step_samples
        known = model(wave, torch.tensor([4000])).log_probs[:, step]
        for sample, matters in ((begins + reach - 40, True), (begins + reach, False)):
            other = wave.clone()
            other[:, sample:] = sound(4000, seed=9)[:, sample:]
            changed = model(other, torch.tensor([4000])).log_probs[:, step]
            assert bool((changed - known).abs().max() > 0) is matters
        ready, _ = model.stream(wave[:, : begins + reach], model.initial_state(1))
        assert ready.shape[1] == step + 1  # with the last of these samples, not later
    assert small().latency_ms is None


@pytest.mark.parametrize(
    "options",
    [{}, {"normalise": "utterance"}, {"streaming": True, "lookahead": 2}, {"subsampling": 2}],
    ids=str,
)
@torch.no_grad()
def test_padding_never_leaks(options: dict[str, object]) -> None:
    model = small(**options)
    lengths = torch.tensor([3000, 1111, 90, 1])
    waves = sound(3000, 4)
    for row, length in enumerate(lengths.tolist()):
        waves[row, length:] = torch.nan
    heard = model(waves, lengths)
    assert torch.equal(heard.lengths, model.steps(lengths))
    for row, length in enumerate(lengths.tolist()):
        alone = model(waves[row : row + 1, :length], torch.tensor([length])).log_probs[0]
        torch.testing.assert_close(
            heard.log_probs[row, : int(heard.lengths[row])], alone, rtol=1e-5, atol=1e-5
        )


def test_gradients_do_not_come_from_padding() -> None:
    model = small().train()
    targets, sizes = torch.tensor([[1, 2], [3, 0]]), torch.tensor([2, 1])
    gradients = []
    for beyond in (0.0, 7.0):
        waves = sound(2000, 2)
        waves[1, 800:] = beyond
        model.zero_grad()
        model.loss(waves, torch.tensor([2000, 800]), targets, sizes).backward()
        gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


@torch.no_grad()
def test_utterance_normalisation_knows_no_volume() -> None:
    model = small(normalise="utterance")
    wave = sound(2000)
    loud, quiet = (model(k * wave, torch.tensor([2000])).log_probs for k in (1.0, 0.05))
    torch.testing.assert_close(loud, quiet, rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_the_loss_is_the_mean_over_letters() -> None:
    model = small()
    waves, lengths = sound(2000, 2), torch.tensor([2000, 1500])
    targets, sizes = torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([3, 1])
    both = model.loss(waves, lengths, targets, sizes)
    each = [
        model.loss(waves[k : k + 1], lengths[k : k + 1], targets[k : k + 1], sizes[k : k + 1])
        for k in range(2)
    ]
    torch.testing.assert_close(both, (3 * each[0] + each[1]) / 4)


def test_a_text_that_does_not_fit_is_refused_and_one_that_just_fits_is_not() -> None:
    model = small(subsampling=4)
    lengths = torch.tensor([500])  # 4 steps
    assert model.steps(lengths).tolist() == [3]
    fits = torch.tensor([[1, 2, 3]])
    assert model.loss(sound(500), lengths, fits, torch.tensor([3])).isfinite()
    for ids in ([1, 2, 3, 4], [1, 1, 2]):  # the second needs a blank between the two
        size = torch.tensor([len(ids)])
        with pytest.raises(DataError, match="letters need 4 steps, and 500 samples give 3"):
            model.loss(sound(500), lengths, torch.tensor([ids]), size)


def test_steps_needed_counts_repeats_within_the_size_alone() -> None:
    targets = torch.tensor([[1, 1, 1], [1, 2, 2], [3, 0, 0]])
    assert steps_needed(targets, torch.tensor([3, 3, 1])).tolist() == [5, 4, 1]
    assert steps_needed(torch.zeros(1, 0, dtype=torch.int64), torch.tensor([0])).tolist() == [0]
    with pytest.raises(ShapeError, match="targets: expected"):
        steps_needed(torch.tensor([1]), torch.tensor([1]))


def test_augmentation_is_for_training_alone() -> None:
    model = small(augment=AugmentConfig(frequency_width=0.9))
    wave, length = sound(2000), torch.tensor([2000])
    assert torch.equal(model(wave, length).log_probs, model(wave, length).log_probs)
    model.train()
    assert not torch.equal(model(wave, length).log_probs, model(wave, length).log_probs)


def test_what_it_cannot_do() -> None:
    with pytest.raises(ConfigError, match="hears in both directions, so it needs the whole"):
        small().initial_state(1)
    with pytest.raises(ConfigError, match="letters: expected at least 1"):
        small(0)
    with pytest.raises(DataError, match="expected at least one sample, got none"):
        small()(torch.zeros(1, 0), torch.tensor([0]))
    with pytest.raises(ShapeError, match="mean: expected"):
        small().normalise_by(torch.zeros(3), torch.ones(3))


def test_a_kept_model_has_no_normalisation_of_its_own() -> None:
    model, other = small(), small()
    torch.nn.init.zeros_(other.head.weight)
    load_model(other, model_bytes(model))
    assert torch.equal(other.head.weight, model.head.weight)
    assert "mean" not in model.state_dict() and model.parameter_count() > 0
    assert "head.weight" in model.describe()
