"""Rankers taught by labels: new versions with cards that say from what; and what cannot be used."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dashboard.commands.learning import learn_group
from editing.errors import ModelError
from editing.rank.film import Film
from editing.rank.label_sources import AudienceCurve, of_audience, sources_of
from editing.rank.label_training import LABEL_PLAN, Source
from editing.rank.plan import TrainingPlan
from editing.rank.preferences import Preferences
from editing.rank.register import ranker_cards
from editing.rank.store import (
    film_from_catalog,
    load_ranker,
    train_ranker,
    train_ranker_on_labels,
)
from ingest.catalog import Catalog
from ingest.media import Media

QUICK = replace(LABEL_PLAN, steps=6)
Ingested = Callable[[str, Film], Media]


@pytest.fixture
def media(ingested: Ingested, planted: Callable[..., Film]) -> Media:
    return ingested("f1", planted(30))


def source_of(catalog: Catalog, media: Media) -> Source:
    film = film_from_catalog(catalog, media)
    return Source(
        "editors", (Preferences(film, np.array([0, 4]), np.array([1, 3]), np.ones(2), ""),)
    )


def test_a_ranker_taught_further_is_a_new_version_and_the_old_one_stays(
    catalog: Catalog, media: Media
) -> None:
    plan = TrainingPlan(steps=2, order_steps=2)
    first = train_ranker(catalog, "lstm", [media.id], seed=1, plan=plan)
    film = film_from_catalog(catalog, media)
    before = load_ranker(catalog, f"lstm@{first.version}").score(film).values

    card = train_ranker_on_labels(
        catalog,
        "lstm",
        [source_of(catalog, media)],
        [media.id],
        seed=2,
        start=first.version,
        plan=QUICK,
    )

    assert card.version != first.version
    assert card.started_from == first.version
    assert card.learned_from == ("editors, weight 1, 2 pairs",)
    assert card.seed == 2
    assert set(card.validation) == {"agreement", "linear", "untrained"}
    assert load_ranker(catalog, "lstm").version == card.version
    assert (load_ranker(catalog, f"lstm@{first.version}").score(film).values == before).all()
    assert [one.version for one in ranker_cards(catalog)] == [card.version, first.version]


def test_an_unfinished_training_leaves_nothing_behind_once_it_is_done(
    catalog: Catalog, media: Media
) -> None:
    def stop(done: float) -> None:
        if done > 0.4:
            raise KeyboardInterrupt

    plan = TrainingPlan(steps=6, check_every=1, keep_every=1, order_steps=0)
    with pytest.raises(KeyboardInterrupt):
        train_ranker(catalog, "lstm", [media.id], seed=1, plan=plan, on_progress=stop)
    kept = catalog.folder / "rankers" / ".training"
    assert list(kept.rglob("*.safetensors"))
    assert ranker_cards(catalog) == []

    train_ranker(catalog, "lstm", [media.id], seed=1, plan=plan)
    assert not list(kept.rglob("*.safetensors"))


def test_a_damaged_latest_ranker_names_those_before_it(catalog: Catalog, media: Media) -> None:
    plan = TrainingPlan(steps=2, order_steps=2)
    first = train_ranker(catalog, "lstm", [media.id], seed=1, plan=plan)
    latest = train_ranker(catalog, "lstm", [media.id], seed=2, plan=plan)
    (catalog.folder / "rankers" / "lstm" / latest.version / "card.json").write_text("{}")

    with pytest.raises(ModelError, match=f"there is lstm@{first.version}"):
        load_ranker(catalog, "lstm")


def test_features_that_are_not_numbers_are_refused_with_the_films_name(
    catalog: Catalog, ingested: Ingested, planted: Callable[..., Film]
) -> None:
    film = planted(12)
    whole = ingested("whole", planted(12, seed=1))
    card = train_ranker(
        catalog, "lstm", [whole.id], seed=1, plan=TrainingPlan(steps=2, order_steps=2)
    )
    film.embeddings.vectors.setflags(write=True)
    damaged = film.embeddings.vectors.copy()
    damaged[3] = np.nan
    object.__setattr__(film.embeddings, "vectors", damaged)  # as a damaged array file would be
    media = ingested("damaged", film)

    with pytest.raises(ModelError, match=r"damaged\.mp4 cannot be used: embeddings hold NaN"):
        film_from_catalog(catalog, media)
    with pytest.raises(ModelError, match=r"damaged\.mp4"):
        train_ranker(catalog, "lstm", [whole.id, media.id], seed=1)
    assert load_ranker(catalog, "lstm").version == card.version


def test_a_film_of_one_shot_is_scored_by_a_trained_network(
    catalog: Catalog, media: Media, ingested: Ingested, planted: Callable[..., Film]
) -> None:
    train_ranker(catalog, "lstm", [media.id], seed=1, plan=TrainingPlan(steps=2, order_steps=2))
    single = ingested("single", planted(1))
    scores = load_ranker(catalog, "lstm").score(film_from_catalog(catalog, single))

    assert np.isfinite(scores.values).all()
    assert scores.parts.sum() == pytest.approx(scores.values[0])


def curve_file(path: Path, seconds: int, leave_at: int) -> Path:
    """A thousand viewers, of whom half leave in the second `leave_at` and some all the time."""
    watched = 1000 * np.exp(-0.002 * np.arange(seconds))
    watched[leave_at:] /= 2
    rows = [{"watched": float(w), "again": float(w) / 10} for w in watched]
    path.write_text(json.dumps({"viewers": 1000, "curve": rows}))
    return path


def test_an_audience_that_leaves_in_a_shot_prefers_the_others(
    catalog: Catalog, media: Media, tmp_path: Path
) -> None:
    """Shots last 2 s; half of the audience leaves in second 11, which is in shot 5."""
    film = film_from_catalog(catalog, media)
    curve = AudienceCurve.read(curve_file(tmp_path / "curve.json", 60, 11))
    stayed, _ = of_audience(film, media, curve)

    assert 5 in stayed.other
    assert 5 not in stayed.preferred


def test_a_source_that_says_nothing_is_told(catalog: Catalog, media: Media) -> None:
    films = {media.id: film_from_catalog(catalog, media)}
    with pytest.raises(ModelError, match="no editor has accepted"):
        sources_of(catalog, films, {"editors": 1.0}, {})
    with pytest.raises(ModelError, match="Name a curve"):
        sources_of(catalog, films, {"audience": 1.0}, {})
    with pytest.raises(ModelError, match="reel learn align"):
        sources_of(catalog, films, {"trailers": 1.0}, {})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"viewers": 0, "curve": []}'])
def test_a_file_that_holds_no_curve_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "curve.json"
    path.write_text(text)

    with pytest.raises(ModelError, match=r"curve\.json holds"):
        AudienceCurve.read(path)


def test_the_command_trains_on_an_audience_and_says_from_what(
    media: Media, catalog: Catalog, tmp_path: Path
) -> None:
    curve = curve_file(tmp_path / "curve.json", 60, 11)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    catalog.folder.rename(workspace / "catalog")
    result = CliRunner().invoke(
        learn_group,
        [
            *("train", "--labels", "audience=2", "--audience", f"f1.mp4={curve}"),
            *("-w", str(workspace), "--format", "json", "-q"),
        ],
    )

    assert result.exit_code == 0, result.output
    card = json.loads(result.stdout)
    assert card["learned_from"][0].startswith("audience, weight 2")
    assert "agreement" in card["validation"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("--labels", "critics"),
        ("--labels", "editors=0"),
        ("--labels", "editors=much"),
        ("--audience", "film"),
        ("--audience", "1=x.json"),
        ("--from", "abc"),
        ("--objective", "luck"),
    ],
)
def test_wrong_use_of_training_has_exit_status_2(wrong: tuple[str, ...], tmp_path: Path) -> None:
    result = CliRunner().invoke(learn_group, ["train", *wrong, "-w", str(tmp_path / "w")])

    assert result.exit_code == 2
