import os
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import cut_queries
from dashboard.settings import Workspace
from dashboard.sources import folder_state
from editing.cut_store import list_cuts, load_cut, save_version
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
    assert [one.label for one in page.button] == ["Suggest"]


def test_a_cut_is_shown_with_its_exact_length(workspace: Workspace) -> None:
    page = cuts_page()

    assert not page.exception and not page.error
    assert "Length **4.00 s = 96 frames**" in words(page)
    assert "Film **harbour.mp4**" in words(page)


def test_the_parts_of_every_slot_sum_to_its_score_as_shown(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        slots = load_cut(catalog, 1).slots
    page = cuts_page()

    for number, slot in enumerate(slots):
        page.session_state["slot"] = number
        page.run()
        score = f"{slot.score:.3f}".replace("-", "−")
        assert f"Slot {number + 1}: why shot {slot.shot}?" in words(page)
        assert f"parts sum to **{score}**; the score is **{score}**" in words(page)


def test_a_suggested_cut_is_kept_and_shown(workspace: Workspace) -> None:
    page = cuts_page()
    page.number_input[0].set_value(3.0)

    button(page, "Suggest").click().run()

    assert not page.exception and not page.error
    with Catalog(workspace.catalog) as catalog:
        newest = list_cuts(catalog)[-1]
    assert (newest.id, newest.frames, newest.author) == (2, 72, "dashboard")
    assert page.selectbox(key="cut").value == 2
    assert "Length **3.00 s = 72 frames**" in words(page)


def test_an_impossible_brief_is_told_with_the_nearest_that_works(workspace: Workspace) -> None:
    page = cuts_page()
    page.number_input[0].set_value(500.0)

    button(page, "Suggest").click().run()

    assert not page.exception
    assert "this brief is impossible" in page.error[0].value
    assert "The nearest that works" in page.error[0].value
    with Catalog(workspace.catalog) as catalog:
        assert len(list_cuts(catalog)) == 1


def test_rendering_makes_the_file_and_shows_it(workspace: Workspace) -> None:
    (workspace.renders / "trailer-1.mp4").unlink()
    page = cuts_page()
    assert "is not rendered yet" in words(page)

    button(page, "Render MP4").click().run()

    assert not page.exception and not page.error
    with av.open(str(workspace.renders / "trailer-1-v1.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 96
    assert "is not rendered yet" not in words(page)


def test_rendering_without_the_film_says_what_to_do(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        media = catalog.find_media("harbour.mp4")
        catalog.move_media(media.id, workspace.root / "gone.mp4")
    page = cuts_page()

    button(page, "Render again").click().run()

    assert not page.exception
    assert "is gone" in page.error[0].value
    assert not (workspace.renders / "trailer-1-v1.mp4").exists()


@pytest.mark.parametrize(("target", "suffix"), [("otio", "otio"), ("edl", "edl"), ("fcp7", "xml")])
def test_exports_are_those_of_the_command(
    workspace: Workspace, tmp_path: Path, target: str, suffix: str
) -> None:
    with Catalog(workspace.catalog) as catalog:
        export_cut(catalog, load_cut(catalog, 1), target, tmp_path / f"by_hand.{suffix}")

    state = folder_state(workspace.catalog)
    data = cut_queries.export(workspace.catalog, 1, 1, target, state=state)

    assert data == (tmp_path / f"by_hand.{suffix}").read_bytes()


def test_there_is_a_download_for_every_format(workspace: Workspace) -> None:
    labels = [one.label for one in cuts_page().get("download_button")]

    assert labels == ["OTIO", "EDL", "FCP7 XML", "FCPXML", "CSV"]


def test_versions_are_listed_and_an_older_one_can_be_shown(workspace: Workspace) -> None:
    add_version(workspace)

    page = cuts_page()
    assert page.dataframe[0].value["version"].tolist() == [2, 1]
    assert "Version **2 by reel**" in words(page)

    next(one for one in page.selectbox if one.label == "Show version").set_value(1).run()
    assert not page.exception and not page.error
    assert "Version **1 by reel**" in words(page)


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
