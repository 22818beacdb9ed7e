"""Camera moves, on a textured picture that is moved by known amounts."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from ingest.camera import CameraMeter, camera_move, global_motion, shot_motion

WIDTH, HEIGHT, RATE = 256, 144, Fraction(24)


def texture(seed: int = 0) -> np.ndarray:
    """Blotches of many sizes, twice as wide and high as a frame."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(
            rng.uniform(0, 1, (HEIGHT * 2 // size, WIDTH * 2 // size)),
            (WIDTH * 2, HEIGHT * 2),
            interpolation=cv2.INTER_CUBIC,
        )
        for size in (32, 16, 8)
    ]
    return np.clip(sum(layers) / 3 * 255, 0, 255).astype(np.uint8)


def seen(picture: np.ndarray, right: float, down: float, growth: float = 1.0) -> np.ndarray:
    """What a camera sees that stands `right` and `down` pixels from the picture's middle."""
    centre = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    matrix = np.array(
        [
            [growth, 0, centre[0] - growth * (WIDTH - 0.5 + right)],
            [0, growth, centre[1] - growth * (HEIGHT - 0.5 + down)],
        ]
    )
    return cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)


def film(path: list[tuple[float, float, float]], seed: int = 0) -> tuple[float, ...]:
    """The motion measures of a shot whose camera is at each `(right, down, growth)` in turn."""
    meter = CameraMeter(RATE)
    for frame, place in enumerate(path):
        meter.push(frame, seen(texture(seed), *place))
    return shot_motion(meter.values(), float(meter.step / RATE))


def second(
    right: float = 0, down: float = 0, growth: float = 1
) -> list[tuple[float, float, float]]:
    """Two seconds of even movement: pixels a second, and growth a second."""
    return [(right * t / 24, down * t / 24, growth ** (t / 24)) for t in range(48)]


def test_global_motion_is_what_the_picture_was_moved_by() -> None:
    before, after = seen(texture(), 0, 0), seen(texture(), 3, -2, 1.02)
    right, down, growth = global_motion(before, after)
    assert right * WIDTH == pytest.approx(-3 * 1.02, abs=0.1)  # the picture goes the other way
    assert down * WIDTH == pytest.approx(2 * 1.02, abs=0.1)
    assert growth == pytest.approx(np.log(1.02), abs=0.002)


@pytest.mark.parametrize(
    ("path", "move", "measure", "value"),
    [
        (second(), "static", 0, 0.0),
        (second(right=25.6), "pan", 0, 0.1),
        (second(right=-25.6), "pan", 0, -0.1),
        (second(down=20.48), "tilt", 1, 0.08),
        (second(growth=1.1), "zoom", 2, np.log(1.1)),
        (second(right=20, down=18), "complex", 0, 20 / 256),
    ],
)
def test_a_move_has_its_name_and_its_speed(
    path: list[tuple[float, float, float]], move: str, measure: int, value: float
) -> None:
    measures = film(path)
    assert camera_move(*measures) == move
    assert measures[measure] == pytest.approx(value, abs=0.006)


def test_a_camera_that_jitters_is_handheld_even_while_it_pans() -> None:
    rng = np.random.default_rng(0)
    for speed in (0, 10):
        jitter = rng.normal(0, 1.5, (48, 2))
        path = [(speed * t / 24 + x, y, 1.0) for t, (x, y) in enumerate(jitter)]
        assert camera_move(*film(path)) == "handheld"


def test_something_that_moves_in_front_does_not_move_the_camera() -> None:
    meter, background, thing = CameraMeter(RATE), texture(), texture(7)[:60, :60]
    for frame in range(48):
        picture = seen(background, 0, 0)
        picture[40:100, 2 * frame : 2 * frame + 60] = thing
        meter.push(frame, picture)
    assert camera_move(*shot_motion(meter.values(), 1 / 8)) == "static"


def test_a_picture_without_corners_tells_nothing() -> None:
    grey = np.full((HEIGHT, WIDTH), 90, np.uint8)
    assert np.isnan(global_motion(grey, grey)).all()
    assert camera_move(*shot_motion(np.full((5, 4), np.nan), 0.125)) is None


def test_a_new_scene_tells_nothing() -> None:
    assert np.isnan(global_motion(seen(texture(0), 0, 0), seen(texture(5), 0, 0))).all()


def test_pairs_are_an_eighth_of_a_second_apart_at_every_rate() -> None:
    assert [CameraMeter(Fraction(rate)).step for rate in (5, 24, 25, 60, 120)] == [1, 3, 3, 8, 15]


def test_a_shot_of_one_pair_tells_nothing() -> None:
    assert np.isnan(shot_motion(np.array([[3.0, 0.1, 0.0, 0.0]]), 0.125)).all()
