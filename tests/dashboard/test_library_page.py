from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.settings import Workspace
from ingest.catalog import Catalog

APP = Path(dashboard.__file__).parent / "app.py"


def library() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=60).run()


def words(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.caption, *page.markdown])


def test_an_empty_workspace_says_which_command_to_run(empty_workspace: Workspace) -> None:
    page = library()

    assert not page.exception and not page.error
    assert "reel ingest" in page.info[0].value
    assert not empty_workspace.root.exists()  # looking makes nothing


def test_a_catalogue_with_failures_only_shows_them(empty_workspace: Workspace) -> None:
    with Catalog(empty_workspace.catalog) as catalog:
        catalog.record_failure(Path("torn.mp4"), "it is truncated")

    page = library()

    assert "reel ingest" in page.info[0].value
    assert page.dataframe[0].value["reason"].tolist() == ["it is truncated"]


def test_the_films_are_listed_with_their_facts(workspace: Workspace) -> None:
    films = library().dataframe[0].value

    assert films["film"].tolist() == ["harbour.mp4", "silent.mp4"]
    assert films["shots"].tolist() == [8, 1]
    assert films["duration"].tolist() == ["0:00:16", "0:00:02"]
    assert films["size"].tolist() == ["160 × 90", "160 × 90"]
    assert films["timecode"].tolist() == ["10:00:00:00", "none"]
    assert films["sound"].tolist()[0].startswith("mono, 48 kHz, −")
    assert films["warnings"].tolist() == ["", "no sound"]


def test_failures_are_shown_with_their_reasons(workspace: Workspace) -> None:
    failures = library().dataframe[1].value

    assert failures["file"].tolist() == ["torn.mp4"]
    assert failures["reason"].tolist() == ["it is truncated"]


def test_a_film_shows_its_facts_and_its_first_shot(workspace: Workspace) -> None:
    page = library()

    assert not page.exception and not page.error
    assert "Frames **384**" in words(page)
    assert "Shots **8 by content**" in words(page)
    assert "Shot **0** · 10:00:00:00 – 10:00:02:00 · **48 frames**" in words(page)


def test_a_chosen_shot_is_described(workspace: Workspace) -> None:
    page = library()
    page.session_state["shot"] = 3

    page.run()

    assert "Shot **3** · 10:00:06:00 – 10:00:08:00" in words(page)


def test_choosing_another_film_starts_at_its_first_shot(workspace: Workspace) -> None:
    page = library()
    page.session_state["shot"] = 3

    page.selectbox(key="film").select_index(1).run()

    assert not page.exception and not page.error
    assert "Frames **48**" in words(page)
    assert "Shot **0**" in words(page)
    assert "no sound" in page.warning[0].value


def test_every_shot_is_in_the_table_with_its_measures(workspace: Workspace) -> None:
    shots = library().dataframe[-1].value

    assert shots["start"].tolist() == [0, 48, 96, 144, 192, 240, 288, 336]
    assert shots["end_tc"].tolist()[-1] == "10:00:16:00"
    assert {"motion", "loudness", "luma"} <= set(shots.columns)
    assert shots["transition"].tolist()[:2] == ["start", "cut"]


def test_what_another_process_ingests_shows_at_the_next_rerun(workspace: Workspace) -> None:
    page = library()
    with Catalog(workspace.catalog) as catalog:
        catalog.record_failure(Path("late.mp4"), "it is empty")

    page.run()

    assert "late.mp4" in page.dataframe[1].value["file"].tolist()


def test_a_damaged_catalogue_is_told_without_a_traceback(empty_workspace: Workspace) -> None:
    empty_workspace.catalog.mkdir(parents=True)
    (empty_workspace.catalog / "catalog.sqlite").write_bytes(b"not a database" * 100)

    page = library()

    assert not page.exception
    assert "cannot be used as a catalogue" in page.error[0].value


@pytest.mark.parametrize("page_file", ["views/cuts.py", "views/audience.py"])
def test_the_other_pages_open_from_here(workspace: Workspace, page_file: str) -> None:
    page = library().switch_page(page_file).run()

    assert not page.exception and not page.error
