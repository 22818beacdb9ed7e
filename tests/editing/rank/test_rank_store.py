"""Rankers kept in the catalogue: whole, found again, never overwritten, never trusted blindly."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from editing.errors import ModelError
from editing.rank.checkpoint import CARD, WEIGHTS, Card, read_checkpoint, version_of
from editing.rank.film import Film
from editing.rank.networks import NETWORKS
from editing.rank.plan import TrainingPlan
from editing.rank.register import ranker_cards
from editing.rank.store import (
    film_from_catalog,
    load_ranker,
    train_ranker,
)
from editing.rank.training import train_network
from ingest.catalog import Catalog
from ingest.errors import UnknownMedia
from ingest.media import Media, MediaId

QUICK = TrainingPlan(steps=2, order_steps=2)
Ingested = Callable[[str, Film], Media]


@pytest.fixture
def media(ingested: Ingested, planted: Callable[..., Film]) -> Media:
    return ingested("f1", planted(30))


def folder(catalog: Catalog, card: Card) -> Path:
    return catalog.folder / "rankers" / card.name / card.version


def test_a_film_comes_out_of_the_catalogue_as_it_went_in(
    catalog: Catalog, media: Media, planted: Callable[..., Film]
) -> None:
    film = film_from_catalog(catalog, media)

    assert film.seconds.tolist() == [2.0] * 30  # 48 frames at 24 a second
    assert film.position == pytest.approx(np.arange(30) / 30)
    assert (film.embeddings.vectors == planted(30).embeddings.vectors).all()
    assert (film.measures.values == planted(30).measures.values).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_ranker_loaded_again_scores_as_it_did(name: str, catalog: Catalog, media: Media) -> None:
    card = train_ranker(catalog, name, [media.id], seed=1, plan=QUICK)
    film = film_from_catalog(catalog, media)
    trained = train_network(name, [film], seed=1, plan=QUICK).network
    with torch.inference_mode():
        expected = trained(card.space.encode(film)[None])[0].double().numpy()

    latest, named = load_ranker(catalog, name), load_ranker(catalog, f"{name}@{card.version}")

    assert (latest.name, latest.version) == (name, card.version)
    assert (latest.score(film).values == named.score(film).values).all()
    standard = (expected - expected.mean()) / expected.std()
    found = latest.score(film).values
    assert found - found.mean() == pytest.approx(standard, abs=1e-3)


def test_the_card_says_what_the_ranker_learned_from(catalog: Catalog, media: Media) -> None:
    card = train_ranker(catalog, "lstm", [media.id], seed=5, plan=QUICK)

    assert card.trained_on == ("f1",)
    assert card.seed == 5
    assert card.space.embedding_model == "planted"
    assert card.validation["reward"] > 0
    assert "held out" in card.held_out
    assert ranker_cards(catalog) == [card]
    assert Card.from_json((folder(catalog, card) / CARD).read_text()) == card


def test_a_new_training_is_a_new_version_and_the_old_one_stays(
    catalog: Catalog, media: Media
) -> None:
    first = train_ranker(catalog, "lstm", [media.id], seed=1, plan=QUICK)
    second = train_ranker(catalog, "lstm", [media.id], seed=2, plan=QUICK)

    assert load_ranker(catalog, "lstm").version == second.version
    assert load_ranker(catalog, f"lstm@{first.version}").version == first.version
    assert [card.version for card in ranker_cards(catalog)] == [second.version, first.version]


def test_the_same_training_again_is_the_same_version_and_the_latest(
    catalog: Catalog, media: Media
) -> None:
    versions = [
        train_ranker(catalog, "lstm", [media.id], seed=seed, plan=QUICK).version
        for seed in (1, 2, 1)
    ]

    assert versions[0] == versions[2]
    assert load_ranker(catalog, "lstm").version == versions[0]
    assert len(ranker_cards(catalog)) == 2


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))


def put_text(file: Path) -> None:
    file.write_text("not what you think")


def put_number(file: Path) -> None:
    file.write_text("7")


@pytest.mark.parametrize("name", [WEIGHTS, CARD])
@pytest.mark.parametrize("damage", [truncate, put_text, put_number, flip_a_bit, Path.unlink])
def test_a_damaged_checkpoint_is_refused_and_the_previous_one_still_works(
    name: str, damage: Callable[[Path], None], catalog: Catalog, media: Media
) -> None:
    before = train_ranker(catalog, "lstm", [media.id], seed=1, plan=QUICK)
    latest = train_ranker(catalog, "lstm", [media.id], seed=2, plan=QUICK)
    damage(folder(catalog, latest) / name)

    with pytest.raises(ModelError, match="Train it again, or name another version"):
        load_ranker(catalog, "lstm")
    film = film_from_catalog(catalog, media)
    assert load_ranker(catalog, f"lstm@{before.version}").score(film).values.shape == (30,)

    again = train_ranker(catalog, "lstm", [media.id], seed=2, plan=QUICK)  # mends it
    assert load_ranker(catalog, "lstm").version == again.version == latest.version


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 99),
        ("name", "svm"),
        ("config", {"hidden_dim": 4}),
        ("config", {"embedding_dim": 32, "other_dim": 16, "hidden_dim": 10**12}),
        ("config", {"embedding_dim": 32, "other_dim": "16"}),
        ("config", {"embedding_dim": 32, "other_dim": 16.0}),
        ("config", None),
        ("config", [64]),
        ("space", {}),
        ("space", []),
        ("seed", None),
    ],
)
def test_a_card_that_does_not_fit_its_weights_is_refused(
    key: str, value: object, catalog: Catalog, media: Media
) -> None:
    """Even where the version was made to match, nothing is built that the weights do not fill."""
    card = train_ranker(catalog, "lstm", [media.id], seed=1, plan=QUICK)
    path = folder(catalog, card) / CARD
    values = json.loads(path.read_text()) | {key: value}
    if key == "config" and isinstance(value, dict):
        weights = (folder(catalog, card) / WEIGHTS).read_bytes()
        values["version"] = version_of(card.name, card.space, values["config"], weights)
    if key == "seed":
        del values["seed"]
    path.write_text(json.dumps(values))

    with pytest.raises(ModelError, match="missing or damaged"):
        read_checkpoint(folder(catalog, card))


@pytest.mark.parametrize("field", [field.name for field in fields(Card)])
def test_a_card_without_one_of_its_fields_is_refused(
    field: str, catalog: Catalog, media: Media
) -> None:
    values = json.loads(train_ranker(catalog, "lstm", [media.id], seed=1, plan=QUICK).to_json())
    del values[field]

    with pytest.raises(ValueError, match="it is no ranker's card"):
        Card.from_json(json.dumps(values))


def without_end(weights: bytes) -> bytes:
    return weights[:-10]


def with_a_vast_header(weights: bytes) -> bytes:
    return (2**62).to_bytes(8, "little") + weights[8:]


def of_other_shapes(weights: bytes) -> bytes:
    state = safetensors.torch.load(weights)
    return safetensors.torch.save(state | {"head.bias": torch.zeros(2)})


def with_one_missing(weights: bytes) -> bytes:
    state = safetensors.torch.load(weights)
    del state["head.bias"]
    return safetensors.torch.save(state)


def in_half_precision(weights: bytes) -> bytes:
    state = safetensors.torch.load(weights)
    return safetensors.torch.save({name: tensor.half() for name, tensor in state.items()})


def empty(weights: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(
    "spoil",
    [without_end, with_a_vast_header, of_other_shapes, with_one_missing, in_half_precision, empty],
)
@pytest.mark.parametrize("name", NETWORKS)
def test_spoilt_weights_are_refused_even_if_their_version_was_made_to_match(
    name: str, spoil: Callable[[bytes], bytes], catalog: Catalog, media: Media
) -> None:
    before = train_ranker(catalog, name, [media.id], seed=1, plan=QUICK)
    card = train_ranker(catalog, name, [media.id], seed=2, plan=QUICK)
    place = folder(catalog, card)
    weights = spoil((place / WEIGHTS).read_bytes())
    (place / WEIGHTS).write_bytes(weights)
    values = json.loads((place / CARD).read_text())
    values["version"] = version_of(card.name, card.space, card.config, weights)
    (place / CARD).write_text(json.dumps(values))

    with pytest.raises(ModelError, match=rf"missing or damaged.*\n.*{before.version}"):
        load_ranker(catalog, name)
    assert load_ranker(catalog, f"{name}@{before.version}").version == before.version


def test_weights_that_are_not_numbers_are_refused(catalog: Catalog, media: Media) -> None:
    card = train_ranker(catalog, "lstm", [media.id], seed=1, plan=QUICK)
    place = folder(catalog, card)
    state = safetensors.torch.load_file(place / WEIGHTS)
    state["head.bias"][:] = torch.nan
    weights = safetensors.torch.save(state)
    (place / WEIGHTS).write_bytes(weights)
    values = json.loads((place / CARD).read_text())
    values["version"] = version_of(card.name, card.space, card.config, weights)
    (place / CARD).write_text(json.dumps(values))

    with pytest.raises(ModelError, match="finite"):
        read_checkpoint(place)


def test_an_unknown_ranker_or_version_says_what_there_is(catalog: Catalog, media: Media) -> None:
    with pytest.raises(ModelError, match="no lstm has been trained"):
        load_ranker(catalog, "lstm")
    card = train_ranker(catalog, "lstm", [media.id], seed=1, plan=QUICK)

    with pytest.raises(ModelError, match=card.version):
        load_ranker(catalog, "lstm@0123")
    with pytest.raises(ModelError, match="linear, lstm, transformer"):
        load_ranker(catalog, "../../lstm")
    with pytest.raises(ModelError, match="there is no ranker 'linear@0123'"):
        load_ranker(catalog, "linear@0123")


def test_a_ranker_refuses_a_film_of_another_feature_space(
    catalog: Catalog, media: Media, planted: Callable[..., Film]
) -> None:
    train_ranker(catalog, "transformer", [media.id], seed=1, plan=QUICK)

    with pytest.raises(ModelError, match="or use the linear scorer"):
        load_ranker(catalog, "transformer").score(planted(dim=16))


def test_a_training_that_fails_leaves_the_previous_model_in_force(
    catalog: Catalog, media: Media, ingested: Ingested, planted: Callable[..., Film]
) -> None:
    card = train_ranker(catalog, "lstm", [media.id], seed=1, plan=QUICK)
    other = ingested("f2", planted(30, dim=16))
    with pytest.raises(ModelError, match=r"f2\.mp4 has 16 numbers"):
        train_ranker(catalog, "lstm", [media.id, other.id], seed=2, plan=QUICK)
    with pytest.raises(UnknownMedia):
        train_ranker(catalog, "lstm", [MediaId(99)], seed=2, plan=QUICK)
    with pytest.raises(ModelError, match="'linear' cannot be trained"):
        train_ranker(catalog, "linear", [media.id], seed=2, plan=QUICK)

    assert load_ranker(catalog, "lstm").version == card.version
    assert [p.name for p in folder(catalog, card).parent.iterdir()] == [card.version]


def test_the_linear_scorer_is_the_default_and_needs_no_training(
    catalog: Catalog, media: Media
) -> None:
    ranker = load_ranker(catalog)

    assert ranker.name == "linear"
    assert load_ranker(catalog, f"linear@{ranker.version}") == ranker
    assert ranker.score(film_from_catalog(catalog, media)).values.shape == (30,)
