"""The one module that opens media: a demux and a decode that survive what real files hold.

Files are untrusted. Only formats that name no other file are opened, only from the disk, and
only up to a size of picture and a number of streams; a damaged packet is counted and skipped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ingest.errors import UnreadableMedia

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,mxf,flv,ogg,asf,wav,mp3,aac,"
    "flac,dv,gxf,m4v,h264,hevc,ivf,nut,y4m,yuv4mpegpipe,gif,apng"
)
"""Demuxers that may open a file: none that reads a list of other files or addresses."""

MAX_PIXELS = 16_384 * 8_640
"""Pictures above this many pixels are refused; 16K is below it."""

MAX_ASPECT = 32
"""Pictures this many times longer than high, or higher than long, are refused: scaled to a given
height they would be of any size."""

MAX_STREAMS = 256
"""Files with more streams are refused; a broadcaster's whole multiplex is below it."""

_DURATION_TAG = re.compile(r"(\d+):(\d\d):(\d\d\.?\d*)")


@dataclass(slots=True)
class Damage:
    """What could not be decoded, by kind of stream."""

    video_packets: int = 0
    audio_packets: int = 0
    messages: list[str] = field(default_factory=list)
    stopped: bool = False
    """Whether reading ended with an error before the end of the file."""
    cut_packets: bool = False
    """Whether the last packet of a stream was not whole."""
    last_frame_damaged: bool = False
    """Whether the decoder had to make up a part of the last picture."""

    def note(self, stream_type: str, error: Exception) -> None:
        """Count one damaged packet; keep the first message of its kind."""
        if stream_type == "video":
            self.video_packets += 1
        else:
            self.audio_packets += 1
        message = f"{stream_type}: {getattr(error, 'strerror', None) or error}"
        if message not in self.messages and len(self.messages) < 4:
            self.messages.append(message)


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of a container that ingest and rendering use."""

    container: InputContainer
    video: VideoStream
    audio: AudioStream | None


def open_container(path: Path | str) -> InputContainer:
    """Open a media file for reading.

    Raises:
        UnreadableMedia: It is missing, empty, not media, or of a format that is not allowed.
    """
    file = Path(path)
    try:
        if not file.is_file():
            reason = "is a folder" if file.is_dir() else "there is no such file"
            raise UnreadableMedia(path, reason)
        if file.stat().st_size == 0:
            raise UnreadableMedia(path, "the file is empty")
        # A path with a colon would be read as an address, so it is made absolute.
        container = av.open(
            f"file:{file.resolve()}",
            options={
                "format_whitelist": FORMATS,
                "protocol_whitelist": "file",
                "max_streams": str(MAX_STREAMS + 1),  # beyond which FFmpeg drops them
            },
            metadata_errors="replace",
        )
    except PermissionError as error:
        raise UnreadableMedia(path, "no permission to read it") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        reason = f"not a media file that can be opened, or cut off at its index ({why})"
        raise UnreadableMedia(path, reason) from error
    if len(container.streams) > MAX_STREAMS:
        container.close()
        raise UnreadableMedia(path, f"it has more than {MAX_STREAMS} streams")
    return container


def open_streams(path: Path | str, *, threads: int = 0) -> Streams:
    """Open a file and choose its picture and its sound.

    Args:
        path: The file.
        threads: For decoding; 0 lets FFmpeg choose.

    Raises:
        UnreadableMedia: It cannot be opened, or holds no video.
    """
    container = open_container(path)
    try:
        pictures = [s for s in container.streams.video if not _is_cover_art(s)]
        sounds = [s for s in container.streams.audio if s.codec_context is not None]
        if not pictures:
            raise UnreadableMedia(path, "it holds no video" + (", only sound" if sounds else ""))
        video = pictures[0]
        if video.codec_context is None:
            raise UnreadableMedia(path, "its video is of a codec that is not known")
        _check_size(path, video.width, video.height)
        video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        video.thread_type = "AUTO"
        video.codec_context.thread_count = threads
    except UnreadableMedia:
        container.close()
        raise
    return Streams(container, video, sounds[0] if sounds else None)


def decode(streams: Streams, damage: Damage) -> Iterator[VideoFrame | AudioFrame]:
    """Demux once and decode the picture and the sound, in the order of the file.

    What cannot be decoded is noted in `damage` and skipped.

    Raises:
        UnreadableMedia: A picture is of a size that is refused; it may change on the way.
        MemoryError: There is not enough to go on.
    """
    chosen = [streams.video] + ([streams.audio] if streams.audio else [])
    packets = streams.container.demux(chosen)
    size = (streams.video.width, streams.video.height)
    cut: dict[int, bool] = {}
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            damage.cut_packets = any(cut.values())
            return
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            damage.note("video", error)
            damage.stopped = True
            return
        if packet.size:
            cut[packet.stream.index] = packet.is_corrupt
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, ValueError) as error:
            if isinstance(error, MemoryError):
                raise
            damage.note(packet.stream.type, error)
            continue
        for frame in frames:
            if isinstance(frame, VideoFrame):
                damage.last_frame_damaged = frame.is_corrupt
                if (frame.width, frame.height) != size:
                    size = (frame.width, frame.height)
                    _check_size(streams.container.name.removeprefix("file:"), *size)
            yield frame  # type: ignore[misc]


def rotation(frame: VideoFrame) -> int:
    """Degrees clockwise to turn a picture for display: 0, 90, 180 or 270."""
    return round(-frame.rotation / 90) * 90 % 360


def start_timecode(streams: Streams) -> str | None:
    """The embedded source timecode of the first frame, if the file carries one."""
    container = streams.container
    tags = [streams.video.metadata, *(data.metadata for data in container.streams.data)]
    for metadata in [*tags, container.metadata]:
        for name, value in metadata.items():  # Matroska writes it in capitals
            if name.lower() == "timecode" and value:
                return str(value)
    return None


def promised_end(streams: Streams) -> Fraction | None:
    """When the picture ends by the header, in the stream's own seconds; None if it does not say."""
    video = streams.video
    if video.time_base is None:
        return None
    if video.duration is not None:
        return ((video.start_time or 0) + video.duration) * video.time_base
    stated = _DURATION_TAG.fullmatch(video.metadata.get("DURATION", ""))  # as Matroska has it
    if stated is None:
        return None
    hours, minutes, seconds = stated.groups()
    # Some muxers count it from time 0 and some from the first frame; the earlier end is sure.
    return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)


def _check_size(path: Path | str, width: int, height: int) -> None:
    """Refuse a picture whose size would take too much memory, as it is or scaled."""
    if width * height > MAX_PIXELS:
        raise UnreadableMedia(path, f"its picture is {width}x{height}: too large")
    if width > MAX_ASPECT * height > 0 or height > MAX_ASPECT * width > 0:
        raise UnreadableMedia(path, f"its picture is {width}x{height}: no picture is so narrow")


def _is_cover_art(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
