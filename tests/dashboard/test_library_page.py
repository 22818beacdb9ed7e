from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.settings import Workspace
from ingest.catalog import Catalog

APP = Path(dashboard.__file__).parent / "app.py"


def library() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=60).run()


def table(page: AppTest) -> AppTest:
    """The same films as a table, which a test can read."""
    page.segmented_control(key="film_look").set_value("Table").run()
    return page


def words(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.caption, *page.markdown])


def names(page: AppTest) -> list[str]:
    return page.dataframe[-1].value["film"].tolist()


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


def test_the_films_are_counted_and_listed_with_their_facts(workspace: Workspace) -> None:
    page = library()
    assert not page.exception and not page.error
    assert "**1 – 2** of 2 films" in words(page)

    films = table(page).dataframe[-1].value

    assert films["film"].tolist() == ["harbour.mp4", "silent.mp4"]
    assert films["shots"].tolist() == [8, 1]
    assert films["cuts"].tolist() == [1, 0]
    assert films["duration"].tolist() == ["0:00:16", "0:00:02"]
    assert films["size"].tolist() == ["160 × 90", "160 × 90"]
    assert films["timecode"].tolist() == ["10:00:00:00", "none"]
    assert films["sound"].tolist()[0].startswith("mono, 48 kHz, −")
    assert films["warnings"].tolist() == ["", "no sound"]


def test_failures_are_shown_with_their_reasons(workspace: Workspace) -> None:
    failures = library().dataframe[0].value

    assert failures["file"].tolist() == ["torn.mp4"]
    assert failures["reason"].tolist() == ["it is truncated"]


def test_a_search_shows_what_has_it_in_its_name(workspace: Workspace) -> None:
    page = table(library())

    page.text_input(key="film_text").set_value("HARB").run()

    assert names(page) == ["harbour.mp4"]


@pytest.mark.parametrize("text", ["%", "_", "'; DROP TABLE media; --"])
def test_a_search_takes_every_character_as_itself(workspace: Workspace, text: str) -> None:
    page = library()

    page.text_input(key="film_text").set_value(text).run()

    assert not page.exception and not page.error
    assert "No film is like that" in page.info[0].value


def test_films_are_put_in_order(workspace: Workspace) -> None:
    page = table(library())

    page.selectbox(key="film_order").set_value("shortest").run()

    assert names(page) == ["silent.mp4", "harbour.mp4"]


def test_filters_keep_what_has_a_trait_and_can_be_cleared(workspace: Workspace) -> None:
    page = table(library())

    page.pills(key="film_traits").set_value(["sound"]).run()
    assert names(page) == ["harbour.mp4"]

    next(one for one in page.button if one.label == "Clear all").click().run()
    assert names(page) == ["harbour.mp4", "silent.mp4"]


def test_what_another_process_ingests_shows_at_the_next_rerun(workspace: Workspace) -> None:
    page = library()
    with Catalog(workspace.catalog) as catalog:
        catalog.record_failure(Path("late.mp4"), "it is empty")

    page.run()

    assert "late.mp4" in page.dataframe[0].value["file"].tolist()


def test_a_damaged_catalogue_is_told_without_a_traceback(empty_workspace: Workspace) -> None:
    empty_workspace.catalog.mkdir(parents=True)
    (empty_workspace.catalog / "catalog.sqlite").write_bytes(b"not a database" * 100)

    page = library()

    assert not page.exception
    assert "cannot be used as a catalogue" in page.error[0].value


@pytest.mark.parametrize("view", ["title", "cuts", "review", "audience"])
def test_the_other_pages_open_from_here(workspace: Workspace, view: str) -> None:
    page = library().switch_page(f"views/{view}.py").run()

    assert not page.exception and not page.error
