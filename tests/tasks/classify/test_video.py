"""Clips as a kind of input: from real files to a label, a stream of labels, a report."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from elman._config import load_config
from elman._errors import DataError, ElmanWarning, RunError
from elman.data.video.clips import find_clips
from elman.data.video.config import VideoConfig
from elman.data.video.moving_digits import make_moving_digits
from elman.tasks.classify.config import ClassifyPredict, ClassifyTask
from elman.tasks.classify.kinds import settled
from elman.tasks.classify.task import ClassifyRun, ClassifyTraining
from elman.tasks.classify.video import VideoKind, small
from elman.tasks.clips import FrameFacts
from elman.train.events import Stopped, Validated
from tests.data.video.films import write_film

SIZE = 16
SMALL = {
    "video": {"size": [SIZE, SIZE], "channels": [4, 8], "features": 8, "shift": 1},
    "model": {"cell": "gru", "hidden_size": 8, "dropout": 0.0},
    "train": {"epochs": 2, "batch_size": 8, "patience": None},
}


def bar(way: str, seed: int, count: int = 10) -> np.ndarray:
    """A bright bar that moves to the left or to the right over a little noise."""
    rng = np.random.default_rng(seed)
    film = rng.integers(0, 40, (count, SIZE, SIZE), dtype=np.uint8)
    start = int(rng.integers(SIZE))
    for k in range(count):
        film[k, :, (start + (k if way == "right" else -k)) % SIZE] = 220
    return film


def bars(folder: Path, clips: int, count: int = 10) -> Path:
    for k in range(clips):
        way = ("left", "right")[k % 2]
        (folder / way).mkdir(parents=True, exist_ok=True)
        path = folder / way / f"{k}.mp4"
        write_film(path, bar(way, k, count), codec="libx264", pixels="yuv420p")
    return folder


def task_of(data: Path, **changes: Any) -> ClassifyTask:
    values: dict[str, Any] = {"data": str(data)}
    for table, own in SMALL.items():
        values[table] = {**own, **changes.pop(table, {})}
    return load_config(ClassifyTask, None, {**values, **changes})


def trained(task: ClassifyTask, out: Path) -> ClassifyRun:
    list(ClassifyTraining.start(task, out).events())
    return ClassifyRun.open(out)


@pytest.fixture(scope="module")
def one_way(tmp_path_factory: pytest.TempPathFactory) -> ClassifyRun:
    """A network of one direction that has seen 40 clips."""
    folder = tmp_path_factory.mktemp("bars")
    task = task_of(bars(folder / "clips", 40), model={"bidirectional": False, "pooling": "mean"})
    return trained(task, folder / "run")


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_motion_is_learned_from_files(tmp_path: Path) -> None:
    task = task_of(bars(tmp_path / "clips", 60), train={"epochs": 10, "lr": 1e-2})
    training = ClassifyTraining.start(task, tmp_path / "run")
    about = dict(training.about())
    assert (
        "48 clips to train on" in about["data"] and "16 x 16 gray, 10 a second" in about["frames"]
    )
    list(training.events())
    report = ClassifyRun.open(tmp_path / "run").evaluate(baselines=True)
    assert report["accuracy"] == 1.0
    mean = report.baselines["logistic regression, mean frame"]
    assert mean["accuracy"] < 1.0, "one picture does not tell the way"


def test_the_kind_is_told_by_the_names_of_the_files(tmp_path: Path) -> None:
    data = bars(tmp_path / "clips", 4)
    task = settled(load_config(ClassifyTask, None, {"data": str(data)}))
    assert task.input == "video" and task.video is not None


def test_a_stream_says_what_the_whole_prefix_does(one_way: ClassifyRun, tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", bar("left", 99, 37))
    streamed = list(one_way.stream(one_way.kind.arriving(str(path))))
    assert [stamp for stamp, _ in streamed] == ["1.0 s", "2.0 s", "3.0 s", "3.7 s"]
    whole = one_way.kind.named(iter([str(path)]))
    clip = next(whole).item
    for (_, shares), steps in zip(streamed, (10, 20, 30, 37), strict=True):
        part = clip.frames[clip.index[:steps, 0]]
        inputs, lengths = one_way.kind.collate([type(clip)(part, np.arange(steps)[:, None])])
        with torch.inference_mode():
            wanted = one_way.model.log_probs(inputs, lengths).exp()[0].numpy()
        np.testing.assert_allclose(shares, wanted, atol=1e-6)


def test_a_label_a_second_is_printed(one_way: ClassifyRun, tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", bar("left", 5, 25))
    lines: list[str] = []
    one_way.predict([str(path)], ClassifyPredict(stream=True), lines.append, False)
    assert [line.split("\t")[0] for line in lines] == ["1.0 s", "2.0 s", "2.5 s"]
    assert all(line.split("\t")[1] in ("left", "right") for line in lines)


def test_bytes_on_standard_input(
    one_way: ClassifyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_film(tmp_path / "a.mkv", bar("left", 5))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(path.read_bytes())))
    (told,) = one_way.classify(["-"])
    (wanted,) = one_way.classify([str(path)])
    assert dict(told.probabilities) == dict(wanted.probabilities)


def test_a_long_stream_takes_no_more_memory(one_way: ClassifyRun, tmp_path: Path) -> None:
    film = np.tile(bar("left", 5, 16), (100, 1, 1))
    path = write_film(tmp_path / "a.mp4", film, codec="libx264", pixels="yuv420p")
    before, steps = 0.0, 0
    for _ in one_way.stream(one_way.kind.arriving(str(path))):
        steps += 1
        if steps == 40:
            before = resident_mb()
    assert steps == 160 and resident_mb() - before < 10


def test_predicting_names_what_is_broken_and_goes_on(one_way: ClassifyRun, tmp_path: Path) -> None:
    good = write_film(tmp_path / "a.mkv", bar("left", 5))
    bad = tmp_path / "b.mp4"
    bad.write_bytes(b"nothing")
    with pytest.warns(ElmanWarning, match=r"left out: .*b\.mp4"):
        told = list(one_way.classify([str(bad), str(good)]))
    assert [one.text for one in told] == [str(good)]
    with pytest.warns(ElmanWarning), pytest.raises(DataError, match="none of 1 clips"):
        list(one_way.classify([str(bad)]))


def test_broken_clips_are_counted_in_the_report(tmp_path: Path) -> None:
    data = bars(tmp_path / "clips", 20)
    bad = data / "left" / "4.mp4"
    bad.write_bytes(bad.read_bytes()[:-300])
    with pytest.warns(ElmanWarning, match=r"4\.mp4"):
        training = ClassifyTraining.start(task_of(data), tmp_path / "run")
    assert "1 broken clip left out" in dict(training.about())["data"]
    list(training.events())
    with pytest.warns(ElmanWarning):
        report = ClassifyRun.open(tmp_path / "run").evaluate()
    assert any("1 broken clip left out" in note and "4.mp4" in note for note in report.notes)


def events_of(training: ClassifyTraining) -> list[float]:
    return [event.nats for event in training.events() if isinstance(event, Validated)]


def test_a_resumed_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    data = bars(tmp_path / "clips", 24)
    task = task_of(data, train={"steps": 9, "epochs": None, "schedule": "constant"},
                   video={"cache_mb": 0, "shift": 2, "zoom": 0.1, "threads": 2})  # fmt: skip
    whole = ClassifyTraining.start(task, tmp_path / "whole")
    list(whole.events())
    half = task_of(data, train={"steps": 4, "epochs": None, "schedule": "constant"},
                   video={"cache_mb": 0, "shift": 2, "zoom": 0.1, "threads": 2})  # fmt: skip
    list(ClassifyTraining.start(half, tmp_path / "half").events())
    resumed = ClassifyTraining.resumed(tmp_path / "half", {"steps": 9})
    assert any(isinstance(event, Stopped) for event in resumed.events())
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name


def test_threads_and_cache_change_nothing(tmp_path: Path) -> None:
    data = bars(tmp_path / "clips", 16)
    found = []
    for k, own in enumerate(({"threads": 1, "cache_mb": 64}, {"threads": 4, "cache_mb": 0})):
        training = ClassifyTraining.start(task_of(data, video=own), tmp_path / str(k))
        found.append((events_of(training), training.model.state_dict()))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(found[0][1][name], found[1][1][name]) for name in found[0][1])


def test_changed_clips_are_noticed(tmp_path: Path) -> None:
    data = bars(tmp_path / "clips", 16)
    run = trained(task_of(data), tmp_path / "run")
    write_film(data / "left" / "0.mp4", bar("right", 77), codec="libx264", pixels="yuv420p")
    with pytest.raises((DataError, RunError), match="changed|another|differ|not the"):
        run.evaluate()


def test_epochs_leak_neither_frames_nor_handles(tmp_path: Path) -> None:
    data = bars(tmp_path / "clips", 60)
    task = task_of(data, train={"epochs": 6}, video={"cache_mb": 0})
    check_leaks(ClassifyTraining.start(task, tmp_path / "run"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand_clips_leak_neither_frames_nor_handles(tmp_path: Path) -> None:
    make_moving_digits(tmp_path / "clips", 1000)
    task = task_of(tmp_path / "clips", train={"epochs": 4}, video={"cache_mb": 0})
    check_leaks(ClassifyTraining.start(task, tmp_path / "run"))


def check_leaks(training: ClassifyTraining) -> None:
    """Train, and look at open files and memory after each epoch."""
    seen = [
        (handles(), resident_mb()) for event in training.events() if isinstance(event, Validated)
    ]
    files, memory = zip(*seen, strict=True)
    assert len(seen) >= 4 and max(files) - files[1] <= 1, files  # a checkpoint may be open
    assert memory[-1] - memory[1] < 25, memory


def test_stacked_frames_split_by_subject(tmp_path: Path) -> None:
    films = [bar(("left", "right")[k % 2], k, 8 + k % 3) for k in range(32)]
    np.savez_compressed(
        tmp_path / "a.npz",
        X=np.concatenate(films),
        lengths=[len(film) for film in films],
        action=[k % 2 for k in range(32)],
        subject=[k // 4 % 4 for k in range(32)],
    )
    video = {"size": None, "frames": 8, "valid_groups": ["1"], "test_groups": ["3"]}
    run = trained(task_of(tmp_path / "a.npz", video=video), tmp_path / "run")
    assert run.labels == ("0", "1") and run.task.input == "video"
    report = run.evaluate()
    assert "8 clips" in report.title
    # a film of another size is brought to that of the stack
    path = write_film(tmp_path / "b.mkv", np.zeros((12, 20, 30), np.uint8))
    assert len(list(run.classify([str(path)]))) == 1


def saved_frames(path: Path) -> Path:
    np.save(path, bar("left", 0))
    return path


def test_saved_features_are_classified_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for k in range(24):
        folder = tmp_path / "clips" / "ab"[k % 2]
        folder.mkdir(parents=True, exist_ok=True)
        rows = rng.normal(size=(9, 6)) + 3 * (k % 2) * np.eye(6)[0]
        np.save(folder / f"{k}.npy", rows.astype(np.float32))
    task = task_of(
        tmp_path / "clips", input="video", train={"epochs": 8, "lr": 1e-2},
        video={"source_frames_per_s": 10, "size": None},
    )  # fmt: skip
    run = trained(task, tmp_path / "run")
    assert run.evaluate(baselines=True)["accuracy"] == 1.0
    assert run.evaluate(pictures=True).pictures
    path = tmp_path / "clips" / "a" / "0.npy"
    with pytest.raises(DataError, match=r"frames of \(16, 16, 1\), but .* trained on \(6,\)"):
        list(run.classify([str(saved_frames(tmp_path / "b.npy"))]))
    assert next(iter(run.classify([str(path)]))).label == "a"


def test_pictures_show_what_was_said_of_some_clips(one_way: ClassifyRun) -> None:
    titles = [picture.title for picture in one_way.evaluate(pictures=True).pictures]
    assert "Clips and what was said of them" in titles


def test_each_frame_has_its_share_in_a_label(one_way: ClassifyRun, tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", bar("left", 5))
    lines: list[str] = []
    one_way.predict([str(path)], ClassifyPredict(why=True, format="json"), lines.append, False)
    assert "0.30 s" in lines[0]


def test_labels_that_were_not_learned_are_refused(one_way: ClassifyRun, tmp_path: Path) -> None:
    write_film(tmp_path / "a.mkv", bar("left", 5))
    (tmp_path / "m.csv").write_text("path,label\na.mkv,leftt\n")
    with pytest.raises(DataError, match="did you mean 'left'"):
        one_way.evaluate(str(tmp_path / "m.csv"))
    (tmp_path / "m.csv").write_text("path,label\na.mkv,left\n")
    assert "1 clips" in one_way.evaluate(str(tmp_path / "m.csv")).title


def test_one_label_is_nothing_to_learn(tmp_path: Path) -> None:
    write_film(tmp_path / "a.mkv", bar("left", 5))
    (tmp_path / "m.csv").write_text("path,label\na.mkv,left\na.mkv,left\n")
    with pytest.raises(DataError, match="a classifier needs two or more"):
        ClassifyTraining.start(task_of(tmp_path / "m.csv"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"shape": [16, 16, 1], "mean": [], "deviation": []},
        {"shape": [16, -1, 1], "mean": [0.1], "deviation": [0.1]},
        {"shape": [10**9, 16, 1], "mean": [0.1], "deviation": [0.1]},
        {"shape": [16, 16, 1], "mean": ["a"], "deviation": [0.1]},
    ],
)
def test_a_runs_facts_are_not_trusted(one_way: ClassifyRun, facts: dict[str, Any]) -> None:
    class Folder:
        path = Path("run")

        def read(self, name: str) -> bytes:
            return json.dumps(facts).encode()

    with pytest.raises(RunError, match=r"video\.json"):
        VideoKind.restored(one_way.task, Folder())  # type: ignore[arg-type]


def test_long_clips_come_in_batches_that_memory_has_room_for(tmp_path: Path) -> None:
    kind = VideoKind(VideoConfig(), FrameFacts((480, 640, 3), (), ()))
    assert kind.budget == 64
    data = bars(tmp_path / "clips", 4, count=50)
    clips = find_clips(str(data), VideoConfig(size=(SIZE, SIZE)))
    assert len(clips.read(0)) == 50


def test_a_baseline_sees_a_small_picture() -> None:
    assert small(np.ones((17, 30, 1))).shape == (64,) and small(np.ones(5)).shape == (5,)
    assert small(np.ones((4, 4, 1))).shape == (16,)
