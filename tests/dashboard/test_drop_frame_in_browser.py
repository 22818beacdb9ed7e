"""Drop-frame timecode on the pages: written with a semicolon, and over a minute two numbers on.

Numbers ;00 and ;01 are left out at each minute but every tenth (SMPTE ST 12-1).
"""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from dashboard.settings import Workspace
from editing.assemble.brief import default_brief
from editing.cut import Cut, Slot
from editing.cut_store import create_cut
from ingest.analysis import analyse
from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.timecode import FrameRange

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser
PATIENCE = 90_000
NTSC = Fraction(30000, 1001)
LENGTH = 1950  # frames, a minute and a little
FILMS = {"minute.mp4": "00:00:59;20", "tenth.mp4": "00:09:59;20"}


def write_film(path: Path, timecode: str, frames: int) -> None:
    """One grey picture that brightens slowly, at 29.97 frames per second."""
    with av.open(str(path), "w") as film:
        film.metadata["timecode"] = timecode
        video = film.add_stream("libx264", rate=NTSC)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        video.options = {"preset": "ultrafast", "g": "30"}
        for frame in range(frames):
            picture = np.full((64, 96, 3), 40 + frame * 100 // frames, np.uint8)
            film.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(video.encode(None))


@pytest.fixture(scope="module")
def own_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two films, which cross a first and a tenth minute at their eleventh frame."""
    root = tmp_path_factory.mktemp("drop_frame")
    workspace = Workspace(root / "workspace")
    with Catalog(workspace.catalog) as catalog:
        for name, timecode in FILMS.items():
            write_film(root / name, timecode, LENGTH if name == "minute.mp4" else 60)
            media = commit_analysis(
                catalog, analyse(root / name, detector="content"), version="test"
            )
            assert media.start_timecode == timecode
            assert len(catalog.shots(media.id)) == 1
    return workspace


@pytest.fixture(scope="module")
def cut(own_workspace: Workspace) -> Cut:
    """A second of the film's beginning, then more than a minute."""
    with Catalog(own_workspace.catalog) as catalog:
        film = catalog.find_media("minute.mp4")
        pieces = (FrameRange(0, 30), FrameRange(100, 1900))
        slots = tuple(Slot(film.id, 0, piece, 0.0, ()) for piece in pieces)
        brief = replace(default_brief("trailer", Fraction(60), film.rate), frames=1830)
        return create_cut(
            catalog, film, name="over a minute", brief=brief, slots=slots, ranker="linear 1",
            author="Ana",
        )  # fmt: skip


@pytest.fixture
def visit(browser: "sync_api.Browser") -> Iterator["sync_api.Page"]:
    opened = browser.new_page(viewport={"width": 1280, "height": 720})
    yield opened
    opened.close()


def go_to(page: "sync_api.Page", frame: int) -> "sync_api.Locator":
    """The player, sent to a frame by its slider."""
    player = page.locator(".player")
    player.wait_for(timeout=PATIENCE)
    page.locator(".player .scrub").fill(f"{frame}")
    painted = page.locator(f'.player[data-painted="{frame}"]')
    painted.wait_for(timeout=PATIENCE)
    return player


def said(page: "sync_api.Page", of: str) -> "sync_api.LocatorAssertions":
    return sync_api.expect(page.locator(f".player .{of}"))


@pytest.mark.parametrize(
    ("film", "timecodes"),
    [
        (1, ("00:00:59;28", "00:00:59;29", "00:01:00;02", "00:01:00;03")),
        (2, ("00:09:59;28", "00:09:59;29", "00:10:00;00", "00:10:00;01")),
    ],
    ids=["a minute", "a tenth minute"],
)
def test_a_films_player_counts_over(
    visit: "sync_api.Page", url: str, film: int, timecodes: tuple[str, ...]
) -> None:
    visit.goto(f"{url}/title?film={film}")

    player = go_to(visit, 8)
    for number, timecode in enumerate(timecodes):
        said(visit, "timecode").to_have_text(timecode)
        if number < len(timecodes) - 1:
            player.press("ArrowRight")


def test_a_cut_counts_its_own_and_its_sources_timecode_over_a_minute(
    visit: "sync_api.Page", url: str, cut: Cut
) -> None:
    visit.goto(f"{url}/review?cut={cut.id}")
    own = visit.get_by_text("drop-frame", exact=False).first
    own.wait_for(timeout=PATIENCE)
    visit.get_by_text("record 01:00:00;00 – 01:00:01;00").wait_for(timeout=PATIENCE)
    visit.get_by_text("source 00:00:59;20 – 00:01:00;22").wait_for(timeout=PATIENCE)

    player = go_to(visit, 9)
    said(visit, "timecode").to_have_text("01:00:00;09")
    said(visit, "source").to_have_text("source 00:00:59;29")
    player.press("ArrowRight")
    said(visit, "source").to_have_text("source 00:01:00;02")

    player = go_to(visit, 1799)
    said(visit, "timecode").to_have_text("01:00:59;29")
    player.press("ArrowRight")
    said(visit, "timecode").to_have_text("01:01:00;02")
    player.press("ArrowLeft")
    said(visit, "timecode").to_have_text("01:00:59;29")
