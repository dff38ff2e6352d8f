"""Units of a loss, and a log that is whole at any instant."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from elman._errors import RunError
from elman.train import (
    CheckpointStore,
    JsonlWriter,
    Sampled,
    Saved,
    Started,
    Stepped,
    Stopped,
    bits_per_character,
    fit,
    perplexity,
)


def stepped(step, nats=1.0):
    return Stepped(step, 0, 0.1, nats, 0.1, 1.0, 10, 1.0, 1.0, 0)


def steps_in(path):
    return [
        (record["event"], record["step"])
        for record in map(json.loads, path.read_text().splitlines())
    ]


def test_units():
    assert perplexity(0.0) == 1.0 and perplexity(1e6) == math.inf
    assert bits_per_character(math.log(256), 1, 1) == pytest.approx(8.0)
    assert bits_per_character(math.log(2), 50, 100) == pytest.approx(0.5)


def test_each_event_is_a_line_at_once(tmp_path):
    path = tmp_path / "metrics.jsonl"
    write = JsonlWriter(path)
    write(Started(0, None, 5))
    write(stepped(10, math.nan))
    write(Sampled(10, "text"))  # for the eye only
    write(Saved(10, tmp_path / "c.safetensors"))
    assert steps_in(path) == [("started", 0), ("stepped", 10), ("saved", 10)]
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert records[1]["nats"] is None and records[1]["tokens"] == 10
    assert records[2]["path"] == "c.safetensors"  # a run directory may move
    write(Stopped(10, "steps", 1, 2.0, None, None, 0))
    write(stepped(11))  # after the end nothing is written
    assert steps_in(path)[-1] == ("stopped", 10)


def test_a_resume_drops_lines_from_beyond_its_step(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with JsonlWriter(path) as write:
        write(Started(0, None, 5))
        for step in (10, 20, 30):
            write(stepped(step))
    with path.open("ab") as file:
        file.write(b'{"event": "stepped", "st')  # the kill came here
    with JsonlWriter(path) as write:
        write(Started(20, tmp_path / "c", 5))
        write(stepped(30))
    assert steps_in(path) == [
        ("started", 0),
        ("stepped", 10),
        ("stepped", 20),
        ("started", 20),
        ("stepped", 30),
    ]


def test_a_cut_line_is_never_joined_to_the_next(tmp_path):
    path = tmp_path / "metrics.jsonl"
    whole = b'{"event": "stepped", "step": 5}'
    path.write_bytes(whole + b"\n" + whole)  # the last has no end of line
    with JsonlWriter(path) as write:
        write(Started(20, None, 5))
    assert steps_in(path) == [("stepped", 5), ("started", 20)]


def test_a_fresh_start_begins_a_fresh_file(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b"\xff\x00 something else\n")
    with JsonlWriter(path) as write:
        write(Started(0, None, 5))
    assert steps_in(path) == [("started", 0)]


def test_a_broken_run_leaves_the_log_of_a_whole_one(small, tmp_path):
    """Broken off twice and resumed, the numbers are those of the run that was not."""

    def run(folder, stops):
        folder.mkdir()
        for stop in stops:
            net = small.Net()
            with JsonlWriter(folder / "metrics.jsonl") as write:
                events = fit(
                    net,
                    small.NextToken(net),
                    small.Stream(),
                    small.config(steps=30, checkpoint_every=4, eval_every=5),
                    validate=lambda net=net: net.head.bias.sum().item(),
                    checkpoints=CheckpointStore(folder / "checkpoints"),
                    resume=True,
                )
                for event in events:
                    write(event)
                    if isinstance(event, Stepped) and event.step == stop:
                        events.close()
        lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
        keys = ("event", "step", "nats", "grad_norm", "lr", "tokens", "best")
        return [
            {key: record.get(key) for key in keys}
            for record in lines
            if record["event"] in ("stepped", "validated")
        ]

    assert run(tmp_path / "broken", [7, 18, None]) == run(tmp_path / "whole", [None])


def test_a_place_that_cannot_be_written(tmp_path):
    write = JsonlWriter(tmp_path / "none" / "metrics.jsonl")
    with pytest.raises(RunError, match="cannot write .*No such file"):
        write(Started(0, None, 5))
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="cannot write"):
        JsonlWriter(tmp_path / "folder")(Started(0, None, 5))


def test_a_full_disk():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    write = JsonlWriter(full)
    write._file = full.open("ab", buffering=0)
    with pytest.raises(RunError, match="No space left"):
        write(stepped(1))
    write.close()
