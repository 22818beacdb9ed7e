"""Are planted shots found, and nothing else? `python benchmarks/retention.py [--seeds 200]`.

Simulates the audience of a film of 284.7 s with two shots that viewers leave and two stretches that
they watch again, of several strengths; cuts it into 71 shots at random, another way for each seed;
and counts the shots that `shot_effects` finds, misses and reports falsely. `--rows 1e7` measures
how long one title's curve takes from a store of so many rows instead.
"""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
if sys.path[0] == str(ROOT / "benchmarks"):
    sys.path[0] = str(ROOT)  # else this script hides the package that has its name

if TYPE_CHECKING:
    from recsys.simulate import WatchPattern

SHOTS = 71
STRENGTHS = (0.0, 0.02, 0.05, 0.1, 0.2)
CATALOGUE, USERS = 10_000, 200_000
SHOT_STARTS = np.arange(0, 5400, 4.0)


def planted(
    pattern: "WatchPattern", starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> tuple[set[int], set[int]]:
    """The shots that hold a drop-off, and those of which at least half is watched again."""
    loses = {
        int(np.flatnonzero((starts <= drop.second) & (drop.second < ends))[0])
        for drop in pattern.drop_offs
    }
    wins: set[int] = set()
    for again in pattern.rewatches:
        inside = np.minimum(ends, again.end) - np.maximum(starts, again.start)
        wins |= set(np.flatnonzero(inside >= (ends - starts) / 2).tolist())
    return loses, wins


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--rows", type=float, help="Measure time on a log of so many rows instead.")
    options = parser.parse_args()
    if options.rows:
        measure_time(int(options.rows))
    else:
        count_found(options.seeds, options.users)


def count_found(seeds: int, users: int) -> None:
    """Print power and false discoveries for each strength, with 95 % intervals."""
    from dashboard.console import print_table
    from recsys.audience.shot_effects import shot_effects
    from recsys.audience.viewing import last_moment, viewing_of
    from recsys.simulate import FILM, FILM_SECONDS, DropOff, Rewatch, WatchPattern, simulate

    rows = []
    for strength in STRENGTHS:
        pattern = WatchPattern(
            drop_offs=(DropOff(62.0, strength), DropOff(171.0, strength)),
            rewatches=(Rewatch(112.0, 120.0, strength), Rewatch(236.0, 244.0, strength)),
        )
        tally = dict.fromkeys(("loses", "found", "wins", "won", "false"), 0)
        shares, exact = [], 0
        for seed in range(seeds):
            made = simulate(seed, users=users, titles=8, plays_per_user=6, patterns={FILM: pattern})
            film = made.log.filter(pl.col("item") == FILM)
            viewing = viewing_of(film, last_moment(made.log.lazy()))
            assert viewing is not None
            cuts = np.sort(np.random.default_rng(seed).uniform(0, FILM_SECONDS, SHOTS - 1))
            starts, ends = np.append(0, cuts), np.append(cuts, FILM_SECONDS)
            loses, wins = planted(pattern, starts, ends) if strength else (set(), set())
            effects = shot_effects(starts, ends, viewing)
            lost = {effect.shot for effect in effects if effect.loses}
            won = {effect.shot for effect in effects if effect.wins_back}
            wrong = len(lost - loses) + len(won - wins)
            tally["loses"] += len(loses)
            tally["found"] += len(lost & loses)
            tally["wins"] += len(wins)
            tally["won"] += len(won & wins)
            tally["false"] += wrong
            shares.append(wrong / max(len(lost) + len(won), 1))
            exact += lost == loses and won == wins
        rows.append(
            (
                f"{strength:.0%}",
                share_of(tally["found"], tally["loses"]),
                share_of(tally["won"], tally["wins"]),
                tally["false"],
                false_share(shares),
                share_of(exact, seeds),
            )
        )
    head = ("strength", "losing found", "won back found", "false", "false share", "exactly right")
    print_table(head, rows)


def share_of(count: int, trials: int) -> str:
    """A share with Wilson's 95 % interval, in per cent."""
    from recsys.audience.retention import wilson_interval

    if not trials:
        return "none planted"
    low, high = wilson_interval(np.array([count]), trials)
    return f"{count} of {trials} [{low[0]:.1%}, {high[0]:.1%}]"


def false_share(shares: list[float]) -> str:
    """The mean over films of the share of findings that are false; bootstrap over films."""
    chance = np.random.default_rng(0)
    values = np.array(shares)
    means = values[chance.integers(len(values), size=(2000, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{values.mean():.2%} [{low:.2%}, {high:.2%}]"


def measure_time(rows: int) -> None:
    """Print how long one title's curves take from a store of so many rows."""
    from dashboard.console import print_table
    from recsys.audience.report import retention, retention_by_shot
    from recsys.logs.store import LogStore

    with tempfile.TemporaryDirectory() as folder:
        source, logs = Path(folder, "log.parquet"), Path(folder, "logs")
        write_log(source, rows)
        LogStore(logs).import_file(source)
        print(f"{rows:,} rows imported", file=sys.stderr)
        told = []
        for rank, name in ((0, "the most watched"), (CATALOGUE // 2, "a typical one")):
            item = f"t{rank:05d}"
            figures = []
            for call in (
                lambda item=item: retention(logs, item),
                lambda item=item: retention_by_shot(logs, item, SHOT_STARTS, SHOT_STARTS + 4.0),
            ):
                begin, cpu = time.perf_counter(), time.process_time()
                found = call()
                spent = time.perf_counter() - begin, time.process_time() - cpu
                figures += [round(seconds, 2) for seconds in spent]
            told.append((name, len(found.viewing.reached), *figures))
    print_table(("title", "viewers", "curve, s", "CPU s", "by shot, s", "CPU s"), told)


def write_log(file: Path, rows: int) -> None:
    """Plays of films of 90 minutes, popularity as 1 / rank; in order of time over 90 days."""
    chance = np.random.default_rng(0)
    odds = 1 / np.arange(1, CATALOGUE + 1)
    length = 5400.0
    to = np.minimum(chance.exponential(6000, rows), length).round(1)
    begun = datetime(2025, 1, 6, tzinfo=UTC)
    seconds = np.sort(chance.uniform(0, 90 * 86_400, rows))
    pl.DataFrame(
        {
            "user": chance.integers(USERS, size=rows),
            "item": chance.choice(CATALOGUE, rows, p=odds / odds.sum()),
            "timestamp": (seconds * 1e6).astype(np.int64),
            "from_seconds": np.zeros(rows),
            "to_seconds": to,
        }
    ).with_columns(
        pl.format("u{}", pl.col("user")).alias("user"),
        pl.format("t{}", pl.col("item").cast(pl.String).str.zfill(5)).alias("item"),
        pl.lit(begun) + pl.duration(microseconds=pl.col("timestamp")),
        pl.col("to_seconds").alias("watched_seconds"),
        pl.lit(length).alias("duration_seconds"),
        pl.lit(value=True).alias("simulated"),
    ).write_parquet(file)


if __name__ == "__main__":
    main()
