"""The parts that alignment compares pictures by."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.align.edges import _outer_end
from editing.align.lines import UNRELATED, evidence
from editing.align.pictures import SmallFilm
from editing.align.signatures import FINE, WHOLE, Window, level, mirror, shrink
from editing.align.windows import active_windows, crops

Clip = np.ndarray


def signature(clip: Clip, window: Window = WHOLE) -> np.ndarray:
    return level(shrink(np.clip(np.round(clip), 0, 255).astype(np.uint8), window, FINE))


def test_a_cell_is_the_mean_of_its_pixels() -> None:
    picture = np.zeros((1, 36, 64), np.uint8)
    picture[0, :18, 32:] = 200  # the upper right quarter

    np.testing.assert_allclose(shrink(picture, WHOLE, (2, 2))[0], [[0, 200], [0, 0]], rtol=1e-5)
    assert shrink(picture, Window(0.25, 0, 0.5, 0.5), (1, 1))[0, 0, 0] == pytest.approx(100)


def test_grading_hardly_changes_a_signature(scene: Callable) -> None:
    clip = scene(4, 3)
    graded = 255 * (clip / 255) ** 1.4 * 0.7

    same = (signature(clip) * signature(graded)).sum(axis=1)
    other = (signature(clip) * signature(scene(5, 3))).sum(axis=1)

    assert same.min() > 0.95
    assert np.abs(other).max() < UNRELATED


def test_a_flat_picture_has_no_signature() -> None:
    assert not signature(np.full((2, 36, 64), 77.0)).any()


def test_a_mirrored_signature_is_that_of_the_mirrored_picture(scene: Callable) -> None:
    clip = scene(4, 2)

    np.testing.assert_allclose(
        mirror(signature(clip), FINE), signature(clip[:, :, ::-1]), atol=1e-5
    )


def test_bars_are_told_and_a_dark_scene_is_not_taken_for_them(
    scene: Callable, small: Callable
) -> None:
    clip = scene(3, 100)
    clip[:, :4] = clip[:, -4:] = 0
    clip[90:, :12] = clip[90:, -12:] = 0  # a tenth of it is dark further in

    windows, which = active_windows(small(clip))

    assert windows[0] == WHOLE
    heights = {round(windows[one].height * 36, 1) for one in which}
    assert heights == {28.0}


def test_crops_keep_the_shape_that_is_shown() -> None:
    found = crops(WHOLE, 16 / 9, 2.39)

    for crop in found:
        assert crop.width / crop.height * 16 / 9 == pytest.approx(2.39)
        assert crop.left >= 0
        assert crop.bottom <= 1 + 1e-9
    assert len(found) > 14


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_more_correlation_is_never_less_evidence(a: float, b: float) -> None:
    said = evidence(np.array([a, b], np.float32), np.array([True, True]))

    assert (said[0] - said[1]) * (a - b) >= 0
    assert all(value <= 0 for value, z in zip(said, (a, b), strict=True) if z < UNRELATED - 1e-3)


@given(st.integers(1, 30), st.floats(1 / 48, 1 / 12), st.integers(-40, 80))
def test_frames_and_seconds_are_inverse(frames: int, step: float, frame: int) -> None:
    film = SmallFilm(
        np.zeros((frames, 36, 64), np.uint8),
        np.arange(frames + 1) * step,
        np.zeros((frames, 4), np.float32),
        1.0,
    )

    assert film.frame_at(np.array([film.seconds_at(frame)]))[0] == pytest.approx(frame, abs=1e-6)


@pytest.mark.parametrize(
    ("share", "last", "fade"),
    [
        ([1.0] * 10 + [0.0] * 10, 9, 0),
        ([1.0] * 10 + [(12 - i) / 13 for i in range(12)] + [0.0] * 10, 21, 12),
        ([1.0] * 10 + [0.3, -0.2, 0.25, 0.2, 0.22, 0.3, 0.1, -0.1], 9, 0),
    ],
    ids=["a cut", "a fade over 12 frames", "a cut to something alike"],
)
def test_the_end_of_an_edit_is_where_its_weight_goes(
    share: list[float], last: int, fade: int
) -> None:
    found = _outer_end(np.array(share))

    assert found is not None
    assert abs(found[0] - last) <= 1
    assert abs(found[1] - fade) <= 1
