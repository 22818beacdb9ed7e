"""The review loop in a real browser, from a suggestion to a timeline that another program opens."""

import re
from pathlib import Path

import opentimelineio as otio
import pytest

from dashboard.cut_edits import Edit, make_edit
from dashboard.people import Person
from dashboard.settings import Workspace
from editing.approvals import approvals_of
from editing.cut import Cut
from editing.cut_store import load_cut
from ingest.catalog import Catalog

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser
PATIENCE = 90_000
"""Milliseconds; a busy machine takes long to import what a page needs for the first time."""


def settled(page: "sync_api.Page") -> None:
    page.wait_for_timeout(300)
    sync_api.expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE)


def open_review(page: "sync_api.Page") -> None:
    page.get_by_role("link", name="Review").click()
    page.get_by_role("heading", name="Review").first.wait_for(timeout=PATIENCE)
    slots(page).first.wait_for(timeout=PATIENCE)
    settled(page)


def slots(page: "sync_api.Page") -> "sync_api.Locator":
    return page.get_by_role("listbox", name="Slots of").get_by_role("option")


def choose(page: "sync_api.Page", number: int) -> None:
    slots(page).nth(number).click(position={"x": 20, "y": 40})
    page.get_by_text(f"Slot {number + 1} of").wait_for(timeout=PATIENCE)
    settled(page)


def tab(page: "sync_api.Page", name: str) -> None:
    page.get_by_role("tab", name=re.compile(name)).click()
    settled(page)


def version(page: "sync_api.Page", number: int) -> None:
    """The page shows this version."""
    said = page.get_by_test_id("stCaptionContainer").filter(has_text=f"Version {number} by")
    sync_api.expect(said).to_be_visible(timeout=PATIENCE)
    settled(page)


def kept(workspace: Workspace, page: "sync_api.Page") -> Cut:
    """The latest version of the cut that a page shows."""
    with Catalog(workspace.catalog) as catalog:
        return load_cut(catalog, shown_cut(page))


def shown_cut(page: "sync_api.Page") -> int:
    return int(page.url.partition("cut=")[2])


def test_from_a_suggestion_to_a_timeline_that_opens_with_the_change(
    page: "sync_api.Page", own_workspace: Workspace, tmp_path: Path
) -> None:
    page.get_by_role("link", name="Cuts").click()
    page.get_by_role("heading", name="Cuts").first.wait_for(timeout=PATIENCE)
    page.get_by_text("Suggest a cut").click()
    page.get_by_role("spinbutton", name="Seconds").fill("6")
    page.get_by_role("spinbutton", name="Seconds").press("Tab")
    page.get_by_role("button", name="Suggest", exact=True).click()
    page.get_by_role("heading", name="Review: harbour trailer").wait_for(timeout=PATIENCE)
    slots(page).first.wait_for(timeout=PATIENCE)
    suggested = kept(own_workspace, page)
    number = next(n for n, slot in enumerate(suggested.slots) if slot.alternates)
    shot = suggested.slots[number].alternates[0].shot

    choose(page, number)
    tab(page, "Alternates")
    page.get_by_role("button", name=f"Use shot {shot}").click()
    version(page, 2)
    other = 0 if number else 1
    choose(page, other)
    page.get_by_role("button", name="Lock", exact=True).click()
    version(page, 3)
    page.get_by_role("button", name="Re-solve the rest").click()
    version(page, 4)
    page.get_by_role("button", name="Approve").first.click()
    page.get_by_role("textbox", name="Your name").last.fill("Ana Lis")
    page.get_by_role("button", name="Approve version 4").click()
    page.get_by_text("approved by Ana Lis").first.wait_for(timeout=PATIENCE)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="OTIO").click()
    waiting.value.save_as(tmp_path / "cut.otio")

    cut = kept(own_workspace, page)
    with Catalog(own_workspace.catalog) as catalog:
        assert [(one.version, one.name) for one in approvals_of(catalog, cut.id)] == [
            (4, "Ana Lis")
        ]
    assert waiting.value.suggested_filename == f"trailer-{cut.id}-v4.otio"
    timeline = otio.adapters.read_from_file(str(tmp_path / "cut.otio"))
    assert timeline.duration().to_frames() == cut.frames == suggested.brief.frames
    clips = [clip.source_range for clip in timeline.video_tracks()[0].find_clips()]
    starts = [clip.start_time.to_frames() for clip in clips]
    replaced = next(slot for slot in cut.slots if slot.shot == shot)
    assert replaced.locked
    assert starts == [10 * 3600 * 24 + slot.source.start for slot in cut.slots]


