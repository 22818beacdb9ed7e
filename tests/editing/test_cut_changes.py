"""What changed between two versions of a cut: told as a person would tell it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.cut import Slot
from editing.cut_changes import Change, changes_between
from ingest.media import MediaId
from ingest.timecode import FrameRange


def slot(shot: int, start: int = 0, end: int = 40) -> Slot:
    """A slot of frames `start` to `end` of a shot that begins at frame 100 times its number."""
    return Slot(MediaId(1), shot, FrameRange(100 * shot + start, 100 * shot + end), 0.0, ())


BEFORE = [slot(1), slot(2), slot(3), slot(4)]


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (BEFORE, ["slot 1: kept", "slot 2: kept", "slot 3: kept", "slot 4: kept"]),
        (
            [slot(1), slot(2, 0, 36), slot(3, 5), slot(4)],
            [
                *("slot 1: kept", "slot 2: trimmed by 4 frames at its end"),
                *("slot 3: trimmed by 5 frames at its beginning", "slot 4: kept"),
            ],
        ),
        (
            [slot(1), slot(2, 1, 41), slot(3, 10, 50), slot(4, 0, 41)],
            [
                *("slot 1: kept", "slot 2: slipped, 1 frame later"),
                *("slot 3: slipped, 10 frames later", "slot 4: extended by 1 frame at its end"),
            ],
        ),
        (
            [slot(1), slot(7), slot(3), slot(4)],
            ["slot 1: kept", "slot 2: replaced", "slot 3: kept", "slot 4: kept"],
        ),
        (
            [slot(1), slot(3), slot(4)],
            ["slot 1: kept", "slot 2: removed", "slot 3: kept", "slot 4: kept"],
        ),
        (
            [slot(1), slot(2), slot(9), slot(3), slot(4)],
            [
                *("slot 1: kept", "slot 2: kept", "slot 3: added"),
                *("slot 3: kept", "slot 4: kept"),
            ],
        ),
        (
            [slot(4), slot(1), slot(2), slot(3)],
            ["slot 4: moved to 1", "slot 1: kept", "slot 2: kept", "slot 3: kept"],
        ),
        ([], [f"slot {n}: removed" for n in (1, 2, 3, 4)]),
        (
            [slot(8), slot(4, 0, 30)],
            [
                *("slot 1: replaced", "slot 2: removed", "slot 3: removed"),
                "slot 4: trimmed by 10 frames at its end",
            ],
        ),
    ],
)
def test_a_change_is_told_as_an_editor_would(after: list[Slot], words: list[str]) -> None:
    assert [change.words for change in changes_between(BEFORE, after)] == words


def test_of_two_slots_of_one_shot_each_is_followed_by_the_frames_it_shares() -> None:
    before = [slot(1, 0, 20), slot(2), slot(1, 60, 90)]
    after = [slot(1, 55, 90), slot(2), slot(1, 0, 22)]
    first, middle, last = changes_between(before, after)
    assert (first.before, first.head, first.tail) == (2, 5, 0)
    assert (last.before, last.head, last.tail) == (0, 0, 2)
    assert [c.moved for c in (first, middle, last)].count(True) == 2


def test_a_slip_beyond_its_own_frames_is_still_the_same_slot() -> None:
    (change,) = changes_between([slot(1, 0, 20)], [slot(1, 50, 70)])
    assert (change.kind, change.head, change.tail) == ("changed", -50, 50)


slots = st.lists(
    st.builds(
        lambda shot, start, frames: slot(shot, start, start + frames),
        st.integers(0, 6),
        st.integers(0, 30),
        st.integers(1, 30),
    ),
    max_size=12,
)


@given(slots, slots)
def test_every_slot_of_both_versions_is_told_of_once(
    before: Sequence[Slot], after: Sequence[Slot]
) -> None:
    found = changes_between(before, after)
    olds = [change.before for change in found if change.before is not None]
    news = [change.after for change in found if change.after is not None]
    assert sorted(olds) == list(range(len(before)))
    assert news == list(range(len(after)))
    for change in found:
        _check(change, before, after)


def _check(change: Change, before: Sequence[Slot], after: Sequence[Slot]) -> None:
    """A followed slot has its new range at the ends that are told; others are of another shot."""
    if change.kind in ("kept", "changed"):
        assert change.before is not None
        assert change.after is not None
        old, new = before[change.before].source, after[change.after].source
        assert (old.start - change.head, old.end + change.tail) == (new.start, new.end)
        assert before[change.before].shot == after[change.after].shot
        plain = not (change.head or change.tail or change.moved)
        assert (change.kind == "kept") == plain
    elif change.kind == "replaced":
        assert change.before is not None
        assert change.after is not None
    else:
        assert (change.before is None) == (change.kind == "added")
        assert (change.after is None) == (change.kind == "removed")


@given(slots)
def test_a_version_against_itself_is_kept_whole(version: list[Slot]) -> None:
    assert {change.kind for change in changes_between(version, version)} <= {"kept"}
