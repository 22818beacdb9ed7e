from dataclasses import replace

import pytest

from dashboard.cut_edits import Edit, make_edit, read_edit, told
from dashboard.people import NotAllowed, Person
from dashboard.settings import Workspace
from editing.cut_store import load_cut
from editing.errors import EditError, StaleCut
from ingest.catalog import Catalog

ANA, BO = Person("Ana", "editor"), Person("Bo", "editor")


@pytest.fixture
def catalog(workspace: Workspace) -> Catalog:
    with Catalog(workspace.catalog) as opened:
        yield opened


def test_a_change_is_a_version_with_its_author_and_what_was_done(catalog: Catalog) -> None:
    after = make_edit(ANA, catalog, Edit(1, 1, "lock", 0))

    assert (after.version, after.author, after.note) == (2, "Ana", "slot 1 locked")
    assert [slot.locked for slot in after.slots][:2] == [True, False]
    assert load_cut(catalog, 1, 1).slots[0].locked is False


def test_a_note_is_kept_on_its_slot(catalog: Catalog) -> None:
    after = make_edit(ANA, catalog, Edit(1, 1, "note", 1, text="  colder grade  "))

    assert after.slots[1].note == "colder grade"
    assert after.note == "slot 2: noted: colder grade"
    assert not after.slots[1].locked  # a note decides nothing


def test_a_note_has_a_limit(catalog: Catalog) -> None:
    with pytest.raises(EditError, match="500 characters at most"):
        make_edit(ANA, catalog, Edit(1, 1, "note", 0, text="x" * 501))


def test_moving_trimming_and_removing_are_those_of_the_command(catalog: Catalog) -> None:
    first = load_cut(catalog, 1).slots

    moved = make_edit(ANA, catalog, Edit(1, 1, "move", 0, to=1))
    assert [slot.shot for slot in moved.slots[:2]] == [first[1].shot, first[0].shot]
    assert moved.note in {"slot 1: moved to 2", "slot 2: moved to 1"}

    trimmed = make_edit(ANA, catalog, Edit(1, 2, "trim", 0, head=-2, tail=-1))
    assert trimmed.slots[0].source.frames == moved.slots[0].source.frames - 3
    assert (
        trimmed.note
        == "slot 1: trimmed by 2 frames at its beginning, trimmed by 1 frame at its end"
    )

    removed = make_edit(ANA, catalog, Edit(1, 3, "remove", 1))
    assert len(removed.slots) == len(first) - 1


def test_going_back_makes_an_older_version_the_latest_again(catalog: Catalog) -> None:
    first = load_cut(catalog, 1).slots
    make_edit(ANA, catalog, Edit(1, 1, "remove", 0))

    again = make_edit(ANA, catalog, Edit(1, 2, "restore", restored=1))

    assert (again.version, again.note) == (3, "version 1 again")
    assert again.slots == first


def test_a_change_to_a_version_that_moved_on_is_refused_and_loses_nothing(
    catalog: Catalog,
) -> None:
    make_edit(BO, catalog, Edit(1, 1, "lock", 1))

    with pytest.raises(StaleCut) as refused:
        make_edit(ANA, catalog, Edit(1, 1, "remove", 0))

    assert (refused.value.expected, refused.value.latest) == (1, 2)
    assert load_cut(catalog, 1).author == "Bo"


def test_a_refused_change_can_be_kept_after_what_stood_in_its_way(catalog: Catalog) -> None:
    make_edit(BO, catalog, Edit(1, 1, "lock", 1))

    mine = make_edit(ANA, catalog, Edit(1, 1, "lock", 0), onto=2)

    assert mine.version == 3
    assert [slot.locked for slot in mine.slots[:2]] == [True, False]  # version 1 with my change
    assert load_cut(catalog, 1, 2).slots[1].locked  # Bo's is in its version


@pytest.mark.parametrize("kind", ["lock", "resolve", "restore"])
def test_a_viewer_changes_nothing(catalog: Catalog, kind: str) -> None:
    with pytest.raises(NotAllowed, match="is a viewer"):
        make_edit(Person("Vi", "viewer"), catalog, Edit(1, 1, kind, restored=1))

    assert load_cut(catalog, 1).version == 1


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "lock",
        {},
        {"kind": "drop table"},
        {"kind": ["lock"]},
        {"kind": "lock", "cut": "1; DROP TABLE cut"},
        {"kind": "lock", "cut": 1.5},
        {"kind": "lock", "cut": True},
        {"kind": "lock", "cut": 1, "slot": 10**12},
        {"kind": "move", "cut": 1, "to": "../../etc/passwd"},
    ],
)
def test_what_a_browser_sends_is_checked(sent: object) -> None:
    with pytest.raises(EditError, match="reload the page"):
        read_edit(sent)


def test_a_browsers_change_is_read() -> None:
    sent = {"kind": "trim", "cut": 1, "version": 2, "slot": 3, "head": -4, "tail": 5, "other": "x"}

    assert read_edit(sent) == Edit(1, 2, "trim", 3, head=-4, tail=5)


@pytest.mark.parametrize("slot", [-1, 99])
def test_a_slot_that_is_not_there_is_told(catalog: Catalog, slot: int) -> None:
    for kind in ("lock", "remove", "move", "trim", "slip", "replace", "note"):
        with pytest.raises(EditError, match="the cut has slots 1 to"):
            make_edit(ANA, catalog, Edit(1, 1, kind, slot, frames=1, head=1))


def test_what_is_told_of_no_change(catalog: Catalog) -> None:
    cut = load_cut(catalog, 1)

    assert told(catalog, cut, cut.slots) == "nothing changed"
    noted = (replace(cut.slots[0], note="x", locked=True), *cut.slots[1:])
    assert told(catalog, cut, noted) == "slot 1: noted: x"
