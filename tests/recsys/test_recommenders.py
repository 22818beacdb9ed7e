"""All recommenders keep the one interface's promises, and each finds what was planted."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.errors import UnusableModel
from recsys.evaluation import evaluate
from recsys.interactions import Interactions
from recsys.models.ease import ease_weights
from recsys.models.model import Recommender
from recsys.models.popularity import PopularityConfig, PopularityModel
from recsys.models.registry import MODELS, SYNONYMS, load_model, make_model, model_type
from recsys.simulate import Simulation
from recsys.splits import Split, time_split

LogOf = Callable[[Sequence[tuple[str, str, int]]], pl.DataFrame]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The network here is so small that two threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def split(simulation: Simulation) -> Split:
    return time_split(simulation.log)


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, split: Split) -> Recommender:
    config = (
        {"epochs": 8, "embedding_size": 16, "learning_rate": 3e-3}
        if request.param == "sasrec"
        else {}
    )
    return make_model(request.param, 0, **config).fit(Interactions.from_log(split.train))


def test_a_list_is_in_order_without_repeats_and_without_what_was_seen(model: Recommender) -> None:
    user = model.users[0]
    ranked = model.recommend(user, k=len(model.items))

    assert ranked.known and ranked.source == model.name
    items = [entry.item for entry in ranked.items]
    seen = {model.items[number] for number in model.history(user)}
    assert set(items) == set(model.items) - seen
    assert len(items) == len(set(items))
    scores = [entry.score for entry in ranked.items]
    assert scores == sorted(scores, reverse=True)
    assert [entry.rank for entry in ranked.items] == list(range(1, len(items) + 1))
    again = model.recommend(user, k=len(model.items), exclude_seen=False)
    assert {entry.item for entry in again.items} == set(model.items)


def test_an_unknown_user_gets_what_is_popular_labelled_as_such(model: Recommender) -> None:
    ranked = model.recommend("stranger", k=3)
    assert not ranked.known
    assert ranked.source == "popularity"
    assert len(ranked.items) == 3


def test_a_new_history_of_one_view_is_scored(model: Recommender) -> None:
    scores = model.score_histories([np.array([3]), np.array([], np.int64)])
    assert scores.shape == (2, len(model.items))
    assert np.isfinite(scores).all()


def test_candidates_have_the_scores_they_have_among_all(model: Recommender) -> None:
    users, candidates = [*model.users[:3], "stranger"], [model.items[5], model.items[0]]
    assert (model.score(users, candidates) == model.score(users)[:, [5, 0]]).all()
    with pytest.raises(KeyError):
        model.score(users, ["no such title"])


def test_a_loaded_model_gives_the_same_scores(model: Recommender, tmp_path: Path) -> None:
    model.save(tmp_path, {"seed": 0})
    loaded = load_model(tmp_path)

    users = [*model.users[:50], "stranger"]
    assert np.array_equal(loaded.score(users), model.score(users))
    assert loaded.recommend(users[0]) == model.recommend(users[0])
    kinds = {file.suffix for file in tmp_path.rglob("*") if file.is_file()}
    assert kinds - {".txt"} == {".json", ".parquet", ".safetensors"}
    assert (".txt" in kinds) == (model.name == "stack")  # LightGBM's text; never pickle


def test_the_same_seed_gives_the_same_model(model: Recommender, split: Split) -> None:
    again = type(model)(model.config).fit(Interactions.from_log(split.train))
    assert np.array_equal(again.score(model.users[:20]), model.score(model.users[:20]))


def test_every_model_beats_chance_and_personal_ones_beat_popularity(
    model: Recommender, split: Split
) -> None:
    """A shuffled ranking hits at the rate of titles to be found; popularity is well above it."""
    figures = evaluate(model, split.test, resamples=100)
    shuffled = PopularityModel().fit(Interactions.from_log(split.train))
    shuffled._counts = np.random.default_rng(0).random(len(shuffled.items), np.float32)
    chance = evaluate(shuffled, split.test, resamples=100)
    assert figures.metrics["ndcg@10"].low > chance.metrics["ndcg@10"].high
    if model.name in ("ease", "sasrec"):
        popular = make_model("popularity").fit(Interactions.from_log(split.train))
        baseline = evaluate(popular, split.test, resamples=100)
        assert figures.metrics["ndcg@10"].low > baseline.metrics["ndcg@10"].high


@pytest.mark.parametrize("damage", ["card", "format", "arrays", "items", "histories", "name"])
def test_a_damaged_model_is_refused(model: Recommender, tmp_path: Path, damage: str) -> None:
    model.save(tmp_path)
    card = json.loads((tmp_path / "card.json").read_text())
    if damage == "card":
        (tmp_path / "card.json").write_text("{")
    elif damage == "format":
        (tmp_path / "card.json").write_text(json.dumps({**card, "format": 99}))
    elif damage == "name":
        other = "ease" if model.name != "ease" else "popularity"
        (tmp_path / "card.json").write_text(json.dumps({**card, "model": other}))
    elif damage == "arrays":
        (tmp_path / "arrays.safetensors").write_bytes(b"not safetensors")
    elif damage == "items":
        pl.DataFrame({"item": ["a"]}).write_parquet(tmp_path / "items.parquet")
    else:
        pl.DataFrame({"user": ["u"], "item": [[9999]]}).write_parquet(
            tmp_path / "histories.parquet"
        )
    with pytest.raises(UnusableModel):
        load_model(tmp_path)


def test_every_name_and_synonym_leads_to_a_model() -> None:
    for name in (*MODELS, *SYNONYMS):
        assert model_type(name).name in MODELS


@settings(max_examples=30)
@given(
    arrays(np.float32, (8, 4), elements=st.sampled_from([0.0, 1.0])),
    st.sampled_from([0.5, 5.0, 50.0]),
)
def test_ease_is_the_least_squares_solution_column_by_column(
    watched: np.ndarray, reg: float
) -> None:
    """Each column alone: ridge regression of one title on the others, its own weight held at 0."""
    gram = watched.T @ watched
    weights, scale = ease_weights(gram, reg)
    inverse = np.linalg.inv(gram.astype(np.float64) + reg * np.eye(4))
    assert scale == pytest.approx(np.diag(inverse), rel=1e-3)

    for item in range(4):
        others = [other for other in range(4) if other != item]
        features = watched[:, others].astype(np.float64)
        gram = features.T @ features + reg * np.eye(3)
        solved = np.linalg.solve(gram, features.T @ watched[:, item])
        assert weights[others, item] == pytest.approx(solved, abs=1e-4)
        assert weights[item, item] == 0


def test_a_decay_lets_the_newest_title_say_most(log_of: LogOf) -> None:
    """The weights of b, then a half of those of a, which was watched before it."""
    log = log_of([("u", "a", 0), ("u", "b", 1), ("u", "c", 2), ("v", "b", 0), ("v", "d", 1)])
    plain = make_model("ease", reg=1.0).fit(Interactions.from_log(log))
    decayed = make_model("ease", reg=1.0, decay=0.5).fit(Interactions.from_log(log))
    weights = plain._state()["weights"]
    history = [np.array([0, 1])]
    assert plain.score_histories(history)[0] == pytest.approx(weights[0] + weights[1])
    assert decayed.score_histories(history)[0] == pytest.approx(weights[0] / 2 + weights[1])


@pytest.mark.parametrize("name", ["ease", "als"])
def test_one_fit_serves_every_decay_and_nothing_else(name: str, split: Split) -> None:
    interactions = Interactions.from_log(split.train)
    model = make_model(name).fit(interactions)
    afresh = make_model(name, decay=0.8).fit(interactions)
    rescored = model.rescored(afresh.config)
    assert rescored is not None
    users = model.users[:20]
    assert np.array_equal(rescored.score(users), afresh.score(users))
    assert not np.array_equal(rescored.score(users), model.score(users))
    assert model.rescored(make_model(name, reg=3.0, decay=0.8).config) is None


def test_ease_needs_a_penalty_above_0() -> None:
    with pytest.raises(ValueError, match="reg > 0"):
        ease_weights(np.eye(2, dtype=np.float32), 0)


def test_als_folds_a_user_in_to_the_factors_that_minimise_its_loss(split: Split) -> None:
    """The gradient of Hu, Koren and Volinsky's loss with respect to the user is 0 there."""
    model = make_model("als", embedding_size=8, alpha=3.0, reg=0.5)
    model.fit(Interactions.from_log(split.train))
    history = model.history(model.users[0])
    vectors = model.represent([history])
    assert vectors is not None
    factors = model._state()["factors"].astype(np.float64)
    preference = np.zeros(len(factors))
    preference[history] = 1
    confidence = 1 + 3.0 * preference
    error = preference - factors @ vectors[0]
    gradient = -(factors.T @ (confidence * error)) + 0.5 * vectors[0]
    assert gradient == pytest.approx(np.zeros(8), abs=1e-3)


