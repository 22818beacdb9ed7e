"""Films that cuts are made of in `cut_faults`: their shots, and what is known of them by eye."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from editing.cut import Slot, SlotSound
from editing.faults.film import FilmSeen
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

FADED = SlotSound(fade_ms=10)
"""A join of the sound as careful editors make it: two sounds that are put end to end may click."""
SAME_SETUP: dict[str, tuple[tuple[int, ...], ...]] = {
    "bbb_first_part": (
        *((13, 15), (10, 16), (24, 26, 28, 30, 32, 34), (27, 29, 31), (25, 33), (36, 49)),
        *((42, 44), (43, 45), (38, 40), (51, 53), (67, 69)),
    ),
    "bbb_trailer_moviepy": ((9, 11),),
}
"""Shots, from 0, that are of one set-up."""
MAYBE_SAME: dict[str, tuple[tuple[int, ...], ...]] = {
    "bbb_first_part": (
        *((25, 33, 36, 49), (35, 37), (41, 43, 45, 47), (27, 29, 31, 38, 40, 48), (20, 22)),
        *((4, 5), (50, 52, 54), (60, 64, 66), (17, 18), (66, 67, 69), (9, 13, 15)),
    ),
    "bbb_trailer_moviepy": ((2, 3), (4, 5, 6), (12, 13)),
    "psd_testvideo": ((1, 5),),
}
"""Shots of which people may disagree: a jump cut reported between them counts neither way."""
SPOKEN = "nasa_13013"
"""The film in which somebody speaks all the time: no cut of it is clean, nor of its pieces."""
BLIND = {
    "montage_dev": ((96, 96), (170, 171), (964, 965), (1266, 1267)),
    "psd_testvideo": ((0, 30), (180, 226), (347, 409), (680, 720)),
    "bbb_trailer_moviepy": ((0, 60), (228, 254), (325, 350), (1117, 1323)),
}
"""Frames with flashes, titles on black and fades of the films' own, first and last."""


Gone = Callable[[Sequence[Slot], int], bool]
"""Of the slots of a repaired cut, and the number of the slot that a fault was planted in: whether
the fault is gone, by what was done to plant it and not by any search."""


@dataclass(slots=True)
class Part:
    """A slot to be, and what is wrong with it, at frames counted from its first."""

    slot: Slot
    setup: tuple[str, int]
    """Film and group of shots: parts of one are of one set-up."""
    maybe: frozenset[tuple[str, int]] = frozenset()
    faults: list[tuple[str, int, int, str, Gone]] = field(default_factory=list)
    """Kind, frame, frames, strength, and whether a repair took it away."""


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames of one shot that may be cut from."""

    index: int
    span: FrameRange
    hard_before: bool
    hard_after: bool
    setup: tuple[str, int]
    maybe: frozenset[tuple[str, int]]


class RealFilm:
    """An ingested film to cut from."""

    def __init__(
        self, catalog: Catalog, media: Media, span: tuple[int, int], truth: Path | None = None
    ) -> None:
        """Know the shots of `media` within frames `span`.

        Args:
            catalog: Holds it.
            media: The film.
            span: First frame, and the one after the last, that may be shown.
            truth: JSON that tells of which pieces of which films it was made, where it was.
        """
        self.media, self.seen = media, FilmSeen.of(catalog, media)
        name = Path(media.name).stem
        blind = BLIND.get(name, ())
        groups, found = _Groups(name, truth), list[Shot]()
        self.setups: dict[int, tuple[str, int]] = {
            index: groups.of(index, shot.start)[0]
            for index, shot in enumerate(self.seen.shots)
            if shot is not None
        }
        """Of every shot, those too that nothing is cut from here: a repair may."""
        for index, shot in enumerate(self.seen.shots):
            if shot is None or shot.start < span[0] or shot.end > span[1]:
                continue
            mixed = self.seen.mixed[shot.start : shot.end]
            first = shot.start + (int(np.argmin(mixed)) if mixed[0] else 0)
            last = shot.end - (int(np.argmin(mixed[::-1])) if mixed[-1] else 0)
            barred = any(a < last + 4 and first - 4 <= b for a, b in blind)
            barred |= SPOKEN in groups.of(index, first)[0]
            if last - first < 0.8 * self.media.rate or barred:
                continue
            hard = [not self.seen.mixed[max(0, e - 4) : e + 4].any() for e in (first, last)]
            found.append(
                Shot(index, FrameRange(first, last), hard[0], hard[1], *groups.of(index, first))
            )
        self.shots = found

    def part(self, shot: Shot, frames: int, *, at_end: bool) -> Part:
        """So many frames of a shot, from its first on or up to its last."""
        start = shot.span.end - frames if at_end else shot.span.start
        source = FrameRange(start, start + frames)
        slot = Slot(self.media.id, shot.index, source, 0.0, (), sound=FADED)
        return Part(slot, shot.setup, shot.maybe)


class _Groups:
    """Which shots of a film are of one set-up."""

    def __init__(self, name: str, truth: Path | None) -> None:
        self.name = name
        pieces = json.loads(truth.read_text()).get("source", []) if truth else []
        self.pieces = [(at, Path(film).stem, first) for at, film, first, _ in pieces]
        self.bounds: list[int] = []

    def of(self, index: int, first: int) -> tuple[tuple[str, int], frozenset[tuple[str, int]]]:
        name, shot = self.name, index
        if self.pieces:
            _, name, frame = max(p for p in self.pieces if p[0] <= first + 2)
            shot = _bbb_shot(frame + 2) if name == "bbb_first_part" else 0
        same = [min(group) for group in SAME_SETUP.get(name, ()) if shot in group]
        maybe = [i for i, group in enumerate(MAYBE_SAME.get(name, ())) if shot in group]
        return (name, same[0] if same else shot), frozenset((name, i) for i in maybe)


_BBB_EDGES: list[int] = []


def know_bbb(truth: Path) -> None:
    """Read where the shots of bbb_first_part begin, of which montage_dev is made."""
    known = json.loads(truth.read_text())
    edges = [0, *known["hard"], *(b for _, b, _ in known["gradual"])]
    _BBB_EDGES[:] = sorted(edges)


def _bbb_shot(frame: int) -> int:
    return sum(edge <= frame for edge in _BBB_EDGES) - 1
