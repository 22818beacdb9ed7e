"""Music and sound that nobody means to give: made right, or refused in words that help."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editing.cut import Cut
from editing.errors import RenderError
from editing.finish.delivery import Delivery, Music
from editing.finish.sound import SoundReader
from editing.run import render_cut
from ingest.errors import UnreadableMedia


def write_sound(
    path: Path, samples: np.ndarray, *, rate: int = 48_000, layout: str = "mono", codec: str = ""
) -> Path:
    """`(channels, n)` from -1 to 1, by default as PCM."""
    codec = codec or "pcm_s16le"
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        whole = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples, np.float32), format="fltp", layout=layout
        )
        whole.sample_rate, whole.pts = rate, 0
        for frame in av.AudioResampler(stream.format, layout, rate).resample(whole):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def tone(seconds: float, hz: float = 440, rate: int = 48_000, level: float = 0.25) -> np.ndarray:
    at = np.arange(round(seconds * rate)) / rate
    return level * np.sin(2 * np.pi * hz * at)[None]


def loudness_of(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(sound**2)))


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000])
def test_music_of_any_sample_rate_keeps_its_pitch(rate: int, studio: Any, cut: Cut) -> None:
    path = write_sound(studio.folder / "song.wav", tone(3, rate=rate), rate=rate)
    music = Music(path, fade_out=Fraction(0))
    made = render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=Delivery(music=music))
    sound = studio.decoded(made.path).sound[0][4_800:91_200]
    crossings = np.count_nonzero(np.diff(np.signbit(sound))) / (len(sound) / 48_000) / 2
    assert (made.sample_rate, made.remarks) == (48_000, ())
    assert crossings == pytest.approx(440, rel=0.01)


def test_music_of_five_channels_is_mixed_down_by_bs775(studio: Any, cut: Cut) -> None:
    """Centre and surrounds at -3 dB, on each side its own; no LFE (ITU-R BS.775-4, annex 4)."""
    for channel, (left, right) in {
        0: (1.0, 0.0),
        1: (0.0, 1.0),
        2: (0.7071, 0.7071),
        3: (0.0, 0.0),
        4: (0.7071, 0.0),
        5: (0.0, 0.7071),
    }.items():
        six = np.zeros((6, 3 * 48_000))
        six[channel] = tone(3)
        path = write_sound(studio.folder / f"{channel}.wav", six, layout="5.1")
        delivery = Delivery(music=Music(path, fade_out=Fraction(0)))
        output = studio.folder / "out.mp4"
        render_cut(studio.catalog, cut, output, delivery=delivery)
        sound = studio.decoded(output).sound[:, 4_800:91_200]
        full = 0.25 / np.sqrt(2)
        assert loudness_of(sound[0]) / full == pytest.approx(left, abs=0.01)
        assert loudness_of(sound[1]) / full == pytest.approx(right, abs=0.01)


def test_music_that_ends_before_the_cut_is_told(studio: Any, cut: Cut) -> None:
    path = write_sound(studio.folder / "short.wav", tone(1.25))
    delivery = Delivery(music=Music(path, start=Fraction(1, 4)))
    made = render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=delivery)
    assert made.remarks == ("the music ends 1.00 s before the cut, and silence follows it",)
    sound = studio.decoded(made.path).sound[0]
    assert loudness_of(sound[4_800:43_200]) > 0.1
    assert loudness_of(sound[52_800:91_200]) < 1e-4
    late = Delivery(music=Music(path, start=Fraction(5)))
    with pytest.raises(RenderError, match=r"lasts 1\.25 s, and is to begin at its 5 s"):
        render_cut(studio.catalog, cut, studio.folder / "p.mp4", delivery=late)
    assert not (studio.folder / "p.mp4").exists()


def test_silent_music_stays_silent_whatever_the_loudness(studio: Any, cut: Cut) -> None:
    path = write_sound(studio.folder / "silence.wav", np.zeros((1, 3 * 48_000)))
    delivery = Delivery(music=Music(path), loudness="r128")
    made = render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=delivery)
    assert made.levels is not None
    assert made.levels.loudness is None
    assert np.abs(studio.decoded(made.path).sound).max() < 1e-4


def test_what_is_no_music_is_refused(studio: Any, cut: Cut) -> None:
    words = studio.folder / "words.wav"
    words.write_text("no music")
    picture = studio.folder / "film.mov"
    for path, message in ((words, "not a media file"), (picture, "it holds no sound")):
        with pytest.raises(UnreadableMedia, match=message):
            render_cut(
                *(studio.catalog, cut, studio.folder / "o.mp4"),
                delivery=Delivery(music=Music(path)),
            )
    assert not (studio.folder / "o.mp4").exists()


def test_damaged_packets_of_music_are_told(studio: Any, cut: Cut) -> None:
    path = write_sound(studio.folder / "song.m4a", tone(3), codec="aac")
    with av.open(str(path)) as song:
        packets = [packet for packet in song.demux(audio=0) if packet.pos is not None]
        places = [(packet.pos, packet.size) for packet in packets[30:33]]
    content = bytearray(path.read_bytes())
    for place, size in places:
        content[place : place + size] = b"\xff" * size
    path.write_bytes(content)
    delivery = Delivery(music=Music(path))
    made = render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=delivery)
    assert made.frames == 48
    assert made.remarks == ("3 packets of the music do not decode, and are silent",)
    sound = studio.decoded(made.path).sound[0]
    assert loudness_of(sound[4_800:24_000]) > 0.1
    assert loudness_of(sound[48_000:72_000]) > 0.08


def test_a_gap_of_hours_in_the_sound_takes_no_memory(tmp_path: Path) -> None:
    """A second of sound, and another one 26 hours later, as a broken clock writes it."""
    path = tmp_path / "gap.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for pts in (0, 26 * 3600 * 48_000):
            frame = av.AudioFrame.from_ndarray(
                np.full((1, 48_000), 8_000, np.int16), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = 48_000, pts, Fraction(1, 48_000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with SoundReader(path, first_picture=None, sample_rate=48_000, layout="stereo") as reader:
        heard = reader.read(24_000, 96_000)
        assert heard.shape == (2, 96_000)
        assert np.abs(heard[:, :20_000]).min() > 0.1
        assert np.abs(heard[:, 25_000:]).max() == 0


def test_sound_over_full_scale_is_told_and_a_limit_holds_it_back(studio: Any, cut: Cut) -> None:
    six = np.repeat(tone(3, level=0.9), 6, axis=0)
    path = write_sound(studio.folder / "loud.wav", six, layout="5.1")
    loud = Delivery(music=Music(path))
    made = render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=loud)
    assert len(made.remarks) == 1
    assert "dB over full scale, where players cut it off; a limit holds it" in made.remarks[0]
    held = Delivery(music=Music(path), true_peak=-1.0)
    assert render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=held).remarks == ()
