"""Which film a title is, and which shots and cuts fit the users of a segment."""

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from dashboard.cut_taste import fitting_cuts, titles_with_films
from dashboard.people import NotAllowed, Person
from dashboard.settings import Workspace
from dashboard.title_films import NamedFilm, find_film, link_film, plain_name, read_links
from ingest.catalog import Catalog
from recsys.errors import NoUsableRows
from recsys.logs.store import LogStore
from recsys.run import import_log

FILMS = [NamedFilm(1, "Big_Buck-Bunny.mp4", "aa", 600.0), NamedFilm(2, "other.mp4", "bb", 60.0)]
EARLY, LATE = [f"a{n}" for n in range(10)], [f"b{n}" for n in range(10)]


@pytest.fixture
def parted(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Ten users who play 0 to 4 s of `harbour.mp4`, its shots 0 and 1; ten who play 8 to 12 s."""
    rows = [
        {
            "user": user,
            "item": "harbour",
            "timestamp": "2025-01-07",
            "duration_seconds": 16.0,
            "from_seconds": begin,
            "to_seconds": begin + 4.0,
        }
        for begin, users in ((0.0, EARLY), (8.0, LATE))
        for user in users
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "views.csv")
    import_log([tmp_path / "views.csv"], workspace.logs)
    return workspace


def test_a_film_is_found_by_its_name_and_its_length() -> None:
    assert plain_name("Big Buck Bunny (2008)") == "bigbuckbunny2008"
    found = find_film(FILMS, {}, "t1", "Big Buck Bunny", 601.0)

    assert found == FILMS[0]
    assert find_film(FILMS, {}, "t1", "Big Buck Bunny", 700.0) is None
    assert find_film(FILMS, {}, "t1", "", 60.0) is None


def test_what_a_person_says_goes_before_the_name() -> None:
    assert find_film(FILMS, {"t1": "bb"}, "t1", "Big Buck Bunny", 600.0) == FILMS[1]
    assert find_film(FILMS, {"t1": None}, "t1", "Big Buck Bunny", 600.0) is None


def test_only_editors_say_which_film_a_title_is(workspace: Workspace) -> None:
    with pytest.raises(NotAllowed):
        link_film(Person("Vic", "viewer"), workspace, "t1", "aa")
    assert read_links(workspace) == {}

    link_film(Person("Ana", "editor"), workspace, "t1", "aa")

    assert read_links(workspace) == {"t1": "aa"}


def test_the_shots_that_a_group_stays_for_fit_it_best(parted: Workspace) -> None:
    store = LogStore(parted.logs)
    with Catalog(parted.catalog) as catalog:
        titles = titles_with_films(catalog, store, {})
        assert [(one.item, one.film.name) for one in titles] == [("harbour", "harbour.mp4")]
        early = fitting_cuts(catalog, store, titles, "early", EARLY)
        late = fitting_cuts(catalog, store, titles, "late", LATE)

    assert early.by_shot and early.viewers == 10
    assert set(early.shots["shot"].head(2)) == {0, 1}
    assert set(late.shots["shot"].head(2)) == {4, 5}
    assert early.cuts["fit"].is_between(-1, 1).all()
    assert early.cuts.height == late.cuts.height == 1


def test_users_who_watched_no_film_have_no_taste(parted: Workspace) -> None:
    store = LogStore(parted.logs)
    with Catalog(parted.catalog) as catalog:
        titles = titles_with_films(catalog, store, {})
        with pytest.raises(NoUsableRows, match="needs 5"):
            fitting_cuts(catalog, store, titles, "nobody", ["u0001"])
        with pytest.raises(NoUsableRows, match="reel ingest"):
            fitting_cuts(catalog, store, [], "nobody", EARLY)


def test_the_command_names_the_segments_there_are(parted: Workspace) -> None:
    done = CliRunner().invoke(
        reel, ["audience", "cuts", "No such", "--workspace", f"{parted.root}"]
    )

    assert isinstance(done.exception, NoUsableRows)
    assert "there are" in f"{done.exception}"
