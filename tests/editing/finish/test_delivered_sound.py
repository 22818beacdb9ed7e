from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample_poly

from editing.cut import Music, SlotSound
from editing.errors import RenderError
from editing.finish.delivery import Delivery
from editing.finish.delivery import Music as DeliveredMusic
from editing.finish.limiter import Limiter
from editing.finish.mix import Mix
from editing.finish.programme import Programme
from editing.finish.sound import SoundReader
from editing.finish.sound_meter import HOP, ProgrammeMeter
from editing.run import render_cut, sources_of
from ingest.fingerprint import fingerprint_file
from ingest.media import Media

Tones = tuple[Media, Media]
RATE = 48_000
AAC_FRAME = 1024


def level(sound: np.ndarray, hz: float, start: float, seconds: float = 0.2) -> float:
    """Amplitude of a sine in a stretch of sound that begins at `start` seconds."""
    part = sound[0, round(start * RATE) : round((start + seconds) * RATE)]
    at = np.arange(len(part)) / RATE
    window = np.hanning(len(part))
    return float(2 * abs(np.sum(part * window * np.exp(-2j * np.pi * hz * at))) / window.sum())


def steepest(sound: np.ndarray, middle: float) -> float:
    """The greatest step from a sample to the next within 10 ms of a moment."""
    at = round(middle * RATE)
    return float(np.abs(np.diff(sound[0, at - 480 : at + 480])).max())


def write_music(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=rate, layout="mono")
        whole = np.round(samples * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


@pytest.fixture
def two_tones(studio: Any) -> tuple[Media, Media]:
    """A film of 500 Hz and one of 2 kHz, 4 s each."""
    low = studio.film("low.mov", 96, sound=studio.tone(500, 4))
    return low, studio.film("high.mov", 100, sound=studio.tone(2000, 4))


def test_a_lead_moves_the_join_of_the_sound_and_not_of_the_picture(
    tmp_path: Path, two_tones: Tones, studio: Any
) -> None:
    low, high = two_tones
    for lead, early, late in ((12, 0.5, 1.0), (-12, 1.0, 1.5)):
        second = studio.slot(high, 24, 60, sound=SlotSound(lead=lead))
        cut = studio.cut(studio.slot(low, 24, 48), second)
        came = studio.decoded(render_cut(studio.catalog, cut, tmp_path / "cut.mp4").path).sound
        join = early if lead > 0 else late
        assert level(came, 500, join - 0.25) == pytest.approx(0.25, abs=0.02)
        assert level(came, 2000, join - 0.25) < 0.01
        assert level(came, 500, join + 0.05) < 0.01
        assert level(came, 2000, join + 0.05) == pytest.approx(0.25, abs=0.02)


def test_a_crossfade_keeps_the_power_and_a_join_never_clicks(
    tmp_path: Path, two_tones: Tones, studio: Any
) -> None:
    low, high = two_tones
    steps = {}
    for name, fade_ms, join_fade in (("hard", 0, 0), ("small", 0, 4), ("long", 400, 4)):
        second = studio.slot(high, 30, 60, sound=SlotSound(fade_ms=fade_ms))
        cut = studio.cut(studio.slot(low, 24, 48), second)
        delivery = Delivery(join_fade=Fraction(join_fade, 1000))
        made = render_cut(studio.catalog, cut, tmp_path / f"{name}.mp4", delivery=delivery)
        came = studio.decoded(made.path).sound
        steps[name] = steepest(came, 1.0)
        if name == "long":
            half = 0.25 / np.sqrt(2)
            assert level(came, 500, 0.95, 0.1) == pytest.approx(half, rel=0.15)
            assert level(came, 2000, 0.95, 0.1) == pytest.approx(half, rel=0.15)
    natural = 2 * np.pi * 2000 / RATE * 0.25  # the steepest step of the 2 kHz tone itself
    assert steps["small"] <= 1.3 * natural
    assert steps["long"] <= 1.3 * natural


def test_sound_that_runs_on_across_a_join_has_no_seam(
    tmp_path: Path, two_tones: Tones, studio: Any
) -> None:
    low, _ = two_tones
    again = studio.slot(low, 48, 72, sound=SlotSound(fade_ms=100))
    mixes = []
    for cut in (studio.cut(studio.slot(low, 24, 48), again), studio.cut(studio.slot(low, 24, 72))):
        sources = sources_of(studio.catalog, cut)
        with Mix(Programme.of(cut, Delivery()), sources) as mix:
            mixes.append(mix.read(0, mix.samples))
    assert np.abs(mixes[0]).max() > 0.2
    assert np.abs(mixes[0] - mixes[1]).max() < 1e-6


def test_a_gain_is_in_decibels(tmp_path: Path, two_tones: Tones, studio: Any) -> None:
    low, _ = two_tones
    quieter = studio.slot(low, 24, 48, sound=SlotSound(gain=-6.0206))
    cut = studio.cut(studio.slot(low, 24, 48), quieter)
    came = studio.decoded(render_cut(studio.catalog, cut, tmp_path / "cut.mp4").path).sound
    assert level(came, 500, 0.4) == pytest.approx(0.25, rel=0.03)
    assert level(came, 500, 1.4) == pytest.approx(0.125, rel=0.03)


def test_fades_take_the_sound_along(tmp_path: Path, two_tones: Tones, studio: Any) -> None:
    cut = studio.cut(studio.slot(two_tones[0], 0, 72))
    delivery = Delivery(fade_in=Fraction(1), fade_out=Fraction(1))
    made = render_cut(studio.catalog, cut, tmp_path / "cut.mp4", delivery=delivery)
    came = studio.decoded(made.path).sound
    for start, share in ((0.15, 0.25), (0.4, 0.5), (1.4, 1.0), (2.4, 0.5)):
        assert level(came, 500, start) == pytest.approx(0.25 * share, rel=0.05)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25)])
