"""Clicks, gaps and flat tops in sounds made by hand, and none in what only resembles them."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from editing.faults.file_check import check_file
from editing.faults.join_sound import JoinSound, listen, word_cut
from editing.faults.prediction import predictors, residual
from editing.faults.sound_events import events_in
from editing.faults.sound_meter import SoundMeter

from .conftest import drifting, hum

RATE, STEP = 48_000, 48
AT = RATE
"""One second in."""


def noise(seconds: float = 2.0, level: float = 0.02, seed: int = 1) -> np.ndarray:
    """White noise, `(n,)`."""
    count = int(seconds * RATE)
    return np.random.default_rng(seed).normal(0, level, count).astype(np.float32)


def tone(seconds: float = 2.0, hertz: float = 220.0, level: float = 0.3) -> np.ndarray:
    at = np.arange(int(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def told(sound: np.ndarray, kind: str) -> list[int]:
    """Milliseconds of the events of a kind that are strong enough for a fault."""
    least = {"click": 21, "gap": 24, "clipping": 4}[kind]
    events = events_in(sound[None], STEP)
    return sorted(run.start for run in events if run.kind == kind and run.value >= least)


def test_what_can_be_predicted_leaves_no_error() -> None:
    """x[n] = 0.9 x[n-1] + e[n] has correlations 1, 0.9, 0.81: all but the first weight are 0."""
    found = predictors(np.array([[1.0, 0.9, 0.81]]))
    assert found[0] == pytest.approx([1, -0.9, 0], abs=1e-3)
    music = tone() + noise(level=1e-4)
    assert np.abs(residual(music, STEP)[RATE // 2 : -RATE // 2]).max() < 0.005 * music.max()


def test_a_click_below_the_peaks_of_loud_music_is_found() -> None:
    """Tones up to 11 kHz reach 0.6, the click 0.1: hidden in the treble but for its surprise."""
    music = noise(level=1e-4) + tone(hertz=220)
    for hertz in (6000, 9000, 11_000):
        music += tone(hertz=hertz, level=0.1)
    assert told(music, "click") == []
    music[AT : AT + 2] += 0.1
    assert told(music, "click") == [1000]


def test_a_knock_that_rings_and_a_burst_that_goes_on_are_no_clicks() -> None:
    ringing = noise(level=0.002)
    fall = np.arange(RATE // 10) / RATE
    ringing[AT : AT + len(fall)] += 0.4 * np.exp(-fall / 0.02) * noise(0.1, 1.0)
    assert told(ringing, "click") == []


def test_a_gap_without_any_sound_is_found_however_uneven_its_edges_are() -> None:
    """The level goes up and down by 20 dB each 12 ms: the edges of a gap may be quiet."""
    swell = np.repeat(np.tile([1.0, 0.1], 100), RATE * 12 // 1000)[: 2 * RATE]
    sound = noise(level=0.1)[: len(swell)] * swell.astype(np.float32)
    sound[AT : AT + RATE // 20] = 0
    assert told(sound, "gap") == [1000]


def test_a_gap_is_found_after_sound_that_had_died_away() -> None:
    """What falls for good once is not looked at for a second; a gap in that second counts."""
    sound = noise(3.0, 0.2)
    sound[RATE // 2 :] *= 0.03
    sound[AT : AT + RATE // 20] = 0
    assert told(sound, "gap") == [1000]


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_tops_that_were_cut_off_are_found_at_any_level(gain: float) -> None:
    music = tone(hertz=200, level=1.0) + noise(level=1e-3)
    assert told(music * 0.7, "clipping") == []
    music[AT : AT + RATE // 5] *= 2.0
    clipped = np.clip(music[AT : AT + RATE // 5], -1, 1)
    quiet = 0.5 * music
    quiet[AT : AT + RATE // 5] = clipped
    assert told(quiet.astype(np.float32) * gain, "clipping")[0] == pytest.approx(1002, abs=3)


# Joins

SPEECH = np.ones(100, np.float32)
"""The network's scores of somebody who speaks all the time."""


def vowel(seconds: float = 2.0) -> np.ndarray:
    """A buzz of 120 Hz with formants about 500 and 1500 Hz, over a faint noise."""
    at = np.arange(int(seconds * RATE)) / RATE
    made = np.zeros(len(at))
    for k in range(1, 30):
        height = sum(1 / (1 + ((120 * k - f) / 120) ** 2) for f in (500, 1500))
        made += 0.1 * height * np.sin(2 * np.pi * 120 * k * at + k * k)
    return (made + noise(seconds, 0.003)).astype(np.float32)


