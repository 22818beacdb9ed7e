"""Titles without plays are ranked by what they are like, and those with plays as before."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recsys.errors import NoUsableRows, UnreadableLog
from recsys.evaluation import evaluate
from recsys.interactions import Interactions
from recsys.models.content import ContentModel, nearest_known
from recsys.models.model import Recommender
from recsys.models.registry import load_model, make_model
from recsys.simulate import GENRES, Simulation
from recsys.title_facts import read_embeddings

HIDDEN = ("t009", "t010", "t011", "t012")
"""Titles that are taken out of the log, as if they were not out yet."""


@pytest.fixture(scope="module")
def base(simulation: Simulation) -> Recommender:
    log = simulation.log.filter(~pl.col("item").is_in(HIDDEN))
    return make_model("ease").fit(Interactions.from_log(log))


@pytest.fixture(scope="module")
def embeddings(simulation: Simulation) -> pl.DataFrame:
    """Genres as directions, with noise."""
    chance = np.random.default_rng(0)
    titles = simulation.titles
    vectors = np.eye(len(GENRES))[[GENRES.index(genre) for genre in titles["genre"]]]
    vectors += chance.normal(0, 0.1, vectors.shape)
    return pl.DataFrame({"item": titles["item"], "vector": vectors.tolist()})


def test_neighbours_share_out_their_cosines() -> None:
    """The new title is at 3:4 between the two axes; of the third it knows nothing."""
    known, new = np.eye(3, dtype=np.float32), np.array([[0.6, 0.8, 0.0]], np.float32)
    assert nearest_known(known, new, 2).toarray()[0] == pytest.approx([0.6 / 1.4, 0.8 / 1.4, 0])
    assert nearest_known(known, new, 1).toarray()[0] == pytest.approx([0, 1, 0])
    opposite = np.array([[-1.0, 0, 0]], np.float32)
    assert nearest_known(known[:1], opposite, 1).toarray()[0] == pytest.approx([1])


def test_known_titles_keep_their_scores(base: Recommender, embeddings: pl.DataFrame) -> None:
    model = ContentModel.around(base, embeddings)
    assert model.items == (*base.items, *HIDDEN)
    users = base.users[:20]
    assert np.array_equal(model.score(users)[:, : len(base.items)], base.score(users))


def test_fitted_without_a_table_it_is_its_base(base: Recommender, simulation: Simulation) -> None:
    log = simulation.log.filter(~pl.col("item").is_in(HIDDEN))
    model = ContentModel().fit(Interactions.from_log(log))
    assert model.items == base.items
    assert np.array_equal(model.score(base.users[:20]), base.score(base.users[:20]))


def test_a_new_title_goes_to_those_who_came_to_it_once_it_was_out(
    base: Recommender, embeddings: pl.DataFrame, simulation: Simulation
) -> None:
    """Its place among a user's titles is better for those who came than for those who did not."""
    later = simulation.log.filter(pl.col("item").is_in(HIDDEN))
    model = ContentModel.around(base, embeddings)
    assert evaluate(base, later).unknown_titles > 0
    assert evaluate(model, later).unknown_titles == 0
    scores = model.score(model.users)
    chances = []
    for item in HIDDEN:
        above = (scores > scores[:, [model.items.index(item)]]).sum(axis=1)
        viewers = set(later.filter((pl.col("item") == item) & pl.col("click"))["user"])
        came = np.array([user in viewers for user in model.users])
        before, same = (
            compared(above[came][:, None], above[~came][None, :]).mean()
            for compared in (np.less, np.equal)
        )
        chances.append(before + same / 2)
    assert np.mean(chances) > 0.6  # the area under the curve; .5 is chance


def test_it_is_saved_and_loaded_with_its_base(
    base: Recommender, embeddings: pl.DataFrame, tmp_path: Path
) -> None:
    model = ContentModel.around(base, embeddings)
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    users = [*base.users[:9], "stranger"]
    assert np.array_equal(loaded.score(users), model.score(users))
    assert loaded.recommend(users[0]) == model.recommend(users[0])


def test_a_title_that_came_out_is_known_after_an_update(
    base: Recommender, embeddings: pl.DataFrame, simulation: Simulation
) -> None:
    model = ContentModel.around(base, embeddings)
    log = simulation.log.filter(pl.col("item") != HIDDEN[-1])
    updated = model.updated(Interactions.from_log(log))
    assert updated.items[-1] == HIDDEN[-1]
    assert sorted(updated.items) == sorted(model.items)
    assert HIDDEN[0] in updated.base.items


def test_a_table_that_knows_no_title_of_the_log_is_refused(base: Recommender) -> None:
    table = pl.DataFrame({"item": ["elsewhere"], "vector": [[1.0, 0.0]]})
    with pytest.raises(NoUsableRows, match="no title of the log"):
        ContentModel.around(base, table)


def test_an_update_on_a_log_that_lost_titles_goes_by_those_that_are_left(
    base: Recommender, embeddings: pl.DataFrame, simulation: Simulation
) -> None:
    """The nearest of each new title is gone, as after its only viewer was forgotten."""
    model = ContentModel.around(base, embeddings, neighbours=3)
    first_new = model.near.toarray()[0]
    lost = base.items[int(first_new.argmax())]
    log = simulation.log.filter(~pl.col("item").is_in([*HIDDEN, lost]))
    updated = model.updated(Interactions.from_log(log))
    assert lost not in updated.items and set(HIDDEN) <= set(updated.items)
    near = updated.near.toarray()
    assert near.sum(axis=1) == pytest.approx(np.ones(len(near)))
    kept = [base.items[place] for place in np.flatnonzero(first_new) if base.items[place] != lost]
    assert {updated.base.items[place] for place in np.flatnonzero(near[0])} == set(kept)

    every = [base.items[place] for place in np.flatnonzero(first_new)]
    log = simulation.log.filter(~pl.col("item").is_in([*HIDDEN, *every]))
    assert HIDDEN[0] not in model.updated(Interactions.from_log(log)).items


@pytest.mark.parametrize(
    ("item", "vector", "reason"),
    [
        ("t002", [1.0, float("nan")], r"1 rows with a vector that is not of finite .* row 2 .t002"),
        ("t002", [1.0, None], "not of finite numbers"),
        ("t002", [float("inf"), 0.0], "not of finite numbers"),
        ("t002", [0.0, 0.0], "of zeros, which is like nothing"),
        (None, [1.0, 0.0], "without an item"),
    ],
)
def test_a_vector_that_says_nothing_is_refused(
    tmp_path: Path, item: str | None, vector: list[float | None], reason: str
) -> None:
    table = pl.DataFrame({"item": ["t001", item], "vector": [[1.0, 0.0], vector]})
    table.write_parquet(tmp_path / "embeddings.parquet")
    with pytest.raises(UnreadableLog, match=reason):
        read_embeddings(tmp_path / "embeddings.parquet")


def test_a_table_with_a_zero_vector_is_refused_by_the_model(base: Recommender) -> None:
    table = pl.DataFrame({"item": [base.items[0], "new"], "vector": [[1.0, 0.0], [0.0, 0.0]]})
    with pytest.raises(ValueError, match="none is all 0"):
        ContentModel.around(base, table)
