"""Changes that arrive faster than a page answers, while somebody else saves a version."""

from typing import Any

import pytest

from dashboard import review_state
from dashboard.cut_edits import Edit, make_edit
from dashboard.people import Person
from dashboard.review_state import Conflict, give_up, make_again, receive_edit
from dashboard.settings import Workspace
from editing.cut_store import load_cut
from ingest.catalog import Catalog

BO = Person("Bo", "editor")
LOCK_1, LOCK_2 = Edit(1, 1, "lock", 0), Edit(1, 1, "lock", 1)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a visitor's page keeps."""
    kept: dict[str, Any] = {"author": "Ana"}
    monkeypatch.setattr(review_state.st, "session_state", kept)
    return kept


def send(workspace: Workspace, *edits: Edit) -> None:
    for number, edit in enumerate(edits, start=1):
        asked = {"cut": 1, "version": edit.version, "kind": edit.kind, "slot": edit.slot}
        for _ in range(2):  # no answer came, so it is sent again
            receive_edit(workspace.catalog, {**asked, "sender": "page", "number": number})


def somebody_else(workspace: Workspace, kind: Any, slot: int) -> None:
    with Catalog(workspace.catalog) as catalog:
        make_edit(BO, catalog, Edit(1, 1, kind, slot))


def locked(workspace: Workspace) -> tuple[int, list[int]]:
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 1)
    return cut.version, [number for number, slot in enumerate(cut.slots) if slot.locked]


def test_all_that_was_refused_is_remembered_and_made_in_order(
    workspace: Workspace, session: dict[str, Any]
) -> None:
    somebody_else(workspace, "lock", 2)
    send(workspace, LOCK_1, LOCK_2)

    conflict = session["review_conflict"]
    assert conflict == Conflict(LOCK_1, 2, (LOCK_2,))
    assert review_state.answered_edits() == {"page": 2}  # the browser has nothing left to send
    assert locked(workspace) == (2, [2])

    give_up()
    make_again(workspace.catalog, conflict)

    assert locked(workspace) == (4, [0, 1, 2])
    assert "review_conflict" not in session and "review_problem" not in session


def test_all_that_was_refused_is_kept_without_what_the_other_did(
    workspace: Workspace, session: dict[str, Any]
) -> None:
    somebody_else(workspace, "lock", 2)
    send(workspace, LOCK_1, LOCK_2)

    make_again(workspace.catalog, session["review_conflict"], onto=2)

    assert locked(workspace) == (4, [0, 1])
    assert "review_conflict" not in session


def test_what_comes_after_a_change_that_cannot_be_made_is_told(
    workspace: Workspace, session: dict[str, Any]
) -> None:
    somebody_else(workspace, "remove", 0)
    send(workspace, LOCK_1, LOCK_2)
    conflict = session["review_conflict"]

    give_up()
    make_again(workspace.catalog, conflict)

    assert locked(workspace) == (2, [])
    assert session["review_problem"] == (
        "lock slot 1: slot 1 of version 1 is not in version 2 any more; not made: lock slot 2"
    )


def test_a_third_version_in_the_way_is_a_conflict_again_and_loses_nothing(
    workspace: Workspace, session: dict[str, Any]
) -> None:
    somebody_else(workspace, "lock", 2)
    send(workspace, LOCK_1, LOCK_2)
    with Catalog(workspace.catalog) as catalog:
        make_edit(BO, catalog, Edit(1, 2, "unlock", 2))

    make_again(workspace.catalog, session["review_conflict"], onto=2)

    assert session["review_conflict"] == Conflict(LOCK_1, 3, (LOCK_2,))
    assert locked(workspace) == (3, [])


def test_a_change_of_a_slot_that_one_removed_oneself_is_told(
    workspace: Workspace, session: dict[str, Any]
) -> None:
    send(workspace, Edit(1, 1, "remove", 0), LOCK_1)

    assert locked(workspace) == (2, [])
    assert "review_conflict" not in session
    assert session["review_problem"].startswith("lock slot 1: slot 1 of version 1 is not in")