def test_popularity_counts_the_window_first_and_the_whole_log_among_equals(log_of: LogOf) -> None:
    """The last day has one play of a and one of b; c led before; a was played before, b was not."""
    log = log_of([("u", "c", 0), ("v", "c", 0), ("w", "a", 1), ("x", "a", 40), ("y", "b", 41)])
    model = PopularityModel(PopularityConfig(window_days=1)).fit(Interactions.from_log(log))
    assert [entry.item for entry in model.recommend("stranger-to-all").items] == ["a", "c", "b"]
    assert model.score_histories([np.array([0])]).argsort()[0, ::-1].tolist() == [0, 1, 2]


def test_interactions_are_first_plays_in_order_of_time(log_of: LogOf) -> None:
    log = log_of([("v", "b", 3), ("u", "b", 2), ("u", "a", 5), ("u", "c", 1), ("u", "b", 9)])
    interactions = Interactions.from_log(log)
    named = [[interactions.items[n] for n in history] for history in interactions.histories()]
    assert dict(zip(interactions.users, named, strict=True)) == {"u": ["c", "b", "a"], "v": ["b"]}
    assert interactions.matrix().toarray().tolist() == [[1, 1, 1], [0, 1, 0]]


def test_the_weight_of_an_interaction_is_the_share_watched_in_all(log_of: LogOf) -> None:
    log = log_of([("u", "a", 0), ("u", "a", 1), ("u", "b", 2)]).with_columns(
        watched_seconds=pl.Series([20.0, 25.0, None]),
        duration_seconds=pl.Series([60.0, 60.0, None]),
    )
    assert Interactions.from_log(log).weight.tolist() == [0.75, 1.0]


