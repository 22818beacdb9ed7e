"""One pass over tiny films whose frames are known: shots, measures, times, sound."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ingest.analysis import analyse
from ingest.detectors import DETECTORS
from ingest.errors import UnreadableMedia
from ingest.media import Floats

FilmMaker = Callable[..., Path]


class TinyModel:
    """Three numbers a picture, its mean colour: quick, and checkable by hand."""

    name, version = "mean-colour", "1"

    def embed(self, pictures: list[np.ndarray]) -> Floats:
        colours = np.array([p.reshape(-1, 3).mean(axis=0) for p in pictures], dtype=np.float32)
        return colours / np.linalg.norm(colours, axis=1, keepdims=True)


def quick(path: Path, **options: object):
    return analyse(path, detector="content", model=TinyModel(), **options)


@pytest.mark.parametrize("detector", DETECTORS)
def test_each_detector_finds_the_two_cuts(make_film: FilmMaker, detector: str) -> None:
    film = make_film("three.mp4", (30, 40, 30))
    found = analyse(film, detector=detector, model=TinyModel())
    assert [(s.span.start, s.span.end) for s in found.shots] == [(0, 30), (30, 70), (70, 100)]
    assert [s.transition_in.kind for s in found.shots] == ["start", "cut", "cut"]
    assert found.transition_scores.shape == (100,)


def test_every_shot_has_a_picture_an_embedding_and_measures(make_film: FilmMaker) -> None:
    found = quick(make_film("three.mp4", (20, 20, 20)))
    assert len(found.shots) == len(found.thumbnails) == 3
    assert found.embeddings[0].vectors.shape == (3, 3)
    assert found.measures.values.shape == (3, len(found.measures.names))
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in found.thumbnails)
    still = found.measures.column("motion")
    assert (still < 0.01).all()  # each scene stands still; the change at its cut is not its own


def test_the_embedding_is_of_the_shots_own_picture(
    make_film: FilmMaker, scene: Callable[[int, int, int], np.ndarray]
) -> None:
    found = quick(make_film("three.mp4", (20, 20, 20), size=(256, 144)))
    expected = TinyModel().embed([scene(n, 256, 144) for n in range(3)])
    assert (np.sum(found.embeddings[0].vectors * expected, axis=1) > 0.999).all()


def test_frames_are_counted_and_timed_from_the_stream(make_film: FilmMaker) -> None:
    rate = Fraction(30000, 1001)
    found = quick(make_film("ntsc.mp4", (15, 16), rate=rate))
    assert (found.media.frames, found.media.rate, found.media.variable_rate) == (31, rate, False)
    assert found.media.seconds == 31 / rate
    ticks = found.frame_times - found.media.start_pts
    assert [Fraction(int(t)) * found.media.time_base for t in ticks[:2]] == [0, 1 / rate]


def test_a_first_frame_that_is_not_at_zero_is_remembered(make_film: FilmMaker) -> None:
    found = quick(make_film("late.mkv", (24, 24), first_frame=48, sound_hz=None))
    assert found.media.start_pts * found.media.time_base == 2
    assert found.media.seconds == 2
    assert found.frame_times[0] == found.media.start_pts


def test_sound_that_begins_before_a_late_picture_has_a_negative_offset(
    make_film: FilmMaker,
) -> None:
    found = quick(make_film("late.mkv", (24,), first_frame=48))
    assert found.media.audio is not None
    assert abs(found.media.audio.offset + 2) < Fraction(1, 10)


def test_a_variable_rate_is_told_and_keeps_its_times(make_film: FilmMaker) -> None:
    times = [*range(12), *range(24, 36)]  # half a second is missing in the middle
    found = quick(make_film("variable.mkv", (12, 12), times=times, sound_hz=None))
    assert found.media.variable_rate
    assert found.media.rate == 24
    assert abs(found.media.seconds - Fraction(36, 24)) <= Fraction(1, 1000)  # a tick of Matroska
    assert any("varies" in warning for warning in found.media.warnings)


def test_embedded_timecode_is_read(make_film: FilmMaker) -> None:
    found = quick(make_film("coded.mov", (12,), timecode="01:02:03:04"))
    assert found.media.start_timecode == "01:02:03:04"


def test_rotation_turns_the_size_and_the_thumbnail(make_film: FilmMaker) -> None:
    found = quick(make_film("phone.mp4", (12,), size=(96, 64), rotation=90))
    assert found.media.rotation in (90, 270)
    assert found.media.display_size == (64, 96)


def test_a_film_of_one_frame_is_one_shot(make_film: FilmMaker) -> None:
    found = analyse(make_film("one.mp4", (1,), sound_hz=None), model=TinyModel())
    assert [(s.span.start, s.span.end) for s in found.shots] == [(0, 1)]
    assert np.isnan(found.measures.column("motion")).all()


def test_a_film_without_sound_says_so(make_film: FilmMaker) -> None:
    found = quick(make_film("mute.mp4", (24,), sound_hz=None))
    assert found.media.audio is None
    assert "no sound" in found.media.warnings
    assert np.isnan(found.measures.column("loudness")).all()


def test_a_tone_has_the_loudness_that_it_should(make_film: FilmMaker) -> None:
    """A sine of 440 Hz and amplitude 0.25: -0.691 + 10 log10(0.25 ** 2 / 2) = -15.7 LUFS."""
    found = quick(make_film("tone.mp4", (72,)))
    assert found.media.audio is not None
    assert found.media.audio.integrated_lufs == pytest.approx(-15.7, abs=0.3)
    assert found.measures.column("loudness")[0] == pytest.approx(-15.7, abs=0.5)


def test_a_broken_audio_stream_is_a_warning_and_the_picture_is_whole(
    make_film: FilmMaker, shared_data: Path
) -> None:
    found = quick(shared_data / "footage" / "video_with_failing_audio.mp4")
    assert found.media.frames == 280


def test_damaged_sound_packets_are_counted_and_skipped(make_film: FilmMaker) -> None:
    film = make_film("hurt.mkv", (48,))
    intact = quick(film).media
    overwrite_audio_packets(film)
    hurt = quick(film).media
    assert hurt.frames == intact.frames
    assert any("sound are damaged" in warning for warning in hurt.warnings)


def test_no_duration_in_the_header_is_no_fault(make_film: FilmMaker) -> None:
    film = make_film("live.ts", (24, 24))
    assert quick(film).media.frames == 48


@pytest.mark.parametrize("name", ["long.mp4", "long.mkv"])
def test_a_truncated_film_is_refused_and_can_be_taken_all_the_same(
    make_film: FilmMaker, name: str
) -> None:
    film = make_film(name, (72, 72, 72), sound_hz=None, faststart=True, size=(320, 240))
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    with pytest.raises(UnreadableMedia, match=r"truncated: its header promises 9\.0 s") as refused:
        quick(film)
    assert "--accept-damaged" in str(refused.value)
    taken = quick(film, accept_damaged=True).media
    assert 0 < taken.frames < 216
    assert any(warning.startswith("truncated: its header") for warning in taken.warnings)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.mp4", b"", "the file is empty"),
        ("text.mp4", b"this is no film\n" * 100, "not a media file"),
        ("playlist.mp4", b"#EXTM3U\n#EXTINF:1,\nother.mp4\n", "not a media file"),
        ("concat.mp4", b"ffconcat version 1.0\nfile other.mp4\n", "not a media file"),
    ],
)
def test_what_is_not_media_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableMedia, match=reason):
        quick(tmp_path / name)


def test_a_playlist_cannot_read_the_film_beside_it(make_film: FilmMaker, tmp_path: Path) -> None:
    film = make_film("secret.mp4", (24,))
    (tmp_path / "list.mp4").write_text(f"ffconcat version 1.0\nfile {film}\n")
    with pytest.raises(UnreadableMedia):
        quick(tmp_path / "list.mp4")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match="No such file"):
        quick(tmp_path / "nowhere.mp4")
    with pytest.raises(UnreadableMedia, match="directory"):
        quick(tmp_path)


def test_sound_without_picture_is_refused_as_such(tmp_path: Path) -> None:
    import av

    path = tmp_path / "song.m4a"
    with av.open(str(path), "w") as song:
        audio = song.add_stream("aac", rate=48000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 48000
        song.mux(audio.encode(silence))
        song.mux(audio.encode(None))
    with pytest.raises(UnreadableMedia, match="no video, only sound"):
        quick(path)


def overwrite_audio_packets(film: Path) -> None:
    """Overwrite the middle third of the sound's packets, found by their bytes, with 0xFF."""
    import av

    content = bytearray(film.read_bytes())
    with av.open(str(film)) as container:
        packets = [bytes(p) for p in container.demux(audio=0) if p.size]
    for packet in packets[len(packets) // 3 : 2 * len(packets) // 3]:
        where = content.find(packet)
        assert where > 0
        content[where : where + len(packet)] = b"\xff" * len(packet)
    film.write_bytes(bytes(content))
