"""The real server and a real browser: pages, playback of a film, frame-exact seeking, links."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser


def status_of(url: str, path: str) -> int:
    """The status of exactly this path."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def heading(page: "sync_api.Page", title: str) -> None:
    """The page of this title is there, and Streamlit has finished running it."""
    sync_api.expect(page.get_by_role("heading", name=title).first).to_be_visible(timeout=90_000)
    sync_api.expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=90_000)


def open_page(page: "sync_api.Page", title: str) -> None:
    page.get_by_role("link", name=title).click()
    heading(page, title)


def at_frame(page: "sync_api.Page", frame: int) -> None:
    """The player says that this frame is on the screen, and the browser painted it."""
    player = page.locator(f'.player[data-frame="{frame}"][data-painted="{frame}"]')
    sync_api.expect(player).to_be_visible(timeout=30_000)
    page.wait_for_function(_ON_VIDEO.format("v.readyState >= 2 && !v.seeking"), timeout=30_000)


_ON_VIDEO = """() => {{
  const roots = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean);
  const v = roots.map((root) => root.querySelector('video')).find(Boolean);
  return v && ({});
}}"""


def open_film(page: "sync_api.Page", name: str = "harbour.mp4") -> None:
    """The title page of a film, from its picture in the library."""
    page.get_by_role("listbox", name="Films").get_by_role("option", name=name).click()
    heading(page, name)


def test_every_page_opens(page: "sync_api.Page") -> None:
    for title in ("Cuts", "Review", "Audience", "Library"):
        open_page(page, title)


def test_choosing_a_shot_on_the_strip_shows_its_frames(page: "sync_api.Page") -> None:
    open_film(page)
    at_frame(page, 0)
    strip = page.get_by_role("slider", name="Shots of harbour.mp4")
    strip.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")

    at_frame(page, 3 * 48)
    assert page.locator(".timecode").inner_text() == "10:00:06:00"
    seconds = page.evaluate(_ON_VIDEO.format("v.currentTime"))
    assert 6 <= seconds < 6 + 1 / 24


def test_the_player_steps_by_frame_and_plays(page: "sync_api.Page") -> None:
    open_film(page)
    at_frame(page, 0)
    page.locator(".player").focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    at_frame(page, 25)
    page.keyboard.press("ArrowLeft")
    at_frame(page, 24)
    assert page.locator(".timecode").inner_text() == "10:00:01:00"

    page.keyboard.press("Space")
    page.wait_for_function(_ON_VIDEO.format("v.currentTime > 1.5"), timeout=30_000)
    page.keyboard.press("Space")
    assert page.evaluate(_ON_VIDEO.format("v.paused"))


def test_a_rerun_of_the_page_leaves_the_player_where_it_is(page: "sync_api.Page") -> None:
    open_film(page)
    page.get_by_role("slider", name="Shots of").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    at_frame(page, 96)
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    at_frame(page, 97)

    page.get_by_text("Every shot, with its measures").click()
    page.get_by_test_id("stMainMenu").click()
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)

    at_frame(page, 97)


def test_only_the_pages_own_links_reach_a_file(page: "sync_api.Page", url: str) -> None:
    open_film(page)
    at_frame(page, 0)
    link = urlsplit(page.evaluate(_ON_VIDEO.format("v.currentSrc"))).path

    assert status_of(url, link) == 200
    assert status_of(url, link[:-3]) == 403
    assert status_of(url, "/footage/WyJtZWRpYSIsIjEiLDBd.forged") == 403
    assert status_of(url, "/footage/..%2f..%2fetc%2fpasswd") in {400, 403, 404}
    pictures = page.evaluate(
        """() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)
        .map((root) => root.querySelector('.pictures img')).find(Boolean).src"""
    )
    pictures = urlsplit(pictures).path.rsplit("/", 1)[0]
    assert status_of(url, f"{pictures}/3") == 200
    assert status_of(url, f"{pictures}/99") == 404
    for beyond in ("..%2f..%2fcatalog.sqlite", "../../catalog.sqlite", "3/../../x", "-1", ""):
        assert status_of(url, f"{pictures}/{beyond}") in {400, 403, 404}


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
