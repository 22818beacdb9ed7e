from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.assemble.footage import best_window, fit_spans, interest_curve
from editing.frame_grid import FrameGrid
from ingest.media import MediaId, Shot, Transition
from ingest.timecode import FrameRange

MEDIA = MediaId(1)


def grid(frames: int, rate: Fraction = Fraction(10)) -> FrameGrid:
    return FrameGrid(np.arange(frames), rate, 1 / rate, variable=False)


def shot(index: int, start: int, end: int, transition: Transition) -> Shot:
    return Shot(MEDIA, index, FrameRange(start, end), transition)


START = Transition("start", 0, 0, 1.0)
TWO_SHOTS = [shot(0, 0, 10, START), shot(1, 10, 20, Transition("cut", 10, 10, 1.0))]


def test_a_hard_cut_leaves_every_frame_fit() -> None:
    lit = np.ones(20, np.float32)
    assert fit_spans(TWO_SHOTS, grid(20), lit) == (FrameRange(0, 10), FrameRange(10, 20))


def test_frames_that_a_dissolve_mixes_are_not_fit() -> None:
    dissolve = [shot(0, 0, 10, START), shot(1, 10, 20, Transition("gradual", 7, 12, 0.9))]
    fit = fit_spans(dissolve, grid(20), np.ones(20, np.float32))
    assert fit == (FrameRange(0, 7), FrameRange(13, 20))


def test_black_ends_are_trimmed_and_a_black_shot_is_left_out() -> None:
    luma = np.ones(20, np.float32)
    luma[:3] = 0.0  # fades in
    luma[10:16] = 0.01  # more than half of the second shot
    assert fit_spans(TWO_SHOTS, grid(20), luma) == (FrameRange(3, 10), None)


def test_a_shot_that_is_all_transition_is_left_out() -> None:
    swallowed = [shot(0, 0, 10, START), shot(1, 10, 20, Transition("gradual", 8, 25, 0.9))]
    fit = fit_spans(swallowed, grid(20), np.ones(20, np.float32))
    assert fit == (FrameRange(0, 8), None)


def test_the_jump_across_a_cut_is_no_motion() -> None:
    motion = np.zeros(20, np.float32)
    motion[10] = 1.0  # the cut itself
    motion[15] = 0.5
    interest = interest_curve(TWO_SHOTS, grid(20), motion, np.zeros(0, np.float32), Fraction(0))
    assert int(np.argmax(interest)) == 15
    assert interest[10] == interest[11]


def test_loudness_is_placed_by_the_sounds_offset() -> None:
    loudness = np.full(10, -40.0, np.float32)
    loudness[3] = -10.0  # the 400 ms from 0.3 s after the first sample: its middle is 0.5 s after
    quiet = np.zeros(20, np.float32)
    interest = interest_curve(TWO_SHOTS, grid(20), quiet, loudness, Fraction(1, 2))
    assert int(np.argmax(interest)) == 10  # 0.5 s + 0.5 s, at 10 frames a second


def test_silence_is_quiet_and_not_infinitely_so() -> None:
    loudness = np.array([-np.inf, -20.0, -np.inf], np.float32)
    quiet = np.zeros(20, np.float32)
    assert np.isfinite(interest_curve(TWO_SHOTS, grid(20), quiet, loudness, Fraction(0))).all()


def test_the_window_is_where_most_happens() -> None:
    interest = np.array([0, 0, 0, 5, 5, 0, 0, 0, 0, 0], np.float64)
    assert best_window(interest, FrameRange(0, 10), 2) == FrameRange(3, 5)


def test_of_equal_windows_the_middle_one_is_taken() -> None:
    assert best_window(np.zeros(10), FrameRange(0, 10), 4) == FrameRange(3, 7)
    assert best_window(np.zeros(10), FrameRange(0, 9), 4) == FrameRange(2, 6)  # the earlier of two


def test_a_window_longer_than_what_is_usable_is_refused() -> None:
    with pytest.raises(ValueError, match="3 frames cannot hold 4"):
        best_window(np.zeros(10), FrameRange(2, 5), 4)


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=40),
    st.data(),
)
def test_no_window_has_a_higher_mean(values: list[float], data: st.DataObject) -> None:
    frames = data.draw(st.integers(1, len(values)))
    interest = np.array(values)
    window = best_window(interest, FrameRange(0, len(values)), frames)
    means = [interest[i : i + frames].mean() for i in range(len(values) - frames + 1)]
    assert window.frames == frames
    assert interest[window.start : window.end].mean() == pytest.approx(max(means), abs=1e-6)
