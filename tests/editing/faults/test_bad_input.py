"""What `reel check` and `reel repair` say of what they cannot use: no traceback, and what to do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import is_for_users, reel
from editing.cut import Alternate, Slot
from editing.cut_store import create_cut, find_cut
from editing.faults.of_cut import ALTERNATE_REASON, check_cut, repair_cut
from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.media import Media
from ingest.timecode import FrameRange

from ..conftest import analyse
from .test_two_searches import cut_of

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `reel …` with a workspace; an error has to be one that is told to users."""

    def run(*words: str, status: int = 1) -> Result:
        result = CliRunner().invoke(reel, [*words, "-q", "-w", str(tmp_path / "workspace")])
        error = result.exception
        if error is not None and not isinstance(error, SystemExit):
            assert is_for_users(error), repr(error)  # type: ignore[arg-type]
            assert status == 1, result.output
        else:
            assert result.exit_code == status, result.output
        return result

    return run


def said(result: Result) -> str:
    """What a user reads: the error, and what was printed."""
    return f"{result.exception}\n{result.output}"


def written(tmp_path: Path, name: str, content: bytes = b"") -> str:
    (tmp_path / name).write_bytes(content)
    return str(tmp_path / name)


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize(
    "file",
    [
        ("empty.mp4", b"", "the file is empty"),
        ("text.mp4", b"this is a text\n" * 20, "not a media file that can be opened"),
        ("notes.txt", b"this is a text\n", "not a media file that can be opened"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "not a media file"),
        ("empty.otio", b"", "empty.otio"),
        ("other.otio", b'{"OTIO_SCHEMA": "Clip.1"}', "not of a timeline"),
        ("broken.xml", b"<xmeml><sequence>", "not an XML document"),
        ("binary.edl", bytes(range(128, 256)), "not text in UTF-8"),
    ],
)
def test_a_file_of_the_wrong_kind_is_told_with_its_name(
    run: Run, tmp_path: Path, file: tuple[str, bytes, str], output: str
) -> None:
    name, content, told = file
    path = written(tmp_path, name, content)
    result = run("check", path, "--rate", "24", "--format", output)
    assert path in said(result)
    assert told in said(result)
    assert result.stdout == ""


def test_a_file_of_sound_alone_has_no_picture_to_check(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as file:
        track = file.add_stream("pcm_s16le", rate=48_000, layout="mono")
        block = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), "s16", "mono")
        block.sample_rate = 48_000
        file.mux(track.encode(block))
        file.mux(track.encode(None))
    assert "it holds no video, only sound" in said(run("check", str(path)))


@pytest.mark.parametrize(
    ("target", "told", "advice"),
    [
        (".", "a folder", "Name one file in it"),
        ("nobody.mp4", "there is no such file, nor a cut of that name", "reel cut list"),
        ("99", "the catalogue holds none of that number", "reel cut list"),
        ("1@2@3", "named by its number", "reel cut list"),
    ],
)
def test_a_target_that_is_not_there_is_told_with_what_to_do(
    run: Run, target: str, told: str, advice: str
) -> None:
    result = run("check", target)
    assert told in said(result)
    assert advice in said(result)


def test_an_empty_name_is_wrong_use(run: Run) -> None:
    assert "an empty name" in run("check", "", status=2).output
    assert "an empty name" in run("repair", " ", status=2).output


def test_a_file_is_not_repaired_and_a_cut_that_is_unknown_neither(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "film.mp4", b"some film")
    assert "only cuts are repaired: files are never changed" in said(run("repair", path))
    assert "reel check FILE" in said(run("repair", path))
    assert "reel cut list" in said(run("repair", "nobody"))
    assert Path(path).read_bytes() == b"some film"


def kept_cut(catalog: Catalog, media: Media, slots: list[Slot]) -> None:
    cut = cut_of(slots)
    create_cut(
        catalog, media, name="cut", brief=cut.brief, slots=slots, ranker="linear 1", author="a"
    )


