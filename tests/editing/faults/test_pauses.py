"""Pauses of one to four frames in drawn motions, and holds of a film's own that are none."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.faults.pauses import LONGEST, WINDOW, Pause, changed_fields, pause_before

from .conftest import HEIGHT, WIDTH, Pictures, texture

BEFORE = 3


def at(places: list[float]) -> Pictures:
    """Pictures of a texture at so many pixels to the left."""
    wide, columns = texture(3, 12).astype(np.float32), np.arange(WIDTH)
    found = []
    for place in places:
        left, part = int(np.floor(place)) + 200, place - np.floor(place)
        found.append(wide[:, left + columns] * (1 - part) + wide[:, left + columns + 1] * part)
    return [np.rint(picture).astype(np.uint8) for picture in found]


def held(speed: float, frames: int, *, replacing: bool = True) -> list[float]:
    """Places in an even motion of which `frames` pictures are the one before them again.

    They stand instead of others, or between them; two pictures follow.
    """
    behind = frames if replacing else 0
    last = BEFORE * speed
    moved = [n * speed for n in range(BEFORE + 1)]
    return [*moved, *[last] * frames, last + (behind + 1) * speed, last + (behind + 2) * speed]


def pause_of(pictures: Pictures) -> Pause | None:
    last = pictures[-WINDOW:]
    changes = [np.zeros((1, 1), np.float32)]
    changes += [changed_fields(a, b) for a, b in pairwise(last)]
    return pause_before(last, changes)


def noisy(pictures: Pictures, seed: int, strength: float) -> Pictures:
    """As coded with errors of their own, in patches of 4 by 4 pixels."""
    rng = np.random.default_rng(seed)
    errors = (rng.normal(0, strength, (HEIGHT // 4, WIDTH // 4)) for _ in pictures)
    return [
        np.clip(np.rint(p + np.kron(error, np.ones((4, 4)))), 0, 255).astype(np.uint8)
        for p, error in zip(pictures, errors, strict=True)
    ]


@given(
    speed=st.floats(0.5, 5.0),
    frames=st.integers(1, LONGEST),
    replacing=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_a_pause_in_an_even_motion_is_as_long_as_it_is(
    speed: float, frames: int, replacing: bool
) -> None:
    found = pause_of(at(held(speed, frames, replacing=replacing)))
    assert found is not None
    assert found.frames == frames
    assert found.share <= 0.05


@given(speed=st.floats(0.5, 5.0), factor=st.floats(0.5, 2.0))
@settings(max_examples=25, deadline=None)
def test_what_never_stops_has_no_pause(speed: float, factor: float) -> None:
    """One frame moves by half of the others or twice as far, and all in between."""
    steps = [speed] * 4 + [speed * factor] + [speed] * 2
    assert pause_of(at(np.cumsum([0.0, *steps]).tolist())) is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_slow_motion_pauses_though_every_picture_is_coded_with_other_errors(seed: int) -> None:
    """The errors change the held picture by half of what the motion does, or more."""
    pictures = noisy(at(held(0.3, 1)), seed, 1.2)
    change = [float(changed_fields(a, b).mean()) for a, b in pairwise(pictures)]
    assert change[3] > 0.5 * change[2]
    found = pause_of(pictures)
    assert found is not None
    assert found.frames == 1


@pytest.mark.parametrize("speed", [1.0, 3.0])
def test_what_turns_back_or_starts_or_comes_to_rest_has_no_pause(speed: float) -> None:
    turns = [0.0, 1.0, 2.0, 3.0, 3.0, 2.0, 1.0]
    starts = [0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 3.0]
    rests = [0.0, 1.0, 1.5, 1.6, 1.6, 1.6, 1.6]
    for places in (turns, starts, rests):
        assert pause_of(at([speed * place for place in places])) is None
        assert pause_of(noisy(at([speed * place for place in places]), 5, 0.5)) is None


def test_one_thing_that_halts_while_another_moves_on_is_no_pause() -> None:
    stops, goes = at(held(2.0, 1)), at([2.0 * n for n in range(7)])
    both = zip(stops, goes, strict=True)
    halves = [np.vstack([a[: HEIGHT // 2], b[HEIGHT // 2 :]]) for a, b in both]
    assert pause_of(stops) is not None
    assert pause_of(halves) is None


def test_a_picture_held_before_another_shot_is_no_pause_of_it() -> None:
    """What is there afterwards was not before."""
    pictures = at(held(0.5, 1))
    other = [np.ascontiguousarray(255 - picture) for picture in pictures]
    assert pause_of([*pictures[:5], *other[5:]]) is None
