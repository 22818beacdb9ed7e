"""J- and L-cuts: the sound joins where nobody is cut off, within the shots and the limits."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from editing.assemble.footage import Footage
from editing.assemble.sound import with_sound
from editing.cut import Brief, Exclusion, Slot, SlotSound
from editing.rank.film import ShotScores
from ingest.media import MediaId
from ingest.timecode import FrameRange

BRIEF = Brief("trailer", 40, 10, 30, Fraction(1), 0.9, speech="avoid", lead=12, fade_ms=10)


def footage(*voiced: tuple[int, int]) -> Footage:
    """Three shots of 40 frames at 24 a second; somebody speaks in some ranges of frames."""
    values = np.ones(3)
    return Footage(
        media=MediaId(1),
        rate=Fraction(24),
        frames=120,
        fit=tuple(FrameRange(40 * n, 40 * n + 40) for n in range(3)),
        interest=np.zeros(120),
        vectors=np.eye(3, dtype=np.float32),
        scores=ShotScores(values, ("all",), values[:, None]),
        voiced=np.array([(a / 24, b / 24) for a, b in voiced], np.float64).reshape(-1, 2),
        sounding=True,
    )


SLOTS = (
    Slot(MediaId(1), 0, FrameRange(5, 25), 1.0, ()),
    Slot(MediaId(1), 2, FrameRange(90, 110), 1.0, ()),
)


def sound(film: Footage, brief: Brief = BRIEF, slots: tuple[Slot, ...] = SLOTS) -> SlotSound:
    first, second = with_sound(film, brief, slots)
    assert first.sound == SlotSound()
    assert (first.source, second.source) == (slots[0].source, slots[1].source)
    return second.sound


def test_without_speech_sound_and_picture_are_cut_at_once_and_mixed_shortly() -> None:
    assert sound(footage()) == SlotSound(lead=0, fade_ms=10)


def test_a_word_that_goes_on_runs_on_under_the_next_slot() -> None:
    """The first slot ends at frame 25, the word at 31: an L-cut of 6 frames."""
    assert sound(footage((20, 31))).lead == -6


def test_a_word_that_had_begun_leads_the_picture() -> None:
    """The second slot begins at frame 90, the word at 86: a J-cut of 4 frames."""
    assert sound(footage((86, 95))).lead == 4


def test_of_words_on_both_sides_one_is_whole_and_the_other_is_not_heard() -> None:
    """Five frames earlier the first word has not begun; six later the second is over."""
    assert sound(footage((20, 31), (88, 96))).lead == 5
    assert sound(footage((17, 31), (88, 96))).lead == -6


def test_no_lead_goes_beyond_its_limit_or_into_another_shot() -> None:
    assert sound(footage((20, 39)), replace(BRIEF, lead=6)).lead == 0
    assert sound(footage((20, 45))).lead == 0  # the word goes on in the next shot
    assert sound(footage((20, 31)), replace(BRIEF, lead=0)).lead == 0
    assert sound(footage((20, 31)), replace(BRIEF, speech="ignore")).lead == 0


def test_no_lead_sounds_what_is_excluded() -> None:
    barred = (Exclusion(FrameRange(28, 33), "rating G leaves out language"),)
    assert sound(footage((20, 31)), replace(BRIEF, exclude=barred)).lead == 0


def test_where_the_film_runs_on_nothing_is_mixed() -> None:
    whole = (SLOTS[0], replace(SLOTS[1], shot=0, source=FrameRange(25, 35)))
    assert sound(footage((20, 31)), slots=whole) == SlotSound()


def test_a_film_without_sound_has_none_to_join() -> None:
    assert sound(replace(footage(), sounding=False)) == SlotSound()


def test_a_locked_slot_keeps_its_own_join_while_it_fits() -> None:
    own = replace(SLOTS[1], locked=True, sound=SlotSound(lead=3, fade_ms=40, gain=-6.0))
    assert sound(footage((20, 31)), slots=(SLOTS[0], own)) == own.sound
    late = replace(SLOTS[0], source=FrameRange(30, 39))
    ran_on = replace(own, sound=SlotSound(lead=-5, gain=-6.0))  # shot 0 has one frame left
    assert sound(footage(), slots=(late, ran_on)) == SlotSound(lead=0, fade_ms=10, gain=-6.0)
