"""Review proxies: a small MP4 of a film for browsers, frame for frame the film itself.

Frame `n` of the proxy is frame `n` of the film, upright, at the film's own time less that of its
first frame: MP4 keeps the time of each frame, so variable rates need no grid. There are no frames
that wait for later ones (B-frames) and a key frame every 12, so a browser steps and seeks quickly.
"""

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ingest.errors import UnreadableMedia
from ingest.proxy_sound import ProxySound
from ingest.video import Damage, Streams, decode, open_container, open_streams, rotation

SIDE = 360
"""Pixels of the shorter side; a smaller film keeps its size."""
KEY_EVERY = 12
"""Frames from one key frame to the next."""

_VIDEO_OPTIONS = {
    **{"crf": "24", "preset": "veryfast", "bf": "0", "g": str(KEY_EVERY)},
    "threads": "1",  # the same bytes however many processors there are; cores are for films
}
_FINEST = 1_000_000
"""Ticks a second; a finer clock would not leave room for long pauses in an MP4."""
_COARSE = Fraction(1, 90_000)
_RGB, _ITU601, _LIMITED = 0, 5, 1
"""FFmpeg's numbers of two colour matrices, and of the limited range that 4:2:0 is in."""


class ProxyWriter:
    """Encodes the frames of one film as they are decoded; use it as a context manager.

    What goes wrong with a proxy is noted and ends it, and the analysis beside it goes on. Leaving
    without `finish`, or by an exception, removes what was written.
    """

    def __init__(self, path: Path) -> None:
        """Write an MP4 to `path`."""
        self.path = path
        self.failure = ""
        """Why there is no proxy; empty as long as nothing went wrong."""
        self.whole = False
        """Whether the file is finished."""
        self._output: OutputContainer | None = None
        self._picture: _PictureTrack | None = None
        self._sound: ProxySound | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.whole or error is not None:
            self._remove()

    def push_picture(self, frame: VideoFrame, pts: int, streams: Streams) -> None:
        """Take the next frame; it may be changed, so nobody else can use it afterwards.

        Args:
            frame: As decoded.
            pts: Its time in ticks of the stream, above that of the frame before.
            streams: What it comes from.
        """
        self._attempt(lambda: self._write_picture(frame, pts, streams))

    def push_sound(self, frame: AudioFrame, streams: Streams) -> None:
        """Take the next audio frame, as decoded from `streams`."""
        self._attempt(lambda: self._track(streams).push(frame))

    def finish(self, frame_times: NDArray[np.int64]) -> None:
        """Write the rest; the file is then whole, if nothing went wrong.

        Args:
            frame_times: `(frames,)`, the PTS of the frames as the catalogue will have them. Where
                they are not those that were pushed, because the file's own were out of order,
                the packets get these instead.
        """
        self._attempt(lambda: self._close(frame_times))

    def _attempt(self, step: Callable[[], None]) -> None:
        if self.failure:
            return
        try:
            step()
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError, OSError) as error:
            self.failure = getattr(error, "strerror", None) or str(error)
            self._remove()

    def _write_picture(self, frame: VideoFrame, pts: int, streams: Streams) -> None:
        if self._output is None or self._picture is None:
            options = {"movflags": "+faststart"}
            self._output = av.open(str(self.path), "w", format="mp4", options=options)
            self._picture = _PictureTrack(self._output, streams, frame, pts)
            first = pts * (streams.video.time_base or _COARSE)
            self._track(streams).begin(self._output, first)
        self._output.mux(self._picture.encode(frame, pts))

    def _track(self, streams: Streams) -> ProxySound:
        self._sound = self._sound or ProxySound(streams)
        return self._sound

    def _close(self, frame_times: NDArray[np.int64]) -> None:
        if self._output is None or self._picture is None or self._sound is None:
            raise ValueError("there is no picture")
        self._output.mux(self._picture.stream.encode(None))
        self._sound.finish()
        self._output.close()
        wanted = self._picture.proxy_times(frame_times)
        if wanted != self._picture.times:
            early = (self._picture.first - int(frame_times[0])) * self._picture.base
            _set_times(self.path, wanted, self._picture.ticks, sound_later=early)
        self.whole = True

    def _remove(self) -> None:
        output, self._output = self._output, None
        with suppress(av.error.FFmpegError, ValueError, OSError):  # it goes, whatever is wrong
            if output is not None:
                output.close()
        self.path.unlink(missing_ok=True)


def make_proxy(
    path: Path,
    draft: Path,
    frame_times: NDArray[np.int64],
    *,
    on_progress: Callable[[float], None] = lambda done: None,
) -> str:
    """Write the proxy of a film that is known to `draft`; one decode, and nothing else.

    Args:
        path: The film.
        draft: The proxy.
        frame_times: `(frames,)`, the PTS that ingest noted.
        on_progress: Called with the share that is done, 0 to 1.

    Returns:
        Why there is none; empty if all went well.

    Raises:
        UnreadableMedia: The film cannot be opened, or has other frames than it once had.
    """
    streams, frames = open_streams(path), 0
    try:
        with ProxyWriter(draft) as proxy:
            for frame in decode(streams, Damage()):
                if isinstance(frame, AudioFrame):
                    proxy.push_sound(frame, streams)
                elif frames < len(frame_times):
                    proxy.push_picture(frame, int(frame_times[frames]), streams)
                    frames += 1
                    on_progress(frames / len(frame_times))
                else:
                    frames += 1
            if frames != len(frame_times):
                reason = f"it has {frames} frames, and had {len(frame_times)} when it was ingested"
                raise UnreadableMedia(path, reason, "Ingest it again: reel ingest --force FILE")
            proxy.finish(frame_times)
            return proxy.failure
    finally:
        streams.container.close()


