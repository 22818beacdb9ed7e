"""Briefs: what an editor says in seconds, as exact frames.

Lengths round to the nearest frame, halves up; the bounds of a shot round inwards, so that no shot
is shorter or longer than was said.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from editing.cut import Act, Aspect, Brief, CutKind, Exclusion, Music, Speech
from ingest.timecode import FrameRange

MEASURED_ACTS = (
    Act(Fraction(33, 100), Fraction(42, 100)),
    Act(Fraction(53, 100), Fraction(30, 100)),
    Act(Fraction(1), Fraction(28, 100), most=Fraction(35, 100)),
)
"""How real trailers share their shots out: 42 % from before the film's second turning point, 30 %
from there to the third, 28 % from the rest (Papalampidi, Keller and Lapata, Film trailer generation
via task decomposition, 2021, appendix D; the turning points lie where they do on average in their
TRIPOD synopses). That the rest may never fill more than 35 % is our choice."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a kind of cut is like unless it is said otherwise."""

    shot_seconds: tuple[Fraction, Fraction]
    spoiler_free: Fraction
    max_similarity: float
    acts: tuple[Act, ...]
    pacing: Fraction


_KINDS: dict[CutKind, _Kind] = {
    # Trailers since the 1990s have 38 cuts a minute (Wired, 154 trailers, 2013), 1.6 s a shot.
    "trailer": _Kind((Fraction(1), Fraction(4)), Fraction(9, 10), 0.9, MEASURED_ACTS, Fraction(2)),
    # A teaser shows mood before story: nothing of the last third, and no order of acts.
    "teaser": _Kind((Fraction(1), Fraction(4)), Fraction(2, 3), 0.9, (), Fraction(1)),
    "tv-spot": _Kind(
        (Fraction(1, 2), Fraction(5, 2)), Fraction(9, 10), 0.9, MEASURED_ACTS, Fraction(3, 2)
    ),
    "rough": _Kind((Fraction(2), Fraction(12)), Fraction(1), 0.95, (), Fraction(1)),
    # A recap tells what happened to people who have seen it: all of the film, the end too.
    "recap": _Kind((Fraction(1), Fraction(6)), Fraction(1), 0.9, (), Fraction(1)),
    "highlights": _Kind((Fraction(2), Fraction(8)), Fraction(1), 0.9, (), Fraction(1)),
}
_HANDLE_SECONDS = Fraction(1, 12)
"""Two frames at 24 a second: a cut found one frame late leaves no flash of the next shot."""
_LEAD_SECONDS = Fraction(1, 2)
"""Long enough for the end of most words, too short to wonder whose voice it is."""
_FADE_MS = 10
"""Takes a click away and cannot be heard as a fade."""


def default_brief(
    kind: CutKind,
    seconds: Fraction,
    rate: Fraction,
    *,
    min_shot: Fraction | None = None,
    max_shot: Fraction | None = None,
    spoiler_free: Fraction | None = None,
    similarity: Fraction | None = None,
    handles: Fraction | None = None,
    aspect: Aspect = "source",
    acts: Sequence[Act] | None = None,
    pacing: Fraction | None = None,
    include: Sequence[FrameRange] = (),
    exclude: Sequence[Exclusion] = (),
    speech: Speech = "avoid",
    music: Music | None = None,
    lead: Fraction | None = None,
    fade_ms: int | None = None,
) -> Brief:
    """The brief of a kind of cut; what is None is as that kind usually is.

    Args:
        kind: What is made.
        seconds: How long it is, above 0.
        rate: Frames per second of the media.
        min_shot: Seconds of the shortest slot.
        max_shot: Seconds of the longest slot.
        spoiler_free: Share of the film that may be shown.
        similarity: Cosine above which two shots are too alike; 1 lets any two in.
        handles: Seconds kept free at both ends of a shot.
        aspect: The shape of the picture.
        acts: Parts of the film and their shares; none for equal parts.
        pacing: How many times as long slots are at the beginning as at the end.
        include: On the film's grid, in any order; those that touch or overlap become one.
        exclude: On the film's grid.
        speech: What becomes of cuts within speech.
        music: Whose beats slots join on.
        lead: Seconds by which sound and picture may be cut apart.
        fade_ms: Of the sound at every join.

    Raises:
        ValueError: The numbers make no brief.
    """
    usual = _KINDS[kind]
    shortest, longest = usual.shot_seconds
    shortest = shortest if min_shot is None else min_shot
    longest = max(longest, shortest) if max_shot is None else max_shot
    if min_shot is None:
        shortest = min(shortest, longest)
    return Brief(
        kind,
        frames=frames_in(seconds, rate),
        min_shot=max(1, math.ceil(shortest * rate)),
        max_shot=math.floor(longest * rate),
        spoiler_free=usual.spoiler_free if spoiler_free is None else spoiler_free,
        max_similarity=usual.max_similarity if similarity is None else float(similarity),
        handle=frames_in(_HANDLE_SECONDS if handles is None else handles, rate),
        aspect=aspect,
        acts=usual.acts if acts is None else tuple(acts),
        pacing=usual.pacing if pacing is None else pacing,
        include=joined(include),
        exclude=tuple(exclude),
        speech=speech,
        music=music,
        lead=frames_in(_LEAD_SECONDS if lead is None else lead, rate),
        fade_ms=_FADE_MS if fade_ms is None else fade_ms,
    )


def joined(spans: Sequence[FrameRange]) -> tuple[FrameRange, ...]:
    """The same frames, in ranges that rise and do not touch."""
    found: list[FrameRange] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            last = found.pop()
            found.append(FrameRange(last.start, max(last.end, span.end)))
        else:
            found.append(span)
    return tuple(found)


def frames_in(seconds: Fraction, rate: Fraction) -> int:
    """The nearest whole number of frames to `seconds` at `rate`; halves round up."""
    return math.floor(seconds * rate + Fraction(1, 2))


def pace(brief: Brief) -> int:
    """Frames that a shot of this brief lasts if nothing speaks against it.

    The geometric mean of the bounds, so that half and twice the pace are equally far:
    2 s between 1 and 4, 4.9 s between 2 and 12.
    """
    return round(math.sqrt(brief.min_shot * brief.max_shot))


def in_words(frames: int, rate: Fraction) -> str:
    """A length for people: `30.0 s (720 frames)`."""
    return f"{float(frames / rate):.2f} s ({frames:,} frame{'s' if frames != 1 else ''})"
