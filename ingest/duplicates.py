"""Films that show the same pictures though their files differ: copies, excerpts, shared shots.

Signatures of two films are compared shot by shot: a shot is found again if at least half of its
signatures lie within `NEAR_BITS` of signatures of the other film that stand at the same distance
in time. Which films to compare is told from signatures that agree exactly in one half: of n films
with s signatures each, finding all pairs costs a sort of n s numbers, and comparing two s² steps.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog
from ingest.errors import CatalogError, NotIngested
from ingest.media import Media, MediaId

NEAR_BITS = 10
"""Of 64. Unrelated films of the validation material differ by 16 or more; of a trimmed copy, which
is sampled elsewhere in time, 95 % of the signatures lie within 10."""
SAME_SHARE = 0.7
"""Of its shots: a film of which so many are found again at one distance in time is in the other."""
SHARED_SHARE = 0.2
"""Of its shots: below it, films have only an ident or a title in common."""

Relation = Literal["same", "part", "whole", "shares"]
SPEEDS = (1.0, 25 / 24, 24 / 25, 1001 / 1000, 1000 / 1001, 25.025 / 24, 24 / 25.025)
"""Of one copy against another: PAL's, NTSC's, and both at once."""

_STEP = 0.5
"""Seconds from one bin to the next in which distances in time are counted."""
_LEAST_SIGNATURES = 2
"""A shot with fewer is too short, dark or flat to tell, and is not counted."""
_MOST_SIGNATURES = 32
"""Of one shot that are compared; more of a long one tell nothing new."""
_MOST_NEAR = 100_000
"""Near signatures that are counted of one shot; a still picture has many more, all alike."""
_MOST_BINS = 512
"""Distances in time that are kept of one shot; a still picture fits at any."""
_MOST_COMPARED = 20
"""Films that one film is compared with, those with the most in common first."""
_COMMON = 64
"""A half that more films have is one of a usual picture, and tells nothing."""
_TABLE, _INDEX = 1 << 20, np.uint64((1 << 20) - 1)
"""Entries of the table that sifts halves before they are compared."""
_HALF, _LOWER = np.uint64(32), np.uint64(0xFFFF_FFFF)


@dataclass(frozen=True, slots=True)
class FilmSignatures:
    """The signatures of one film, by its shots."""

    values: NDArray[np.uint64]
    """`(n,)`."""
    seconds: NDArray[np.float64]
    """`(n,)`, since the film's first frame."""
    shots: NDArray[np.int64]
    """`(n,)`, rising: to which shot each belongs."""


@dataclass(frozen=True, slots=True)
class Found:
    """How much of one film is found in another."""

    shots: int
    """That can tell: with at least two signatures."""
    found: int
    """Of them, anywhere in the other film."""
    in_step: int
    """Of them, at the one distance in time that fits most."""
    offset: float
    """Seconds: what is at `t` of this film is at `speed * t + offset` of the other."""
    speed: float
    """One of `SPEEDS`."""

    @property
    def share(self) -> float:
        """Of its shots that are found, 0 to 1."""
        return self.found / self.shots if self.shots else 0.0

    @property
    def share_in_step(self) -> float:
        """Of its shots that are found in step, 0 to 1."""
        return self.in_step / self.shots if self.shots else 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two films that have pictures in common."""

    first: Media
    second: Media
    of_first: Found
    """The first one's shots in the second."""
    of_second: Found

    @property
    def relation(self) -> Relation:
        """What the first is to the second: the same film, a part of it, the whole, or neither."""
        in_second = self.of_first.share_in_step >= SAME_SHARE
        in_first = self.of_second.share_in_step >= SAME_SHARE
        if in_second and in_first:
            return "same"
        return "part" if in_second else "whole" if in_first else "shares"

    @property
    def timing(self) -> tuple[float, float]:
        """Offset and speed: what is at `t` of the first is at `speed * t + offset` of the second.

        By the film of which more is found; to about half a second.
        """
        if self.of_first.share_in_step >= self.of_second.share_in_step:
            return self.of_first.offset, self.of_first.speed
        speed = 1 / self.of_second.speed
        return -self.of_second.offset * speed, speed


def film_signatures(catalog: Catalog, media: Media) -> FilmSignatures:
    """What the catalogue knows of a film's pictures.

    Raises:
        NotIngested: It was ingested before there were signatures.
    """
    found, times = catalog.signatures(media.id), catalog.frame_times(media.id)
    starts = np.array([shot.span.start for shot in catalog.shots(media.id)])
    return FilmSignatures(
        np.asarray(found.values),
        (times[found.frames] - times[0]) * float(media.time_base),
        np.searchsorted(starts, found.frames, side="right") - 1,
    )