def proxy_size(size: tuple[int, int], aspect: Fraction) -> tuple[int, int]:
    """How large a picture is in the proxy, before it is turned upright: even (width, height).

    Args:
        size: Stored (width, height) in pixels.
        aspect: Width of a stored pixel, in heights; the pixels of a proxy are square.
    """
    wide, narrow = (aspect, Fraction(1)) if aspect > 1 else (Fraction(1), aspect)
    width, height = size[0] * wide, size[1] / narrow
    scale = min(Fraction(1), SIDE / min(width, height))
    return _even(width * scale), _even(height * scale)


class _PictureTrack:
    """The picture of a proxy: upright, 4:2:0, all frames of the size that the first one gives."""

    def __init__(
        self, output: OutputContainer, streams: Streams, first: VideoFrame, pts: int
    ) -> None:
        self.base = streams.video.time_base or _COARSE
        """Seconds a tick of the film."""
        self.ticks = self.base if self.base.denominator <= _FINEST else _COARSE
        """Seconds a tick of the proxy."""
        self.first = pts
        self.times: list[int] = []
        self._turn = rotation(first)
        aspect = streams.video.sample_aspect_ratio
        self._size = proxy_size((first.width, first.height), _sane(aspect))
        self._reformatter = VideoReformatter()
        rate = streams.video.guessed_rate or streams.video.average_rate or Fraction(25)
        self.stream = output.add_stream("libx264", rate=rate, options=_VIDEO_OPTIONS)
        codec = self.stream.codec_context
        codec.width, codec.height = self._size[::-1] if self._turn % 180 else self._size
        codec.pix_fmt = "yuv420p"
        codec.time_base = self.ticks
        self._matrix = _ITU601 if first.colorspace == _RGB else None
        _tag_colours(codec, streams.video.codec_context, self._matrix or first.colorspace)

    def encode(self, frame: VideoFrame, pts: int) -> "list[Packet[VideoStream]]":
        small = self._reformatter.reformat(
            frame,
            *self._size,
            "yuv420p",
            dst_colorspace=self._matrix,
            dst_color_range=ColorRange.MPEG,
            interpolation="AREA",
        )
        upright = _turned(small, self._turn) if self._turn else small
        time = self._time(pts - self.first)
        self.times.append(max(time, self.times[-1] + 1 if self.times else 0))
        upright.pts, upright.time_base = self.times[-1], self.ticks
        upright.pict_type = PictureType.NONE  # the encoder is to choose it anew
        return self.stream.encode(upright)

    def proxy_times(self, frame_times: NDArray[np.int64]) -> list[int]:
        """Film times, increasing, as times of the proxy, increasing too."""
        times: list[int] = []
        for time in map(self._time, (frame_times - frame_times[0]).tolist()):
            times.append(max(time, times[-1] + 1 if times else 0))
        return times

    def _time(self, since_first: int) -> int:
        return (
            since_first if self.ticks == self.base else round(since_first * self.base / self.ticks)
        )


def _set_times(path: Path, times: list[int], ticks: Fraction, *, sound_later: Fraction) -> None:
    """Give the pictures of a proxy other times, and shift its sound; nothing is encoded again."""
    temporary = path.with_suffix(".retimed.mp4")
    try:
        with (
            open_container(path) as old,
            av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as new,
        ):
            streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
            remaining = iter(times)
            for packet in old.demux():
                if packet.dts is None or packet.pts is None:
                    continue
                if packet.stream.type == "video":
                    packet.pts = packet.dts = next(remaining)
                    packet.time_base = ticks
                else:
                    packet.pts += round(sound_later / packet.time_base)
                    packet.dts = packet.pts
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _turned(frame: VideoFrame, turn: int) -> VideoFrame:
    """A 4:2:0 picture turned clockwise by 90, 180 or 270 degrees."""
    packed = np.asarray(frame.to_ndarray(), np.uint8)  # (height * 3 / 2, width)
    height, width = frame.height, frame.width
    planes: list[NDArray[np.uint8]] = [packed[:height]]
    planes += list(packed[height:].reshape(2, height // 2, width // 2))
    turned = [np.rot90(plane, -(turn // 90)) for plane in planes]  # it turns anticlockwise
    wide = turned[0].shape[1]
    return VideoFrame.from_ndarray(
        np.concatenate([plane.reshape(-1) for plane in turned]).reshape(-1, wide), "yuv420p"
    )


def _tag_colours(codec: VideoCodecContext, source: VideoCodecContext, matrix: int) -> None:
    codec.color_primaries, codec.color_trc = source.color_primaries, source.color_trc
    codec.colorspace, codec.color_range = matrix, _LIMITED


def _sane(aspect: Fraction | None) -> Fraction:
    """The shape of a pixel, if it can be one."""
    return Fraction(aspect) if aspect and Fraction(1, 8) <= aspect <= 8 else Fraction(1)


def _even(side: Fraction) -> int:
    return max(2, round(side / 2) * 2)
