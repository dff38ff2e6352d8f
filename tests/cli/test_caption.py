"""`caption` from the command: train, resume, predict, eval, stream, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.small import Elman
from tests.data.video.films import write_film, write_image
from tests.tasks.caption.squares import frames_of, write_squares

SMALL = (
    *("--model.hidden-size", 8, "--model.embedding-size", 8, "--train.batch-size", 16),
    *("--video.channels", 4, "--video.features", 8, "--video.shapes", 2, "--video.size", 16, 16),
    *("--video.source-frames-per-s", 10),
)


def test_train_predict_eval_resume(elman: Elman, tmp_path: Path) -> None:
    write_squares(tmp_path / "clips", 40)
    done = elman("train", "caption", "clips", "--out", "run", "--train.steps", 4, *SMALL)
    assert done.code == 0 and "elman predict run" in done.err
    assert "32 to train on, 4 to validate, 4 to test" in done.err
    film = write_film(Path("film.mkv"), frames_of("up", np.random.default_rng(0)))
    write_image(Path("image.png"), frames_of("up", np.random.default_rng(0))[0])
    done = elman("predict", "run", film, "image.png", "clips/3.npy")
    assert done.code == 0
    names = [line.split("\t")[0] for line in done.out.splitlines()]
    assert names == ["film.mkv", "image.png", "clips/3.npy"]
    done = elman("predict", "run", film, "--beam", 2, "--format", "json")
    assert json.loads(done.out)["frames"] == 7
    done = elman("predict", "run", film, "--attention", "--html", "page.html")
    assert "data:image/png" in Path("page.html").read_text()
    done = elman("predict", "run", film, "--stream", "--every-s", 0.3)
    assert [line.split("\t")[0] for line in done.out.splitlines()] == ["0.3 s", "0.6 s", "0.7 s"]
    done = elman("predict", "run", "--file", "clips/clips.csv")
    assert len(done.out.splitlines()) == 40
    done = elman("eval", "run", "--baselines", "--html", "eval.html")
    assert "nearest mean frame" in done.out and "CIDEr-D" in done.out
    assert Path("eval.html").read_text().count("data:image/png") == 4
    assert elman("train", "--resume", "run", "--train.steps", 6).code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("predict", "run", "nowhere.mp4"), "nowhere.mp4: there is no such file or folder"),
        (("predict", "run", "text.mp4"), "none of 1 clips can be read; the first: text.mp4"),
        (("predict", "run", "text.mp4", "--every-s", 1), "every_s is read with stream alone"),
        (("predict", "run", "a.mp4", "b.mp4", "--stream"), "stream: expected one video, got 2"),
        (("eval", "run", "nowhere"), "nowhere: there is no such file or folder"),
        (("eval", "run", "--length-penalty", 1), "give beam > 1"),
    ],
    ids=str,
)
def test_what_is_wrong_is_one_message_and_exit_2(
    elman: Elman, tmp_path: Path, words: tuple[object, ...], message: str
) -> None:
    write_squares(tmp_path / "clips", 40)
    assert elman("train", "caption", "clips", "--out", "run", "--train.steps", 1, *SMALL).code == 0
    Path("text.mp4").write_text("no video")
    done = elman(*words)
    assert done.code == 2 and message in done.err and "Traceback" not in done.err


WRONG = {
    "file,caption\n0.npy,\n": "no caption for all clips",
    "file,kind\n0.npy,a\n": "no caption for all clips. Expected a column such as caption or text",
    "name,caption\n0.npy,a\n": "no column that names the files",
    "file,caption\n0.npy,a\nx.npy,b\ny.npy,c\n": "2 of 3 files are not there: ",
}


@pytest.mark.parametrize("table", WRONG, ids=str)
def test_bad_data_is_one_message_and_leaves_nothing(
    elman: Elman, tmp_path: Path, table: str
) -> None:
    np.save("0.npy", np.zeros((3, 8, 8), np.uint8))
    Path("clips.csv").write_text(table)
    done = elman("train", "caption", "clips.csv", "--out", "run")
    assert done.code == 2 and WRONG[table] in done.err and "Traceback" not in done.err
    assert not Path("run").exists()
