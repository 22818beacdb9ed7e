import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from click.testing import CliRunner, Result

from dashboard.commands.editing import cut_group
from dashboard.commands.learning import learn_group
from dashboard.commands.render import render_command
from dashboard.commands.timelines import export_command
from editing.errors import ImpossibleBrief, UnknownCut
from editing.interchange.edl_reader import read_edl
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.fcpxml_reader import read_fcpxml
from editing.interchange.otio_reader import read_otio
from ingest.media import Media

SHOTS = (30, 50, 40, 60, 20, 40)
READERS = {
    "otio": read_otio,
    "edl": lambda text: read_edl(text, Fraction(24)),
    "fcp7": read_fcp7xml,
    "fcpxml": read_fcpxml,
}


@pytest.fixture
def film(make_film: Callable[..., Media]) -> Media:
    """Ten seconds in six shots, with timecode from ten o'clock."""
    return make_film("film.mp4", sum(SHOTS), shots=SHOTS, timecode="10:00:00:00")


@pytest.fixture
def run(tmp_path: Path, film: Media) -> Callable[..., Result]:
    """Runs a command over the workspace that holds the film; fails if the command does."""

    def run(command: object, *arguments: str, ok: bool = True) -> Result:
        where = ["-w", str(tmp_path / "workspace")]
        result = CliRunner().invoke(command, [*arguments, *where])
        if ok:
            assert result.exit_code == 0, result.output
        return result

    return run


def test_a_trailer_is_suggested_as_json(run: Callable[..., Result]) -> None:
    result = run(cut_group, "trailer", "film.mp4", "--seconds", "3.5", "--format", "json")
    cut = json.loads(result.stdout)
    assert (cut["id"], cut["version"], cut["kind"]) == (1, 1, "trailer")
    assert (cut["frames"], cut["rate"]) == (84, "24")
    slots = cut["slots"]
    assert sum(slot["source_out"] - slot["source_in"] for slot in slots) == 84
    assert slots[-1]["source_out"] <= 216  # the last tenth is kept back
    assert slots[0]["record_in_timecode"] == "01:00:00:00"
    assert slots[-1]["record_out"] == 84
    assert slots[-1]["record_out_timecode"] == "01:00:03:12"
    for slot in slots:
        seconds, frames = divmod(slot["source_in"], 24)
        assert slot["source_in_timecode"] == f"10:00:{seconds:02d}:{frames:02d}"
        assert sum(r["value"] for r in slot["reasons"]) == pytest.approx(slot["score"])
    assert "Assembling a trailer" in result.stderr


def test_a_cut_is_listed_and_shown_as_tables(run: Callable[..., Result]) -> None:
    run(cut_group, "rough", "1", "--seconds", "5", "--min-shot", "0.5", "--author", "ana")
    listed = run(cut_group, "list").stdout.splitlines()
    assert listed[0].split() == [
        *("id", "version", "name", "seconds", "frames", "slots", "ranker", "author", "made")
    ]
    assert "film rough" in listed[1] and "5.00" in listed[1] and "ana" in listed[1]
    shown = run(cut_group, "show", "1@1").stdout
    assert "cut 1@1: film rough, 120 frames, 5.00 s" in shown
    assert "01:00:00:00" in shown


def test_an_empty_list_says_how_to_begin(run: Callable[..., Result]) -> None:
    assert "reel cut trailer MEDIA" in run(cut_group, "list").stderr
    assert json.loads(run(cut_group, "list", "--format", "json").stdout) == []


def test_quiet_says_nothing_but_the_result(run: Callable[..., Result]) -> None:
    result = run(cut_group, "trailer", "1", "--seconds", "2", "--format", "json", "--quiet")
    assert result.stderr == ""


def test_a_cut_goes_out_in_every_format_at_its_exact_length(
    run: Callable[..., Result], tmp_path: Path, read_numbers: Callable[[Path], list[int]]
) -> None:
    cut = json.loads(run(cut_group, "trailer", "1", "--seconds", "4", "--format", "json").stdout)
    wanted = [n for s in cut["slots"] for n in range(s["source_in"], s["source_out"])]
    for target, read in READERS.items():
        path = tmp_path / "exports" / f"cut.{target}"
        told = run(export_command, "1", "--to", target, "--output", str(path)).stdout
        assert told == f"{path}: {len(cut['slots'])} events, 96 frames\n"
        edits = read(path.read_bytes().decode()).track("V1")
        found = [n - 864_000 for e in edits for n in range(e.source.start, e.source.end)]
        assert found == wanted
    movie = tmp_path / "cut.mp4"
    told = run(render_command, "1", "--output", str(movie), "--height", "96").stdout
    assert told == f"{movie}: 96 frames, 128x96, no sound\n"
    assert read_numbers(movie) == wanted
    with av.open(str(movie)) as opened:
        assert not opened.streams.audio


def test_an_impossible_brief_is_an_error_with_a_way_out(run: Callable[..., Result]) -> None:
    result = run(cut_group, "trailer", "1", "--seconds", "60", ok=False)
    assert isinstance(result.exception, ImpossibleBrief)
    nearest = result.exception.brief.frames
    assert f"({nearest:,} frames)" in str(result.exception)
    run(cut_group, "trailer", "1", "--seconds", str(round(nearest / 24, 4)))


def test_an_unknown_cut_is_an_error(run: Callable[..., Result], tmp_path: Path) -> None:
    output = str(tmp_path / "cut.edl")
    result = run(export_command, "5", "--to", "edl", "--output", output, ok=False)
    assert isinstance(result.exception, UnknownCut)
    assert not Path(output).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ("--seconds", "0"),
        ("--seconds", "-3"),
        ("--seconds", "1e9"),
        ("--seconds", "nan"),
        ("--spoiler-free", "1.5"),
        ("--min-shot", "3", "--max-shot", "2"),
        ("--seconds", "0.001"),
        ("--ranker", "guess"),
    ],
)
def test_wrong_use_has_exit_status_2(run: Callable[..., Result], wrong: tuple[str, ...]) -> None:
    assert run(cut_group, "trailer", "1", *wrong, ok=False).exit_code == 2


def test_every_command_and_option_has_help() -> None:
    groups = {**cut_group.commands, **learn_group.commands}
    for command in [*groups.values(), export_command, render_command]:
        assert command.help
        assert all(
            getattr(p, "help", None) or p.param_type_name == "argument" for p in command.params
        )
