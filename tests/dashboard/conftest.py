"""A small real workspace: two films, a cut with its render, a simulated log and a recommender."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import av
import numpy as np
import pytest

import dashboard
from dashboard.settings import Workspace
from editing.assemble.brief import default_brief
from editing.cut import Slot
from editing.cut_store import load_cut, save_version
from editing.run import render_cut, suggest_cut
from ingest.analysis import analyse
from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.timecode import FrameRange
from recsys.run import import_log, import_titles, train
from recsys.simulate import simulate, write_simulation

if TYPE_CHECKING:
    from playwright import sync_api

FILM, SILENT = "harbour.mp4", "silent.mp4"
SCENES, SCENE_FRAMES, RATE = 8, 48, 24


class StripeModel:
    """Embeds a picture as its coarse colours, so that different scenes are far apart."""

    name, version, dim = "stripes", "1", 24

    def embed(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        rows = []
        for picture in pictures:
            columns = np.array_split(picture.astype(np.float32), 8, axis=1)
            colours = np.concatenate([column.mean((0, 1)) for column in columns]) - 128
            rows.append(colours / np.linalg.norm(colours))
        return np.array(rows, np.float32)


def write_film(path: Path, scenes: int, *, sound: bool, timecode: str | None = None) -> None:
    """Still coloured stripes, another set for each scene of two seconds; a tone for sound."""
    with av.open(str(path), "w") as film:
        if timecode:
            film.metadata["timecode"] = timecode
        video = film.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        video.options = {"preset": "ultrafast", "g": "12"}
        audio = film.add_stream("aac", rate=48000, layout="mono") if sound else None
        for frame in range(scenes * SCENE_FRAMES):
            rng = np.random.default_rng(frame // SCENE_FRAMES)
            stripes = rng.integers(0, 255, (8, 3), np.uint8)[np.arange(160) // 20]
            stripes[: frame % SCENE_FRAMES] //= 2  # a shade that wanders, so there is motion
            picture = np.broadcast_to(stripes, (90, 160, 3)).copy()
            film.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(video.encode(None))
        if audio:
            write_tone(film, audio, scenes * SCENE_FRAMES * 48000 // RATE)


def write_tone(film: av.container.OutputContainer, audio: av.AudioStream, samples: int) -> None:
    tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(samples, dtype=np.float32) / 48000)
    for start in range(0, samples, 1024):
        block = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], "fltp", "mono")
        block.sample_rate, block.pts, block.time_base = 48000, start, Fraction(1, 48000)
        film.mux(audio.encode(block))
    film.mux(audio.encode(None))


def write_drums(path: Path, *, seconds: float = 8.0, seed: int = 1) -> Path:
    """A WAV with a drum every half second, the first after 0.3 s, over faint noise."""
    rate, rng = 16_000, np.random.default_rng(seed)
    sound = 0.003 * rng.normal(size=round(seconds * rate))
    for start in np.arange(0.3, seconds - 0.1, 0.5):
        part = sound[round(start * rate) :][:600]
        part += 0.4 * np.exp(-np.arange(len(part)) / 100) * rng.normal(size=len(part))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=rate, layout="mono")
        whole = np.round(np.clip(sound, -1, 1) * 20_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
        frame.sample_rate = rate
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def make_drums() -> Callable[..., Path]:
    """Writes music whose beats are known: `make_drums(path, seconds=8.0, seed=1)`."""
    return write_drums


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """AppTest leaves the application's script as `__main__`, which child processes would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace, made once; tests work on copies of it."""
    root = tmp_path_factory.mktemp("dashboard")
    write_film(root / FILM, SCENES, sound=True, timecode="10:00:00:00")
    write_film(root / SILENT, 1, sound=False)
    workspace = Workspace(root / "workspace")
    with Catalog(workspace.catalog) as catalog:
        for name in (FILM, SILENT):
            analysis = analyse(root / name, detector="content", model=StripeModel())
            media = commit_analysis(catalog, analysis, version="test")
        catalog.record_failure(root / "torn.mp4", "it is truncated")
        film = catalog.find_media(FILM)
        assert len(catalog.shots(film.id)) == SCENES
        assert len(catalog.shots(media.id)) == 1
        cut = suggest_cut(catalog, film, default_brief("trailer", Fraction(4), film.rate))
        render_cut(catalog, cut, workspace.renders / f"trailer-{cut.id}.mp4")
    simulation = simulate(0, users=60, titles=12, days=30, plays_per_user=8)
    write_simulation(simulation, root / "log.parquet", root / "titles.parquet")
    import_log([root / "log.parquet"], workspace.logs)
    import_titles(root / "titles.parquet", workspace.logs)
    train(workspace.logs, workspace.recommenders, model="popularity")
    return workspace


@pytest.fixture
def workspace(
    built: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """A copy of the built workspace that a test may change; the films are shared."""
    copy = Workspace(tmp_path / "workspace")
    shutil.copytree(built.root, copy.root)
    monkeypatch.setenv("REEL_WORKSPACE", str(copy.root))
    yield copy


@pytest.fixture
def flashing(workspace: Workspace) -> Workspace:
    """Version 2 of cut 1 is of two slots, of which the second begins two frames too early."""
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, 1)
        spans = [shot.span for shot in catalog.shots(cut.media)]
        second = spans[3]
        pieces = ((1, spans[1].start, spans[1].end - 2), (3, second.start - 2, second.end - 4))
        slots = tuple(
            Slot(cut.media, shot, FrameRange(start, end), 0.0, ()) for shot, start, end in pieces
        )
        brief = replace(cut.brief, frames=sum(slot.source.frames for slot in slots), min_shot=4)
        save_version(catalog, replace(cut, slots=slots, brief=brief), expected_version=1)
    return workspace


@pytest.fixture
def empty_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace that nothing was put into."""
    monkeypatch.setenv("REEL_WORKSPACE", str(tmp_path / "empty"))
    return Workspace(tmp_path / "empty")


# A real server and a real browser, for tests that are marked `browser`.

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--autoplay-policy=no-user-gesture-required",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture(scope="module")
def own_workspace(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of the built workspace for the browser tests of one module."""
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
        deadline = time.monotonic() + 180
        while not answers(site):
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
    # Streamlit logs a traceback of its own where a browser leaves in the middle of a message.
    own = f'File "{Path(dashboard.__file__).parent}'
    assert own not in (folder / "log.txt").read_text()


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    """Debian's Chromium, headless; the test is skipped where it or Playwright is missing."""
    sync = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium: apt install chromium")
    with sync.sync_playwright() as playwright:
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
    opened.get_by_role("heading", name="Library").first.wait_for(timeout=90_000)
    opened.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=90_000)
    yield opened
    assert opened.get_by_test_id("stException").count() == 0
    assert opened.get_by_test_id("stAlertContentError").count() == 0
    opened.close()
    assert errors == []
