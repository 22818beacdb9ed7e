"""Any media file looked at from its first frame to its last, in the catalogue or not.

Joins are found in the pictures. Besides what a cut is looked at for: lengths of picture and sound
that differ, frames that the container says are missing, and packets that do not decode.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from editing.faults.finding import Fault
from editing.faults.join_faults import find_joins, join_faults
from editing.faults.judging import merged, programme_faults
from editing.faults.picture_meter import PictureMeter
from editing.faults.programme import Clock, Programme
from editing.faults.sound_meter import SoundMeasures, SoundMeter
from editing.faults.wording import counted
from editing.finish.sound import SoundReader, unheard_sounds
from ingest.errors import UnreadableMedia
from ingest.rates import frame_rate
from ingest.timecode import supports_drop_frame, timecode_to_frame
from ingest.video import Damage, Streams, decode, open_streams, start_timecode

Progress = Callable[[float], None]

LENGTH_FRAMES, LENGTH_SAMPLES = 1, 2048
"""Picture and sound may end apart by a frame and two blocks of AAC: what a coder fills up."""
_GAP_FRAMES = 1.6
"""Frames from one time to the next, at a constant rate, from which on one is missing."""
_PICTURES = 0.85


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What a file was found to be."""

    path: Path
    frames: int
    clock: Clock
    joins: tuple[int, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...] = ()
    """What people should know of what was not listened to."""


@dataclass(frozen=True, slots=True)
class _Times:
    """What the packets of a file say of times, without decoding any."""

    pictures: NDArray[np.int64]
    """`(frames,)`, PTS in order of display."""
    base: Fraction
    sound_end: Fraction | None
    """Seconds, in the container's time; None without sound."""


@dataclass(frozen=True, slots=True)
class _Span:
    """When a file's picture is, in seconds: its start in the container's time, and its length."""

    start: Fraction
    seconds: Fraction


def check_file(path: Path, on_progress: Progress = lambda done: None) -> CheckedFile:
    """Decode a file and tell its faults.

    Args:
        path: Any media file with a picture.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.

    Raises:
        UnreadableMedia: It cannot be opened, or none of its picture decodes.
    """
    times = _packet_times(path)
    streams, damage = open_streams(path), Damage()
    claimed = streams.video.guessed_rate or streams.video.average_rate
    named = Fraction(claimed) if claimed and 0 < claimed <= 1000 else None
    rate, variable = frame_rate(times.pictures, times.base, named)
    pictures, shown = PictureMeter(), list[int]()
    try:
        for frame in decode(replace(streams, audio=None), damage):
            if isinstance(frame, VideoFrame):
                pictures.push(frame)
                shown.append(frame.pts if frame.pts is not None else len(shown))
                on_progress(_PICTURES * min(1.0, len(shown) / len(times.pictures)))
        if not shown:
            raise UnreadableMedia(path, "none of its video can be decoded")
        clock, measured = _clock(streams, rate), pictures.finish()
        joins = find_joins(measured)
        unheard = Programme(rate, measured, None, joins, False)
        jumps = (fault.frame for fault in join_faults(unheard) if fault.kind == "jump cut")
        span = _Span(min(shown) * times.base, len(shown) / rate)
        moments = [float(at / rate) for at in sorted({*joins, *jumps})]
        sound = _measure_sound(path, streams, span, moments, on_progress)
    finally:
        streams.container.close()
    programme = replace(unheard, sound=sound)
    told = [*_length(programme, times, shown), *_damage(damage)]
    if not variable or _nearly_even(shown):
        told += _missing(programme, shown)
    on_progress(1.0)
    faults = tuple(merged(told, programme_faults(programme)))
    return CheckedFile(path, len(shown), clock, joins, faults, tuple(unheard_sounds(path)))