def heard_at(sound: np.ndarray) -> JoinSound:
    heard = listen(sound, RATE, AT, second=1.0)
    assert heard is not None
    return heard


def test_a_word_that_is_there_up_to_a_join_and_gone_is_cut() -> None:
    sound = vowel()
    sound[AT:] = noise(level=0.003)[AT:]
    heard = heard_at(sound)
    assert word_cut(heard, SPEECH, "before") == 1
    assert word_cut(heard, SPEECH, "after") is None
    backwards = listen(sound[::-1].copy(), RATE, AT, second=1.0)
    assert backwards is not None
    assert word_cut(backwards, SPEECH, "after") == 1


def test_speech_that_runs_on_under_a_cut_of_the_picture_is_whole() -> None:
    heard = heard_at(vowel())
    assert word_cut(heard, SPEECH, "before") is None
    assert word_cut(heard, SPEECH, "after") is None


def test_a_word_that_dies_away_before_the_join_is_whole() -> None:
    """It falls by 40 dB in the last 80 ms; then the join, and noise."""
    sound, fade = vowel(), RATE * 80 // 1000
    sound[AT - fade : AT] *= np.geomspace(1, 0.01, fade).astype(np.float32)
    sound[AT:] = noise(level=0.003)[AT:]
    assert word_cut(heard_at(sound), SPEECH, "before") is None


def test_music_that_stops_at_a_join_is_no_word() -> None:
    sound = vowel()
    sound[AT:] = 0
    assert word_cut(heard_at(sound), np.zeros(100, np.float32), "before") is None


def test_the_jump_at_a_join_is_told_where_the_waveform_jumps() -> None:
    assert heard_at(tone() + noise(level=1e-3)).jump < 6
    jumping = tone() + noise(level=1e-3)
    jumping[AT:] += 0.1
    assert heard_at(jumping).jump > 20


def test_a_join_too_near_an_end_is_not_listened_to() -> None:
    assert listen(vowel(), RATE, RATE // 10) is None


@pytest.mark.parametrize("at_once", [1, RATE, 96_000])
def test_the_meter_listens_at_a_join_however_the_sound_comes(at_once: int) -> None:
    """As two seconds at once, in parts of one, and sample by sample about the join."""
    sound = vowel()
    sound[AT:] = noise(level=0.003)[AT:]
    meter = SoundMeter(RATE, 1, joins=[1.0])
    edges = (
        [0, AT - 5, *range(AT - 4, AT + 4), AT + 5] if at_once == 1 else range(0, 96_000, at_once)
    )
    for start, end in pairwise([*edges, 96_000]):
        meter.push(sound[None, start:end])
    (heard,) = meter.finish().joins
    whole = heard_at(sound)
    assert (heard.second, heard.still) == (1.0, pytest.approx(whole.still))
    assert heard.fall == pytest.approx(whole.fall)


# Files

Writer = Callable[..., Path]


def faults_of(write: Writer, sound: np.ndarray) -> list[tuple[str, int]]:
    """Of a film with one cut, at frame 30, with a sound of 2.5 s."""
    pictures = [*drifting(30), *drifting(30, seed=2, spot=12)]
    return [(fault.kind, fault.frame) for fault in check_file(write(pictures, sound)).faults]


def test_who_stops_speaking_before_a_cut_makes_no_step_of_loudness(write_pictures: Writer) -> None:
    """Down by 20 dB within 60 ms, 100 ms before the cut; at the cut it is a step."""
    at, fade = 30 * RATE // 24, RATE * 60 // 1000
    fall = np.full(60 * RATE // 24, 0.1)
    fall[: at - RATE // 10] = 1
    fall[at - RATE // 10 : at - RATE // 10 + fade] = np.geomspace(1, 0.1, fade)
    assert faults_of(write_pictures, hum() * fall) == []
    fall[:at] = 1
    assert ("loudness step", 30) in faults_of(write_pictures, hum() * fall)


def test_a_quiet_room_is_no_silence_and_no_sound_is(write_pictures: Writer) -> None:
    """Dying away to -70 dBFS, and back; then the same without any sound."""
    sound, ramp = hum(), np.geomspace(1, 1e-3, RATE // 5)
    start, end = RATE // 2, 2 * RATE
    sound[start : start + len(ramp)] *= ramp
    sound[end - len(ramp) : end] *= ramp[::-1]
    sound[start + len(ramp) : end - len(ramp)] = noise(1.1, 3e-4, seed=4)
    assert faults_of(write_pictures, sound) == []
    sound[start + len(ramp) : end - len(ramp)] = 0
    assert [kind for kind, _ in faults_of(write_pictures, sound)] == ["silence"]