def test_a_cut_plays_through_its_joins_frame_by_frame(
    page: "sync_api.Page", own_workspace: Workspace
) -> None:
    open_review(page)
    cut = kept(own_workspace, page)
    shown = [
        (number, slot.source.start + offset)
        for number, slot in enumerate(cut.slots)
        for offset in range(slot.source.frames)
    ]
    player = page.locator('.player[data-painted="0"]')
    sync_api.expect(player).to_be_visible(timeout=PATIENCE)
    player.evaluate(
        """(player) => {
          window.painted = [];
          new MutationObserver(() => {
            const { painted, slot, source } = player.dataset;
            window.painted.push([painted, slot, source].map(Number));
          }).observe(player, { attributes: true, attributeFilter: ['data-painted'] });
          player.focus();
        }"""
    )
    page.keyboard.press("l")
    sync_api.expect(page.locator(f'.player[data-painted="{cut.frames - 1}"]')).to_be_visible(
        timeout=PATIENCE
    )

    painted = page.evaluate("window.painted")
    assert len(painted) > cut.frames / 2  # a busy machine may drop frames, but shows no wrong one
    for record, slot, source in painted:
        assert shown[record] == (slot, source)
    records = [record for record, _, _ in painted]
    assert records == sorted(records)


def test_keys_step_mark_and_jump_between_cuts(
    page: "sync_api.Page", own_workspace: Workspace
) -> None:
    open_review(page)
    first = kept(own_workspace, page).record_ranges()[0].frames
    sync_api.expect(page.locator('.player[data-painted="0"]')).to_be_visible(timeout=PATIENCE)
    settled(page)
    page.locator(".player").focus()
    for key in ("ArrowRight", ".", "ArrowRight", ","):
        page.keyboard.press(key)
    sync_api.expect(page.locator('.player[data-painted="2"]')).to_be_visible(timeout=PATIENCE)
    assert page.locator(".timecode").inner_text() == "01:00:00:02"

    page.keyboard.press("ArrowDown")
    sync_api.expect(page.locator(f'.player[data-painted="{first}"]')).to_be_visible(
        timeout=PATIENCE
    )
    settled(page)
    page.keyboard.press("Home")
    page.keyboard.press("i")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("o")
    assert page.locator(".range").inner_text() == "marked 5 frames"


def test_dragging_moves_a_slot_and_an_edge_trims_it(
    page: "sync_api.Page", own_workspace: Workspace
) -> None:
    open_review(page)
    before = kept(own_workspace, page)
    boxes = [slots(page).nth(n).bounding_box() for n in range(2)]
    middle = boxes[0]["y"] + 40
    page.mouse.move(boxes[0]["x"] + 40, middle)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + boxes[1]["width"] - 5, middle, steps=8)
    page.mouse.up()
    version(page, before.version + 1)

    moved = kept(own_workspace, page)
    assert [slot.shot for slot in moved.slots[:2]] == [slot.shot for slot in before.slots[1::-1]]

    box = slots(page).nth(0).bounding_box()
    page.mouse.move(box["x"] + box["width"] - 3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 43, middle, steps=8)
    page.mouse.up()
    version(page, before.version + 2)

    trimmed = kept(own_workspace, page)
    assert trimmed.slots[0].source.start == moved.slots[0].source.start
    assert trimmed.slots[0].source.end < moved.slots[0].source.end


def test_of_two_people_the_second_sees_both_versions_and_loses_nothing(
    page: "sync_api.Page", own_workspace: Workspace
) -> None:
    open_review(page)
    now = kept(own_workspace, page)
    choose(page, 1)
    with Catalog(own_workspace.catalog) as catalog:
        make_edit(
            Person("Bo", "editor"), catalog, Edit(now.id, now.version, "note", 0, text="Bo's")
        )

    button = page.get_by_role(
        "button", name=re.compile("^(lock Lock|lock_open Unlock|Lock|Unlock)$")
    )
    button.first.click()
    page.get_by_text("Not kept:").wait_for(timeout=PATIENCE)
    settled(page)
    page.get_by_role("button", name=f"Make it to version {now.version + 1}").click()
    version(page, now.version + 2)

    both = kept(own_workspace, page)
    assert both.slots[0].note == "Bo's"
    assert both.slots[1].locked is not now.slots[1].locked


def test_a_phone_shows_every_page_without_scrolling_sideways(
    browser: "sync_api.Browser", url: str
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="light")
    for path in ("", "title?film=1", "cuts", "review?cut=1"):
        page.goto(f"{url}/{path}")
        page.get_by_role("heading").first.wait_for(timeout=PATIENCE)
        page.wait_for_timeout(1500)
        settled(page)
        beyond = page.evaluate(
            """() => {
              const main = document.querySelector('[data-testid="stMain"]');
              return main.scrollWidth - main.clientWidth;
            }"""
        )
        assert beyond <= 1, path
    page.close()
