"""What an editor does to slots from the command line: each change a version, exact to the frame."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.cut import Cut
from editing.cut_store import cut_versions, find_cut
from ingest.catalog import Catalog
from ingest.media import Media

SHOTS = (30, 50, 40, 60, 20, 40)
Run = Callable[..., Result]


@pytest.fixture
def run(catalog: Catalog, make_film: Callable[..., Media], tmp_path: Path) -> Run:
    """Runs `reel cut …` over a workspace with a trailer of 84 frames, cut 1."""
    make_film("film.mp4", sum(SHOTS), shots=SHOTS)

    def run(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(reel, ["cut", *words, "-w", str(tmp_path / "workspace")])
        assert result.exit_code == status, result.output
        return result

    run("trailer", "film.mp4", "--seconds", "3.5")
    return run


@pytest.fixture
def latest(catalog: Catalog) -> Callable[[], Cut]:
    return lambda: find_cut(catalog, "1")


def test_a_slot_that_was_replaced_and_locked_stays_when_the_rest_is_resolved(
    run: Run, latest: Callable[[], Cut]
) -> None:
    first = latest()
    number = next(n for n, slot in enumerate(first.slots) if slot.alternates)
    wanted = first.slots[number].alternates[0]
    told = run("replace", "1", str(number + 1)).stdout
    assert f"slot {number + 1}: replaced" in told
    changed = latest().slots[number]
    assert (changed.shot, changed.source, changed.locked) == (wanted.shot, wanted.source, True)
    assert sum(r.value for r in changed.reasons) == pytest.approx(changed.score)
    assert changed.alternates[0].shot == first.slots[number].shot
    run("resolve", "1")
    solved = latest()
    assert solved.frames == 84
    assert changed in solved.slots
    assert solved.note.startswith("assembled anew around 1 locked slot; ")
    assert solved.gap is not None
    assert solved.version == 3


def test_a_trimmed_slot_makes_the_cut_shorter_until_it_is_resolved(
    run: Run, latest: Callable[[], Cut]
) -> None:
    before = latest().slots[0].source
    told = run("trim", "1", "1", "--head", "-2", "--tail", "-1")
    assert "81 frames" in told.stdout
    assert "3 frames less than its brief asks" in told.stderr
    after = latest().slots[0].source
    assert (after.start, after.end) == (before.start + 2, before.end - 1)
    run("resolve", "1")
    assert latest().frames == 84
    assert latest().slots[0].source == after


def test_a_slip_keeps_the_length(run: Run, latest: Callable[[], Cut]) -> None:
    before = latest().slots[0].source
    run("slip", "1", "1", "--by", "-1")
    after = latest().slots[0].source
    assert (after.start, after.end) == (before.start - 1, before.end - 1)


def test_slots_are_moved_and_removed(run: Run, latest: Callable[[], Cut]) -> None:
    shots = [slot.shot for slot in latest().slots]
    run("move", "1", "1", str(len(shots)))
    assert [slot.shot for slot in latest().slots] == [*shots[1:], shots[0]]
    run("remove", "1", str(len(shots)))
    assert [slot.shot for slot in latest().slots] == shots[1:]


def test_slots_are_locked_and_unlocked(run: Run, latest: Callable[[], Cut]) -> None:
    assert "slot 1 locked, slot 2 locked" in run("lock", "1", "1", "2").stdout
    assert [slot.locked for slot in latest().slots[:2]] == [True, True]
    assert "slot 2 unlocked" in run("unlock", "1", "2").stdout
    assert [slot.locked for slot in latest().slots[:2]] == [True, False]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("remove", "1", "99"), "not 99"),
        (("trim", "1", "1", "--tail", "500"), "beyond is another shot"),
        (("trim", "1", "1", "--tail", "-500"), "none would be left"),
        (("slip", "1", "1", "--by", "500"), "beyond is another shot"),
        (("replace", "1", "1", "--with", "77"), "no alternate of shot 77"),
        (("move", "1", "1", "99"), "not 99"),
    ],
)
def test_what_cannot_be_done_is_refused_and_no_version_is_made(
    run: Run, catalog: Catalog, words: tuple[str, ...], reason: str
) -> None:
    result = run(*words, status=1)
    assert reason in str(result.exception)
    assert len(cut_versions(catalog, 1)) == 1


def test_an_older_version_is_not_changed(run: Run, catalog: Catalog) -> None:
    run("lock", "1", "1")
    result = run("remove", "1@1", "1", status=1)
    assert "was changed meanwhile" in str(result.exception)
    assert len(cut_versions(catalog, 1)) == 2
