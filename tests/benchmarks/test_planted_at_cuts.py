"""What belongs to a join of the sound is planted at hard cuts."""

from fractions import Fraction

import numpy as np

from benchmarks.footage_stretches import Stretch
from benchmarks.planted_faults import Planter


def test_a_dissolve_has_no_join_of_the_sound() -> None:
    """Ten seconds of noise, a hard cut at frame 60 and a dissolve from 100 to 120."""
    rng = np.random.default_rng(1)
    pictures = [rng.integers(40, 200, (96, 64), np.uint8) for _ in range(240)]
    sound = rng.uniform(-0.1, 0.1, (2, 480_000)).astype(np.float32)
    film = Stretch("film#0", Fraction(24), pictures, sound, 48_000, [60, 121], mixed=[(100, 120)])

    steps = [
        plant
        for seed in range(8)
        for plant in Planter(film, film, [], seed).plant_all(of=("loudness step",)).plants
    ]

    assert len(steps) >= 4
    assert {plant.frame for plant in steps} == {60}