def _packet_times(path: Path) -> _Times:
    streams = open_streams(path)
    base = streams.video.time_base or Fraction(1, 1000)
    chosen = [streams.video] + ([streams.audio] if streams.audio else [])
    pictures, sound_end = list[int](), None
    try:
        for packet in streams.container.demux(chosen):
            if packet.pts is None or packet.time_base is None:
                continue
            if packet.stream.type == "video":
                pictures.append(packet.pts)
            else:
                end = (packet.pts + (packet.duration or 0)) * packet.time_base
                sound_end = end if sound_end is None else max(sound_end, end)
    except FFmpegError:  # decoding will stop there too, and tell
        pass
    finally:
        streams.container.close()
    if not pictures:
        raise UnreadableMedia(path, "none of its video has a time")
    return _Times(np.sort(np.array(pictures, np.int64)), base, sound_end)


def _clock(streams: Streams, rate: Fraction) -> Clock:
    """Timecode of the file's frames: its own if it has one that its rate can have, else from 0."""
    text = start_timecode(streams)
    if text is not None:
        drop = supports_drop_frame(rate) and (";" in text or "," in text)
        try:
            return Clock(rate, timecode_to_frame(text, rate), drop)
        except ValueError:
            pass  # one that its rate lacks: counted from 0, as if there were none
    return Clock(rate, 0, False)


def _measure_sound(
    path: Path, streams: Streams, span: _Span, joins: Sequence[float], on_progress: Progress
) -> SoundMeasures | None:
    """The sound from the first picture to the last; None if the file has none."""
    audio = streams.audio
    if audio is None or not audio.rate:
        return None
    layout = "mono" if audio.layout.nb_channels == 1 else "stereo"
    count = round(span.seconds * audio.rate)
    with SoundReader(
        path, first_picture=span.start, sample_rate=audio.rate, layout=layout
    ) as reader:
        meter = SoundMeter(audio.rate, reader.channels, voice=True, joins=joins)
        for start in range(0, count, audio.rate):
            meter.push(reader.read(start, min(audio.rate, count - start)))
            on_progress(_PICTURES + (1 - _PICTURES) * start / count)
    return meter.finish()


def _length(programme: Programme, times: _Times, shown: list[int]) -> list[Fault]:
    """Whether picture and sound end together."""
    if times.sound_end is None or programme.sound is None:
        return []
    rate = programme.rate
    picture_end = max(shown) * times.base + 1 / rate
    apart = float(times.sound_end - picture_end)
    allowed = float(LENGTH_FRAMES / rate) + LENGTH_SAMPLES / 48_000
    if abs(apart) <= allowed:
        return []
    longer = "longer" if apart > 0 else "shorter"
    words = f"the sound is {abs(apart):.3f} s {longer} than the picture"
    last = programme.frames - 1
    return [Fault("length", programme.piece_of(last), last, apart, allowed, "s", words)]


def _damage(damage: Damage) -> list[Fault]:
    """What did not decode."""
    packets = damage.video_packets
    if not packets and not damage.stopped:
        return []
    words = f"{counted(packets, 'packet')} of the picture cannot be decoded"
    if damage.messages:
        words += f" ({damage.messages[0]})"
    return [Fault("damage", 0, 0, max(1, packets), 1, "packets", words)]


def _nearly_even(shown: list[int]) -> bool:
    """Whether nearly all frames lie as far apart as most do: gaps are then faults, not a rate."""
    steps = np.diff(np.sort(np.array(shown)))
    return len(steps) > 10 and float((np.abs(steps - np.median(steps)) <= 1).mean()) > 0.95


def _missing(programme: Programme, shown: list[int]) -> list[Fault]:
    """Frames whose time is there and which are not."""
    times = np.sort(np.array(shown, np.int64))
    steps = np.diff(times)
    usual = float(np.median(steps)) if len(steps) else 0.0
    found = []
    for at in np.flatnonzero(steps > _GAP_FRAMES * usual) + 1 if usual > 0 else ():
        missing = round(float(steps[at - 1]) / usual) - 1
        words = f"{counted(missing, 'frame')} missing before this one, by the file's own times"
        piece = programme.piece_of(int(at))
        found.append(Fault("dropped", piece, int(at), missing, 1, "frames", words))
    return found