def test_the_context_is_what_was_passed_over_and_the_first_play_of_each_title(
    log_of: LogOf,
) -> None:
    """u is shown a, b and z; plays a later; nobody plays z. v is shown b and has played it."""
    plays = log_of([("u", "a", 5), ("u", "c", 2), ("v", "b", 1), ("u", "a", 7)])
    shown = log_of([("u", "a", 1), ("u", "b", 1), ("u", "b", 3), ("u", "z", 1), ("v", "b", 9)])
    log = pl.concat(
        [
            plays.with_columns(click=True, device=pl.Series(["tv", None, "tv", "phone"])),
            shown.with_columns(click=False),
        ]
    )
    interactions = Interactions.from_log(log)
    assert (interactions.items, interactions.devices) == (("a", "b", "c"), ("tv",))
    of_u, of_v = interactions.contexts()
    assert (of_u.passed.tolist(), of_v.passed.tolist()) == ([1], [])
    assert of_u.device.tolist() == [-1, 0]  # c, then a, first on the TV
    assert np.diff(of_u.when).tolist() == [3 * 3_600_000_000]
    assert interactions.shown.item.tolist() == [0, 1, 1]  # a and b to u, b to v; nobody played z

    by_user = Interactions.from_scan(log.lazy(), rows_at_once=1)
    for one, other in zip(by_user.contexts(), interactions.contexts(), strict=True):
        assert one.passed.tolist() == other.passed.tolist()
        assert one.device.tolist() == other.device.tolist()
        assert one.when.tolist() == other.when.tolist()
    assert by_user.shown.when.tolist() == interactions.shown.when.tolist()
