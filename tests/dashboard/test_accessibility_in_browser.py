"""What people who cannot see or cannot use a mouse find: by axe-core, and by checks of our own.

axe-core comes with the package `axe-playwright-python`; without it that test is skipped, and what
is checked here by hand remains: names of controls, order of headings, reach by the keyboard.
"""

from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser

PAGES = {
    **{"library": "", "title": "title?film=1", "cuts": "cuts", "review": "review?cut=1"},
    **{name: name for name in ("audience", "segments", "promote", "recommendations")},
    **{name: name for name in ("jobs", "models", "system")},
}
NAMELESS = """() => {
  const found = [];
  const look = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) look(element.shadowRoot);
      const control = element.matches(
        'button, a[href], input, select, textarea, [role=option], [role=slider], [role=tab]');
      if (!control || !element.checkVisibility({ visibilityProperty: true })) continue;
      const root = element.getRootNode(), named = element.getAttribute('aria-labelledby');
      const name = element.getAttribute('aria-label') || element.title || element.innerText
        || element.placeholder || (named && root.getElementById(named)?.innerText)
        || element.labels?.[0]?.innerText || element.closest('label')?.innerText;
      if (!name?.trim()) found.push(element.outerHTML.slice(0, 160));
    }
  };
  look(document);
  return found;
}"""
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1]))"


def axe_script() -> str:
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.skip("needs axe-core: pip install axe-playwright-python")
    return (Path(spec.origin).parent / "axe.min.js").read_text("utf-8")


def opened(browser: "sync_api.Browser", url: str, path: str, scheme: str) -> "sync_api.Page":
    page = browser.new_page(
        viewport={"width": 1280, "height": 720}, color_scheme=scheme, bypass_csp=True
    )
    page.goto(f"{url}/{path}")
    page.get_by_role("heading").first.wait_for(timeout=90_000)
    page.wait_for_timeout(2500)
    sync_api.expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=90_000)
    return page


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_fault(
    browser: "sync_api.Browser", url: str, name: str, scheme: str
) -> None:
    script = axe_script()
    page = opened(browser, url, PAGES[name], scheme)
    assert serious_faults(page, script) == []
    page.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_no_serious_fault_on_the_page_cuts_while_a_brief_is_filled_in(
    browser: "sync_api.Browser", url: str, scheme: str
) -> None:
    script = axe_script()
    page = opened(browser, url, PAGES["cuts"], scheme)
    form = page.get_by_role("button", name="Suggest", exact=True)
    if not form.is_visible():
        page.get_by_text("Suggest a cut", exact=True).click()
    form.wait_for(timeout=90_000)
    page.wait_for_timeout(1000)  # it unfolds
    assert serious_faults(page, script) == []

    page.get_by_role("button", name="Upload…").click()
    page.get_by_text("Rating rules, TOML of at most").wait_for(timeout=90_000)
    page.wait_for_timeout(1000)
    assert serious_faults(page, script) == []
    assert page.evaluate(NAMELESS) == []
    page.close()


def serious_faults(page: "sync_api.Page", script: str) -> list[tuple[str, list[object]]]:
    """What axe-core finds on a page that keeps people out, by its rule and where."""
    page.evaluate(script)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")

    assert found["passes"], "axe looked at nothing"
    return [
        (fault["id"], [node["target"] for node in fault["nodes"][:3]])
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("name", PAGES)
def test_every_control_has_a_name_and_headings_skip_no_level(
    browser: "sync_api.Browser", url: str, name: str
) -> None:
    page = opened(browser, url, PAGES[name], "light")

    assert page.evaluate(NAMELESS) == []
    levels = page.evaluate(HEADINGS)
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    page.close()


def test_the_keyboard_reaches_the_timeline_the_player_and_the_inspector_in_that_order(
    browser: "sync_api.Browser", url: str
) -> None:
    page = opened(browser, url, PAGES["review"], "dark")
    page.evaluate("document.activeElement?.blur()")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                  let at = document.activeElement;
                  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
                  return at?.className?.includes?.('slot') ? 'slot'
                    : at?.className?.includes?.('player') ? 'player'
                    : at?.getAttribute?.('role') === 'tab' ? 'tab' : '';
                }"""
            )
        )
    places = [reached.index(name) for name in ("slot", "player", "tab")]

    assert places == sorted(places)
    page.close()
