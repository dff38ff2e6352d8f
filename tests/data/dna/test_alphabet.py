"""Codes are sets of bases: complements, shares and letters agree with the table of the IUB."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.dna.alphabet import (
    ANY,
    BASES,
    BY_BYTE,
    COMPLEMENT,
    LETTERS,
    SHARES,
    decoded,
    encoded,
    reverse_complement,
)

# Written from the table of the IUB, letter by letter.
MEANING = {
    **{"A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT"},
    **{"K": "GT", "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"},
}
OTHER_STRAND = dict(zip("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN", strict=True))


@pytest.mark.parametrize("letter", MEANING)
def test_a_code_is_its_set_of_bases(letter: str) -> None:
    (code,) = encoded(letter)
    assert encoded(letter.lower()) == code
    assert LETTERS[code] == letter
    bases = [base for base, share in zip(BASES, SHARES[code], strict=True) if share]
    assert "".join(bases) == MEANING[letter]
    np.testing.assert_allclose(SHARES[code].sum(), 1)
    assert len(set(SHARES[code][SHARES[code] > 0].tolist())) == 1
    assert decoded(COMPLEMENT[[code]]) == OTHER_STRAND[letter]


def test_u_is_t_and_all_else_is_nothing() -> None:
    assert encoded("uU").tolist() == encoded("tT").tolist()
    known = {ord(c) for letter in [*MEANING, "U"] for c in (letter, letter.lower())}
    assert {byte for byte in range(256) if BY_BYTE[byte]} == known
    assert encoded("A-é").tolist() == [1, 0, 0]
    assert not SHARES[0].any()
    assert encoded("N") == ANY


@given(st.text("ACGTRYSWKMBDHVN"))
def test_the_other_strand_s_other_strand_is_the_first(text: str) -> None:
    codes = encoded(text)
    assert decoded(codes) == text
    assert decoded(reverse_complement(reverse_complement(codes))) == text
    assert decoded(reverse_complement(codes)) == "".join(OTHER_STRAND[c] for c in reversed(text))
