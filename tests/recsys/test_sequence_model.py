"""The Transformer sees the past only, learns an order, and chooses its epochs without test."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from torch.nn import functional

from recsys.context import Context
from recsys.evaluation import evaluate
from recsys.interactions import Interactions
from recsys.models.registry import load_model
from recsys.models.sequence import SequenceModel
from recsys.models.sequence_batches import batches, pieces
from recsys.models.sequence_inputs import inputs_of, inputs_of_all
from recsys.models.sequence_losses import catalogue_cross_entropy, gbce_loss, sampled_softmax
from recsys.models.sequence_network import Network, SequenceConfig, turned
from recsys.simulate import Simulation

SMALL = {"embedding_size": 16, "layers": 1, "epochs": 8, "dropout": 0.0}

PERSISTENT = {**SMALL, "epochs": 25, "patience": 25, "batch_size": 8, "learning_rate": 8e-3}

LogOf = Callable[[Sequence[tuple[str, str, int]]], pl.DataFrame]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """These networks are so small that two threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def cycle(log_of: LogOf) -> Interactions:
    """Eighty users; each watches six titles in the order a, b, …, p, a, …, from its own start."""
    return Interactions.from_log(
        log_of(
            [
                (f"u{user:02d}", "abcdefghijklmnop"[(user + place) % 16], 10 * place + user % 7)
                for user in range(80)
                for place in range(6)
            ]
        )
    )


def test_a_log_that_is_one_batch_is_learned_too(cycle: Interactions) -> None:
    """The running mean once moved every fifth batch only, and the search ended before that."""
    settings = {**SMALL, "epochs": 8, "batch_size": 128, "learning_rate": 1e-2}
    model = SequenceModel(SequenceConfig(**settings)).fit(cycle)
    assert model.epochs > 4
    assert max(model.validation) > model.validation[0]


def test_no_place_sees_what_comes_after_it() -> None:
    torch.manual_seed(0)
    network = Network(SequenceConfig(), items=9).eval()
    history = torch.tensor([[1, 2, 3, 4, 5]])
    changed = torch.tensor([[1, 2, 3, 8, 7]])
    with torch.no_grad():
        assert torch.equal(network(history)[:, :3], network(changed)[:, :3])
        assert not torch.equal(network(history)[:, 3:], network(changed)[:, 3:])


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    network = Network(SequenceConfig(), items=9).eval()
    with torch.no_grad():
        alone = network(torch.tensor([[4, 2]]))
        beside = network(torch.tensor([[4, 2, 9, 9], [1, 2, 3, 4]]))
    assert torch.allclose(alone, beside[:1, :2], atol=1e-6)


def test_the_newest_place_alone_is_that_of_the_whole() -> None:
    torch.manual_seed(0)
    network = Network(SequenceConfig(embedding_size=16), items=9).eval()
    histories = torch.tensor([[4, 2, 9, 9], [1, 2, 3, 4], [5, 9, 9, 9]])
    with torch.no_grad():
        whole = network(histories)[torch.arange(3), torch.tensor([1, 3, 0])]
        assert torch.allclose(network.newest(histories), whole, atol=1e-5)


@pytest.mark.parametrize("loss", ["softmax", "gbce"])
def test_it_learns_what_follows_what(cycle: Interactions, loss: str) -> None:
    config = SequenceConfig(**PERSISTENT, loss=loss, negatives=4)
    model = SequenceModel(config).fit(cycle)

    histories = cycle.histories()
    scores = model.score_histories([history[:5] for history in histories])
    for row, history in enumerate(histories):
        scores[row, history[:5]] = -np.inf
    assert np.mean(scores.argmax(axis=1) == [history[5] for history in histories]) > 0.9


def test_the_epochs_are_those_of_the_best_validation(simulation: Simulation) -> None:
    config = SequenceConfig(**SMALL, patience=2, seed=3)
    model = SequenceModel(config).fit(Interactions.from_log(simulation.log))
    best = int(np.argmax(model.validation))
    assert 1 <= len(model.validation) <= config.epochs
    assert len(model.validation) in (config.epochs, best + 1 + config.patience)


