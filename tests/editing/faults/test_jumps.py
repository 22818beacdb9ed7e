"""One set-up at another moment: told by what is fixed in it; and letters that are none."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from editing.faults.features import AGREEING, agreeing_features
from editing.faults.join_faults import find_joins
from editing.faults.judging import programme_faults
from editing.faults.jumps import is_jump, setup_of
from editing.faults.likeness import setup_likeness
from editing.faults.picture_meter import COLUMNS, PictureMeasures, PictureMeter
from editing.faults.programme import Programme

SIZE = (144, 256)
AT = 20
Picture = np.ndarray


def place(seed: int, size: tuple[int, int] = SIZE) -> Picture:
    """A place full of corners: grey boxes of many sizes over each other."""
    rng = np.random.default_rng(seed)
    picture = np.full(size, 120, np.uint8)
    for _ in range(220):
        y, x = (int(rng.integers(0, side)) for side in size)
        high, wide = (int(rng.integers(4, 30)) for _ in range(2))
        picture[y : y + high, x : x + wide] = rng.integers(20, 236)
    return cv2.GaussianBlur(picture, (3, 3), 0)


def with_actor(picture: Picture, left: int, seed: int = 9) -> Picture:
    """Somebody who hides nearly half of the picture."""
    shown = picture.copy()
    shown[20:144, left : left + 130] = place(seed, (124, 130))
    return shown


def turned(picture: Picture, right: int) -> Picture:
    return np.roll(picture, right, axis=1)


def test_features_of_one_place_agree_whoever_stands_in_front() -> None:
    """The parts of the picture that are hidden are in neither likeness; the rest tells."""
    before, after = with_actor(place(1), 0, 8), with_actor(turned(place(1), 30), 126, 9)
    assert setup_likeness(before, after) < 0.68
    assert agreeing_features(before, after) >= AGREEING


def test_features_of_two_places_do_not_agree() -> None:
    assert agreeing_features(place(1), place(2)) == 0


def test_the_same_place_much_nearer_is_a_cut_along_the_axis() -> None:
    near = cv2.resize(place(1)[30:114, 50:199], SIZE[::-1], interpolation=cv2.INTER_LINEAR)
    assert agreeing_features(place(1), near) == 0


def test_features_of_one_thing_alone_do_not_agree() -> None:
    """The same prop in two places fills no more than a corner of the picture."""
    one, other = place(1), place(2)
    other[10:60, 10:60] = one[10:60, 10:60]
    assert agreeing_features(one, other) == 0


def test_of_pictures_with_nothing_in_them_nobody_can_tell() -> None:
    plain = np.full(SIZE, 90, np.uint8)
    assert np.isnan(agreeing_features(plain, plain))
    assert np.isnan(agreeing_features(plain, place(1)))


def measures(**columns: float) -> PictureMeasures:
    row = dict.fromkeys(COLUMNS, 0.0) | {"agreeing": np.nan, "besides": np.nan} | columns
    return PictureMeasures(np.array([[row[name] for name in COLUMNS]], np.float32))


@pytest.mark.parametrize(
    ("setup", "structure", "agreeing", "told", "same"),
    [
        (0.7, 0.1, np.nan, False, True),
        (0.7, 0.1, np.nan, True, True),
        (0.5, 0.8, np.nan, False, True),
        (0.5, 0.8, np.nan, True, False),  # a join that is known may be meant
        (0.5, 0.3, np.nan, False, False),
        (0.3, 0.8, np.nan, False, False),
        (0.5, 0.1, 12, True, True),  # other moments of one place
        (0.5, 0.1, 12, False, True),
        (0.5, 0.1, 8, True, False),
        (0.74, 0.1, 0, True, False),  # two meadows under one sky
        (0.82, 0.1, 0, True, True),
        (0.74, 0.1, 20, True, True),
    ],
)
def test_set_ups_are_told_by_parts_by_features_and_without_a_join_by_the_whole(
    setup: float, structure: float, agreeing: float, told: bool, same: bool
) -> None:
    seen = measures(setup=setup, structure=structure, agreeing=agreeing)
    found = setup_of(seen, 0, told=told)
    assert (found.value >= found.threshold) == same


def series(name: str, usual: float, at: float, **others: float) -> PictureMeasures:
    """Forty frames of which frame 20 changes in one way."""
    rows = np.repeat(measures(step_1=1.0, **others).rows, 40, axis=0)
    rows[:, COLUMNS.index(name)] = usual
    rows[AT, COLUMNS.index(name)] = at
    return PictureMeasures(rows)


def test_letters_that_come_are_no_jump_unless_the_rest_jumps_too() -> None:
    assert not is_jump(series("block", 4, 60, besides=14), AT)
    assert is_jump(series("block", 4, 60, besides=50), AT)


def kinds(pictures: list[Picture]) -> list[tuple[str, int]]:
    meter = PictureMeter()
    for picture in pictures:
        meter.push(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray"))
    seen = meter.finish()
    programme = Programme(Fraction(24), seen, None, find_joins(seen), False)
    return [(fault.kind, fault.frame) for fault in programme_faults(programme)]


def walked(frames: range, light: float = 1.0) -> list[Picture]:
    """Somebody crosses a place by a pixel a frame."""
    shown = [with_actor(place(1), frame) for frame in frames]
    return [np.clip(picture * light, 0, 255).astype(np.uint8) for picture in shown]


def test_half_a_second_gone_is_a_jump_cut_and_an_even_walk_none() -> None:
    assert kinds(walked(range(60))) == []
    assert kinds([*walked(range(30)), *walked(range(42, 80))]) == [("jump cut", 30)]


def test_another_moment_in_another_light_is_a_jump_cut_and_the_same_one_a_step_of_light() -> None:
    later = walked(range(70, 110), 1.15)
    assert kinds([*walked(range(30)), *later]) == [("jump cut", 30)]
    assert kinds([*walked(range(30)), *walked(range(30, 70), 1.15)]) == [("exposure step", 30)]
