"""Which recommender of a workspace is in use, and going back to an earlier one."""

from pathlib import Path

import pytest

from recsys.current import current_folder
from recsys.errors import UnknownVersion, UnusableModel
from recsys.run import import_log, train
from recsys.simulate import simulate, write_simulation
from recsys.versions import kept_recommenders, use_recommender


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, str, str]:
    """A folder of recommenders, and the names of the two in it, the earlier first."""
    simulation = simulate(0, users=40, titles=8, days=20, plays_per_user=6)
    write_simulation(simulation, tmp_path / "log.parquet", tmp_path / "titles.parquet")
    import_log([tmp_path / "log.parquet"], tmp_path / "logs")
    shelf = tmp_path / "recommenders"
    names = [train(tmp_path / "logs", shelf, model=m).folder.name for m in ("popularity", "ease")]
    return shelf, names[0], names[1]


def test_a_workspace_without_recommenders_has_none(tmp_path: Path) -> None:
    assert kept_recommenders(tmp_path / "none") == []


def test_the_one_trained_last_is_in_use(kept: tuple[Path, str, str]) -> None:
    shelf, first, second = kept
    assert {one.name: one.in_use for one in kept_recommenders(shelf)} == {
        first: False,
        second: True,
    }


def test_an_earlier_one_can_be_gone_back_to(kept: tuple[Path, str, str]) -> None:
    shelf, first, second = kept
    use_recommender(shelf, first)
    assert current_folder(shelf).name == first
    use_recommender(shelf, second)
    assert current_folder(shelf).name == second


@pytest.mark.parametrize("name", ["", ".", "..", "../recommenders", "ease", "current.json"])
def test_a_name_that_is_none_is_refused(kept: tuple[Path, str, str], name: str) -> None:
    shelf, _, second = kept
    with pytest.raises(UnknownVersion, match="there are: "):
        use_recommender(shelf, name)
    assert current_folder(shelf).name == second


def test_a_damaged_one_is_told_and_refused(kept: tuple[Path, str, str]) -> None:
    shelf, first, second = kept
    for file in (shelf / first).iterdir():
        file.write_bytes(b"torn")
    with pytest.raises(UnusableModel):
        use_recommender(shelf, first)
    assert current_folder(shelf).name == second
    told = {one.name: one.problem for one in kept_recommenders(shelf)}
    assert "its card cannot be read" in told[first]
    assert told[second] == ""
