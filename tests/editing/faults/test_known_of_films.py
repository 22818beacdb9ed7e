"""What the search knows of films beyond one: sounds that end early, and pictures in two files."""

import numpy as np
import pytest

from editing.cut import Slot
from editing.faults.film import FilmSeen
from editing.faults.finding import Fault
from editing.faults.search import find_faults
from ingest.media import MediaId, Signatures
from ingest.timecode import FrameRange

from .test_cut_faults import FILM, film, slot

COPY = MediaId(2)
RNG = np.random.default_rng(5)
VALUES = RNG.integers(0, 2**63, 60, dtype=np.uint64)
"""Of pictures all unlike, one every six frames."""


def signed(first: int, values: np.ndarray) -> FilmSeen:
    """A film with a signature every six frames from `first` on."""
    return film(signatures=Signatures(first + 6 * np.arange(len(values)), values))


def faults_of_two(slots: list[Slot], own: FilmSeen, copy: FilmSeen) -> list[Fault]:
    return find_faults(slots, {FILM: own, COPY: copy})


def of_copy(start: int, end: int) -> Slot:
    return Slot(COPY, start // 100, FrameRange(start, end), 0.0, ())


def test_pictures_shown_before_from_another_file_are_a_repeat_at_their_frame() -> None:
    """The copy begins 100 frames before the film: its frames 120 to 159 are 20 to 59 of the film.

    Vectors that are told of the copy are other ones, so that no join is a jump cut."""
    own, copy = signed(0, VALUES), signed(100, VALUES)
    slots = [slot(0, 20, 60), slot(4), of_copy(110, 150)]
    (fault,) = faults_of_two(slots, own, copy)
    assert (fault.kind, fault.slot, fault.frame, fault.value) == ("repeat", 2, 90, 30)
    assert "slot 1 has shown, in another film" in fault.words


def test_other_pictures_of_another_file_are_no_repeat() -> None:
    own, copy = signed(0, VALUES), signed(100, VALUES)
    assert faults_of_two([slot(0, 20, 60), slot(4), of_copy(210, 250)], own, copy) == []


def test_a_picture_that_hardly_moves_is_no_repeat_for_nobody_can_tell_which_frame_it_is() -> None:
    still = np.full(60, VALUES[0])
    slots = [slot(0, 20, 60), slot(4), of_copy(110, 150)]
    assert faults_of_two(slots, signed(0, still), signed(100, still)) == []


@pytest.mark.parametrize(("sound_end", "told"), [(2.1, [(12, 8)]), (2.4, []), (2.35, [])])
def test_a_sound_that_ends_before_the_slot_does_is_told_from_its_first_silent_frame(
    sound_end: float, told: list[tuple[int, int]]
) -> None:
    """Slot 1 is of frames 40 to 59, up to 2.4 s; the sound ends at 2.1 s, before frame 53."""
    seen = film(sound_end=sound_end)
    found = find_faults([slot(0, 40, 60)], {FILM: seen})
    assert [fault.kind for fault in found] == ["length"] * len(told)
    assert [(fault.frame, fault.frames) for fault in found] == [(13, 7)] * len(told)


def test_a_film_without_sound_has_no_length_of_it() -> None:
    assert find_faults([slot(0)], {FILM: film()}) == []


def test_one_set_up_in_two_reels_of_other_brightness_is_an_exposure_step() -> None:
    dark = film(luma=np.full(800, 0.4, np.float32))
    (fault,) = faults_of_two([slot(1, 20, 60), of_copy(160, 199)], film(), dark)
    assert (fault.kind, fault.frame) == ("exposure step", 40)
    assert fault.value == pytest.approx(-0.2)  # from .5 to .4
    assert faults_of_two([slot(1, 20, 60), of_copy(260, 299)], film(), dark) == []
