"""Beats of music that was made with known ones."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.errors import MusicError
from editing.music.beats import find_beats
from editing.music.track import read_music
from ingest.errors import UnreadableMedia

RATE = 16_000


def drums(bpm: float, first: float = 0.3, seconds: float = 16.0) -> tuple[np.ndarray, np.ndarray]:
    """A drum on every beat and a faint cymbal between, over noise; and when the beats are."""
    rng = np.random.default_rng(1)
    sound = 0.003 * rng.normal(size=round(seconds * RATE))
    beats = np.arange(first, seconds - 0.1, 60 / bpm)
    for place, level, length in (
        *((beat, 0.4, 100) for beat in beats),
        *((beat + 30 / bpm, 0.02, 80) for beat in beats),
    ):
        start = round(place * RATE)
        part = sound[start : start + 600]
        part += level * np.exp(-np.arange(len(part)) / length) * rng.normal(size=len(part))
    return sound.astype(np.float32), beats


@given(st.floats(70, 170), st.floats(0.1, 0.6))
@settings(deadline=None, max_examples=12)
def test_beats_are_found_to_a_hundredth_of_a_second(bpm: float, first: float) -> None:
    sound, beats = drums(bpm, first)
    found = find_beats(sound)
    inner = beats[1:-1]
    missed = np.array([np.abs(found - beat).min() for beat in inner])
    assert (missed <= 0.01).mean() >= 0.95
    assert abs(len(found) - len(beats)) <= 2


def test_a_tempo_that_drifts_is_followed() -> None:
    rng = np.random.default_rng(2)
    beats = np.cumsum(np.linspace(0.55, 0.45, 30))
    sound = 0.003 * rng.normal(size=RATE * 16)
    for beat in beats:
        part = sound[round(beat * RATE) :][:600]
        part += 0.4 * np.exp(-np.arange(len(part)) / 100) * rng.normal(size=len(part))
    found = find_beats(sound.astype(np.float32))
    assert np.mean([np.abs(found - beat).min() <= 0.02 for beat in beats[1:-1]]) >= 0.9


def test_silence_and_a_moment_have_no_beats() -> None:
    assert len(find_beats(np.zeros(RATE * 10, np.float32))) == 0
    assert len(find_beats(np.zeros(100, np.float32))) == 0
    assert len(find_beats(drums(120, seconds=1.0)[0])) == 0


def write(path: Path, sound: np.ndarray) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.round(sound * 20000).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(24000, 1001), Fraction(50)])
def test_beats_come_on_the_frame_that_is_nearest(tmp_path: Path, rate: Fraction) -> None:
    sound, beats = drums(120)
    music = read_music(write(tmp_path / "song.wav", sound), rate)
    exact = {round(Fraction(float(beat)) * rate) for beat in beats}
    near = {frame + shift for frame in exact for shift in (-1, 0, 1)}
    assert set(music.beats) <= near
    assert len(set(music.beats) & exact) >= 0.8 * len(exact)
    assert music.path.endswith("song.wav")
    assert len(music.fingerprint) == 32


def test_what_has_no_beat_or_no_sound_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MusicError, match="has no beat"):
        read_music(write(tmp_path / "quiet.wav", np.zeros(RATE * 5)), Fraction(24))
    (tmp_path / "text.wav").write_text("no music", encoding="utf-8")
    with pytest.raises(UnreadableMedia):
        read_music(tmp_path / "text.wav", Fraction(24))
