"""Fast hands on the review page: nothing is lost, nothing of an older answer comes back."""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import dashboard
from dashboard.settings import Workspace
from editing.assemble.brief import default_brief
from editing.cut import Cut, Slot
from editing.cut_store import create_cut, load_cut
from ingest.catalog import Catalog
from ingest.timecode import FrameRange

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser
PATIENCE = 90_000
SCRIPTS = Path(dashboard.__file__).parent / "components"
COUNTING = """
  window.watched = 0;
  for (const [name, by] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    const own = document[name].bind(document);
    document[name] = (kind, ...rest) => {
      if (kind === "visibilitychange" && /stop/.test(String(rest[0]))) window.watched += by;
      return own(kind, ...rest);
    };
  }
"""


@pytest.fixture(scope="module")
def cut(own_workspace: Workspace) -> Cut:
    """Six slots of a second, each of another shot."""
    with Catalog(own_workspace.catalog) as catalog:
        film = catalog.find_media("harbour.mp4")
        brief = replace(default_brief("trailer", Fraction(6), film.rate), frames=144)
        slots = tuple(
            Slot(film.id, n, FrameRange(48 * n + 10, 48 * n + 34), 0.0, ()) for n in range(6)
        )
        return create_cut(
            catalog, film, name="six", brief=brief, slots=slots, ranker="linear 1", author="Ana"
        )


@pytest.fixture
def review(browser: "sync_api.Browser", url: str, cut: Cut) -> Iterator["sync_api.Page"]:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.add_init_script(COUNTING)
    page.goto(f"{url}/review?cut={cut.id}")
    slots(page).nth(5).wait_for(timeout=PATIENCE)
    settled(page)
    yield page
    page.close()


def slots(page: "sync_api.Page") -> "sync_api.Locator":
    return page.get_by_role("listbox", name="Slots of").get_by_role("option")


def settled(page: "sync_api.Page") -> None:
    page.wait_for_timeout(500)
    sync_api.expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE)


def chosen(page: "sync_api.Page") -> list[int]:
    states = slots(page).evaluate_all("(all) => all.map((one) => one.ariaSelected)")
    return [number for number, state in enumerate(states) if state == "true"]


def test_the_last_of_fast_choices_stands(review: "sync_api.Page") -> None:
    slots(review).nth(0).focus()
    seen = []
    for _ in range(4):
        review.keyboard.press("ArrowDown")
        seen.append(chosen(review))
    for _ in range(20):
        review.wait_for_timeout(50)
        seen.append(chosen(review))
    review.get_by_text("Slot 5 of 6").wait_for(timeout=PATIENCE)
    settled(review)

    assert seen == [[1], [2], [3], *[[4]] * 21]
    focused = slots(review).nth(4).evaluate("(one) => one.getRootNode().activeElement === one")
    assert focused


def test_fast_moves_are_all_made_and_are_no_conflict_with_themselves(
    review: "sync_api.Page", own_workspace: Workspace, cut: Cut
) -> None:
    with Catalog(own_workspace.catalog) as catalog:
        before = load_cut(catalog, cut.id)
    slots(review).nth(0).focus()
    for _ in range(3):
        review.keyboard.press("Alt+ArrowRight")
    slots(review).nth(5).click(position={"x": 20, "y": 40})  # another choice on top of it
    said = review.get_by_test_id("stCaptionContainer").filter(
        has_text=f"Version {before.version + 3} by"
    )
    sync_api.expect(said).to_be_visible(timeout=PATIENCE)
    settled(review)

    assert review.get_by_text("Not kept:").count() == 0
    with Catalog(own_workspace.catalog) as catalog:
        after = load_cut(catalog, cut.id)
    assert after.version == before.version + 3
    order = [slot.shot for slot in before.slots]
    assert [slot.shot for slot in after.slots] == [*order[1:4], order[0], *order[4:]]


