"""Beats of music that was made with known ones."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.assemble.assembly import assemble
from editing.assemble.footage import Footage
from editing.cut import Brief
from editing.errors import ImpossibleBrief, MusicError
from editing.music.beats import find_beats
from editing.music.track import _samples, read_music
from editing.rank.film import ShotScores
from ingest.errors import UnreadableMedia
from ingest.media import MediaId
from ingest.timecode import FrameRange

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


def test_noise_a_steady_tone_and_speech_have_no_beat() -> None:
    rng = np.random.default_rng(3)
    noise = (0.1 * rng.normal(size=RATE * 20)).astype(np.float32)
    steady = (0.3 * np.sin(2 * np.pi * 220 * np.arange(RATE * 20) / RATE)).astype(np.float32)
    assert len(find_beats(noise)) == 0
    assert len(find_beats(steady)) == 0


def same_places(sound: np.ndarray, later: float) -> float:
    """The share of beats that are found again, within 30 ms, if the sound begins later."""
    all_of_it, rest = find_beats(sound), find_beats(sound[round(later * RATE) :]) + later
    known = all_of_it[all_of_it > later + 2]
    return float(np.mean([np.abs(rest - beat).min() <= 0.03 for beat in known]))


def test_beats_of_a_real_score_are_the_same_wherever_it_is_begun(shared_data: Path) -> None:
    """The score of Big Buck Bunny, under its effects; what its true beats are is not known."""
    sound = _samples(shared_data / "footage" / "bbb_trailer_moviepy.mp4")
    for first in (0, 27):
        piece = sound[first * RATE : (first + 30) * RATE]
        found = find_beats(piece)
        between = np.diff(found)
        assert len(found) >= 30
        assert between.std() / between.mean() <= 0.1
        assert same_places(piece, 3.3) >= 0.8


def test_what_is_said_over_a_launch_has_no_tempo(shared_data: Path) -> None:
    path = shared_data / "footage" / "nasa_13013.mp4"
    first = _samples(path)
    found = find_beats(first)
    assert len(found) == 0 or same_places(first, 3.3) < 0.5  # none, or none to be relied on


def test_music_shorter_than_its_cut_is_refused_with_what_would_work(tmp_path: Path) -> None:
    sound, _ = drums(120, seconds=6.0)
    music = read_music(write(tmp_path / "short.wav", sound), Fraction(24))
    assert max(music.beats) < 6 * 24
    shots, values = 20, np.linspace(1, 2, 20)
    footage = Footage(
        media=MediaId(1),
        rate=Fraction(24),
        frames=96 * shots,
        fit=tuple(FrameRange(96 * i, 96 * (i + 1)) for i in range(shots)),
        interest=np.zeros(96 * shots),
        vectors=np.eye(shots, dtype=np.float32),
        scores=ShotScores(values, ("motion",), values[:, None]),
    )
    brief = Brief("highlights", 480, 24, 96, Fraction(1), 0.9, music=music)
    with pytest.raises(ImpossibleBrief) as refused:
        assemble(footage, brief)
    assert refused.value.brief is not None
    assert assemble(footage, refused.value.brief).slots
