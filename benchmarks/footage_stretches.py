"""Films in stretches of some seconds, decoded to be changed, and written as delivered files are."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from benchmarks.own_faults import OwnFault, own_faults
from editing.finish.sound import SoundReader
from ingest.detectors import TransNetDetector
from ingest.rates import frame_rate
from ingest.scaling import FrameScaler
from ingest.video import Damage, decode, open_streams

Yuv = NDArray[np.uint8]
Samples = NDArray[np.float32]

HEIGHT = 360


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted fault."""

    kind: str
    frame: int
    frames: int
    strength: str


@dataclass(slots=True)
class Stretch:
    """A stretch of a film, decoded; and what is made of it."""

    name: str
    rate: Fraction
    pictures: list[Yuv]
    """Each `(height * 3 / 2, width)`, 4:2:0."""
    sound: Samples
    """`(channels, n)`; no samples for a silent film."""
    sample_rate: int
    cuts: list[int]
    """First frames of new shots, and of what follows a gradual transition."""
    mixed: list[tuple[int, int]] = field(default_factory=list)
    plants: list[Plant] = field(default_factory=list)
    own: list[OwnFault] = field(default_factory=list)
    """What the film has of its own here."""

    @property
    def frames(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True, slots=True)
class _Film:
    name: str
    rate: Fraction
    reader: SoundReader | None
    sample_rate: int


def stretches(
    path: Path, seconds: float = 20.0, *, without: Collection[str] = ()
) -> Iterator[Stretch]:
    """A film in stretches of `seconds`, but for those named; a rest below 6 s is left out."""
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        base, claimed = video.time_base or Fraction(1, 1000), video.guessed_rate
        pts = np.sort([p.pts for p in film.demux(video) if p.pts is not None])
    rate, _ = frame_rate(np.array(pts, np.int64), base, claimed)
    streams = open_streams(path)
    audio = streams.audio
    sound_rate = audio.rate if audio else 48_000
    layout = "mono" if audio and audio.layout.nb_channels == 1 else "stereo"
    reader = None
    if audio:
        reader = SoundReader(
            path, first_picture=int(pts[0]) * base, sample_rate=sound_rate, layout=layout
        )
    found = _Film(path.stem, rate, reader, sound_rate)
    part, count, number = list[Yuv](), 0, 0
    for frame in decode(streams, Damage()):
        if not isinstance(frame, VideoFrame):
            continue
        count += 1
        if f"{path.stem}#{number}" not in without:
            part.append(_yuv(frame))
        if count >= seconds * rate:
            if part:
                yield _stretch(found, part, number, seconds)
            part, count, number = [], 0, number + 1
    if len(part) >= 6 * rate:
        yield _stretch(found, part, number, seconds)
    streams.container.close()


def _yuv(frame: VideoFrame) -> Yuv:
    height = min(HEIGHT, frame.height) // 2 * 2
    width = frame.width * height // frame.height // 8 * 8
    scaled = frame.reformat(width, height, "yuv420p", interpolation="AREA")
    return np.asarray(scaled.to_ndarray(), np.uint8)


def _stretch(film: _Film, pictures: list[Yuv], number: int, seconds: float) -> Stretch:
    rate, sample_rate, reader = film.rate, film.sample_rate, film.reader
    count = round(len(pictures) / rate * sample_rate)
    sound = np.zeros((2, 0), np.float32)
    if reader is not None:
        whole = ceil(seconds * rate)  # frames of each stretch before this one
        first = round(number * whole / rate * sample_rate)
        sound = reader.read(first, count)
        if np.abs(sound).max(initial=0) < 0.003:
            sound = sound[:, :0]
    detector, scaler = TransNetDetector(), FrameScaler()
    for picture in pictures:
        detector.push(scaler.small(VideoFrame.from_ndarray(picture, format="yuv420p")))
    detector.finish()
    found = detector.transitions()
    cuts = [t.first_frame if t.kind == "cut" else t.last_frame + 1 for t in found]
    mixed = [(t.first_frame, t.last_frame) for t in found if t.kind == "gradual"]
    first = number * ceil(seconds * rate)
    own = [fault.moved(-first) for fault in own_faults(film.name)]
    own = [fault for fault in own if 0 <= fault.frame < len(pictures)]
    name = f"{film.name}#{number}"
    return Stretch(name, rate, pictures, sound, sample_rate, cuts, mixed=mixed, own=own)


def write(stretch: Stretch, path: Path, *, crf: int, sound_codec: str) -> None:
    """Write a stretch as H.264, with sound in `sound_codec`."""
    audio: av.AudioStream | None = None
    height, width = stretch.pictures[0].shape[0] * 2 // 3, stretch.pictures[0].shape[1]
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=stretch.rate)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"crf": str(crf), "preset": "veryfast"}
        video.codec_context.thread_count = 1
        if stretch.sound.shape[1]:
            layout = "mono" if len(stretch.sound) == 1 else "stereo"
            audio = film.add_stream(sound_codec, rate=stretch.sample_rate, layout=layout)  # type: ignore[assignment]
            assert audio is not None
            if sound_codec == "aac":
                audio.codec_context.bit_rate = 160_000
        for number, picture in enumerate(stretch.pictures):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="yuv420p")
            frame.pts, frame.time_base = number, 1 / stretch.rate
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        if audio is not None:
            _write_sound(film, audio, stretch)


def _write_sound(film: av.container.OutputContainer, audio: av.AudioStream, s: Stretch) -> None:
    layout = "mono" if len(s.sound) == 1 else "stereo"
    resampler = av.AudioResampler(audio.codec_context.format, layout, s.sample_rate)
    for start in range(0, s.sound.shape[1], 1024):
        block = np.ascontiguousarray(s.sound[:, start : start + 1024], np.float32)
        frame = av.AudioFrame.from_ndarray(block, "fltp", layout)
        frame.sample_rate, frame.pts = s.sample_rate, start
        frame.time_base = Fraction(1, s.sample_rate)
        for part in resampler.resample(frame):
            film.mux(audio.encode(part))
    film.mux(audio.encode(None))
