from fractions import Fraction

import pytest

from editing.assemble.brief import default_brief, frames_in, in_words, pace

NTSC_FILM = Fraction(24000, 1001)


def test_a_length_is_the_nearest_number_of_frames() -> None:
    assert frames_in(Fraction(30), Fraction(24)) == 720
    assert frames_in(Fraction(30), NTSC_FILM) == 719  # 719.28
    assert frames_in(Fraction(30), Fraction(30000, 1001)) == 899  # 899.10


def test_half_a_frame_rounds_up() -> None:
    assert frames_in(Fraction(5, 2), Fraction(1)) == 3
    assert frames_in(Fraction(7, 2), Fraction(1)) == 4


def test_bounds_round_inwards_so_that_no_shot_is_out_of_what_was_said() -> None:
    brief = default_brief("trailer", Fraction(30), NTSC_FILM)
    assert brief.min_shot == 24  # 23.98 frames are 1 s
    assert brief.max_shot == 95  # 95.90 frames are 4 s
    assert brief.min_shot / NTSC_FILM >= 1
    assert brief.max_shot / NTSC_FILM <= 4


def test_a_trailer_keeps_the_last_tenth_back_and_a_rough_cut_nothing() -> None:
    assert default_brief("trailer", Fraction(30), Fraction(24)).spoiler_free == Fraction(9, 10)
    assert default_brief("rough", Fraction(120), Fraction(24)).spoiler_free == 1


def test_a_shortest_shot_above_the_usual_longest_raises_the_longest() -> None:
    brief = default_brief("trailer", Fraction(30), Fraction(24), min_shot=Fraction(5))
    assert (brief.min_shot, brief.max_shot) == (120, 120)


def test_a_longest_shot_below_the_usual_shortest_lowers_the_shortest() -> None:
    brief = default_brief("rough", Fraction(30), Fraction(24), max_shot=Fraction(1))
    assert (brief.min_shot, brief.max_shot) == (24, 24)


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="min_shot <= max_shot"):
        default_brief(
            "trailer", Fraction(30), Fraction(24), min_shot=Fraction(3), max_shot=Fraction(2)
        )


def test_the_pace_is_as_far_from_both_bounds() -> None:
    assert pace(default_brief("trailer", Fraction(30), Fraction(24))) == 48  # 2 s of 1 to 4 s


def test_lengths_are_told_in_seconds_and_frames() -> None:
    assert in_words(720, Fraction(24)) == "30.00 s (720 frames)"
    assert in_words(1, Fraction(25)) == "0.04 s (1 frame)"
