"""Segments, probabilities and off-policy estimates against the truth.

`python benchmarks/audience.py --what segments`: are planted segments found, and none where there
are none, over many simulated logs? `--what probabilities`: do the chances of `reel recsys audience`
come true in the days after? `--what off-policy`: do estimates from one policy's log hold the clicks
of another's? Without `--what`, all three.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
if sys.path[0] == str(ROOT / "benchmarks"):
    sys.path[0] = str(ROOT)  # else this script hides the package that has its name

if TYPE_CHECKING:
    from recsys.interactions import Interactions

LOGS = ROOT.parent / "shared" / "data" / "logs"
WHAT = ("segments", "probabilities", "off-policy")
DRAWS = 100
TITLES = 20
"""The most watched; probabilities are judged on these."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", default=",".join(WHAT), help=f"Of {', '.join(WHAT)}.")
    parser.add_argument("--seeds", type=int, default=20, help="Simulated logs of each kind.")
    parser.add_argument("--logs", type=Path, default=LOGS, help="The folder of real logs.")
    options = parser.parse_args()
    for what in options.what.split(","):
        if what == "segments":
            find_planted(options.seeds)
        elif what == "probabilities":
            judge_probabilities(options.logs)
        elif what == "off-policy":
            estimate_clicks(options.logs)
        else:
            parser.error(f"{what} is none of {', '.join(WHAT)}")


def find_planted(seeds: int) -> None:
    """Groups of 2 to 5 with shelves of their own, of several loyalties, and none."""
    from collections import Counter

    from dashboard.console import print_table
    from recsys.audience.grouping import count_groups
    from recsys.audience.representations import representation
    from recsys.models.registry import make_model

    rows = []
    for groups, loyal in ((1, 0.0), (2, 0.8), (3, 0.8), (4, 0.8), (5, 0.8), (3, 0.6), (3, 0.5)):
        counts: Counter[int] = Counter()
        for seed in range(seeds):
            found = count_groups(
                shelves(groups, loyal, seed),
                lambda log: representation(make_model("als", embedding_size=16).fit(log)),
                seed=seed,
            )
            counts[found.count] += 1
        told = ", ".join(f"{number}: {times}" for number, times in sorted(counts.items()))
        rows.append((groups, f"{loyal:.0%}", f"{counts[groups]} of {seeds}", told))
    print_table(("planted", "loyal", "right", "found"), rows)


def shelves(groups: int, loyal: float, seed: int, users: int = 400) -> "Interactions":
    """Users of each group take 10 of 60 titles, a share of them from the group's own shelf.

    Titles differ in popularity, the same for all; with one group that is all there is.
    """
    from recsys.interactions import Interactions
    from recsys.viewing_log import SCHEMA

    chance = np.random.default_rng(seed)
    appeal = np.exp(chance.normal(0, 0.7, 60))
    shelf = chance.permutation(60) % groups
    rows = []
    for number in range(users):
        odds = appeal / appeal.sum()
        own = shelf == number % groups
        if groups > 1:
            kept, strayed = odds[own].sum(), odds[~own].sum()
            odds = np.where(own, loyal * odds / kept, (1 - loyal) * odds / strayed)
        for place, item in enumerate(chance.choice(60, 10, replace=False, p=odds)):
            rows.append((f"u{number}", f"t{item}", place))
    log = pl.DataFrame(rows, schema=["user", "item", "order"], orient="row")
    missing = [n for n in SCHEMA if n not in log.columns]
    whole = log.with_columns(pl.lit(None, SCHEMA[n]).alias(n) for n in missing)
    return Interactions.from_log(whole.select(*SCHEMA).cast(SCHEMA))


def judge_probabilities(folder: Path) -> None:
    """Calibrated on the past, set against what came in as many days after it."""
    from dashboard.console import print_table
    from recsys.logs.check import check_log
    from recsys.simulate import simulate

    logs = [(f"simulated, seed {seed}", simulate(seed).log) for seed in range(3)]
    if (folder / "movietweetings").is_dir():
        file = folder / "movietweetings" / "ratings_to_20130930.parquet"
        real = pl.read_parquet(file).select(
            pl.col("user_id").cast(pl.String).alias("user"),
            pl.col("item_id").cast(pl.String).alias("item"),
            pl.from_epoch("timestamp", time_unit="s").dt.replace_time_zone("UTC"),
        )
        logs.append(("MovieTweetings", check_log(real, file).rows.drop("row")))
    else:
        print(f"no real log in {folder}", file=sys.stderr)
    rows = [(name, *came_true(log)) for name, log in logs]
    head = ("log", "model", "days", "pairs", "plays", "expected / came", "error", "as told")
    print_table(head, rows)