def test_a_change_that_is_sent_again_is_made_once(
    review: "sync_api.Page", own_workspace: Workspace, cut: Cut
) -> None:
    with Catalog(own_workspace.catalog) as catalog:
        before = load_cut(catalog, cut.id)
    review.evaluate(
        """([channel, edit]) => {
          const box = window.reelroomOutboxes.get(channel);
          box.send("timeline", edit);
          box.send("timeline", { ...edit, slot: 3 });
        }""",
        [
            f"cut-{cut.id}",
            {"cut": cut.id, "version": before.version, "kind": "trim", "slot": 2, "tail": -2},
        ],
    )
    said = review.get_by_test_id("stCaptionContainer").filter(
        has_text=f"Version {before.version + 2} by"
    )
    sync_api.expect(said).to_be_visible(timeout=PATIENCE)
    review.wait_for_timeout(5000)  # longer than a change waits until it is sent again
    settled(review)

    with Catalog(own_workspace.catalog) as catalog:
        after = load_cut(catalog, cut.id)
    assert after.version == before.version + 2
    lengths = [slot.source.frames for slot in after.slots]
    assert lengths == [
        slot.source.frames - 2 * (number in (2, 3)) for number, slot in enumerate(before.slots)
    ]


def test_changes_that_wait_while_the_page_is_left_are_sent_when_it_is_back(
    browser: "sync_api.Browser",
) -> None:
    """The page hears of the first, is left before it answers, and comes back after a while."""
    page = browser.new_page()
    script = (SCRIPTS / "edits.js").read_text("utf-8")
    heard = page.evaluate(
        f"""async () => {{
          {script}
          const box = openOutbox("cut-1"), heard = [];
          let sender = "";
          const trigger = (_name, edit) => {{ heard.push(edit.slot); sender = edit.sender; }};
          box.answered("timeline", trigger, {{}});
          box.send("timeline", {{ slot: 5 }});
          box.send("timeline", {{ slot: 7 }});
          box.leave("timeline");
          await new Promise((go) => setTimeout(go, EDIT_PATIENCE + 500));
          const busy = box.busy;
          box.answered("timeline", trigger, {{}});
          box.answered("timeline", trigger, {{ [sender]: 1 }});
          box.answered("timeline", trigger, {{ [sender]: 2 }});
          return [heard, busy, box.busy];
        }}"""
    )
    page.close()

    assert heard == [[5, 5, 7], True, False]


def test_a_change_that_nobody_hears_is_sent_again_though_another_waits(
    browser: "sync_api.Browser",
) -> None:
    page = browser.new_page()
    script = (SCRIPTS / "edits.js").read_text("utf-8")
    heard = page.evaluate(
        f"""async () => {{
          {script}
          const box = openOutbox("cut-1"), heard = [];
          box.answered("timeline", (_name, edit) => heard.push(edit.slot), {{}});
          box.send("timeline", {{ slot: 5 }});
          box.send("timeline", {{ slot: 7 }});
          await new Promise((go) => setTimeout(go, EDIT_PATIENCE + 500));
          return heard;
        }}"""
    )
    page.close()

    assert heard == [5, 5]


def test_leaving_and_coming_back_leaves_nothing_behind(review: "sync_api.Page") -> None:
    for _ in range(3):
        review.get_by_role("link", name="Library").click()
        review.get_by_role("listbox", name="Films").wait_for(timeout=PATIENCE)
        settled(review)
        assert review.evaluate("window.reelroomChannels.size") == 0
        assert review.evaluate("window.watched") == 0
        review.get_by_role("link", name="Review").click()
        review.get_by_role("heading", name=re.compile("^Review")).wait_for(timeout=PATIENCE)
        slots(review).nth(5).wait_for(timeout=PATIENCE)
        settled(review)
    assert review.evaluate("window.watched") == 1
    assert review.evaluate("window.reelroomChannels.size") == 1


def test_a_page_is_not_loaded_anew_unasked_while_a_change_is_on_its_way(
    review: "sync_api.Page", own_workspace: Workspace, cut: Cut
) -> None:
    held = """() => {
      const event = new Event("beforeunload", { cancelable: true });
      window.dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    with Catalog(own_workspace.catalog) as catalog:
        before = load_cut(catalog, cut.id)
    assert not review.evaluate(held)
    on_its_way = review.evaluate(
        f"""([channel, edit]) => {{
          window.reelroomOutboxes.get(channel).send("timeline", edit);
          return ({held})();
        }}""",
        [
            f"cut-{cut.id}",
            {"cut": cut.id, "version": before.version, "kind": "lock", "slot": 5},
        ],
    )
    said = review.get_by_test_id("stCaptionContainer").filter(
        has_text=f"Version {before.version + 1} by"
    )
    sync_api.expect(said).to_be_visible(timeout=PATIENCE)
    settled(review)

    assert on_its_way
    assert not review.evaluate(held)
