"""Joins on beats: the best way along them, as trying every way finds it."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.assemble.on_beats import Piece, place


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
