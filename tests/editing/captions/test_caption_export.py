"""`reel export --to srt`: the captions of a film where its cut shows them."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.assemble.brief import default_brief
from editing.captions.reading import read_captions
from editing.cut import Cut, Slot
from editing.cut_store import create_cut
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

FILM = "1\n00:00:01,000 --> 00:00:02,000\nLand!\n\n2\n00:00:02,500 --> 00:00:03,000\nWhere?\n"


@pytest.fixture
def cut(catalog: Catalog, make_film: Callable[..., Media]) -> Cut:
    """Frames 36 to 60 of a film at 24, then frames 0 to 24: seconds 1.5 to 2.5, then 0 to 1."""
    film = make_film("film.mp4", 120)
    slots = [
        Slot(film.id, 0, FrameRange(36, 60), 0.0, ()),
        Slot(film.id, 0, FrameRange(0, 24), 0.0, ()),
    ]
    brief = default_brief("rough", Fraction(2), film.rate)
    return create_cut(
        catalog, film, name="c", brief=brief, slots=slots, ranker="linear 1", author="reel"
    )


def export(tmp_path: Path, *words: object) -> Result:
    told = ["export", "1", *(f"{word}" for word in words)]
    return CliRunner().invoke(reel, [*told, "-w", str(tmp_path / "workspace")])


@pytest.mark.parametrize("target", ["srt", "vtt"])
def test_captions_are_written_where_the_cut_shows_them(
    cut: Cut, tmp_path: Path, target: str
) -> None:
    (tmp_path / "film.srt").write_text(FILM)
    out = tmp_path / f"cut.{target}"
    done = export(
        tmp_path, "--to", target, "--captions", tmp_path / "film.srt", "--output", out
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{out}: 1 captions, 48 frames\n"
    found = read_captions(out)
    assert [(c.start, c.end, c.text) for c in found] == [(0, Fraction(1, 2), "Land!")]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--to", "srt"], "--captions FILE goes with --to srt"),
        (["--to", "edl", "--captions", "{film}"], "--captions FILE goes with --to srt"),
        (["--to", "srt", "--captions", "{film}", "--links", "{film}"], "captions name no files"),
        (["--to", "srt", "--captions", "{bad}"], "line 1: expected START --> END"),
        (["--to", "srt", "--captions", "{late}"], "shows nothing that"),
    ],
)
def test_what_makes_no_captions_is_told(
    cut: Cut, tmp_path: Path, words: list[str], complaint: str
) -> None:
    files = {"film": FILM, "bad": "hello\n", "late": FILM.replace("00:00:", "00:01:")}
    for name, text in files.items():
        (tmp_path / f"{name}.srt").write_text(text)
    paths = {name: tmp_path / f"{name}.srt" for name in files}
    done = export(tmp_path, *(w.format(**paths) for w in words), "--output", tmp_path / "o.srt")
    assert done.exit_code != 0
    assert complaint in f"{done.output}{done.exception}"
    assert not (tmp_path / "o.srt").exists()
