"""`reel media --format json`: all that a script may want to know of a file."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from ingest.batch import ingest_batch
from ingest.run import Settings

FilmMaker = Callable[..., Path]


def test_the_facts_of_a_file_are_all_there(make_film: FilmMaker, tmp_path: Path) -> None:
    """29.97 with drop-frame timecode, rotated, and a tone of -15.7 LUFS."""
    films = [
        make_film(
            "full.mov", (30, 30), rate=Fraction(30000, 1001), timecode="01:00:00;02", rotation=90
        ),
        make_film("mute.mkv", (12,), first_frame=24, sound_hz=None),
    ]
    list(ingest_batch(films, tmp_path / "catalog", Settings(detector="content")))
    result = CliRunner().invoke(reel, ["media", "--format", "json", "-w", str(tmp_path)])
    full, mute = json.loads(result.stdout)
    assert (full["rate"], full["variable_rate"], full["frames"]) == ("30000/1001", False, 60)
    assert (full["start_timecode"], full["drop_frame"]) == ("01:00:00;02", True)
    assert (full["width"], full["height"], full["rotation"] % 180) == (64, 96, 90)
    assert (full["sample_rate"], full["channels"], full["channel_layout"]) == (48000, 1, "mono")
    assert full["integrated_lufs"] == pytest.approx(-15.7, abs=0.3)
    assert -12.3 < full["true_peak_dbtp"] < 0  # where the tone begins, AAC rings above it
    assert abs(full["sound_offset_seconds"]) < 0.05
    assert set(full["colour"]) == {"primaries", "transfer", "matrix", "range"}
    assert full["high_dynamic_range"] is False
    assert (mute["start_seconds"], mute["sound"], mute["channels"]) == (1.0, False, None)
    assert (mute["start_timecode"], mute["drop_frame"]) == (None, None)
    assert "no sound" in mute["warnings"]
