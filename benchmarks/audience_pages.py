"""How quick the marketing pages are on a large log: `python benchmarks/audience_pages.py`.

Simulates a log of ten million rows (200,000 users of four tastes, 10,000 titles, with positions),
imports it and works out what the pages need of the whole log. With `--browser` a real server is
visited by headless Chromium: each step from the click until the page is drawn and at rest.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
if sys.path[0] == str(ROOT / "benchmarks"):
    sys.path[0] = str(ROOT)  # else this script hides the package that has its name

DAYS, USERS, ITEMS, TASTES, GENRES = 90, 200_000, 10_000, 4, 8
CHUNK = 1_000_000
FIRST = 1_735_689_600
"""The first instant, seconds since 1970: 2025-01-01."""
PREFERENCE = 4.0
"""A play is of the user's two genres so many times as often as of two others."""


def simulated_rows(rows: int, seed: int = 0) -> Iterator[pl.DataFrame]:
    """A log in lots, in order of time; each play runs from 0 to where the viewer left."""
    chance = np.random.default_rng(seed)
    users = "u" + pl.Series(np.arange(USERS)).cast(pl.String).str.zfill(6)
    items = "t" + pl.Series(np.arange(ITEMS)).cast(pl.String).str.zfill(5)
    rank_of_genre = ITEMS // GENRES
    weights = 1 / np.arange(1, rank_of_genre + 1) ** 0.8
    edges = np.cumsum(weights / weights.sum())
    own = PREFERENCE / (PREFERENCE + GENRES / 2 - 1)
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        user = chance.integers(0, USERS, count)
        preferred = 2 * (user % TASTES) + chance.integers(0, 2, count)
        genre = np.where(chance.random(count) < own, preferred, chance.integers(0, GENRES, count))
        rank = np.searchsorted(edges, chance.random(count)).clip(0, rank_of_genre - 1)
        item = rank * GENRES + genre
        length = 60.0 + item % 7000
        share = np.where(chance.random(count) < 0.4, 1.0, chance.random(count))
        left = np.round(np.maximum(length * share, 1.0), 1)
        span = DAYS * 86_400_000
        low, high = start * span // rows, (start + count) * span // rows
        yield pl.DataFrame(
            {
                "user": users.gather(user),
                "item": items.gather(item),
                "timestamp": FIRST * 1000 + np.sort(chance.integers(low, high, count)),
                "watched_seconds": left,
                "duration_seconds": length,
                "from_seconds": np.zeros(count),
                "to_seconds": left,
                "simulated": np.ones(count, np.bool_),
            }
        )


def title_rows() -> pl.DataFrame:
    """The table of titles."""
    number = np.arange(ITEMS)
    return pl.DataFrame(
        {
            "item": "t" + pl.Series(number).cast(pl.String).str.zfill(5),
            "title": [f"Title {n}" for n in number],
            "duration_seconds": 60.0 + number % 7000,
            "genre": [f"Genre {n % GENRES}" for n in number],
            "simulated": np.ones(ITEMS, np.bool_),
        }
    )


def make_workspace(root: Path, rows: int) -> None:
    """Simulate a log and import it, where the workspace has none."""
    import pyarrow.parquet as pq

    from recsys.logs.store import LogStore

    store = LogStore(root / "logs")
    if store.imports():
        return
    with tempfile.TemporaryDirectory(dir=root.parent) as folder:
        file, titles = Path(folder) / "log.parquet", Path(folder) / "titles.parquet"
        title_rows().write_parquet(titles)
        writer = None
        for lot in simulated_rows(rows):
            table = lot.to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or pq.ParquetWriter(file, table.schema, compression="snappy")
            writer.write_table(table)
        if writer is not None:
            writer.close()
        done = store.import_file(file)
        store.import_titles(titles)
    print(f"{done.rows:,} rows imported, {done.quarantined}", file=sys.stderr)


def worked_out(root: Path, kinds: list[str]) -> list[tuple[object, ...]]:
    """Work out what the pages need of the whole log, here, and say what it cost."""
    from dashboard.audience_answers import ask
    from dashboard.audience_question import Question
    from dashboard.settings import Workspace
    from dashboard.sources import tree_state

    workspace = Workspace(root)
    state = tree_state(workspace.logs)
    lines: list[tuple[object, ...]] = []
    for kind in kinds:
        begin, cpu = time.perf_counter(), time.process_time()
        found = ask(workspace, Question(kind), state=state, small=sys.maxsize)  # type: ignore[arg-type]
        wall, spent = time.perf_counter() - begin, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        lines.append((kind, round(wall, 1), round(spent, 1), round(peak), found.refused or "ready"))
    return lines


