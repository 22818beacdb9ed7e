import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from threading import Barrier, Thread

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from dashboard.cut_approval import approve_cut, withdraw_approval
from dashboard.people import NotAllowed, Person, local_person
from editing.approvals import approvals_of, approve, withdraw, withdrawals_of
from editing.cut import Brief, Cut, Slot
from editing.cut_store import create_cut, save_version
from editing.errors import EditError, StaleCut, UnknownCut
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

BRIEF = Brief("trailer", 20, 5, 20, Fraction(1), 0.9)


@pytest.fixture
def cut(catalog: Catalog, make_film: Callable[..., Media]) -> Cut:
    film = make_film("film.mp4", 30, shots=(30,))
    slot = Slot(film.id, 0, FrameRange(0, 20), 0.0, ())
    return create_cut(
        catalog, film, name="c", brief=BRIEF, slots=[slot], ranker="linear 1", author="ana"
    )


def test_an_approval_tells_who_and_when(catalog: Catalog, cut: Cut) -> None:
    given = approve(catalog, cut.id, 1, "  Ana   Lis ")

    assert (given.cut, given.version, given.name) == (cut.id, 1, "Ana Lis")
    assert given.approved_at.endswith("+00:00")
    assert approvals_of(catalog, cut.id) == [given]


def test_a_version_that_has_moved_on_is_not_approved(catalog: Catalog, cut: Cut) -> None:
    save_version(catalog, cut, expected_version=1)

    with pytest.raises(StaleCut) as refused:
        approve(catalog, cut.id, 1, "Ana")

    assert (refused.value.expected, refused.value.latest) == (1, 2)
    assert approvals_of(catalog, cut.id) == []


def test_a_new_version_is_not_approved_by_what_was_said_of_the_old(
    catalog: Catalog, cut: Cut
) -> None:
    approve(catalog, cut.id, 1, "Ana")
    save_version(catalog, cut, expected_version=1)
    approve(catalog, cut.id, 2, "Bo")

    assert [(a.version, a.name) for a in approvals_of(catalog, cut.id)] == [(1, "Ana"), (2, "Bo")]


def test_approving_twice_keeps_the_first(catalog: Catalog, cut: Cut) -> None:
    assert approve(catalog, cut.id, 1, "Ana") == approve(catalog, cut.id, 1, "Ana")
    assert len(approvals_of(catalog, cut.id)) == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_an_approval_needs_a_name(catalog: Catalog, cut: Cut, name: str) -> None:
    with pytest.raises(EditError, match="needs a name"):
        approve(catalog, cut.id, 1, name)


def test_a_cut_that_is_not_there_is_not_approved(catalog: Catalog) -> None:
    with pytest.raises(UnknownCut):
        approve(catalog, 9, 1, "Ana")
    assert approvals_of(catalog, 9) == []


def test_of_an_approval_and_a_change_at_once_one_is_refused_or_they_are_in_order(
    catalog: Catalog, cut: Cut
) -> None:
    """Whoever is first, no approval is ever of a version that was not the latest then."""
    barrier, stale = Barrier(2), []

    def change() -> None:
        barrier.wait()
        save_version(catalog, cut, expected_version=1)

    def say_yes() -> None:
        barrier.wait()
        try:
            approve(catalog, cut.id, 1, "Ana")
        except StaleCut as error:
            stale.append(error)

    threads = [Thread(target=change), Thread(target=say_yes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stale) + len(approvals_of(catalog, cut.id)) == 1


def test_a_withdrawn_approval_says_by_whom_and_when_and_can_be_given_again(
    catalog: Catalog, cut: Cut
) -> None:
    given = approve(catalog, cut.id, 1, "Ana")
    approve(catalog, cut.id, 1, "Bo")

    taken = withdraw(catalog, cut.id, 1, "Ana", by=" Bo  Ek ")

    assert (taken.name, taken.approved_at) == ("Ana", given.approved_at)
    assert taken.withdrawn_by == "Bo Ek"
    assert taken.withdrawn_at.endswith("+00:00")
    assert [one.name for one in approvals_of(catalog, cut.id)] == ["Bo"]
    assert withdrawals_of(catalog, cut.id) == [taken]
    approve(catalog, cut.id, 1, "Ana")
    assert [one.name for one in approvals_of(catalog, cut.id)] == ["Bo", "Ana"]
    assert withdrawals_of(catalog, cut.id) == [taken]


def test_an_approval_of_an_older_version_can_be_withdrawn(catalog: Catalog, cut: Cut) -> None:
    approve(catalog, cut.id, 1, "Ana")
    save_version(catalog, cut, expected_version=1)

    withdraw(catalog, cut.id, 1, "Ana", by="Ana")

    assert approvals_of(catalog, cut.id) == []


def test_what_nobody_approved_cannot_be_withdrawn(catalog: Catalog, cut: Cut) -> None:
    approve(catalog, cut.id, 1, "Ana")
    for version, name in ((1, "Bo"), (2, "Ana")):
        with pytest.raises(EditError, match=f"{name} has not approved version {version}"):
            withdraw(catalog, cut.id, version, name, by="Ana")
    with pytest.raises(EditError, match="needs a name"):
        withdraw(catalog, cut.id, 1, "Ana", by=" ")
    assert len(approvals_of(catalog, cut.id)) == 1


def test_the_function_that_writes_checks_the_role(catalog: Catalog, cut: Cut) -> None:
    viewer, ana, chief = Person("Vi", "viewer"), Person("Ana", "editor"), Person("Al", "admin")
    with pytest.raises(NotAllowed, match="Vi is a viewer; to approve cut takes an editor"):
        approve_cut(viewer, catalog, cut.id, 1)
    approve_cut(ana, catalog, cut.id, 1)
    for person in (viewer, Person("Bo", "editor")):
        with pytest.raises(NotAllowed):
            withdraw_approval(person, catalog, cut.id, 1, "Ana")
    assert len(approvals_of(catalog, cut.id)) == 1
    assert withdraw_approval(chief, catalog, cut.id, 1, "Ana").withdrawn_by == "Al"
    approve_cut(ana, catalog, cut.id, 1)
    assert withdraw_approval(ana, catalog, cut.id, 1).withdrawn_by == "Ana"


def test_approvals_by_the_command(catalog: Catalog, cut: Cut, tmp_path: Path) -> None:
    def run(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(reel, ["cut", *words, "-w", str(tmp_path / "workspace")])
        assert result.exit_code == status, result.output
        return result

    assert "nobody has approved it" in run("approvals", "1").stderr
    assert "cut 1@1: approved by Ana, " in run("approve", "1", "--author", "Ana").stdout
    assert "no longer approved by Ana; withdrawn by Bo" in (
        run("withdraw", "1@1", "--of", "Ana", "--author", "Bo").stdout
    )
    run("approve", "1")  # by whoever sits here
    first, second = json.loads(run("approvals", "1", "--format", "json").stdout)
    assert (first["name"], first["withdrawn_by"], first["version"]) == ("Ana", "Bo", 1)
    assert (second["name"], second["withdrawn_at"]) == (local_person().name, None)
    save_version(catalog, cut, expected_version=1)
    refused = run("approve", "1@1", status=1)
    assert isinstance(refused.exception, StaleCut)
