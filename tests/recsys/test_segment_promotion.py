"""What to promote to a segment: measured responses, and a campaign file that keeps its word."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from dashboard.commands.audience import audience_group
from recsys.audience.grouping import FitRepresentation
from recsys.audience.promotion import CAMPAIGN_SCHEMA, HOLD_OUT, Draw
from recsys.audience.representations import representation
from recsys.audience.responses import SegmentResponses, segment_campaign, segment_responses
from recsys.audience.segments import Segment, Segmentation
from recsys.errors import NoUsableRows
from recsys.interactions import Interactions, first_plays
from recsys.models.registry import make_model
from recsys.run import import_log, import_titles, train
from recsys.simulate import Simulation, simulate, write_simulation


def fit(interactions: Interactions):  # type: ignore[no-untyped-def]
    return representation(make_model("als", embedding_size=8).fit(interactions))


FIT: FitRepresentation = fit


@pytest.fixture(scope="module")
def made() -> Simulation:
    return simulate(2, users=400, titles=24, plays_per_user=8)


@pytest.fixture(scope="module")
def planted(made: Simulation) -> Segmentation:
    """The segments that the simulator gave its users."""
    names = sorted(set(made.truth.segment_of.values()))
    place = {name: number for number, name in enumerate(names)}
    segments = [Segment(name, 0, 0.0, [], []) for name in names]
    members = {user: place[name] for user, name in made.truth.segment_of.items()}
    return Segmentation(segments, members, 0.0)


@pytest.fixture(scope="module")
def measured(made: Simulation, planted: Segmentation) -> SegmentResponses:
    return segment_responses(made.log, planted, FIT, days=14)


def test_a_segment_is_to_be_shown_what_it_likes(
    made: Simulation, planted: Segmentation, measured: SegmentResponses
) -> None:
    genre = dict(made.titles.select("item", "genre").iter_rows())
    for segment, preferred in made.truth.preferred.items():
        best = measured.titles(segment, made.titles)
        liked = best["item"].replace_strict(genre).is_in(preferred)
        response = best["expected_response"].to_numpy()
        own = liked.to_numpy()
        assert response[own].mean() > 1.5 * response[~own].mean(), segment
        assert (best["low"] < best["expected_response"]).all()
        assert (best["expected_response"] < best["high"]).all()
        assert best["expected_response"].is_sorted(descending=True)


def test_a_title_is_to_be_shown_to_the_segment_that_likes_its_genre(
    made: Simulation, measured: SegmentResponses
) -> None:
    ranked = measured.of_title("t008")  # an animation
    assert ranked["segment"][0] == "families"
    assert ranked.height == 4
    assert measured.of_title("nothing").is_empty()


def test_the_counts_add_up_to_the_users(made: Simulation, measured: SegmentResponses) -> None:
    now = measured.now.sum(axis=0)
    users = made.log.filter("click")["user"].n_unique()
    seen = first_plays(made.log).group_by("item").len()
    for item, count in seen.iter_rows():
        assert now[measured.items.index(item)] == users - count
    assert (measured.came <= measured.then).all()


def test_each_user_is_shown_the_best_title_not_yet_played(
    made: Simulation, planted: Segmentation, measured: SegmentResponses
) -> None:
    draw = Draw(0.2, seed=5)
    users = segment_campaign(measured, made.log, planted, "families", titles=3, draw=draw)
    assert users.schema == CAMPAIGN_SCHEMA
    best = measured.titles("families", made.titles)["item"].to_list()[:3]
    seen = set(first_plays(made.log).select("user", "item").iter_rows())
    for user, item, band in users.select("user", "item", "band").iter_rows():
        assert item == best[band - 1]
        assert all((user, earlier) in seen for earlier in best[: band - 1])
        assert (user, item) not in seen
        assert made.truth.segment_of[user] == "families"
    held = users["group"] == HOLD_OUT
    assert users.filter(held)["propensity"].unique().to_list() == [0.2]
    assert users.filter(~held)["propensity"].unique().to_list() == [0.8]
    assert abs(int(held.sum()) - 0.2 * users.height) < 3
    again = segment_campaign(measured, made.log, planted, "families", titles=3, draw=draw)
    assert again.equals(users)


def test_a_hold_out_is_drawn_as_often_as_its_propensity_says(
    made: Simulation, planted: Segmentation, measured: SegmentResponses
) -> None:
    held = np.mean(
        [
            segment_campaign(
                measured, made.log, planted, "families", titles=1, size=7, draw=Draw(0.1, seed)
            )["group"].to_numpy()
            == HOLD_OUT
            for seed in range(300)
        ]
    )
    assert held == pytest.approx(0.1, abs=0.03)  # 7 × 0.1 is no whole number


def test_a_log_too_short_or_without_times_is_refused(
    made: Simulation, planted: Segmentation
) -> None:
    with pytest.raises(NoUsableRows, match="no plays before its last 1000 days"):
        segment_responses(made.log, planted, FIT, days=1000)
    untimed = made.log.with_columns(timestamp=pl.lit(None, pl.Datetime("us", "UTC")), order=1)
    with pytest.raises(NoUsableRows, match="no timestamps"):
        segment_responses(untimed, planted, FIT, days=14)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments")
    made = simulate(0, users=400, titles=60, days=60, plays_per_user=10)
    write_simulation(made, folder / "log.parquet", folder / "titles.parquet")
    import_log([folder / "log.parquet"], folder / "space" / "logs")
    import_titles(folder / "titles.parquet", folder / "space" / "logs")
    return folder / "space"


def run(space: Path, *words: object) -> Result:
    return CliRunner().invoke(audience_group, [*map(str, words), "-w", str(space)])


def test_the_commands_lead_from_segments_to_a_campaign_file(space: Path, tmp_path: Path) -> None:
    told = run(space, "segments", "--format", "json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["simulated"] and found["number"]["count"] == len(found["segments"]) > 1
    name = found["segments"][0]["name"]
    out = tmp_path / "campaign.parquet"
    done = run(space, "promote", "--segment", name.upper(), "--out", out, "--format", "json")
    assert done.exit_code == 0, done.output
    plan = json.loads(done.stdout)
    users = pl.read_parquet(out)
    assert users.schema == CAMPAIGN_SCHEMA
    assert (plan["segment"], plan["target"] + plan["hold_out"]) == (name, users.height)
    assert plan["titles"][0]["rank"] == 1
    table = run(space, "segments", "--count", 3)
    assert "by chance" in table.stdout and "x (" in table.stdout
    missing = run(space, "promote", "--segment", "nobody")
    assert "there is none of that name; there are" in str(missing.exception)


def test_segments_as_the_recommender_in_use_sees_users(space: Path) -> None:
    train(space / "logs", space / "recommenders", model="als")
    told = run(space, "segments", "--model", "current", "--count", 3, "--format", "json")
    assert told.exit_code == 0, told.output
    assert len(json.loads(told.stdout)["segments"]) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["promote"], "Name a TITLE, or a --segment"),
        (["promote", "t001", "--hold-out", "nan"], "nan is no number"),
        (["promote", "t001", "--hold-out", "1"], "not in the range"),
        (["promote", "t001", "--days", "99999999999"], "not in the range"),
        (["promote", "t001", "--seed", "-1"], "not in the range"),
        (["promote", "t001", "--out", "campaign.xlsx"], "neither .csv nor .parquet"),
        (["segments", "--seed", "99999999999"], "not in the range"),
        (["retention", "t001", "--resume-hours", "nan"], "nan is no number"),
        (["retention", "t001", "--resume-hours", "inf"], "not in the range"),
        (["retention", "t001", "--resume-hours", "1e300"], "not in the range"),
    ],
)
def test_numbers_and_names_that_make_no_sense_are_refused(
    space: Path, words: list[str], told: str
) -> None:
    done = run(space, *words)
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.split())
