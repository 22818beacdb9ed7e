"""The real server and a real browser: pages, playback, frame-exact seeking, a download."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import opentimelineio as otio
import pytest

import dashboard
from dashboard.settings import Workspace
from editing.cut import Cut
from editing.cut_store import load_cut
from ingest.catalog import Catalog

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status_of(url: str, path: str) -> int:
    """The status of exactly this path; 0 while nobody listens."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.fixture(scope="module")
def own_workspace(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    copy = Workspace(tmp_path_factory.mktemp("browser") / "workspace")
    shutil.copytree(built.root, copy.root)
    return copy


@pytest.fixture(scope="module")
def url(own_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`reel dashboard`, started outside of the repository as from an installed package."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    arguments = ["--port", f"{port}", "--workspace", f"{own_workspace.root}"]
    folder = tmp_path_factory.mktemp("elsewhere")
    log = (folder / "log.txt").open("w+")
    server = subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", "dashboard", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(dashboard.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while status_of(site, "/_stcore/health") != 200:
            assert server.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)
        assert server.stdout is not None
        assert server.stdout.readline().strip() == site
        yield site
    finally:
        server.terminate()
        server.wait(timeout=20)
        if server.stdout is not None:
            server.stdout.close()
        log.close()
    assert "Traceback" not in (folder / "log.txt").read_text()


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: "sync_api.Browser", url: str) -> Iterator["sync_api.Page"]:
    """A page at the dashboard's root; at the end it must have shown and logged no error."""
    opened = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme="dark")
    errors: list[str] = []
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(f"{error}"))
    opened.goto(url)
    heading(opened, "Library")
    yield opened
    assert opened.get_by_test_id("stException").count() == 0
    assert opened.get_by_test_id("stAlertContentError").count() == 0
    opened.close()
    assert errors == []


def heading(page: "sync_api.Page", title: str) -> None:
    """The page of this title is there, and Streamlit has finished running it."""
    sync_api.expect(page.get_by_role("heading", name=title).first).to_be_visible(timeout=30_000)
    sync_api.expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=30_000)


def open_page(page: "sync_api.Page", title: str) -> None:
    page.get_by_role("link", name=title).click()
    heading(page, title)


def at_frame(page: "sync_api.Page", frame: int) -> None:
    """The player says that this frame is on the screen, and the browser painted it."""
    player = page.locator(f'.player[data-frame="{frame}"][data-painted="{frame}"]')
    sync_api.expect(player).to_be_visible(timeout=10_000)
    page.wait_for_function(_ON_VIDEO.format("v.readyState >= 2 && !v.seeking"), timeout=10_000)


_ON_VIDEO = """() => {{
  const roots = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean);
  const v = roots.map((root) => root.querySelector('video')).find(Boolean);
  return v && ({});
}}"""


def cut_of(workspace: Workspace) -> Cut:
    with Catalog(workspace.catalog) as catalog:
        return load_cut(catalog, 1)


def test_every_page_opens(page: "sync_api.Page") -> None:
    for title in ("Cuts", "Audience", "Library"):
        open_page(page, title)


def test_choosing_a_shot_shows_its_first_frame(page: "sync_api.Page") -> None:
    at_frame(page, 0)
    page.get_by_role("option").nth(3).click()

    at_frame(page, 3 * 48)
    assert page.locator(".timecode").inner_text() == "10:00:06:00"
    seconds = page.evaluate(_ON_VIDEO.format("v.currentTime"))
    assert 6 <= seconds < 6 + 1 / 24


def test_the_player_steps_by_frame_and_plays(page: "sync_api.Page") -> None:
    at_frame(page, 0)
    page.locator(".player").focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    at_frame(page, 25)
    page.keyboard.press("ArrowLeft")
    at_frame(page, 24)
    assert page.locator(".timecode").inner_text() == "10:00:01:00"

    page.keyboard.press("Space")
    page.wait_for_function(_ON_VIDEO.format("v.currentTime > 1.5"), timeout=10_000)
    page.keyboard.press("Space")
    assert page.evaluate(_ON_VIDEO.format("v.paused"))


def test_a_rerun_of_the_page_leaves_the_player_where_it_is(page: "sync_api.Page") -> None:
    page.get_by_role("option").nth(2).click()
    at_frame(page, 96)
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    at_frame(page, 97)

    page.get_by_text("Every shot, with its measures").click()
    page.get_by_test_id("stMainMenu").click()
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)

    at_frame(page, 97)


def test_a_slot_of_a_rendered_cut_is_found_at_its_record_time(
    page: "sync_api.Page", own_workspace: Workspace
) -> None:
    records = cut_of(own_workspace).record_ranges()
    open_page(page, "Cuts")
    at_frame(page, 0)
    assert page.locator(".timecode").inner_text() == "01:00:00:00"

    page.get_by_role("listbox", name="Slots of").get_by_role("option").nth(1).click()

    at_frame(page, records[1].start)


def test_an_export_is_downloaded_and_opens(
    page: "sync_api.Page", own_workspace: Workspace, tmp_path: Path
) -> None:
    open_page(page, "Cuts")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="OTIO").click()

    waiting.value.save_as(tmp_path / "cut.otio")
    timeline = otio.adapters.read_from_file(str(tmp_path / "cut.otio"))
    assert waiting.value.suggested_filename == "trailer-1-v1.otio"
    assert timeline.duration().to_frames() == cut_of(own_workspace).frames == 96


def test_only_the_pages_own_links_reach_a_file(page: "sync_api.Page", url: str) -> None:
    at_frame(page, 0)
    link = urlsplit(page.evaluate(_ON_VIDEO.format("v.currentSrc"))).path

    assert status_of(url, link) == 200
    assert status_of(url, link[:-3]) == 403
    assert status_of(url, "/footage/WyJtZWRpYSIsIjEiLDBd.forged") == 403
    assert status_of(url, "/footage/..%2f..%2fetc%2fpasswd") in {400, 403, 404}


def test_the_server_listens_on_the_loopback_only(url: str) -> None:
    port = urlsplit(url).port
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {parts[1] for parts in sockets if parts[3] == "0A"}

    assert {address for address in listening if address.endswith(f":{port:04X}")} == {
        f"0100007F:{port:04X}"
    }


def test_a_strange_host_name_is_refused(url: str) -> None:
    """A name that was rebound to the loopback gets no session."""
    headers = {
        "Host": "evil.example",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    connection.request("GET", "/_stcore/stream", headers=headers)
    assert connection.getresponse().status == 403
    connection.close()
