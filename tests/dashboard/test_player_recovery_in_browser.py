"""A player paints the frame that it was asked for, whatever came between."""

import time
from collections.abc import Callable, Iterator

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser
PATIENCE = 40_000

LOSES_CALLBACKS = """
const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
const asked = new WeakMap();
HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
  return ask.call(this, (now, metadata) => {
    const times = (asked.get(this) ?? 0) + 1;
    asked.set(this, times);
    if (times > LOST) callback(now, metadata);
    else this.requestVideoFrameCallback(callback);
  });
};
"""
"""A browser that paints the first frames of each video without saying so."""


class Hindrance:
    """What befalls the first requests for footage; pictures of shots are left alone."""

    def __init__(self, first: Callable[["sync_api.Route"], object], times: int = 1) -> None:
        self.first, self.left, self.asked = first, times, 0

    def __call__(self, route: "sync_api.Route") -> None:
        if route.request.resource_type != "media":
            route.continue_()
            return
        self.asked += 1
        if self.left:
            self.left -= 1
            self.first(route)
        else:
            route.continue_()


def late(route: "sync_api.Route") -> None:
    time.sleep(2)
    route.continue_()


HINDRANCES: dict[str, Callable[[], Hindrance]] = {
    "late": lambda: Hindrance(late),
    "broken off": lambda: Hindrance(lambda route: route.abort("connectionreset")),
    "broken off four times": lambda: Hindrance(lambda route: route.abort("connectionreset"), 4),
    "busy": lambda: Hindrance(lambda route: route.fulfill(status=503, body="busy")),
    "never answered": lambda: Hindrance(lambda route: None),
}


@pytest.fixture
def visit(browser: "sync_api.Browser") -> Iterator["sync_api.Page"]:
    opened = browser.new_page(viewport={"width": 1280, "height": 720})
    yield opened
    opened.close()


def painted(page: "sync_api.Page") -> "sync_api.Locator":
    """The player stands on a frame that it has painted, and tells no fault."""
    page.locator(".player[data-painted]").wait_for(timeout=PATIENCE)
    player = page.locator(".player")
    sync_api.expect(player.locator(".fault")).to_be_hidden()
    assert player.get_attribute("data-painted") == player.get_attribute("data-frame")
    return player


@pytest.mark.parametrize("name", HINDRANCES)
def test_the_first_frame_of_a_cut_is_painted_though_its_film_was(
    visit: "sync_api.Page", url: str, name: str
) -> None:
    hindrance = HINDRANCES[name]()
    visit.route("**/footage/**", hindrance)
    visit.goto(f"{url}/review?cut=1")

    painted(visit)
    assert hindrance.left == 0 and hindrance.asked > 1
    visit.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("lost", [1, 2, 3])
@pytest.mark.parametrize("path", ["review?cut=1", "title?film=1"])
def test_a_frame_that_was_painted_without_a_word_is_asked_for_again(
    visit: "sync_api.Page", url: str, path: str, lost: int
) -> None:
    visit.add_init_script(LOSES_CALLBACKS.replace("LOST", f"{lost}"))
    visit.goto(f"{url}/{path}")

    painted(visit)


def test_what_the_server_does_not_have_is_told_and_not_asked_for_again_and_again(
    visit: "sync_api.Page", url: str
) -> None:
    asked: list[str] = []

    def gone(route: "sync_api.Route") -> None:
        asked.append(route.request.resource_type)
        route.fulfill(status=404, body="gone")

    visit.route("**/footage/**", gone)
    visit.goto(f"{url}/review?cut=1")

    told = visit.get_by_text("The film is not where it was when it was ingested")
    told.wait_for(timeout=PATIENCE)
    visit.wait_for_timeout(1500)
    assert asked.count("media") == 2  # one for each of the player's videos
    visit.unroute_all(behavior="ignoreErrors")


def test_a_page_that_is_left_and_come_back_to_while_its_film_loads_paints_it(
    visit: "sync_api.Page", url: str
) -> None:
    """The player goes and another comes, while the server has not answered the first one."""
    visit.route("**/footage/**", Hindrance(late, 2))
    visit.goto(f"{url}/review?cut=1")
    visit.locator(".player").wait_for(timeout=PATIENCE)
    for _ in range(2):
        visit.get_by_role("link", name="Cuts", exact=True).click()
        visit.get_by_role("listbox", name="Cuts").wait_for(timeout=PATIENCE)
        visit.get_by_role("link", name="Review", exact=True).click()
        visit.locator(".player").wait_for(timeout=PATIENCE)

    painted(visit)
    visit.unroute_all(behavior="ignoreErrors")


def test_a_film_that_is_in_the_browsers_cache_is_painted(visit: "sync_api.Page", url: str) -> None:
    for _ in range(3):
        visit.goto(f"{url}/review?cut=1")
        painted(visit)


def test_a_slot_that_is_chosen_before_the_film_is_there_is_painted(
    visit: "sync_api.Page", url: str
) -> None:
    visit.route("**/footage/**", Hindrance(late, 2))
    visit.goto(f"{url}/review?cut=1")
    visit.get_by_role("option").nth(1).click(position={"x": 20, "y": 40}, timeout=PATIENCE)

    player = painted(visit)
    sync_api.expect(player).to_have_attribute("data-slot", "1", timeout=PATIENCE)
    visit.unroute_all(behavior="ignoreErrors")
