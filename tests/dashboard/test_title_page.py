from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.film_lanes import film_lanes
from dashboard.settings import Workspace
from dashboard.similar_shots import similar_shots
from dashboard.sources import folder_state

APP = Path(dashboard.__file__).parent / "app.py"


def title_page(film: str | None = None) -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60).run().switch_page("views/title.py")
    if film is not None:
        page.query_params["film"] = film
    return page.run()


def words(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.caption, *page.markdown])


def open_tab(page: AppTest, name: str) -> AppTest:
    page.session_state["title_tab"] = name
    return page.run()


def test_an_empty_workspace_says_which_command_to_run(empty_workspace: Workspace) -> None:
    page = title_page()

    assert not page.exception and not page.error
    assert "reel ingest" in page.info[0].value


def test_a_film_shows_its_facts_and_its_first_shot(workspace: Workspace) -> None:
    page = title_page("1")

    assert not page.exception and not page.error
    assert page.title[0].value == "harbour.mp4"
    assert "Frames **384**" in words(page)
    assert "Shots **8 by content**" in words(page)
    assert "Shot **0** · 10:00:00:00 – 10:00:02:00 · **48 frames**" in words(page)


def test_a_chosen_shot_is_described(workspace: Workspace) -> None:
    page = title_page("1")
    page.session_state["shot"] = 3

    page.run()

    assert "Shot **3** · 10:00:06:00 – 10:00:08:00" in words(page)


def test_another_film_begins_at_its_first_shot(workspace: Workspace) -> None:
    page = title_page("1")
    page.session_state["shot"] = 3
    page.query_params["film"] = "2"

    page.run()

    assert not page.exception and not page.error
    assert page.title[0].value == "silent.mp4"
    assert "Shot **0**" in words(page)
    assert "no sound" in page.warning[0].value


@pytest.mark.parametrize("named", ["99", "../../etc/passwd", "1; DROP TABLE media", "-1", "9" * 30])
def test_an_address_that_names_no_film_breaks_nothing(workspace: Workspace, named: str) -> None:
    page = title_page(named)

    assert not page.exception and not page.error


def test_similar_shots_are_told_with_how_far_was_looked(workspace: Workspace) -> None:
    page = open_tab(title_page("1"), "Similar shots")

    assert not page.exception and not page.error
    assert "looked through all 2 films" in words(page)


def test_the_most_similar_shot_is_the_one_whose_embedding_is_nearest(workspace: Workspace) -> None:
    state = folder_state(workspace.catalog)
    found = similar_shots(workspace.catalog, 2, 0, state=state)

    # the silent film's one scene is drawn as the first one of the harbour: the same picture
    assert (found.shots[0].media, found.shots[0].shot) == (1, 0)
    assert found.shots[0].similarity == pytest.approx(1, abs=0.02)
    assert [one.similarity for one in found.shots] == sorted(
        (one.similarity for one in found.shots), reverse=True
    )
    assert (2, 0) not in {(one.media, one.shot) for one in found.shots}


def test_near_duplicates_are_looked_for_when_asked(workspace: Workspace) -> None:
    page = open_tab(title_page("1"), "Near-duplicates")

    next(one for one in page.button if one.label == "Look for near-duplicates").click().run()

    assert not page.exception and not page.error


def test_a_films_cuts_lead_to_their_review(workspace: Workspace) -> None:
    page = open_tab(title_page("1"), "Cuts")
    assert any("harbour trailer" in one.label for one in page.button)

    none = open_tab(title_page("2"), "Cuts")
    assert "reel cut trailer 2 --seconds" in none.info[0].value


def test_lanes_are_of_what_was_measured(workspace: Workspace) -> None:
    state = folder_state(workspace.catalog)
    lanes = {lane.name: lane for lane in film_lanes(workspace.catalog, 1, state=state)}
    silent = {lane.name for lane in film_lanes(workspace.catalog, 2, state=state)}

    assert {"Motion", "Loudness", "Speech", "Score"} <= lanes.keys()
    assert len(lanes["Score"].values) == 8
    assert not {"Loudness", "Speech"} & silent
    assert all(lane.low < lane.high for lane in lanes.values())
