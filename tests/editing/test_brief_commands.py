"""Briefs from the command line: every kind, every limit, and what is told of one that fails."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.cut import Alternate, Brief
from editing.cut_store import find_cut
from editing.errors import EditError, ImpossibleBrief, RangeError, RatingsError
from editing.revision import replace_slot, resolve_cut, shot_span
from ingest.catalog import Catalog
from ingest.media import Media

SHOTS = (30, 50, 40, 60, 20, 40)
EASY = ("--min-shot", "0.5", "--max-shot", "1")
LIMITS = ("--exclude", "80-120", "--include", "130-142")
Run = Callable[..., Result]


@pytest.fixture
def run(catalog: Catalog, make_film: Callable[..., Media], tmp_path: Path) -> Run:
    """Runs `reel cut …` over a workspace of a film of ten seconds, with timecode from 10:00."""
    make_film("film.mp4", sum(SHOTS), shots=SHOTS, timecode="10:00:00:00")

    def run(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(reel, ["cut", *words, "-w", str(tmp_path / "workspace")])
        assert result.exit_code == status, result.output
        return result

    return run


def suggested(run: Run, kind: str, *words: str) -> dict:
    return json.loads(run(kind, "film.mp4", *words, "--format", "json").stdout)


def shown(cut: dict) -> set[int]:
    return {n for s in cut["slots"] for n in range(s["source_in"], s["source_out"])}


@pytest.mark.parametrize("kind", ["trailer", "teaser", "tv-spot", "rough", "recap", "highlights"])
def test_every_kind_is_cut_to_the_frame(run: Run, kind: str) -> None:
    cut = suggested(run, kind, "--length", "4", *EASY)
    assert (cut["kind"], cut["frames"], cut["name"]) == (kind, 96, f"film {kind}")
    assert sum(slot["frames"] for slot in cut["slots"]) == 96


def test_ranges_and_ratings_hold_and_are_told(run: Run, tmp_path: Path, catalog: Catalog) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[ratings]\nG = ["violence"]\n[[scene]]\nlabels = ["violence"]\nshots = [2]\n',
        encoding="utf-8",
    )
    cut = suggested(
        run,
        *("highlights", "--length", "3", *EASY, "--include", "10:00:05:05-10:00:05:17"),
        *("--exclude", "0-30", "--rating", "G", "--rating-rules", str(rules)),
    )
    assert set(range(125, 137)) <= shown(cut)
    assert not shown(cut) & (set(range(30)) | set(range(80, 120)))
    assert "1 range left out: rating G leaves out violence" in cut["note"]
    assert "0.50 s (12 frames) that the brief includes" in cut["note"]
    told = run("why", "1", "2").stdout
    assert "frames 80 to 119 are left out: rating G leaves out violence" in told
    assert len(find_cut(catalog, "1").brief.exclude) == 2


def test_a_cut_of_another_shape_shows_part_of_every_slot(run: Run, catalog: Catalog) -> None:
    run("highlights", "film.mp4", "--length", "2", *EASY, "--aspect", "9:16")
    cut = find_cut(catalog, "1")
    assert cut.brief.aspect == "9:16"
    assert all(slot.reframe is not None for slot in cut.slots)
    number = next(n for n, slot in enumerate(cut.slots) if slot.alternates)
    run("replace", "1", str(number + 1))
    new = find_cut(catalog, "1").slots[number]
    assert new.shot != cut.slots[number].shot
    assert new.reframe is not None


def test_slots_join_on_the_beats_of_music(run: Run, tmp_path: Path, catalog: Catalog) -> None:
    rng = np.random.default_rng(3)
    sound = 0.003 * rng.normal(size=16_000 * 12)
    for beat in np.arange(0.25, 11.5, 0.5):
        part = sound[round(beat * 16_000) :][:600]
        part += 0.4 * np.exp(-np.arange(len(part)) / 100) * rng.normal(size=len(part))
    with av.open(str(tmp_path / "song.wav"), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        samples = np.round(sound * 20_000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 16_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    run("highlights", "film.mp4", "--length", "5", "--min-shot", "0.6", "--max-shot", "1.6",
        "--music", str(tmp_path / "song.wav"))  # fmt: skip
    cut = find_cut(catalog, "1")
    assert cut.brief.music is not None
    assert cut.brief.music.path.endswith("song.wav")
    joins = list(accumulate(slot.source.frames for slot in cut.slots))
    assert joins[-1] == 120
    assert len(joins) >= 3
    assert set(joins[:-1]) <= set(cut.brief.music.beats)
    assert set(joins[:-1]) <= {6 + 12 * n + shift for n in range(20) for shift in (-1, 0, 1)}
    assert f"{len(joins) - 1} of {len(joins) - 1} joins on beats of song.wav" in cut.note


def test_what_is_told_of_an_impossible_brief_works(run: Run) -> None:
    error = run("highlights", "film.mp4", "--length", "60", status=1).exception
    assert isinstance(error, ImpossibleBrief)
    options = error.nearest.split("(")[-1].rstrip(")").split()
    run("highlights", "film.mp4", *options)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--include", "9-5"), RangeError),
        (("--exclude", "09:00:00:00-10:00:01:00"), RangeError),
        (("--rating", "G", "--rating-rules", "film.toml"), RatingsError),
        (("--music", "film.mp4"), Exception),
    ],
)
def test_what_cannot_be_read_is_an_error(
    run: Run, tmp_path: Path, words: tuple[str, ...], error: type[Exception]
) -> None:
    (tmp_path / "film.toml").write_text("[", encoding="utf-8")
    found = [str(tmp_path / w) if w.startswith("film.") else w for w in words]
    result = run("trailer", "1", *found, status=1)
    assert isinstance(result.exception, error)


@pytest.mark.parametrize(
    "words",
    [
        ("--acts", "0.5:0.5"),
        ("--acts", "x"),
        ("--rating", "G"),
        ("--pacing", "0"),
        ("--lead", "-1"),
        ("--fade", "2000"),
        ("--speech", "sometimes"),
        ("--aspect", "4:3"),
    ],
)
def test_wrong_use_has_exit_status_2(run: Run, words: tuple[str, ...]) -> None:
    run("trailer", "1", *words, status=2)


def test_a_note_is_kept_and_told_as_a_change(run: Run, catalog: Catalog) -> None:
    run("highlights", "film.mp4", "--length", "3", *EASY)
    assert "slot 1: noted: longer?" in run("note", "1", "1", "longer?").stdout
    assert find_cut(catalog, "1").slots[0].note == "longer?"
    assert "slot 1: noted: longer?" in run("diff", "1@1", "1@2").stdout
    assert "its note taken away" in run("note", "1", "1", "").stdout


def test_alternates_of_a_trimmed_slot_are_as_long_as_it_is(run: Run, catalog: Catalog) -> None:
    run("highlights", "film.mp4", "--length", "3", *EASY)
    run("trim", "1", "1", "--head", "-6")
    slot = find_cut(catalog, "1").slots[0]
    assert slot.alternates
    assert {a.source.frames for a in slot.alternates} == {slot.source.frames}


def test_a_slot_of_a_shot_that_is_gone_is_told(run: Run, catalog: Catalog) -> None:
    run("highlights", "film.mp4", "--length", "3", *EASY)
    cut = find_cut(catalog, "1")
    gone = replace(cut, slots=(replace(cut.slots[0], shot=77),))
    with pytest.raises(EditError, match=r"of shot 77 of .* which has shots 0 to 5 since"):
        shot_span(catalog, gone, 0)
    held = replace(gone, slots=(replace(gone.slots[0], locked=True),))
    with pytest.raises(EditError, match="slot 1 is of shot 77"):
        resolve_cut(catalog, held, author="Ada")
    other = replace(cut.slots[0], alternates=(Alternate(99, cut.slots[0].source, 0.0),))
    with pytest.raises(EditError, match="an alternate is of shot 99"):
        replace_slot(catalog, replace(cut, slots=(other,)), 0, None)


def test_a_resolved_cut_keeps_its_brief(run: Run, catalog: Catalog) -> None:
    run("highlights", "film.mp4", "--length", "4", *EASY, *LIMITS)
    before: Brief = find_cut(catalog, "1").brief
    run("lock", "1", "1")
    run("resolve", "1")
    after = find_cut(catalog, "1")
    assert after.brief == before
    frames = {n for s in after.slots for n in range(s.source.start, s.source.end)}
    assert set(range(130, 142)) <= frames
    assert not frames & set(range(80, 120))
    assert after.frames == 4 * Fraction(24)
