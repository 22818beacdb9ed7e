import time
from dataclasses import replace
from pathlib import Path

import av
import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.cut_approval import withdraw_approval
from dashboard.cut_edits import Edit, make_edit
from dashboard.people import NotAllowed, Person
from dashboard.settings import Workspace
from editing.approvals import approvals_of, approve, withdrawals_of
from editing.cut import SlotSound
from editing.cut_store import load_cut, save_version
from editing.errors import EditError
from ingest.catalog import Catalog

APP = Path(dashboard.__file__).parent / "app.py"
BO = Person("Bo", "editor")


def review(cut: str | None = None) -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60).run().switch_page("views/review.py")
    if cut is not None:
        page.query_params["cut"] = cut
    return page.run()


def words(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.caption, *page.markdown])


def press(page: AppTest, label: str) -> AppTest:
    return next(one for one in page.button if one.label == label).click().run()


def tab(page: AppTest, name: str) -> AppTest:
    """Open the tab whose name begins so; some tell how much is in them."""
    page.session_state["inspector"] = next(
        one.label for one in page.tabs if one.label.startswith(name)
    )
    return page.run()


def latest(workspace: Workspace) -> tuple[int, str, str]:
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 1)
    return cut.version, cut.author, cut.note


def somebody_else(workspace: Workspace, edit: Edit) -> None:
    with Catalog(workspace.catalog) as catalog:
        make_edit(BO, catalog, edit)


def fine(page: AppTest) -> bool:
    return not page.exception and not page.error


def test_without_a_cut_it_says_how_to_get_one(empty_workspace: Workspace) -> None:
    page = review()

    assert fine(page)
    assert "reel cut trailer" in page.info[0].value


def test_a_cut_is_shown_with_its_exact_length_and_version(workspace: Workspace) -> None:
    page = review()

    assert fine(page)
    assert page.title[0].value == "Review: harbour trailer"
    assert "4.00 s = 96 frames" in words(page)
    assert "Version **1** by reel" in words(page)


@pytest.mark.parametrize("named", ["77", "1@9", "../../etc/passwd", "9" * 40])
def test_an_address_that_names_no_cut_shows_no_traceback(workspace: Workspace, named: str) -> None:
    page = review(named)

    assert not page.exception
    assert all("no cut 77" in one.value for one in page.error)


