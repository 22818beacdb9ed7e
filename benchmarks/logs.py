"""What a viewing log costs: `python benchmarks/logs.py [--rows 1e6,1e7,1e8]`.

Writes a simulated log of each size, in order of time over 90 days, as CSV and as Parquet. Each is
imported in a process of its own, and what models learn from is made of the imported log in another:
rows a second, CPU seconds, peak memory, and the time to read one day again. Files are deleted when
they were measured.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
if sys.path[0] == str(ROOT / "benchmarks"):
    sys.path[0] = str(ROOT)  # else this script hides the package that has its name

DAYS, USERS, ITEMS = 90, 1_000_000, 20_000
CHUNK = 2_000_000
FIRST = 1_735_689_600
"""The first instant, seconds since 1970: 2025-01-01."""


def simulated_rows(rows: int, seed: int = 0, *, shuffled: bool = False) -> Iterator[pl.DataFrame]:
    """A log in lots: as many users and titles as a service has, each play at its time."""
    chance = np.random.default_rng(seed)
    users = pl.Series(np.arange(USERS)).cast(pl.String).str.pad_start(7, "0")
    items = pl.Series(np.arange(ITEMS)).cast(pl.String).str.pad_start(5, "0")
    weights = 1 / np.arange(1, ITEMS + 1) ** 0.8
    edges = np.cumsum(weights / weights.sum())
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        item = np.searchsorted(edges, chance.random(count)).clip(0, ITEMS - 1)
        span = DAYS * 86_400 * 1000
        low, high = (
            (0, span) if shuffled else (start * span // rows, (start + count) * span // rows)
        )
        when = chance.integers(low, high, count)
        length = 60.0 + item % 7000
        yield pl.DataFrame(
            {
                "user": "u" + users.gather(chance.integers(0, USERS, count)),
                "item": "t" + items.gather(item),
                "timestamp": FIRST * 1000 + (when if shuffled else np.sort(when)),
                "watched_seconds": np.round(length * chance.random(count), 1),
                "duration_seconds": length,
            }
        )


def write_log(file: Path, rows: int, *, shuffled: bool) -> None:
    import pyarrow.parquet as pq

    lots = simulated_rows(rows, shuffled=shuffled)
    if file.suffix == ".csv":
        with file.open("wb") as stream:
            for number, lot in enumerate(lots):
                lot.write_csv(stream, include_header=number == 0)
        return
    writer = None
    for lot in lots:
        table = lot.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(file, table.schema, compression="snappy")
        writer.write_table(table, row_group_size=1 << 20)
    if writer is not None:
        writer.close()


def measure(file: Path, logs: Path) -> dict[str, float]:
    """Import a file in this process, and say what it cost."""
    from recsys.logs.store import LogStore

    begin, cpu = time.perf_counter(), time.process_time()
    done = LogStore(logs).import_file(file)
    wall, spent = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert done.quarantined == {} or set(done.quarantined) == {"repeats an earlier row"}
    begin = time.perf_counter()
    day = pl.Series([FIRST + 45 * 86_400]).cast(pl.Int64) * 1_000_000
    wanted = day.cast(pl.Datetime("us")).dt.date()[0]
    one_day = LogStore(logs).scan(wanted, wanted).select(pl.len()).collect().item()
    return {
        "rows": done.rows,
        "set aside": sum(done.quarantined.values()),
        "wall": wall,
        "cpu": spent,
        "peak": peak,
        "day rows": one_day,
        "day wall": time.perf_counter() - begin,
    }


def measure_interactions(logs: Path) -> dict[str, float]:
    """Make interactions of an imported log in this process, and say what it cost."""
    from recsys.logs.store import LogStore

    begin, cpu = time.perf_counter(), time.process_time()
    found = LogStore(logs).interactions()
    wall, spent = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    held = sum(a.nbytes for a in (found.starts, found.item, found.when, found.weight)) / 1e6
    return {"pairs": len(found.item), "wall": wall, "cpu": spent, "peak": peak, "held": held}


def in_a_process(task: str, *paths: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--task", task, *map(str, paths)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(ran.stderr)
    told: dict[str, float] = json.loads(ran.stdout)
    return told


def main() -> None:
    from dashboard.console import print_table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1e6,1e7,1e8", help="sizes, with commas")
    parser.add_argument("--formats", default="csv,parquet", help="with commas")
    parser.add_argument("--shuffled", action="store_true", help="not in order of time")
    parser.add_argument("--folder", type=Path, help="where to write, with room for the largest")
    parser.add_argument("--task", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        task, *paths = options.task
        print(json.dumps(TASKS[task](*map(Path, paths))))
        return
    imports, learned = [], []
    for rows in (int(float(size)) for size in options.rows.split(",")):
        for kind in options.formats.split(","):
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                file, logs = Path(folder) / f"log.{kind}", Path(folder) / "logs"
                write_log(file, rows, shuffled=options.shuffled)
                imports.append(
                    import_line(rows, kind, file, logs, in_a_process("import", file, logs))
                )
                print(*imports[-1], file=sys.stderr, sep="  ", flush=True)
                learned.append(learned_line(rows, kind, in_a_process("interactions", logs)))
                print(*learned[-1], file=sys.stderr, sep="  ", flush=True)
    costs = ("M rows/s", "wall s", "CPU s", "M rows/CPU s", "peak MB")
    print("Import")
    print_table(("rows", "format", "file MB", *costs, "stored MB", "repeats", "one day"), imports)
    print("\nFrom the imported log to interactions")
    print_table(("rows", "format", *costs, "pairs", "held MB"), learned)


def costs(rows: int, cost: dict[str, float]) -> tuple[float, float, float, float, int]:
    per_second, per_cpu_second = rows / cost["wall"] / 1e6, rows / cost["cpu"] / 1e6
    return (
        round(per_second, 2),
        round(cost["wall"], 1),
        round(cost["cpu"], 1),
        round(per_cpu_second, 2),
        round(cost["peak"]),
    )


def import_line(
    rows: int, kind: str, file: Path, logs: Path, cost: dict[str, float]
) -> tuple[object, ...]:
    stored = sum(part.stat().st_size for part in logs.rglob("*.parquet"))
    return (
        f"{rows:,}",
        kind,
        f"{file.stat().st_size / 1e6:,.0f}",
        *costs(rows, cost),
        f"{stored / 1e6:,.0f}",
        cost["set aside"],
        f"{cost['day rows']:,} in {cost['day wall']:.2f} s",
    )


def learned_line(rows: int, kind: str, cost: dict[str, float]) -> tuple[object, ...]:
    held = f"{cost['held']:,.0f}"
    return (f"{rows:,}", kind, *costs(rows, cost), f"{cost['pairs']:,}", held)


TASKS: dict[str, Callable[..., dict[str, float]]] = {
    "import": measure,
    "interactions": measure_interactions,
}

if __name__ == "__main__":
    main()
