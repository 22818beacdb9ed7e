"""Loudness by EBU R128, against the values that the standard itself states."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.audio import integrated_loudness, k_weighting, loudness, momentary_energy


def test_k_weighting_at_48_khz_is_the_table_of_the_standard() -> None:
    """ITU-R BS.1770-4, tables 1 and 2."""
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241]
    high_pass = [1.0, -2.0, 1.0, 1, -1.99004745483398, 0.99007225036621]
    sections = k_weighting(48000)
    np.testing.assert_allclose(sections[0], [*shelf, 0.73248077421585], atol=1e-8)
    np.testing.assert_allclose(sections[1], high_pass, atol=1e-8)


def test_a_quiet_end_is_gated_out_of_the_integrated_loudness() -> None:
    """Ten seconds at -20 LUFS and ten at -60: the relative gate, 10 LU below, drops the latter."""
    energy = 10 ** ((np.array([-20.0] * 100 + [-60.0] * 100) + 0.691) / 10)
    assert integrated_loudness(energy) == pytest.approx(-20.0, abs=0.01)


def test_digital_silence_has_no_integrated_loudness() -> None:
    assert integrated_loudness(np.zeros(50)) is None
    assert np.isneginf(loudness(np.zeros(3))).all()


@given(st.lists(st.floats(0, 1), max_size=30))
def test_momentary_blocks_are_means_of_four_steps(steps: list[float]) -> None:
    blocks = momentary_energy(np.array(steps))
    assert len(blocks) == (max(1, len(steps) - 3) if steps else 0)
    for index in range(max(0, len(steps) - 3)):
        assert blocks[index] == pytest.approx(sum(steps[index : index + 4]) / 4)
