r"""The classifier of DNA: of one strand, or of a sequence whichever strand it is read from.

Four ways to treat the other strand, :math:`\text{rc}\, x`, as `LettersConfig.strands` says:

==========  ===========================================================================
`one`       :math:`f(x)`
`augment`   training: f of either strand; prediction: the mean of both
`average`   :math:`\tfrac12 (f(x) + f(\text{rc}\, x))`, in training too
`tied`      layers with shared weights over both strands, then `InvariantPooling`
==========  ===========================================================================

With all but `one` a prediction is the same for both strands, whatever the weights are.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from elman._errors import DataError
from elman.models.classifier import SequenceClassifier
from elman.models.classifier_config import ClassifierConfig
from elman.models.dna_body import StrandBody
from elman.models.dna_frontend import DnaFrontend, LetterConvolution
from elman.nn import InvariantPooling
from elman.nn.reverse_complement import reverse_complement

__all__ = ["DnaClassifier", "Strands"]

Strands = Literal["one", "augment", "average", "tied"]


class DnaClassifier(SequenceClassifier):
    """Letters, an optional convolution, recurrent layers, pooling and a softmax.

    The convolution belongs to what follows the features, so that reasons can be given letter by
    letter, whatever its stride.

    Args:
        num_classes: Classes, C.
        config: Body and pooling.
        kmer: Letters of a word.
        kmer_size: Features of a word.
        filters: Of the convolution; 0: none.
        filter_width: Letters that a filter sees.
        stride: Letters from one place of a filter to the next.
        dropout_letters: Chance that a letter is read as N, in training.
        strands: What is known of the other strand.

    Shape:
        - inputs: codes ``(B, T)`` int64, 0 in padding; lengths: ``(B,)``
        - returns: logits ``(B, C)``

    Example:
        >>> model = DnaClassifier(2, ClassifierConfig(hidden_size=5), strands="tied").eval()
        >>> one, other = torch.tensor([[1, 1, 2]]), torch.tensor([[4, 8, 8]])  # AAC, GTT
        >>> torch.allclose(model(one), model(other), atol=1e-6)
        True
    """

    def __init__(
        self,
        num_classes: int,
        config: ClassifierConfig,
        *,
        kmer: int = 1,
        kmer_size: int = 32,
        filters: int = 0,
        filter_width: int = 11,
        stride: int = 1,
        dropout_letters: float = 0.0,
        strands: Strands = "one",
    ) -> None:
        frontend = DnaFrontend(
            kmer, kmer_size, dropout_letters=dropout_letters, both_strands=strands != "one"
        )
        if filters:
            frontend.streams = False  # the convolution keeps no state
        super().__init__(frontend, num_classes, config)
        self.strands, self.one_size = strands, frontend.one_size
        self.convolution: LetterConvolution | None = None
        size = frontend.output_size if strands == "tied" else self.one_size
        if filters:
            self.convolution = LetterConvolution(size, filters, filter_width, stride)
            size = filters * (2 if strands == "tied" else 1)
        kind = StrandBody if strands == "tied" else type(self.body)
        self.body = kind(size, config, bidirectional=config.bidirectional)
        if strands == "tied":  # of twice as many features, a pooling reads the half of one strand
            self.pooling = InvariantPooling(self.pooling)

    def from_features(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the logits ``(B, C)`` of what the frontend gave, ``(T, B, E)``."""
        if features.shape[0] == 0:
            raise DataError("expected at least one step, got none: pad empty sequences to one")
        if self.strands == "tied":
            return self.of_tied(features, lengths)
        given = features[:, :, : self.one_size]
        if self.strands == "one" or (self.strands == "augment" and self.training):
            return self.of_one(given, lengths)
        other = reverse_complement(features, lengths)[:, :, : self.one_size]
        rows = None if lengths is None else torch.cat([lengths, lengths])
        logits, batch = self.of_one(torch.cat([given, other], 1), rows), features.shape[1]
        return (logits[:batch] + logits[batch:]) / 2

    def of_one(self, features: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the logits of single strands."""
        if self.convolution is not None:
            features, lengths = self.convolution(features, lengths)
        return super().from_features(features, lengths)

    def of_tied(self, features: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the logits that both strands share."""
        if self.convolution is not None:
            turned = reverse_complement(features, lengths)
            given, places = self.convolution(features, lengths)
            other, _ = self.convolution(turned, lengths)
            features, lengths = torch.cat([given, reverse_complement(other, places)], 2), places
        return super().from_features(features, lengths)
