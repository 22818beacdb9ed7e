"""Users grouped by what they watch, each group named by what sets it apart."""

from dataclasses import asdict, dataclass, field

import numpy as np
import polars as pl

from recsys.audience.grouping import GroupCount, grouped
from recsys.audience.portrait import Favourite, Portrait, portraits, strongest
from recsys.audience.steadiness import Steadiness
from recsys.errors import NoUsableRows
from recsys.interactions import Floats, Interactions, Ints

__all__ = ["Favourite", "Segment", "Segmentation", "find_segments"]

SILHOUETTE_USERS = 2000
TELLING_LIFT = 1.2
"""A genre or title names a segment only when it is watched this many times as much as overall."""
ALL = "All viewers"
"""The name of the only segment, where there are no groups."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A group of users."""

    name: str
    size: int
    """Users."""
    share: float
    """Of all users."""
    genres: list[Favourite]
    """By lift; empty where no genres are known."""
    titles: list[Favourite]
    """By lift."""
    hours: list[Favourite] = field(default_factory=list)
    """Parts of the day (UTC) by lift; empty where times are not told."""
    devices: list[Favourite] = field(default_factory=list)
    """By lift; empty where devices are not told."""
    steadiness: Steadiness | None = None
    """Whether its users stay in it; None where that was not measured."""

    def traits(self) -> list[Favourite]:
        """Whatever sets it apart beyond chance: genres, hours and devices, then titles."""
        kinds = (self.genres, self.hours, self.devices, self.titles)
        return [one for kind in kinds for one in kind if one.apart and one.lift > 1]


@dataclass(frozen=True, slots=True)
class Segmentation:
    """All segments, largest first, and who is in which."""

    segments: list[Segment]
    members: dict[str, int]
    """Each user's segment, by its place in `segments`."""
    silhouette: float
    """-1 to 1; how well the segments are parted (Rousseeuw 1987); 0 for one segment."""
    number: GroupCount | None = None
    """How their number was told; None where it was asked for."""
    steadiness: Steadiness | None = None
    """Of all users together; None where it was not measured."""

    def as_json(self) -> dict[str, object]:
        """Plain values; `number` says how the number of segments was told, if it was not given."""
        number = self.number
        return {
            "number": None if number is None else {**asdict(number), "reason": number.reason()},
            "silhouette": self.silhouette,
            "steadiness": None if self.steadiness is None else asdict(self.steadiness),
            "segments": [asdict(segment) for segment in self.segments],
        }

    def labels(self, users: tuple[str, ...]) -> Ints:
        """`(users,)`: the segment of each user of the log."""
        return np.array([self.members[user] for user in users], np.int64)


def find_segments(
    interactions: Interactions,
    vectors: Floats,
    titles: pl.DataFrame,
    *,
    count: int,
    seed: int = 0,
    log: pl.DataFrame | None = None,
    number: GroupCount | None = None,
) -> Segmentation:
    """Group users by k-means over the directions of their vectors.

    Args:
        interactions: What the users watched.
        vectors: `(users, dim)`, as a model represents them; only their direction is used, since
            their length says mostly how much a user watches.
        titles: With the columns of `viewing_log.TITLE_SCHEMA`; may be empty.
        count: How many segments, at least 1.
        seed: Of k-means.
        log: The rows behind the interactions, for hours and devices.
        number: How `count` was told.

    Raises:
        NoUsableRows: There are fewer kinds of users than segments.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
    kinds = len(np.unique(unit.round(5), axis=0))
    if count > 1 and kinds <= count:
        raise NoUsableRows("the grouping of users", f"there are only {kinds} kinds of users")
    labels = grouped(unit, count, seed)[1] if count > 1 else np.zeros(len(unit), np.int64)
    order = np.argsort(-np.bincount(labels, minlength=count), kind="stable")  # largest first
    places = np.argsort(order)[labels]
    return Segmentation(
        segments=_described(interactions, places, count, titles, log),
        members=dict(zip(interactions.users, places.tolist(), strict=True)),
        silhouette=_silhouette(unit, labels, seed),
        number=number,
    )


def _silhouette(unit: Floats, labels: Ints, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    chosen = np.arange(len(unit))
    if len(unit) > SILHOUETTE_USERS:
        chosen = np.random.default_rng(seed).choice(len(unit), SILHOUETTE_USERS, replace=False)
    if not 1 < len(np.unique(labels[chosen])) < len(chosen):
        return 0.0
    return float(silhouette_score(unit[chosen], labels[chosen]))


def _described(
    interactions: Interactions,
    places: Ints,
    count: int,
    titles: pl.DataFrame,
    log: pl.DataFrame | None,
) -> list[Segment]:
    sizes = np.bincount(places, minlength=count)
    segments: list[Segment] = []
    taken: dict[str, int] = {}
    for place, told in enumerate(portraits(interactions, places, count, titles, log)):
        name = ALL if count == 1 else _name(told)
        taken[name] = taken.get(name, 0) + 1
        segments.append(
            Segment(
                name=f"{name} · {taken[name]}" if taken[name] > 1 else name,
                size=int(sizes[place]),
                share=float(sizes[place] / len(places)),
                genres=told.genres,
                titles=told.titles,
                hours=told.hours,
                devices=told.devices,
            )
        )
    return segments


def _name(told: Portrait) -> str:
    genres = strongest(told.genres[:2], TELLING_LIFT)
    if genres:
        return " and ".join(genres)
    titles = strongest(told.titles[:1], TELLING_LIFT)
    return f"Viewers of {titles[0]}" if titles else "Everyone else"
