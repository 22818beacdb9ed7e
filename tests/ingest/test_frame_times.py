"""Times of frames: strictly increasing whatever a container says, and untouched where they are."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.frame_times import OUT_OF_ORDER, REPEATED, RESTARTED, mend_times

TICK, RATE = Fraction(1, 25), Fraction(25)


def mended(*pts: int) -> tuple[list[int], list[str]]:
    times, remarks = mend_times(np.array(pts, np.int64), TICK, RATE)
    return times.tolist(), remarks


def test_times_that_increase_are_left_as_they_are() -> None:
    assert mended(3, 4, 9, 10) == ([3, 4, 9, 10], [])


def test_times_out_of_order_are_sorted() -> None:
    assert mended(1, 3, 2, 5, 4, 8, 7, 9, 6) == ([1, 2, 3, 4, 5, 6, 7, 8, 9], [OUT_OF_ORDER])


def test_a_clock_that_is_set_back_goes_on_where_it_was() -> None:
    times, remarks = mended(100, 101, 102, 0, 1, 2, 5, 0, 1)
    # 102, then a step of one frame: 103 stands for 0; the second restart is less than 2 s back.
    assert times[:6] == [100, 101, 102, 103, 104, 105]
    assert remarks[0] == RESTARTED
    assert mended(100, 101, 0, 1, 60, 0)[0] == [100, 101, 102, 103, 162, 163]


def test_equal_times_go_a_tick_apart() -> None:
    assert mended(0, 1, 1, 1, 9) == ([0, 1, 2, 3, 9], [REPEATED])


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=50))
def test_times_always_increase(pts: list[int]) -> None:
    times, remarks = mended(*pts)
    assert len(times) == len(pts)
    assert all(a < b for a, b in pairwise(times))
    assert bool(remarks) == any(a >= b for a, b in pairwise(pts))


def test_h264_with_b_frames_in_avi_has_even_times(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=25, options={"bf": "3", "b-adapt": "0"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for number in range(30):
            picture = np.full((48, 64, 3), 8 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
        brightness = [frame.to_ndarray(format="gray").mean() for frame in frames]
        pts = np.array([frame.pts for frame in frames], np.int64)
        base = film.streams.video[0].time_base
    assert sorted(brightness) == brightness, "frames come in the order of display"
    assert (np.diff(pts) < 0).any(), "with the times of others, or this would show nothing"
    times, remarks = mend_times(pts, base, RATE)
    assert remarks == [OUT_OF_ORDER]
    assert set(np.diff(times)) == {round(1 / (RATE * base))}
