"""A cut assembled anew around locked slots: they stay to the frame, the rest keeps the brief."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.assemble.around import merged
from editing.assemble.assembly import assemble, assemble_around
from editing.assemble.footage import Footage
from editing.cut import Brief, Reason, Slot
from editing.errors import ImpossibleBrief
from editing.rank.film import ShotScores
from ingest.media import MediaId
from ingest.timecode import FrameRange

FILM = MediaId(1)


def film(scores: list[float], setups: list[int] | None = None, frames: int = 40) -> Footage:
    """Shots of `frames` frames each; two of one set-up look the same."""
    setups = setups or list(range(len(scores)))
    values = np.array(scores, dtype=np.float64)
    return Footage(
        media=FILM,
        rate=Fraction(24),
        frames=frames * len(scores),
        fit=tuple(FrameRange(frames * i, frames * (i + 1)) for i in range(len(scores))),
        interest=np.zeros(frames * len(scores)),
        vectors=np.eye(max(setups) + 1, dtype=np.float32)[setups],
        scores=ShotScores(values, ("all",), values[:, None]),
    )


def brief(frames: int, **changes: object) -> Brief:
    asked = Brief("trailer", frames, 10, 30, Fraction(1), max_similarity=0.9)
    return replace(asked, **changes)


def locked(shot: int, start: int = 5, end: int = 25, media: MediaId = FILM) -> Slot:
    span = FrameRange(40 * shot + start, 40 * shot + end)
    return Slot(media, shot, span, 1.0, (Reason("chosen", 1.0),), locked=True)


def test_a_locked_slot_stays_and_the_best_of_the_others_fill_the_rest() -> None:
    kept = locked(4)
    found = assemble_around(film([9, 1, 2, 8, 0, 7]), brief(80), [kept])
    assert [slot.shot for slot in found.slots] == [0, 3, 4, 5]
    assert found.slots[2] == kept
    assert sum(slot.source.frames for slot in found.slots) == 80


def test_what_looks_like_a_locked_slot_is_left_out() -> None:
    footage = film([9, 1, 2, 8, 0, 7], setups=[0, 1, 2, 3, 0, 4])
    found = assemble_around(footage, brief(80), [locked(4)])
    assert 0 not in [slot.shot for slot in found.slots]


def test_a_part_of_the_film_that_is_locked_full_gets_less() -> None:
    """All shots are worth the same: 105 frames go to three quarters that want 46 each."""
    footage = film([5.0] * 8)
    full = [locked(0, 0, 40), locked(1, 0, 40)]
    shots = [slot.shot for slot in assemble_around(footage, brief(185), full).slots]
    assert shots[:2] == [0, 1]
    assert {shot // 2 for shot in shots[2:]} == {1, 2, 3}


def test_without_a_locked_slot_it_is_the_plain_cut() -> None:
    footage = film([9, 1, 2, 8, 0, 7])
    assert assemble_around(footage, brief(80), []) == assemble(footage, brief(80))


def test_locked_slots_that_fill_the_cut_are_the_cut() -> None:
    slots = [locked(3), locked(1)]
    assert assemble_around(film([1.0] * 4), brief(40), slots).slots == tuple(slots)


def test_locked_slots_longer_than_the_cut_are_refused_with_their_length() -> None:
    with pytest.raises(ImpossibleBrief, match=r"locked slots last 1\.67 s") as caught:
        assemble_around(film([1.0] * 4), brief(30), [locked(0), locked(1)])
    assert caught.value.brief is not None
    assert caught.value.brief.frames == 40


def test_a_rest_that_nothing_fills_is_told_beside_the_locked_slots() -> None:
    with pytest.raises(ImpossibleBrief, match="beside 1 locked slot") as caught:
        assemble_around(film([1.0] * 3), brief(25), [locked(0)])
    assert caught.value.brief is not None
    assert caught.value.brief.frames == 30  # 20 locked, and the shortest slot of 10


def test_others_follow_the_locked_slot_before_them_in_the_film() -> None:
    """Locked slots 5, 2 in that order: 3 and 4 follow 2, 6 follows 5, 1 comes first."""
    others = [locked(shot) for shot in (1, 3, 4, 6)]
    order = merged([locked(5), locked(2)], others)
    assert [slot.shot for slot in order] == [1, 5, 6, 2, 3, 4]


@st.composite
def cuts(draw: st.DrawFn) -> tuple[Footage, Brief, list[Slot]]:
    shots = draw(st.integers(2, 7))
    scores = draw(st.lists(st.integers(0, 9), min_size=shots, max_size=shots))
    setups = draw(st.lists(st.integers(0, 5), min_size=shots, max_size=shots))
    chosen = draw(st.lists(st.integers(0, shots - 1), max_size=3, unique=True))
    slots = [locked(shot, 0, draw(st.integers(1, 40))) for shot in chosen]
    footage = film([float(score) for score in scores], setups)
    return footage, brief(draw(st.integers(1, 160)), handle=draw(st.integers(0, 2))), slots


@given(cuts())
@settings(deadline=None, max_examples=60)
def test_locked_slots_length_and_limits_always_hold(
    case: tuple[Footage, Brief, list[Slot]],
) -> None:
    footage, asked, kept = case
    try:
        found = assemble_around(footage, asked, kept)
    except ImpossibleBrief as error:
        assert error.brief is None or error.brief != asked
        return
    assert sum(slot.source.frames for slot in found.slots) == asked.frames
    assert [slot for slot in found.slots if slot.locked] == kept
    shots = [slot.shot for slot in found.slots]
    assert len(set(shots)) == len(shots)
    for slot in found.slots:
        assert sum(reason.value for reason in slot.reasons) == pytest.approx(slot.score)
        if slot.locked:
            continue
        assert asked.min_shot <= slot.source.frames <= asked.max_shot
        others = [other.shot for other in found.slots if other.shot != slot.shot]
        alike = footage.vectors[others] @ footage.vectors[slot.shot]
        assert (alike <= asked.max_similarity).all()
    assert found.value <= found.bound + 1e-9
