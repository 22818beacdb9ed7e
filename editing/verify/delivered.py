"""A delivered file, decoded once: its pictures and sound in order, and its captions."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from ingest.media import Floats
from ingest.video import Damage, Streams, decode, open_container, open_streams

BLACK_LEVEL = 0.1
"""A pixel is black up to this share of the range above black."""
BLACK_SHARE = 0.98
"""A picture is black if at least so much of it is: the defaults of FFmpeg's blackdetect."""


@dataclass(frozen=True, slots=True)
class Line:
    """A caption of a track, as it is in the file."""

    start: Fraction
    """Seconds."""
    end: Fraction
    text: str


class DeliveredFile:
    """Decodes a file; what the pass told is there after it."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        """Open a file whose pictures are looked at in `size` (width, height).

        Raises:
            UnreadableMedia: It cannot be opened.
        """
        self.path, self.size = path, size
        self.streams: Streams = open_streams(path)
        self.damage = Damage()
        self.times: list[Fraction] = []
        """Seconds, of each picture."""
        self.samples = 0
        self.first_sample: Fraction | None = None
        """Seconds."""
        self._reformatter = VideoReformatter()

    def close(self) -> None:
        """Let go of the file."""
        self.streams.container.close()

    @property
    def promised_frames(self) -> int:
        """Pictures that its index names; 0 where it does not say."""
        return self.streams.video.frames

    def frames(self) -> Iterator[tuple[int, Floats] | AudioFrame]:
        """Pictures, each as its number and its luma `(height, width)`, and sound, as they come."""
        for frame in decode(self.streams, self.damage):
            if isinstance(frame, VideoFrame):
                known = frame.pts is not None and frame.time_base is not None
                time = (frame.pts or 0) * (frame.time_base or Fraction(0))
                self.times.append(time if known else Fraction(-1))
                yield len(self.times) - 1, small_luma(frame, self.size, self._reformatter)
            else:
                if self.first_sample is None and frame.pts is not None and frame.time_base:
                    self.first_sample = frame.pts * frame.time_base
                self.samples += frame.samples
                yield frame


def small_luma(frame: VideoFrame, size: tuple[int, int], reformatter: VideoReformatter) -> Floats:
    """The luma of a picture, `(height, width)`, scaled to `size` (width, height)."""
    limited = ColorRange.MPEG
    small = reformatter.reformat(frame, *size, "yuv420p", dst_color_range=limited)
    return np.asarray(small.to_ndarray()[: small.height], np.float32)


def is_black(luma: Floats, *, level: float = BLACK_LEVEL) -> bool:
    """Whether a picture is black, by its luma in the limited range of video."""
    return float(np.mean(luma <= 16 + 219 * level)) >= BLACK_SHARE


def caption_track(path: Path) -> tuple[list[Line], str] | None:
    """The captions of a file's first track of them, and its language; None without a track.

    Raises:
        UnreadableMedia: The file cannot be opened.
    """
    lines: list[Line] = []
    with open_container(path) as container:
        if not container.streams.subtitles:
            return None
        stream = container.streams.subtitles[0]
        try:
            for packet in container.demux(stream):
                content = bytes(packet)
                length = int.from_bytes(content[:2], "big")
                text = content[2 : 2 + length].decode("utf-8", "replace")
                if text and packet.pts is not None and packet.time_base and packet.duration:
                    start = packet.pts * packet.time_base
                    lines.append(Line(start, start + packet.duration * packet.time_base, text))
        except FFmpegError:
            pass  # a file that is cut off: what is missing is told as missing
        return lines, str(stream.metadata.get("language", "und"))
