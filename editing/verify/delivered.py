"""A delivered file, decoded once: its pictures and sound in order, and its captions."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from editing.errors import RenderError
from editing.finish.colours import Colours, colours_of
from editing.finish.planes import packed, planes_of
from ingest.media import Floats
from ingest.video import Damage, Streams, decode, open_container, open_streams

BLACK_LEVEL = 0.1
"""A pixel is black up to this share of the range above black."""
BLACK_SHARE = 0.98
"""A picture is black if at least so much of it is: the defaults of FFmpeg's blackdetect."""

_FIELDS = (24, 16)
"""Columns and rows that the chroma is averaged in."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture as it is compared."""

    luma: Floats
    """`(height, width)`, 16 to 235."""
    chroma: Floats
    """`(2, rows, columns)`, the mean of each of a few fields."""


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
        self.colours: Colours | None = None
        """Of its first picture, after that."""
        self.full_range = False
        self._reformatter = VideoReformatter()

    def close(self) -> None:
        """Let go of the file."""
        self.streams.container.close()

    @property
    def promised_frames(self) -> int:
        """Pictures that its index names; 0 where it does not say."""
        return self.streams.video.frames

    def frames(self) -> Iterator[tuple[int, Seen] | AudioFrame]:
        """Pictures, each with its number, and sound, as they come."""
        for frame in decode(self.streams, self.damage):
            if isinstance(frame, VideoFrame):
                if self.colours is None:
                    self.colours = _told(frame, self.path)
                    self.full_range = int(frame.color_range) == int(ColorRange.JPEG)
                known = frame.pts is not None and frame.time_base is not None
                time = (frame.pts or 0) * (frame.time_base or Fraction(0))
                self.times.append(time if known else Fraction(-1))
                yield len(self.times) - 1, seen(frame, self.size, self._reformatter)
            else:
                if self.first_sample is None and frame.pts is not None and frame.time_base:
                    self.first_sample = frame.pts * frame.time_base
                self.samples += frame.samples
                yield frame


def _told(frame: VideoFrame, path: Path) -> Colours:
    """What a file says of its colours, even if that is nothing that a render makes."""
    try:
        return colours_of(frame, path)
    except RenderError:
        codes = (frame.colorspace, frame.color_primaries, frame.color_trc)
        return Colours(*(int(code) for code in codes))


def seen(frame: VideoFrame, size: tuple[int, int], reformatter: VideoReformatter) -> Seen:
    """A picture scaled to `size` (width, height)."""
    limited = ColorRange.MPEG
    small = reformatter.reformat(frame, *size, "yuv420p", dst_color_range=limited)
    luma, *chroma = planes_of(packed(small))
    fields = [cv2.resize(plane, _FIELDS, interpolation=cv2.INTER_AREA) for plane in chroma]
    return Seen(luma.astype(np.float32), np.array(fields, np.float32))


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
