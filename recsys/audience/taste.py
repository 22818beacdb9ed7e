"""Which pictures suit a segment: a direction among embeddings, from what its users watch more of.

Embeddings come as a table, of titles or of their shots, so that nothing here knows footage.
Whoever has the embeddings of other shots can rank them, and the cuts made of them, by how far they
lie in that direction. It says what a segment has watched, not what it would have liked to see.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from recsys.errors import NoUsableRows
from recsys.interactions import Floats, played
from recsys.viewing_log import FROM_SECONDS, ITEM, TO_SECONDS, USER

Doubles = npt.NDArray[np.float64]

VECTOR = "vector"
FEWEST_VIEWERS = 5


@dataclass(frozen=True, slots=True)
class Taste:
    """What one group of users watches more of than everyone does."""

    direction: Floats
    """`(dim,)`, unit length."""
    centre: Floats
    """`(dim,)`: the mean of what everyone watches, each vector of unit length."""
    viewers: int
    """Users of the group on whose plays it rests."""
    known: int
    """Titles or shots with an embedding that anybody watched."""

    def fit(self, vectors: Floats) -> Doubles:
        """How far each lies towards the taste: the cosine from the centre, -1 to 1.

        Args:
            vectors: `(n, dim)`, in the space of the embeddings that the taste was learned from.

        Raises:
            ValueError: They are of another dimension.
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.direction):
            told = f"{vectors.shape = } does not fit a taste of dimension {len(self.direction)}"
            raise ValueError(told)
        away = _unit(_unit(vectors) - self.centre)
        return np.asarray(away @ self.direction, np.float64)

    def fit_of_cut(self, vectors: Floats, seconds: Doubles) -> float:
        """The mean fit of a cut's shots, by how long each is shown.

        Args:
            vectors: `(shots, dim)`.
            seconds: `(shots,)`, > 0.
        """
        return float(np.average(self.fit(vectors), weights=seconds))


def segment_taste(log: pl.DataFrame, embeddings: pl.DataFrame, users: set[str]) -> Taste:
    """The taste of some users, against everyone's.

    Each user counts as much as any other: the shares of their watching that went to each title, or
    of their seconds that went to each shot, are averaged over the users of the group and over all.
    The taste is the mean embedding by the one less the mean by the other.

    Args:
        log: With the columns of `viewing_log.SCHEMA`.
        embeddings: `item` and `vector`, lists of one length; for shots also `from_seconds` and
            `to_seconds`, on the title's time.
        users: Those of the group.

    Raises:
        NoUsableRows: Too few of the users watched anything that has an embedding, or they watch
            just what everyone does.
    """
    shares = _shares(log, embeddings)
    viewers = shares[USER].unique()
    own = int(viewers.is_in(list(users)).sum())
    if own < FEWEST_VIEWERS:
        told = f"{own} of its users watched what has an embedding; it needs {FEWEST_VIEWERS}"
        raise NoUsableRows("the taste", told)
    vectors = _unit(np.array(embeddings[VECTOR].to_list(), np.float32))
    everyone, group = np.zeros(len(vectors)), np.zeros(len(vectors))
    for weight, rows in (
        (everyone, shares),
        (group, shares.filter(pl.col(USER).is_in(list(users)))),
    ):
        np.add.at(weight, rows["place"].to_numpy(), rows["share"].to_numpy())
    centre = everyone @ vectors / everyone.sum()
    away = group @ vectors / group.sum() - centre
    length = float(np.linalg.norm(away))
    if length < 1e-6:
        raise NoUsableRows("the taste", "its users watch just what everyone watches")
    return Taste(
        direction=np.asarray(away / length, np.float32),
        centre=np.asarray(centre, np.float32),
        viewers=own,
        known=int((everyone > 0).sum()),
    )


def _shares(log: pl.DataFrame, embeddings: pl.DataFrame) -> pl.DataFrame:
    """`user, place, share`: the part of each user's watching that went to each embedding."""
    rows = embeddings.drop(VECTOR).with_row_index("place")
    plays = played(log).filter(pl.col(ITEM).is_in(embeddings[ITEM].unique().to_list()))
    if FROM_SECONDS in embeddings.columns:
        shots = rows.rename({FROM_SECONDS: "begins", TO_SECONDS: "ends"})
        told = plays.select(USER, ITEM, FROM_SECONDS, TO_SECONDS).drop_nulls()
        overlap = pl.min_horizontal(TO_SECONDS, "ends") - pl.max_horizontal(FROM_SECONDS, "begins")
        watched = (
            told.lazy()
            .join(shots.lazy(), on=ITEM)
            .select(USER, "place", overlap.alias("seconds"))
            .filter(pl.col("seconds") > 0)
            .group_by(USER, "place")
            .agg(pl.col("seconds").sum())
            .collect(engine="streaming")
        )
    else:
        titles = plays.select(USER, ITEM).unique()
        watched = titles.join(rows, on=ITEM).select(USER, "place", pl.lit(1.0).alias("seconds"))
    share = pl.col("seconds") / pl.col("seconds").sum().over(USER)
    return watched.select(USER, "place", share.alias("share")).sort(USER, "place")


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
