"""A cut as a playable MP4: H.264 and AAC, trimmed by the frame and by the sample, never by seconds.

The sound of frame `n` ends at sample `round((n + 1) / rate * sample_rate)`, so that picture and
sound end together whatever the rate. A file appears at the destination whole or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from editing.cut import Cut, Slot
from editing.errors import RenderError
from editing.finish.conform import Conformer, even_size
from editing.finish.pictures import PictureReader
from editing.finish.sound import SoundReader
from editing.finish.whole_file import whole_file
from editing.frame_grid import FrameGrid
from ingest.errors import IngestError
from ingest.fingerprint import fingerprint_file
from ingest.media import Media, MediaId

_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000)
_VIDEO_OPTIONS = {"crf": "18", "preset": "veryfast"}
_AUDIO_BITS = 192_000


@dataclass(frozen=True, slots=True)
class Source:
    """A film that a cut is rendered from."""

    media: Media
    grid: FrameGrid
    times: NDArray[np.int64]
    """`(decoded frames,)`, PTS."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a render wrote."""

    path: Path
    frames: int
    width: int
    height: int
    sample_rate: int | None
    """None without sound, as where no source has any."""
    samples: int
    """Of sound, in each channel."""


def render(
    cut: Cut,
    sources: Mapping[MediaId, Source],
    output: Path,
    *,
    height: int | None = None,
    on_progress: Callable[[float], None] = lambda done: None,
) -> Rendered:
    """Write a cut to `output`.

    Args:
        cut: Any version of any cut.
        sources: Each film that a slot is taken from.
        output: An MP4; replaced if it exists.
        height: Pixels; the first film's own if None. Rounded down to an even number.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.

    Raises:
        RenderError: A film is gone, has changed, or has another rate than the cut.
    """
    used = [sources[media_id] for media_id in dict.fromkeys(slot.media for slot in cut.slots)]
    if not used:
        raise RenderError(f"cut {cut.id} has no slots, so there is nothing to render")
    for source in used:
        _check_source(source.media, cut.rate, output)
    try:
        with whole_file(output) as temporary, ExitStack() as stack:
            job = _Job(cut, used, temporary, height, stack)
            job.run(on_progress)
    except (av.error.FFmpegError, OSError) as error:
        raise RenderError(f"{output} cannot be written: {error}") from error
    return Rendered(output, cut.frames, *job.size, job.sample_rate, job.samples_until(cut.frames))


def _check_source(media: Media, rate: Fraction, output: Path) -> None:
    """Refuse a film that is not the one that was ingested."""
    path = Path(media.path)
    if media.rate != rate:
        raise RenderError(
            f"{media.name} runs at {float(media.rate):.3f} frames per second and the cut at "
            f"{float(rate):.3f}; a cut is rendered at the rate of all of its footage"
        )
    if not path.is_file():
        raise RenderError(
            f"{path} is gone.\nPut it back, or tell where it is now: reel ingest NEW_PATH"
        )
    if output.resolve() == path.resolve():
        raise RenderError(f"{output} is the film that the cut is made from; choose another name")
    try:
        same = path.stat().st_size == media.size_bytes
        same = same and fingerprint_file(path) == media.fingerprint
    except (IngestError, OSError) as error:
        raise RenderError(f"{path} cannot be read: {error}") from error
    if not same:
        raise RenderError(
            f"{path} has changed since it was ingested.\n"
            "Ingest it again (reel ingest FILE) and make the cut again"
        )


