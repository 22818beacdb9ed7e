"""Faults planted one by one into a cut of a film whose measures are known, found and repaired."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.cut import Alternate, Slot, SlotSound
from editing.faults.film import FilmSeen
from editing.faults.finding import Fault
from editing.faults.repair import repair_faults
from editing.faults.search import find_faults
from ingest.media import MediaId
from ingest.timecode import FrameRange

FILM = MediaId(1)
SHOTS = 8
LENGTH = 100
RATE = Fraction(25)


def film(**changes: object) -> FilmSeen:
    """Eight shots of 4 s, all unlike, equally bright, moving, silent and without bars."""
    frames = SHOTS * LENGTH
    plain = FilmSeen(
        name="film.mp4",
        rate=RATE,
        frames=frames,
        shots=tuple(FrameRange(LENGTH * i, LENGTH * (i + 1)) for i in range(SHOTS)),
        mixed=np.zeros(frames, bool),
        luma=np.full(frames, 0.5, np.float32),
        motion=np.full(frames, 0.05, np.float32),
        vectors=np.eye(SHOTS, dtype=np.float32),
        bars=np.zeros((SHOTS, 4), np.float32),
        voiced=np.zeros((0, 2)),
        energy=np.full(frames * 10 // 25, 10**-2.3),
        sound_start=0.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def slot(shot: int, start: int = 20, end: int = 60) -> Slot:
    span = FrameRange(LENGTH * shot + start, LENGTH * shot + end)
    return Slot(FILM, shot, span, 0.0, ())


def faults_of(slots: list[Slot], seen: FilmSeen) -> list[Fault]:
    return find_faults(slots, {FILM: seen})


def changed(array: np.ndarray, frames: slice, value: float) -> np.ndarray:
    copy = array.copy()
    copy[frames] = value
    return copy


def test_a_plain_cut_has_no_fault() -> None:
    assert faults_of([slot(0), slot(1), slot(4)], film()) == []


@pytest.mark.parametrize(
    ("slots", "where", "frames"),
    [
        ([slot(0), slot(2, -2, 40)], (1, 40), 2),
        ([slot(0, 60, 103), slot(2)], (0, 40), 3),
        ([slot(0), slot(2, 20, 23), slot(4)], (1, 40), 3),
    ],
    ids=["before", "after", "slot"],
)
def test_a_flash_is_found_at_its_frame(
    slots: list[Slot], where: tuple[int, int], frames: int
) -> None:
    (fault,) = faults_of(slots, film())
    assert (fault.kind, fault.severity) == ("flash", "error")
    assert ((fault.slot, fault.frame), fault.value) == (where, frames)


def test_four_frames_of_another_shot_are_no_flash() -> None:
    assert faults_of([slot(0), slot(2, -4, 40)], film()) == []


def test_frames_of_a_dissolve_and_black_ones_are_found_where_they_are() -> None:
    plain = film()
    seen = film(mixed=changed(plain.mixed, slice(100, 125), True))
    (fault,) = faults_of([slot(0), slot(1)], seen)
    assert (fault.kind, fault.slot, fault.frame, fault.value) == ("mixed", 1, 40, 5)
    seen = film(luma=changed(plain.luma, slice(130, 133), 0.01))
    (fault,) = faults_of([slot(0), slot(1)], seen)
    assert (fault.kind, fault.slot, fault.frame, fault.value) == ("black", 1, 50, 3)


def test_a_picture_that_stands_still_for_half_a_second_is_frozen() -> None:
    plain = film()
    for still, kinds in ((12, ["freeze"]), (11, [])):
        seen = film(motion=changed(plain.motion, slice(130, 130 + still), 0.0))
        assert [fault.kind for fault in faults_of([slot(0), slot(1)], seen)] == kinds


def test_frames_shown_twice_are_found_in_the_later_slot() -> None:
    (fault,) = faults_of([slot(1), slot(4), slot(1, 55, 90)], film())
    assert (fault.kind, fault.slot, fault.frame, fault.value) == ("repeat", 2, 80, 5)


def test_the_same_set_up_on_both_sides_is_a_jump_cut_and_a_shot_that_runs_on_is_none() -> None:
    seen = film(vectors=np.eye(SHOTS, dtype=np.float32)[[0, 1, 2, 0, 4, 5, 6, 7]])
    assert [f.kind for f in faults_of([slot(0), slot(3)], seen)] == ["jump cut"]
    assert [f.kind for f in faults_of([slot(0, 0, 30), slot(0, 50, 90)], seen)] == ["jump cut"]
    assert faults_of([slot(0, 0, 30), slot(0, 30, 90)], seen) == []


def test_a_word_is_cut_where_speech_is_on_both_sides_of_the_cut() -> None:
    """Slot 1 ends at 2.4 s and slot 2 begins at 4.8 s of the film."""
    slots = [slot(0), slot(1)]
    for voiced, told in (
        ([2.0, 3.0], ["speech goes on after the cut"]),
        ([4.0, 5.0], ["speech began before the cut"]),
        ([2.36, 3.0], []),  # 40 ms: too little to miss
        ([2.6, 4.7], []),
    ):
        assert [f.words for f in faults_of(slots, film(voiced=np.array([voiced])))] == told
    (fault,) = faults_of(slots, film(voiced=np.array([[2.0, 3.0]])))
    assert fault.value == pytest.approx(0.4)
    assert (fault.slot, fault.frame) == (1, 40)


def test_words_are_looked_for_where_the_sound_is_joined() -> None:
    """The sound of slot 1 goes on for 15 frames, to 3 s; that of slot 2 begins at 5.4 s."""
    late = [slot(0), replace(slot(1), sound=SlotSound(lead=-15))]
    assert faults_of(late, film(voiced=np.array([[2.0, 3.0]]))) == []
    (fault,) = faults_of(late, film(voiced=np.array([[5.0, 6.0]])))
    assert (fault.words, fault.frame) == ("speech began before the cut", 55)
    assert fault.value == pytest.approx(0.4)


def test_steps_of_sound_brightness_and_bars_are_found_at_the_join() -> None:
    plain = film()
    slots = [slot(0), slot(1)]
    louder = changed(plain.energy, slice(40, None), 10**-0.9)
    (fault,) = faults_of(slots, film(energy=louder))
    assert (fault.kind, fault.frame, fault.value) == ("loudness step", 40, pytest.approx(14))
    dark = changed(changed(plain.luma, slice(0, 100), 0.2), slice(100, None), 0.9)
    (fault,) = faults_of(slots, film(luma=dark))
    assert (fault.kind, fault.value) == ("exposure step", pytest.approx(0.7))
    bars = plain.bars.copy()
    bars[1] = (0.12, 0.12, 0, 0)
    (fault,) = faults_of(slots, film(bars=bars))
    assert (fault.kind, fault.value) == ("bars step", pytest.approx(0.12))


def test_silence_on_one_side_is_no_step_of_loudness() -> None:
    assert (
        faults_of([slot(0), slot(1)], film(energy=changed(film().energy, slice(40, None), 0))) == []
    )
    assert faults_of([slot(0), slot(1)], film(energy=np.zeros(0))) == []


def repaired(slots: list[Slot], seen: FilmSeen) -> tuple[list[Slot], list[str]]:
    after, done = repair_faults(slots, {FILM: seen}, least_frames=10, reasons=lambda *_: ())
    return list(after), [repair.words for repair in done]


def test_a_flash_is_repaired_by_the_smallest_slip() -> None:
    after, done = repaired([slot(0), slot(2, -2, 40)], film())
    assert done == ["slot 2: slipped, 2 frames later"]
    assert after == [slot(0), slot(2, 0, 42)]


def test_a_word_is_repaired_by_the_way_to_its_nearer_end() -> None:
    seen = film(voiced=np.array([[2.0, 2.6]]))  # slot 1 ends at 2.4 s; 40 ms may be lost
    after, done = repaired([slot(0), slot(2)], seen)
    assert done == ["slot 1: slipped, 4 frames later"]
    assert after[0] == slot(0, 24, 64)


def test_a_jump_cut_is_repaired_by_an_alternate() -> None:
    seen = film(vectors=np.eye(SHOTS, dtype=np.float32)[[0, 1, 2, 0, 4, 5, 6, 7]])
    like = replace(slot(3), alternates=(Alternate(5, slot(5).source, 0.7),))
    after, done = repaired([slot(0), like], seen)
    assert done == ["slot 2: filled with its alternate, shot 5"]
    assert (after[1].shot, after[1].source, after[1].score) == (5, slot(5).source, 0.7)


def test_a_locked_slot_is_not_repaired() -> None:
    broken = [replace(slot(0), locked=True), replace(slot(2, -2, 40), locked=True)]
    assert repaired(broken, film()) == (broken, [])


slots_of_any_kind = st.lists(
    st.builds(
        lambda shot, start, frames, locked: replace(
            slot(shot, start, start + frames), locked=locked
        ),
        st.integers(1, 6),
        st.integers(-4, 70),
        st.integers(5, 40),  # so that some of the shot is shown
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(slots_of_any_kind, st.lists(st.floats(4, 26), min_size=0, max_size=4, unique=True))
@settings(deadline=None, max_examples=25)
def test_repair_never_makes_a_cut_worse_and_never_touches_a_locked_slot(
    slots: list[Slot], speech: list[float]
) -> None:
    seen = film(voiced=np.array([[s, s + 1.0] for s in sorted(speech)]).reshape(-1, 2))
    before = find_faults(slots, {FILM: seen})
    after, _ = repair_faults(slots, {FILM: seen}, least_frames=10, reasons=lambda *_: ())
    left = find_faults(after, {FILM: seen})
    assert _errors(left) <= _errors(before)
    assert len(after) == len(slots)
    for old, new in zip(slots, after, strict=True):
        assert new == old or not old.locked


def _errors(faults: list[Fault]) -> int:
    return sum(fault.severity == "error" for fault in faults)
