"""The one interface of the recommenders: fit, score, recommend, save, load.

A model scores *histories*, not users, so that a user who came after the training can be served as
soon as there is one view. Saved models are safetensors, Parquet and JSON; never pickle.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from recsys.context import CONTEXT, Context
from recsys.errors import UnusableModel
from recsys.interactions import MICROSECONDS_A_DAY, Floats, Interactions, Ints
from recsys.metrics import top_k
from recsys.models.card import read_card, settings, write_card
from recsys.models.recommended import Reason, RecommendationList, Recommended
from recsys.models.saved import check_numbers, read_contexts, read_histories
from recsys.viewing_log import ITEM, USER

Progress = Callable[[float], None]
"""Called by long work with the share done, 0 to 1."""
State = dict[str, npt.NDArray[Any]]

FALLBACK = "popularity"
"""What is given to a user without a history, and how it is labelled."""
FALLBACK_DAYS = 28.0
TITLES_LEFT_OUT = 30
"""The newest titles of a history that are left out in turn to see what each one does."""


def quiet(done: float) -> None:
    """Report no progress."""


class Recommender(ABC):
    """Learns from interactions; ranks all items for a user, or for any history."""

    name: ClassVar[str]
    config_type: ClassVar[type]
    config: Any
    """A frozen dataclass of plain values, of `config_type`."""
    scoring_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields of the config that only scoring reads, so that one fit serves all their values."""

    exact_reasons: ClassVar[bool] = False
    """Whether `contributions` add up to the score; if not, they come from leaving titles out."""

    reads_context: ClassVar[bool] = False
    """Whether scores depend on more than the history; if not, no context is kept."""

    items: tuple[str, ...]
    """The items that the model can rank; an item's number is its place here."""

    _numbered: tuple[str, ...] | None = None
    _numbers: dict[str, int]

    def __init__(self, config: Any = None) -> None:
        self._contexts: dict[str, Context] = {}
        self.config = config if config is not None else self.config_type()

    def fit(self, interactions: Interactions, on_progress: Progress = quiet) -> Self:
        """Learn from interactions; what was learned before is forgotten."""
        self._remember(interactions)
        self._learn(interactions, on_progress)
        return self

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> Self:
        """A model of more interactions, those learned from among them; this one stays as it is.

        The settings that fitting chose are kept. Models that can go on from what they know do so;
        the others are fitted anew.
        """
        return self.refitted(interactions, on_progress)

    def refitted(self, interactions: Interactions, on_progress: Progress = quiet) -> Self:
        """A model in these settings that knows these interactions and nothing from before."""
        other = type(self)(replace(self.config, **self.settled()))
        return other.fit(interactions, on_progress)

    def _remember(self, interactions: Interactions) -> None:
        self.items = interactions.items
        self._histories = dict(zip(interactions.users, interactions.histories(), strict=True))
        self.devices = interactions.devices
        if self.reads_context:
            self._contexts = dict(zip(interactions.users, interactions.contexts(), strict=True))
        self._popular = popularity(interactions, FALLBACK_DAYS)

    def rescored(self, config: Any) -> Self | None:
        """The same fit with another config, or None if what differs would need a new fit."""
        values = {name: getattr(config, name) for name in self.scoring_fields}
        if replace(self.config, **values) != config:
            return None
        other = copy.copy(self)
        other.config = config
        return other

    def settled(self) -> dict[str, Any]:
        """Fields of the config that fitting chose, as they are to be for a fit without a choice."""
        return {}

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each item."""
        if self._numbered is not self.items:
            self._numbers = {item: number for number, item in enumerate(self.items)}
            self._numbered = self.items
        return self._numbers

    def knows(self, user: str) -> bool:
        """Whether the model has a history of this user."""
        return len(self.history(user)) > 0

    def history(self, user: str) -> Ints:
        """The numbers of the items that a user watched in training, oldest first."""
        return self._histories.get(user, np.empty(0, np.int64))

    def context(self, user: str) -> Context:
        """What the model knows of a user besides the history; nothing if it does not read it."""
        return self._contexts.get(user, Context())

    @property
    def users(self) -> list[str]:
        """The users of the training log, sorted."""
        return list(self._histories)

    def with_histories(
        self, histories: Mapping[str, Ints], contexts: Mapping[str, Context] | None = None
    ) -> Self:
        """The same model, which knows these users by these histories, oldest first."""
        other = copy.copy(self)
        other._histories = {**self._histories, **histories}
        told = {**dict.fromkeys(histories, Context()), **(contexts or {})}
        other._contexts = {**self._contexts, **told} if self.reads_context else {}
        return other

    def score(self, users: Sequence[str], items: Sequence[str] | None = None) -> Floats:
        """Score items for users; users without a history get the items' popularity.

        Args:
            users: Any users.
            items: Candidates, each one of `self.items`; all items if left out.

        Returns:
            `(users, items)`; higher is better, comparable within a row only.

        Raises:
            KeyError: A candidate is not one of `self.items`.
        """
        scores = self.score_histories(
            [self.history(user) for user in users], [self.context(user) for user in users]
        )
        if items is None:
            return scores
        return scores[:, [self.numbers[item] for item in items]]

    def score_histories(
        self, histories: Sequence[Ints], contexts: Sequence[Context] | None = None
    ) -> Floats:
        """Score all items for histories, known to the model or not: `(histories, items)`.

        A history is the numbers of items, oldest first. An empty one gets the items' popularity.
        Models that read contexts take one for each history, or know nothing of any.
        """
        filled = [row for row, history in enumerate(histories) if len(history)]
        known = [Context()] * len(histories) if contexts is None else contexts
        if len(filled) == len(histories) and filled:
            return self._score_within(histories, known)
        scores = np.tile(self._popular, (len(histories), 1))
        if filled:
            scores[filled] = self._score_within(
                [histories[row] for row in filled], [known[row] for row in filled]
            )
        return scores

    def recommend(self, user: str, k: int = 10, exclude_seen: bool = True) -> RecommendationList:
        """The k best items for a user, best first; ties go to the item that sorts first.

        Args:
            user: Any user; an unknown one gets what is popular, labelled as such.
            k: How many, at least 1; fewer come back if fewer are left.
            exclude_seen: Leave out what the user watched in training.

        Raises:
            ValueError: k is below 1.
        """
        scores = self.score([user])
        if exclude_seen:
            scores[0, self.history(user)] = -np.inf
        best = [number for number in top_k(scores, k)[0] if scores[0, number] > -np.inf]
        known = self.knows(user)
        return RecommendationList(
            user=user,
            known=known,
            source=self.name if known else FALLBACK,
            items=[
                Recommended(rank, self.items[number], float(scores[0, number]))
                for rank, number in enumerate(best, start=1)
            ],
        )

    def contributions(self, history: Ints, items: Ints, context: Context | None = None) -> Floats:
        """What each title of a history adds to the scores of items, `(history, items)`.

        Exact where `exact_reasons`; else how much each score falls when the title is left out of
        the history, for the newest `TITLES_LEFT_OUT` titles, and 0 for older ones.
        """
        parts = np.zeros((len(history), len(items)), np.float32)
        if len(history) < 2:  # without it there is nothing that the model could go by
            parts[:] = 1.0
            return parts
        rows = range(max(0, len(history) - TITLES_LEFT_OUT), len(history))
        shortened = [np.delete(history, row) for row in rows]
        told = context or Context()
        contexts = [told, *(told.without(row, len(history)) for row in rows)]
        scores = self.score_histories([history, *shortened], contexts)[:, items]
        parts[rows.start :] = scores[0] - scores[1:]
        return parts

    def reasons(
        self, history: Ints, items: Ints, most: int = 3, context: Context | None = None
    ) -> list[list[Reason]]:
        """For each of some items, the watched titles that speak for it most, strongest first.

        Only titles of the history that raise the score are named; there may be none.
        """
        found = []
        for column in self.contributions(history, items, context).T:
            raised = np.maximum(column, 0)
            best = np.argsort(-raised, kind="stable")[:most]
            total = float(raised.sum())
            found.append(
                [
                    Reason(self.items[history[row]], float(raised[row]) / total)
                    for row in best
                    if raised[row] > 0
                ]
            )
        return found

    def similar(self, item: str, k: int = 10) -> list[Recommended]:
        """The k items ranked best for a user who watched this one only, itself left out.

        Raises:
            KeyError: The item is not one of `self.items`.
        """
        number = self.numbers[item]
        scores = self.score_histories([np.array([number], np.int64)])
        scores[0, number] = -np.inf
        best = [place for place in top_k(scores, k)[0] if scores[0, place] > -np.inf]
        return [
            Recommended(rank, self.items[place], float(scores[0, place]))
            for rank, place in enumerate(best, start=1)
        ]

    def represent(self, histories: Sequence[Ints]) -> Floats | None:
        """A vector for each history, `(histories, dim)`, or None if the model has none."""
        return None

    def save(
        self, folder: Path, card: Mapping[str, object] | None = None, *, histories: bool = True
    ) -> None:
        """Write the model into an existing folder.

        Args:
            folder: Gets `card.json`, `histories.parquet`, `items.parquet`, `arrays.safetensors`.
            card: More to say in the card: data, date, seed, validation figures.
            histories: False leaves out who watched what, for a part of a model that holds it.
        """
        kept = self._histories if histories else {}
        columns = {
            ITEM: [history.tolist() for history in kept.values()],
            **{
                name: [getattr(self.context(user), name).tolist() for user in kept]
                for name in CONTEXT
            },
        }
        lists = {
            name: pl.Series(values, dtype=pl.List(pl.Int64)) for name, values in columns.items()
        }
        known = pl.DataFrame({USER: pl.Series(list(kept), dtype=pl.String), **lists})
        known.write_parquet(folder / "histories.parquet")
        pl.DataFrame({ITEM: self.items}).write_parquet(folder / "items.parquet")
        arrays = {"popular": self._popular, **self._state()}
        tensors = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        save_file(tensors, folder / "arrays.safetensors")
        contents: dict[str, object] = {"model": self.name, "config": asdict(self.config)}
        if self.devices:
            contents["devices"] = list(self.devices)
        write_card(folder, {**contents, **(card or {})})
        self._save_parts(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model of this class that `save` wrote.

        Raises:
            UnusableModel: The folder is damaged, or holds another kind of model.
        """
        card = read_card(folder)
        if card["model"] != cls.name:
            raise UnusableModel(folder, f"it is a {card['model']}, not a {cls.name}")
        try:
            model = cls(settings(cls.config_type, card["config"]))
            model.items = tuple(pl.read_parquet(folder / "items.parquet")[ITEM].to_list())
            known = pl.read_parquet(folder / "histories.parquet")
            arrays = load_file(folder / "arrays.safetensors")
            check_numbers(arrays)
            model._popular = arrays.pop("popular")
            model._histories = read_histories(known, len(model.items))
            model.devices = tuple(str(device) for device in card.get("devices", ()))
            if cls.reads_context:
                sizes = len(model.items), len(model.devices)
                model._contexts = read_contexts(known, model._histories, *sizes)
            model._restore(arrays)
            model._restore_parts(folder)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise UnusableModel(folder, f"{type(error).__name__}: {error}") from error
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, SafetensorError) as error:
            raise UnusableModel(folder, str(error).splitlines()[0]) from error
        if model._popular.shape != (len(model.items),):
            raise UnusableModel(folder, "its arrays do not fit its items")
        return model

    @abstractmethod
    def _learn(self, interactions: Interactions, on_progress: Progress) -> None: ...

    @abstractmethod
    def _score(self, histories: Sequence[Ints]) -> Floats:
        """`(histories, items)`, finite; no history is empty."""

    def _score_within(self, histories: Sequence[Ints], contexts: Sequence[Context]) -> Floats:
        """As `_score`, by models that read contexts."""
        return self._score(histories)

    @abstractmethod
    def _state(self) -> State:
        """What was learned, as arrays."""

    @abstractmethod
    def _restore(self, state: State) -> None:
        """Take back what `_state` gave; a ValueError or KeyError if it does not fit `items`."""

    def _save_parts(self, folder: Path) -> None:  # noqa: B027
        """Write what is not an array; most models have nothing of the kind."""

    def _restore_parts(self, folder: Path) -> None:  # noqa: B027
        """Read what `_save_parts` wrote; a ValueError if it does not fit."""


def popularity(interactions: Interactions, window_days: float | None) -> Floats:
    """How many users first played each item in the last days of the log: `(items,)`.

    Below 1 is added, in proportion to the count over the whole log, so that items of equal
    standing in the window keep an order. A log without timestamps is counted whole.
    """
    items = len(interactions.items)
    total = np.bincount(interactions.item, minlength=items)
    recent = total
    if window_days is not None and interactions.timed:
        begin = interactions.when.max() - window_days * MICROSECONDS_A_DAY
        recent = np.bincount(interactions.item[interactions.when > begin], minlength=items)
    return np.asarray(recent + total / (total.max() + 1), np.float32)
