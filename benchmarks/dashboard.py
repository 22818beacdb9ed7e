"""How quick the dashboard is on a large library: `python benchmarks/dashboard.py [--titles 10000]`.

Makes a workspace of one real film whose rows stand in the catalogue many times, each under another
name, date and fingerprint, with cuts of it and a simulated viewing log; serves it, and uses it in
headless Chromium as a person would. A time is from the click to the moment when what was asked for
is on the page. Needs Debian's chromium and Playwright.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if sys.path[0] == str(ROOT / "benchmarks"):
    sys.path[0] = str(ROOT)  # else this script hides the package that has its name

FILM = ROOT / "data" / "sample" / "big_buck_bunny_first_half.mp4"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
FIRST_PAGE, INTERACTION = 2.0, 1.0
"""Seconds that a first page and any interaction may take."""
PATIENCE = 120_000
_MEDIA = (
    *("container", "codec", "width", "height", "rotation", "rate", "variable_rate", "time_base"),
    *("start_pts", "frames", "duration", "start_timecode", "audio", "warnings", "detector"),
    *("ingest_version", "colour", "proxy", "thumbnails"),
)


def reel(*words: str) -> None:
    """Run a command of `reel`."""
    subprocess.run([sys.executable, "-m", "dashboard.cli", *words], check=True, cwd=ROOT)


def make_workspace(root: Path, film: Path, titles: int, cuts: int, log_rows: int) -> None:
    """One film, ingested, and `titles - 1` more rows of it; `cuts` cuts, each of two versions."""
    where = ["--workspace", str(root), "--quiet"]
    reel("ingest", "--proxies", *where, str(film))
    reel("cut", "trailer", film.name, "--seconds", "30", *where)
    reel("cut", "lock", "1", "1", *where)
    multiply(root / "catalog", titles, cuts)
    if log_rows:
        from benchmarks.logs import write_log

        log = root / "log.parquet"
        write_log(log, log_rows, shuffled=False)
        reel("logs", "import", *where, str(log))
        log.unlink()


def multiply(catalog: Path, titles: int, cuts: int) -> None:
    """Copy the rows of media 1 and of cut 1; arrays, thumbnails and the proxy are shared."""
    import sqlite3

    with sqlite3.connect(catalog / "catalog.sqlite", isolation_level=None) as database:
        database.execute("BEGIN")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        columns = ", ".join(_MEDIA)
        place = "coalesce(thumbnails, 'thumbnails/' || fingerprint) AS thumbnails"
        database.execute(
            f"{numbers} INSERT INTO media (id, fingerprint, path, size_bytes, ingested_at, "
            f"{columns}) SELECT i, printf('%064x', i), "
            "printf('/library/%02d/title %05d.mp4', i % 50, i), size_bytes + i, "
            "datetime('2026-01-01', '+' || i || ' minutes') || '+00:00', "
            f"{columns.replace('thumbnails', place.partition(' AS ')[0])} FROM n, media "
            "WHERE id = 1",
            (titles,),
        )
        for table, names in {
            "shot": "idx, start_frame, end_frame, transition_kind, transition_first, "
            "transition_last, confidence",
            "array_file": "kind, model, version, path",
        }.items():
            database.execute(
                f"{numbers} INSERT INTO {table} (media_id, {names}) SELECT i, {names} "
                f"FROM n, {table} WHERE media_id = 1",
                (titles,),
            )
        database.execute(
            f"{numbers} INSERT INTO cut (id, media_id, name, kind, created_at) SELECT i, "
            "1 + i % ?, name || ' ' || i, kind, created_at FROM n, cut WHERE id = 1",
            (cuts, titles),
        )
        for table in ("cut_version", "slot"):
            names = ", ".join(
                row[1]
                for row in database.execute(f"PRAGMA table_info({table})")
                if row[1] != "cut_id"
            )
            database.execute(
                f"{numbers} INSERT INTO {table} (cut_id, {names}) SELECT i, {names} "
                f"FROM n, {table} WHERE cut_id = 1",
                (cuts,),
            )
        database.execute("COMMIT")
        database.execute("ANALYZE")


@contextmanager
def served(root: Path) -> Iterator[str]:
    """`reel dashboard` over a workspace; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dashboard.cli", "dashboard", "--port", f"{port}", "--quiet"]
    server = subprocess.Popen(
        [*command, "--workspace", str(root)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5)
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


class Visit:
    """A person at the dashboard, with a stop-watch."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.times: dict[str, list[float]] = {}

    def timed(self, what: str, act: Callable[[], object], done: Callable[[], object]) -> None:
        """Do something, and note how long it took until it was done; then let the page rest."""
        from playwright.sync_api import TimeoutError as TooLong

        began = time.perf_counter()
        try:
            act()
            done()
            seconds = time.perf_counter() - began
        except TooLong:
            seconds = float("inf")
        self.times.setdefault(what, []).append(seconds)
        self.rest()

    def rest(self) -> None:
        """Wait until the page is not being drawn: a menu that is open then would close."""
        self.page.locator('[data-test-script-state="notRunning"]').wait_for(timeout=PATIENCE)
        self.page.wait_for_timeout(300)

    def sees(self, text: str) -> Callable[[], object]:
        """Waits for a text on the page."""
        found = self.page.get_by_text(text).first
        return lambda: found.wait_for(timeout=PATIENCE)

    def heading(self, name: str) -> Callable[[], object]:
        """Waits for a heading."""
        found = self.page.get_by_role("heading", name=name).first
        return lambda: found.wait_for(timeout=PATIENCE)

    def options(self, sheet: str) -> Any:
        """The cards of a sheet, or the slots of a timeline."""
        return self.page.get_by_role("listbox", name=sheet).get_by_role("option")

    def link(self, name: str) -> Callable[[], object]:
        """Clicks a link of the navigation."""
        return lambda: self.page.get_by_role("link", name=name, exact=True).click()


def first_page(visit: Visit, titles: int) -> None:
    """The library, from an empty browser to the pictures of its first films."""
    pictures = visit.options("Films").first
    visit.timed(
        "first page: the library",
        lambda: visit.page.goto(visit.url),
        lambda: (visit.sees(f"of {titles:,} films")(), pictures.wait_for(timeout=PATIENCE)),
    )


def use_library(visit: Visit, titles: int) -> None:
    """Search, order, page through, and open a film."""
    from playwright.sync_api import TimeoutError as TooLong

    page = visit.page
    box = page.get_by_label("Search")

    def search(text: str) -> Callable[[], object]:
        return lambda: (box.fill(text), box.press("Enter"))

    visit.timed("library: search", search("title 00777"), visit.sees("1 – 1 of 1 films"))
    visit.timed("library: clear the search", search(""), visit.sees(f"of {titles:,} films"))
    visit.timed(
        "library: next page",
        lambda: page.get_by_role("button", name="Page 2", exact=True).click(),
        visit.sees("25 – 48"),
    )

    def order(name: str) -> None:
        page.get_by_role("combobox", name="Order").press("ArrowDown")
        page.get_by_role("option", name=name, exact=True).click()

    newest = f"title {titles:05d}.mp4"
    visit.timed("library: another order", lambda: order("Newest"), visit.sees(newest))
    for _ in range(3):  # on a busy machine a menu may close under the click
        order("Name")
        with suppress(TooLong):
            page.get_by_text("1 – 24").first.wait_for(timeout=PATIENCE / 10)
            break
    visit.rest()
    visit.timed(
        "title: open a film",
        lambda: visit.options("Films").nth(5).click(),
        lambda: page.get_by_role("slider", name="Shots of").wait_for(timeout=PATIENCE),
    )


def use_title(visit: Visit) -> None:
    """Choose a shot, and look for similar ones."""
    page = visit.page
    strip = page.get_by_role("slider", name="Shots of")
    shot = int(strip.get_attribute("aria-valuenow"))
    page.get_by_role("tab", name="Shot", exact=True).click()
    visit.timed(
        "title: choose a shot",
        lambda: strip.press("ArrowRight"),
        visit.sees(f"Shot {shot + 1} · "),
    )
    visit.timed(
        "title: similar shots",
        lambda: page.get_by_role("tab", name="Similar shots").click(),
        visit.sees("looked through"),
    )


def use_cuts(visit: Visit, cuts: int) -> None:
    """The list of cuts, and the review of one."""
    visit.timed("cuts: open the list", visit.link("Cuts"), visit.sees(f"{cuts:,} cuts"))
    visit.timed(
        "review: open a cut",
        visit.options("Cuts").first.click,
        lambda: visit.options("Slots of").first.wait_for(timeout=PATIENCE),
    )


def use_review(visit: Visit) -> None:
    """Choose, compare, lock, undo and re-solve."""
    page, slots = visit.page, visit.options("Slots of")
    corner = {"x": 20, "y": 40}
    now = _version(page)
    page.get_by_role("tab", name="Why").click()
    visit.timed(
        "review: choose a slot",
        lambda: slots.nth(2).click(position=corner),
        visit.sees("Slot 3 of"),
    )
    visit.timed(
        "review: alternates side by side",
        lambda: page.get_by_role("tab", name="Alternates").click(),
        visit.sees("Instead: shot"),
    )
    lock = page.get_by_role("button", name="Lock", exact=True)
    visit.timed("review: lock a slot", lock.click, visit.sees(f"Version {now + 1} by"))
    visit.timed(
        "review: undo",
        page.get_by_role("button", name="Undo").click,
        visit.sees(f"Version {now + 2} by"),
    )
    visit.timed(
        "review: assemble the rest anew",
        page.get_by_role("button", name="Re-solve the rest").click,
        visit.sees(f"Version {now + 3} by"),
    )
    slots.first.click(position=corner)
    visit.sees("Slot 1 of")()


def _version(page: Any) -> int:
    said = page.get_by_test_id("stCaptionContainer").filter(has_text="Version").first.inner_text()
    return int(said.split()[1])


def measure(
    url: str, titles: int, cuts: int, repeats: int, *, warm: float, audience: bool
) -> Visit:
    """Use the dashboard `repeats` times, each in an empty browser, and give the times.

    After the very first page `warm` seconds are left to the server, which then imports what the
    other pages need.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("needs Debian's chromium: apt install chromium")
    times: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        for number in range(repeats):
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            visit = Visit(browser.new_page(viewport={"width": 1280, "height": 720}), url)
            visit.times = times
            first_page(visit, titles)
            if number == 0:
                visit.page.wait_for_timeout(1000 * warm)
            use_library(visit, titles)
            use_title(visit)
            use_cuts(visit, cuts)
            use_review(visit)
            if audience:
                visit.timed("audience: open it", visit.link("Audience"), visit.sees("Viewers"))
            browser.close()
    return visit


def main() -> None:
    """Make the workspace, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--film", type=Path, default=FILM)
    parser.add_argument("--titles", type=int, default=10_000)
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--log-rows", type=float, default=1e7)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--warm", type=float, default=20.0, help="seconds after the first page")
    parser.add_argument("--workspace", type=Path, help="keep it there, or use the one that is")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = (given.workspace or Path(temporary) / "workspace").resolve()
        if not root.exists():
            make_workspace(root, given.film, given.titles, given.cuts, int(given.log_rows))
        with served(root) as url:
            visit = measure(
                url, given.titles, given.cuts, given.repeats, warm=given.warm,
                audience=bool(given.log_rows),
            )  # fmt: skip
    print(f"| what | median s | longest of {given.repeats} s | allowed s |\n|---|---|---|---|")
    for what, times in visit.times.items():
        allowed = FIRST_PAGE if what.startswith("first") else INTERACTION
        middle, longest = statistics.median(times), max(times)
        print(f"| {what} | {middle:.2f} | {longest:.2f} | {allowed:.0f} |")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
