"""One procedure on real logs: `python benchmarks/recsys.py [FOLDER] --data ml_1m,kuairand`.

Each log is split here: ml_1m by each user's last title, the others by time, the newest fifth of
the plays (KuaiRand: the last two days). `--model auto` chooses on the newest part of train; then
every model in its best setting, and the one that was chosen, is judged once on test. Prints
NDCG@10, recall@10 and MRR@10 with 95 % intervals over users, CPU seconds, milliseconds for one
user's list, and the paired difference of the chosen model from the best of the others.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
if sys.path[0] == str(ROOT / "benchmarks"):
    sys.path[0] = str(ROOT)  # else this script hides the package that has its name

if TYPE_CHECKING:
    from recsys.models.model import Recommender
    from recsys.splits import Split

LOGS = ROOT.parent / "shared" / "data" / "logs"
METRICS = ("ndcg@10", "recall@10", "mrr@10")
KUAIRAND_TEST_DAYS = 2


def ml_1m(folder: Path) -> pl.DataFrame:
    """Every rating is a play; the log has an order and no times."""
    raw = pl.read_parquet(folder / "ml_1m" / "sequences_minus_last.parquet")
    return raw.select(user="user_id", item="item_id", order="pos")


def kuairand(folder: Path) -> pl.DataFrame:
    """Impressions; those with a long view are plays, and so are the long views of the history.

    The history tells the order of the titles that were watched and the time of the last one only:
    they are put a minute apart, before the log's first day. Those without a long view are
    impressions that were not played.
    """
    base = folder / "kuairand_pure"
    logged = pl.read_parquet(base / "log_20220425_20220430.parquet").select(
        user="user_id",
        item="item_id",
        timestamp="timestamp_ms",
        watched_seconds=pl.min_horizontal("play_time_ms", "duration_ms") / 1000,
        duration_seconds=pl.when(pl.col("duration_ms") > 0).then(pl.col("duration_ms") / 1000),
        surface=pl.col("tab").cast(pl.String),
        click=pl.col("long_view") == 1,
    )
    history = pl.read_parquet(base / "history_to_20220424.parquet")
    long = _listed(history, "long_watch_seq")
    other = _listed(history, "watch_seq").join(long, on=["user", "item"], how="anti")
    past = pl.concat([long.with_columns(click=True), other.with_columns(click=False)])
    return pl.concat([past, logged], how="diagonal_relaxed")


def _listed(history: pl.DataFrame, column: str) -> pl.DataFrame:
    """The titles of a list, oldest first, a minute apart: `user, item, timestamp`."""
    titles = history.select("user_id", "last_time_ms", item=column).explode("item")
    back = (pl.int_range(pl.len()) - pl.len() + 1).over("user_id")
    timed = titles.select(
        user="user_id", item="item", timestamp=pl.col("last_time_ms") + back * 60_000
    )
    return timed.drop_nulls("item")


def movietweetings(folder: Path) -> pl.DataFrame:
    """Every rating is a play."""
    raw = pl.read_parquet(folder / "movietweetings" / "ratings_to_20130930.parquet")
    return raw.rename({"user_id": "user", "item_id": "item"})


def ml_latest_small(folder: Path) -> pl.DataFrame:
    """Every rating is a play."""
    raw = pl.read_parquet(folder / "ml_latest_small_2016" / "ratings.parquet")
    return raw.rename({"user_id": "user", "item_id": "item"})


DATA: dict[str, Callable[[Path], pl.DataFrame]] = {
    "ml_1m": ml_1m,
    "kuairand": kuairand,
    "movietweetings": movietweetings,
    "ml_latest_small": ml_latest_small,
}


def split_log(name: str, log: pl.DataFrame) -> "Split":
    """Train and test, by the log's own rule."""
    from recsys.splits import Split, default_split

    if name != "kuairand":
        return default_split(log)
    latest = log["timestamp"].max()
    assert latest is not None
    cut = pl.lit(latest) - timedelta(days=KUAIRAND_TEST_DAYS)
    later = pl.col("timestamp") >= cut
    return Split(log.filter(~later), log.filter(later), f"the last {KUAIRAND_TEST_DAYS} days")