def test_training_leaves_global_chance_alone(cycle: Interactions) -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    SequenceModel(SequenceConfig(**{**SMALL, "epochs": 1})).fit(cycle)
    assert torch.equal(torch.get_rng_state(), before)


def test_watching_a_first_part_moves_its_planted_sequel_up(simulation: Simulation) -> None:
    """For users who know neither part: the sequel's mean place with and without the first part."""
    model = SequenceModel(SequenceConfig(embedding_size=32, epochs=12, learning_rate=4e-3)).fit(
        Interactions.from_log(simulation.log)
    )
    number = {item: place for place, item in enumerate(model.items)}
    without, after = [], []
    for first, sequel in simulation.truth.sequel.items():
        parts = [number[first], number[sequel]]
        histories = [h for h in map(model.history, model.users) if not np.isin(parts, h).any()]
        with_first = [np.append(history, parts[0]) for history in histories]
        for place, grown in ((without, histories), (after, with_first)):
            scores = model.score_histories(grown)
            for row, history in enumerate(grown):
                scores[row, history] = -np.inf
            place.append(np.mean((scores > scores[:, parts[1:]]).sum(axis=1)))
    assert np.mean(after) < np.mean(without) - 1
    assert np.mean(np.array(after) < np.array(without)) > 0.9


def test_watch_time_weighting_learns_from_what_was_watched(log_of: LogOf) -> None:
    """After a, half go on to b and leave at once, and half to c and stay."""
    paths = [(f"u{n:02d}", "a" + "bc"[n % 2]) for n in range(40)]
    plays = [(user, item, hour) for user, path in paths for hour, item in enumerate(path)]
    stays = pl.when(pl.col("item") == "b").then(1.0).otherwise(100.0)
    log = log_of(plays).with_columns(watched_seconds=stays, duration_seconds=pl.lit(100.0))
    config = SequenceConfig(**PERSISTENT, validation_share=0.0, watch_weighting=1.0)
    model = SequenceModel(config).fit(Interactions.from_log(log))
    scores = model.score_histories([np.array([0])])[0]
    assert scores[2] > scores[1] + 1


def test_gbce_with_all_negatives_is_binary_cross_entropy() -> None:
    """With every other title drawn, alpha is 1, so beta is 1 whatever the calibration."""
    positive, negative = torch.tensor([0.3]), torch.tensor([[-0.2, 0.1]])
    expected = -(torch.sigmoid(positive).log() + (1 - torch.sigmoid(negative)).log().sum(dim=1))
    for calibration in (0.0, 0.75, 1.0):
        assert torch.allclose(gbce_loss(positive, negative, 3, calibration), expected)


def test_gbce_weighs_the_target_by_the_share_of_negatives_when_calibrated() -> None:
    """t = 1 gives beta = alpha = 2 / 20; t = 0 gives beta = 1."""
    positive, none = torch.tensor([0.3]), torch.full((1, 2), -50.0)
    target = -torch.sigmoid(positive).log()
    assert torch.allclose(gbce_loss(positive, none, 21, 1.0), 0.1 * target)
    assert torch.allclose(gbce_loss(positive, none, 21, 0.0), target)


def test_every_play_but_the_first_is_a_target_once() -> None:
    """Histories of 1, 2, 7 and 6 plays, in pieces of at most 3 titles and the one after."""
    starts = np.array([0, 1, 3, 10, 16])
    cut = list(pieces(starts, 3))
    targets = [row for piece in cut for row in range(piece.start + 1, piece.stop)]
    assert sorted(targets) == sorted(set(range(16)) - set(starts[:-1].tolist()))
    assert all(2 <= piece.stop - piece.start <= 4 for piece in cut)
    assert slice(6, 10) in cut and slice(12, 16) in cut  # the newest are whole


def test_a_sampled_softmax_has_the_sum_over_all_titles_on_average() -> None:
    torch.manual_seed(0)
    network = Network(SequenceConfig(embedding_size=8), items=300).eval()
    network.item_bias.data.normal_()
    vectors, targets = torch.randn(5, 8), torch.arange(5)
    whole = functional.cross_entropy(network.scores(vectors), targets, reduction="none")
    parts = vectors, network.item_embedding.weight[:300], network.item_bias, targets
    draws = [sampled_softmax(*parts, titles=200) for _ in range(300)]
    assert torch.allclose(torch.stack(draws).mean(dim=0), whole, atol=0.02)


