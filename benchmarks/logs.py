"""What importing a viewing log costs: `python benchmarks/logs.py [--rows 1e6,1e7,1e8]`.

Writes a simulated log of each size, in order of time over 90 days, as CSV and as Parquet, and
imports it in a process of its own; prints rows a second, CPU seconds, peak memory, and the time to
read one day of the imported log again. Each file is deleted after its import.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
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


def main() -> None:
    from dashboard.console import print_table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1e6,1e7,1e8", help="sizes, with commas")
    parser.add_argument("--formats", default="csv,parquet", help="with commas")
    parser.add_argument("--shuffled", action="store_true", help="not in order of time")
    parser.add_argument("--folder", type=Path, help="where to write, with room for the largest")
    parser.add_argument("--import", dest="imported", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.imported:
        print(json.dumps(measure(*options.imported)))
        return
    lines = []
    for rows in (int(float(size)) for size in options.rows.split(",")):
        for kind in options.formats.split(","):
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                file, logs = Path(folder) / f"log.{kind}", Path(folder) / "logs"
                write_log(file, rows, shuffled=options.shuffled)
                command = [sys.executable, __file__, "--import", str(file), str(logs)]
                ran = subprocess.run(command, capture_output=True, text=True, check=True)
                cost = json.loads(ran.stdout)
                stored = sum(f.stat().st_size for f in logs.rglob("*.parquet"))
                lines.append(
                    (
                        f"{rows:,}",
                        kind,
                        f"{file.stat().st_size / 1e6:,.0f}",
                        round(rows / cost["wall"] / 1e6, 2),
                        round(cost["wall"], 1),
                        round(cost["cpu"], 1),
                        round(rows / cost["cpu"] / 1e6, 2),
                        round(cost["peak"]),
                        f"{stored / 1e6:,.0f}",
                        cost["set aside"],
                        f"{cost['day rows']:,} in {cost['day wall']:.2f} s",
                    )
                )
                print(*lines[-1], file=sys.stderr, sep="  ")
    header = ("rows", "format", "file MB", "M rows/s", "wall s", "CPU s", "M rows/CPU s")
    print_table((*header, "peak MB", "stored MB", "repeats", "one day"), lines)


if __name__ == "__main__":
    main()
