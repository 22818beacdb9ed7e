"""Loudness and true peak, against the values that the standards themselves state."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loudness import (
    MOMENTARY_STEPS,
    PEAK_HISTORY,
    SHORT_TERM_STEPS,
    block_energy,
    channel_weights,
    decibels,
    energy_of,
    integrated_loudness,
    k_weighting,
    loudness,
    loudness_range,
    true_peaks,
)


def programme(*parts: tuple[float, float]) -> np.ndarray:
    """Energy of every 100 ms of parts of `(LUFS, seconds)`."""
    return energy_of(
        np.concatenate([np.full(round(10 * seconds), lufs) for lufs, seconds in parts])
    )


def integrated(*parts: tuple[float, float]) -> float | None:
    return integrated_loudness(block_energy(programme(*parts), MOMENTARY_STEPS))


def test_k_weighting_at_48_khz_is_the_table_of_the_standard() -> None:
    """ITU-R BS.1770-4, tables 1 and 2."""
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241]
    high_pass = [1.0, -2.0, 1.0, 1, -1.99004745483398, 0.99007225036621]
    sections = k_weighting(48000)
    np.testing.assert_allclose(sections[0], [*shelf, 0.73248077421585], atol=1e-8)
    np.testing.assert_allclose(sections[1], high_pass, atol=1e-8)


def test_integrated_loudness_is_what_ebu_tech_3341_expects() -> None:
    """Cases 3 to 5: quiet ends are gated out, and a louder middle is averaged in."""
    assert integrated((-36, 10), (-23, 60), (-36, 10)) == pytest.approx(-23.0, abs=0.1)
    quiet_too = ((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10))
    assert integrated(*quiet_too) == pytest.approx(-23.0, abs=0.1)
    assert integrated((-26, 20), (-20, 20.1), (-26, 20)) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-20, 20), (-30, 20)], 10),
        ([(-20, 20), (-15, 20)], 5),
        ([(-40, 20), (-20, 20)], 20),
        ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
    ],
)
def test_loudness_range_is_what_ebu_tech_3342_expects(
    parts: list[tuple[float, float]], expected: float
) -> None:
    """Its cases 1 to 4, within the ±1 LU that it allows."""
    energy = block_energy(programme(*parts), SHORT_TERM_STEPS)
    assert loudness_range(energy) == pytest.approx(expected, abs=1)


def test_digital_silence_has_no_loudness() -> None:
    assert integrated_loudness(np.zeros(50)) is None
    assert loudness_range(np.zeros(50)) is None
    assert np.isneginf(loudness(np.zeros(3))).all()


@given(st.lists(st.floats(0, 1), max_size=40), st.sampled_from([MOMENTARY_STEPS, SHORT_TERM_STEPS]))
def test_blocks_are_means_of_their_steps(steps: list[float], length: int) -> None:
    blocks = block_energy(np.array(steps), length)
    assert len(blocks) == (max(1, len(steps) - length + 1) if steps else 0)
    for index in range(max(0, len(steps) - length + 1)):
        assert blocks[index] == pytest.approx(sum(steps[index : index + length]) / length)


def test_surrounds_count_more_and_the_low_frequency_channel_not_at_all() -> None:
    """BS.1770-4, annex 3: 7.1 has its rear pair behind the listener, 5.1 has it at the sides."""
    back = channel_weights(["FL", "FR", "FC", "LFE", "BL", "BR"])
    np.testing.assert_array_equal(back, [1, 1, 1, 0, 1.41, 1.41])
    seven = channel_weights(["FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"])
    np.testing.assert_array_equal(seven, [1, 1, 1, 0, 1, 1, 1.41, 1.41])


@pytest.mark.parametrize(
    ("divisor", "degrees", "amplitude", "expected"),
    [
        (4, 0, 0.5, -6.0),
        (4, 45, 0.5, -6.0),
        (6, 60, 0.5, -6.0),
        (8, 67.5, 0.5, -6.0),
        (4, 45, 1.41, 3.0),
    ],
)
def test_true_peak_is_what_ebu_tech_3341_expects(
    divisor: int, degrees: float, amplitude: float, expected: float
) -> None:
    """Cases 15 to 19: sines whose peaks lie between the samples; +0.2 to -0.4 dB is allowed."""
    phase = 2 * np.pi * np.arange(4800) / divisor + np.radians(degrees)
    sine = amplitude * np.sin(phase) * np.minimum(1, np.arange(4800) / 480)  # fades in
    peak = float(decibels(true_peaks(np.pad(sine, (PEAK_HISTORY, 0))[None])).max())
    assert expected - 0.4 <= peak <= expected + 0.2


def test_a_lone_full_sample_peaks_at_full_scale() -> None:
    impulse = np.zeros((2, PEAK_HISTORY + 40))
    impulse[1, PEAK_HISTORY + 20] = -1.0
    peaks = true_peaks(impulse)
    assert peaks.shape == (40,)
    assert (peaks.max(), peaks.argmax()) == (1.0, 20)
