"""Frames missing from even motions that are drawn, and motions that are not even."""

import numpy as np
import pytest

from editing.faults.leaps import displacement_ratio

from .conftest import HEIGHT, WIDTH, Pictures, texture


def moved(steps: list[float]) -> Pictures:
    """Seven pictures of a texture that moves by so many pixels from each to the next."""
    wide, columns = texture(3, 12).astype(np.float32), np.arange(WIDTH)
    found = []
    for place in np.cumsum([0.0, *steps]):
        left, part = int(np.floor(place)) + 200, place - np.floor(place)
        found.append(wide[:, left + columns] * (1 - part) + wide[:, left + columns + 1] * part)
    return [np.rint(picture).astype(np.uint8) for picture in found]


@pytest.mark.parametrize("missing", [1, 2, 3])
@pytest.mark.parametrize("speed", [0.6, 2.0, 5.0])
def test_an_even_motion_leaps_by_as_many_steps_as_frames_are_missing(
    missing: int, speed: float
) -> None:
    steps = [speed] * 3 + [(missing + 1) * speed] + [speed] * 2
    assert displacement_ratio(moved(steps)) == pytest.approx(missing + 1, abs=0.25)


@pytest.mark.parametrize(
    "steps",
    [
        [2.0, 2.0, 2.0, 2.0, 2.0, 2.0],
        [2.0, 2.0, 2.0, 3.0, 2.0, 2.0],  # a jolt
        [0.0, 0.0, 0.0, 4.0, 2.0, 2.0],  # it starts
        [2.0, 2.0, 0.0, 4.0, 2.0, 2.0],  # a picture is shown twice, and then missing
        [1.0, 1.0, 1.0, 4.0, 3.5, 3.5],  # it becomes faster
        [-2.0, -2.0, -2.0, 4.0, 2.0, 2.0],  # it turns back
        [2.0, 2.0, 2.0, 24.0, 2.0, 2.0],  # half a second is gone
    ],
)
def test_a_motion_that_is_not_even_beside_it_has_no_leap(steps: list[float]) -> None:
    assert np.isnan(displacement_ratio(moved(steps)))


def test_nothing_leaps_in_a_flat_picture() -> None:
    flat = [np.full((HEIGHT, WIDTH), 90, np.uint8)] * 7
    assert np.isnan(displacement_ratio(flat))
