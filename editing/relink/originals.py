"""Camera originals as their headers describe them; no frame is decoded.

The one module of relinking that opens media.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer
from av.video.stream import VideoStream

from editing.errors import TimelineError
from editing.interchange.from_cut import first_timecode
from editing.interchange.sequence import SourceFile, printable
from ingest.errors import IngestError
from ingest.files import find_media_files
from ingest.rates import STANDARD_RATES
from ingest.video import Streams, open_streams, promised_end, start_timecode

_REEL_TAGS = ("reel_name", "com.apple.proapps.reel", "reel", "tape", "tape_name")


@dataclass(frozen=True, slots=True)
class Original:
    """A media file that a cut may be relinked to."""

    file: SourceFile
    """Its `reel` is empty where the file does not say one."""
    coded: bool
    """Whether it carries a timecode; without one, `file.start` is 0."""
    size_bytes: int


def find_originals(folder: Path) -> tuple[list[Original], list[tuple[Path, str]]]:
    """The media files of a folder and of those in it.

    Returns:
        What was found, and files that could not be read, with the reason.
    """
    paths, unreadable = find_media_files([folder])
    originals = []
    for path in paths:
        try:
            originals.append(look_at(path))
        except (IngestError, TimelineError) as error:
            unreadable.append((path, f"{error}"))
    return originals, unreadable


def look_at(path: Path) -> Original:
    """A media file by its header.

    Raises:
        UnreadableMedia: It cannot be opened or holds no picture.
        TimelineError: Its rate or length is not told, or its timecode is one that its rate lacks.
    """
    streams = open_streams(path, threads=1)
    try:
        rate = _rate(streams.video, path)
        timecode = start_timecode(streams)
        start, drop = first_timecode(path.name, timecode, rate)
        video, audio = streams.video, streams.audio
        file = SourceFile(
            name=printable(path.name),
            reel=_reel(streams.container),
            path=str(path.resolve()),
            rate=rate,
            frames=_frames(streams, rate, path),
            start=start,
            drop=drop,
            width=video.width,
            height=video.height,
            channels=audio.codec_context.channels if audio else 0,
            sample_rate=audio.codec_context.sample_rate if audio else 0,
        )
        return Original(file, timecode is not None, path.stat().st_size)
    finally:
        streams.container.close()


def _rate(video: VideoStream, path: Path) -> Fraction:
    told = video.average_rate or video.guessed_rate
    if not told or told <= 0:
        raise TimelineError(f"{path} does not tell its frame rate")
    exact = Fraction(told)
    nearest = min(STANDARD_RATES, key=lambda rate: abs(rate - exact))
    return nearest if abs(nearest - exact) <= exact / 2000 else exact.limit_denominator(1001)


def _frames(streams: Streams, rate: Fraction, path: Path) -> int:
    """By the header's count, else by its duration."""
    if streams.video.frames > 0:
        return int(streams.video.frames)
    end, base = promised_end(streams), streams.video.time_base
    if end is not None and base is not None:
        return round((end - (streams.video.start_time or 0) * base) * rate)
    if streams.container.duration:
        return round(Fraction(streams.container.duration, 1_000_000) * rate)
    raise TimelineError(f"{path} does not tell how long it is")


def _reel(container: InputContainer) -> str:
    tags: Iterable[dict[str, str]] = itertools.chain(
        (stream.metadata for stream in container.streams), [container.metadata]
    )
    for metadata in tags:
        for name, value in metadata.items():
            if name.lower() in _REEL_TAGS and value.strip():
                return "_".join(printable(value).split())
    return ""
