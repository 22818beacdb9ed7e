"""How like each shot is to those around it, by hand, and the same in blocks as all at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.rank import likeness
from editing.rank.features import LIKENESS, FeatureSpace
from editing.rank.film import Film
from editing.rank.likeness import LIKENESSES, REACHES, likeness_to_all, likenesses, unit_rows
from ingest.media import Embeddings, ShotMeasures

A, B, C = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


def vectors(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_what_is_shown_again_is_like_one_before_and_what_is_new_is_not() -> None:
    """The film A B A C: the third shot is the first again, though its neighbours are others."""
    found = likenesses(vectors(A, B, A, C))

    assert REACHES == (1, 8)
    one_before, one_after, _, _, before, after, mean = found.T
    assert one_before.tolist() == [0, 0, 0, -1]
    assert one_after.tolist() == [0, 0, -1, 0]
    assert before.tolist() == [0, 0, 1, 0]  # C is least unlike B, at a right angle
    assert after.tolist() == [1, 0, -1, 0]
    assert mean == pytest.approx([(0 + 1 - 1) / 3, 0, (1 + 0 - 1) / 3, (-1 + 0 - 1) / 3])


def test_a_shot_nine_back_is_out_of_reach_of_eight() -> None:
    near, far = np.zeros((2, 10, 11))
    near[:, :10] = far[:, :10] = np.eye(10)
    far[9] = far[0]
    near[8] = near[0]

    assert likenesses(far.astype(np.float32))[9, 2] == 0
    assert likenesses(far.astype(np.float32))[9, 4] == 1
    assert likenesses(near.astype(np.float32))[8, 2] == 1


def test_a_films_only_shot_is_like_none() -> None:
    assert likenesses(vectors(A)).tolist() == [[0.0] * LIKENESSES]


@given(shots=st.integers(1, 20), block=st.integers(1, 7), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_in_blocks_or_all_at_once_is_the_same(shots: int, block: int, seed: int) -> None:
    rows = unit_rows(np.random.default_rng(seed).normal(size=(shots, 3)).astype(np.float32))
    whole = np.stack(likeness_to_all(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(likeness, "_BLOCK", block)
        pieces = np.stack(likeness_to_all(rows))

    np.testing.assert_allclose(pieces, whole, atol=1e-6)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_film_told_backwards_swaps_before_and_after(seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(12, 4)).astype(np.float32)
    swapped = [1, 0, 3, 2, 5, 4, 6]

    np.testing.assert_allclose(
        likenesses(rows[::-1].copy()), likenesses(rows)[::-1][:, swapped], atol=1e-6
    )


def test_likeness_is_told_by_its_own_name_and_place_stays_last() -> None:
    film = Film(
        Embeddings("e", "1", vectors(A, B, A, C)),
        ShotMeasures(("luma",), np.ones((4, 1), np.float32)),
        np.ones(4, np.float32),
        np.array([0, 0.25, 0.5, 0.75], np.float32),
    )
    space = FeatureSpace.of(film)
    encoded = space.encode(film)

    assert encoded.shape == (4, space.columns())
    assert encoded[:, -1].tolist() == [-1, -0.5, 0, 0.5]
    again = encoded[:, space.groups()[LIKENESS][4]]  # the most alike of all before
    assert again.argmax() == 2
    assert sorted(c for group in space.groups().values() for c in group) == [
        *range(space.columns())
    ]
