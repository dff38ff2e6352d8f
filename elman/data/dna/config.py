"""How DNA is read and what the network sees of it. No torch here: the command reads this."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from elman.data.config import SplitConfig

__all__ = ["DnaConfig", "LettersConfig", "RegionsConfig"]

Size = Annotated[int, Field(ge=1)]


class LettersConfig(SplitConfig):
    """How letters become features, whatever is told of them.

    Example:
        >>> LettersConfig(kmer=3, kmer_size=16).both_strands
        False
    """

    kmer: Annotated[int, Field(ge=1, le=6)] = 1
    """Letters that are read together at each step: 1, each as the share of its four bases; more, a
    learned vector for each word of so many letters. Codes such as N and R are their mean."""
    kmer_size: Size = 32
    """Features of the vector of a word; for kmer above 1."""
    filters: Annotated[int, Field(ge=0)] = 0
    """Filters of a convolution between the letters and the recurrent layers; 0: none."""
    filter_width: Size = 11
    """Letters that a filter sees at once."""
    dropout_letters: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Chance that a letter is read as N, in training, each by itself: so the network learns to do
    without any one of them, as in reads with errors."""
    strands: Literal["one", "augment", "average", "tied"] = "one"
    """What is known of the other strand: `one`: only the strand that is given counts; `augment`:
    training turns every other sequence round, prediction is the mean of both strands; `average`:
    that mean also in training; `tied`: the layers read both strands with the same weights and
    cannot tell them apart, whatever they learn."""

    @property
    def both_strands(self) -> bool:
        """Whether a sequence and its reverse complement are told alike."""
        return self.strands != "one"

    @model_validator(mode="after")
    def _options_have_an_effect(self) -> Self:
        unused(self, "kmer_size", self.kmer == 1, "kmer is 1")
        unused(self, "filter_width", not self.filters, "there are no filters")
        return self


class DnaConfig(LettersConfig):
    """How labelled sequences of DNA are read, split, and turned into features.

    Example:
        >>> DnaConfig(filters=32, stride=4, strands="tied").unique
        True
    """

    stride: Size = 1
    """Letters from one place of a filter to the next: 4 makes the sequence four times shorter."""
    sequence: str | None = None
    """For tables: the column of the letters. Unset: sequence, seq, dna or the like."""
    label: str | None = None
    """For tables, the column of the label; in FASTA headers the word before the = of it. Unset:
    label, class or the like."""
    unique: bool = True
    """Of sequences that occur more than once read the first alone, so that none is both learned
    from and tested on; where both strands count alike, their reverse complements too."""

    @model_validator(mode="after")
    def _stride_has_a_filter(self) -> Self:
        unused(self, "stride", not self.filters, "there are no filters")
        if self.stride > self.filter_width:
            raise ValueError(
                f"stride = {self.stride} is more than filter_width = {self.filter_width}: "
                "letters between two places would not be read"
            )
        return self


class RegionsConfig(LettersConfig):
    """How sequences with labelled regions are read: a label for each base.

    Example:
        >>> RegionsConfig(regions="genes.bed").background
        'none'
    """

    regions: str | None = None
    """A BED, bedGraph, GFF or GTF file with the regions. Unset: the headers name them, as
    `>chr1 gene=101..200`, or a file beside the sequences has them under the same name."""
    kinds: tuple[str, ...] = ()
    """Kinds of regions that are learned, such as CDS; the others are background. Unset: all."""
    background: str = "none"
    """What a base outside all regions is called."""
    window: Annotated[int, Field(ge=16)] = 1000
    """Bases of the pieces that long sequences are cut into for training."""
    context: Annotated[int, Field(ge=0)] = 200
    """Bases on either side of a piece that a network of both directions reads, but does not tag,
    where a sequence is longer than `window`: what is further away cannot count."""


def unused(config: Any, name: str, without_effect: bool, why: str) -> None:
    """Refuse an option that was changed and would have no effect."""
    if without_effect and getattr(config, name) != type(config).model_fields[name].default:
        raise ValueError(f"{name} has no effect: {why}")
