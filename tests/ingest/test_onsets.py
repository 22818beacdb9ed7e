"""Onsets and pulse on sounds whose beats are put where they are known to be."""

import numpy as np
import pytest

from ingest.onsets import ONSETS_A_SECOND, OnsetMeter, pulse_clarity
from ingest.speech import VOICE_RATE


def onsets_of(samples: np.ndarray, *, pushed: int = 4000) -> np.ndarray:
    meter = OnsetMeter()
    for start in range(0, len(samples), pushed):
        meter.push(samples[start : start + pushed].astype(np.float32))
    return meter.finish()


def beats(moments: np.ndarray, seconds: float) -> np.ndarray:
    """A tone of 30 ms that fades, at each moment, over faint noise."""
    samples = np.random.default_rng(0).normal(0, 1e-4, round(seconds * VOICE_RATE))
    time = np.arange(round(0.03 * VOICE_RATE)) / VOICE_RATE
    beat = 0.3 * np.sin(2 * np.pi * 880 * time) * np.exp(-time / 0.01)
    for moment in moments:
        start = round(moment * VOICE_RATE)
        samples[start : start + len(beat)] += beat[: len(samples) - start]
    return samples


@pytest.mark.parametrize("moment", [0.5, 1.237, 2.99])
def test_an_onset_is_told_to_a_fiftieth_of_a_second(moment: float) -> None:
    onsets = onsets_of(beats(np.array([moment]), 4))
    assert len(onsets) == 4 * ONSETS_A_SECOND + 1
    assert abs(onsets.argmax() - moment * ONSETS_A_SECOND) <= 1


def test_a_steady_tone_has_one_onset_and_silence_none() -> None:
    tone = np.zeros(3 * VOICE_RATE)
    tone[VOICE_RATE:] = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * VOICE_RATE) / VOICE_RATE)
    onsets = onsets_of(tone)[:145]  # where it is cut off at the end is a click
    strong = np.flatnonzero(onsets > 0.2 * onsets.max())
    assert set(strong) <= {48, 49, 50, 51, 52, 53}
    assert not onsets_of(np.zeros(VOICE_RATE)).any()


def test_a_metronome_has_a_pulse_and_noise_has_none() -> None:
    metronome = pulse_clarity(onsets_of(beats(np.arange(0.3, 12, 0.5), 12)))
    noise = pulse_clarity(onsets_of(np.random.default_rng(1).normal(0, 0.1, 12 * VOICE_RATE)))
    assert len(metronome) == len(noise) == 7  # windows from second 0 to 6
    assert (metronome > 0.8).all()
    assert (noise < 0.3).all()


def test_beats_at_random_have_less_pulse_than_the_same_beats_in_time() -> None:
    rng = np.random.default_rng(2)
    loose = pulse_clarity(onsets_of(beats(np.sort(rng.uniform(0, 11.5, 23)), 12)))
    assert loose.mean() < 0.4


def test_silence_has_no_pulse_and_a_short_sound_no_window() -> None:
    assert (pulse_clarity(np.zeros(400, np.float32)) == 0).all()
    assert len(pulse_clarity(np.ones(100, np.float32))) == 0
