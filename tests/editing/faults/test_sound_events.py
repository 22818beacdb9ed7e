"""Clicks, gaps and flat tops in sounds made by hand, and none in what only resembles them."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from editing.faults.file_check import check_file
from editing.faults.join_sound import JoinSound, listen, word_cut
from editing.faults.picture_meter import COLUMNS, PictureMeasures
from editing.faults.prediction import likeness, predictors, residual
from editing.faults.programme import Programme
from editing.faults.sound_events import SoundEvent, events_in
from editing.faults.sound_faults import CLICK_DB, CLIPPED_SAMPLES, DROPOUT_DB, sound_faults
from editing.faults.sound_joins import sound_join_faults
from editing.faults.sound_meter import SoundMeasures, SoundMeter

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
    least = {"click": CLICK_DB, "gap": DROPOUT_DB, "clipping": CLIPPED_SAMPLES}[kind]
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


def test_what_is_gone_the_next_sample_is_more_like_a_click_than_what_rings_on() -> None:
    """One pulse of 0.1 drives a resonance of about 5 kHz, another is added to what it gives."""
    resonance, driven = [1, -1.6, 0.9], noise(level=1e-3).astype(np.float64)
    added = lfilter([1], resonance, driven)
    added[AT] += 0.1
    driven[AT] += 0.1
    rings = lfilter([1], resonance, driven)
    alike = [
        np.abs(likeness(sound.astype(np.float32), STEP))[0, AT - 2 : AT + 3].max()
        for sound in (added, rings)
    ]
    assert alike[0] > 1.4 * alike[1]


def test_a_click_within_a_voice_is_found() -> None:
    """A click as high as the voice is loud (RMS 0.13), between pulses of the voice."""
    voice = vowel()
    assert told(voice, "click") == []
    voice[AT : AT + 2] += 0.12
    assert told(voice, "click") == [1000]


def test_a_click_far_below_the_sound_beside_it_is_not_heard() -> None:
    """A tone at -13 dBFS without any treble, and in it a click of -44."""
    sound = tone(level=0.3) + noise(level=1e-5)
    sound[AT : AT + 2] += 0.006
    assert told(sound, "click") == []


def test_what_clicks_all_the_time_is_no_click() -> None:
    """Twenty a second, from 42 to 60 ms apart, as rain or a fire: each alone within 40 ms."""
    rng = np.random.default_rng(7)
    sound = noise(level=0.002)
    for at in np.cumsum(rng.integers(42, 60, 37)) * STEP + 500:
        sound[at : at + 2] += 0.1 * rng.choice([-1, 1])
    assert told(sound, "click") == []


def test_a_gap_that_a_code_has_smeared_is_found_before_an_attack() -> None:
    """Sound at -54 dBFS, 20 ms of which 4 are silent and the rest at -80; 10 ms on, 30 dB more."""
    sound = noise(level=0.002, seed=3)
    sound[AT + 30 * STEP :] *= 30
    sound[AT : AT + 20 * STEP] = noise(0.02, 1e-4, 5)
    sound[AT + 8 * STEP : AT + 12 * STEP] = 0
    (found,) = told(sound, "gap")
    assert 1000 <= found <= 1008


def test_what_dies_away_to_nothing_is_no_gap() -> None:
    """By 96 dB in 80 ms, then nothing for 40 ms, then noise again."""
    sound, fall = noise(level=0.1, seed=3), 80 * STEP
    sound[AT : AT + fall] *= np.geomspace(1, 1.6e-5, fall).astype(np.float32)
    sound[AT + fall : AT + fall + 40 * STEP] = 0
    assert told(sound, "gap") == []


def test_a_piece_that_is_quiet_where_it_begins_has_no_dropout() -> None:
    """Join at frame 24; 26 dB are the difference of two pieces, 60 are a gap, and so elsewhere."""

    def dropouts(start: float, value: float) -> list[int]:
        sound = SoundMeasures(events=(SoundEvent("gap", start, start + 0.1, value),))
        pictures = PictureMeasures(np.zeros((48, len(COLUMNS)), np.float32))
        programme = Programme(Fraction(24), pictures, sound, (24,), False)
        return [fault.frame for fault in sound_faults(programme) if fault.kind == "dropout"]

    assert dropouts(1.0, 26) == []
    assert dropouts(1.0, 60) == [24]
    assert dropouts(1.5, 26) == [36]


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


def test_a_word_over_music_is_cut_where_nobody_speaks_on() -> None:
    """Three bands fall by less than 20 dB, for the noise under the voice hides what is below."""
    sound = noise(level=0.06)
    sound[:AT] += 0.5 * vowel()[:AT]
    heard = heard_at(sound)
    assert 6 < heard.fall[0] < 20
    assert heard.jump < 2
    stops = np.ones(100, np.float32)
    stops[32:] = 0  # 1.02 s
    assert word_cut(heard, stops, "before") == 1
    assert word_cut(heard, SPEECH, "before") is None


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


def test_where_only_the_picture_jumps_a_step_of_loudness_needs_a_jump_of_the_sound() -> None:
    """Up by 20 dB at frame 24: told at a join, and at a picture that jumps as the sound does."""
    pictures = PictureMeasures(np.zeros((48, len(COLUMNS)), np.float32))
    energy = np.repeat([1e-4, 1e-2], 50)  # -41 and -21 LUFS

    def steps(joins: tuple[int, ...], jump: float) -> list[int]:
        heard = JoinSound(1.0, jump, (0, 0), (0, 0), (-40, -20))
        sound = SoundMeasures(energy=energy, joins=(heard,))
        programme = Programme(Fraction(24), pictures, sound, joins, False)
        return [fault.frame for fault in sound_join_faults(programme)]

    assert steps((24,), 0) == [24]
    assert steps((), 0) == []
    assert steps((), 10) == [24]


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
