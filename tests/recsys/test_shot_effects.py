"""Planted shots are found and nothing else; the counts can be made by eye."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.retention import planted
from recsys.audience.shot_effects import benjamini_hochberg, shot_effects
from recsys.audience.viewing import Viewing, last_moment, viewing_of
from recsys.simulate import FILM, FILM_PATTERN, FILM_SECONDS, WatchPattern, simulate

SEEDS = 12


def viewing(*ranges: tuple[int, float, float], duration: float = 40.0) -> Viewing:
    """Viewers by number, each with their ranges; who does not get to the end leaves."""
    numbers, start, end = (np.array(column) for column in zip(*ranges, strict=True))
    reached = np.array([end[numbers == n].max() for n in range(numbers.max() + 1)])
    left = reached < duration
    return Viewing(
        duration=duration,
        reached=reached,
        left=left,
        may_go_on=np.zeros(len(reached), np.bool_),
        first=pl.Series([None] * len(reached), dtype=pl.Datetime("us", "UTC")),
        viewer=numbers.astype(np.int64),
        start=start.astype(np.float64),
        end=end.astype(np.float64),
    )


def simulated_film(seed: int, pattern: WatchPattern) -> Viewing:
    """The viewing of a film with a planted pattern, by some 280 viewers."""
    made = simulate(seed, users=300, titles=8, plays_per_user=6, patterns={FILM: pattern})
    found = viewing_of(made.log.filter(pl.col("item") == FILM), last_moment(made.log.lazy()))
    assert found is not None
    return found


def random_shots(seed: int, count: int = 70) -> tuple[np.ndarray, np.ndarray]:
    cuts = np.sort(np.random.default_rng(seed).uniform(0, FILM_SECONDS, count))
    edges = np.concatenate(([0], cuts, [FILM_SECONDS]))
    return edges[:-1], edges[1:]


def test_the_counts_are_those_of_the_ranges() -> None:
    """Four shots of 10 s. 0 sees all; 1 leaves at the cut to the last; 2 sees the second again."""
    seen = viewing((0, 0, 40), (1, 0, 30), (2, 0, 25), (2, 10, 20), (2, 12, 16))
    effects = shot_effects(np.arange(4) * 10.0, np.arange(1, 5) * 10.0, seen)

    assert [effect.watching for effect in effects] == [3, 3, 3, 1]
    assert [effect.left for effect in effects] == [0, 0, 1, 1]  # the cut at 30 s is the new shot's
    assert [effect.seen for effect in effects] == [3, 3, 3, 1]
    assert [effect.again for effect in effects] == [0, 1, 0, 0]
    # Seconds watched are 30, 30, 25 and 10. One other left in the 85 s outside the last shot.
    assert effects[3].expected_left == pytest.approx(1 * 10 / 85)
    assert not any(effect.loses or effect.wins_back for effect in effects)


def test_planted_shots_are_found_and_nothing_else_whatever_the_seed() -> None:
    for seed in range(SEEDS):
        starts, ends = random_shots(seed)
        effects = shot_effects(starts, ends, simulated_film(seed, FILM_PATTERN))
        loses, wins = planted(FILM_PATTERN, starts, ends)
        assert {effect.shot for effect in effects if effect.loses} == loses, seed
        assert {effect.shot for effect in effects if effect.wins_back} == wins, seed


def test_a_film_that_is_left_evenly_has_no_shot_that_stands_out() -> None:
    for seed in range(SEEDS):
        effects = shot_effects(
            *random_shots(seed), simulated_film(seed, WatchPattern(steady_loss=0.6))
        )
        assert not any(effect.loses or effect.wins_back for effect in effects), seed


def test_many_who_leave_early_make_a_trend_and_not_a_shot() -> None:
    """The chance to leave falls smoothly to a tenth; no shot is to blame."""
    for seed in range(SEEDS):
        chance = np.random.default_rng(seed)
        times = chance.exponential(1.0, 2000)
        reached = np.minimum(100 * (times * 1.2) ** 1.6, 400)  # Weibull, front-loaded
        told = viewing(*((n, 0.0, float(to)) for n, to in enumerate(reached)), duration=400.0)
        starts = np.arange(60, 400, 5.0)
        effects = shot_effects(starts, starts + 5, told)
        assert not any(effect.loses for effect in effects), seed


def test_discoveries_are_those_of_benjamini_and_hochberg() -> None:
    """The example of their paper (1995, section 3.2): at 5 %, the first four of fifteen."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    q = benjamini_hochberg(np.array(p))
    assert (q <= 0.05).tolist() == [True] * 4 + [False] * 11
    assert q[3] == pytest.approx(0.0095 * 15 / 4)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_q_is_no_smaller_than_its_p_and_keeps_the_order(p: list[float]) -> None:
    values = np.array(p)
    q = benjamini_hochberg(values)
    assert (q >= values * (1 - 1e-12)).all() and (q <= 1).all()
    assert (np.diff(q[np.argsort(values)]) >= 0).all()


def test_shots_out_of_order_are_refused() -> None:
    told = viewing((0, 0, 40))
    for starts, ends in (([10.0, 0.0], [20.0, 10.0]), ([0.0, 5.0], [10.0, 15.0]), ([1.0], [1.0])):
        with pytest.raises(ValueError, match="in order of time"):
            shot_effects(np.array(starts), np.array(ends), told)
