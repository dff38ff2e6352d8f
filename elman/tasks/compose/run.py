"""A trained model of music: score pieces, write new ones."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from torch import nn

from elman._errors import ConfigError, DataError
from elman._files import atomic_write
from elman._run import RunDirectory
from elman.data.music.abc_writer import abc_text
from elman.data.music.key import estimate_key
from elman.data.music.midi import midi_bytes
from elman.data.music.pieces import Piece, read_music
from elman.data.music.score import Score, bar_lines, cut
from elman.models.save import load_model
from elman.tasks.compose.baselines import baseline_nats
from elman.tasks.compose.config import ComposeEval, ComposeGenerate, ComposePredict, ComposeTask
from elman.tasks.compose.form import EventForm, Form, read_form
from elman.tasks.compose.pictures import pitch_picture, roll_picture
from elman.tasks.compose.rendering import render
from elman.tasks.compose.scores import PieceScores, score_pieces
from elman.tasks.compose.stream import semitones
from elman.tasks.compose.training import encoded, new_model, own_pieces
from elman.tasks.compose.writing import Written, write
from elman.tasks.report import Column, Figure, Picture, Report, Table
from elman.tasks.training import MODEL, Progress, read_config

__all__ = ["ComposeRun"]

Split = Literal["train", "valid", "test"]
HARDEST = 5
PRIMER_BARS, WRITTEN_BARS, WRITTEN_PIECES = 4, 8, 4


@dataclass(frozen=True)
class ComposeRun:
    """A trained model of music, opened from its run directory."""

    directory: RunDirectory
    task: ComposeTask
    form: Form
    model: nn.Module
    takes: ClassVar[str] = "files"

    @classmethod
    def open(cls, path: Path) -> ComposeRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task = read_config(run, ComposeTask)
        form = read_form(task, run)
        model = new_model(task, form)
        load_model(model, run.read(MODEL))
        return cls(run, task, form, model.eval())

    def write(self, asked: ComposeGenerate) -> Written:
        """Write a piece, from nothing or on from a file.

        Raises:
            ConfigError: If something is asked for that this model does not know.
            DataError: If the file to go on from cannot be read.
        """
        primer = None
        if asked.continue_ is not None:
            pieces = read_music(asked.continue_, self.task.music).pieces
            if len(pieces) > 1:
                raise DataError(
                    f"continue: {asked.continue_} holds {len(pieces):,} pieces; give a file of one"
                )
            primer = pieces[0].score
        return write(self.form, self.model, asked, primer)

    def generate(
        self,
        asked: ComposeGenerate,
        write_text: Callable[[str], None],
        progress: Progress | None = None,
    ) -> None:
        """Write a piece to the files that are asked for, and say what it is; for the command.

        Raises:
            ConfigError: If a folder to write to is not there, or the synthesiser is not.
            RunError: If a file cannot be written.
        """
        for name in ("out", "render", "png"):
            place = getattr(asked, name)
            if place is not None and not Path(place).absolute().parent.is_dir():
                raise ConfigError(f"{name}: there is no folder to write {place} to")
        written = self.write(asked)
        title = f"{self.directory.path.name}, seed {asked.seed}" if asked.seed is not None else ""
        if asked.out is None:
            write_text(abc_text(written.score, title))
        else:
            atomic_write(Path(asked.out).absolute(), file_bytes(written.score, asked.out, title))
            write_text(f"{asked.out}: {described(written)}\n")
        if asked.render is not None:
            by = render(written.score, asked, progress)
            write_text(f"{asked.render}: by {by}\n" if asked.out is not None else "")
        if asked.png is not None:
            drawn = roll_picture("", written.score, written.given)
            atomic_write(Path(asked.png).absolute(), drawn.image)

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        options: ComposeEval | None = None,
        baselines: bool = False,
        pictures: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Score a held-out part of the run's own pieces, or other pieces.

        Args:
            data: Other music, all of it; damaged files are named and left out.
            split: Which part of the run's own pieces.
            options: How.
            baselines: Also score what counting alone reaches.
            pictures: Also draw a piece that the model goes on with, and its scale.
            progress: Told how far the work is.

        Raises:
            DataError: If there is no piece, or the data cannot be read.
        """
        chunk = (options or ComposeEval()).chunk
        own = own_pieces(self.directory, self.task, progress) if data is None or baselines else None
        notes: list[str] = []
        if data is not None:
            found = read_music(data, self.task.music, progress)
            pieces, name, notes = found.pieces, data, found.notes()
        else:
            pieces = getattr(own, split)
            name = f"{split} part of {self.task.data}"
        if not pieces:
            raise DataError(f"the {split} part has no pieces. Choose another --split, or give data")
        steps = encoded(self.form, pieces)
        beats = [piece.score.beats for piece in pieces]
        scores = score_pieces(self.form, self.model, steps, beats, chunk=chunk, progress=progress)
        others = {}
        if own is not None and baselines:
            moves = semitones(self.task.music.transpose)
            train = encoded(self.form, own.train)
            for other, nats in baseline_nats(self.form, train, steps, moves, progress).items():
                found_nats = PieceScores(nats, scores.steps, scores.beats)
                others[other] = {f.name: float(f.value or 0) for f in self._figures(found_nats)}
        if not isinstance(self.form, EventForm):
            notes.append(
                "NLL per frame: nats of a frame, the sum over 88 keys, mean over all frames but "
                "the first of each piece."
            )
        title = f"{name}: {len(pieces):,} pieces, {int(scores.steps.sum()):,} {self.form.step}s"
        return Report(
            title,
            self._figures(scores),
            others,
            tables=(self._hardest(pieces, scores),) if len(pieces) > 1 else (),
            notes=tuple(notes),
            pictures=self._pictures(pieces) if pictures else (),
        )

    def _figures(self, scores: PieceScores) -> tuple[Figure, ...]:
        """Return the numbers of a report."""
        if isinstance(self.form, EventForm):
            return (
                Figure("nats per event", scores.per_step, digits=4),
                Figure("bits per beat", scores.bits_per_beat, digits=3),
                Figure("perplexity", math.exp(min(700.0, scores.per_step)), digits=2),
            )
        return (
            Figure("NLL per frame", scores.per_step, digits=3),
            Figure("NLL per frame, mean of pieces", scores.per_piece, digits=3),
        )

    def _hardest(self, pieces: Sequence[Piece], scores: PieceScores) -> Table:
        """Return the pieces that the model expects least."""
        means = scores.nats / scores.steps.clip(1)
        order = sorted(range(len(pieces)), key=lambda k: -means[k])[:HARDEST]
        columns = (
            Column("piece"),
            Column(f"nats per {self.form.step}"),
            Column(f"{self.form.step}s"),
        )
        rows = ((pieces[k].name, float(means[k]), int(scores.steps[k])) for k in order)
        return Table("least expected", columns, tuple(rows))

    def _pictures(self, pieces: Sequence[Piece]) -> tuple[Picture, ...]:
        """Draw how the model goes on with a piece, and the scale it writes in."""
        chosen = max(pieces, key=lambda piece: min(len(bar_lines(piece.score)), 2 * WRITTEN_BARS))
        asked = ComposeGenerate(bars=WRITTEN_BARS, primer_bars=PRIMER_BARS, continue_="-", seed=0)
        own = cut(chosen.score, PRIMER_BARS + WRITTEN_BARS)
        further = write(self.form, self.model, asked, chosen.score)
        written = [
            write(self.form, self.model, ComposeGenerate(bars=2 * WRITTEN_BARS, seed=seed)).score
            for seed in range(WRITTEN_PIECES)
        ]
        return (
            roll_picture(f"As it is: {chosen.name}", own, own.length),
            roll_picture(
                f"Gone on with after {PRIMER_BARS} bars",
                further.score,
                further.given,
                "Grey was given; blue was written by the network, with seed 0.",
            ),
            roll_picture("Written from nothing", written[0], 0, "With seed 0."),
            pitch_picture(
                "The scale",
                {"these pieces": [piece.score for piece in pieces], "written": written},
                f"Written from nothing: {WRITTEN_PIECES} pieces, seeds 0 to {WRITTEN_PIECES - 1}.",
            ),
        )

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield a file of music as the input that it is."""
        yield str(path)

    def predict(
        self,
        inputs: Iterator[str],
        options: ComposePredict,
        write_text: Callable[[str], None],
        color: bool,
    ) -> None:
        """Write for each piece of files and folders what it is, and how well it is expected.

        Raises:
            DataError: If a single file is damaged; those in a folder are named instead.
        """
        for data in inputs:
            if data == "-":
                raise ConfigError("predict: music is read from files and folders; name one")
            found = read_music(data, self.task.music)
            for piece in found.pieces:
                write_text(self._told(piece, options))
            for note in found.notes():
                told = json.dumps({"note": note}, ensure_ascii=False)
                write_text(f"{told if options.format == 'json' else note}\n")

    def _told(self, piece: Piece, options: ComposePredict) -> str:
        """Return a line about a piece."""
        steps = [self.form.encode(piece.score, piece.style)]
        scores = score_pieces(self.form, self.model, steps, [piece.score.beats])
        key = estimate_key(piece.score.notes())
        told: dict[str, Any] = {
            "piece": piece.name,
            "key": str(key) if key is not None else None,
            "bars": len(bar_lines(piece.score)),
            "notes": piece.score.count(),
            f"nats_per_{self.form.step}": round(scores.per_step, 4),
            "bits_per_beat": round(scores.bits_per_beat, 3),
        }
        if options.format == "json":
            return json.dumps(told, ensure_ascii=False) + "\n"
        return (
            f"{scores.per_step:.3f} nats/{self.form.step}\t{told['key'] or '-'}\t"
            f"{told['bars']} bars\t{told['notes']} notes\t{piece.name}\n"
        )


def described(written: Written) -> str:
    """Say in a few words what was written."""
    score = written.score
    bars = len(bar_lines(score))
    given = sum(int(start) < written.given for start, _ in bar_lines(score))
    of_these = f" ({given} given)" if given else ""
    return f"{bars} bars{of_these}, {score.count():,} notes, sounds like {written.key or 'no key'}"


def file_bytes(score: Score, name: str, title: str) -> bytes:
    """Return a piece as the kind of file that its name says."""
    if name.lower().endswith(".abc"):
        return abc_text(score, title).encode()
    return midi_bytes(score)
