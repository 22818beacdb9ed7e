import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import cut_queries
from dashboard.components.brief_form import shot_numbers
from dashboard.cut_queries import CutFilter
from dashboard.settings import Workspace
from dashboard.sources import folder_state
from editing.approvals import approve
from editing.cut_store import list_cuts, load_cut, save_version
from editing.errors import EditError
from editing.run import export_cut
from ingest.catalog import Catalog

APP = Path(dashboard.__file__).parent / "app.py"


def cuts_page() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=60).run().switch_page("views/cuts.py").run()


def words(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.caption, *page.markdown])


def button(page: AppTest, label: str) -> object:
    return next(one for one in page.button if one.label == label)


def render_of(workspace: Workspace, version: int | None = None) -> cut_queries.Render | None:
    state = folder_state(workspace.catalog)
    made = cut_queries.versions(workspace.catalog, 1, state=state)
    return cut_queries.find_render(
        workspace.renders,
        cut_queries.cut(workspace.catalog, 1, version, state=state),
        made,
    )


def add_version(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 1)
        save_version(catalog, cut, expected_version=cut.version)


def listed(workspace: Workspace, wanted: CutFilter) -> list[int]:
    state = folder_state(workspace.catalog)
    total, rows = cut_queries.cut_page(workspace.catalog, wanted, start=0, count=10, state=state)
    assert total == len(rows)
    return [row.id for row in rows]


def test_without_footage_it_says_which_command_to_run(empty_workspace: Workspace) -> None:
    page = cuts_page()

    assert not page.exception and not page.error
    assert "reel ingest" in page.info[0].value


def test_without_cuts_it_offers_to_suggest_one(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog, catalog.transaction() as connection:
        for table in ("slot", "cut_version", "cut"):
            connection.exec_driver_sql(f"DELETE FROM {table}")

    page = cuts_page()

    assert not page.exception and not page.error
    assert "reel cut trailer" in page.info[0].value
    assert "Suggest" in [one.label for one in page.button]


def test_the_cuts_are_counted(workspace: Workspace) -> None:
    page = cuts_page()

    assert not page.exception and not page.error
    assert "1 cut, the newest first" in words(page)


def test_a_row_is_of_the_latest_version_and_tells_who_approved_that(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        approve(catalog, 1, 1, "Ana")
        approve(catalog, 1, 1, "Bo")
        slots = load_cut(catalog, 1).slots
    state = folder_state(workspace.catalog)
    _, (row,) = cut_queries.cut_page(workspace.catalog, CutFilter(), start=0, count=10, state=state)

    assert (row.film, row.frames, row.seconds, row.slots) == ("harbour.mp4", 96, 4.0, len(slots))
    assert (row.media, row.shot) == (slots[0].media, slots[0].shot)
    assert (row.version, row.approved_by) == (1, "Ana")
    assert listed(workspace, CutFilter(approved=True)) == [1]

    add_version(workspace)
    assert listed(workspace, CutFilter(approved=True)) == []
    assert listed(workspace, CutFilter(approved=False)) == [1]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CutFilter(text="HARBOUR"), [1]),
        (CutFilter(text="%"), []),
        (CutFilter(kind="trailer"), [1]),
        (CutFilter(kind="rough"), []),
        (CutFilter(media=2), []),
    ],
)
def test_cuts_are_found_by_name_kind_and_film(
    workspace: Workspace, wanted: CutFilter, found: list[int]
) -> None:
    assert listed(workspace, wanted) == found


def test_a_suggested_cut_is_kept_and_reviewed(workspace: Workspace) -> None:
    page = cuts_page()
    page.number_input(key="brief_seconds_trailer").set_value(3.0)

    button(page, "Suggest").click().run()

    assert not page.exception and not page.error
    with Catalog(workspace.catalog) as catalog:
        newest = list_cuts(catalog)[-1]
    assert (newest.id, newest.frames) == (2, 72)
    assert page.title[0].value == "Review: harbour trailer"
    assert "3.00 s = 72 frames" in words(page)


def test_a_brief_names_shots_that_must_and_may_not_be_there(workspace: Workspace) -> None:
    page = cuts_page()
    page.number_input(key="brief_seconds_trailer").set_value(4.0)
    fields = {one.label: one for one in page.text_input}
    fields["Shots it must have"].set_value("2")
    fields["Shots it may not have"].set_value("4-5")

    button(page, "Suggest").click().run()

    assert not page.exception and not page.error
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 2)
    shots = {slot.shot for slot in cut.slots}
    assert 2 in shots and not shots & {4, 5}


def test_an_impossible_brief_is_told_with_the_nearest_that_works(workspace: Workspace) -> None:
    page = cuts_page()
    page.number_input(key="brief_seconds_trailer").set_value(500.0)

    button(page, "Suggest").click().run()

    assert not page.exception
    assert "this brief is impossible" in page.error[0].value
    assert "The nearest that works" in page.error[0].value
    with Catalog(workspace.catalog) as catalog:
        assert len(list_cuts(catalog)) == 1


def test_shots_are_read_as_people_write_them() -> None:
    assert shot_numbers(" 3, 17-19,3 ;1", 20) == [1, 3, 17, 18, 19]
    assert shot_numbers("", 20) == []


@pytest.mark.parametrize("text", ["x", "3-", "5-2", "20", "1-99999999999", "../1"])
def test_shots_that_are_none_are_told(text: str) -> None:
    with pytest.raises(EditError):
        shot_numbers(text, 20)


@pytest.mark.parametrize(("target", "suffix"), [("otio", "otio"), ("edl", "edl"), ("fcp7", "xml")])
def test_exports_are_those_of_the_command(
    workspace: Workspace, tmp_path: Path, target: str, suffix: str
) -> None:
    with Catalog(workspace.catalog) as catalog:
        export_cut(catalog, load_cut(catalog, 1), target, tmp_path / f"by_hand.{suffix}")

    state = folder_state(workspace.catalog)
    data = cut_queries.export(workspace.catalog, 1, 1, target, state=state)

    assert data == (tmp_path / f"by_hand.{suffix}").read_bytes()


def test_a_render_is_not_taken_for_one_of_a_later_version(workspace: Workspace) -> None:
    plain = workspace.renders / "trailer-1.mp4"
    assert render_of(workspace).name == plain.name

    os.utime(plain, (0, created_at(workspace, 1) + 0.5))
    add_version_at(workspace, created_at(workspace, 1) + 1)

    assert render_of(workspace, version=2) is None
    assert render_of(workspace, version=1).name == plain.name


def created_at(workspace: Workspace, version: int) -> float:
    state = folder_state(workspace.catalog)
    made = cut_queries.versions(workspace.catalog, 1, state=state)
    rows = {row["version"]: row for row in made.iter_rows(named=True)}
    return datetime.fromisoformat(rows[version]["created_at"]).timestamp()


def add_version_at(workspace: Workspace, when: float) -> None:
    add_version(workspace)
    text = datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
    with Catalog(workspace.catalog) as catalog, catalog.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE cut_version SET created_at = ? WHERE version = 2", (text,)
        )
