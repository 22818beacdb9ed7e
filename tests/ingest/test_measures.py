"""Measures of shots, from frames and sound whose values are written down."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.letterbox import black_edges, shot_bars
from ingest.measures import (
    FRAME_MEASURES,
    SHOT_MEASURES,
    FrameMeter,
    ShotTimes,
    block_loudness,
    shot_measures,
    voiced_share,
)
from ingest.media import MediaId, Shot, Sound, Transition
from ingest.timecode import FrameRange

TENTH = Fraction(1, 10)


def when(start: float, end: float) -> ShotTimes:
    return ShotTimes(Fraction(start).limit_denominator(100), Fraction(end).limit_denominator(100))


def test_the_rows_of_a_shot_lie_within_it() -> None:
    """400 ms blocks every 100 ms, in a shot from 1 to 2 s: those from 1.0 to 1.6 s."""
    assert when(1, 2).rows(100, TENTH, 4 * TENTH) == slice(10, 17)


def test_a_shot_too_short_for_a_block_has_the_nearest_one() -> None:
    """From 1 to 1.2 s, middle 1.1 s: the block from 0.9 to 1.3 s."""
    assert when(1, 1.2).rows(100, TENTH, 4 * TENTH) == slice(9, 10)


def test_a_shot_before_or_after_the_sound_has_no_row() -> None:
    for shot in (when(-2, -1), when(20, 21)):
        rows = shot.rows(100, TENTH, TENTH)
        assert rows.start is None or rows.start >= rows.stop
        assert len(np.zeros(100)[rows]) == 0


def test_rows_centred_in_a_shot() -> None:
    """3 s windows: those that begin from 2.5 to before 4.5 s have their middle in 4 to 6 s."""
    assert when(4, 6).rows(100, TENTH, 30 * TENTH, centre=True) == slice(25, 45)


@given(st.integers(-50, 300), st.integers(1, 100), st.integers(0, 120), st.integers(1, 70))
def test_rows_are_of_the_shot_whatever_it_is(
    start: int, long: int, count: int, length: int
) -> None:
    shot = ShotTimes(start * TENTH, (start + long) * TENTH)
    for centre in (False, True):
        rows = range(count)[shot.rows(count, TENTH, length * TENTH, centre=centre)]
        for row in rows:
            assert row < start + long
            assert row + length > start


def test_voiced_share_is_by_time() -> None:
    """Speech from 0.5 to 1.5 s: half of a shot from 1 to 2 s, none of one from 2 s on."""
    voiced = np.array([[8000, 24000]])
    assert voiced_share(voiced, when(1, 2)) == 0.5
    assert voiced_share(voiced, when(2, 3)) == 0
    assert voiced_share(np.zeros((0, 2), np.int64), when(2, 3)) == 0


def shots_of(*lengths: int) -> list[Shot]:
    starts = [sum(lengths[:n]) for n in range(len(lengths))]
    return [
        Shot(MediaId(1), n, FrameRange(s, s + length), Transition("cut", s, s, 1.0))
        for n, (s, length) in enumerate(zip(starts, lengths, strict=True))
    ]


def test_the_sound_of_each_shot() -> None:
    """Ten seconds at -20 LUFS, with speech in its second half; then ten of digital silence."""
    levels = np.array([-20.0] * 100 + [-np.inf] * 100, np.float32)
    sound = Sound(
        levels=levels,
        true_peaks=levels + 3,
        voiced=np.array([[80_000, 160_000]]),
        onsets=np.zeros(1001, np.float32),
    )
    meter = FrameMeter(Fraction(10))
    for _ in range(200):
        meter.push(np.zeros((36, 64, 3), np.uint8))
    found = shot_measures(
        shots_of(100, 100),
        meter.values(),
        meter.samples(Fraction(10)),
        sound,
        [when(0, 10), when(10, 20)],
    )
    loud, silent = (dict(zip(found.names, row.tolist(), strict=True)) for row in found.values)
    assert loud["loudness"] == pytest.approx(-20, abs=0.01)
    assert loud["short_term_max"] == pytest.approx(-20, abs=0.01)
    assert loud["true_peak"] == pytest.approx(-17, abs=0.01)
    assert (loud["silence"], loud["speech"], loud["pulse"]) == (0, 0.5, 0)
    assert (silent["silence"], silent["speech"]) == (1, 0)
    assert np.isnan([silent["loudness"], silent["true_peak"]]).all()
    assert np.isnan([loud["pan"], loud["bar_top"]]).all()  # all is black


def test_a_film_without_sound_has_no_measure_of_it() -> None:
    meter = FrameMeter()
    meter.push(np.zeros((36, 64, 3), np.uint8))
    samples = meter.samples(Fraction(25))
    found = shot_measures(shots_of(1), meter.values(), samples, Sound(), [when(0, 0.04)])
    assert np.isnan(found.values[0, len(FRAME_MEASURES) :]).all()
    assert found.names == SHOT_MEASURES


def test_the_first_measures_keep_their_names_and_order() -> None:
    """Rankers that were trained on them read them by name, and files by column."""
    old = ("luma", "contrast", "colourfulness", "motion", "sharpness", "loudness", "loudness_max")
    assert SHOT_MEASURES[: len(old)] == old
    assert len(set(SHOT_MEASURES)) == len(SHOT_MEASURES)


def test_momentary_loudness_is_the_mean_energy_of_four_steps() -> None:
    """Three steps of silence beside one at -20 LUFS: a quarter of its energy, -26.02 LUFS."""
    levels = np.array([-np.inf, -np.inf, -np.inf, -20, -np.inf], np.float32)
    assert block_loudness(levels, 4) == pytest.approx([-26.02, -26.02], abs=0.01)


def test_bars_are_shares_of_the_picture() -> None:
    picture = np.full((100, 200), 120, np.uint8)
    picture[:12] = picture[-13:] = 10  # nearly black, as compressed bars are
    picture[:, :20] = 0
    assert black_edges(picture) == (0.12, 0.13, 0.1, 0.0)


def test_bars_of_a_shot_are_black_in_all_of_it() -> None:
    """A dark upper half in one frame is no bar; a frame in black says nothing."""
    edges = np.array([[0.5, 0.12, 0, 0], [0.12, 0.12, 0, 0], [np.nan] * 4], np.float32)
    np.testing.assert_allclose(shot_bars(edges), [0.12, 0.12, 0, 0])
    assert np.isnan(shot_bars(edges[2:])).all()