class _Job:
    """One render: the readers, the encoders, and how far they have come."""

    def __init__(
        self,
        cut: Cut,
        used: Sequence[Source],
        path: Path,
        height: int | None,
        stack: ExitStack,
    ) -> None:
        self.cut, self.stack = cut, stack
        self.sources = {source.media.id: source for source in used}
        self.size = even_size(used[0].media.display_size, height)
        self.sample_rate, self.layout = _sound_of(used)
        self.pictures = {s.media.id: stack.enter_context(_pictures(s)) for s in used}
        self.sounds = {
            s.media.id: stack.enter_context(self._sound(s, self.sample_rate))
            for s in used
            if self.sample_rate and s.media.audio
        }
        self.conformers = {s.media.id: Conformer(self.size, s.media.rotation) for s in used}
        self.output = stack.enter_context(
            av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        )
        first = self.pictures[used[0].media.id].frame(0)
        self.video = _video_stream(self.output, cut.rate, self.size, first)
        self.audio = _audio_stream(self.output, self.sample_rate, self.layout)

    def run(self, on_progress: Callable[[float], None]) -> None:
        done = 0
        for slot in self.cut.slots:
            for frame in range(slot.source.start, slot.source.end):
                self._write_picture(slot, frame, done)
                self._write_sound(slot, frame, done)
                done += 1
                on_progress(done / self.cut.frames)
        self.output.mux(self.video.encode(None))
        if self.audio is not None:
            self.output.mux(self.audio.encode(None))

    def samples_until(self, frame: int) -> int:
        """Samples of sound before a frame of the cut."""
        return round(Fraction(frame) / self.cut.rate * (self.sample_rate or 0))

    def _write_picture(self, slot: Slot, frame: int, done: int) -> None:
        number = self.sources[slot.media].grid.to_decoded(frame)
        picture = self.pictures[slot.media].frame(number)
        conformed = self.conformers[slot.media].conform(picture)
        self.output.mux(self.video.encode(_stamped(conformed, done, self.cut.rate)))

    def _write_sound(self, slot: Slot, frame: int, done: int) -> None:
        if self.audio is None or not self.sample_rate:
            return
        start = self.samples_until(done)
        samples = self.samples_until(done + 1) - start
        if slot.media in self.sounds:
            first = self.sources[slot.media].grid.seconds(slot.source.start) * self.sample_rate
            offset = start - self.samples_until(done - (frame - slot.source.start))
            heard = self.sounds[slot.media].read(round(first) + offset, samples)
        else:
            heard = np.zeros((self.audio.codec_context.channels, samples), np.float32)
        sound = AudioFrame.from_ndarray(heard, format="fltp", layout=self.layout)
        sound.sample_rate, sound.pts = self.sample_rate, start
        sound.time_base = Fraction(1, self.sample_rate)
        self.output.mux(self.audio.encode(sound))

    def _sound(self, source: Source, sample_rate: int) -> SoundReader:
        media = source.media
        return SoundReader(
            media.path,
            first_picture=media.start_pts * media.time_base,
            sample_rate=sample_rate,
            layout=self.layout,
        )


def _pictures(source: Source) -> PictureReader:
    return PictureReader(source.media.path, source.times)


def _sound_of(used: Sequence[Source]) -> tuple[int | None, str]:
    """The sample rate and layout of a render: the sources' own if all agree, else 48 kHz stereo."""
    sounds = [source.media.audio for source in used if source.media.audio]
    if not sounds:
        return None, "stereo"
    rates = {sound.sample_rate for sound in sounds}
    rate = rates.pop() if len(rates) == 1 else 48_000
    layout = "mono" if all(sound.channels == 1 for sound in sounds) else "stereo"
    return (rate if rate in _AAC_RATES else 48_000), layout


def _video_stream(
    output: OutputContainer, rate: Fraction, size: tuple[int, int], like: VideoFrame
) -> VideoStream:
    stream = output.add_stream("libx264", rate=rate, options=_VIDEO_OPTIONS)
    context = stream.codec_context
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = 1 / rate
    context.colorspace, context.color_range = like.colorspace, 1  # 1: limited, as yuv420p is
    return stream


def _audio_stream(
    output: OutputContainer, sample_rate: int | None, layout: str
) -> AudioStream | None:
    if sample_rate is None:
        return None
    stream = output.add_stream("aac", rate=sample_rate, layout=layout)
    stream.codec_context.bit_rate = _AUDIO_BITS if layout == "stereo" else _AUDIO_BITS // 2
    return stream


def _stamped(frame: VideoFrame, number: int, rate: Fraction) -> VideoFrame:
    """The frame as frame `number` of the cut; the encoder is to choose its kind anew."""
    frame.pts, frame.time_base = number, 1 / rate
    frame.pict_type = PictureType.NONE
    return frame