def test_what_was_settled_trains_without_a_search(cycle: Interactions) -> None:
    found = SequenceModel(SequenceConfig(**SMALL)).fit(cycle)
    settled = found.settled()
    assert settled["epochs"] == int(np.argmax(found.validation)) + 1
    again = SequenceModel(SequenceConfig(**{**SMALL, **settled})).fit(cycle)
    assert again.validation == []


def test_an_updated_network_keeps_what_it_knew_and_learns_a_new_title(
    cycle: Interactions, log_of: LogOf
) -> None:
    """Ten new users watch p and then the new title z; nobody did before."""
    config = SequenceConfig(**PERSISTENT, further_epochs=30)
    old = SequenceModel(config).fit(cycle)
    plays = [
        (cycle.users[user], cycle.items[item], place)
        for user, history in enumerate(cycle.histories())
        for place, item in enumerate(history)
    ]
    new = [(f"w{n}", title, 90 + place) for n in range(10) for place, title in enumerate("opz")]
    grown = old.updated(Interactions.from_log(log_of(plays + new)))

    place = {item: number for number, item in enumerate(grown.items)}
    scores = grown.score_histories([np.array([place["o"], place["p"]])])[0]
    assert scores[place["z"]] > np.median(scores)
    after = grown.score_histories([np.array([place[item] for item in "bcdef"])])[0]
    assert after.argmax() == place["g"]
    assert "z" not in old.items


def test_only_the_distance_between_places_counts() -> None:
    """With one layer the newest place has the same vector whatever comes far before is masked."""
    torch.manual_seed(0)
    query = torch.randn(1, 1, 6, 8)
    turns = Network(SequenceConfig(embedding_size=8, heads=1), items=3).turns
    early, late = turned(query[:, :, :1], turns[:, :1]), turned(query[:, :, 1:2], turns[:, 2:3])
    shifted = turned(query[:, :, :1], turns[:, 3:4]), turned(query[:, :, 1:2], turns[:, 5:6])
    assert torch.allclose((early * late).sum(), (shifted[0] * shifted[1]).sum(), atol=1e-5)
    assert not torch.allclose((early * late).sum(), (query[:, :, 0] * query[:, :, 1]).sum())


def test_the_narrow_cross_entropy_is_the_plain_one_within_a_hundredth() -> None:
    torch.manual_seed(0)
    parts = [torch.randn(7, 16), torch.randn(50, 16) / 4, torch.randn(50)]
    for part in parts:
        part.requires_grad_()
    targets, weights = torch.arange(7), torch.linspace(0.1, 1, 7)
    vectors, embeddings, bias = parts
    plain = functional.cross_entropy(vectors @ embeddings.T + bias, targets, reduction="none")
    narrow = catalogue_cross_entropy(vectors, embeddings, bias, targets)
    assert torch.allclose(narrow, plain, rtol=0.01, atol=0.02)
    wanted = torch.autograd.grad((plain * weights).sum(), parts)
    found = torch.autograd.grad((narrow * weights).sum(), parts)
    for one, other in zip(found, wanted, strict=True):
        assert (one - other).abs().max() < 0.02 * other.abs().max()


def test_a_batch_holds_like_lengths_and_each_row_comes_once() -> None:
    torch.manual_seed(0)
    lengths = [1, 9] * 40
    made = list(batches(lengths, 10))
    assert sorted(row for batch in made for row in batch) == list(range(80))
    assert all(len({lengths[row] for row in batch}) == 1 for batch in made)


HOURS = 3_600_000_000


@pytest.fixture
def by_device_and_hour(log_of: LogOf) -> pl.DataFrame:
    """All begin with a: on a phone b follows and on a TV c; a d of the morning is followed by e,
    one of the evening by f. The log itself has no other difference."""
    plays = []
    for number in range(60):
        user, morning = f"u{number:02d}", number % 4 < 2
        start = 24 * (number % 5) + (8 if morning else 20)
        plays += [(user, "a", start - 1), (user, "bc"[number % 2], start + 20)]
        plays += [(user, "d", start + 24), (user, "ef"[not morning], start + 40)]
    device = pl.when(pl.col("user").str.slice(1).cast(pl.Int64) % 2 == 0)
    return log_of(plays).with_columns(device=device.then(pl.lit("phone")).otherwise(pl.lit("tv")))


