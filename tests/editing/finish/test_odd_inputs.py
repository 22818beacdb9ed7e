"""Inputs that nobody means to give: each is made right, or refused in words that help."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editing.captions.caption import Caption
from editing.captions.srt import read_srt
from editing.cut import Brief, Cut, Slot
from editing.cut_store import create_cut
from editing.errors import RenderError
from editing.finish.conform import seen_size
from editing.finish.delivery import Captions, Delivery, Music, Slate, Title
from editing.finish.delivery_file import read_delivery
from editing.finish.lettering import Lettering
from editing.finish.programme import Programme, on_frames
from editing.finish.sound import SoundReader
from editing.reframe.slots import window_of
from editing.run import render_cut, verify_file
from ingest.errors import UnreadableMedia
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange

ROOT = Path(__file__).parents[3]


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


@pytest.fixture
def cut(studio: Any) -> Cut:
    """Two seconds of a silent film."""
    media = studio.film("film.mov", 60)
    return studio.cut(studio.slot(media, 0, 24), studio.slot(media, 30, 54))


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


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """As on a full disk: no file may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_what_was_there_wherever_it_fills(studio: Any) -> None:
    rng = np.random.default_rng(2)
    media = studio.film("film.mov", 60, size=(320, 180), sound=0.2 * rng.normal(size=120_000))
    cut = studio.cut(studio.slot(media, 0, 48))
    folder = studio.folder / "renders"
    output = folder / "out.mp4"
    whole = render_cut(studio.catalog, cut, output).path.stat().st_size
    output.write_bytes(b"an older render")
    for share in (0.0, 0.4, 0.9, 0.999):
        with room_for(int(whole * share)), pytest.raises(RenderError, match="cannot be written"):
            render_cut(studio.catalog, cut, output)
        assert output.read_bytes() == b"an older render", share
        assert list(folder.iterdir()) == [output], share
    with room_for(100_000), pytest.raises(RenderError, match="cannot be written"):
        render_cut(studio.catalog, cut, output, delivery=Delivery(loudness="r128"))
    assert list(folder.iterdir()) == [output]


@pytest.mark.parametrize("how", ["folder", "inside a file", "the film", "a link to the film"])
def test_a_destination_that_is_none_is_refused(how: str, studio: Any, cut: Cut) -> None:
    film = studio.folder / "film.mov"
    before = film.read_bytes()
    output = {
        "folder": studio.folder,
        "inside a file": film / "out.mp4",
        "the film": film,
        "a link to the film": studio.folder / "link.mp4",
    }[how]
    if how == "a link to the film":
        output.symlink_to(film)
    with pytest.raises(RenderError, match=r"cannot be written|is a film|is the film"):
        render_cut(studio.catalog, cut, output)
    assert film.read_bytes() == before


