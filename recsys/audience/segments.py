"""Users grouped by what they watch, each group named by what sets it apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from recsys.errors import NoUsableRows
from recsys.interactions import Floats, Interactions, Ints
from recsys.viewing_log import GENRE, ITEM, TITLE

Doubles = npt.NDArray[np.float64]

MOST_SEGMENTS = 8
SILHOUETTE_USERS = 2000
TELLING_LIFT = 1.2
"""A genre or title names a segment only when it is watched this many times as much as overall."""
FEWEST_VIEWERS = 5
"""A title watched by fewer users of a segment says nothing about it."""


@dataclass(frozen=True, slots=True)
class Favourite:
    """A genre or a title that a segment watches more than others do."""

    name: str
    lift: float
    """The segment's share over everyone's."""


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


@dataclass(frozen=True, slots=True)
class Segmentation:
    """All segments, largest first, and who is in which."""

    segments: list[Segment]
    members: dict[str, int]
    """Each user's segment, by its place in `segments`."""
    silhouette: float
    """-1 to 1; how well the segments are parted (Rousseeuw 1987)."""


def find_segments(
    interactions: Interactions,
    vectors: Floats,
    titles: pl.DataFrame,
    *,
    count: int | None = None,
    seed: int = 0,
) -> Segmentation:
    """Group users by k-means over the directions of their vectors.

    Args:
        interactions: What the users watched.
        vectors: `(users, dim)`, as a model represents them; only their direction is used, since
            their length says mostly how much a user watches.
        titles: With the columns of `viewing_log.TITLE_SCHEMA`; may be empty.
        count: How many segments; None takes the number, 2 to 8, of the best silhouette.
        seed: Of k-means.

    Raises:
        NoUsableRows: There are fewer kinds of users than segments.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, 1e-12)
    kinds = len(np.unique(unit.round(5), axis=0))
    if kinds <= (count or 2):
        raise NoUsableRows("the grouping of users", f"there are only {kinds} kinds of users")
    counts = (count,) if count else range(2, min(MOST_SEGMENTS, kinds - 1) + 1)
    silhouette, labels = max(
        (_grouped(unit, number, seed) for number in counts), key=lambda grouping: grouping[0]
    )
    order = np.argsort(-np.bincount(labels), kind="stable")  # largest first
    places = np.argsort(order)[labels]
    return Segmentation(
        segments=_described(interactions, places, len(order), titles),
        members=dict(zip(interactions.users, places.tolist(), strict=True)),
        silhouette=silhouette,
    )


def _grouped(unit: Floats, count: int, seed: int) -> tuple[float, Ints]:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    if count == 1:
        return 0.0, np.zeros(len(unit), np.int64)
    labels = KMeans(count, n_init=10, random_state=seed).fit_predict(unit)
    size = min(SILHOUETTE_USERS, len(unit))
    judged = silhouette_score(unit, labels, sample_size=size, random_state=seed)
    return float(judged), labels.astype(np.int64)


def _described(
    interactions: Interactions, places: Ints, count: int, titles: pl.DataFrame
) -> list[Segment]:
    watched = interactions.matrix()  # (users, items)
    member = np.zeros((count, len(places)), np.float32)
    member[places, np.arange(len(places))] = 1
    viewers = np.asarray(member @ watched, np.float64)  # (segments, items)
    genre_of = dict(titles.select(ITEM, GENRE).drop_nulls().iter_rows())
    title_of = dict(titles.select(ITEM, TITLE).drop_nulls().iter_rows())
    sizes = np.bincount(places, minlength=count)
    segments: list[Segment] = []
    for place in range(count):
        genres = _genre_lifts(viewers, place, interactions.items, genre_of)
        names = [title_of.get(item, item) for item in interactions.items]
        favourites = _title_lifts(viewers, sizes, place, names)
        name = _name(genres, favourites)
        taken = sum(segment.name.split(" · ")[0] == name for segment in segments)
        segments.append(
            Segment(
                name=f"{name} · {taken + 1}" if taken else name,
                size=int(sizes[place]),
                share=float(sizes[place] / len(places)),
                genres=genres,
                titles=favourites,
            )
        )
    return segments


def _genre_lifts(
    viewers: Doubles, place: int, items: tuple[str, ...], genre_of: Mapping[str, str]
) -> list[Favourite]:
    """A genre's share of the segment's viewing over its share of everyone's."""
    genres = np.array([genre_of.get(item, "") for item in items])
    lifts = []
    for genre in np.unique(genres[genres != ""]):
        of_genre = genres == genre
        here = viewers[place, of_genre].sum() / max(viewers[place].sum(), 1)
        overall = viewers[:, of_genre].sum() / viewers.sum()
        lifts.append(Favourite(str(genre), float(here / overall)))
    return sorted(lifts, key=lambda favourite: (-favourite.lift, favourite.name))


def _title_lifts(
    viewers: Doubles,
    sizes: Ints,
    place: int,
    names: list[str],
    *,
    most: int = 5,
) -> list[Favourite]:
    """The share of the segment's users who watched a title over that of all users."""
    overall = viewers.sum(axis=0) / sizes.sum()
    lift = viewers[place] / sizes[place] / overall
    lift[viewers[place] < FEWEST_VIEWERS] = 0
    best = [n for n in np.argsort(-lift, kind="stable")[:most] if lift[n] > 1]
    return [Favourite(names[n], float(lift[n])) for n in best]


def _name(genres: list[Favourite], titles: list[Favourite]) -> str:
    telling = [genre.name for genre in genres[:2] if genre.lift >= TELLING_LIFT]
    if telling:
        return " and ".join(telling)
    if titles and titles[0].lift >= TELLING_LIFT:
        return f"Viewers of {titles[0].name}"
    return "Everyone else"
