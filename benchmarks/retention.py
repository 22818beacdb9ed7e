"""Are planted shots found, and nothing else? `python benchmarks/retention.py [--seeds 50]`.

Simulates the audience of a film of 284.7 s with two shots that viewers leave and two stretches that
they watch again, of several strengths; cuts it into 71 shots at random, another way for each seed;
and counts the shots that `shot_effects` finds, misses and reports falsely.
"""

import argparse
import sys
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
    from dashboard.console import print_table
    from recsys.audience.shot_effects import shot_effects
    from recsys.audience.viewing import last_moment, viewing_of
    from recsys.simulate import FILM, FILM_SECONDS, DropOff, Rewatch, WatchPattern, simulate

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--users", type=int, default=300)
    options = parser.parse_args()
    rows = []
    for strength in STRENGTHS:
        pattern = WatchPattern(
            drop_offs=(DropOff(62.0, strength), DropOff(171.0, strength)),
            rewatches=(Rewatch(112.0, 120.0, strength), Rewatch(236.0, 244.0, strength)),
        )
        tally = dict.fromkeys(("viewers", "loses", "found", "wins", "won", "false"), 0)
        for seed in range(options.seeds):
            made = simulate(
                seed, users=options.users, titles=8, plays_per_user=6, patterns={FILM: pattern}
            )
            film = made.log.filter(pl.col("item") == FILM)
            viewing = viewing_of(film, last_moment(made.log.lazy()))
            assert viewing is not None
            cuts = np.sort(np.random.default_rng(seed).uniform(0, FILM_SECONDS, SHOTS - 1))
            starts, ends = np.append(0, cuts), np.append(cuts, FILM_SECONDS)
            loses, wins = planted(pattern, starts, ends) if strength else (set(), set())
            effects = shot_effects(starts, ends, viewing)
            lost = {effect.shot for effect in effects if effect.loses}
            won = {effect.shot for effect in effects if effect.wins_back}
            tally["viewers"] += len(viewing.reached)
            tally["loses"] += len(loses)
            tally["found"] += len(lost & loses)
            tally["wins"] += len(wins)
            tally["won"] += len(won & wins)
            tally["false"] += len(lost - loses) + len(won - wins)
        rows.append(
            (
                f"{strength:.0%}",
                round(tally["viewers"] / options.seeds),
                f"{tally['found']} of {tally['loses']}",
                f"{tally['won']} of {tally['wins']}",
                tally["false"],
                options.seeds * SHOTS * 2,
            )
        )
    print_table(("strength", "viewers", "losing found", "won back found", "false", "tests"), rows)


if __name__ == "__main__":
    main()