def test_a_name_as_long_as_a_name_can_be_is_written(studio: Any, cut: Cut) -> None:
    output = studio.folder / ("予" * 83 + ".mp4")  # 253 bytes of 255
    render_cut(studio.catalog, cut, output)
    assert output.is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_render_and_nothing_is_half_written(
    number: signal.Signals, studio: Any
) -> None:
    media = studio.film("film.mov", 240, size=(320, 180))
    brief = Brief("trailer", 4800, 1, 4800, Fraction(1), 1.0)
    made = create_cut(
        *(studio.catalog, media),
        **{"name": "long", "brief": brief, "slots": [studio.slot(media, 0, 240)] * 20},
        **{"ranker": "linear 1", "author": "t"},
    )
    folder = studio.folder / "renders"
    words = ["render", str(made.id), "--output", str(folder / "o.mp4")]
    words += ["--workspace", str(studio.folder / "workspace")]
    running = subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not (folder.is_dir() and any(folder.iterdir())):
        assert time.monotonic() < deadline, "it never began to write"
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.send_signal(number)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 1
    assert list(folder.iterdir()) == []
    assert b"Traceback" not in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("height = " + "1" * 5_000, "is no delivery that can be read"),
        ("fade_in = 1e-99999999", "of 12 decimals or fewer"),
        ("[leader]\nseconds = 1e-99999999", "of 12 decimals or fewer"),
        ("height = 361", "a height is even"),
        ("height = 0", "from 16 to 8640"),
        ("height = 100000", "from 16 to 8640"),
        ("height = 360.0", "height is to be a whole number"),
        ('codec = "prores"', "codec: there is no such field"),
        ("true_peak = -21", "from -20 to 0 dB"),
        ("true_peak = 1", "from -20 to 0 dB"),
        ("loudness = -23", "loudness is to be one of none, r128, a85, stream"),
        ('deinterlace = "no"', "deinterlace is to be true or false"),
        ('[[title]]\ntext = "\u00ad"\nstart = 0\nend = 1', "a title has no text"),
    ],
)
def test_a_delivery_that_is_none_is_refused_at_once(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "delivery.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RenderError, match=message):
        read_delivery(path)


def test_a_picture_wider_than_the_codec_has_is_refused(studio: Any) -> None:
    media = studio.film("wide.mov", 4, size=(1280, 48))
    with pytest.raises(RenderError, match="at most 16,384 pixels a side; ask for less"):
        render_cut(
            *(studio.catalog, studio.cut(studio.slot(media, 0, 4)), studio.folder / "o.mp4"),
            delivery=Delivery(height=1080),
        )


def test_ten_thousand_captions_are_put_on_frames_in_a_moment(make_cut: Callable[..., Cut]) -> None:
    cut = make_cut(*(_slot(0, 24 * 3600),))
    lines = [
        Caption(Fraction(k, 3), Fraction(k, 3) + Fraction(1, 2), f"line {k}") for k in range(10_000)
    ]
    started = time.process_time()
    delivery = Delivery(captions=Captions(tuple(lines), burnt=True))
    programme = Programme.of(cut, delivery)
    shown = [programme.at(frame).caption for frame in range(0, 24 * 3600, 7)]
    assert time.process_time() - started < 5
    assert programme.captions[1].what == "line 0\nline 1"
    assert shown[0] == 0
    assert all(
        programme.captions[i].start <= 7 * n < programme.captions[i].end
        for n, i in enumerate(shown)
        if i is not None
    )


def _slot(start: int, end: int) -> Any:
    return Slot(MediaId(1), 0, FrameRange(start, end), 0.0, ())


def test_more_captions_at_once_than_can_be_shown_are_refused(make_cut: Callable[..., Cut]) -> None:
    lines = [Caption(Fraction(0), Fraction(1), "x" * 1_000)] * 3
    with pytest.raises(RenderError, match=r"3 captions are up at 0\.000 s, 3,002 characters"):
        on_frames(lines, make_cut(_slot(0, 48)))


def test_captions_go_through_markup_gaps_and_overlaps_to_a_file_that_passes(studio: Any) -> None:
    text = (
        "1\n00:00:00,000 --> 00:00:00,900\n<b>Bold</b> and {\\an8}<i>slanted</i>\n\n"
        "2\n00:00:00,500 --> 00:00:01,500\nΚαλημέρα\n\n3\n00:00:01,600 --> 00:00:09,000\nlonger\n"
    )
    media = studio.film("film.mov", 60, size=(320, 180))
    cut = studio.cut(studio.slot(media, 0, 48))
    for burnt in (True, False):
        captions = Captions(tuple(read_srt(text)), burnt=burnt)
        output = studio.folder / "out.mp4"
        render_cut(studio.catalog, cut, output, delivery=Delivery(captions=captions))
        assert verify_file(studio.catalog, cut, output, delivery=Delivery(captions=captions)).passed
        if not burnt:
            with av.open(str(output)) as film:
                packets = list(film.demux(film.streams.subtitles[0]))
            told = [bytes(packet)[2:].decode() for packet in packets if packet.size > 2]
            assert told[:2] == ["Bold and slanted", "Bold and slanted\nΚαλημέρα"]


def test_letters_written_in_parts_are_made_whole() -> None:
    """macOS writes é as e and an accent; drawn apart, the accent would stand beside it."""
    letters = Lettering((320, 180))
    apart, whole = letters.overlay("cafe\u0301", 0.2), letters.overlay("caf\u00e9", 0.2)
    assert (apart.luma == whole.luma).all()


@pytest.mark.parametrize("text", ["🎬", "日本語", "مرحبا"])
def test_letters_that_the_font_has_not_are_refused_before_anything_is_written(
    text: str, studio: Any, cut: Cut
) -> None:
    delivery = Delivery(titles=(Title(text, Fraction(0), Fraction(1)),))
    with pytest.raises(RenderError, match="has no letters for"):
        render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=delivery)
    assert not (studio.folder / "o.mp4").exists()


