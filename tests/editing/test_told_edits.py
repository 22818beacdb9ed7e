"""Edits made by chance to a cut, sent out in each format and taken back: what is told was done."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.assemble.brief import default_brief
from editing.cut import Cut, Slot, SlotSound, Transition
from editing.cut_changes import changes_between
from editing.cut_store import create_cut
from editing.interchange.edl import write_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.sequence import Sequence
from editing.interchange.timeline import write_otio
from editing.rank.store import load_ranker
from editing.reimport import Reimported, reimport_cut
from editing.run import sequence_of
from ingest.catalog import Catalog
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange

LENGTH = 40
"""Frames of each shot of the film."""
SHOTS = 14
FIRST = 10
"""The frame of its shot that each slot of the cut begins with; it has 16 frames."""
SLOTS = 8
"""Of shots 0 to 7; the others are those that an editor may bring in."""
WRITERS: dict[str, Callable[[Sequence], str]] = {
    "otio": write_otio,
    "edl": write_edl,
    "fcp7": write_fcp7xml,
    "fcpxml": write_fcpxml,
}


def slot(shot: int, start: int = FIRST, frames: int = 16) -> Slot:
    begin = LENGTH * shot + start
    return Slot(MediaId(1), shot, FrameRange(begin, begin + frames), 0.0, ())


@dataclass
class Edited:
    """A cut as an editor leaves it, and what is to be told of it."""

    slots: list[Slot] = field(default_factory=list)
    words: set[str] = field(default_factory=set)


EDITS = (
    *("keep", "keep", "keep", "trim head", "trim tail", "extend", "slip", "one frame"),
    *("remove", "replace", "split", "dissolve", "lead", "note", "bring in"),
)


@st.composite
def edited_cuts(draw: st.DrawFn) -> Edited:
    """Each slot kept or changed in one way; what came and went never lies side by side, so that
    what was replaced by what is never in doubt."""
    made, new, apart = Edited(), SLOTS, True
    for number in range(SLOTS):
        edit = draw(st.sampled_from(EDITS))
        if not apart and edit in ("remove", "replace", "bring in", "dissolve", "lead"):
            edit = "keep"
        if number == 0 and edit in ("dissolve", "lead"):
            edit = "note"
        if number == SLOTS - 1 and edit == "remove":
            edit = "keep"
        new = _apply(made, number, edit, new, draw)
        apart = edit not in ("remove", "replace", "bring in", "split")
    return made


def _apply(made: Edited, number: int, edit: str, new: int, draw: st.DrawFn) -> int:
    """Leave a slot as an edit makes it; the next shot that may be brought in."""
    by = 1 if edit == "one frame" else draw(st.integers(1, 5))
    plural = "s" * (by > 1)
    name = f"slot {number + 1}"
    one = slot(number)
    match edit:
        case "keep":
            made.words.add(f"{name}: kept")
        case "trim head":
            one = slot(number, FIRST + by, 16 - by)
            made.words.add(f"{name}: trimmed by {by} frame{plural} at its beginning")
        case "trim tail" | "one frame":
            one = slot(number, FIRST, 16 - by)
            made.words.add(f"{name}: trimmed by {by} frame{plural} at its end")
        case "extend":
            one = slot(number, FIRST - by, 16 + by)
            made.words.add(f"{name}: extended by {by} frame{plural} at its beginning")
        case "slip":
            one = slot(number, FIRST + by)
            made.words.add(f"{name}: slipped, {by} frame{plural} later")
        case "dissolve":
            one = replace(one, transition=Transition("dissolve", by, 2))
            made.words.add(f"{name}: a dissolve of {by + 2} frames before it")
        case "lead":
            one = replace(one, sound=SlotSound(by))
            made.words.add(f"{name}: its sound {by} frame{plural} ahead of its picture")
        case "note":
            one = replace(one, note="see & hear")
            made.words.add(f"{name}: noted: see & hear")
        case "remove":
            made.words.add(f"{name}: removed")
            return new
        case "replace":
            one, new = slot(new), new + 1
            now = f", now slot {len(made.slots) + 1}" * (len(made.slots) != number)
            made.words.add(f"{name}: replaced{now}")
        case "bring in":
            made.words |= {f"slot {len(made.slots) + 1}: added", f"{name}: kept"}
            made.slots.append(slot(new))
            new += 1
        case "split":
            made.slots.append(slot(number, FIRST, 9))
            one = slot(number, FIRST + 11, 5)  # two frames between them were taken out
            made.words |= {
                f"{name}: trimmed by 7 frames at its end",
                f"slot {len(made.slots) + 1}: added, split off {name}",
            }
    made.slots.append(one)
    return new


def words_of(found: Reimported) -> set[str]:
    return {change.words for change in found.changes}


@pytest.fixture
def film(make_film: Callable[..., Media]) -> Media:
    frames = SHOTS * LENGTH
    sound = np.zeros(frames * 2000)
    return make_film(
        "film.mov", frames, shots=(LENGTH,) * SHOTS, timecode="09:59:58:00", sound=sound
    )


@pytest.fixture
def cut(catalog: Catalog, film: Media) -> Cut:
    brief = default_brief("rough", Fraction(16 * SLOTS, 24), film.rate)
    ranker = f"linear {load_ranker(catalog, 'linear').version}"
    slots = [slot(shot) for shot in range(SLOTS)]
    return create_cut(
        catalog, film, name="film rough", brief=brief, slots=slots, ranker=ranker, author="reel"
    )


@pytest.mark.parametrize("target", WRITERS)
def test_what_is_told_is_what_was_done(
    catalog: Catalog, cut: Cut, tmp_path: Path, target: str
) -> None:
    @given(edited_cuts())
    @settings(
        deadline=None,
        max_examples=25,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def check(made: Edited) -> None:
        path = tmp_path / "t"
        text = WRITERS[target](sequence_of(catalog, replace(cut, slots=tuple(made.slots))))
        path.write_text(text, encoding="utf-8", newline="")
        found = reimport_cut(catalog, cut, path, author="Ada", save=False)
        assert words_of(found) == made.words
        assert [one.source for one in found.after.slots] == [one.source for one in made.slots]

    check()


@pytest.mark.parametrize("target", WRITERS)
def test_the_same_shots_in_another_order_are_told_as_moves_and_nothing_else(
    catalog: Catalog, cut: Cut, tmp_path: Path, target: str
) -> None:
    @given(st.permutations(range(SLOTS)))
    @settings(
        deadline=None,
        max_examples=10,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def check(order: list[int]) -> None:
        path = tmp_path / "t"
        slots = tuple(cut.slots[number] for number in order)
        text = WRITERS[target](sequence_of(catalog, replace(cut, slots=slots)))
        path.write_text(text, encoding="utf-8", newline="")
        found = reimport_cut(catalog, cut, path, author="Ada", save=False)
        assert [change.before for change in found.changes] == order
        stayed = [c.before for c in found.changes if not c.moved]
        assert stayed == sorted(n for n in stayed if n is not None)
        assert {(c.head, c.tail, c.also) for c in found.changes} == {(0, 0, ())}

    check()


def test_two_slots_of_one_shot_that_change_places_keep_what_belongs_to_them(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    """Each keeps its own note, though the first of them shares frames with both."""
    slots = [
        replace(slot(0, 2, 12), note="first"),
        slot(1),
        replace(slot(0, 12, 20), note="second"),
    ]
    twice = replace(cut, slots=tuple(slots))
    path = tmp_path / "t.edl"
    apart = (slots[2], slots[1], replace(slots[0], source=FrameRange(2, 16)))
    text = write_edl(sequence_of(catalog, replace(cut, slots=apart)))
    lines = [line for line in text.splitlines() if not line.startswith("* LOC")]
    path.write_text("\n".join(lines))
    found = reimport_cut(catalog, twice, path, author="Ada", save=False)
    assert [one.note for one in found.after.slots] == ["second", "", "first"]
    assert sorted(words_of(found))[0].startswith("slot 1: moved to 3, extended by 2 frames at its")


def test_slots_that_were_joined_are_told_as_joined() -> None:
    before = [slot(0, 0, 10), slot(0, 10, 8), slot(1)]
    after = [slot(0, 0, 18), slot(1)]
    assert [change.words for change in changes_between(before, after)] == [
        "slot 1: extended by 8 frames at its end",
        "slot 2: removed, joined to slot 1",
        "slot 3: kept",
    ]


def test_a_rest_of_a_slot_does_not_count_as_what_replaced_its_neighbour() -> None:
    before = [slot(0), slot(1), slot(2)]
    after = [slot(0, FIRST, 9), slot(0, FIRST + 9, 7), slot(2)]
    assert [change.words for change in changes_between(before, after)] == [
        "slot 1: trimmed by 7 frames at its end",
        "slot 2: added, split off slot 1",
        "slot 2: removed",
        "slot 3: kept",
    ]


def test_a_film_of_another_rate_is_told_in_frames_of_the_cut() -> None:
    """Of 50 in 25: 8 frames of the film are 4 of the cut; one of the film is none of it."""
    before, steps = [slot(0)], {MediaId(1): Fraction(2)}
    cases = {
        (FIRST + 8, 12): "slot 1: trimmed by 4 frames at its beginning",
        (FIRST, 12): "slot 1: trimmed by 4 frames at its end",
        (FIRST + 8, 16): "slot 1: slipped, 4 frames later",
        (FIRST + 1, 16): "slot 1: its beginning 1 frame of its film later",
    }
    for (start, frames), words in cases.items():
        (change,) = changes_between(before, [slot(0, start, frames)], steps)
        assert change.words == words
