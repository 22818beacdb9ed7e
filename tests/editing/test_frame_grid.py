from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from editing.frame_grid import FrameGrid
from ingest.timecode import FrameRange


def grid_of(ticks: list[int], *, variable: bool, rate: Fraction = Fraction(1)) -> FrameGrid:
    return FrameGrid(np.array(ticks), rate, Fraction(1, 10), variable)


def test_at_a_constant_rate_the_grid_is_the_decoded_frames() -> None:
    grid = grid_of([0, 11, 20, 29], variable=False)
    assert grid.frames == 4
    assert [grid.to_decoded(n) for n in range(4)] == [0, 1, 2, 3]
    assert grid.span(FrameRange(1, 3)) == FrameRange(1, 3)


def test_at_a_variable_rate_a_grid_frame_shows_what_is_up_at_its_time() -> None:
    grid = grid_of([0, 10, 15, 40], variable=True)  # at 0, 1, 1.5 and 4 s, one grid frame a second
    assert grid.frames == 5
    assert [grid.to_decoded(n) for n in range(5)] == [0, 1, 2, 2, 3]


def test_a_frame_up_between_two_grid_frames_is_never_shown() -> None:
    grid = grid_of([0, 12, 17, 20], variable=True)
    assert [grid.to_decoded(n) for n in range(grid.frames)] == [0, 0, 3]
    assert grid.span(FrameRange(1, 2)) is None


def test_the_last_frame_is_shown_once_where_it_falls_off_the_grid() -> None:
    grid = grid_of([0, 10, 23], variable=True)
    assert [grid.to_decoded(n) for n in range(grid.frames)] == [0, 1, 1, 2]


@given(
    st.lists(st.integers(1, 50), max_size=30),
    st.sampled_from([Fraction(1), Fraction(24), Fraction(30000, 1001), Fraction(7, 3)]),
)
def test_ranges_that_tile_the_film_tile_the_grid(steps: list[int], rate: Fraction) -> None:
    """Each grid frame shows a decoded frame of the very range whose grid range it lies in."""
    grid = grid_of([0, *np.cumsum(steps).tolist()], variable=True, rate=rate)
    decoded = len(grid.ticks)
    shown = []
    for frame in range(decoded):
        span = grid.span(FrameRange(frame, frame + 1))
        if span is not None:
            assert {grid.to_decoded(n) for n in range(span.start, span.end)} == {frame}
            shown += range(span.start, span.end)
    assert shown == list(range(grid.frames))
