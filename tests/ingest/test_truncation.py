"""Films that were cut off: told where the container tells, and not suspected where all is there."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from ingest.container_end import cut_off_part, fragment_seconds
from ingest.truncation import Ending, Reach, judge_end
from ingest.video import Damage, decode, open_streams

FilmMaker = Callable[..., Path]

FILMS = {
    "film.mp4": {"codec": "libx264", "faststart": True},
    "film.mov": {"codec": "mpeg4", "faststart": True, "sound_hz": None},
    "film.mkv": {"codec": "libx264"},
    "film.webm": {"codec": "libvpx", "sound_hz": None},
    "film.flv": {"codec": "libx264"},
    "film.avi": {"codec": "mpeg4", "sound_hz": None},
    "film.ts": {"codec": "libx264"},
    "film.mpg": {"codec": "mpeg2video", "sound_hz": None},
    "film.mxf": {"codec": "mpeg2video", "sound_hz": None, "rate": Fraction(25)},
    "film.ivf": {"codec": "libvpx", "sound_hz": None},
}
SAYS = [name for name in FILMS if name != "film.mpg"]
"""Those that tell of a cut anywhere; a program stream tells only of one inside a packet."""


def ending(path: Path) -> tuple[Ending, int]:
    """How the end of a film is judged, and how many frames it has."""
    streams, damage = open_streams(path), Damage()
    base, frames, end, sound = streams.video.time_base, 0, Fraction(0), None
    rate = Fraction(streams.video.guessed_rate or 25)
    for frame in decode(streams, damage):
        if isinstance(frame, av.VideoFrame):
            frames, end = frames + 1, max(end, frame.pts * base + 1 / rate)
        elif frame.pts is not None:
            sound = (frame.pts + frame.samples) * frame.time_base
    judged = judge_end(path, streams, damage, Reach(end, sound, 1 / rate))
    streams.container.close()
    return judged, frames


def keep(path: Path, count: int) -> Path:
    """Cut a film off after `count` bytes; after all but so many if it is negative."""
    path.write_bytes(path.read_bytes()[:count])
    return path


@pytest.mark.parametrize("name", FILMS)
def test_a_whole_film_is_not_suspected(name: str, make_film: FilmMaker) -> None:
    assert ending(make_film(name, (24, 24), **FILMS[name])) == (Ending(), 48)


@pytest.mark.parametrize("share", [0.5, 0.77, 0.9])
@pytest.mark.parametrize("name", SAYS)
def test_a_film_that_was_cut_off_is_told_for_sure(
    name: str, share: float, make_film: FilmMaker
) -> None:
    film = make_film(name, (24, 24), **FILMS[name])
    size = round(share * film.stat().st_size)
    size += size % 188 == 0  # between two packets of a transport stream nothing tells
    judged, frames = ending(keep(film, size))
    assert judged.sure, judged
    assert frames < 48


@pytest.mark.parametrize("name", ["film.mp4", "film.flv", "film.ts", "film.mpg", "film.ivf"])
def test_a_missing_byte_is_enough(name: str, make_film: FilmMaker) -> None:
    judged, _ = ending(keep(make_film(name, (12,), **FILMS[name]), -1))
    assert judged.sure, judged


def test_notes_missing_behind_the_pictures_make_it_only_likely(make_film: FilmMaker) -> None:
    """Matroska ends with its cues; pictures and sound are whole."""
    judged, frames = ending(keep(make_film("film.mkv", (24,)), -1))
    assert (judged.sure, frames) == (False, 24)
    assert (
        judged.reason
        == "its last element ends 1 byte beyond the end of the file, behind the pictures"
    )


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
def test_more_than_a_second_is_told_in_seconds(name: str, make_film: FilmMaker) -> None:
    film = make_film(name, (72, 72, 72), **FILMS[name])
    judged, _ = ending(keep(film, film.stat().st_size // 2))
    assert judged.sure
    assert judged.reason.startswith("its header promises 9.0 s of video, and only 4.")


def write_fragments(path: Path, options: dict[str, str]) -> Path:
    """Two seconds at 24 frames a second in fragments of half a second."""
    with av.open(str(path), "w", options=options) as film:
        video = film.add_stream("mpeg4", rate=24)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.gop_size = 12
        for number in range(48):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([100 + number // 12]) * plane.buffer_size)
            frame.pts = number
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


def boxes(content: bytes) -> list[tuple[bytes, int, int]]:
    """Kind, start and end of the boxes of an MP4."""
    found, at = [], 0
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        found.append((kind, at, at + size))
        at += size
    return found


def test_fragments_tell_of_a_cut_inside_and_their_index_of_one_between(tmp_path: Path) -> None:
    plain = write_fragments(tmp_path / "plain.mp4", {"movflags": "frag_keyframe+empty_moov"})
    indexed = write_fragments(
        tmp_path / "indexed.mp4", {"movflags": "frag_keyframe+empty_moov+dash+global_sidx"}
    )
    assert (ending(plain), ending(indexed)) == ((Ending(), 48), (Ending(), 48))
    media = [box for box in boxes(plain.read_bytes()) if box[0] == b"mdat"]
    assert len(media) == 4
    inside, _ = ending(keep(plain, media[2][2] - 5))
    assert inside == Ending("its box 'mdat' ends 5 bytes beyond the end of the file", sure=True)
    between, frames = ending(keep(plain, media[1][2]))
    assert (between, frames) == (Ending(), 24), "as a shorter film would be"
    content = indexed.read_bytes()
    assert b"sidx" in content
    last = [box for box in boxes(content) if box[0] == b"moof"][-1]
    judged, _ = ending(keep(indexed, last[1]))
    assert judged.sure
    assert judged.reason.startswith("the last segment that its index lists ends ")


def test_fragments_may_state_their_length(tmp_path: Path) -> None:
    film = write_fragments(tmp_path / "film.mp4", {"movflags": "frag_keyframe+empty_moov"})
    assert fragment_seconds(film) is None
    content = film.read_bytes()
    moov = next(box for box in boxes(content) if box[0] == b"moov")
    mvhd = content.index(b"mvhd")
    (scale,) = struct.unpack_from(">I", content, mvhd + 16)
    mehd = struct.pack(">I4sII", 16, b"mehd", 0, 10 * scale)
    mvex = content.index(b"mvex") - 4
    (size,) = struct.unpack_from(">I", content, mvex)
    grown = content[: mvex + 8] + mehd + content[mvex + 8 :]
    longer = bytearray(grown)
    struct.pack_into(">I", longer, mvex, size + 16)
    struct.pack_into(">I", longer, moov[1], moov[2] - moov[1] + 16)
    film.write_bytes(longer)
    assert fragment_seconds(film) == 10
    judged, _ = ending(film)
    assert judged == Ending(
        "its header promises 10.0 s of film, and only 2.0 s are there", sure=True
    )


def test_what_only_looks_like_a_container_says_nothing(tmp_path: Path) -> None:
    for name in ("mov,mp4", "matroska,webm", "avi", "flv", "asf", "ogg", "mpegts", "mpeg", "mxf"):
        for content in (b"", b"x", bytes(100), b"\xff" * 100, b"\0\0\0\1mdat", b"G" * 20):
            (tmp_path / "file").write_bytes(content)
            part = cut_off_part(tmp_path / "file", name)
            assert part is None or part.reason


def test_a_container_that_is_not_known_says_nothing(make_film: FilmMaker) -> None:
    assert cut_off_part(make_film(), "nut") is None


def test_zeros_behind_a_film_are_no_cut(make_film: FilmMaker) -> None:
    for name in ("film.mp4", "film.mkv", "film.ts"):
        film = make_film(name, (24,), **FILMS[name])
        film.write_bytes(film.read_bytes() + bytes(1000))
        judged, frames = ending(film)
        assert (judged.sure, frames) == (False, 24), name


def test_a_last_picture_that_stays_is_no_cut(make_film: FilmMaker) -> None:
    """A slide of five seconds at the end lasts as long as its header says."""
    film = make_film("slides.mkv", (12,), times=[*range(11), 131], sound_hz=None)
    assert ending(film)[0] == Ending()
