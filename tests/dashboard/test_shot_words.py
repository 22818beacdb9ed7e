"""What is said of a shot's measures, by the command and by its classes."""

import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dashboard.commands.footage import shots_command
from dashboard.settings import Workspace
from dashboard.shot_words import FEW_MEASURES, shot_classes, shot_values
from dashboard.wording import measure_label
from ingest.measures import SHOT_MEASURES
from ingest.media import ShotMeasures


def reel_shots(workspace: Workspace, *options: str) -> Result:
    arguments = ["harbour.mp4", "--workspace", str(workspace.root), *options]
    result = CliRunner().invoke(shots_command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result


def test_a_missing_measure_is_none() -> None:
    measures = ShotMeasures(("luma", "speech"), np.array([[0.5, np.nan]], np.float32))
    assert shot_values(measures) == [{"luma": 0.5, "speech": None}]


@pytest.mark.parametrize(
    ("values", "move", "scale"),
    [
        ({"pan": 0.2, "tilt": 0.0, "zoom": 0.0, "shake": None, "face_height": 0.3}, "pan", "MCU"),
        ({"pan": 0.0, "tilt": 0.0, "zoom": 0.0, "shake": 0.0, "face_height": 0.5}, "static", "CU"),
        ({"pan": None, "tilt": None, "zoom": None, "shake": None, "face_height": None}, "", ""),
        ({"luma": 0.5}, "", ""),  # of a film that was ingested before they were measured
    ],
)
def test_classes_are_unknown_where_measures_do_not_tell(
    values: dict[str, float | None], move: str, scale: str
) -> None:
    long = {"MCU": "medium close-up", "CU": "close-up", "": "unknown"}
    assert shot_classes(values) == {"camera_move": move or "unknown", "shot_scale": long[scale]}


def test_the_few_are_measures() -> None:
    assert set(FEW_MEASURES) <= set(SHOT_MEASURES)


def test_a_measure_is_labelled_with_its_unit() -> None:
    assert measure_label("loudness", -23.14) == "loudness **−23.1 LUFS**"
    assert measure_label("face_height", 0.25) == "face height **0.25**"


def test_shots_are_printed_with_every_measure_and_their_classes(workspace: Workspace) -> None:
    rows = json.loads(reel_shots(workspace, "--measures", "--format", "json").stdout)
    table = csv.DictReader(
        io.StringIO(reel_shots(workspace, "--measures", "--format", "csv").stdout)
    )

    assert len(rows) == 8
    assert list(rows[0]["measures"]) == list(SHOT_MEASURES)
    assert rows[0]["camera_move"] in ("static", "unknown")
    for row, line in zip(rows, table, strict=True):
        assert (row["camera_move"], row["shot_scale"]) == (line["camera_move"], line["shot_scale"])
        for name, value in row["measures"].items():
            assert line[name] == ("" if value is None else str(value))


def test_without_the_option_shots_are_printed_as_before(workspace: Workspace) -> None:
    row = json.loads(reel_shots(workspace, "--format", "json").stdout)[0]
    assert list(row) == [
        *("index", "start_frame", "end_frame", "start_seconds", "end_seconds", "transition_in"),
    ]


def test_the_table_shows_the_classes_and_a_few_measures(workspace: Workspace) -> None:
    header, *lines = reel_shots(workspace, "--measures").stdout.splitlines()
    assert header.split()[-len(FEW_MEASURES) :] == list(FEW_MEASURES)
    assert "shot scale" in header
    assert len(lines) == 8
