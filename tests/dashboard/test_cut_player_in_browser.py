"""What the player of a cut shows, beside what a render of the same cut has."""

import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import dashboard
from dashboard.settings import Workspace
from editing.assemble.brief import default_brief
from editing.cut import Cut, Reframe, Slot, SlotSound, Transition
from editing.cut_store import create_cut
from editing.run import render_cut
from ingest.catalog import Catalog
from ingest.timecode import FrameRange, frame_to_timecode

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser
PATIENCE = 90_000
SCRIPTS = Path(dashboard.__file__).parent / "components"
LENGTH = 24


def slot(shot: int, **more: object) -> Slot:
    """The middle second of a scene of two seconds."""
    start = 48 * shot + 10
    return Slot(1, shot, FrameRange(start, start + LENGTH), 0.0, (), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cut(own_workspace: Workspace) -> Cut:
    """Square; a window that moves, a dissolve, a dip with a J-cut, an L-cut."""
    slots = (
        slot(0, reframe=Reframe((0.3, 0.5), (0.7, 0.5))),
        slot(2, reframe=Reframe((0.6, 0.5), (0.6, 0.5)), transition=Transition("dissolve", 4, 4)),
        slot(4, sound=SlotSound(lead=6), transition=Transition("dip", 3, 3)),
        slot(6, sound=SlotSound(lead=-6, gain=-6.0)),
    )
    with Catalog(own_workspace.catalog) as catalog:
        film = catalog.find_media("harbour.mp4")
        slots = tuple(replace(one, media=film.id) for one in slots)
        brief = replace(
            default_brief("trailer", Fraction(4), film.rate), frames=96, aspect="1:1"
        )  # fmt: skip
        return create_cut(
            catalog, film, name="all joins", brief=brief, slots=slots, ranker="linear 1",
            author="Ana",
        )  # fmt: skip


@pytest.fixture(scope="module")
def rendered(own_workspace: Workspace, cut: Cut) -> np.ndarray:
    """Every frame of the render, in RGB."""
    path = own_workspace.renders / "all-joins.mp4"
    with Catalog(own_workspace.catalog) as catalog:
        render_cut(catalog, cut, path)
    with av.open(str(path)) as film:
        return np.array([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])


@pytest.fixture(scope="module")
def page(browser: "sync_api.Browser", url: str, cut: Cut) -> Iterator["sync_api.Page"]:
    opened = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme="dark")
    opened.goto(f"{url}/review?cut={cut.id}")
    yield opened
    opened.close()


@pytest.fixture
def player(page: "sync_api.Page", cut: Cut) -> "sync_api.Locator":
    """The player, on its first frame."""
    try:
        page.locator(".player[data-painted]").wait_for(timeout=PATIENCE)
    except sync_api.TimeoutError as late:  # what is there instead tells why
        late.add_note(page.locator("body").inner_text())
        raise
    sync_api.expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE)
    go_to(page, cut, 0)
    return page.locator(".player")


def go_to(page: "sync_api.Page", cut: Cut, frame: int) -> None:
    """The player stands on a frame, and the browser has painted it."""
    page.evaluate(
        """([name, frame]) => window.reelroomChannels.get(name).dispatchEvent(
            new CustomEvent("message", { detail: { type: "goto", frame } }))""",
        [f"cut-{cut.id}", frame],
    )
    sync_api.expect(page.locator(f'.player[data-painted="{frame}"]')).to_be_visible(
        timeout=PATIENCE
    )
    page.evaluate(
        "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
    )


def picture(player: "sync_api.Locator", size: tuple[int, int]) -> np.ndarray:
    """What the player's picture is, without what is written over it."""
    player.evaluate("(p) => p.querySelector('.where').style.visibility = 'hidden'")
    shot = Image.open(io.BytesIO(player.locator(".stage").screenshot())).convert("RGB")
    return np.asarray(shot.resize(size, Image.Resampling.BOX))


JOINS = (24, 48, 72)
FRAMES = {
    "a window that moves": (0, 11, 19),
    "a dissolve": (20, 22, 24, 27),
    "after it": (28, 40),
    "a dip": (45, 46, 47, 48, 49, 51),
    "a hard cut": (71, 72),
    "the last frame": (95,),
}


