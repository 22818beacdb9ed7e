"""The meter of a film's sound: whole signals in, in frames of any length."""

from fractions import Fraction

import av
import numpy as np
import pytest

from ingest.audio import SoundMeter
from ingest.media import Audio, Sound

QUICK = 48000


def sine(lufs_each: float, seconds: float, *, hz: float = 1000, rate: int = QUICK) -> np.ndarray:
    """A sine whose peak is at `lufs_each` dBFS: two channels of 1 kHz have that loudness."""
    return 10 ** (lufs_each / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def meter(
    samples: np.ndarray, layout: str, *, rate: int = QUICK, frame: int = 1024, skip: int = 0
) -> tuple[Audio, Sound]:
    """Measure `(channels, samples)`; after one second, `skip` samples of the file are missing."""
    measured, position = SoundMeter(), 0
    while position < samples.shape[1]:
        part = np.ascontiguousarray(samples[:, position : position + frame], dtype=np.float32)
        block = av.AudioFrame.from_ndarray(part, "fltp", layout)
        block.sample_rate, block.time_base = rate, Fraction(1, rate)
        block.pts = position + (skip if position >= rate else 0)
        measured.push(block)
        position += frame
    audio, sound = measured.finish(Fraction(0))
    assert audio is not None
    return audio, sound


def test_a_tone_has_the_loudness_that_ebu_tech_3341_expects() -> None:
    """Cases 1 and 2: stereo, 1 kHz at -23 and -33 dBFS."""
    for level in (-23.0, -33.0):
        audio, sound = meter(np.tile(sine(level, 3), (2, 1)), "stereo")
        assert audio.integrated_lufs == pytest.approx(level, abs=0.1)
        assert audio.true_peak_dbtp == pytest.approx(level, abs=0.2)
        np.testing.assert_allclose(sound.levels[2:], level, atol=0.1)


def test_five_channels_are_weighed_as_ebu_tech_3341_expects() -> None:
    """Case 6: -28 dBFS in front, -24 in the centre, -30 at the sides is -23 LUFS."""
    levels = [-28, -28, -24, -30, -30]
    audio, _ = meter(np.stack([sine(level, 2) for level in levels]), "5.0(side)")
    assert audio.integrated_lufs == pytest.approx(-23.0, abs=0.1)
    assert (audio.layout, audio.channels) == ("5.0(side)", 5)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 96000])
def test_steps_are_a_tenth_of_a_second_at_every_rate(rate: int) -> None:
    """A burst from 2.0 to 2.1 s is step 20, also at a rate that 10 does not divide."""
    signal = np.zeros(round(3.05 * rate))
    signal[2 * rate : round(2.1 * rate)] = sine(-20, 0.1, rate=rate)[: round(0.1 * rate)]
    audio, sound = meter(signal[None], "mono", rate=rate, frame=1000)
    assert (len(sound.levels), len(sound.true_peaks)) == (30, 30)
    assert (sound.levels.argmax(), sound.true_peaks.argmax()) == (20, 20)
    assert audio.samples == len(signal)
    assert abs(len(sound.voice) - len(signal) / rate * 16000 / 512) <= 1


def test_the_length_of_frames_changes_nothing() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 100_000))
    small, large = (meter(noise, "mono", frame=frame)[1] for frame in (777, 60_000))
    np.testing.assert_allclose(small.levels, large.levels, atol=1e-4)
    np.testing.assert_allclose(small.true_peaks, large.true_peaks, atol=1e-4)
    np.testing.assert_allclose(small.voice, large.voice, atol=1e-4)
    np.testing.assert_allclose(small.onsets, large.onsets, atol=1e-4)


def test_a_gap_is_silence_so_that_later_sound_keeps_its_time() -> None:
    audio, sound = meter(sine(-20, 2)[None], "mono", frame=4800, skip=QUICK)
    assert audio.samples == 3 * QUICK
    np.testing.assert_array_equal(sound.levels > -30, [True] * 10 + [False] * 10 + [True] * 10)


def test_a_click_is_at_the_same_moment_in_every_curve() -> None:
    click = np.zeros((1, 3 * QUICK))
    click[0, round(1.52 * QUICK) : round(1.52 * QUICK) + 40] = 0.5
    _, sound = meter(click, "mono")
    assert sound.true_peaks.argmax() == 15  # the step from 1.5 to 1.6 s
    assert abs(sound.onsets.argmax() - 1.52 * 50) <= 1


def test_samples_that_are_no_numbers_are_silence() -> None:
    signal = sine(-20, 2)[None].copy()
    signal[0, 5000:5010] = np.nan
    audio, _ = meter(signal, "mono")
    assert audio.integrated_lufs is not None
    assert np.isfinite(audio.integrated_lufs)


def test_sound_shorter_than_a_step_is_one_step() -> None:
    audio, sound = meter(sine(-20, 0.05)[None], "mono")
    assert len(sound.levels) == len(sound.true_peaks) == 1
    assert audio.true_peak_dbtp == pytest.approx(-20, abs=0.2)


def test_a_layout_that_changes_midway_is_brought_to_the_first_one() -> None:
    measured, position = SoundMeter(), 0
    for layout, channels in (("stereo", 2), ("mono", 1), ("stereo", 2)):
        tone = np.tile(sine(-20, 1), (channels, 1)).astype(np.float32)
        block = av.AudioFrame.from_ndarray(tone, "fltp", layout)
        block.sample_rate, block.time_base, block.pts = QUICK, Fraction(1, QUICK), position
        measured.push(block)
        position += QUICK
    audio, sound = measured.finish(Fraction(0))
    assert audio is not None
    assert (audio.layout, audio.samples, len(sound.levels)) == ("stereo", 3 * QUICK, 30)
    assert measured.warnings == [
        "its sound changes to mono midway",
        "its sound changes to stereo midway",
    ]
