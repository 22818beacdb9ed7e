"""What a shot offers: the lengths between clean cuts, and what is left around what is barred."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from editing.assemble.candidates import clean_lengths, without
from ingest.timecode import FrameRange


def test_lengths_between_two_silences() -> None:
    """Cuts are clean at 0 to 2 and at 8 to 9: 1 or 2 frames, or 6 to 9."""
    clean = np.array([1, 1, 1, 0, 0, 0, 0, 0, 1, 1], bool)
    assert clean_lengths(clean) == [(1, 2), (6, 9)]


@given(st.lists(st.booleans(), min_size=2, max_size=14))
def test_every_length_from_one_clean_cut_to_another_is_offered(flags: list[bool]) -> None:
    places = np.flatnonzero(flags)
    possible = {int(b - a) for a in places for b in places if b > a}
    offered = clean_lengths(np.array(flags))
    assert {n for a, b in offered for n in range(a, b + 1)} == possible
    assert all(a[1] + 1 < b[0] for a, b in pairwise(offered))


ranges = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda p: FrameRange(p[0], sum(p)))


@given(ranges, st.lists(ranges, max_size=4))
def test_no_frame_is_lost_or_kept_that_should_not_be(
    span: FrameRange, barred: list[FrameRange]
) -> None:
    left = [n for piece in without(span, barred) for n in range(piece.start, piece.end)]
    out = {n for one in barred for n in range(one.start, one.end)}
    assert left == [n for n in range(span.start, span.end) if n not in out]