def milliseconds(fitted: "Recommender", users: list[str]) -> tuple[float, float]:
    """The median and the 95th percentile of one user's list of ten, from the model as loaded."""
    from recsys.models.registry import load_model

    with TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        model = load_model(Path(folder))
    model.recommend(users[0])
    taken = []
    for user in users:
        begin = time.perf_counter()
        model.recommend(user)
        taken.append(1000 * (time.perf_counter() - begin))
    return float(np.median(taken)), float(np.percentile(taken, 95))


def judge(
    split: "Split", seed: int, among: list[str] | None
) -> tuple[list[tuple[Any, ...]], list[str]]:
    """A row for each model, the chosen one first, and what to say of the choice."""
    from recsys.evaluation import compare, evaluate
    from recsys.interactions import Interactions
    from recsys.selection import choose

    begin = time.process_time()

    def told(done: float) -> None:
        spent = time.process_time() - begin
        print(f"{done:.0%} of the settings, {spent:.0f} CPU s", file=sys.stderr, flush=True)

    choice = choose(split.train, "auto", seed=seed, among=among, on_progress=told)
    chosen_in = time.process_time() - begin
    everything = Interactions.from_log(split.train)
    rows, figures = [], {}
    for name, learned in choice.learned.items():
        begin = time.process_time()
        fitted = learned.updated(everything)
        fit = time.process_time() - begin
        begin = time.process_time()
        figures[name] = found = evaluate(fitted, split.test, seed=seed)
        judged = time.process_time() - begin
        median, slow = milliseconds(fitted, fitted.users[: 200 * 7 : 7])
        cells = [found.metrics[metric] for metric in METRICS]
        shown = [f"{e.value:.4f} [{e.low:.4f}, {e.high:.4f}]" for e in cells]
        label = f"{name} (auto)" if name == choice.model else name
        times = (round(fit, 1), round(judged, 1), f"{median:.1f} / {slow:.1f}")
        rows.append((label, found.users, *shown, *times))
    rows.sort(key=lambda row: not str(row[0]).endswith("(auto)"))
    notes = [choice.reason, f"choosing took {chosen_in:.0f} CPU s"]
    others = [name for name in figures if name != choice.model]
    best = max(others, key=lambda name: figures[name].metrics["ndcg@10"].value)
    gain = compare(figures[choice.model], figures[best], seed=seed)
    share = gain.mean.value / figures[best].metrics["ndcg@10"].value
    notes.append(
        f"{choice.model} less {best} on test: {gain.mean.value:+.4f} "
        f"[{gain.mean.low:+.4f}, {gain.mean.high:+.4f}], {share:+.1%}, p = {gain.p_value:.4f}"
    )
    return rows, notes


def main() -> None:
    from dashboard.console import print_table
    from recsys.logs.check import check_log

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=LOGS, help="the folder of logs")
    default = "ml_1m,kuairand,movietweetings"
    parser.add_argument("--data", default=default, help="logs, with commas: " + ", ".join(DATA))
    parser.add_argument("--models", help="those that auto may take, with commas; all if left out")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"no logs in {options.folder}")
    for name in options.data.split(","):
        checked = check_log(DATA[name](options.folder), options.folder / name)
        split = split_log(name, checked.rows)
        rows, notes = judge(
            split, options.seed, options.models.split(",") if options.models else None
        )
        rule = f"{checked.rows.height} rows, left out: {checked.reasons()}. Test: {split.rule}"
        for note in (rule, *notes):
            print(f"{name}: {note}", file=sys.stderr)
        columns = ("users", *METRICS, "fit CPU s", "judge CPU s", "ms p50 / p95")
        print_table((name, *columns), rows)


if __name__ == "__main__":
    main()