def came_true(log: pl.DataFrame, name: str = "ease") -> tuple[object, ...]:
    """The model's probabilities for the last days, of which nothing was seen before."""
    from datetime import timedelta

    from recsys.interactions import Interactions, first_plays
    from recsys.models.registry import make_model
    from recsys.response import calibrate, reliability
    from recsys.selection import validation_split
    from recsys.splits import time_split

    past = time_split(log, 0.2).train
    split = validation_split(past)
    learned = make_model(name).fit(Interactions.from_log(split.train))
    calibration = calibrate(learned, split)
    days = calibration.reliability.days
    assert days is not None
    end = past["timestamp"].max()
    after = pl.col("timestamp") > end
    future = log.filter(after & (pl.col("timestamp") <= pl.lit(end) + timedelta(days=days)))
    came = set(first_plays(future).select("user", "item").iter_rows())
    model = make_model(name).fit(Interactions.from_log(past))
    watched = np.zeros(len(model.items))
    for user in model.users:
        watched[model.history(user)] += 1
    number = {user: place for place, user in enumerate(model.users)}
    items = [model.items[n] for n in np.argsort(-watched, kind="stable")[:TITLES]]
    parts = []
    for item in items:
        ranked = calibration.rank(model, item)
        places = [number[one.user] for one in ranked]
        came_to = [(one.user, item) in came for one in ranked]
        chances = [one.probability for one in ranked]
        parts.append(np.array([places, chances, came_to], np.float64))
    owner, predicted, label = np.concatenate(parts, axis=1)
    found = reliability(predicted, label, np.ones(len(label)), days)
    chance = np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        weight = chance.poisson(1, len(model.users))[owner.astype(np.int64)].astype(np.float64)
        again = reliability(predicted, label, weight, days)
        drawn.append((predicted @ weight / (label @ weight), again.error))
    (low, least), (high, most) = np.percentile(drawn, [2.5, 97.5], axis=0)
    return (
        name,
        round(days, 1),
        len(label),
        int(label.sum()),
        f"{predicted.sum() / label.sum():.2f} [{low:.2f}, {high:.2f}]",
        f"{found.error:.2f} [{least:.2f}, {most:.2f}]",
        f"{calibration.reliability.error:.2f}",
    )


def estimate_clicks(folder: Path) -> None:
    """Each campaign's two logs of the Open Bandit Data: the clicks of one policy by the other's.

    Uniform chances are known to the last digit, so their clicks are estimated from the log of the
    other policy (Thompson sampling). Chances of that policy for each title and position are not
    told but where they were drawn; their means in its log stand for them in the other direction.
    """
    from dashboard.console import print_table
    from recsys.audience.retention import wilson_interval
    from recsys.off_policy import policy_value

    rows = []
    for campaign in ("men", "women"):
        logs = {
            policy: pl.read_parquet(folder / "obd_small" / f"{policy}_{campaign}.parquet")
            for policy in ("bts", "random")
        }
        for seen, sought in (("bts", "random"), ("random", "bts")):
            log, other = logs[seen], logs[sought]
            target = other["propensity_score"].mean()
            if sought == "bts":
                shown = other.group_by("item_id", "position").len()
                share = pl.col("len") / pl.col("len").sum().over("position")
                joined = log.join(
                    shown.select("item_id", "position", share.alias("chance")),
                    on=["item_id", "position"],
                    how="left",
                    maintain_order="left",
                )
                chances = joined["chance"].fill_null(0.0).to_numpy()
            else:
                chances = np.full(log.height, target)
            reward = log["click"].to_numpy().astype(np.float64)
            found = policy_value(reward, log["propensity_score"].to_numpy(), chances)
            clicks = int(other["click"].sum())
            low, high = wilson_interval(np.array([clicks]), other.height)
            told = [f"{e.value:.4f} [{e.low:.4f}, {e.high:.4f}]" for e in (found.ips, found.snips)]
            true = f"{clicks / other.height:.4f} [{low[0]:.4f}, {high[0]:.4f}]"
            rows.append((campaign, seen, sought, true, *told, round(found.effective)))
    print_table(("campaign", "log of", "value of", "true", "IPS", "SNIPS", "worth"), rows)


if __name__ == "__main__":
    main()
