"""The tagger of DNA: a label for each base, of the given strand or the same on both."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from elman._errors import ConfigError
from elman.models.dna_body import StrandBody
from elman.models.dna_frontend import DnaFrontend, LetterConvolution
from elman.models.step_tagger import StepTagger
from elman.models.step_tagger_config import StepTaggerConfig
from elman.nn.reverse_complement import reverse_complement
from elman.ops.lengths import reverse_time

__all__ = ["DnaTagger"]


class DnaTagger(StepTagger):
    r"""Letters, an optional convolution, recurrent layers, and a softmax or CRF at each base.

    Where both strands count alike, a base has the same scores whichever strand it is read from:
    :math:`s(\text{rc}\, x)_t = s(x)_{T-1-t}`.

    Args:
        num_tags: Labels, K.
        config: Body and output.
        kmer: Letters of a word.
        kmer_size: Features of a word.
        filters: Of the convolution, which looks back alone; 0: none.
        filter_width: Letters that a filter sees.
        dropout_letters: Chance that a letter is read as N, in training.
        strands: `one`; `average`, the mean of both strands; or `tied` weights.

    Raises:
        ConfigError: If both strands are to count alike and a CRF reads labels in one direction.

    Example:
        >>> model = DnaTagger(2, StepTaggerConfig(hidden_size=5), strands="tied").eval()
        >>> one, other = torch.tensor([[1, 1, 2]]), torch.tensor([[4, 8, 8]])  # AAC, GTT
        >>> torch.allclose(model(one), model(other).flip(1), atol=1e-6)
        True
    """

    def __init__(
        self,
        num_tags: int,
        config: StepTaggerConfig,
        *,
        kmer: int = 1,
        kmer_size: int = 32,
        filters: int = 0,
        filter_width: int = 11,
        dropout_letters: float = 0.0,
        strands: Literal["one", "average", "tied"] = "one",
    ) -> None:
        if strands != "one" and config.output == "crf":
            raise ConfigError(
                "model.output = 'crf' reads labels in one direction, so it cannot tell both "
                f"strands alike: use softmax, or dna.strands = 'one' instead of '{strands}'"
            )
        size = kmer_size if kmer > 1 else 4
        convolution = LetterConvolution(size, filters, filter_width) if filters else None
        frontend = DnaFrontend(
            kmer,
            kmer_size,
            convolution=convolution,
            dropout_letters=dropout_letters,
            both_strands=strands != "one",
        )
        super().__init__(frontend, num_tags, config)
        self.strands, self.one_size = strands, frontend.one_size
        if strands == "average":
            self.body = self.make_body(self.one_size, config)
        if strands == "tied":
            both = config.bidirectional
            self.body = StrandBody(frontend.output_size, config, bidirectional=both)
            self.head = nn.Linear(self.body.output_size // 2, num_tags)

    def from_features(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the scores ``(T, B, K)`` of what the frontend gave, ``(T, B, E)``."""
        if self.strands == "one":
            return super().from_features(features, lengths)
        if self.strands == "tied":
            output = self.body(features, lengths=lengths).output
            shared = (output + output.flip(2))[:, :, : output.shape[2] // 2] / 2
            scores: Tensor = self.head(shared)
            return scores
        given = features[:, :, : self.one_size]
        other = reverse_complement(features, lengths)[:, :, : self.one_size]
        rows = None if lengths is None else torch.cat([lengths, lengths])
        both = super().from_features(torch.cat([given, other], 1), rows)
        batch = features.shape[1]
        return (both[:, :batch] + reverse_time(both[:, batch:], lengths)) / 2
