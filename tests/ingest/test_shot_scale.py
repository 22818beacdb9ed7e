"""The terms of shot scale, from where the picture cuts a standing person."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.shot_scale import HEAD_OF_FACE, HEADROOM, THRESHOLDS, shot_scale


def face_height(cut: float) -> float:
    """Of a face in a picture whose lower edge is `cut` heads below the crown, with headroom."""
    return (1 - HEADROOM) / (HEAD_OF_FACE * cut)


@pytest.mark.parametrize(
    ("cut", "scale"),
    [
        (1.33, "close-up"),  # the pit of the neck
        (1.5, "close-up"),  # the shoulders
        (2.0, "medium close-up"),  # the chest
        (3.0, "medium shot"),  # the waist
        (3.75, "medium shot"),  # the hips
        (4.6, "medium long shot"),  # the middle of the thigh
        (5.5, "medium long shot"),  # the knees
        (7.5, "long shot"),  # the soles
        (20.0, "long shot"),
    ],
)
def test_a_scale_is_named_by_where_the_picture_cuts_a_person(cut: float, scale: str) -> None:
    assert shot_scale(face_height(cut)) == scale


def test_a_picture_that_does_not_hold_the_head_is_an_extreme_close_up() -> None:
    assert shot_scale(1 / HEAD_OF_FACE) == "extreme close-up"
    assert shot_scale(1.2) == "extreme close-up"
    assert shot_scale(0.99 / HEAD_OF_FACE) == "close-up"


def test_the_thresholds_are_those_of_the_docs() -> None:
    assert [round(least, 3) for _, least in THRESHOLDS] == [0.667, 0.346, 0.245, 0.155, 0.098, 0]


def test_no_face_tells_no_scale() -> None:
    assert shot_scale(np.nan) is None


@pytest.mark.parametrize("height", [0.0, -0.1, -np.inf])
def test_a_face_has_a_height(height: float) -> None:
    with pytest.raises(ValueError, match="height above 0"):
        shot_scale(height)


@given(st.floats(1e-6, 3), st.floats(1e-6, 3))
def test_a_larger_face_is_never_a_longer_shot(one: float, other: float) -> None:
    order = [scale for scale, _ in THRESHOLDS]
    larger, smaller = shot_scale(max(one, other)), shot_scale(min(one, other))
    assert larger is not None
    assert smaller is not None
    assert order.index(larger) <= order.index(smaller)
