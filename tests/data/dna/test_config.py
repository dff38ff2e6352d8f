"""What is said of DNA has an effect, or is refused."""

from __future__ import annotations

from typing import Any

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.data.dna.config import DnaConfig, RegionsConfig


def test_defaults_read_one_strand_letter_by_letter() -> None:
    config = DnaConfig()
    assert (config.kmer, config.filters, config.strands, config.unique) == (1, 0, "one", True)
    assert not config.both_strands and DnaConfig(strands="tied").both_strands
    assert RegionsConfig().held_out() == (0.1, 0.1)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (DnaConfig, {"kmer_size": 8}, "kmer_size has no effect: kmer is 1"),
        (DnaConfig, {"filter_width": 5}, "filter_width has no effect: there are no filters"),
        (DnaConfig, {"stride": 2}, "stride has no effect: there are no filters"),
        (DnaConfig, {"filters": 8, "stride": 12}, "stride = 12 is more than filter_width = 11"),
        (DnaConfig, {"kmer": 7}, "'kmer' = 7"),
        (DnaConfig, {"regions": "a.bed"}, "unknown key 'regions'"),
        (RegionsConfig, {"stride": 2}, "unknown key 'stride'"),
        (RegionsConfig, {"window": 3}, "'window' = 3"),
        (RegionsConfig, {"strand": "tied"}, "did you mean 'strands'"),
    ],
)
def test_what_has_no_effect_is_refused(kind: Any, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(kind, None, values)