def test_the_time_and_the_device_of_a_title_tell_what_comes_next(
    by_device_and_hour: pl.DataFrame, tmp_path: Path
) -> None:
    interactions = Interactions.from_log(by_device_and_hour)
    assert interactions.devices == ("phone", "tv")
    config = SequenceConfig(**{**PERSISTENT, "epochs": 60}, validation_share=0.0)
    model = SequenceModel(config).fit(interactions)
    a, b, c, d, e, f = (interactions.items.index(title) for title in "abcdef")
    morning, evening = 8 * HOURS, 20 * HOURS

    def scores(titles: list[int], when: list[int], device: int) -> np.ndarray:
        context = Context(when=np.array(when), device=np.full(len(titles), device))
        return model.score_histories([np.array(titles)], [context])[0]

    on_phone, on_tv = scores([a], [morning], 0), scores([a], [morning], 1)
    assert on_phone[b] > on_phone[c] and on_tv[c] > on_tv[b]
    early = scores([a, b, d], [morning - HOURS, 28 * HOURS, 24 * HOURS + morning], 0)
    late = scores([a, b, d], [evening - HOURS, 40 * HOURS, 24 * HOURS + evening], 0)
    assert early[e] > early[f] and late[f] > late[e]

    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert np.array_equal(loaded.score(model.users), model.score(model.users))
    blind = SequenceModel(replace(config, context=False)).fit(interactions)
    histories = [np.array([a])] * 2
    contexts = [Context(device=np.array([device])) for device in (0, 1)]
    one, other = blind.score_histories(histories, contexts)
    assert np.array_equal(one, other)


def test_inputs_are_the_gap_the_hour_the_weekday_and_the_device(log_of: LogOf) -> None:
    """The fixture's log begins on Wednesday, 1 January 2025, at 0:00."""
    log = log_of([("u", "a", 0), ("u", "b", 3), ("u", "c", 30), ("v", "a", 5)])
    interactions = Interactions.from_log(log.with_columns(device=pl.Series(["x", None, "y", "y"])))
    told = inputs_of_all(interactions)
    assert told.tolist() == [[1, 1, 3, 1], [4, 4, 3, 0], [7, 7, 4, 2], [1, 6, 3, 2]]
    assert np.array_equal(inputs_of(interactions.contexts()[0], 3), told[:3])
    assert not inputs_of(interactions.contexts()[0], 2).any()  # a context of another history


def test_an_update_brings_in_a_device_and_keeps_what_was_known_of_others(
    by_device_and_hour: pl.DataFrame,
) -> None:
    config = SequenceConfig(**{**SMALL, "epochs": 2}, validation_share=0.0, further_epochs=0)
    old = SequenceModel(config).fit(Interactions.from_log(by_device_and_hour))
    more = by_device_and_hour.tail(2).with_columns(user=pl.lit("new"), device=pl.lit("browser"))
    new = old.updated(Interactions.from_log(pl.concat([by_device_and_hour, more])))
    assert new.devices == ("browser", "phone", "tv")
    assert old.network.told is not None and new.network.told is not None
    assert torch.equal(new.network.told[-2:], old.network.told[-2:])
    assert not new.network.told[-3].any()


def test_users_of_one_title_are_no_trouble(log_of: LogOf) -> None:
    log = log_of([("u", "a", 1), ("v", "b", 1)])
    model = SequenceModel(SequenceConfig(**SMALL)).fit(Interactions.from_log(log))
    assert np.isfinite(model.score(["u", "v"])).all()
    assert evaluate(model, log_of([("u", "b", 2)]), k=1).users == 1


def test_a_wrong_configuration_is_refused() -> None:
    with pytest.raises(ValueError, match="softmax or gbce"):
        SequenceConfig(loss="hinge")
    with pytest.raises(ValueError, match="does not divide"):
        SequenceConfig(embedding_size=6, heads=2)