def reruns(root: Path) -> list[tuple[object, ...]]:
    """How long the server takes for each step, without a browser: `step, wall s, CPU s`."""
    import os

    from streamlit.testing.v1 import AppTest

    os.environ["REEL_WORKSPACE"] = str(root.resolve())
    page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=300).run()
    lines: list[tuple[object, ...]] = []

    def step(name: str, act: Callable[[], Any]) -> None:
        begin, cpu = time.perf_counter(), time.process_time()
        act()
        wall, spent = time.perf_counter() - begin, time.process_time() - cpu
        assert not page.exception and not page.error, name
        lines.append((name, round(wall, 2), round(spent, 2)))

    def section(name: str) -> None:
        page.session_state["section"] = name
        page.run()

    step("Audience, the first time", lambda: page.switch_page("views/audience.py").run())
    step("again", page.run)
    step("order the titles anew", lambda: page.selectbox(key="titles_order").select("trend").run())
    step("One title, the most viewed", lambda: section("One title"))
    step("again", page.run)
    step("another title", lambda: page.text_input(key="title_text").set_value("Title 999").run())
    step("Compare two titles", lambda: section("Compare"))
    return lines


class Visit:
    """A page in a browser, and how long each step took until it had been drawn."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.lines: list[tuple[str, float]] = []

    def step(self, name: str, act: Callable[[], Any], until: Callable[[], Any]) -> None:
        begin = time.perf_counter()
        act()
        until().wait_for(state="visible", timeout=120_000)
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(
            state="attached", timeout=120_000
        )
        self.lines.append((name, time.perf_counter() - begin))


def visit(root: Path, runs: int, *, segments: bool) -> list[tuple[object, ...]]:
    """Serve the workspace and go through its pages; the first figures are with nothing cached."""
    from playwright.sync_api import sync_playwright

    port = 8600
    server = subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", "dashboard", "--port", f"{port}",
         "--workspace", f"{root}"],
        stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        server.stdout.readline()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            found: dict[str, list[float]] = {}
            for _ in range(runs):
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                for name, seconds in walk(Visit(page), f"http://127.0.0.1:{port}", segments):
                    found.setdefault(name, []).append(seconds)
                page.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)
    return [(name, *(round(one, 2) for one in seconds)) for name, seconds in found.items()]


def walk(visit: Visit, url: str, segments: bool) -> list[tuple[str, float]]:
    """What somebody in marketing does; on the pages that need segments, if there are some."""
    page = visit.page

    def text(words: str) -> Callable[[], Any]:
        return lambda: page.get_by_text(words).first

    visit.step("first page: Audience", lambda: page.goto(f"{url}/audience"), text("All titles"))
    visit.step(
        "order the titles anew",
        lambda: (page.get_by_role("combobox", name="Order").click(),
                 page.get_by_role("option", name="Completed most").click()),
        text("All titles"),
    )  # fmt: skip
    visit.step(
        "One title (the most viewed)",
        lambda: page.get_by_role("tab", name="One title").click(), text("These cohorts"),
    )  # fmt: skip
    visit.step(
        "search another title",
        lambda: (page.get_by_label("Find a title").fill("Title 999"),
                 page.keyboard.press("Enter")),
        lambda: page.get_by_role("heading", name="Title 999").first,
    )  # fmt: skip
    visit.step("Compare two titles", lambda: page.get_by_role("tab", name="Compare").click(),
               text("These curves"))  # fmt: skip
    if not segments:
        return visit.lines
    visit.step("Segments", lambda: page.goto(f"{url}/segments"), text("These segments"))
    visit.step("Promote a title", lambda: page.goto(f"{url}/promote"), text("Campaign"))
    visit.step("Promote to a segment", lambda: page.get_by_role("tab", name="A segment").click(),
               text("To be shown it"))  # fmt: skip
    return visit.lines


def main() -> None:
    from dashboard.console import print_table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default=1e7, type=float, help="of the simulated log")
    parser.add_argument("--workspace", type=Path, help="where to make it, and to find it again")
    parser.add_argument("--browser", action="store_true", help="time the pages in Chromium")
    parser.add_argument("--no-segments", action="store_true", help="leave them out: Audience only")
    parser.add_argument("--runs", default=2, type=int, help="visits; the first has no cache")
    options = parser.parse_args()
    root = options.workspace or Path(tempfile.mkdtemp(prefix="reel-audience-"))
    root.mkdir(parents=True, exist_ok=True)
    try:
        make_workspace(root, int(options.rows))
        kinds = ["figures"] if options.no_segments else ["figures", "segments"]
        costs = worked_out(root, kinds)
        print_table(("worked out", "wall s", "CPU s", "peak MB", "answer"), costs)
        print_table(("on the server", "wall s", "CPU s"), reruns(root))
        if options.browser:
            header = ("step", *(f"visit {n}, s" for n in range(1, options.runs + 1)))
            print_table(header, visit(root, options.runs, segments=not options.no_segments))
    finally:
        if options.workspace is None:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
