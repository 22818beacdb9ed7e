"""Repeats in films that repeat pictures by rule, and stills that are elsewhere afterwards."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from editing.faults.picture_meter import PictureMeter
from editing.faults.programme import Programme
from editing.faults.still_faults import still_faults

from .conftest import HEIGHT, WIDTH, Pictures, drifting


def told(pictures: Pictures, rate: int) -> list[tuple[str, int, int]]:
    """Kind, first frame and number of frames of what is told of grey pictures."""
    meter = PictureMeter()
    for picture in pictures:
        meter.push(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray"))
    programme = Programme(Fraction(rate), meter.finish(), None, (), False)
    return [(fault.kind, fault.frame, fault.frames) for fault in still_faults(programme)]


def shown(pictures: Pictures, of: int, shows: int) -> Pictures:
    """`shows` pictures for each `of` that there are, as evenly as it goes."""
    return [pictures[n * of // shows] for n in range(len(pictures) * shows // of)]


CADENCES = [(1, 2, 24), (2, 3, 24), (4, 5, 30), (24, 25, 25), (12, 25, 25)]
"""On twos; 16 pictures a second in 24; 24 in 30; 24 in 25; 12 in 25."""


@pytest.mark.parametrize(("of", "shows", "rate"), CADENCES)
def test_pictures_repeated_by_rule_are_how_a_film_was_made(of: int, shows: int, rate: int) -> None:
    pictures = shown(drifting(180), of, shows)[:200]
    assert sum(np.array_equal(a, b) for a, b in pairwise(pictures)) >= 7
    assert told(pictures, rate) == []


def two_of_ten_again(pictures: Pictures) -> Pictures:
    """Of each ten that are shown two are the one before, by turns 3 and 7 apart."""
    by_rule = [n for n in range(10) if n not in (6, 9)]
    order = [10 * n + k for n in range(30) for k in range(10)]
    drawn = iter(pictures)
    found = list[np.ndarray]()
    for n in order:
        found.append(next(drawn) if n % 10 in by_rule or not found else found[-1])
    return found


def test_repeats_that_lie_unequally_far_apart_by_rule_are_how_a_film_was_made() -> None:
    pictures = two_of_ten_again(drifting(250))[:150]
    assert told(pictures, 25) == []
    pictures[73] = pictures[74] = pictures[72]  # one picture more than the rule
    assert told(pictures, 25) == [("duplicate", 73, 2)]


@pytest.mark.parametrize(("of", "shows", "rate"), [(2, 3, 24), (4, 5, 30)])
def test_a_rule_is_known_beside_black_too(of: int, shows: int, rate: int) -> None:
    """Black for 12 frames parts the film; twelve frames are before it."""
    pictures = shown(drifting(90), of, shows)
    black = [np.zeros((HEIGHT, WIDTH), np.uint8)] * 12
    assert told([*pictures[:20], *black, *pictures[32:]], rate) == []


@pytest.mark.parametrize(("of", "shows", "rate"), [(4, 5, 30), (24, 25, 25)])
def test_a_repeat_between_those_of_a_rule_is_told(of: int, shows: int, rate: int) -> None:
    pictures = shown(drifting(180), of, shows)[:200]
    held = [n for n in range(1, 180) if np.array_equal(pictures[n], pictures[n - 1])]
    at = held[len(held) // 2] + 2
    pictures[at] = pictures[at - 1]
    assert told(pictures, rate) == [("duplicate", at, 1)]


def test_the_rule_of_one_shot_does_not_hold_in_the_next() -> None:
    """Forty frames on twos, and then an even motion with one picture shown again."""
    even = drifting(60, seed=2, spot=8)
    even[20] = even[19]
    assert told([*shown(drifting(20), 1, 2), *even], 24) == [("duplicate", 60, 1)]


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_a_repeat_is_told_with_its_length_wherever_it_is(frames: int) -> None:
    for at in (8, 30, 60 - frames - 3):
        pictures = drifting(60)
        pictures[at : at + frames] = [pictures[at - 1]] * frames
        assert told(pictures, 24) == [("duplicate", at, frames)]


def test_a_shot_that_stands_still_and_is_then_elsewhere_was_not_frozen() -> None:
    """Twenty frames after a cut nothing has moved; with the next one it is half a second later."""
    still, goes_on = drifting(1, seed=2, spot=8), drifting(30, seed=2, spot=8, start=12)
    assert told([*drifting(30), *still * 20, *goes_on], 24) == []
    moved = drifting(10, seed=2, spot=8)
    frozen = [*drifting(30), *moved, *moved[-1:] * 20, *drifting(30, seed=2, spot=8, start=60)]
    assert told(frozen, 24) == [("freeze", 40, 20)]
