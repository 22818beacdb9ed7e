"""What cheap signals tell of a change: cuts that are sure, doubts, and blends."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ingest.change import REACH, Change, doubtful, is_blend, measure_change, widen


def film(*stretches: np.ndarray) -> np.ndarray:
    """Stretches one after another, with the first and last picture repeated beyond the ends."""
    frames = np.concatenate(stretches)
    edges = (REACH, REACH), (0, 0), (0, 0), (0, 0)
    return np.pad(frames, edges, mode="edge").astype(np.uint8)


def flat(value: int, frames: int) -> np.ndarray:
    """A still of one brightness, `(frames, 3, 4, 3)`."""
    return np.full((frames, 3, 4, 3), value, np.uint8)


def fade(start: int, end: int, frames: int) -> np.ndarray:
    """From one brightness to another in even steps."""
    values = np.linspace(start, end, frames + 2)[1:-1].round()
    return np.concatenate([flat(int(v), 1) for v in values])


def frames_where(mask: np.ndarray) -> list[int]:
    return [int(i) for i in np.flatnonzero(mask)]


def test_a_cut_between_stills_is_sure_and_leaves_no_doubt() -> None:
    change = measure_change(film(flat(50, 20), flat(120, 20)))
    assert frames_where(change.sure_cut) == [20]
    assert change.step[20] == 70
    assert not doubtful(change.sure_cut, change.cut_like, change.blend_like).any()


def test_a_weak_cut_is_a_doubt() -> None:
    change = measure_change(film(flat(50, 20), flat(53, 20)))
    assert frames_where(change.sure_cut) == []
    assert frames_where(change.cut_like) == [20]


def chequered(first: int, second: int, frames: int) -> np.ndarray:
    """Columns of two brightnesses in turn: the contrast is half their difference."""
    picture = np.tile(np.array([first, second], np.uint8)[None, :, None], (3, 2, 3))
    return np.repeat(picture[None], frames, axis=0)


def test_a_small_change_is_a_sure_cut_only_if_it_is_large_for_the_picture() -> None:
    pale = measure_change(film(chequered(90, 110, 20), chequered(97, 117, 20)))
    assert frames_where(pale.sure_cut) == [20]
    vivid = measure_change(film(chequered(40, 140, 20), chequered(47, 147, 20)))
    assert frames_where(vivid.sure_cut) == []
    assert frames_where(vivid.cut_like) == [20]
    assert (pale.contrast[20], vivid.contrast[20]) == (10, 50)


def test_a_change_among_changes_as_large_is_neither() -> None:
    change = measure_change(film(*[flat(20 * (i % 2), 1) for i in range(40)]))
    assert not change.sure_cut.any()
    assert not change.cut_like[REACH:-REACH].any()


def test_a_fade_blends_in_its_middle_and_a_still_does_not() -> None:
    change = measure_change(film(flat(50, 20), fade(50, 150, 30), flat(150, 20)))
    assert {25, 35, 45} <= set(frames_where(change.blend_like))
    assert change.residual[35] < 0.02
    assert not change.blend_like[:10].any()
    assert not change.sure_cut.any()


def test_a_cut_is_no_blend_nor_is_a_slow_breath_of_light() -> None:
    assert not is_blend(film(flat(50, 20), flat(120, 20)))
    assert not is_blend(film(fade(100, 106, 40)))
    assert is_blend(film(flat(50, 8), fade(50, 150, 20), flat(150, 8)))


def test_what_is_too_short_to_tell_is_no_blend() -> None:
    assert not is_blend(film(fade(50, 150, 2)))


masks = arrays(np.bool_, st.integers(1, 80))


@given(masks, st.integers(0, 12))
def test_a_mask_is_widened_by_so_many_frames(mask: np.ndarray, by: int) -> None:
    near = [any(mask[max(0, i - by) : i + by + 1]) for i in range(len(mask))]
    assert widen(mask, by).tolist() == near


@given(arrays(np.uint8, st.tuples(st.integers(1, 30), st.just(2), st.just(3), st.just(3))))
def test_every_frame_is_measured_whatever_is_seen(pictures: np.ndarray) -> None:
    change: Change = measure_change(film(pictures))
    for name in ("step", "ratio", "peak", "span", "residual"):
        values = getattr(change, name)
        assert values.shape == (len(pictures),)
        assert np.isfinite(values).all()
    assert change.step[0] == 0  # nothing comes before the first frame
