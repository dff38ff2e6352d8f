"""Tables and folders of recordings, and all that can be wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.audio.config import AudioConfig
from elman.data.audio.manifest import read_manifest, recordings_in
from tests.data.audio.sounds import tone, write

PLAIN = AudioConfig()


def make(folder: Path, *names: str) -> None:
    for name in names:
        write(folder / name, tone(440, 0.1))


def texts(path: Path, config: AudioConfig = PLAIN) -> list[tuple[str, str]]:
    return [(Path(u.path).name, u.text) for u in read_manifest(str(path), config)]


TABLES = {
    "m.csv": 'file,speaker,text\na.wav,x,"One, TWO"\nsub/b.wav,y,three\n',
    "m.tsv": "path\tspeaker\tsentence\na.wav\tx\tone, two\nsub/b.wav\ty\tthree\n",
    "m.jsonl": '{"audio_filepath": "a.wav", "text": "one, two", "duration": 0.1}\n'
    '{"audio_filepath": "sub/b.wav", "text": "three", "duration": 0.1}\n',
    "two.csv": "clip;said\na.wav;one, two\nsub/b.wav;three\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(tmp_path: Path, name: str) -> None:
    make(tmp_path, "a.wav", "sub/b.wav")
    (tmp_path / name).write_text(TABLES[name])
    assert texts(tmp_path / name) == [("a.wav", "one, two"), ("b.wav", "three")]
    assert [Path(p).name for p in recordings_in(str(tmp_path / name), PLAIN)] == ["a.wav", "b.wav"]


def test_columns_that_are_named_and_groups(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    (tmp_path / "m.csv").write_text(f"x,y,who\nOne,{tmp_path / 'a.wav'},ann\n")
    config = AudioConfig(audio_column="y", text_column="x", group="who", lowercase=False)
    (found,) = read_manifest(str(tmp_path / "m.csv"), config)
    assert (found.text, found.group, found.sound.frames) == ("One", "ann", 800)
    with pytest.raises(DataError, match="which column has the recordings.*--audio.audio-column"):
        read_manifest(str(tmp_path / "m.csv"), PLAIN)


def test_all_that_is_missing_is_listed_at_once(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    write(tmp_path / "empty.wav", np.zeros(0, np.float32))
    (tmp_path / "bad.wav").write_text("no")
    (tmp_path / "m.csv").write_text(
        "audio,text\na.wav,one\ngone.wav,two\nempty.wav,three\nbad.wav,four\nlost.wav,five\n"
    )
    with pytest.raises(DataError) as error:
        read_manifest(str(tmp_path / "m.csv"), PLAIN)
    message = str(error.value)
    assert message.startswith("4 of 5 recordings cannot be used:")
    for part in ("line 3: ", "gone.wav is not there", "no samples (length 0)", "bad.wav", "lost"):
        assert part in message


def test_an_empty_transcript_is_refused_with_its_line(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    (tmp_path / "m.csv").write_text('audio,text\na.wav,"  "\n')
    with pytest.raises(DataError, match="m.csv, line 2: the transcript is empty"):
        read_manifest(str(tmp_path / "m.csv"), PLAIN)
    (tmp_path / "m.csv").write_text("audio,text\n,one\n")
    with pytest.raises(DataError, match="line 2: names no recording"):
        read_manifest(str(tmp_path / "m.csv"), PLAIN)


def test_texts_beside_recordings(tmp_path: Path) -> None:
    make(tmp_path, "a.wav", "sub/b.flac")
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "sub/b.txt").write_text("THREE")
    assert texts(tmp_path) == [("a.wav", "one two"), ("b.flac", "three")]
    make(tmp_path, "c.wav", "d.wav")
    with pytest.raises(DataError, match="2 of 4 recordings have no transcript") as error:
        read_manifest(str(tmp_path), PLAIN)
    assert "c.wav" in str(error.value) and "d.wav" in str(error.value)


def test_librispeech(tmp_path: Path) -> None:
    folder = tmp_path / "84" / "121123"
    make(folder, "84-121123-0000.flac", "84-121123-0001.flac")
    (folder / "84-121123.trans.txt").write_text(
        "84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT\n"
    )
    assert [text for _, text in texts(tmp_path)] == ["go do you hear", "but"]


def test_names_that_say_it(tmp_path: Path) -> None:
    make(tmp_path, "3_theo_12.wav", "good_day_ann_1.wav")
    config = AudioConfig(pattern="{text}_{speaker}_{}.wav", group="speaker")
    found = read_manifest(str(tmp_path), config)
    assert [(u.text, u.group) for u in found] == [("3", "theo"), ("good", "day")]
    folders = tmp_path / "words"
    make(folders, "yes/a_1.wav", "no/b_1.wav")
    assert texts(folders, AudioConfig(pattern="{text}/{}.wav")) == [
        ("b_1.wav", "no"),
        ("a_1.wav", "yes"),
    ]
    with pytest.raises(DataError, match=r"2 of 2 recordings in .* are not named as audio.pattern"):
        read_manifest(str(folders), AudioConfig(pattern="{text}_{}.wav"))
    with pytest.raises(DataError, match="'speeker' is not in audio.pattern.*did you mean 'speaker"):
        read_manifest(str(tmp_path), config.model_copy(update={"group": "speeker"}))


def test_options_for_the_other_kind_of_data_are_refused(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    (tmp_path / "m.csv").write_text("audio,text\na.wav,one\n")
    with pytest.raises(DataError, match="audio.pattern is for folders"):
        read_manifest(str(tmp_path / "m.csv"), AudioConfig(pattern="{text}.wav"))
    with pytest.raises(DataError, match="audio.text_column is for tables"):
        read_manifest(str(tmp_path), AudioConfig(text_column="text"))
    with pytest.raises(DataError, match="audio.group: in a folder"):
        read_manifest(str(tmp_path), AudioConfig(group="who"))
    with pytest.raises(DataError, match="is a recording; expected a table"):
        read_manifest(str(tmp_path / "a.wav"), PLAIN)
    with pytest.raises(DataError, match="nothing is not there"):
        read_manifest("nothing", PLAIN)
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="none holds no recordings"):
        read_manifest(str(tmp_path / "none"), PLAIN)
    with pytest.raises(DataError, match="none holds no recordings"):
        list(recordings_in(str(tmp_path / "none"), PLAIN))


def test_progress_is_told(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    (tmp_path / "m.jsonl").write_text(json.dumps({"audio": "a.wav", "text": "one"}) + "\n")
    told: list[tuple[int, int, str]] = []
    read_manifest(str(tmp_path / "m.jsonl"), PLAIN, lambda *facts: told.append(facts))
    assert told == [(1, 1, "reading headers")]
