"""Which version of a ranker is in force, and going back to an earlier one."""

from collections.abc import Callable

import pytest

from editing.errors import ModelError
from editing.rank.film import Film
from editing.rank.plan import TrainingPlan
from editing.rank.store import load_ranker, train_ranker
from editing.rank.versions import put_in_force, ranker_versions
from ingest.catalog import Catalog
from ingest.media import Media

PLAN = TrainingPlan(steps=2, order_steps=1)


@pytest.fixture
def versions(
    catalog: Catalog, ingested: Callable[[str, Film], Media], planted: Callable[..., Film]
) -> list[str]:
    """Two versions of an LSTM, the earlier first."""
    films = [ingested(f"f{seed}", planted(20, seed=seed)).id for seed in range(2)]
    return [train_ranker(catalog, "lstm", films, seed=seed, plan=PLAN).version for seed in (1, 2)]


def test_the_latest_is_in_force(catalog: Catalog, versions: list[str]) -> None:
    found = [(one.card.version, one.in_force) for one in ranker_versions(catalog)]
    assert found == [(versions[1], True), (versions[0], False)]


def test_an_earlier_version_can_be_gone_back_to(catalog: Catalog, versions: list[str]) -> None:
    put_in_force(catalog, f"lstm@{versions[0]}")
    assert load_ranker(catalog, "lstm").version == versions[0]
    assert load_ranker(catalog, f"lstm@{versions[1]}").version == versions[1]
    put_in_force(catalog, f"lstm@{versions[1]}")
    assert load_ranker(catalog, "lstm").version == versions[1]


@pytest.mark.parametrize("name", ["lstm", "lstm@", "lstm@000000000000", "linear@1", "", "@"])
def test_what_was_not_trained_is_refused(catalog: Catalog, versions: list[str], name: str) -> None:
    with pytest.raises(ModelError, match=f"there are: lstm@{versions[1]}"):
        put_in_force(catalog, name)


def test_a_damaged_version_is_refused_and_the_other_stays(
    catalog: Catalog, versions: list[str]
) -> None:
    folder = catalog.folder / "rankers" / "lstm" / versions[0]
    for file in folder.iterdir():
        file.write_bytes(b"torn")
    with pytest.raises(ModelError):
        put_in_force(catalog, f"lstm@{versions[0]}")
    assert load_ranker(catalog, "lstm").version == versions[1]
