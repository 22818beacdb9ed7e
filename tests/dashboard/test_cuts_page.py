import os
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from unittest.mock import Mock

import av
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import cut_queries
from dashboard.briefs import Wish, shot_numbers, suggest
from dashboard.cut_queries import CutFilter
from dashboard.people import Person
from dashboard.settings import Workspace
from dashboard.sources import folder_state
from editing.approvals import approve
from editing.cut_store import list_cuts, load_cut, save_version
from editing.errors import EditError, EditingError, ImpossibleBrief
from editing.run import export_cut
from ingest.catalog import Catalog

APP = Path(dashboard.__file__).parent / "app.py"
LIST_FIELDS = {"cut_text", "cut_kind", "cut_state"}
"""Of the list below the form, by their keys."""


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


def test_the_nearest_brief_that_works_is_told_in_the_forms_words_and_suggested(
    workspace: Workspace,
) -> None:
    page = cuts_page()
    page.number_input(key="brief_seconds_trailer").set_value(500.0)
    button(page, "Suggest").click().run()
    assert "Seconds: " in page.error[0].value
    assert "--" not in page.error[0].value

    button(page, "Suggest the nearest").click().run()

    assert not page.exception and not page.error
    with Catalog(workspace.catalog) as catalog:
        assert list_cuts(catalog)[-1].id == 2
    assert page.title[0].value == "Review: harbour trailer"


def test_a_nearest_brief_that_does_not_work_either_is_told_as_the_first_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the film was ingested anew in between."""
    page = cuts_page()
    page.number_input(key="brief_seconds_trailer").set_value(500.0)
    button(page, "Suggest").click().run()
    nearest = page.session_state["brief_nearest"].brief
    impossible = ImpossibleBrief("there is still too little", "--seconds 1", brief=nearest)
    monkeypatch.setattr("editing.run.assemble", Mock(side_effect=impossible))

    button(page, "Suggest the nearest").click().run()

    assert not page.exception
    assert [error.value.split("\n")[0] for error in page.error] == [
        "this brief is impossible: there is still too little"
    ]


def test_music_from_the_page_puts_joins_on_its_beats_and_is_in_the_render(
    workspace: Workspace, tmp_path: Path, make_drums: Callable[..., Path]
) -> None:
    song = make_drums(tmp_path / "drums.wav")
    page = cuts_page()
    page.file_uploader(key="brief_music_upload").upload("drums.wav", song.read_bytes(), "audio/wav")
    page.run()
    assert not page.exception and not page.error
    assert page.selectbox(key="brief_music").value == "drums.wav"
    page.number_input(key="brief_seconds_trailer").set_value(5.0)

    button(page, "Suggest").click().run()

    assert not page.exception and not page.error
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 2)
    assert len(cut.slots) >= 2
    assert {span.start for span in cut.record_ranges()[1:]} <= set(cut.brief.music.beats)
    review = AppTest.from_file(str(APP), default_timeout=60).run()
    review.query_params["cut"] = "2"
    review.switch_page("views/review.py").run()
    button(review, "Render MP4").click().run()
    assert not review.exception and not review.error
    rendered = treble(workspace.renders / "trailer-2-v1.mp4")[:60_000]
    music = treble(song)
    heard = np.corrcoef(rendered, music[:60_000])[0, 1]
    assert heard > 0.7
    assert abs(np.corrcoef(rendered, music[4_000:64_000])[0, 1]) < 0.1  # a quarter second off


def treble(path: Path) -> np.ndarray:
    """The sound of a file at 16 kHz from 1 kHz up: the drums without the film's tone of 440 Hz."""
    to_mono = av.AudioResampler("fltp", "mono", 16_000)
    with av.open(str(path)) as opened:
        frames = [part for frame in opened.decode(audio=0) for part in to_mono.resample(frame)]
    frames += to_mono.resample(None)
    spectrum = np.fft.rfft(np.concatenate([frame.to_ndarray()[0] for frame in frames]))
    spectrum[: len(spectrum) // 8] = 0
    return np.fft.irfft(spectrum)


def test_a_rating_leaves_out_what_its_rules_say(workspace: Workspace) -> None:
    rules = '[ratings]\nG = ["violence"]\n[[scene]]\nlabels = ["violence"]\nshots = [2, 5]\n'
    page = cuts_page()
    page.file_uploader(key="brief_rules_upload").upload("house.toml", rules.encode(), "text/plain")
    page.run()
    page.selectbox(key="brief_rating").set_value("G").run()
    page.number_input(key="brief_seconds_trailer").set_value(4.0)

    button(page, "Suggest").click().run()

    assert not page.exception and not page.error
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 2)
    assert not {slot.shot for slot in cut.slots} & {2, 5}
    assert {one.reason for one in cut.brief.exclude} == {"rating G leaves out violence"}


def test_an_upload_of_no_use_is_told_and_another_can_be_tried(workspace: Workspace) -> None:
    page = cuts_page()
    page.file_uploader(key="brief_music_upload").upload("song.wav", b"no music", "audio/wav")
    page.run()

    assert not page.exception
    assert "song.wav" in page.error[0].value
    assert page.selectbox(key="brief_music").value is None
    assert list(workspace.music.iterdir()) == []


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"min_shot": Fraction(9), "max_shot": Fraction(2)}, "make it shorter, or leave one"),
        ({"include": "3, 5", "exclude": "5-7"}, "shot 5 is to be in and to be left out"),
        ({"include": "8"}, "the film has shots 0 to 7"),
        ({"include": "all"}, "write them as 3, 17-19"),
        ({"music": "../song.wav"}, "upload it, or choose another"),
        ({"rules": "gone.toml", "rating": "G"}, "upload it, or choose another"),
    ],
)
def test_what_cannot_be_asked_is_told_with_what_to_do(
    workspace: Workspace, wish: dict[str, object], told: str
) -> None:
    with pytest.raises(EditingError, match=told):
        suggest(Person("Ana", "editor"), workspace, Wish(1, "trailer", Fraction(4), **wish))


def test_every_field_of_the_form_is_explained(workspace: Workspace) -> None:
    page = cuts_page()
    assert "Rating" not in {one.label for one in page.selectbox}  # which takes rules
    rules = b'[ratings]\nG = ["violence"]\n'
    page.file_uploader(key="brief_rules_upload").upload("house.toml", rules, "text/plain")
    page.run()
    names = (*page.text_input, *page.number_input, *page.selectbox, *page.slider)
    fields = [one for one in (*names, *page.file_uploader) if one.key not in LIST_FIELDS]

    assert {"Seconds", "Music", "Rating", "Kind", "Words"} <= {one.label for one in fields}
    assert [one.label for one in fields if not one.help] == []


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