@pytest.mark.parametrize("frames", FRAMES.values(), ids=FRAMES)
def test_the_player_shows_what_the_render_has(
    page: "sync_api.Page",
    player: "sync_api.Locator",
    cut: Cut,
    rendered: np.ndarray,
    frames: tuple[int, ...],
) -> None:
    height, width = rendered.shape[1:3]
    for frame in frames:
        go_to(page, cut, frame)
        seen = picture(player, (width, height)).astype(int)
        wrong = np.abs(seen - rendered[frame].astype(int))
        neighbour = frame + 1 if frame + 1 < len(rendered) else frame - 1
        other = np.abs(seen - rendered[neighbour].astype(int)).mean()
        assert np.median(wrong) <= 6, frame  # of 255: a scaler and a codec between them
        assert wrong.mean() < other + 2, frame


def test_a_cut_with_joins_of_all_kinds_plays_through(
    page: "sync_api.Page", player: "sync_api.Locator", cut: Cut
) -> None:
    player.evaluate(
        """(player) => {
          const videos = [...player.querySelectorAll("video")];
          const stage = player.querySelector(".stage");
          window.painted = [];
          new MutationObserver(() => {
            const times = videos.map((video) => video.currentTime);
            window.painted.push([Number(player.dataset.painted), Number(player.dataset.source),
              Number(stage.dataset.share), Math.abs(times[0] - times[1])]);
          }).observe(player, { attributes: true, attributeFilter: ["data-painted"] });
          player.focus();
        }"""
    )
    page.keyboard.press("l")
    sync_api.expect(page.locator(f'.player[data-painted="{cut.frames - 1}"]')).to_be_visible(
        timeout=PATIENCE
    )

    painted = page.evaluate("window.painted")
    source = [one.source.start + n for one in cut.slots for n in range(one.source.frames)]
    assert len(painted) > cut.frames / 2
    for record, shown, share, apart in painted:
        assert shown == source[record]
        if 20 <= record < 28:
            over = share == 0 and record >= 24  # the later film alone, a little behind
            assert over or share == pytest.approx((record - 19) / 9)
            assert over or apart == pytest.approx((106 - 34) / 24, abs=4 / 24)  # a busy machine
        else:
            assert share in (0, 1)
    records = [record for record, *_ in painted]
    steps = np.diff(records)
    assert (steps >= -4).all() and (steps < 0).sum() <= len(JOINS)  # at most where one takes over


def test_sound_changes_over_where_it_is_cut(
    page: "sync_api.Page", player: "sync_api.Locator", cut: Cut
) -> None:
    """What is heard at a frame of the cut, by where its video stands in the film."""
    for frame, heard, volume in (
        (41, 106 + 17, 1),  # before the J-cut
        (42, 202 - 6, 1),  # its sound, six frames before its picture
        (47, 202 - 1, 1),
        (72, 226, 1),  # the L-cut: still the sound of the slot before
        (77, 226 + 5, 1),
        (78, 298 + 6, 10 ** (-6 / 20)),
    ):
        go_to(page, cut, frame)
        loud = player.evaluate(
            """(player) => [...player.querySelectorAll("video")].filter((v) => v.volume > 0)
              .map((v) => [Math.floor(v.currentTime * 24 + 0.01), v.volume])"""
        )
        assert loud == [[heard, pytest.approx(volume, abs=1e-6)]], frame


def test_frame_numbers_are_the_same_timecode_as_in_python(browser: "sync_api.Browser") -> None:
    page = browser.new_page()
    script = (SCRIPTS / "timecode.js").read_text("utf-8")
    rng = np.random.default_rng(1)
    for rate in (Fraction(24), Fraction(30000, 1001), Fraction(60000, 1001), Fraction(120)):
        nominal = round(rate)
        for drop in (False, True):
            if drop and nominal not in (30, 60):
                continue
            minutes = np.arange(0, 24 * 60, 1) * nominal * 60
            shift = nominal // 15 * (np.arange(1440) - np.arange(1440) // 10) if drop else 0
            about = [np.abs(minutes - shift + by) for by in range(-3, 6)]
            some = rng.integers(0, 30 * 3600 * nominal, 3000)
            frames = [int(n) for n in (*np.concatenate(about), *some, *range(2000))]
            told = page.evaluate(
                f"""(given) => {{ {script}
                  return given.frames.map((n) => timecode(n, given)); }}""",
                {"frames": frames, "nominal": nominal, "drop": drop},
            )
            assert told == [frame_to_timecode(n, rate, drop=drop) for n in frames]
    page.close()
