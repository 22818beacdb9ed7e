"""Files that `reel render` never makes: made again elsewhere, with one thing wrong, or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editing.captions.caption import Caption
from editing.cut import Cut
from editing.finish.delivery import Captions, Delivery, Slate
from editing.run import render_cut, verify_file
from editing.verify.finding import Verification
from ingest.errors import UnreadableMedia

SIZE = (320, 180)
RATE = Fraction(25)
LENGTH = 15
PLAIN = Delivery()


@dataclass
class Made:
    """What a file decodes to, to be changed and written again."""

    pictures: list[np.ndarray]
    """Packed `yuv420p`, `(270, 320)`."""
    sound: np.ndarray
    """`(2, samples)`."""
    folder: Path = Path()

    @property
    def chroma(self) -> list[np.ndarray]:
        """Views of both chroma planes of each picture."""
        return [picture[180:].reshape(2, 90, 160) for picture in self.pictures]


@pytest.fixture
def cut(studio: Any) -> Cut:
    """Four slots of 15 frames of a coloured stereo film: 2.4 s."""
    rng = np.random.default_rng(4)
    path = studio.folder / "film.mov"
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=25, options={"crf": "8", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        sound = film.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        for number in range(80):
            blocks = rng.integers(30, 220, (9, 16, 3)).astype(np.uint8)
            picture = np.kron(blocks, np.ones((20, 20, 1), np.uint8))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / RATE
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        noise = rng.normal(size=(2, 80 * 1920))
        smooth = [np.convolve(one, np.ones(24) / 24, "same") for one in noise]
        samples = (4_000 * np.array(smooth)).astype(np.int16)
        packed = np.ascontiguousarray(samples.T).reshape(1, -1)
        part = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
        part.sample_rate, part.pts, part.time_base = 48_000, 0, Fraction(1, 48_000)
        film.mux(sound.encode(part))
        film.mux(sound.encode(None))
    media = studio.add_film(path)
    starts = (2, 22, 42, 60)
    return studio.cut(*(studio.slot(media, a, a + LENGTH) for a in starts), rate=RATE)


@pytest.fixture
def rendered(studio: Any, cut: Cut) -> Callable[..., Path]:
    def make(delivery: Delivery = PLAIN, like: Cut | None = None) -> Path:
        output = studio.folder / "made.mp4"
        return render_cut(studio.catalog, like or cut, output, delivery=delivery).path

    return make


@pytest.fixture
def verified(studio: Any, cut: Cut) -> Callable[..., Verification]:
    def check(path: Path, delivery: Delivery = PLAIN) -> Verification:
        return verify_file(studio.catalog, cut, path, delivery=delivery)

    return check


@pytest.fixture
def made(rendered: Callable[..., Path]) -> Made:
    path = rendered()
    with av.open(str(path)) as film:
        pictures = [frame.to_ndarray() for frame in film.decode(video=0)]
    with av.open(str(path)) as film:
        sound = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
    return Made(pictures, sound, path.parent)


def write(
    path: Path,
    made: Made,
    *,
    codecs: tuple[str, str | None] = ("libx264", "aac"),
    form: str = "yuv420p",
    rate: Fraction = RATE,
    ticks: list[int] | None = None,
    tags: tuple[int, int] = (6, 1),
    sounds: int = 1,
    layout: str = "stereo",
) -> Path:
    """Encode again: `tags` are the matrix and the range that the file says."""
    options = {"crf": "12", "preset": "ultrafast"} if codecs[0] == "libx264" else {}
    with av.open(str(path), "w") as film:
        video = film.add_stream(codecs[0], rate=rate, options=options)
        video.width, video.height, video.pix_fmt = *SIZE, form
        context = video.codec_context
        context.time_base, context.colorspace, context.color_range = 1 / rate, *tags
        context.color_primaries, context.color_trc = 6, 6
        if codecs[0] not in {"libx264", "libx265"}:
            context.bit_rate = 8_000_000
        audios = [
            film.add_stream(codecs[1], rate=48_000, layout=layout)
            for _ in range(sounds)
            if codecs[1]
        ]
        for number, picture in enumerate(made.pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p").reformat(format=form)
            frame.pts, frame.time_base = ticks[number] if ticks else number, 1 / rate
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        for audio in audios:
            sound = made.sound if layout == "stereo" else made.sound.mean(axis=0, keepdims=True)
            whole = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound, np.float32), format="fltp", layout=layout
            )
            whole.sample_rate, whole.pts, whole.time_base = 48_000, 0, Fraction(1, 48_000)
            for part in av.AudioResampler(audio.format, layout, 48_000).resample(whole):
                film.mux(audio.encode(part))
            film.mux(audio.encode(None))
    return path


def failed(found: Verification) -> set[str]:
    return {check.name for check in found.checks if check.passed is False}


def words(found: Verification, name: str) -> str:
    return next(check.found for check in found.checks if check.name == name)


@pytest.mark.parametrize(
    ("name", "codecs", "form"),
    [
        ("a.mov", ("prores_ks", "pcm_s16le"), "yuv422p10le"),
        ("a.mp4", ("mpeg4", "aac"), "yuv420p"),
        ("a.mkv", ("ffv1", "flac"), "yuv420p"),
    ],
)
def test_another_codec_with_the_same_frames_passes(
    name: str,
    codecs: tuple[str, str],
    form: str,
    made: Made,
    verified: Callable[..., Verification],
) -> None:
    found = verified(write(made.folder / name, made, codecs=codecs, form=form))
    allowed = {"frame times"} if name.endswith("mkv") else set()  # in thousandths of a second
    assert failed(found) - allowed == set()
    codec = {"prores_ks": "prores"}.get(codecs[0], codecs[0])
    assert f"1 picture ({codec})" in words(found, "streams")


def test_another_rate_is_found(
    made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    found = verified(write(tmp_path / "a.mp4", made, rate=Fraction(24)))
    assert {"frame rate", "frame times", "lengths"} <= failed(found)
    assert not failed(found) & {"joins", "slots", "frame count"}


def test_frames_that_come_unevenly_are_found(
    made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    """Variable rate: the 31st frame is half a frame late, and every later one in its place."""
    ticks = [2 * n for n in range(60)]
    ticks[30] += 1
    fine = write(tmp_path / "a.mp4", made, rate=2 * RATE, ticks=ticks)
    found = verified(fine)
    assert "frame times" in failed(found)
    assert "frame 30 is at 1.2200 s" in words(found, "frame times")


def test_a_file_of_sound_alone_is_no_film(
    made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        part = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), "s16", "mono")
        part.sample_rate = 48_000
        out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    with pytest.raises(UnreadableMedia, match="it holds no video, only sound"):
        verified(path)


def test_a_file_without_sound_is_found(
    made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    found = verified(write(tmp_path / "a.mp4", made, codecs=("libx264", None)))
    assert failed(found) == {"streams", "lengths"}


@pytest.mark.parametrize("frames", [30, 59])
def test_a_file_that_ends_early_is_found(
    frames: int, made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    short = Made(made.pictures[:frames], made.sound[:, : frames * 1920])
    found = verified(write(tmp_path / "a.mp4", short))
    assert {"frame count", "slots"} <= failed(found)
    check = next(check for check in found.checks if check.name == "frame count")
    assert (check.found, check.wanted, check.frame) == (str(frames), "60", frames)
    assert ("joins" in failed(found)) == (frames == 30)


def test_slots_that_changed_places_are_found(
    made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    swapped = [*range(15), *range(30, 45), *range(15, 30), *range(45, 60)]
    found = verified(
        write(tmp_path / "a.mp4", Made([made.pictures[n] for n in swapped], made.sound))
    )
    assert failed(found) == {"joins", "slots"}
    assert "2 of 6 wrong; first: the middle of slot 2" in words(found, "slots")


@pytest.mark.parametrize("join", [1, 3])
def test_one_join_of_three_that_is_off_by_one_is_named(
    join: int, made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    at = join * LENGTH
    pictures = [*made.pictures[:at], made.pictures[at - 1], *made.pictures[at + 1 :]]
    found = verified(write(tmp_path / "a.mp4", Made(pictures, made.sound)))
    assert failed(found) == {"joins"}
    assert words(found, "joins").startswith("1 of 3 wrong")
    assert f"slots {join} and {join + 1}" in words(found, "joins")


def test_a_slate_of_another_length_is_found(
    rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    asked, other = (Delivery(leader=Slate(Fraction(n, 5))) for n in (5, 6))
    found = verified(rendered(other), asked)
    assert {"frame count", "joins", "slots"} <= failed(found)


def test_captions_that_are_missing_or_were_not_asked_for_are_found(
    rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    asked = Delivery(captions=Captions((Caption(Fraction(1), Fraction(2), "words"),)))
    assert failed(verified(rendered(), asked)) == {"streams", "captions"}
    assert failed(verified(rendered(asked), Delivery())) == {"streams"}
    assert failed(verified(rendered(asked), asked)) == set()


@pytest.mark.parametrize("how", ["grey", "swapped", "another matrix", "full range"])
def test_other_colours_are_found(
    how: str, made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    tags = {"another matrix": (1, 1), "full range": (6, 2)}.get(how, (6, 1))
    for chroma in made.chroma:
        if how == "grey":
            chroma[:] = 128
        elif how == "swapped":
            chroma[:] = chroma[::-1].copy()
    found = verified(write(tmp_path / "a.mp4", made, tags=tags))
    assert failed(found) - {"joins", "slots"} == {"colours"}
    if tags == (6, 1):
        assert failed(found) == {"colours"}
        assert "levels of 255, in " in words(found, "colours")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("channels swapped", "other sound"),
        ("right is silent", "other sound"),
        ("6 dB quieter", "dB quieter, from 0.00 s on"),
        ("a dropout of 40 ms", "20 ms or more of sound missing, from 1.24 s on"),
        ("the last half second silent", "other sound"),
        ("10 ms late", "sound 10.0 ms late"),
    ],
)
def test_other_sound_is_found(
    how: str, told: str, made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    sound = made.sound.copy()
    if how == "channels swapped":
        sound = sound[::-1]
    elif how == "right is silent":
        sound[1] = 0
    elif how == "6 dB quieter":
        sound /= 2
    elif how == "a dropout of 40 ms":
        sound[:, 59_520:61_440] = 0
    elif how == "the last half second silent":
        sound[:, 96_000:] = 0
    else:
        sound = np.pad(sound, ((0, 0), (480, 0)))[:, : sound.shape[1]]
    found = verified(write(tmp_path / "a.mp4", Made(made.pictures, sound)))
    assert failed(found) == {"sound"}
    assert told in words(found, "sound")


def test_a_channel_that_is_louder_is_found_though_the_loudness_was_changed(
    rendered: Callable[..., Path],
    made: Made,
    verified: Callable[..., Verification],
    tmp_path: Path,
) -> None:
    delivery = Delivery(loudness="stream")
    assert failed(verified(rendered(delivery), delivery)) == set()
    sound = made.sound * np.array([[1.0], [0.5]])
    found = verified(write(tmp_path / "a.mp4", Made(made.pictures, sound)), delivery)
    assert "sound" in failed(found)
    assert "one channel 6." in words(found, "sound") or "one channel 5." in words(found, "sound")


def test_mono_where_stereo_was_asked_and_a_second_sound_are_found(
    made: Made, verified: Callable[..., Verification], tmp_path: Path
) -> None:
    mono = verified(write(tmp_path / "a.mp4", made, layout="mono"))
    assert "streams" in failed(mono)
    assert "1 sound (aac mono)" in words(mono, "streams")
    assert failed(verified(write(tmp_path / "b.mp4", made, sounds=2))) == {"streams"}


def test_a_silent_cut_passes_whatever_loudness_was_asked(studio: Any) -> None:
    media = studio.film("mute.mov", 40, size=SIZE, sound=np.zeros(96_000))
    cut = studio.cut(studio.slot(media, 0, 30))
    delivery = Delivery(loudness="r128")
    path = render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=delivery).path
    assert verify_file(studio.catalog, cut, path, delivery=delivery).passed
    louder = replace(delivery, loudness="none", true_peak=-3.0)
    assert verify_file(studio.catalog, cut, path, delivery=louder).passed
