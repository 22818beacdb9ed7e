"""One even move or none, of a window over salience that is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from editing.reframe.move import best_move
from editing.reframe.saliency import CELLS, salience


def spots(*places: float) -> np.ndarray:
    """Each picture's salience in one cell of a hundred."""
    found = np.zeros((len(places), 100))
    for row, place in enumerate(places):
        found[row, round(place * 100)] = 1.0
    return found


def test_it_stands_where_the_spot_stands() -> None:
    start, end = best_move(spots(*[0.25] * 8), 0.3, 2.0)
    assert start == end
    assert abs(start - 0.25) < 0.15


def test_it_moves_evenly_with_a_spot_that_crosses() -> None:
    start, end = best_move(spots(*np.linspace(0.2, 0.8, 12)), 0.3, 4.0)
    assert start < 0.45
    assert end > 0.55


def test_it_never_moves_faster_than_an_operator() -> None:
    start, end = best_move(spots(*np.linspace(0.1, 0.9, 12)), 0.3, 0.5)
    assert abs(end - start) <= 0.15 + 1e-9


def test_a_spot_that_jumps_to_and_fro_is_not_followed() -> None:
    start, end = best_move(spots(*[0.2, 0.8] * 6), 0.3, 4.0)
    assert start == end


def test_what_is_salient_everywhere_is_shown_from_its_middle() -> None:
    start, end = best_move(np.full((5, 100), 0.01), 0.4, 2.0)
    assert start == end == pytest.approx(0.5)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 6), st.just(20)), elements=st.floats(0, 1)),
    st.floats(0.1, 0.9),
    st.floats(0, 5),
)
@settings(deadline=None, max_examples=60)
def test_the_window_never_leaves_the_picture_nor_hurries(
    values: np.ndarray, window: float, seconds: float
) -> None:
    values = (values + 1e-6) / (values + 1e-6).sum(axis=1, keepdims=True)
    start, end = best_move(values, window, seconds)
    assert window / 2 - 1e-9 <= min(start, end) <= max(start, end) <= 1 - window / 2 + 1e-9
    assert abs(end - start) <= 0.3 * seconds + 1e-9


def test_faces_outweigh_what_else_stands_out() -> None:
    picture = np.full((90, 160), 80, np.uint8)
    picture[20:70, 10:40] = 250
    face = np.array([[0.7, 0.3, 0.8, 0.6]])
    with_face = salience([picture] * 2, [face] * 2, axis=1)
    without = salience([picture] * 2, [np.zeros((0, 4))] * 2, axis=1)
    assert with_face[:, int(0.68 * CELLS) : int(0.82 * CELLS)].sum() > 1.6
    assert without[:, : CELLS // 2].sum() > 1.8
    assert with_face.sum(axis=1) == pytest.approx(1.0)
