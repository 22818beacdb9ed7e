"""Review proxies: frame for frame the film, in step with its sound, whole or not there at all."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ingest import tables
from ingest.analysis import analyse
from ingest.catalog import Catalog
from ingest.errors import UnreadableMedia
from ingest.media import Analysis
from ingest.proxy import KEY_EVERY, ProxyWriter, make_proxy, proxy_size
from ingest.run import Settings, ingest_file
from ingest.video import Damage, decode, open_streams, rotation

FilmMaker = Callable[..., Path]
QUICK = Settings(detector="content", proxies=True)
EACH_FRAME_ANOTHER = (1,) * 40


class Flat:
    """Embeddings that cost nothing."""

    name, version = "flat", "1"

    def embed(self, pictures: list[np.ndarray]) -> np.ndarray:
        return np.ones((len(pictures), 1), np.float32)


def with_proxy(film: Path, proxy: Path) -> Analysis:
    with ProxyWriter(proxy) as writer:
        found = analyse(film, detector="content", model=Flat(), proxy=writer)
    assert writer.failure == ""
    assert found.proxy == proxy
    return found


def upright_pictures(path: Path, size: tuple[int, int]) -> np.ndarray:
    """Every frame of a file, upright and of one size: `(frames, height, width)`, grey."""
    streams, found = open_streams(path), []
    for frame in decode(replace(streams, audio=None), Damage()):
        assert isinstance(frame, av.VideoFrame)
        turned = np.rot90(frame.to_ndarray(format="rgb24"), -rotation(frame) // 90)
        scaled = av.VideoFrame.from_ndarray(np.ascontiguousarray(turned), format="rgb24")
        found.append(scaled.reformat(*size, format="gray").to_ndarray().astype(np.float32))
    streams.container.close()
    return np.stack(found)


def seconds_of(path: Path) -> list[Fraction]:
    with av.open(str(path)) as film:
        return [Fraction(f.pts) * f.time_base for f in film.decode(video=0)]


VARIABLE = [n if n < 20 else 20 + 3 * (n - 20) for n in range(40)]
KINDS: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "large.mp4": {"size": (1280, 720)},
    "ntsc.mov": {"rate": Fraction(30000, 1001)},
    "variable.mp4": {"times": VARIABLE},
    "delayed.mkv": {"first_frame": 30},
    "turned.mp4": {"size": (256, 144), "rotation": 90},
    "half turned.mp4": {"size": (256, 144), "rotation": 180},
    "odd.mkv": {"codec": "ffv1", "size": (161, 121)},
    "no times.avi": {"codec": "mpeg4"},
    "silent.mkv": {"sound_hz": None},
}


@pytest.mark.parametrize("name", KINDS)
def test_each_frame_of_a_proxy_is_that_frame_of_the_film_at_its_own_time(
    make_film: FilmMaker, tmp_path: Path, name: str
) -> None:
    film = make_film(name, EACH_FRAME_ANOTHER, **KINDS[name])
    found = with_proxy(film, tmp_path / "proxy.mp4")
    pictures = upright_pictures(film, (64, 48))
    small = upright_pictures(tmp_path / "proxy.mp4", (64, 48))
    assert len(small) == len(pictures) == found.media.frames == 40
    difference = np.abs(small[:, None] - pictures[None]).mean(axis=(2, 3))  # (proxy, film)
    assert (difference.argmin(axis=1) == np.arange(40)).all()
    assert difference.diagonal().max() < 0.5 * np.sort(difference, axis=1)[:, 1].min()
    assert seconds_of(tmp_path / "proxy.mp4") == [
        int(pts - found.frame_times[0]) * found.media.time_base for pts in found.frame_times
    ]


def test_where_the_files_times_are_out_of_order_the_proxy_gets_those_of_the_catalogue(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    """As AVI with B frames gives them: each frame has the time of another one nearby."""
    streams = open_streams(make_film("film.mp4", EACH_FRAME_ANOTHER))
    times = np.array([100 + 512 * n for n in range(40)], np.int64)
    disordered = times.reshape(-1, 4)[:, [1, 0, 3, 2]].ravel()
    with ProxyWriter(tmp_path / "proxy.mp4") as writer:
        pictures = iter(disordered.tolist())
        for frame in decode(streams, Damage()):
            if isinstance(frame, av.VideoFrame):
                writer.push_picture(frame, next(pictures), streams)
            else:
                writer.push_sound(frame, streams)
        writer.finish(times)
    assert writer.failure == ""
    base = streams.video.time_base
    streams.container.close()
    assert seconds_of(tmp_path / "proxy.mp4") == [512 * n * base for n in range(40)]
    with av.open(str(tmp_path / "proxy.mp4")) as proxy:
        assert next(proxy.decode(audio=0)).pts >= 0
    assert [path.name for path in tmp_path.iterdir() if "retimed" in path.name] == []


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((1920, 1080), Fraction(1), (640, 360)),
        ((1080, 1920), Fraction(1), (360, 640)),
        ((320, 180), Fraction(1), (320, 180)),  # never enlarged
        ((720, 576), Fraction(64, 45), (640, 360)),  # anamorphic 16:9: square pixels
        ((720, 480), Fraction(8, 9), (480, 360)),  # 4:3 in NTSC
        ((161, 121), Fraction(1), (160, 120)),
    ],
)
def test_a_proxy_has_square_pixels_and_360_of_them_on_its_shorter_side(
    size: tuple[int, int], aspect: Fraction, expected: tuple[int, int]
) -> None:
    assert proxy_size(size, aspect) == expected


def test_an_anamorphic_film_is_as_wide_as_it_is_shown(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "wide.mp4"), "w") as film:
        video = film.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 180, 144, "yuv420p"
        video.codec_context.sample_aspect_ratio = Fraction(64, 45)
        grey = av.VideoFrame.from_ndarray(np.full((144, 180, 3), 99, np.uint8), format="rgb24")
        for n in range(5):
            grey.pts = n
            film.mux(video.encode(grey))
        film.mux(video.encode(None))
    with_proxy(tmp_path / "wide.mp4", tmp_path / "proxy.mp4")
    with av.open(str(tmp_path / "proxy.mp4")) as proxy:
        stream = proxy.streams.video[0]
        assert (stream.width, stream.height) == (256, 144)
        assert stream.sample_aspect_ratio in (None, 1)


def test_a_proxy_is_upright_without_a_mark_that_players_would_turn_it_by(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    with_proxy(make_film("turned.mp4", size=(256, 144), rotation=90), tmp_path / "proxy.mp4")
    with av.open(str(tmp_path / "proxy.mp4")) as proxy:
        first = next(proxy.decode(video=0))
        assert (first.width, first.height, first.rotation) == (144, 256, 0)


def test_a_proxy_can_be_sought_quickly(make_film: FilmMaker, tmp_path: Path) -> None:
    """Its index is at its front, and no key frame is more than 12 frames from the next."""
    with_proxy(make_film("film.mp4", (50,)), tmp_path / "proxy.mp4")
    data = (tmp_path / "proxy.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "proxy.mp4")) as proxy:
        packets = [p for p in proxy.demux(video=0) if p.pts is not None]
    keys = [n for n, packet in enumerate(packets) if packet.is_keyframe]
    assert keys[0] == 0
    assert max(np.diff([*keys, len(packets)])) <= KEY_EVERY
    assert [p.pts for p in packets] == [p.dts for p in packets], "no frame waits for a later one"


def write_clap(path: Path, *, picture_from: int, sound_from: int, codec: str = "pcm_s16le") -> None:
    """Two seconds at 24 frames a second; frame 24 is white, and a click is at its very time.

    Picture and sound begin at the given numbers of 24ths of a second of the file's clock.
    """
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=24, options={"preset": "ultrafast", "bf": "0"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = film.add_stream(codec, rate=48000, layout="mono")
        sound = np.zeros(96000, np.int16)
        click = (24 + picture_from - sound_from) * 2000
        sound[click : click + 48] = 30000
        for n in range(48):
            picture = np.full((48, 64, 3), 255 if n == 24 else 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = n + picture_from, Fraction(1, 24)
            film.mux(video.encode(frame))
            block = av.AudioFrame.from_ndarray(sound[None, n * 2000 :][:, :2000], "s16", "mono")
            block.sample_rate, block.time_base = 48000, Fraction(1, 48000)
            block.pts = (n + sound_from) * 2000
            film.mux(audio.encode(block))
        film.mux(video.encode(None))
        film.mux(audio.encode(None))


@pytest.mark.parametrize(("picture_from", "sound_from"), [(0, 0), (0, 6), (12, 0), (30, 36)])
def test_sound_and_picture_stay_in_step(tmp_path: Path, picture_from: int, sound_from: int) -> None:
    write_clap(tmp_path / "clap.mkv", picture_from=picture_from, sound_from=sound_from)
    with_proxy(tmp_path / "clap.mkv", tmp_path / "proxy.mp4")
    with av.open(str(tmp_path / "proxy.mp4")) as proxy:
        brightness = [frame.to_ndarray(format="gray").mean() for frame in proxy.decode(video=0)]
    assert int(np.argmax(brightness)) == 24
    with av.open(str(tmp_path / "proxy.mp4")) as proxy:
        heard, times = [], []
        for frame in proxy.decode(audio=0):
            samples = np.abs(frame.to_ndarray()).max(axis=0)
            heard.append(samples)
            times.append(frame.pts / 48000 + np.arange(len(samples)) / 48000)
    loudest = np.concatenate(times)[np.concatenate(heard).argmax()]
    assert loudest == pytest.approx(1.0, abs=0.003)


def test_a_known_film_gets_a_proxy_and_nothing_else_is_computed(
    make_film: FilmMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make_film("film.mp4", (20, 20))
    with Catalog(tmp_path / "work") as catalog:
        first = ingest_file(film, catalog, Settings(detector="content"))
        assert catalog.proxy(first.media) is None
        monkeypatch.setattr(
            "ingest.analysis.analyse", lambda *a, **k: pytest.fail("analysed again")
        )
        again = ingest_file(film, catalog, QUICK)
        assert (again.status, again.remarks) == ("known", ("review proxy added",))
        proxy = catalog.proxy(again.media)
        assert proxy == tmp_path / "work" / "proxies" / f"{first.media.fingerprint}.mp4"
        assert len(seconds_of(proxy)) == 40
        assert ingest_file(film, catalog, QUICK).remarks == ()  # it has one now


def test_a_proxy_made_later_is_that_of_the_first_pass(make_film: FilmMaker, tmp_path: Path) -> None:
    film = make_film("film.mp4", EACH_FRAME_ANOTHER)
    found = with_proxy(film, tmp_path / "first.mp4")
    assert make_proxy(film, tmp_path / "later.mp4", found.frame_times) == ""
    sizes = (64, 48)
    np.testing.assert_array_equal(
        upright_pictures(tmp_path / "first.mp4", sizes),
        upright_pictures(tmp_path / "later.mp4", sizes),
    )
    with pytest.raises(UnreadableMedia, match="it has 40 frames, and had 41"):
        make_proxy(film, tmp_path / "other.mp4", np.arange(41))
    assert not (tmp_path / "other.mp4").exists()


def test_another_detector_leaves_the_proxy_as_it_is(make_film: FilmMaker, tmp_path: Path) -> None:
    film = make_film("film.mp4", (20, 20))
    with Catalog(tmp_path / "work") as catalog:
        proxy = catalog.proxy(ingest_file(film, catalog, QUICK).media)
        assert proxy is not None
        written = proxy.stat().st_mtime_ns
        again = ingest_file(film, catalog, Settings(detector="adaptive", proxies=True))
        assert again.status == "ingested"
        assert catalog.proxy(again.media) == proxy
        assert proxy.stat().st_mtime_ns == written


def test_a_proxy_that_cannot_be_written_is_a_remark_and_the_film_is_ingested(
    make_film: FilmMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ingest.proxy._PictureTrack.encode", full)
    with Catalog(tmp_path / "work") as catalog:
        done = ingest_file(make_film(), catalog, QUICK)
        assert done.remarks == ("no review proxy: No space left on device",)
        assert done.status == "ingested"
        assert catalog.proxy(done.media) is None
    assert list((tmp_path / "work" / "proxies").iterdir()) == []


def test_a_film_that_cannot_be_read_leaves_no_proxy(make_film: FilmMaker, tmp_path: Path) -> None:
    film = make_film(faststart=True, lengths=(200,))
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 2 // 3])
    with Catalog(tmp_path / "work") as catalog:
        with pytest.raises(UnreadableMedia):
            ingest_file(film, catalog, QUICK)
        assert list((tmp_path / "work" / "proxies").iterdir()) == []


def test_a_proxy_that_no_row_names_is_not_given_and_is_swept(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    """What a kill -9 leaves: a draft, or a whole file before its commit."""
    with Catalog(tmp_path) as catalog:
        media = ingest_file(make_film(), catalog, QUICK).media
        named = catalog.proxy(media)
        assert named is not None
        draft = catalog.proxy_draft(media.fingerprint)
        draft.write_bytes(b"half")
        uncommitted = named.with_name("ab12.mp4")
        uncommitted.write_bytes(b"whole")
        assert catalog.sweep() == []  # a writer may still be at work
        assert set(catalog.sweep(older_than=-1)) == {draft, uncommitted}
        assert catalog.proxy(media) == named
        with catalog.transaction() as connection:
            connection.execute(tables.media.update().values(proxy=None))
        assert catalog.proxy(media) is None
        assert catalog.sweep(older_than=-1) == [named]
