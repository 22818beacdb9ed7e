"""Take the pictures of the guide: each page of the dashboard, in headless Chromium.

    python docs/make_screenshots.py --workspace data/workspace

Needs Debian's chromium and Playwright, and a workspace with footage, a cut and a viewing log.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Page, sync_playwright

WIDTH, HEIGHT = 1280, 960
MOST_BYTES = 300_000
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@click.command()
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The workspace to show.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(__file__).parent / "screenshots",
    help="The folder for the pictures; docs/screenshots by default.",
)
@click.option("--film", help="Part of the name of the film to show; the first by default.")
@click.option("--shot", default=6, show_default=True, help="The shot that is chosen.")
@click.option("--slot", default=6, show_default=True, help="The slot of the cut that is chosen.")
def main(workspace: Path, output: Path, film: str | None, shot: int, slot: int) -> None:
    """Write a picture of each page: library.png, title.png, review.png, audience.png and so on."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise click.ClickException("needs Debian's chromium: apt install chromium")
    output.mkdir(parents=True, exist_ok=True)
    with dashboard_of(workspace) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark"
        )  # fmt: skip
        page.goto(url)
        page.get_by_role("listbox", name="Films").wait_for(timeout=60_000)
        settle(page)
        take(page, output / "library.png")
        films = page.get_by_role("listbox", name="Films").get_by_role("option")
        (films.filter(has_text=film) if film else films).first.click()
        strip = page.get_by_role("slider", name="Shots of")
        strip.wait_for(timeout=60_000)
        settle(page)
        for _ in range(shot):
            strip.press("ArrowRight")
        settle(page)
        take(page, output / "title.png")
        open_page(page, "Review")
        choose_card(page, "Slots of", slot - 1)
        take(page, output / "review.png")
        for title in ("Audience", "Segments", "Promote", "Recommendations", "Models", "System"):
            open_page(page, title)
            take(page, output / f"{title.lower()}.png")
        browser.close()


@contextmanager
def dashboard_of(workspace: Path) -> Iterator[str]:
    """Run `reel dashboard` over a workspace while inside; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dashboard.cli", "dashboard", "--port", f"{port}", "--quiet"]
    root = Path(__file__).resolve().parents[1]
    server = subprocess.Popen(
        [*command, "--workspace", f"{workspace.resolve()}"],
        env=os.environ | {"PYTHONPATH": f"{root}"},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Return when the server answers."""
    for _ in range(600):
        if server.poll() is not None:
            raise click.ClickException("the dashboard did not start")
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise click.ClickException("the dashboard did not start within a minute")


def open_page(page: Page, title: str) -> None:
    """Go to a page by its link."""
    page.get_by_role("link", name=title).first.click()
    page.get_by_role("heading", name=title).first.wait_for()
    settle(page)


def choose_card(page: Page, sheet: str, number: int) -> None:
    """Choose a card of a sheet; the last one if there are fewer."""
    cards = page.get_by_role("listbox", name=sheet).get_by_role("option")
    cards.first.wait_for(timeout=60_000)
    settle(page)
    cards.nth(min(number, cards.count() - 1)).click(position={"x": 20, "y": 40})
    settle(page)


def settle(page: Page) -> None:
    """Wait until Streamlit has run the page and the browser has drawn it."""
    page.wait_for_timeout(1000)
    page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=120_000)
    page.wait_for_timeout(2500)


def take(page: Page, path: Path) -> None:
    """Write a picture of at most `MOST_BYTES`, in fewer colours and then smaller if need be."""
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    full = Image.open(path).convert("RGB")
    width = full.width
    while path.stat().st_size > MOST_BYTES:
        size = (width, round(full.height * width / full.width))
        smaller = full.resize(size, Image.Resampling.LANCZOS)
        smaller.quantize(256).save(path, optimize=True)
        width -= 80
    click.echo(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
