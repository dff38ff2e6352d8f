"""The piano-roll model: causal, the same batched and stepped, and its loss is the papers'."""

from __future__ import annotations

import math

import pytest
import torch
from torch.testing import assert_close

from elman._errors import ConfigError, DataError, ShapeError
from elman.models.composer_config import RollModelConfig
from elman.models.roll_model import RollModel

K = 9
CONFIGS = {
    "gru": RollModelConfig(cell="gru", hidden_size=8, num_layers=2, embedding_size=6),
    "lstm": RollModelConfig(cell="lstm", hidden_size=8, num_layers=1, direct=False),
    "rnn": RollModelConfig(cell="rnn", hidden_size=8, num_layers=1, dropout_keys=0.5),
}


@pytest.fixture(params=CONFIGS)
def model(request: pytest.FixtureRequest) -> RollModel:
    torch.manual_seed(0)
    model = RollModel(K, CONFIGS[request.param])
    if model.direct is not None:
        torch.nn.init.normal_(model.direct.weight)
    return model.eval()


def frames(*shape: int) -> torch.Tensor:
    return (torch.rand(*shape, K) < 0.3).to(torch.uint8)


def test_batched_is_one_by_one(model: RollModel) -> None:
    x = frames(3, 12)
    logits, _ = model(x)
    for row in range(3):
        assert_close(model(x[row : row + 1])[0], logits[row : row + 1])


def test_chunked_and_stepped_is_whole(model: RollModel) -> None:
    x = frames(2, 13)
    whole, last = model(x)
    for size in (1, 5):
        state, parts = None, []
        for start in range(0, 13, size):
            logits, state = model(x[:, start : start + size], state)
            parts.append(logits)
        assert_close(torch.cat(parts, 1), whole)
        assert_close(state, last)


def test_the_future_is_not_read(model: RollModel) -> None:
    x = frames(1, 10)
    changed = x.clone()
    changed[:, 6:] = 1 - changed[:, 6:]
    assert_close(model(x)[0][:, :6], model(changed)[0][:, :6])
    assert not torch.equal(model(x)[0][:, 6:], model(changed)[0][:, 6:])


def test_a_reset_forgets(model: RollModel) -> None:
    x, reset = frames(1, 10), torch.zeros(1, 10, dtype=torch.bool)
    reset[0, 4] = True
    assert_close(model(x, reset=reset)[0][:, 4:], model(x[:, 4:])[0])


def test_the_loss_is_the_sum_over_keys_and_the_mean_over_frames(model: RollModel) -> None:
    x, y = frames(2, 6), frames(2, 6)
    mask = torch.ones(2, 6, dtype=torch.bool)
    mask[1, 3:] = False
    chance = torch.sigmoid(model(x)[0].double())
    nats = -torch.where(y.bool(), chance, 1 - chance).log().sum(2)
    loss = model.loss(x, y, mask)
    assert loss.frames == 9
    assert_close(loss.nats.double(), nats[mask].mean(), rtol=1e-5, atol=1e-6)
    assert_close(model.nats(x, y)[0].double(), nats, rtol=1e-5, atol=1e-5)
    assert float(model.loss(x, y, torch.zeros_like(mask)).nats.detach()) == 0


def test_gradients_flow_from_counted_frames_alone(model: RollModel) -> None:
    model.train()
    x, mask = frames(2, 5), torch.zeros(2, 5, dtype=torch.bool)
    mask[0] = True
    model.loss(x, x, mask).nats.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_it_starts_from_how_often_keys_sound() -> None:
    model = RollModel(K, CONFIGS["gru"]).eval()
    torch.nn.init.zeros_(model.head.weight)
    chances = torch.linspace(0, 0.9, K)
    model.expect(chances)
    logits, _ = model(frames(1, 3))
    assert_close(torch.sigmoid(logits[0, 0]), chances.clamp(1e-4))


def test_it_learns_to_repeat() -> None:
    torch.manual_seed(0)
    model = RollModel(K, RollModelConfig(cell="gru", hidden_size=16, num_layers=1, dropout=0.0))
    x = frames(4, 1).expand(4, 12, K).contiguous()
    mask = torch.ones(4, 11, dtype=torch.bool)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(120):
        loss = model.loss(x[:, :-1], x[:, 1:], mask).nats
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.1 * K * math.log(2)


def test_what_does_not_fit_is_refused(model: RollModel) -> None:
    with pytest.raises(ShapeError, match="frames"):
        model(torch.zeros(1, 3, K + 1))
    with pytest.raises(DataError, match="at least one"):
        model(torch.zeros(1, 0, K))
    with pytest.raises(ShapeError, match="mask"):
        model.loss(frames(1, 3), frames(1, 3), torch.ones(1, 2, dtype=torch.bool))
    with pytest.raises(ShapeError, match="reset"):
        model(frames(1, 3), reset=torch.ones(1, 2, dtype=torch.bool))
    with pytest.raises(ConfigError, match="keys"):
        RollModel(0, CONFIGS["gru"])


def test_it_is_described(model: RollModel) -> None:
    assert "head.weight" in model.describe() and model.parameter_count() > 0