def slot_of(media: Media, shot: int, start: int, end: int) -> Slot:
    return Slot(media.id, shot, FrameRange(start, end), 0.0, ())


def test_a_cut_of_two_frames_without_any_sound_is_checked_and_repaired(
    run: Run, catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    media = make_film("two.mp4", 2)
    kept_cut(catalog, media, [slot_of(media, 0, 0, 2)])
    assert "the slot has only 2 frames" in run("check", "1").stdout
    repaired = run("repair", "1", status=0)
    assert "nothing" not in repaired.stdout
    assert "at the cut's length of 2 frames" in repaired.stdout
    assert find_cut(catalog, "1").version == 1


def test_a_sound_of_a_single_sample_ends_before_the_slot_begins(
    catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    media = make_film("film.mov", 60, sound=np.zeros(1))
    kept_cut(catalog, media, [slot_of(media, 0, 5, 50)])
    faults = check_cut(catalog, find_cut(catalog, "1")).faults
    assert [(f.frame, f.frames) for f in faults if f.kind == "length"] == [(0, 45)]


def test_a_film_that_is_gone_leaves_what_ingest_measured_and_says_so(
    run: Run, catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    media = make_film("film.mp4", 80, shots=(40, 40))
    kept_cut(catalog, media, [slot_of(media, 0, 0, 20), slot_of(media, 1, 38, 70)])
    Path(media.path).unlink()
    told = run("check", "1")
    assert "film.mp4 is gone: the cut was not decoded" in told.stderr
    assert "2 frames of the shot before" in told.stdout
    repaired = run("repair", "1", status=0)
    assert "slot 2: slipped, 2 frames later" in repaired.stdout
    assert "film.mp4 is gone" in repaired.stderr


def test_a_film_that_was_written_over_is_refused(
    run: Run, catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    media = make_film("film.mp4", 80, shots=(40, 40))
    kept_cut(catalog, media, [slot_of(media, 0, 0, 20)])
    with Path(media.path).open("ab") as file:
        file.write(b"more")
    for command in ("check", "repair"):
        told = said(run(command, "1"))
        assert "has changed since it was ingested" in told
        assert "Ingest it again" in told


def test_a_film_that_was_ingested_again_into_other_shots_is_refused_with_the_slot(
    run: Run, catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    media = make_film("film.mp4", 80, shots=(20, 20, 40))
    kept_cut(catalog, media, [slot_of(media, 0, 0, 18), slot_of(media, 2, 44, 70)])
    commit_analysis(catalog, analyse(Path(media.path), (80,), None), version="again")
    for command in ("check", "repair"):
        told = said(run(command, "1"))
        assert "slot 2 is of shot 2" in told
        assert "Make the cut again" in told


def test_a_slot_outside_the_shot_that_it_names_is_stale(
    run: Run, catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    """Ingested again, the film has as many shots, but the second now begins at frame 60."""
    media = make_film("film.mp4", 80, shots=(20, 60))
    kept_cut(catalog, media, [slot_of(media, 0, 0, 18), slot_of(media, 1, 24, 50)])
    commit_analysis(catalog, analyse(Path(media.path), (60, 20), None), version="again")
    assert "since it was ingested again" in said(run("check", "1"))


def test_a_cut_whose_ranker_is_gone_is_repaired_all_the_same(
    catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    """Shot 0 fills its slot and is shown twice; only its alternate helps, and says whose it is."""
    media = make_film("film.mp4", 120, shots=(40, 40, 40))
    first, alternate = slot_of(media, 0, 0, 40), Alternate(1, FrameRange(40, 80), 0.5)
    slots = [first, slot_of(media, 2, 80, 120), replace(first, alternates=(alternate,))]
    kept_cut(catalog, media, slots)
    done = repair_cut(catalog, find_cut(catalog, "1"), author="a", decode=False)
    filled = done.cut.slots[2]
    assert (filled.shot, filled.score) == (1, 0.5)
    assert [(r.name, r.value) for r in filled.reasons] == [(ALTERNATE_REASON, 0.5)]
