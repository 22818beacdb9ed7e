"""A cut of proxies, relinked to originals on a disk, exported, edited and taken back."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.assemble.brief import default_brief
from editing.cut import Cut, Slot, SlotSound, Transition
from editing.cut_store import create_cut, load_cut
from editing.errors import TimelineError
from editing.interchange.reading import read_timeline
from editing.relink.originals import look_at
from editing.relink.run import relink_cut
from editing.run import export_cut
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

SHOTS = (30, 50, 40)


def write_original(path: Path, timecode: str, frames: int, reel_name: str = "") -> Path:
    """A camera file of grey frames at 24 with a timecode track, and a reel if told."""
    with av.open(str(path), "w") as film:
        film.metadata["timecode"] = timecode
        video = film.add_stream("mpeg4", rate=24)
        video.width, video.height, video.pix_fmt = 128, 96, "yuv420p"
        if reel_name:
            video.metadata["reel_name"] = reel_name
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((96, 128, 3), 90, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


@pytest.fixture
def proxy(make_film: Callable[..., Media]) -> Media:
    return make_film("A001_proxy.mp4", sum(SHOTS), shots=SHOTS, timecode="10:00:00:00")


@pytest.fixture
def cut(catalog: Catalog, proxy: Media) -> Cut:
    slots = [
        Slot(proxy.id, 0, FrameRange(5, 25), 0.0, ()),
        Slot(
            *(proxy.id, 1, FrameRange(40, 70), 0.0, ()),
            transition=Transition("dissolve", 4, 4),
            sound=SlotSound(lead=3),
        ),
    ]
    brief = default_brief("rough", Fraction(50, 24), proxy.rate)
    return create_cut(
        catalog, proxy, name="c", brief=brief, slots=slots, ranker="linear 1", author="reel"
    )


@pytest.fixture
def rushes(tmp_path: Path) -> Path:
    folder = tmp_path / "rushes" / "card 1"
    folder.mkdir(parents=True)
    write_original(folder / "A001.mov", "09:59:59:00", 200)
    (folder / "notes.mov").write_bytes(b"not a film")
    return folder.parent


def run(*words: object, workspace: Path) -> Result:
    return CliRunner().invoke(reel, [*(f"{w}" for w in words), "-w", str(workspace)])


def test_a_header_tells_what_relinking_needs(tmp_path: Path) -> None:
    found = look_at(write_original(tmp_path / "a.mov", "01:00:00:00", 48, "A001"))
    assert (found.file.rate, found.file.frames, found.file.start) == (24, 48, 86_400)
    assert (found.file.width, found.file.height, found.file.channels) == (128, 96, 0)
    assert found.coded


def test_a_cut_of_proxies_goes_out_in_the_frames_of_its_originals_and_comes_back(
    catalog: Catalog, cut: Cut, proxy: Media, rushes: Path, tmp_path: Path
) -> None:
    workspace, links = tmp_path / "workspace", tmp_path / "links.json"
    told = run("relink", cut.id, "--originals", rushes, "--output", links, workspace=workspace)
    assert told.exit_code == 0, told.output
    assert "matched" in told.stdout
    assert "timecode; name; it has 80 frames more than the proxy" in told.stdout
    assert "notes.mov: " in told.stderr
    for target in ("otio", "edl", "fcp7", "fcpxml"):
        out = tmp_path / f"cut.{target}"
        done = run(
            *("export", cut.id, "--to", target, "--links", links, "--output", out),
            workspace=workspace,
        )
        assert done.exit_code == 0, done.output
        read = read_timeline(out, Fraction(24))
        first, second = read.track("V1")
        start = 10 * 86_400  # the proxy's first frame, by timecode
        assert {edit.name for edit in read.edits} == {"A001.mov"}
        assert (first.source.start, second.source.start) == (start + 5, start + 40)
        assert second.transition == Transition("dissolve", 4, 4)
        if target != "edl":
            assert first.path == str(rushes / "card 1" / "A001.mov")
        back = run(
            *("import", cut.id, out, "--links", links, "--dry-run", "--format", "json"),
            workspace=workspace,
        )
        assert back.exit_code == 0, back.output
        assert {c["kind"] for c in json.loads(back.stdout)["changes"]} == {"kept"}


def test_an_original_that_lacks_frames_is_reported_and_nothing_is_written(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    """The dissolve shows frames 36 to 70 and the J-cut is heard from 37: it ends at 60."""
    folder = tmp_path / "short"
    folder.mkdir()
    write_original(folder / "A001.mov", "10:00:00:00", 60)
    links = tmp_path / "links.json"
    told = run(
        *("relink", cut.id, "--originals", folder, "--output", links, "--format", "json"),
        workspace=tmp_path / "workspace",
    )
    assert told.exit_code == 1
    film = json.loads(told.stdout)["films"][0]
    assert film["status"] == "missing"
    assert "A001.mov: it lacks 10 of the frames that the cut asks for" in film["remarks"][0]
    assert not links.exists()


def test_an_original_that_moved_or_changed_since_is_told_at_export(
    catalog: Catalog, cut: Cut, rushes: Path, tmp_path: Path
) -> None:
    links, original = tmp_path / "links.json", rushes / "card 1" / "A001.mov"
    assert run(
        *("relink", cut.id, "--originals", rushes, "--output", links),
        workspace=tmp_path / "workspace",
    ).exit_code == 0  # fmt: skip
    with pytest.raises(TimelineError, match="is an original of the cut"):
        export_cut(catalog, cut, "edl", original, links=links)
    original.write_bytes(original.read_bytes() + b"more")
    with pytest.raises(TimelineError, match=r"A001.mov has changed since it was linked"):
        export_cut(catalog, cut, "edl", tmp_path / "c.edl", links=links)
    original.rename(original.with_name("B.mov"))
    with pytest.raises(TimelineError, match="is not there; is its disk offline"):
        export_cut(catalog, cut, "edl", tmp_path / "c.edl", links=links)


def test_a_map_names_the_original(catalog: Catalog, cut: Cut, rushes: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    write_original(folder / "take 7.mov", "10:00:00:00", 120)
    (tmp_path / "map.csv").write_text("film,original\nA001_proxy.mp4,elsewhere/take 7.mov\n")
    told = run(
        *("relink", cut.id, "--originals", rushes, "--map", tmp_path / "map.csv"),
        *("--format", "json"),
        workspace=tmp_path / "workspace",
    )
    film = json.loads(told.stdout)["films"][0]
    assert film["original"] == str(folder / "take 7.mov")
    assert film["matched_by"][0] == "map"


def test_a_wrong_map_is_refused_by_line(
    catalog: Catalog, cut: Cut, rushes: Path, tmp_path: Path
) -> None:
    named = tmp_path / "map.csv"
    for text, complaint in (
        ("nobody.mp4,x.mov\n", "line 1: "),
        ("A001_proxy.mp4\n", "line 1: expected FILM,ORIGINAL"),
        ("film,original\nA001_proxy.mp4,none.mov\n", "none.mov"),
        ("A001_proxy.mp4,a.mov\nA001_proxy.mp4,b.mov\n", "line 2: .* has an original already"),
    ):
        named.write_text(text)
        with pytest.raises(TimelineError, match=complaint):
            relink_cut(catalog, cut, rushes, named)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "[" * 5000, '{"format": "reelroom links 1"}'),
        *('{"format": "x", "links": []}', '{"format": "reelroom links 1", "links": [7]}'),
    ],
)
def test_a_file_that_is_no_links_is_refused(
    catalog: Catalog, cut: Cut, tmp_path: Path, text: str
) -> None:
    links = tmp_path / "links.json"
    links.write_text(text)
    with pytest.raises(TimelineError, match="links"):
        export_cut(catalog, cut, "edl", tmp_path / "c.edl", links=links)


def test_a_damaged_link_is_refused(
    catalog: Catalog, cut: Cut, proxy: Media, tmp_path: Path
) -> None:
    links = tmp_path / "links.json"
    link = {"fingerprint": proxy.fingerprint, "first_frame": 0, "original": {"path": "/x"}}
    links.write_text(json.dumps({"format": "reelroom links 1", "links": [link]}))
    with pytest.raises(TimelineError, match=r"the link of A001_proxy.mp4 is damaged \(KeyError"):
        export_cut(catalog, cut, "edl", tmp_path / "c.edl", links=links)
    again = replace(load_cut(catalog, cut.id), slots=())
    with pytest.raises(TimelineError, match="no slots"):
        export_cut(catalog, again, "edl", tmp_path / "c.edl", links=links)
