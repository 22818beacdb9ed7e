"""Frame rates told from frame times."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.rates import STANDARD_RATES, frame_rate


@given(
    st.sampled_from(STANDARD_RATES),
    st.sampled_from([1000, 90_000, 12_288, 30_000]),
    st.integers(30, 3000),
)
def test_a_constant_rate_is_found_however_coarse_the_ticks(
    rate: Fraction, ticks: int, frames: int
) -> None:
    pts = np.array([round(n / rate * ticks) for n in range(frames)])
    found, variable = frame_rate(pts, Fraction(1, ticks), rate)
    assert (found, variable) == (rate, False)


@pytest.mark.parametrize("claimed", [None, Fraction(90_000), Fraction(25)])
def test_a_wrong_header_does_not_mislead(claimed: Fraction | None) -> None:
    pts = np.array([round(n * Fraction(1001, 24000) * 90_000) for n in range(2000)])
    assert frame_rate(pts, Fraction(1, 90_000), claimed) == (Fraction(24000, 1001), False)


def test_a_gap_makes_the_rate_variable_and_the_usual_interval_names_it() -> None:
    pts = np.array([0, 1, 2, 3, 20, 21, 22, 23]) * 3003
    assert frame_rate(pts, Fraction(1, 90_000), None) == (Fraction(30000, 1001), True)


def test_one_frame_has_the_rate_that_its_header_claims() -> None:
    assert frame_rate(np.array([0]), Fraction(1, 1000), Fraction(50)) == (Fraction(50), False)
    assert frame_rate(np.array([0]), Fraction(1, 1000), None) == (Fraction(25), False)