def find_shots(film: FilmSignatures, other: FilmSignatures) -> Found:
    """Look for each shot of a film in another."""
    shots, found = 0, 0
    fits: list[tuple[int, float, NDArray[np.float64]]] = []
    edges = np.flatnonzero(np.diff(film.shots, prepend=-1, append=-1))
    for first, end in pairwise(edges.tolist()):
        if end - first < _LEAST_SIGNATURES:
            continue
        rows = np.unique(
            np.linspace(first, end - 1, min(end - first, _MOST_SIGNATURES)).astype(int)
        )
        shots += 1
        distances = _distances(film.values[rows], film.seconds[rows], other)
        if distances.size:
            found += 1
            fits.append((shots, float(film.seconds[rows].mean()), distances))
    in_step, offset, speed = _usual_distance(fits)
    return Found(shots, found, in_step, offset, speed)


def compare(catalog: Catalog, first: Media, second: Media) -> Pair | None:
    """What two films have in common; None if it is less than `SHARED_SHARE` of both."""
    one, other = film_signatures(catalog, first), film_signatures(catalog, second)
    pair = Pair(first, second, find_shots(one, other), find_shots(other, one))
    return pair if max(pair.of_first.share, pair.of_second.share) >= SHARED_SHARE else None


def duplicates_of(catalog: Catalog, media: Media) -> list[Pair]:
    """The films that have pictures in common with one, which is the first of each pair.

    Raises:
        NotIngested: It was ingested before there were signatures.
        CatalogError: A film's signatures are damaged.
    """
    wanted = _Wanted(np.asarray(catalog.signatures(media.id).values))
    shared = {
        other: wanted.count(values)
        for other, values in catalog.signature_values()
        if other != media.id
    }
    likely = [
        (count, catalog.get_media(other)) for other, (count, enough) in shared.items() if enough
    ]
    likely = sorted(likely, key=lambda found: (-found[0], found[1].id))[:_MOST_COMPARED]
    pairs = [compare(catalog, media, other) for _, other in likely]
    return sorted(filter(None, pairs), key=_by_share)


def all_duplicates(catalog: Catalog) -> tuple[list[Pair], list[Media]]:
    """Every two films that have pictures in common, and the films that were not compared.

    Those were ingested before there were signatures.

    Raises:
        CatalogError: A film's signatures are damaged.
    """
    films = {media.id: media for media in catalog.media()}
    signatures = {media: np.asarray(values) for media, values in catalog.signature_values()}
    likely = _likely_pairs(signatures)
    pairs = [compare(catalog, films[MediaId(a)], films[MediaId(b)]) for a, b in likely]
    left_out = [media for media in films.values() if media.id not in signatures]
    return sorted(filter(None, pairs), key=_by_share), left_out


def remarks_on(catalog: Catalog, media: Media) -> list[str]:
    """What a person should know of a film that was just ingested: which known ones it looks like.

    A catalogue that is damaged elsewhere is a remark too, for this film is ingested all the same.
    """
    try:
        return [_in_words(pair) for pair in duplicates_of(catalog, media)[:3]]
    except (CatalogError, NotIngested) as error:
        return [f"not compared with the other films: {str(error).splitlines()[0]}"]


def _in_words(pair: Pair) -> str:
    name, found = pair.second.name, pair.of_first
    match pair.relation:
        case "same":
            return f"looks like the same film as {name}: {found.share:.0%} of the shots"
        case "part":
            return f"looks like a part of {name}: {found.share:.0%} of the shots"
        case "whole":
            return f"seems to hold {name}: {pair.of_second.share:.0%} of its shots"
    return f"shares shots with {name}: {found.found} of {found.shots}"


def _by_share(pair: Pair) -> tuple[float, int, int]:
    largest = max(pair.of_first.share_in_step, pair.of_second.share_in_step)
    return (-largest, pair.first.id, pair.second.id)


