"""Titles that nobody has watched yet, ranked by what they are like.

A title without plays takes its score from the known titles nearest to it by a table of embeddings
that is handed in (of pictures, of texts: the model does not ask). Known titles keep their scores.
It is the attribute-to-item mapping of Z. Gantner et al., Learning Attribute-to-Feature Mappings for
Cold-Start Recommendations, ICDM 2010, section 4.1 (k nearest neighbours), on scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from scipy import sparse

from recsys.context import Context
from recsys.errors import NoUsableRows
from recsys.interactions import Floats, Interactions, Ints
from recsys.metrics import Hits
from recsys.models.model import Progress, Recommender, State, quiet
from recsys.viewing_log import ITEM

BASE = "base"
VECTOR = "vector"
"""The column of a table of embeddings that holds lists of numbers, all of one length."""


@dataclass(frozen=True, slots=True)
class ContentConfig:
    """How new titles are placed among known ones."""

    base: str = "ease"
    """The model of the known titles."""
    base_config: Mapping[str, Any] = field(default_factory=dict)
    neighbours: int = 10
    """Known titles that a new one takes its score from."""

    def __post_init__(self) -> None:
        from recsys.models.registry import check_settings

        check_settings(self.base, self.base_config)


class ContentModel(Recommender):
    """Another model, and beside its titles those that only a table of embeddings knows."""

    name = "content"
    config_type = ContentConfig
    reads_context = True

    @classmethod
    def around(cls, base: Recommender, embeddings: pl.DataFrame, neighbours: int = 10) -> Self:
        """Place the titles of a table that a fitted model does not know.

        Args:
            base: Fitted.
            embeddings: `item` and `vector`; known titles without a row are nobody's neighbours.
            neighbours: At least 1.

        Raises:
            NoUsableRows: None of the known titles has an embedding.
            ValueError: The vectors differ in length, are not all finite, or one is all 0.
        """
        model = cls(ContentConfig(base.name, _plain_config(base), neighbours))
        rows = dict(embeddings.select(ITEM, VECTOR).iter_rows())
        known = [place for place, item in enumerate(base.items) if item in rows]
        new = sorted(set(rows) - set(base.items))
        if not known:
            raise NoUsableRows("the table of embeddings", "no title of the log is in it")
        near = nearest_known(
            _unit([rows[base.items[place]] for place in known]),
            _unit([rows[item] for item in new]),
            neighbours,
        )  # (new, known)
        places = sparse.csr_array(
            (np.ones(len(known), np.float32), (np.arange(len(known)), known)),
            shape=(len(known), len(base.items)),
        )
        model._take(base, (*base.items, *new), sparse.csr_array(near @ places))
        return model

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> Self:
        """The base with more interactions; what is still new keeps its neighbours.

        Of those, titles that are in the log no more are left out, and so is a new title that has
        none left.
        """
        return self._around_again(self.base.updated(interactions, on_progress))

    def refitted(self, interactions: Interactions, on_progress: Progress = quiet) -> Self:
        """As `updated`, with a base that knows nothing from before."""
        return self._around_again(self.base.refitted(interactions, on_progress))

    def _around_again(self, base: Recommender) -> Self:
        number = base.numbers
        old = self.base.items
        known = [place for place, item in enumerate(old) if item in number]
        moved = sparse.csr_array(
            (np.ones(len(known), np.float32), (known, [number[old[place]] for place in known])),
            shape=(len(old), len(base.items)),
        )
        near = sparse.csr_array(self.near @ moved)
        total = np.asarray(near.sum(axis=1)).ravel()
        new = self.items[len(old) :]
        still = [place for place, item in enumerate(new) if item not in number and total[place] > 0]
        other = type(self)(self.config)
        items = (*base.items, *(new[place] for place in still))
        even = sparse.diags_array(1 / total[still])
        other._take(base, items, sparse.csr_array(even @ near[still], dtype=np.float32))
        return other

    def contributions(self, history: Ints, items: Ints, context: Context | None = None) -> Floats:
        """A new title's are those of its neighbours, as its score is; watched, it adds nothing."""
        size = len(self.base.items)
        told, inside = self._known_part(history, context or Context())
        of_known = np.zeros((len(history), size), np.float32)
        if inside.any():
            of_known[inside] = self.base.contributions(history[inside], np.arange(size), told)
        return np.asarray(self._extended(of_known)[:, items], np.float32)

    def _take(self, base: Recommender, items: tuple[str, ...], near: "sparse.csr_array") -> None:
        self.base, self.items, self.near = base, items, near
        self._histories = {user: base.history(user) for user in base.users}
        self._contexts = {user: base.context(user) for user in base.users if base.reads_context}
        self.devices = base.devices
        self._popular = self._extended(base.score_histories([np.empty(0, np.int64)]))[0]

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        """The base alone: there are no new titles until `around` is given a table of them."""
        from recsys.models.registry import make_model

        base = make_model(self.config.base, **self.config.base_config)
        base.fit(interactions, on_progress)
        self._take(base, base.items, sparse.csr_array((0, len(base.items)), dtype=np.float32))

    def _score(self, histories: Sequence[Ints]) -> Floats:
        return self._score_within(histories, [Context()] * len(histories))

    def _score_within(self, histories: Sequence[Ints], contexts: Sequence[Context]) -> Floats:
        told, kept = [], []
        for history, context in zip(histories, contexts, strict=True):
            known, inside = self._known_part(history, context)
            told.append(known)
            kept.append(history[inside])
        return self._extended(self.base.score_histories(kept, told))

    def _known_part(self, history: Ints, context: Context) -> tuple[Context, Hits]:
        """The context without titles that the base does not know; `(history,)`, which it knows."""
        inside = history < len(self.base.items)
        passed = context.passed[context.passed < len(self.base.items)]
        return replace(context.of_titles(inside), passed=passed), inside

    def _extended(self, scores: Floats) -> Floats:
        """`(rows, known)` to `(rows, items)`."""
        return np.asarray(np.hstack([scores, scores @ self.near.T]), np.float32)

    def _state(self) -> State:
        return {
            "values": self.near.data,
            "columns": self.near.indices,
            "starts": self.near.indptr,
        }

    def _save_parts(self, folder: Path) -> None:
        (folder / BASE).mkdir()
        self.base.save(folder / BASE)

    def _restore(self, state: State) -> None:
        self._parts = state

    def _restore_parts(self, folder: Path) -> None:
        from recsys.models.registry import model_type

        self.base = model_type(self.config.base).load(folder / BASE)
        known = len(self.base.items)
        if self.items[:known] != self.base.items:
            raise ValueError("the known titles are not those of the base")
        parts = self._parts
        near = sparse.csr_array(
            (parts["values"], parts["columns"], parts["starts"]),
            shape=(len(self.items) - known, known),
        )
        near.check_format()
        self._take(self.base, self.items, near)


