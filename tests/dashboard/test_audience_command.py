"""`reel audience retention`, by second, by cohort and by the shots of a film in the catalogue."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from dashboard.settings import Workspace
from recsys.errors import NoUsableRows
from recsys.run import import_log

FILM = "harbour.mp4"  # eight shots of two seconds


def run(*arguments: object) -> Result:
    return CliRunner().invoke(reel, ["audience", "retention", *map(str, arguments)])


@pytest.fixture
def viewed(workspace: Workspace, tmp_path: Path) -> Workspace:
    """300 viewers over two weeks: a third leaves at 7 s, in the fourth shot, others evenly.

    A quarter of those who reach the end play the sixth shot (10 to 12 s) again.
    """
    chance = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    for n in range(300):
        stop = 7.0 if chance.random() < 0.33 else min(float(chance.exponential(80)), 16.0)
        stretches = [(0.0, stop)]
        if stop == 16 and chance.random() < 0.25:
            stretches.append((10.0, 12.0))
        begun = datetime(2025, 2, 3, tzinfo=UTC) + timedelta(hours=n)
        for start, end in stretches:
            rows.append(
                {
                    "user": f"u{n}",
                    "item": "harbour",
                    "timestamp": begun.isoformat(),
                    "duration_seconds": 16.0,
                    "from_seconds": start,
                    "to_seconds": end,
                }
            )
    pl.DataFrame(rows).write_csv(tmp_path / "views.csv")
    import_log([tmp_path / "views.csv"], workspace.logs)
    return workspace


def result(*arguments: object) -> Any:
    done = run(*arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_by_shot_names_the_shots_that_lose_viewers_and_win_them_back(viewed: Workspace) -> None:
    found = result("harbour", "--by", "shot", "--film", FILM)

    assert [shot["start"] for shot in found["shots"]] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert [shot["shot"] for shot in found["shots"] if shot["loses"]] == [3]
    assert [shot["shot"] for shot in found["shots"] if shot["wins_back"]] == [5]
    table = run("harbour", "--by", "shot", "--film", FILM)
    assert [line.split()[0] for line in table.stdout.splitlines() if "loses" in line] == ["3"]
    assert "are they one?" not in table.stderr


def test_a_film_of_another_length_is_noticed(viewed: Workspace) -> None:
    table = run("harbour", "--by", "shot", "--film", "silent.mp4")
    assert "the film runs 2.0 s, the log's title 16.0 s: are they one?" in table.stderr


def test_by_shot_needs_a_film(viewed: Workspace) -> None:
    assert run("harbour", "--by", "shot").exit_code == 2
    assert run("harbour", "--by", "shot", "--film", FILM, "--cohort", "week").exit_code == 2


def test_cohorts_hold_all_viewers_once(viewed: Workspace) -> None:
    found = result("harbour", "--cohort", "week")

    assert [cohort["begins"] for cohort in found["cohorts"]] == ["2025-02-03", "2025-02-10"]
    assert sum(cohort["viewers"] for cohort in found["cohorts"]) == found["viewers"] == 300
    for point in found["cohorts"][0]["curve"]:
        low, high = point["still_watching_low"], point["still_watching_high"]
        assert 0 <= low <= point["still_watching"] <= high <= 1
    table = run("harbour", "--cohort", "week")
    assert len(table.stdout.splitlines()) == 3


def test_the_last_day_s_viewers_may_go_on_unless_told_otherwise(viewed: Workspace) -> None:
    assert result("harbour")["may_go_on"] > 5
    assert result("harbour", "--resume-hours", 0)["may_go_on"] == 0


def test_a_title_without_positions_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "views.csv").write_text("user,item,timestamp\nu,plain,2025-01-01\n")
    import_log([tmp_path / "views.csv"], workspace.logs)
    assert isinstance(run("plain").exception, NoUsableRows)
