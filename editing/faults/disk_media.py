"""A media file that is in no catalogue, known well enough to be decoded frame by frame.

One demux tells the times of its frames; nothing is decoded but the first picture.
"""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame

from editing.finish.source import Source
from editing.frame_grid import FrameGrid
from ingest.errors import UnreadableMedia
from ingest.fingerprint import fingerprint_file
from ingest.frame_times import mend_times
from ingest.media import Audio, Media, MediaId
from ingest.paths import absolute
from ingest.rates import frame_rate
from ingest.video import Damage, Streams, decode, open_streams, rotation, start_timecode


def source_on_disk(path: Path, media_id: MediaId) -> Source:
    """A file as a source of a cut.

    Args:
        path: The file.
        media_id: What it is to be called; not one of a catalogue's.

    Raises:
        UnreadableMedia: It cannot be opened, or holds no picture that decodes.
    """
    streams = open_streams(path)
    try:
        base = streams.video.time_base or Fraction(1, 1000)
        first = next(
            (
                f
                for f in decode(replace(streams, audio=None), Damage())
                if isinstance(f, VideoFrame)
            ),
            None,
        )
        if first is None:
            raise UnreadableMedia(path, "none of its video can be decoded")
        turned, timecode = rotation(first), start_timecode(streams)
        times = _times(path)
        claimed = streams.video.guessed_rate or streams.video.average_rate
        named = Fraction(claimed) if claimed and 0 < claimed <= 1000 else None
        mended, _ = mend_times(times, base, named or Fraction(25))
        rate, variable = frame_rate(mended, base, named)
        media = Media(
            id=media_id,
            path=str(absolute(path)),
            fingerprint=fingerprint_file(path),
            size_bytes=path.stat().st_size,
            container=streams.container.format.name,
            codec=streams.video.codec_context.name,
            width=streams.video.width,
            height=streams.video.height,
            rotation=turned,
            rate=rate,
            variable_rate=variable,
            time_base=base,
            start_pts=int(mended[0]),
            frames=len(mended),
            start_timecode=timecode,
            audio=_audio(streams),
        )
    finally:
        streams.container.close()
    grid = FrameGrid(np.maximum.accumulate(mended - mended[0]), rate, base, variable)
    return Source(media, grid, mended)


def _times(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    streams = open_streams(path)
    found: list[int] = []
    try:
        for packet in streams.container.demux(streams.video):
            if packet.pts is not None:
                found.append(packet.pts)
    except FFmpegError:  # what came before it can be decoded
        pass
    finally:
        streams.container.close()
    if not found:
        raise UnreadableMedia(path, "none of its video has a time")
    return np.sort(np.array(found, np.int64))


def _audio(streams: Streams) -> Audio | None:
    audio = streams.audio
    if audio is None or not audio.rate:
        return None
    return Audio(audio.rate, audio.layout.nb_channels, 0, Fraction(0), None)
