"""A trained captioner: scores beside baselines, told clips, streams, pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import ConfigError, DataError, ElmanWarning, RunError
from elman.tasks.caption.config import CaptionEval, CaptionPredict
from elman.tasks.caption.task import CaptionRun
from elman.tasks.page import report_page
from tests.data.video.films import write_film, write_image
from tests.tasks.caption.squares import frames_of, task_of, train, write_squares


def predicted(run: CaptionRun, *paths: object, **options: Any) -> list[str]:
    lines: list[str] = []
    run.predict(iter(map(str, paths)), CaptionPredict(**options), lines.append, False)
    return "".join(lines).splitlines()


def test_it_tells_clips_that_it_has_not_seen(narrating: CaptionRun) -> None:
    progress: list[str] = []
    report = narrating.evaluate(
        baselines=True, progress=lambda done, total, phase: progress.append(phase)
    )
    assert report.title.endswith("clips, 12 clips, greedy") and report["exact match"] == 1.0
    assert report["CIDEr-D"] == pytest.approx(10.0, abs=1.5)
    assert report["BLEU"] == pytest.approx(100.0)
    assert report["nats per token"] < 0.4
    assert report.baselines["most frequent"]["exact match"] < 0.5
    assert report.baselines["nearest mean frame"]["exact match"] < 1.0
    assert {"telling", "mean frames"} <= set(progress)
    assert not report.tables and not report.pictures


def test_mistakes_are_shown(narrating: CaptionRun, tmp_path: Path) -> None:
    data = write_squares(tmp_path / "clips", 16)
    table = data / "clips.csv"
    table.write_text(table.read_text().replace("a square goes up", "up it goes"))
    report = narrating.evaluate(str(data), options=CaptionEval(beam=2), pictures=True)
    assert report.title == f"{data}, 16 clips, beam 2" and report["exact match"] == 0.75
    (wrong,) = report.tables
    assert wrong.title == "not said by people: 4 of 16" and len(wrong.rows) == 4
    assert wrong.rows[0] == ("2.npy", "a square goes up", "up it goes")
    assert len(report.pictures) == 8
    assert [picture.title for picture in report.pictures[:4]] == [row[0] for row in wrong.rows]
    assert "data:image/png;base64" in report_page(report)


def test_several_captions_are_all_right(tmp_path: Path, narrating: CaptionRun) -> None:
    data = write_squares(tmp_path / "clips", 8, twice=True)
    report = narrating.evaluate(str(data))
    assert report["exact match"] == 1.0 and report["BLEU"] == pytest.approx(100.0)


def test_broken_clips_are_counted_in_the_report(tmp_path: Path, narrating: CaptionRun) -> None:
    data = write_squares(tmp_path / "clips", 8)
    (data / "5.npy").write_bytes(b"\x93NUMPY no more")
    with pytest.warns(ElmanWarning):
        report = narrating.evaluate(str(data))
    assert "7 clips" in report.title
    assert any(
        note.startswith("1 broken clip left out:") and "5.npy" in note for note in report.notes
    )


def test_a_part_without_clips_is_refused(tmp_path: Path) -> None:
    data = write_squares(tmp_path / "clips", 20)
    task = task_of(data, video={"test_fraction": 0.0}, train={"epochs": 1})
    with pytest.raises(DataError, match="the test part has no clips"):
        train(task, tmp_path / "run").evaluate()


def test_videos_pictures_and_arrays_are_told_in_order(
    narrating: CaptionRun, squares: Path, tmp_path: Path
) -> None:
    frames = frames_of("down", np.random.default_rng(5))
    film = write_film(tmp_path / "a.mkv", frames)
    image = write_image(tmp_path / "b.png", frames[0])
    lines = predicted(narrating, film, squares / "1.npy", image)
    assert lines[0] == f"{film}\ta square goes down"
    assert lines[1] == f"{squares / '1.npy'}\ta square goes right"
    assert lines[2].startswith(f"{image}\t")
    told = [(clip.name, caption.text) for clip, caption in narrating.tell([str(film)])]
    assert told == [(str(film), "a square goes down")]


def test_a_manifest_names_clips_each_once(narrating: CaptionRun, tmp_path: Path) -> None:
    folder = write_squares(tmp_path / "clips", 3, twice=True)
    names = list(narrating.inputs(folder / "clips.csv"))
    assert names == [str(folder / f"{k}.npy") for k in range(3)]


def test_json_and_attention(narrating: CaptionRun, squares: Path) -> None:
    (line,) = predicted(narrating, squares / "0.npy", format="json", beam=3)
    record = json.loads(line)
    assert record["caption"] == "a square goes left" and len(record["captions"]) == 3
    assert [len(word["frames"]) for word in record["attention"]] == [7] * 5
    lines = predicted(narrating, squares / "0.npy", attention=True)
    assert len(lines) == 6 and lines[4].split()[0] == "left"


def test_a_page_of_told_clips(narrating: CaptionRun, squares: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    predicted(narrating, squares / "0.npy", squares / "1.npy", html=str(page))
    assert page.read_text().count("data:image/png;base64") == 2
    with pytest.raises(RunError, match="its folder is not there"):
        predicted(narrating, squares / "0.npy", html=str(tmp_path / "no" / "page.html"))


def test_a_long_video_is_told_again_and_again(narrating: CaptionRun, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    ways = ["left", "up", "right"]
    film = write_film(tmp_path / "a.mkv", np.concatenate([frames_of(way, rng) for way in ways]))
    lines = predicted(narrating, film, stream=True, every_s=0.7)
    assert lines == [f"{0.7 * (k + 1):.1f} s\ta square goes {way}" for k, way in enumerate(ways)]
    with pytest.raises(ConfigError, match="stream: expected one video, got 2"):
        predicted(narrating, film, film, stream=True)


def test_without_attention_there_is_none_to_show(squares: Path, tmp_path: Path) -> None:
    task = task_of(squares, model={"attention": "none"}, train={"epochs": 1})
    run = train(task, tmp_path / "run")
    with pytest.raises(ConfigError, match="no attention to show"):
        predicted(run, squares / "0.npy", attention=True)
    record = json.loads(predicted(run, squares / "0.npy", format="json")[0])
    assert "attention" not in record
    assert len(run.evaluate(pictures=True).pictures) == 8
