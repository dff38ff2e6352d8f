"""What a person sees: a live picture in a terminal, lines elsewhere."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from elman.train import ProgressView, Sampled, Started, Stepped, Stopped, Validated, fit
from elman.train import log as log_module
from elman.train.log import in_nats, with_bits


def stepped(step, elapsed=20.0, skipped=0):
    return Stepped(step, 0, 0.25, 1.5, 3e-3, 0.41, 50_000, 5.0, elapsed, skipped)


def show(events, terminal=False, **options):
    text = io.StringIO()
    console = Console(file=text, width=120, force_terminal=terminal, color_system=None)
    with ProgressView(console, **options) as view:
        for event in events:
            view(event)
    return text.getvalue()


def test_lines_where_there_is_no_terminal():
    text = show(
        [
            Started(0, None, 1_234_567),
            stepped(100),
            Validated(100, 1.6, True),
            Sampled(100, "to be"),
            stepped(200, elapsed=32.0),
            Stopped(200, "steps", 1, 75.0, 1.6, 100, 0),
        ]
    )
    assert "\x1b" not in text  # no control codes in a log file
    lines = text.splitlines()
    assert lines[0] == "training 1,234,567 parameters from the start"
    assert "step 100  1.500 nats (perplexity 4.482)  10,000 tokens/s  |g| 0.41" in lines[1]
    assert "1:00 left" in lines[1]
    assert lines[2] == "step 100  validation 1.600 nats (perplexity 4.953)  best so far"
    assert lines[3:5] == ["step 100  sample:", "to be"]
    assert "val 1.600" in lines[5]
    assert lines[6] == (
        "stopped by steps after 200 steps, 1:15; best validation at step 100: "
        "1.600 nats (perplexity 4.953)"
    )


def test_lines_come_about_every_ten_seconds():
    text = show([stepped(k, elapsed=float(k)) for k in range(1, 31)])
    assert [line.split("step ")[1].split()[0] for line in text.splitlines()] == ["1", "11", "21"]


def test_resume_and_skipped_steps_are_named():
    text = show([Started(50, Path("/x/00000050-ab.safetensors"), 5), stepped(60, skipped=3)])
    assert "from 00000050-ab.safetensors" in text
    assert "step 60  3 not applied: loss was not finite" in text


def test_metrics_stand_beside_the_loss():
    events = [
        Validated(100, 0.5, True, {"accuracy": 0.91}),
        Validated(200, 0.4, False, {"accuracy": 0.9}),
        Stopped(200, "steps", 1, 75.0, 0.09, 100, 0),
    ]
    lines = show(events, units=(in_nats, in_nats)).splitlines()
    assert lines[0] == "step 100  validation 0.500 nats  accuracy 0.91  best so far"
    assert lines[2].endswith("best validation at step 100: 0.500 nats  accuracy 0.91")


def test_a_best_from_before_a_resume_is_named_by_its_step():
    text = show([Stopped(200, "steps", 1, 75.0, 1.6, 100, 0)])
    assert text.strip().endswith("best validation at step 100")


def test_bits_per_character():
    assert "1.500 nats (0.54 bits/char)" in show([stepped(1)], units=(with_bits(0.25), in_nats))


def test_a_terminal_shows_a_picture(monkeypatch):
    monkeypatch.setattr(log_module, "REFRESH_S", 0.0)
    text = show([Started(0, None, 5), stepped(1), Sampled(1, "to be"), stepped(2)], terminal=True)
    assert "sample after 1 steps" in text and "to be" in text and "25 %" in text


def test_a_sample_cannot_drive_the_terminal():
    for terminal in (False, True):
        text = show([Started(0, None, 5), Sampled(1, "a\x1b[2Jb\x07[red]c")], terminal=terminal)
        assert "a·[2Jb·[red]c" in text


def test_the_terminal_comes_back_after_an_error():
    console = Console(file=io.StringIO(), force_terminal=True)
    try:
        with ProgressView(console) as view:
            view(Started(0, None, 5))
            assert view._live is not None
            raise KeyError
    except KeyError:
        assert view._live is None
    with ProgressView(console) as view:  # rich allows one live picture at a time
        view(Started(0, None, 5))


def test_listens_to_a_real_training(small):
    net = small.Net()
    events = fit(
        net,
        small.NextToken(net),
        small.Stream(),
        small.config(steps=10, sample_every=5),
        validate=lambda: 1.0,
        sample=lambda: "sample!",
    )
    text = show(list(events))
    assert text.count("sample!") == 2 and "stopped by steps" in text