def _distances(
    values: NDArray[np.uint64], seconds: NDArray[np.float64], other: FilmSignatures
) -> NDArray[np.float64]:
    """At which distances in time half of a shot's signatures are found, the surest first.

    Returns:
        `(2, distances)`: the distance in seconds, and how near the signatures are, 0 to 11.
    """
    bits = np.bitwise_count(values[:, None] ^ other.values[None])  # (k, m)
    row, column = np.nonzero(bits <= NEAR_BITS)
    thin = slice(None, None, 1 + len(row) // _MOST_NEAR)
    row, column = row[thin], column[thin]
    found, voters, nearness = _tally(
        row, other.seconds[column] - seconds[row], NEAR_BITS + 1.0 - bits[row, column]
    )
    enough = np.flatnonzero(2 * voters >= len(values))
    best = enough[np.argsort(-nearness[enough], kind="stable")[:_MOST_BINS]]
    return np.stack([found[best], nearness[best] / len(values)])


def _tally(
    voter: NDArray[np.int64], distance: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Distances in time by who votes for them.

    A vote counts for its bin and both neighbours, so that no edge splits a match; of several
    votes of one voter for a bin the weightiest counts.

    Returns:
        The middle of each bin in seconds, how many vote for it, and with what weight in all.
    """
    bins = np.round(distance / _STEP).astype(np.int64)
    voter, weight = np.tile(voter, 3), np.tile(weight, 3)
    bins = np.concatenate([bins - 1, bins, bins + 1])
    order = np.lexsort((-weight, voter, bins))
    voter, bins, weight = voter[order], bins[order], weight[order]
    first = (np.diff(bins, prepend=bins[:1] - 1) != 0) | (np.diff(voter, prepend=-1) != 0)
    found, start, count = np.unique(bins[first], return_index=True, return_counts=True)
    total = np.add.reduceat(weight[first], start) if len(start) else weight[:0]
    return found * _STEP, count, total


def _usual_distance(
    fits: Sequence[tuple[int, float, NDArray[np.float64]]],
) -> tuple[int, float, float]:
    """The distance in time at which most shots are found: how many, which, at which speed.

    Args:
        fits: Of each shot that is found: its number, its time, and `_distances`.
    """
    if not fits:
        return 0, 0.0, 1.0
    shot = np.concatenate([np.full(d.shape[1], n) for n, _, d in fits])
    time = np.concatenate([np.full(d.shape[1], t) for _, t, d in fits])
    distance, nearness = np.concatenate([d for _, _, d in fits], axis=1)
    best = (0, 0.0, 1.0)
    for speed in SPEEDS:
        found, shots, near = _tally(shot, distance - (speed - 1) * time, nearness)
        if shots.max() > best[0]:
            best = (int(shots.max()), _middle_of_best(found, shots, near), speed)
    return best


def _middle_of_best(
    found: NDArray[np.float64], shots: NDArray[np.int64], near: NDArray[np.float64]
) -> float:
    """The middle of the neighbouring distances that fit equally well; stills fit at several."""
    most = np.flatnonzero(shots == shots.max())
    good = most[near[most] >= 0.98 * near[most].max()]
    run = np.flatnonzero(np.diff(found[good], append=np.inf) > 1.5 * _STEP)[0]
    return float(found[good[: run + 1]].mean())


class _Wanted:
    """The halves of one film's signatures, to be looked for in those of many others."""

    def __init__(self, values: NDArray[np.uint64]) -> None:
        self._signatures = len(values)
        self._halves = _halves(values)
        self._tables = [np.zeros(_TABLE, bool) for _ in self._halves]
        for table, half in zip(self._tables, self._halves, strict=True):
            table[half & _INDEX] = True

    def count(self, values: NDArray[np.uint64]) -> tuple[int, bool]:
        """How many different halves another film has too, and whether that is above chance."""
        count = 0
        both = values >> _HALF, values & _LOWER
        for half, table, wanted in zip(both, self._tables, self._halves, strict=True):
            some = np.unique(half[table[half & _INDEX]])  # nearly all are gone
            place = np.minimum(np.searchsorted(wanted, some), max(0, len(wanted) - 1))
            count += int((wanted[place] == some).sum()) if len(some) else 0
        return count, count >= _above_chance(self._signatures, len(values))


def _halves(values: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The different upper and lower halves of signatures, sorted."""
    return np.unique(values >> _HALF), np.unique(values & _LOWER)


def _above_chance(signatures: int, others: int) -> int:
    """How many halves two films must have in common to be compared.

    Of random signatures `2 n m / 2³²` are common, and hardly ever 10 standard deviations more.
    """
    chance = 2 * signatures * others / 2**32
    return 1 + int(chance + 10 * chance**0.5)


def _likely_pairs(signatures: Mapping[MediaId, NDArray[np.uint64]]) -> list[tuple[int, int]]:
    """The pairs of films with more halves in common than by chance, the smaller id first."""
    films = sorted(signatures)
    counts: Counter[tuple[int, int]] = Counter()
    for which in (0, 1):
        parts = [
            (_halves(signatures[film])[which] << _HALF) | np.uint64(number)
            for number, film in enumerate(films)
        ]
        counts.update(_pairs_in_runs(np.sort(np.concatenate([np.zeros(0, np.uint64), *parts]))))
    likely = [
        (films[a], films[b])
        for (a, b), count in counts.items()
        if count >= _above_chance(len(signatures[films[a]]), len(signatures[films[b]]))
    ]
    return sorted(likely)


def _pairs_in_runs(halves: NDArray[np.uint64]) -> dict[tuple[int, int], int]:
    """How many halves each two films have in common.

    Args:
        halves: Sorted; a half, and below it the number of a film that has it.
    """
    value, film = halves >> _HALF, (halves & _LOWER).astype(np.int64)
    first = np.flatnonzero(np.diff(value, prepend=value[:1] + np.uint64(1)))
    length = np.diff(first, append=len(value))
    tells = np.repeat((length > 1) & (length <= _COMMON), length)
    value, film = value[tells], film[tells]
    counts: Counter[tuple[int, int]] = Counter()
    for apart in range(1, _COMMON):
        same = value[apart:] == value[:-apart]
        if not same.any():
            break
        pair, count = np.unique(
            np.stack([film[:-apart][same], film[apart:][same]]), axis=1, return_counts=True
        )
        counts.update(dict(zip(map(tuple, pair.T.tolist()), count.tolist(), strict=True)))
    return counts
