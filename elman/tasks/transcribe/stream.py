"""Live transcription: sound goes in as it comes, letters come out as soon as they are decided."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.audio.alphabet import Alphabet
from elman.data.audio.pcm import PcmFormat, Resampler, file_blocks, growing, pcm_blocks
from elman.models.ctc import Greedy
from elman.models.generate import evaluating
from elman.models.transcriber import Transcriber
from elman.tasks.transcribe.config import TranscribePredict
from elman.tasks.transcribe.transcripts import Letter, timed, words_of

__all__ = ["LiveTranscriber", "stream_input"]

Wave = NDArray[np.float32]


class LiveTranscriber:
    """Transcribes one endless recording in memory that does not grow.

    Args:
        model: A streaming network.
        alphabet: Its letters.
        rate: Samples per second of what comes, Hz; it is resampled to the network's.

    Raises:
        ConfigError: If the network needs the whole recording.

    Example:
        >>> from elman.models.transcriber_config import TranscriberConfig
        >>> config = TranscriberConfig(hidden_size=8, streaming=True)
        >>> live = LiveTranscriber(Transcriber(2, 8000, config), Alphabet("ab"), 8000)
        >>> letters = live.push(np.zeros(4000, np.float32)) + live.finish()
    """

    def __init__(self, model: Transcriber, alphabet: Alphabet, rate: int) -> None:
        self._model, self._alphabet = model, alphabet
        self._state = model.initial_state(1)
        self._greedy = Greedy()
        self._resampler = Resampler(rate, model.rate)

    def push(self, block: Wave) -> list[Letter]:
        """Hear some more samples ``(N,)``; return the letters that are decided now."""
        return self._hear(self._resampler.push(block))

    def finish(self) -> list[Letter]:
        """Return the letters that were waiting for more sound."""
        letters = self._hear(self._resampler.finish())
        with torch.inference_mode(), evaluating(self._model):
            log_probs, self._state = self._model.finish(self._state)
        return letters + self._letters(log_probs)

    def _hear(self, wave: Wave) -> list[Letter]:
        samples = torch.from_numpy(np.array(wave, np.float32))[None].to(self._model.device)
        with torch.inference_mode(), evaluating(self._model):
            log_probs, self._state = self._model.stream(samples, self._state)
        return self._letters(log_probs)

    def _letters(self, log_probs: torch.Tensor) -> list[Letter]:
        said = self._greedy.advance(log_probs[0].cpu().numpy())
        return list(timed(said, self._alphabet, self._model.step_s))


def stream_input(
    name: str,
    model: Transcriber,
    alphabet: Alphabet,
    options: TranscribePredict,
    write: Callable[[str], None],
) -> None:
    """Transcribe a file, a growing file or standard input, and write as it goes.

    As text every letter is written as soon as it is there; as JSON, a line for each word when
    the word has ended.

    Raises:
        ConfigError: If the network needs the whole recording.
        DataError: If the sound cannot be read.
    """
    model.initial_state(1)  # refuses a network that cannot stream before anything is opened
    rate, blocks, close = opened(name, options)
    live = LiveTranscriber(model, alphabet, rate)
    shown = json_words if options.format == "json" else plain_letters
    try:
        for text in shown(letters_of(live, blocks)):
            write(text)
    finally:
        close()


def opened(name: str, options: TranscribePredict) -> tuple[int, Iterator[Wave], Callable[[], None]]:
    """Return the rate and the blocks of an input, and what closes it."""
    raw = None if options.raw_rate is None else PcmFormat(options.raw_rate)
    if name == "-":
        if options.follow:
            raise DataError("follow is for files; standard input is read until it ends anyway")
        source: Any = sys.stdin.buffer
        rate, blocks = pcm_blocks(lambda: bytes(source.read1(1 << 16)), raw, "standard input")
        return rate, blocks, lambda: None
    if not options.follow and raw is None:
        rate, blocks = file_blocks(Path(name))
        return rate, blocks, lambda: None
    try:
        file = open(name, "rb", buffering=0)  # noqa: SIM115 (closed by what is returned)
    except OSError as error:
        raise DataError(f"cannot read {name}: {error.strerror}") from None
    try:
        read = growing(file, options.idle_s if options.follow else 0.0)
        rate, blocks = pcm_blocks(read, raw, name)
    except BaseException:
        file.close()
        raise
    return rate, blocks, file.close


def letters_of(live: LiveTranscriber, blocks: Iterator[Wave]) -> Iterator[list[Letter]]:
    """Yield the letters of each block, and of the end; an interrupt is an end as well."""
    try:
        for block in blocks:
            yield live.push(block)
    except KeyboardInterrupt:
        pass  # the person has heard enough: what is known is still written
    yield live.finish()


def plain_letters(found: Iterator[list[Letter]]) -> Iterator[str]:
    """Yield letters as they come; spaces only between words."""
    waiting, begun = False, False
    for letters in found:
        text = ""
        for letter in letters:
            if letter.text.isspace():
                waiting = begun
            else:
                text += (" " if waiting else "") + letter.text
                waiting, begun = False, True
        if text:
            yield text
    yield "\n"


def json_words(found: Iterator[list[Letter]]) -> Iterator[str]:
    """Yield a line of JSON for each word that has ended."""
    current: list[Letter] = []
    for letters in found:
        for letter in letters:
            if letter.text.isspace():
                yield from (line(current))
                current = []
            else:
                current.append(letter)
    yield from line(current)


def line(letters: list[Letter]) -> Iterator[str]:
    """Yield the word that letters make, if they make one."""
    for word in words_of(letters):
        yield json.dumps(asdict(word), ensure_ascii=False) + "\n"
