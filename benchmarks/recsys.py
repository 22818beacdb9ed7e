"""Models against each other on real logs: `python benchmarks/recsys.py [FOLDER]`.

Each log's newest fifth is the test part; settings are chosen on the newest fifth of what is left.
Prints NDCG@10, recall@10 and MRR@10 with 95 % intervals over users, and CPU seconds to choose
settings, fit and evaluate. `--data` names logs; those with large catalogues take minutes for EASE.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parents[1]
if sys.path[0] == str(ROOT / "benchmarks"):
    sys.path[0] = str(ROOT)  # else this script hides the package that has its name

LOGS = ROOT.parent / "shared" / "data" / "logs"
METRICS = ("ndcg@10", "recall@10", "mrr@10")


def kuairand(folder: Path) -> pl.DataFrame:
    """Impressions; those with a long view count as plays."""
    raw = pl.read_parquet(folder / "kuairand_pure" / "log_20220425_20220430.parquet")
    return raw.select(
        user="user_id",
        item="item_id",
        timestamp="timestamp_ms",
        watched_seconds=pl.min_horizontal("play_time_ms", "duration_ms") / 1000,
        duration_seconds=pl.col("duration_ms") / 1000,
        click=pl.col("long_view") == 1,
    )


def ml_latest_small(folder: Path) -> pl.DataFrame:
    """Every rating is a play."""
    raw = pl.read_parquet(folder / "ml_latest_small_2016" / "ratings.parquet")
    return raw.rename({"user_id": "user", "item_id": "item"})


def movietweetings(folder: Path) -> pl.DataFrame:
    """Every rating is a play."""
    raw = pl.read_parquet(folder / "movietweetings" / "ratings_to_20130930.parquet")
    return raw.rename({"user_id": "user", "item_id": "item"})


DATA: dict[str, Callable[[Path], pl.DataFrame]] = {
    "kuairand": kuairand,
    "ml_latest_small": ml_latest_small,
    "movietweetings": movietweetings,
}


def main() -> None:
    from dashboard.console import print_table
    from recsys.logs.check import check_log
    from recsys.models.registry import MODELS
    from recsys.run import judge_models
    from recsys.splits import default_split

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=LOGS, help="the folder of logs")
    parser.add_argument("--data", default="kuairand", help="logs, with commas: " + ", ".join(DATA))
    parser.add_argument("--models", default=",".join(MODELS), help="models, with commas, or auto")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"no logs in {options.folder}")
    rows = []
    for name in options.data.split(","):
        checked = check_log(DATA[name](options.folder), options.folder / name)
        print(f"{name}: {checked.rows.height} rows, left out: {checked.reasons()}", file=sys.stderr)
        split = default_split(checked.rows)
        for model in options.models.split(","):
            figures = judge_models(split.train, split.test, [model], seed=options.seed).models[0]
            print(f"  {figures.choice.reason}", file=sys.stderr)
            found = [figures.evaluation.metrics[metric] for metric in METRICS]
            cells = [f"{e.value:.4f} [{e.low:.4f}, {e.high:.4f}]" for e in found]
            users, new = figures.evaluation.users, figures.evaluation.new_users
            rows.append((name, model, users, new, *cells, round(figures.cpu_seconds, 1)))
    print_table(("log", "model", "users", "new users", *METRICS, "CPU s"), rows)


if __name__ == "__main__":
    main()
