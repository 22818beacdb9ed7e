"""What goes on beside the review page: repairs, decodes and assembling anew."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import cut_fault_queue
from dashboard.cut_edits import Edit, make_edit
from dashboard.people import Person
from dashboard.settings import Workspace
from editing.cut_store import load_cut
from ingest.catalog import Catalog

APP = Path(dashboard.__file__).parent / "app.py"
BO = Person("Bo", "editor")
GRIEF = (sys.executable, "-c", "raise SystemExit(3)")


def review(*, tab: str = "Faults") -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    page.session_state["author"] = "Ana"
    page.switch_page("views/review.py").run()
    labels = [one.label for one in page.tabs if one.label.startswith(tab)]
    page.session_state["inspector"] = labels[0]
    return page.run()


def words(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.caption, *page.markdown])


def press(page: AppTest, label: str) -> AppTest:
    return next(one for one in page.button if one.label == label).click().run()


def until(page: AppTest, come_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not come_true():
        assert time.monotonic() < deadline and not page.exception
        time.sleep(0.3)
        page.run()


def locked(workspace: Workspace) -> tuple[int, list[int]]:
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 1)
    return cut.version, [number for number, slot in enumerate(cut.slots) if slot.locked]


def test_a_repair_goes_on_beside_the_page_which_then_shows_its_version(
    flashing: Workspace,
) -> None:
    page = review()
    assert "**flash**" in words(page)

    press(page, "Repair what can be")
    until(page, lambda: "Version **3** by Ana" in words(page))

    assert not page.error
    assert "**flash**" not in words(page)
    with Catalog(flashing.catalog) as catalog:
        cut = load_cut(catalog, 1)
    assert (cut.version, cut.author, cut.frames) == (3, "Ana", cut.brief.frames)


def test_a_repair_that_dies_is_told_and_changes_nothing(
    flashing: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = review()
    monkeypatch.setattr(cut_fault_queue, "_LINE", GRIEF)

    press(page, "Repair what can be")
    until(page, lambda: bool(page.error))

    assert page.error[0].value.startswith("the search came to grief")
    page.run()
    assert not page.error and "Version **2** by" in words(page)


def test_a_repair_of_a_version_that_somebody_changed_meanwhile_is_a_conflict(
    flashing: Workspace,
) -> None:
    page = review()
    with Catalog(flashing.catalog) as catalog:
        make_edit(BO, catalog, Edit(1, 2, "lock", 1))

    press(page, "Repair what can be")
    until(page, lambda: bool(page.warning))

    assert "Not kept: repair the faults" in page.warning[0].value


def test_a_decode_that_dies_can_be_tried_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = cut_fault_queue._LINE
    monkeypatch.setattr(cut_fault_queue, "_LINE", GRIEF)
    page = review()
    press(page, "Look at every frame and sample")
    until(page, lambda: any(one.label == "Try again" for one in page.button))
    assert "the search came to grief" in words(page)

    monkeypatch.setattr(cut_fault_queue, "_LINE", works)
    press(page, "Try again")
    until(page, lambda: "Every frame and sample of the cut was looked at" in words(page))

    assert not any(one.label == "Try again" for one in page.button)


def test_what_is_assembled_anew_is_not_forgotten_when_the_page_is_interrupted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else is done on the page in the moment in which it begins to assemble."""
    spin, interrupted = st.spinner, []

    @contextmanager
    def spinner(text: str, **more: object) -> Iterator[None]:
        if text.startswith("Assembling") and not interrupted:
            interrupted.append(text)
            st.rerun()
        with spin(text, **more):  # type: ignore[arg-type]
            yield

    monkeypatch.setattr(st, "spinner", spinner)
    page = review()
    press(page, "Lock")

    press(page, "Re-solve the rest")

    assert interrupted
    assert not page.exception and locked(workspace)[0] == 3
