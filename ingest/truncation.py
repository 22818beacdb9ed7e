"""Whether a film was cut off: what its file promises against what could be read of it.

Some signs are sure, such as a part that reaches beyond the file's end; others only make it likely.
Transport and program streams promise nothing, so one that was cut between two packets is not told.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ingest.container_end import cut_off_part, fragment_seconds
from ingest.video import Damage, Streams, promised_end

SURE_SECONDS = Fraction(1)
"""A film that ends so long before its header says was cut off."""
_DOUBT_FRAMES = 3
"""One that ends so many frames before may have been."""
_ENDLESS = ("mpegts", "mpeg")
"""Formats that may begin and end anywhere; their duration is an estimate by their last packets."""
_HEADERLESS = ("mpegvideo", "h264", "hevc", "m4v")
"""Bare streams, of which FFmpeg guesses the duration by their bit rate."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a file could be read, in the container's own seconds."""

    picture: Fraction
    """The end of the last frame that was decoded."""
    sound: Fraction | None
    """The end of the last sample; None without sound."""
    frame: Fraction
    """How long a frame usually lasts."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of a file's end."""

    reason: str = ""
    """Why it is taken for cut off, for people; empty if it is not."""
    sure: bool = False
    """Whether pictures or sound are missing for sure."""


def judge_end(path: Path, streams: Streams, damage: Damage, reach: Reach) -> Ending:
    """Tell whether a film was cut off, once all of it was read."""
    formats = streams.container.format.name.split(",")
    promise, part = _promise(path, streams, formats), cut_off_part(path, ",".join(formats))
    missing = Fraction(0)
    if promise is not None:
        end = reach.picture if promise.of_picture else max(reach.picture, reach.sound or 0)
        missing = promise.end - end
        if missing > SURE_SECONDS + reach.frame and promise.sure:
            told = f"its header promises {float(promise.end):.1f} s of {promise.what}"
            return Ending(f"{told}, and only {float(end):.1f} s are there", sure=True)
    if part is not None and part.pictures:
        return Ending(part.reason, sure=True)
    if damage.stopped:
        return Ending("it cannot be read to its end", sure=True)
    if promise is not None and missing > _least_doubt(promise, reach):
        return Ending(f"it ends {float(missing):.2f} s before its header says")
    if damage.cut_packets:
        return Ending("its last packet is not whole", sure=not set(formats) & {*_ENDLESS})
    if part is not None:
        return Ending(f"{part.reason}, behind the pictures")
    if damage.last_frame_damaged:
        return Ending("its last frame is damaged")
    return Ending()


@dataclass(frozen=True, slots=True)
class _Promise:
    """When a film ends by its header."""

    end: Fraction
    """Seconds, on the container's clock."""
    sure: bool
    """A statement of what was read, rather than an estimate or of other streams too."""
    of_picture: bool
    """Of the picture alone, or of whichever stream is the longest."""

    @property
    def what(self) -> str:
        return "video" if self.of_picture else "film"


def _promise(path: Path, streams: Streams, formats: list[str]) -> _Promise | None:
    if set(formats) & {*_HEADERLESS}:
        return None
    if "mp4" in formats and (seconds := fragment_seconds(path)) is not None:
        return _Promise(Fraction(seconds), _reads_all(streams), of_picture=False)
    stated = promised_end(streams)
    if stated is not None:
        return _Promise(stated, sure=not set(formats) & {*_ENDLESS}, of_picture=True)
    if streams.container.duration is None or set(formats) & {*_ENDLESS}:
        return None
    whole = Fraction(streams.container.duration, 1_000_000)
    return _Promise(whole, _reads_all(streams), of_picture=False)


def _least_doubt(promise: _Promise, reach: Reach) -> Fraction:
    """From how many missing seconds on it is worth a remark."""
    return _DOUBT_FRAMES * reach.frame if promise.sure else SURE_SECONDS


def _reads_all(streams: Streams) -> bool:
    """Whether every stream that lasts is one of those that were read."""
    lasting = [s for s in streams.container.streams if s.type in ("video", "audio", "subtitle")]
    return len(lasting) == 1 + (streams.audio is not None)
