"""Transitions from scores, and shots that tile a film."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ingest.media import MediaId, Transition
from ingest.shots import (
    boundary_of,
    candidates_from_scores,
    is_abrupt,
    is_flash,
    shots_between,
    transitions_from_scores,
    without_overlaps,
)

scores = arrays(np.float32, st.integers(1, 200), elements=st.floats(0, 1, width=32))


def curve(frames: int, *high: tuple[int, int, float]) -> np.ndarray:
    """Zeros, but for `value` on the frames `first … last` of each triple."""
    values = np.zeros(frames, np.float32)
    for first, last, value in high:
        values[first : last + 1] = value
    return values


def test_a_peak_on_the_last_frame_of_a_shot_is_a_cut_at_the_next() -> None:
    single = curve(20, (9, 9, 0.9))
    assert transitions_from_scores(single, single) == [Transition("cut", 10, 10, np.float32(0.9))]


def test_a_long_run_is_one_gradual_transition_as_far_as_it_mixes() -> None:
    single, many = curve(40, (14, 16, 0.75)), curve(40, (10, 21, 1.0))
    (found,) = transitions_from_scores(single, many)
    assert found == Transition("gradual", 10, 22, 0.75)
    assert boundary_of(found) == 16


def test_a_peak_on_the_last_frame_of_the_film_is_no_cut() -> None:
    single = curve(20, (19, 19, 0.9))
    assert transitions_from_scores(single, single) == []


def test_one_cut_makes_two_shots_that_touch() -> None:
    first, second = shots_between([Transition("cut", 4, 4, 0.5)], frames=8, media=MediaId(1))
    assert (first.span.start, first.span.end) == (0, 4)
    assert (second.span.start, second.span.end) == (4, 8)
    assert first.transition_in.kind == "start"
    assert second.transition_in.confidence == 0.5


@given(scores, st.floats(0.05, 1))
def test_shots_tile_the_film(single: np.ndarray, threshold: float) -> None:
    """Whatever a detector says, no frame is lost and none is shared."""
    transitions = transitions_from_scores(single, single, threshold=threshold)
    shots = shots_between(transitions, frames=len(single), media=MediaId(1))

    assert shots[0].span.start == 0
    assert shots[-1].span.end == len(single)
    assert all(a.span.end == b.span.start for a, b in pairwise(shots))
    assert [shot.index for shot in shots] == list(range(len(shots)))


@given(scores, scores)
def test_transitions_are_in_order_and_share_no_frame(a: np.ndarray, b: np.ndarray) -> None:
    n = min(len(a), len(b))
    candidates = candidates_from_scores(a[:n], b[:n])
    transitions = without_overlaps(c.as_gradual() if c.long else c.as_cut() for c in candidates)
    assert all(x.last_frame < y.first_frame for x, y in pairwise(transitions))
    assert all(0 <= t.first_frame <= t.last_frame < n for t in transitions)


def grey(*values: int) -> np.ndarray:
    """Frames of one brightness each, `(frames, 2, 2, 3)`."""
    return np.array(values, np.uint8)[:, None, None, None].repeat(2, 1).repeat(2, 2).repeat(3, 3)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_picture_that_comes_back_was_interrupted_by_a_flash(length: int) -> None:
    pictures = grey(*[50] * 8, *[250] * length, *[51] * 8)
    assert is_flash(pictures, 8)
    assert is_flash(pictures, 8 + length)


def test_a_cut_is_no_flash_nor_is_a_short_shot_of_four_frames() -> None:
    assert not is_flash(grey(*[50] * 8, *[250] * 8), 8)
    pictures = grey(*[50] * 8, *[250] * 4, *[50] * 8)
    assert not is_flash(pictures, 8)
    assert not is_flash(pictures, 12)


def test_a_flash_on_a_cut_leaves_the_cut() -> None:
    pictures = grey(*[50] * 8, 250, *[150] * 8)
    assert not is_flash(pictures, 9)


def test_a_cut_at_the_edge_of_what_is_known_is_no_flash() -> None:
    assert not is_flash(grey(50, 250), 1)


def test_a_change_is_abrupt_if_it_stands_out_from_those_around_it() -> None:
    assert is_abrupt(grey(*[50] * 6, *[90] * 6), 6)
    assert not is_abrupt(grey(*range(50, 170, 10)), 6)  # a pan or a fade: all changes alike


def test_what_is_half_believed_is_a_candidate_and_no_transition() -> None:
    single = curve(20, (9, 9, 0.4))
    assert transitions_from_scores(single, single) == []
    (found,) = candidates_from_scores(single, single)
    assert (found.sure, found.long, found.cut) == (False, False, 10)


def test_a_half_believed_candidate_reaches_as_far_as_the_doubt() -> None:
    single, many = curve(40, (20, 20, 0.4)), curve(40, (12, 28, 0.35))
    (found,) = candidates_from_scores(single, many)
    assert (found.first, found.last, found.long) == (12, 29, True)