def test_text_that_fits_nowhere_is_refused_before_anything_is_drawn(studio: Any, cut: Cut) -> None:
    """The end slate would else be found out after the whole cut has been rendered."""
    drawn: list[float] = []
    delivery = Delivery(end=Slate(Fraction(1), lines=("\n".join("word" for _ in range(60)),)))
    with pytest.raises(RenderError, match="does not fit a picture of 64x48"):
        render_cut(
            *(studio.catalog, cut, studio.folder / "o.mp4"),
            delivery=delivery,
            on_progress=drawn.append,
        )
    assert drawn == []


def test_titles_may_have_lines_and_be_long(studio: Any) -> None:
    media = studio.film("film.mov", 30, size=(320, 180))
    cut = studio.cut(studio.slot(media, 0, 24))
    titles = (
        Title("one\ntwo\n\nfour", Fraction(0), Fraction(1, 2)),
        Title("many words " * 40, Fraction(1, 2), Fraction(1)),
    )
    output = studio.folder / "out.mp4"
    render_cut(studio.catalog, cut, output, delivery=Delivery(titles=titles))
    assert verify_file(studio.catalog, cut, output, delivery=Delivery(titles=titles)).passed


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_to_be_written_is_told(studio: Any, cut: Cut) -> None:
    folder = studio.folder / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(RenderError, match="cannot be written"):
        render_cut(studio.catalog, cut, folder / "o.mp4")


def test_five_rates_in_one_cut_give_the_frames_that_were_asked(
    studio: Any, read_numbers: Callable[[Path], list[int]]
) -> None:
    """Each film at its own speed: frame k shows the one that begins nearest to k / 25 s."""
    rates = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]
    films: list[Media] = [
        studio.film(f"{n}.mov", 80, rate=rate, sound=tone(3)[0]) for n, rate in enumerate(rates)
    ]
    ticks = [k + (k % 3 == 2) + k // 3 for k in range(60)]  # of 60 a second: 2, 1, 1 ticks apart
    films.append(studio.film("vfr.mov", 60, rate=Fraction(60), ticks=sorted(set(ticks))[:60]))
    cut = studio.cut(*(studio.slot(film, 5, 15) for film in films), rate=Fraction(25))
    output = studio.folder / "out.mp4"
    made = render_cut(studio.catalog, cut, output)
    assert made.frames == 50
    shown = read_numbers(output)
    assert len(shown) == 50
    for n, rate in enumerate(rates):
        wanted = [int(5 + k * rate / 25 + Fraction(1, 2)) for k in range(10)]
        assert shown[10 * n : 10 * n + 10] == wanted
    assert made.samples == 2 * 48_000
    assert verify_file(studio.catalog, cut, output, every_frame=True).passed


def test_a_film_of_wide_pixels_is_reframed_by_what_is_seen(studio: Any) -> None:
    """720x576 with pixels of 64:45 is 1024x576: 9:16 of it is 324 of 1024 columns, .316."""
    seen = seen_size((720, 576), 0, Fraction(64, 45))
    assert seen == (1024, 576)
    window = window_of(seen, "9:16")
    assert window is not None
    assert window == (1, pytest.approx(0.3164, abs=1e-4))
    assert window_of(seen, "16:9") is None
    assert seen_size((576, 720), 90, Fraction(64, 45)) == (576, 1024)
