"""What the simulator plants is in its log, and the analyses find it again."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import adjusted_rand_score

from recsys.audience.marketing import segment_users
from recsys.audience.retention import RetentionCurve, drop_offs, rewatched_stretches
from recsys.audience.titles import title_table
from recsys.audience.viewing import viewing_of
from recsys.logs.check import check_log
from recsys.simulate import (
    FILM,
    FILM_PATTERN,
    FILM_SECONDS,
    FILM_TITLE,
    GENRES,
    PREFERENCE,
    SEQUEL_SHARE,
    DropOff,
    Rewatch,
    Simulation,
    WatchPattern,
    simulate,
)

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def test_everything_is_marked_as_simulated_and_nothing_is_faulty(simulation: Simulation) -> None:
    assert simulation.log["simulated"].all()
    assert simulation.titles["simulated"].all()
    assert check_log(simulation.log, Path("simulation")).quarantine.is_empty()


def test_one_seed_gives_one_simulation() -> None:
    first, again, other = (simulate(seed, users=20, titles=10) for seed in (1, 1, 2))
    assert first.log.equals(again.log)
    assert first.truth == again.truth
    assert not first.log.equals(other.log)


def test_the_sample_is_what_seed_0_gives() -> None:
    """`reel logs simulate --seed 0` makes the files of data/sample again."""
    made = simulate(0)
    assert pl.read_parquet(SAMPLE / "viewing_log.parquet").equals(made.log)
    assert pl.read_parquet(SAMPLE / "titles.parquet").equals(made.titles)
    assert (SAMPLE / "viewing_log.parquet").stat().st_size < 600_000


def test_the_film_of_the_sample_is_a_title(simulation: Simulation) -> None:
    film = simulation.titles.filter(pl.col("item") == FILM)
    assert film.select("title", "duration_seconds").rows() == [(FILM_TITLE, FILM_SECONDS)]


def test_segments_prefer_their_genres_as_planted(simulation: Simulation) -> None:
    """Early plays, before favourites run out: two of eight genres at 8 to 1 are 16 plays of 22."""
    plays = simulation.log.filter("click").unique(["user", "item"], maintain_order=True)
    early = plays.group_by("user", maintain_order=True).head(3).join(simulation.titles, on="item")
    preferred = simulation.truth.preferred
    share = np.mean(
        [
            genre in preferred[simulation.truth.segment_of[user]]
            for user, genre in early.filter(pl.col("item") != FILM).select("user", "genre").rows()
        ]
    )
    expected = 2 * PREFERENCE / (2 * PREFERENCE + len(GENRES) - 2)
    assert share == pytest.approx(expected, abs=0.1)


def test_segments_are_found_and_named_by_their_genres() -> None:
    simulation = simulate(3)
    found = segment_users(simulation.log, simulation.titles)

    truth = simulation.truth
    users = list(found.members)
    agreement = adjusted_rand_score(
        [truth.segment_of[user] for user in users], [found.members[user] for user in users]
    )
    assert agreement > 0.8
    names = {frozenset(segment.name.split(" and ")) for segment in found.segments}
    assert names == {frozenset(genres) for genres in truth.preferred.values()}
    assert sum(segment.size for segment in found.segments) == 600


def test_titles_rise_and_fall_as_planted() -> None:
    simulation = simulate(3)
    table = title_table(simulation.log, simulation.titles).filter(pl.col("item") != FILM)
    growth = table["item"].replace_strict(simulation.truth.growth, return_dtype=pl.Float64)
    trend = (
        table.group_by(growth.alias("growth")).agg(pl.col("trend").mean()).sort("growth")["trend"]
    )
    assert trend[0] + 0.05 < trend[1] < trend[2] - 0.05


def test_sequels_follow_as_planted(simulation: Simulation) -> None:
    """Counted where the sequel was not seen before; a little chance adds to the planted share."""
    plays = simulation.log.filter("click").unique(
        ["user", "item"], keep="first", maintain_order=True
    )
    follows = misses = 0
    for _, history in plays.group_by("user", maintain_order=True).agg("item").rows():
        for place, item in enumerate(history[:-1]):
            sequel = simulation.truth.sequel.get(item)
            if sequel is not None and sequel not in history[:place]:
                follows += history[place + 1] == sequel
                misses += history[place + 1] != sequel
    assert follows / (follows + misses) == pytest.approx(SEQUEL_SHARE + 0.03, abs=0.05)


def curve_of(log: pl.DataFrame) -> RetentionCurve:
    viewing = viewing_of(log.filter(pl.col("item") == FILM), None)
    assert viewing is not None
    return viewing.curve()


def test_the_films_drop_offs_and_rewatched_stretches_are_found_and_nothing_else() -> None:
    curve = curve_of(simulate(0).log)

    assert sorted(moment.start for moment in drop_offs(curve)) == [
        int(drop.second) for drop in FILM_PATTERN.drop_offs
    ]
    assert sorted((moment.start, moment.end) for moment in rewatched_stretches(curve)) == [
        (int(again.start), int(again.end)) for again in FILM_PATTERN.rewatches
    ]
    for moment, drop in zip(drop_offs(curve), FILM_PATTERN.drop_offs, strict=True):
        assert moment.share == pytest.approx(drop.share, abs=0.06)


def test_patterns_can_be_given_in_seconds() -> None:
    pattern = WatchPattern((DropOff(30.0, 0.5),), (Rewatch(10.0, 15.0, 0.6),), steady_loss=0.0)
    made = simulate(0, users=200, titles=8, plays_per_user=6, patterns={FILM: pattern})
    curve = curve_of(made.log)
    assert [moment.start for moment in drop_offs(curve)] == [30]
    assert [(m.start, m.end) for m in rewatched_stretches(curve)] == [(10, 15)]


def test_a_steady_title_shows_no_drop_off_and_no_rewatch() -> None:
    steady = {FILM: WatchPattern(steady_loss=0.6)}
    found = 0
    for seed in range(10):
        curve = curve_of(simulate(seed, users=150, titles=8, patterns=steady).log)
        found += len(drop_offs(curve)) + len(rewatched_stretches(curve))
    assert found == 0
