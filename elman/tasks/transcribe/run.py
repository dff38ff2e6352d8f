"""A trained transcriber: recordings in, transcripts out, and how good they are."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from elman._errors import ConfigError, DataError, RunError
from elman._files import atomic_write
from elman._run import RunDirectory
from elman.data.audio.alphabet import Alphabet
from elman.data.audio.manifest import Utterance, recordings_in
from elman.data.audio.pcm import PcmFormat, decoded
from elman.data.audio.read import probe, read_sound, resampled
from elman.data.audio.sets import UtteranceSets, read_utterances, remarks
from elman.data.audio.waves import Waves
from elman.models.save import load_model
from elman.models.transcriber import Transcriber
from elman.tasks.page import report_page
from elman.tasks.report import Picture, Report
from elman.tasks.training import MODEL, Progress, read_config
from elman.tasks.transcribe.config import (
    Searching,
    TranscribeEval,
    TranscribePredict,
    TranscribeTask,
)
from elman.tasks.transcribe.fusion import open_scorer
from elman.tasks.transcribe.hearing import Wave, hear, hear_all
from elman.tasks.transcribe.output import written
from elman.tasks.transcribe.pictures import heard_picture
from elman.tasks.transcribe.report import Scored, make_report
from elman.tasks.transcribe.scoring import nats_of
from elman.tasks.transcribe.stream import stream_input
from elman.tasks.transcribe.training import checked_texts, own_sets, read_model
from elman.tasks.transcribe.transcripts import Search, Transcript

__all__ = ["TranscribeRun"]

Split = Literal["train", "valid", "test"]
DRAWN, SHOWN = 20, 6
"""Recordings that a page of predictions, and one of an evaluation, draws."""


@dataclass(frozen=True)
class TranscribeRun:
    """A trained transcriber, opened from its run directory."""

    directory: RunDirectory
    task: TranscribeTask
    alphabet: Alphabet
    model: Transcriber

    takes = "files"

    @classmethod
    def open(cls, path: Path) -> TranscribeRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task = read_config(run, TranscribeTask)
        alphabet, model = read_model(run, task)
        load_model(model, run.read(MODEL))
        return cls(run, task, alphabet, model.eval())

    def search(self, how: Searching | None = None) -> Search:
        """Return what looks for the best text; its language model is opened here."""
        how = how or Searching()
        scorer = None if how.lm is None else open_scorer(Path(how.lm), self.alphabet)
        return Search(self.alphabet, self.model.step_s, how, scorer)

    def transcribe(self, wave: Wave, search: Search | None = None) -> Transcript:
        """Return what is said in a sound.

        Args:
            wave: At the rate of the run's network, ``(N,)`` with at least one sample.
            search: Greedy, or a beam; see `search`.
        """
        (log_probs,) = hear(self.model, [wave])
        search = search or self.search()
        return search.transcript(log_probs, len(wave) / self.model.rate)

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the recordings that a table names, that a folder holds, or the file itself."""
        return recordings_in(str(path), self.task.audio)

    def predict(
        self,
        inputs: Iterator[str],
        options: TranscribePredict,
        write: Callable[[str], None],
        color: bool,
    ) -> None:
        """Transcribe recordings, folders of them, or standard input, for the command.

        Raises:
            ConfigError: If the network cannot do what is asked for.
            DataError: If a recording cannot be read.
        """
        names = (name for one in inputs for name in self._named(one))
        if options.stream:
            for name in names:
                stream_input(name, self.model, self.alphabet, options, write)
            return
        if options.html is not None and not Path(options.html).absolute().parent.is_dir():
            raise RunError(f"cannot write {options.html}: its folder is not there. Make it first")
        search, pictures = self.search(options), list[Picture]()

        def found() -> Iterator[tuple[str, Transcript]]:
            for name in names:
                wave = self.sound(name, options.raw_rate)
                transcript = self.transcribe(wave, search)
                if options.html is not None and len(pictures) < DRAWN:
                    pictures.append(heard_picture(name, wave, self.model, transcript))
                yield name, transcript

        for text in written(found(), options):
            write(text)
        if options.html is not None:
            page = report_page(Report("Transcripts", (), pictures=tuple(pictures)))
            atomic_write(Path(options.html).absolute(), page.encode())

    def _named(self, one: str) -> Iterator[str]:
        return iter([one]) if one == "-" else recordings_in(one, self.task.audio)

    def sound(self, name: str, raw_rate: int | None = None) -> Wave:
        """Read a recording, or standard input, at the network's rate."""
        if name == "-":
            content, name = sys.stdin.buffer.read(), "standard input"
        elif raw_rate is not None:
            try:
                content = Path(name).read_bytes()
            except OSError as error:
                raise DataError(f"cannot read {name}: {error.strerror}") from None
        else:
            if (channels := probe(Path(name)).channels) > 1:
                print(f"note: {name} has {channels} channels, mixed into one", file=sys.stderr)
            return read_sound(Path(name), self.model.rate)
        if raw_rate is None:
            return read_sound(content, self.model.rate, name)
        if len(content) < 2:
            raise DataError(f"{name}: holds no sample")
        how = PcmFormat(raw_rate)
        return resampled(decoded(content[: len(content) // 2 * 2], how), raw_rate, self.model.rate)

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        options: TranscribeEval | None = None,
        baselines: bool = False,
        pictures: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Transcribe a held-out part of the run's own recordings, or others, and compare.

        Args:
            data: Another table or folder, all of it; ``None``: the run's own data.
            split: Which part of the run's own data.
            options: Greedy or a beam, with or without a language model.
            baselines: Also score giving the most frequent transcript always.
            pictures: Also draw some recordings with their letters.
            progress: Told how far the work is.

        Raises:
            DataError: If there is no recording, or a transcript has letters never learned.
        """
        how = options or TranscribeEval()
        own: UtteranceSets | None = None
        if data is None or baselines:
            own = own_sets(self.directory, self.task, progress)
        if data is None:
            if own is None:
                raise ConfigError("data: expected a name")
            utterances = getattr(own, split)
            file = None if split == "train" else getattr(self.task.audio, split)
            name = file or f"{split} part of {self.task.data}"
        else:
            utterances, name = read_utterances(data, self.task.audio, progress), data
        if not utterances:
            raise DataError(
                f"the {split} part has no recordings. Choose another --split, or give data"
            )
        checked_texts(utterances, self.alphabet, "The run cannot write them: leave those out")
        scored = self._scored(utterances, self.search(how), progress)
        minutes = sum(u.sound.seconds for u in utterances) / 60
        searched = "greedy" if how.beam == 1 else f"beam {how.beam}"
        searched += "" if how.lm is None else f" with {how.lm}"
        title = f"{name}, {len(utterances):,} recordings, {minutes:,.1f} min, {searched}"
        common = None
        if baselines and own is not None:
            common = Counter(u.text for u in own.train).most_common(1)[0][0]
        drawn = self._drawn(scored, how) if pictures else ()
        notes = remarks(utterances, self.model.rate)
        if self.model.latency_ms is not None:
            notes.append(f"streaming network: latency {self.model.latency_ms:.0f} ms")
        return make_report(title, scored, common=common, notes=notes, pictures=drawn)

    def _scored(
        self, utterances: Sequence[Utterance], search: Search, progress: Progress | None
    ) -> Scored:
        """Transcribe all, in batches of like length."""
        texts = [""] * len(utterances)
        nats, letters, spent = 0.0, 0, 0.0
        waves = Waves(utterances, self.model.rate)
        began = time.perf_counter()
        for done, (row, log_probs) in enumerate(hear_all(self.model, waves), 1):
            texts[row] = search.text(log_probs)
            scoring = time.perf_counter()
            own = nats_of(log_probs, self.alphabet.encode(utterances[row].text))
            if own is not None:
                nats, letters = nats + own, letters + len(utterances[row].text)
            if progress is not None:
                progress(done, len(utterances), "transcribing")
            spent += time.perf_counter() - scoring  # is no part of transcribing
        seconds = time.perf_counter() - began - spent
        return Scored(utterances, texts, nats / max(1, letters), seconds)

    def _drawn(self, scored: Scored, how: Searching) -> tuple[Picture, ...]:
        """Draw recordings spread over the part."""
        count = min(SHOWN, len(scored.utterances))
        search, found = self.search(how), []
        for k in range(count):
            utterance = scored.utterances[k * len(scored.utterances) // count]
            wave = read_sound(Path(utterance.path), self.model.rate)
            transcript = self.transcribe(wave, search)
            name = Path(utterance.path).name
            found.append(heard_picture(name, wave, self.model, transcript, utterance.text))
        return tuple(found)
