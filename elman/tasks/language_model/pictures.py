"""A picture of a text as a model sees it: how surprised it is at each token."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from rich.cells import cell_len

from elman.data.tokenizer import Ids, Tokenizer
from elman.models.generate import evaluating
from elman.models.language_model import LanguageModel
from elman.tasks.pictures import new_figure, picture
from elman.tasks.report import Picture

__all__ = ["laid_out", "surprise_picture", "token_nats"]

WIDTH, LINES = 78, 24
"""Characters of a line of the picture, and lines at most."""
MOST_NATS = 6.0
"""What is drawn darkest."""


@torch.inference_mode()
def token_nats(model: LanguageModel, ids: Ids) -> NDArray[np.float32]:
    """Return what each token but the first costs, ``(N - 1,)``, read from its beginning."""
    tokens = torch.from_numpy(ids.astype(np.int64)).to(model.device).unsqueeze(0)
    with evaluating(model):
        log_probs, _ = model.log_probs(tokens[:, :-1])
    return -log_probs[0].gather(1, tokens[0, 1:, None])[:, 0].float().cpu().numpy()


def laid_out(pieces: Sequence[str]) -> list[tuple[int, int, int, str]]:
    """Return where pieces of text stand on lines of a page: line, column, width, what is shown.

    Example:
        >>> laid_out(["ab", "\\n", "c"])
        [(0, 0, 2, 'ab'), (0, 2, 1, '⏎'), (1, 0, 1, 'c')]
    """
    places, line, column = [], 0, 0
    for piece in pieces:
        shown = "".join(
            "⏎" if sign == "\n" else sign if sign.isprintable() else "·" for sign in piece
        )
        width = max(1, cell_len(shown))
        if column + width > WIDTH:
            line, column = line + 1, 0
        places.append((line, column, width, shown))
        column += width
        if piece.endswith("\n"):
            line, column = line + 1, 0
    return places


def surprise_picture(model: LanguageModel, tokenizer: Tokenizer, ids: Ids) -> Picture:
    """Draw the beginning of a text, each token the darker the less it was expected.

    Args:
        model: The network.
        tokenizer: Says what the tokens are.
        ids: The text, at least two tokens.
    """
    ids = ids[: WIDTH * LINES]
    nats = token_nats(model, ids)
    places = laid_out([tokenizer.token(int(token)) for token in ids[1:]])
    lines = min(LINES, places[-1][0] + 1)
    figure = new_figure(9.5, 0.4 + 0.21 * lines)
    axes = figure.add_subplot()
    for (line, column, width, shown), cost in zip(places, nats.tolist(), strict=True):
        if line >= LINES:
            break
        strength = min(1.0, cost / MOST_NATS)
        face = (1 - 0.16 * strength, 1 - 0.63 * strength, 1 - strength)  # white to orange-red
        axes.add_patch(rectangle(column, line, width, face))
        axes.text(column + width / 2, line + 0.5, shown, ha="center", va="center",
                  family="DejaVu Sans Mono", fontsize=8.5, parse_math=False)  # fmt: skip
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(lines, 0)
    axes.axis("off")
    return picture(
        "How surprised it is",
        figure,
        f"The beginning of the text: the darker, the less expected; darkest from {MOST_NATS:g} "
        "nats. The memory is empty at the start.",
    )


def rectangle(column: float, line: float, width: float, face: tuple[float, float, float]) -> object:
    """Return the ground of a token."""
    patches = importlib.import_module("matplotlib.patches")
    found: object = patches.Rectangle((column, line), width, 1, facecolor=face, edgecolor="none")
    return found
