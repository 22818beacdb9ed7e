"""Inputs that nobody means to give: each is made right, or refused in words that help."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editing.cut import Brief, Cut
from editing.cut_store import create_cut
from editing.errors import RenderError
from editing.finish.conform import seen_size
from editing.finish.delivery import Delivery
from editing.finish.delivery_file import read_delivery
from editing.reframe.slots import window_of
from editing.run import render_cut, verify_file
from ingest.media import Media

ROOT = Path(__file__).parents[3]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """As on a full disk: no file may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_what_was_there_wherever_it_fills(studio: Any) -> None:
    rng = np.random.default_rng(2)
    media = studio.film("film.mov", 60, size=(320, 180), sound=0.2 * rng.normal(size=120_000))
    cut = studio.cut(studio.slot(media, 0, 48))
    folder = studio.folder / "renders"
    output = folder / "out.mp4"
    whole = render_cut(studio.catalog, cut, output).path.stat().st_size
    output.write_bytes(b"an older render")
    for share in (0.0, 0.4, 0.9, 0.999):
        with room_for(int(whole * share)), pytest.raises(RenderError, match="cannot be written"):
            render_cut(studio.catalog, cut, output)
        assert output.read_bytes() == b"an older render", share
        assert list(folder.iterdir()) == [output], share
    with room_for(100_000), pytest.raises(RenderError, match="cannot be written"):
        render_cut(studio.catalog, cut, output, delivery=Delivery(loudness="r128"))
    assert list(folder.iterdir()) == [output]


@pytest.mark.parametrize("how", ["folder", "inside a file", "the film", "a link to the film"])
def test_a_destination_that_is_none_is_refused(how: str, studio: Any, cut: Cut) -> None:
    film = studio.folder / "film.mov"
    before = film.read_bytes()
    output = {
        "folder": studio.folder,
        "inside a file": film / "out.mp4",
        "the film": film,
        "a link to the film": studio.folder / "link.mp4",
    }[how]
    if how == "a link to the film":
        output.symlink_to(film)
    with pytest.raises(RenderError, match=r"cannot be written|is a film|is the film"):
        render_cut(studio.catalog, cut, output)
    assert film.read_bytes() == before


def test_a_name_as_long_as_a_name_can_be_is_written(studio: Any, cut: Cut) -> None:
    output = studio.folder / ("予" * 83 + ".mp4")  # 253 bytes of 255
    render_cut(studio.catalog, cut, output)
    assert output.is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_render_and_nothing_is_half_written(
    number: signal.Signals, studio: Any
) -> None:
    media = studio.film("film.mov", 240, size=(320, 180))
    brief = Brief("trailer", 4800, 1, 4800, Fraction(1), 1.0)
    made = create_cut(
        *(studio.catalog, media),
        **{"name": "long", "brief": brief, "slots": [studio.slot(media, 0, 240)] * 20},
        **{"ranker": "linear 1", "author": "t"},
    )
    folder = studio.folder / "renders"
    words = ["render", str(made.id), "--output", str(folder / "o.mp4")]
    words += ["--workspace", str(studio.folder / "workspace")]
    running = subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not (folder.is_dir() and any(folder.iterdir())):
        assert time.monotonic() < deadline, "it never began to write"
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.send_signal(number)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 1
    assert list(folder.iterdir()) == []
    assert b"Traceback" not in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("height = " + "1" * 5_000, "is no delivery that can be read"),
        ("fade_in = 1e-99999999", "of 12 decimals or fewer"),
        ("[leader]\nseconds = 1e-99999999", "of 12 decimals or fewer"),
        ("height = 361", "a height is even"),
        ("height = 0", "from 16 to 8640"),
        ("height = 100000", "from 16 to 8640"),
        ("height = 360.0", "height is to be a whole number"),
        ('codec = "prores"', "codec: there is no such field"),
        ("true_peak = -21", "from -20 to 0 dB"),
        ("true_peak = 1", "from -20 to 0 dB"),
        ("loudness = -23", "loudness is to be one of none, r128, a85, stream"),
        ('deinterlace = "no"', "deinterlace is to be true or false"),
        ('[[title]]\ntext = "\u00ad"\nstart = 0\nend = 1', "a title has no text"),
    ],
)
def test_a_delivery_that_is_none_is_refused_at_once(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "delivery.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RenderError, match=message):
        read_delivery(path)


def test_a_picture_wider_than_the_codec_has_is_refused(studio: Any) -> None:
    media = studio.film("wide.mov", 4, size=(1280, 48))
    with pytest.raises(RenderError, match="at most 16,384 pixels a side; ask for less"):
        render_cut(
            *(studio.catalog, studio.cut(studio.slot(media, 0, 4)), studio.folder / "o.mp4"),
            delivery=Delivery(height=1080),
        )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_to_be_written_is_told(studio: Any, cut: Cut) -> None:
    folder = studio.folder / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(RenderError, match="cannot be written"):
        render_cut(studio.catalog, cut, folder / "o.mp4")


def test_five_rates_in_one_cut_give_the_frames_that_were_asked(
    studio: Any, read_numbers: Callable[[Path], list[int]]
) -> None:
    """Each film at its own speed: frame k shows the one that begins nearest to k / 25 s."""
    rates = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]
    hum = 0.25 * np.sin(2 * np.pi * 440 * np.arange(3 * 48_000) / 48_000)
    films: list[Media] = [
        studio.film(f"{n}.mov", 80, rate=rate, sound=hum) for n, rate in enumerate(rates)
    ]
    ticks = [k + (k % 3 == 2) + k // 3 for k in range(60)]  # of 60 a second: 2, 1, 1 ticks apart
    films.append(studio.film("vfr.mov", 60, rate=Fraction(60), ticks=sorted(set(ticks))[:60]))
    cut = studio.cut(*(studio.slot(film, 5, 15) for film in films), rate=Fraction(25))
    output = studio.folder / "out.mp4"
    made = render_cut(studio.catalog, cut, output)
    assert made.frames == 50
    shown = read_numbers(output)
    assert len(shown) == 50
    for n, rate in enumerate(rates):
        wanted = [int(5 + k * rate / 25 + Fraction(1, 2)) for k in range(10)]
        assert shown[10 * n : 10 * n + 10] == wanted
    assert made.samples == 2 * 48_000
    assert verify_file(studio.catalog, cut, output, every_frame=True).passed


def test_a_film_of_wide_pixels_is_reframed_by_what_is_seen(studio: Any) -> None:
    """720x576 with pixels of 64:45 is 1024x576: 9:16 of it is 324 of 1024 columns, .316."""
    seen = seen_size((720, 576), 0, Fraction(64, 45))
    assert seen == (1024, 576)
    window = window_of(seen, "9:16")
    assert window is not None
    assert window == (1, pytest.approx(0.3164, abs=1e-4))
    assert window_of(seen, "16:9") is None
    assert seen_size((576, 720), 90, Fraction(64, 45)) == (576, 1024)
