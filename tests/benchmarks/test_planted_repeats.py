"""Repeated and frozen pictures are planted where they stop a motion that can be seen."""

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest

from benchmarks.footage_stretches import Stretch, Yuv
from benchmarks.picture_changes import differs
from benchmarks.planted_faults import Planter

ROWS, WIDTH, PICTURES = 144, 256, 240


def drift() -> list[Yuv]:
    """Soft spots that drift by two pixels a picture."""
    spots = np.random.default_rng(1).uniform(40, 220, (18, 120)).astype(np.float32)
    wide = cv2.resize(spots, (120 * 8, ROWS), interpolation=cv2.INTER_CUBIC)
    grey = np.full((ROWS // 2, WIDTH), 128, np.uint8)
    luma = np.clip(wide, 16, 235).astype(np.uint8)
    return [np.concatenate([luma[:, 2 * n : 2 * n + WIDTH], grey]) for n in range(PICTURES)]


def planted(pictures: list[Yuv]) -> list[tuple[int, int]]:
    """First frames and lengths of what is planted over six seeds; each is of one picture."""
    sound = np.zeros((2, 0), np.float32)
    film = Stretch("film#0", Fraction(24), pictures, sound, 48_000, [])
    found = []
    for seed in range(6):
        made = Planter(film, film, [], seed).plant_all(2, of=("duplicate", "freeze"))
        for plant in made.plants:
            shown = made.pictures[plant.frame - 1 : plant.frame + plant.frames]
            assert all(np.array_equal(a, b) for a, b in pairwise(shown))
            found.append((plant.frame, plant.frames))
    return found


def test_repeats_are_planted_in_a_motion() -> None:
    assert len(planted(drift())) >= 12


def test_no_repeat_is_planted_where_the_film_holds_a_picture_itself() -> None:
    """Each picture is shown twice, so that beside each place one is the one before it again."""
    pictures = drift()
    assert planted([pictures[n - n % 2] for n in range(PICTURES)]) == []


@pytest.mark.parametrize("strength", [2.0, 6.0])
def test_noise_of_a_camera_is_no_motion_to_stop(strength: float) -> None:
    """It changes each picture by as much as a motion would, pixel for pixel."""
    rng = np.random.default_rng(2)
    still = drift()[0]
    large = np.kron(still, np.ones((4, 4), np.uint8))
    noisy = [
        np.clip(large + rng.normal(0, strength / 4, large.shape), 0, 255).astype(np.uint8)
        for _ in range(2)
    ]
    assert not differs(*noisy)
    assert float(np.abs(noisy[0].astype(float) - noisy[1]).mean()) > strength / 4
    moved = drift()
    assert differs(moved[0], moved[1])