def test_picture_and_sound_end_together(tmp_path: Path, rate: Fraction, studio: Any) -> None:
    media = studio.film("film.mov", 100, rate=rate, sound=studio.tone(500, 4.2))
    cut = studio.cut(studio.slot(media, 7, 98), rate=rate)
    delivery = Delivery(loudness="r128")
    came = studio.decoded(
        render_cut(studio.catalog, cut, tmp_path / "cut.mp4", delivery=delivery).path
    )
    assert len(came.pictures) == 91
    assert 0 <= came.sound.shape[1] - round(91 / rate * RATE) < AAC_FRAME
    with av.open(str(tmp_path / "cut.mp4")) as film:  # what players go by: the edit list's lengths
        picture, sound = film.streams.video[0], film.streams.audio[0]
        lengths = [float(s.duration * s.time_base) for s in (picture, sound)]
        assert (picture.start_time, sound.start_time) == (0, 0)
    assert lengths[0] == pytest.approx(float(91 / rate), abs=1e-3)
    assert lengths[1] == pytest.approx(float(91 / rate), abs=1e-3)


def test_sound_of_another_sample_rate_keeps_its_place(tmp_path: Path) -> None:
    click = np.zeros(8 * 44_100)
    click[6 * 44_100 : 6 * 44_100 + 441] = 0.5 * np.hanning(441)  # 10 ms, its middle at 6.005 s
    path = write_music(tmp_path / "click.wav", click, 44_100)
    with SoundReader(path, first_picture=None, sample_rate=RATE, layout="mono") as reader:
        for first in (5 * RATE, 5 * RATE + 777):  # by a seek, then by decoding on
            heard = reader.read(first, RATE + RATE // 2)[0]
            assert abs(first + int(np.argmax(heard)) - round(6.005 * RATE)) <= 1


@pytest.mark.parametrize(("name", "lufs", "limit"), [("r128", -23, -1), ("stream", -14, -1)])
def test_loudness_is_as_asked_and_peaks_stay_below_the_limit_after_aac(
    tmp_path: Path, name: str, lufs: float, limit: float, studio: Any
) -> None:
    rng = np.random.default_rng(1)
    sound = 0.02 * rng.normal(size=5 * RATE)
    sound[RATE // 2 :: RATE // 3] = 0.9  # single samples, 30 dB above the noise
    media = studio.film("film.mov", 120, sound=np.clip(sound, -1, 1))
    cut = studio.cut(studio.slot(media, 0, 110))
    delivery = Delivery(loudness=name)
    made = render_cut(studio.catalog, cut, tmp_path / "cut.mp4", delivery=delivery)
    came = studio.decoded(made.path).sound
    meter = ProgrammeMeter(RATE, 1)
    meter.push(came.astype(np.float32))
    loudness, peak = meter.finish()
    assert loudness == pytest.approx(lufs, abs=0.1)
    assert peak <= limit
    finer = np.abs(resample_poly(came[0], 16, 1)).max()  # another, finer measure of the peak
    assert 20 * np.log10(finer) <= limit + 0.3
    assert made.levels is not None
    assert made.levels.loudness == pytest.approx(loudness, abs=0.1)
    assert made.levels.held_back > 1


def test_a_loudness_that_cannot_be_had_is_refused(tmp_path: Path, studio: Any) -> None:
    sound = np.zeros(3 * RATE)
    sound[::4800] = 0.9  # clicks 100 ms apart, and nothing between
    cut = studio.cut(studio.slot(studio.film("film.mov", 70, sound=sound), 0, 60))
    delivery = Delivery(loudness="stream", true_peak=-12.0)
    with pytest.raises(RenderError, match="cannot be brought to -14"):
        render_cut(studio.catalog, cut, tmp_path / "cut.mp4", delivery=delivery)
    assert [path.name for path in tmp_path.iterdir() if "cut" in path.name] == []


def test_silence_stays_silence_whatever_the_loudness(tmp_path: Path, studio: Any) -> None:
    cut = studio.cut(studio.slot(studio.film("film.mov", 30, sound=np.zeros(RATE)), 0, 24))
    made = render_cut(studio.catalog, cut, tmp_path / "cut.mp4", delivery=Delivery(loudness="r128"))
    assert np.abs(studio.decoded(made.path).sound).max() < 1e-4
    assert made.levels is not None
    assert made.levels.loudness is None


@given(st.lists(st.floats(0, 4), min_size=1, max_size=120), st.floats(0.1, 1.0))
def test_the_limiter_never_lets_a_hop_exceed_the_ceiling(
    peaks: list[float], ceiling: float
) -> None:
    hops = np.array(peaks, np.float32)
    limiter = Limiter(hops, RATE, ceiling=ceiling)
    highest = np.repeat(hops, HOP)[None]  # every sample of a hop as high as its peak
    assert np.abs(limiter.apply(highest, 0)).max() <= ceiling * (1 + 1e-5)
    if hops.max() <= ceiling:
        assert limiter.deepest == 0
        assert np.array_equal(limiter.apply(highest, 0), highest)


def test_music_lies_under_the_cut_from_where_it_is_asked_to_begin(
    tmp_path: Path, two_tones: Tones, studio: Any
) -> None:
    music = np.concatenate([studio.tone(3000, 1), studio.tone(4000, 4)])
    path = write_music(tmp_path / "music.wav", music)
    cut = studio.cut(studio.slot(two_tones[0], 0, 72))
    asked = DeliveredMusic(path, gain=-6.0206, start=Fraction(1, 2), fade_out=Fraction(1))
    delivery = Delivery(music=asked)
    came = studio.decoded(
        render_cut(studio.catalog, cut, tmp_path / "c.mp4", delivery=delivery).path
    ).sound
    centre = 1 / np.sqrt(2)  # of a mono sound in each channel of stereo, ITU-R BS.775
    assert level(came, 500, 0.1) == pytest.approx(0.25 * centre, rel=0.05)
    assert level(came, 3000, 0.2) == pytest.approx(0.125 * centre, rel=0.05)
    assert level(came, 4000, 0.2) < 0.01
    assert level(came, 4000, 1.2) == pytest.approx(0.125 * centre, rel=0.05)
    assert level(came, 4000, 2.4) == pytest.approx(0.0625 * centre, rel=0.1)


def test_the_music_of_the_brief_is_mixed_unless_it_is_another_file_or_not_wanted(
    tmp_path: Path, two_tones: Tones, studio: Any
) -> None:
    path = write_music(tmp_path / "music.wav", studio.tone(3000, 4))
    plain = studio.cut(studio.slot(two_tones[0], 0, 48))
    music = Music(str(path), fingerprint_file(path), (12, 24))
    cut = replace(plain, brief=replace(plain.brief, music=music))
    came = studio.decoded(render_cut(studio.catalog, cut, tmp_path / "with.mp4").path).sound
    assert level(came, 3000, 0.5) == pytest.approx(0.25 / np.sqrt(2), rel=0.05)
    without = Delivery(without_music=True)
    made = render_cut(studio.catalog, cut, tmp_path / "without.mp4", delivery=without)
    assert level(studio.decoded(made.path).sound, 3000, 0.5) < 0.01
    write_music(path, studio.tone(3000, 3))
    with pytest.raises(RenderError, match="is not the file that the cut was made to"):
        render_cut(studio.catalog, cut, tmp_path / "other.mp4")
    path.unlink()
    with pytest.raises(RenderError, match=r"music\.wav is gone"):
        render_cut(studio.catalog, cut, tmp_path / "gone.mp4")
