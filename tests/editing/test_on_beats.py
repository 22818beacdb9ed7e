"""Joins on beats: the best way along them, as trying every way finds it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.assemble.on_beats import Piece, choose_on_beats, place
from editing.assemble.selection import Problem


def test_lengths_follow_uneven_beats_to_the_frame() -> None:
    pieces = [Piece(10, 14, pace=12, bend=1.0)] * 3
    assert place(pieces, [11, 25, 30, 99], 36) == [11, 14, 11]


def test_a_fixed_piece_ends_where_it_ends_and_the_next_joins_on_a_beat() -> None:
    pieces = [Piece(5, 15), Piece(7, 7, fixed=True), Piece(1, 9), Piece(5, 30)]
    lengths = place(pieces, [10, 20, 30], 40)
    assert lengths == [10, 7, 3, 20]


def test_what_is_free_before_a_fixed_end_ends_with_it() -> None:
    assert place([Piece(5, 30), Piece(7, 7, fixed=True)], [10, 20], 30) == [23, 7]


def test_no_way_is_none() -> None:
    assert place([Piece(5, 8), Piece(5, 8)], [4, 12], 16) is None


def three_shots(last: tuple[int, int]) -> Problem:
    """A good shot of 12 to 40 frames, a poor one of 10 to 30, and a good one of so many."""
    least, most = np.array([12, 10, last[0]]), np.array([40, 30, last[1]])
    none, one = np.zeros((3, 3), dtype=bool), np.array([48])
    return Problem(
        *(np.array([5.0, 1.0, 5.0]), most, least, np.array([24, 24, 12]), 48, none),
        *(np.zeros(3, dtype=np.int64), one, 0.1, 0.0, np.zeros(3), np.ones(1)),
        *(np.zeros(1, dtype=np.int64), 0),
    )


def test_a_shot_that_fits_nowhere_before_the_end_leaves_its_place_to_another() -> None:
    """The last slot begins on 26 or 38, so it has 22 or 10 frames: neither is 12 or 13."""
    found = choose_on_beats(
        three_shots((12, 13)), [2, 14, 26, 38], lambda rows: list(range(len(rows))), []
    )
    assert found is not None
    rows, lengths = found
    assert rows.tolist() == [0, 1]
    assert lengths.tolist() in ([26, 22], [38, 10])


def test_no_selection_is_none_when_every_shot_fits_nowhere() -> None:
    """Of one shot that lasts 12 or 13 frames nothing of 48 can be made."""
    problem = three_shots((12, 13))
    problem.capacity[:2], problem.shortest[:2] = 13, 12
    problem.pace[:2] = 12
    assert choose_on_beats(problem, [2, 14, 26], lambda rows: list(range(len(rows))), []) is None


@given(st.data())
@settings(deadline=None, max_examples=80)
def test_no_way_along_the_beats_is_worth_more(data: st.DataObject) -> None:
    beats = sorted(data.draw(st.sets(st.integers(1, 24), max_size=8)))
    frames = data.draw(st.integers(4, 24))
    pieces = [
        Piece(
            least,
            least + data.draw(st.integers(0, 6)),
            value=float(data.draw(st.integers(0, 3))),
            pace=data.draw(st.integers(1, 8)),
            bend=1.0,
        )
        for least in data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    ]

    def worth(lengths: list[int]) -> float:
        return sum(
            p.value * n - p.bend * abs(n - p.pace) for p, n in zip(pieces, lengths, strict=True)
        )

    ways = []
    for lengths in product(*(range(p.least, p.most + 1) for p in pieces)):
        joins = [sum(lengths[: k + 1]) for k in range(len(lengths))]
        if joins[-1] == frames and set(joins[:-1]) <= set(beats):
            ways.append(list(lengths))
    found = place(pieces, beats, frames)
    assert (found is None) == (not ways)
    if found is not None:
        assert found in ways
        assert worth(found) == pytest.approx(max(map(worth, ways)))
