"""Which camera original a proxy was made of: by timecode, reel and frame count, then by name.

Pure. Whatever speaks against a file is told, so that nothing is linked by chance.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from editing.interchange.sequence import SourceFile, day_frames
from editing.relink.originals import Original
from ingest.media import MediaId
from ingest.timecode import FrameRange, frame_to_timecode

Status = Literal["matched", "ambiguous", "missing"]
_WEIGHTS = ("map", "timecode", "reel", "frame count", "name")
"""What speaks for an original; the first weighs most."""
_STEMS = ("_proxy", "-proxy", " proxy", ".proxy", "_prx", "_small", "_360p", "_540p", "_720p")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A film of the cut, made of an original that is looked for."""

    media: MediaId
    file: SourceFile
    """The proxy; its reel is empty where it does not say one."""
    coded: bool
    """Whether it carries a timecode."""
    used: FrameRange
    """Its frames that the cut shows or is heard of, with those within transitions."""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for one film of the cut."""

    wanted: Wanted
    status: Status
    original: Original | None
    """None unless it is matched."""
    shift: int
    """The original's frame that is the proxy's first; below 0 if the original begins later."""
    by: tuple[str, ...]
    """What speaks for it: `timecode`, `reel`, `frame count`, `name`, or `map`."""
    remarks: tuple[str, ...]
    """Differences of a match; else what speaks against each file that came near."""


def match_originals(
    films: Iterable[Wanted],
    originals: Sequence[Original],
    named: Mapping[MediaId, str] | None = None,
) -> list[Match]:
    """Find the original of each film.

    Args:
        films: Of the cut.
        originals: Files that were found.
        named: The path of the original of films that somebody named; it is checked all the same.
    """
    return [_match(film, originals, (named or {}).get(film.media)) for film in films]


@dataclass(frozen=True, slots=True)
class _Tried:
    """One original, held against a film."""

    original: Original
    shift: int
    by: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def near(self) -> bool:
        """Whether it is worth telling why it is not it."""
        return bool({"reel", "name", "timecode", "map"} & set(self.by))

    @property
    def why_not(self) -> str:
        """What speaks against it, or that too little speaks for it."""
        return "; ".join(self.against) or f"only its {' and '.join(self.by)} speaks for it"


def _match(film: Wanted, originals: Sequence[Original], named: str | None) -> Match:
    tried = [_try(film, one, named) for one in originals if named in (None, one.file.path)]
    fits = [one for one in tried if not one.against and _is_evidence(one.by)]
    if not fits:
        told = [f"{one.original.file.name}: {one.why_not}" for one in tried if one.near]
        told = told[:8] or ["no file of the folder comes near it"]
        return Match(film, "missing", None, 0, (), tuple(told))
    best = max(_weight(one.by) for one in fits)
    first = [one for one in fits if _weight(one.by) == best]
    if len(first) > 1:
        told = [f"{one.original.file.path} ({', '.join(one.by)})" for one in first]
        return Match(film, "ambiguous", None, 0, (), tuple(told))
    found = first[0]
    remarks = tuple(_differences(film, found.original))
    return Match(film, "matched", found.original, found.shift, found.by, remarks)


def _try(film: Wanted, original: Original, named: str | None) -> _Tried:
    mine, theirs = film.file, original.file
    by = ["map"] if named else []
    if _stem(mine.name) == _stem(theirs.name):
        by.append("name")
    if mine.reel and mine.reel.casefold() == theirs.reel.casefold():
        by.append("reel")
    against = []
    if mine.rate != theirs.rate:
        against.append(
            f"it runs at {_per_second(theirs.rate)}, the proxy at {_per_second(mine.rate)}"
        )
        return _Tried(original, 0, tuple(by), tuple(against))
    if mine.reel and theirs.reel and "reel" not in by:
        against.append(f"its reel is {theirs.reel}, the proxy's {mine.reel}")
    if mine.frames == theirs.frames:
        by.append("frame count")
    shift = 0
    if film.coded and original.coded:
        if mine.drop != theirs.drop:
            against.append("one of the two timecodes is drop-frame, the other is not")
        shift = _shift(mine, theirs)
        if 0 <= shift < theirs.frames:
            by.append("timecode")
    elif mine.frames != theirs.frames:
        whose = "the proxy" if original.coded else "it"
        against.append(
            f"{whose} carries no timecode, and it has {theirs.frames:,} frames, the proxy "
            f"{mine.frames:,}"
        )
    lacking = _lacking(film, theirs, shift)
    if lacking:
        against.append(lacking)
    return _Tried(original, shift, tuple(what for what in _WEIGHTS if what in by), tuple(against))


def _shift(mine: SourceFile, theirs: SourceFile) -> int:
    """Frames from the original's first to the proxy's; the nearer way round midnight."""
    day = day_frames(mine.rate, drop=mine.drop)
    shift = (mine.start - theirs.start) % day
    return shift - day if shift > day // 2 else shift


def _lacking(film: Wanted, theirs: SourceFile, shift: int) -> str:
    """What of the cut an original does not hold; empty if it holds all."""
    first, end = film.used.start + shift, film.used.end + shift
    if first >= 0 and end <= theirs.frames:
        return ""
    missing = max(0, -first) + max(0, end - theirs.frames)
    code = frame_to_timecode(film.file.start + film.used.start, theirs.rate, drop=film.file.drop)
    return (
        f"it lacks {min(missing, film.used.frames):,} of the frames that the cut asks for, from "
        f"{code} on"
    )


def _is_evidence(by: tuple[str, ...]) -> bool:
    """Whether it is more than chance: many files begin at 00:00:00:00 or are of one length."""
    return bool({"map", "reel", "name"} & set(by)) or {"timecode", "frame count"} <= set(by)


def _weight(by: tuple[str, ...]) -> tuple[bool, ...]:
    return tuple(what in by for what in _WEIGHTS)


def _differences(film: Wanted, original: Original) -> Iterable[str]:
    mine, theirs = film.file, original.file
    if mine.frames != theirs.frames:
        more = "more" if theirs.frames > mine.frames else "fewer"
        yield f"it has {abs(theirs.frames - mine.frames):,} frames {more} than the proxy"
    if mine.channels != theirs.channels:
        yield f"it has {theirs.channels} channels of sound, the proxy {mine.channels}"
    if mine.sample_rate != theirs.sample_rate and mine.channels and theirs.channels:
        yield f"its sound is of {theirs.sample_rate:,} Hz, the proxy's of {mine.sample_rate:,}"
    shapes = [Fraction(file.width, file.height) for file in (mine, theirs)]
    if abs(shapes[0] - shapes[1]) > shapes[0] / 100:
        yield (
            f"its picture is {theirs.width}x{theirs.height}, the proxy's "
            f"{mine.width}x{mine.height}: another shape"
        )


def _stem(name: str) -> str:
    stem = name.rsplit(".", 1)[0].casefold()
    for tail in _STEMS:
        stem = stem.removesuffix(tail)
    return stem


def _per_second(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".") + " frames a second"