def test_the_parts_of_every_slot_sum_to_its_score_as_shown(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        slots = load_cut(catalog, 1).slots
    page = review()

    for number, slot in enumerate(slots):
        page.session_state["slot"] = number
        page.run()
        score = f"{slot.score:.3f}".replace("-", "−")
        assert f"**Slot {number + 1} of {len(slots)}** · shot {slot.shot}" in words(page)
        assert f"parts sum to **{score}**; the score is **{score}**" in words(page)


def test_locking_makes_a_version_of_whoever_looks(workspace: Workspace) -> None:
    page = review()
    page.text_input(key="author_field").set_value("Ana").run()

    press(page, "Lock")

    assert fine(page)
    assert latest(workspace) == (2, "Ana", "slot 1 locked")
    assert "1 locked" in words(page)
    assert any(one.label == "Unlock" for one in page.button)


def test_trimming_by_numbers_and_undoing_it(workspace: Workspace) -> None:
    page = tab(review(), "Trim")
    page.number_input(key="tail_1_0").set_value(-3)
    press(page, "Trim")

    assert fine(page)
    assert latest(workspace)[2] == "slot 1: trimmed by 3 frames at its end"
    assert "−3 against the brief" in words(page)

    press(page, "Undo")
    assert latest(workspace)[::2] == (3, "version 1 again")


def test_replacing_by_an_alternate_and_assembling_the_rest_anew(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        first = load_cut(catalog, 1)
    number = next(n for n, slot in enumerate(first.slots) if slot.alternates)
    page = review()
    page.session_state["slot"] = number
    page = tab(page, "Alternates")
    shot = first.slots[number].alternates[0].shot

    press(page, f"Use shot {shot}")
    assert fine(page)
    with Catalog(workspace.catalog) as catalog:
        assert load_cut(catalog, 1).slots[number].shot == shot

    press(page, "Re-solve the rest")
    assert fine(page)
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 1)
    assert cut.version == 3
    assert shot in {slot.shot for slot in cut.slots if slot.locked}
    assert cut.frames == cut.brief.frames


def test_a_note_is_kept_and_shown(workspace: Workspace) -> None:
    page = tab(review(), "Note")
    page.text_area[0].set_value("colder grade")

    press(page, "Save the note")

    assert fine(page)
    with Catalog(workspace.catalog) as catalog:
        assert load_cut(catalog, 1).slots[0].note == "colder grade"


def test_what_keeps_a_shot_out_is_told(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        used = {slot.shot for slot in load_cut(catalog, 1).slots}
    absent = next(shot for shot in range(8) if shot not in used)
    page = tab(review(), "Not chosen")
    page.number_input[0].set_value(absent)

    press(page, "Why?")

    assert fine(page)
    assert f"**Shot {absent} is not chosen**" in words(page)


def test_faults_are_told_with_what_was_measured(workspace: Workspace) -> None:
    page = tab(review(), "Faults")

    assert fine(page)
    assert page.success or "a fault from" in words(page)


def test_a_cut_is_decoded_for_faults_when_that_is_asked(workspace: Workspace) -> None:
    page = tab(review(), "Faults")
    assert "By what ingest measured." in words(page)

    press(page, "Look at every frame and sample")
    deadline = time.monotonic() + 120
    while "Every frame and sample of the cut was looked at" not in words(page):
        assert time.monotonic() < deadline and fine(page)
        time.sleep(0.5)
        page.run()

    assert not any(one.label.startswith("Look at every frame") for one in page.button)


def test_an_approval_keeps_the_name_and_is_of_this_version_alone(workspace: Workspace) -> None:
    page = review()
    next(one for one in page.text_input if one.label == "Your name").set_value("Ana Lis")

    press(page, "Approve version 1")

    assert fine(page)
    with Catalog(workspace.catalog) as catalog:
        assert [(a.version, a.name) for a in approvals_of(catalog, 1)] == [(1, "Ana Lis")]
    assert "approved] by **Ana Lis**" in words(page)

    press(page, "Lock")
    assert "approved] by" not in words(page)
    assert "Nobody has approved version 2 yet. Version 1 was, by Ana Lis." in words(page)


def test_a_version_that_has_moved_on_is_not_approved(workspace: Workspace) -> None:
    page = review()
    somebody_else(workspace, Edit(1, 1, "lock", 0))

    press(page, "Approve version 1")

    assert "Version 1 has moved on: the latest is 2" in page.error[0].value
    with Catalog(workspace.catalog) as catalog:
        assert approvals_of(catalog, 1) == []


def test_of_two_people_the_second_is_refused_and_sees_both_versions(workspace: Workspace) -> None:
    page = review()
    somebody_else(workspace, Edit(1, 1, "remove", 1))

    press(page, "Lock")

    assert not page.exception
    refusal = page.warning[0].value
    assert "Not kept: lock slot 1" in refusal
    assert "**Bo** has saved version 2" in refusal
    assert latest(workspace)[:2] == (2, "Bo")


def test_a_refused_change_follows_its_slot_to_the_latest_version(workspace: Workspace) -> None:
    """Version 2 lacks the first slot: what was the second there is the first now."""
    page = review()
    page.session_state["slot"] = 1
    page.run()
    somebody_else(workspace, Edit(1, 1, "remove", 0))
    press(page, "Lock")

    press(page, "Make it to version 2")

    assert fine(page) and not page.warning
    with Catalog(workspace.catalog) as catalog:
        cut, first = load_cut(catalog, 1), load_cut(catalog, 1, 1)
    assert cut.version == 3
    assert [slot.shot for slot in cut.slots if slot.locked] == [first.slots[1].shot]


def test_a_newer_version_of_somebody_else_is_shown_when_asked(workspace: Workspace) -> None:
    page = review()
    somebody_else(workspace, Edit(1, 1, "lock", 1))
    page.run()
    assert "**Bo** saved version 2" in page.info[0].value
    assert "Version **1** by reel" in words(page)

    press(page, "Show it")

    assert "Version **2** by Bo" in words(page)


def test_a_refused_change_can_be_dropped_or_kept_as_another_version(workspace: Workspace) -> None:
    page = review()
    somebody_else(workspace, Edit(1, 1, "lock", 1))
    press(page, "Lock")

    press(page, "Save mine as version 3")

    assert fine(page) and not page.warning
    with Catalog(workspace.catalog) as catalog:
        mine = load_cut(catalog, 1)
        assert (mine.version, mine.slots[0].locked, mine.slots[1].locked) == (3, True, False)
        assert load_cut(catalog, 1, 2).slots[1].locked


def test_a_refused_change_goes_on_top_of_the_latest(workspace: Workspace) -> None:
    page = review()
    somebody_else(workspace, Edit(1, 1, "lock", 1))
    press(page, "Lock")

    press(page, "Make it to version 2")

    assert fine(page) and not page.warning
    with Catalog(workspace.catalog) as catalog:
        both = load_cut(catalog, 1)
    assert (both.version, both.slots[0].locked, both.slots[1].locked) == (3, True, True)


def test_an_older_version_is_looked_at_and_gone_back_to(workspace: Workspace) -> None:
    somebody_else(workspace, Edit(1, 1, "remove", 0))
    page = review()
    page.session_state["versions_open"] = True
    page.run()
    assert "Version **2** by Bo" in words(page)

    press(page, "Look at version 1")
    assert fine(page)
    assert "not the latest, which is 2" in words(page)
    assert not any(one.label == "Lock" for one in page.button)

    press(page, "Go back to version 1")
    assert latest(workspace)[::2] == (3, "version 1 again")


def test_an_approval_can_be_taken_back_and_stays_in_the_record(workspace: Workspace) -> None:
    page = review()
    next(one for one in page.text_input if one.label == "Your name").set_value("Ana Lis")
    press(page, "Approve version 1")
    assert "approved] by **Ana Lis**" in words(page)

    press(page, "Take back the approval by Ana Lis")

    assert fine(page)
    assert "approved] by" not in words(page)
    with Catalog(workspace.catalog) as catalog:
        assert approvals_of(catalog, 1) == []
        (taken,) = withdrawals_of(catalog, 1)
    assert (taken.version, taken.name) == (1, "Ana Lis")


def test_an_editor_takes_back_an_approval_of_their_own_only(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        approve(catalog, 1, 1, "Ana")

        with pytest.raises(NotAllowed, match="to withdraw what Ana approved takes an admin"):
            withdraw_approval(BO, catalog, 1, 1, "Ana")
        withdraw_approval(Person("Ana", "editor"), catalog, 1, 1, "Ana")
        with pytest.raises(EditError, match="Ana has not approved version 1"):
            withdraw_approval(Person("Cy", "admin"), catalog, 1, 1, "Ana")


def test_what_a_format_does_not_hold_is_told_beside_the_exports(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 1)
        louder = replace(cut.slots[0], sound=SlotSound(gain=3.0))
        save_version(
            catalog, replace(cut, slots=(louder, *cut.slots[1:])), expected_version=1
        )  # fmt: skip
    page = review()

    assert fine(page)
    (told,) = [one for one in page.expander if one.label.startswith("Not all of this cut")]
    assert "EDL" in told.label and "ALE" in told.label
    text = told.markdown[0].value
    assert "**EDL**: slot 1: an EDL does not hold the gain of the sound" in text
    assert "**ALE**: slot 1: an ALE does not hold the gain of the sound" in text


def test_fast_changes_of_one_visitor_are_all_made(workspace: Workspace) -> None:
    """Each is of version 1, as the browser sends them before the page has answered the first."""
    page = review()
    page.session_state["slot"] = 0
    page.run()
    with Catalog(workspace.catalog) as catalog:
        first = load_cut(catalog, 1)
    page.session_state["review_own"] = {(1, 2)}
    somebody_else(workspace, Edit(1, 1, "move", 0, to=1))  # the same visitor's, just before

    press(page, "Later")

    assert fine(page) and not page.warning
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 1)
    assert cut.version == 3
    shots = [slot.shot for slot in first.slots]
    assert [slot.shot for slot in cut.slots] == [*shots[1:3], shots[0], *shots[3:]]


def test_rendering_makes_the_file_and_offers_it(workspace: Workspace) -> None:
    (workspace.renders / "trailer-1.mp4").unlink()
    page = review()

    press(page, "Render MP4")

    assert fine(page)
    with av.open(str(workspace.renders / "trailer-1-v1.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 96
    assert "trailer-1-v1.mp4" in words(page)


def test_rendering_without_the_film_says_what_to_do(workspace: Workspace) -> None:
    with Catalog(workspace.catalog) as catalog:
        media = catalog.find_media("harbour.mp4")
        catalog.move_media(media.id, workspace.root / "gone.mp4")
    page = review()

    press(page, "Render again")

    assert not page.exception
    assert "is gone" in page.error[0].value
    assert not (workspace.renders / "trailer-1-v1.mp4").exists()


def test_there_is_a_download_for_every_format(workspace: Workspace) -> None:
    labels = [one.label for one in review().get("download_button")]

    assert labels == ["OTIO", "EDL", "FCP7 XML", "FCPXML", "ALE", "CSV"]