def nearest_known(known: Floats, new: Floats, neighbours: int) -> "sparse.csr_array":
    """`(new, known)`: each new title's nearest known ones, their weights adding up to 1.

    Weights are the cosines above 0; a title that is like none takes the mean of its nearest.

    Args:
        known: `(known, dim)`, rows of unit length.
        new: `(new, dim)`, rows of unit length.
        neighbours: At least 1.
    """
    if not len(new):
        return sparse.csr_array((0, len(known)), dtype=np.float32)
    cosine = new @ known.T
    count = min(neighbours, len(known))
    best = np.argsort(-cosine, axis=1, kind="stable")[:, :count]
    weight = np.maximum(np.take_along_axis(cosine, best, axis=1), 0)
    weight[weight.sum(axis=1) == 0] = 1.0
    weight /= weight.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(len(new)), count)
    places = (rows, best.ravel())
    return sparse.csr_array((weight.ravel().astype(np.float32), places), shape=cosine.shape)


def _unit(vectors: Sequence[Sequence[float]]) -> Floats:
    if not vectors:
        return np.empty((0, 0), np.float32)
    if len({len(vector) for vector in vectors}) > 1:
        raise ValueError("the vectors of a table of embeddings have one length")
    table = np.asarray(vectors, np.float32)
    if not np.isfinite(table).all() or not table.any(axis=1).all():
        raise ValueError("the vectors of a table of embeddings are finite, and none is all 0")
    return np.asarray(table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12))


def _plain_config(base: Recommender) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(base.config)
