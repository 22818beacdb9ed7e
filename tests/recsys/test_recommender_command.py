"""`reel logs`, `reel recsys` and `reel audience`, as a shell sees them."""

import json
from pathlib import Path
from typing import Any

import click
import polars as pl
import pytest
from click.testing import CliRunner, Result

from dashboard.commands.audience import audience_group
from dashboard.commands.logs import logs_group
from dashboard.commands.recommender import recsys_group
from recsys.errors import NoLog, NoModel, RecsysError, UnknownModel, UnusableModel
from recsys.run import current_folder
from recsys.simulate import Simulation, write_simulation
from recsys.splits import time_split

reel = click.Group(
    commands={"logs": logs_group, "recsys": recsys_group, "audience": audience_group}
)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(reel, [str(argument) for argument in arguments])


def run_json(*arguments: object) -> Any:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def workspace(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the simulated log, its titles, and an EASE model."""
    folder = tmp_path_factory.mktemp("work")
    write_simulation(simulation, folder / "log.parquet", folder / "titles.parquet")
    for command in (
        ("logs", "import", folder / "log.parquet"),
        ("logs", "titles", folder / "titles.parquet"),
        ("recsys", "train", "--model", "ease"),
    ):
        result = run(*command, "--workspace", folder / "space", "--quiet")
        assert result.exit_code == 0, result.output
    return folder / "space"


def commands(group: click.Group) -> list[tuple[str, click.Command]]:
    return [(name, command) for name, command in group.commands.items()]


@pytest.mark.parametrize(
    "command",
    [command for group in reel.commands.values() for _, command in commands(group)],  # type: ignore[arg-type]
    ids=lambda command: command.name,
)
def test_every_command_and_option_has_help(command: click.Command) -> None:
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{command.name} {parameter.name}"


def test_a_batch_with_a_bad_file_imports_the_rest_and_fails(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("user,item,order\nu,a,1\nu,a,1\n")
    bad.write_text("who,what\nu,a\n")
    result = run("logs", "import", bad, good, "-w", tmp_path / "space", "--format", "json")

    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert [f["source"] for f in report["failed"]] == [str(bad)]
    assert "no column user, item" in report["failed"][0]["reason"]
    assert report["imported"][0]["rows"] == 1
    assert report["imported"][0]["quarantined"] == {"repeats an earlier row": 1}
    assert "no column user" in result.stderr
    assert "1 rows set aside, repeats an earlier row" in result.stderr

    again = run("logs", "import", good, "-w", tmp_path / "space")
    assert again.exit_code == 0
    assert "unchanged" in again.stdout


def test_a_renaming_is_taken_and_a_wrong_one_is_wrong_use(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("uid,item,order\nu,a,1\n")
    space = ("-w", tmp_path / "space")
    assert run("logs", "import", file, "--rename", "uid=user", *space).exit_code == 0
    assert run("logs", "import", file, "--rename", "uid", *space).exit_code == 2


def test_evaluate_takes_renamings_and_says_why_a_file_is_of_no_use(tmp_path: Path) -> None:
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("uid,item,order\nu,a,1\nu,b,2\nv,b,1\nv,a,2\nu,c,3\n")
    test.write_text("uid,item,order\nv,c,4\n")
    call = ("recsys", "evaluate", "--model", "popularity", "--train", train, "--test", test)
    assert "--rename uid=user" in str(run(*call).exception)
    (figures,) = run_json(*call, "--rename", "uid=user")
    assert figures["metrics"]["hit_rate@10"]["value"] == 1

    test.write_text("uid,item,order\nv,c,soon\nv,a,later\n")
    failed = run(*call, "--rename", "uid=user")
    assert failed.exit_code == 1
    reason = f"{test} has no usable rows: 2 rows left out, order is not a whole number"
    assert reason in str(failed.exception)


def test_simulate_writes_what_import_takes(tmp_path: Path) -> None:
    out, titles = tmp_path / "log.parquet", tmp_path / "titles.parquet"
    sizes = ("--users", 20, "--titles", 9, "--days", 10)
    assert run("logs", "simulate", "--out", out, "--titles-out", titles, *sizes).exit_code == 0
    report = run_json("logs", "import", out, "-w", tmp_path / "space", "-q")
    assert report["imported"][0]["simulated"]
    assert report["imported"][0]["quarantined"] == {}


def test_training_writes_a_card_and_makes_the_model_current(workspace: Path) -> None:
    before = current_folder(workspace / "recommenders")
    card = run_json("recsys", "train", "--model", "popularity", "--seed", 4, "-w", workspace, "-q")

    assert current_folder(workspace / "recommenders") == Path(card["folder"]) != before
    assert (card["model"], card["seed"], card["data"]["users"]) == ("popularity", 4, 300)
    assert card["data"]["simulated"]
    assert "had the best validation NDCG@10" in card["reason"]
    assert run("recsys", "train", "--model", "ease", "-w", workspace).exit_code == 0


def test_recommend_gives_a_known_user_titles_not_seen(
    workspace: Path, simulation: Simulation
) -> None:
    served = run_json("recsys", "recommend", "--user", "u0001", "--k", 5, "-w", workspace)

    assert (served["known"], served["source"], served["simulated"]) == (True, "ease", True)
    assert [entry["rank"] for entry in served["recommendations"]] == [1, 2, 3, 4, 5]
    plays = simulation.log.filter((pl.col("user") == "u0001") & pl.col("click"))
    assert not set(plays["item"]) & {entry["item"] for entry in served["recommendations"]}
    table = run("recsys", "recommend", "--user", "u0001", "-w", workspace)
    assert served["recommendations"][0]["title"] in table.stdout
    assert "Simulated data" in table.stderr


def test_an_unknown_user_is_told_apart_and_gets_what_is_popular(workspace: Path) -> None:
    result = run("recsys", "recommend", "--user", "nobody", "-w", workspace, "--format", "json")

    assert result.exit_code == 0
    assert "user 'nobody' is not in the log; this is what is popular" in result.stderr
    served = json.loads(result.stdout)
    assert served["known"] is False
    assert served["source"] == "popularity"
    assert len(served["recommendations"]) == 10


def test_evaluate_gives_a_value_and_an_interval_for_each_metric(
    simulation: Simulation, tmp_path: Path
) -> None:
    split = time_split(simulation.log)
    split.train.write_parquet(tmp_path / "train.parquet")
    split.test.filter("click").select("user", "item", "timestamp").write_csv(tmp_path / "test.csv")
    logs = ("--train", tmp_path / "train.parquet", "--test", tmp_path / "test.csv")
    figures = run_json(
        "recsys", "evaluate", "--model", "pop,ease", "--model", "ials", *logs, "--k", 5
    )

    assert [entry["model"] for entry in figures] == ["popularity", "ease", "als"]
    for entry in figures:
        assert entry["users"] > 200
        assert set(entry["metrics"]) == {
            f"{m}@5" for m in ("ndcg", "recall", "hit_rate", "mrr", "map")
        }
        for estimate in entry["metrics"].values():
            assert 0 <= estimate["low"] <= estimate["value"] <= estimate["high"] <= 1
    table = run("recsys", "evaluate", "--model", "popularity", *logs)
    assert "ndcg@10" in table.stdout
    assert "the logs are simulated" in table.stderr


def test_evaluate_auto_says_what_it_chose(
    simulation: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.selection.MODELS", ("popularity", "ease"))
    split = time_split(simulation.log)
    logs = [tmp_path / "train.csv", tmp_path / "test.csv"]
    for file, part in zip(logs, (split.train, split.test), strict=True):
        ordered = part.filter("click").with_columns(order=pl.col("timestamp").dt.epoch("us"))
        ordered.select("user", "item", "order").write_csv(file)  # an order in place of the time
    figures = run_json(
        "recsys", "evaluate", "--model", "auto", "--train", logs[0], "--test", logs[1]
    )
    assert figures[0]["model"] == "auto"
    assert figures[0]["chosen"] == "ease"
    assert "the next best model was popularity" in figures[0]["reason"]


def test_audience_commands_tell_of_titles_seconds_and_segments(workspace: Path) -> None:
    titles = run_json("audience", "titles", "-w", workspace)
    assert len(titles) == 40
    assert {"item", "title", "viewers", "completion", "trend", "simulated"} <= titles[0].keys()

    curve = run_json("audience", "retention", "big buck bunny (first half)", "-w", workspace)
    assert curve["item"] == "bbb-first-half"
    assert [point["second"] for point in curve["curve"]] == list(range(285))
    assert {moment["start"] for moment in curve["drop_offs"]} == {62, 171}

    segments = run_json("audience", "segments", "--count", 4, "-w", workspace)
    assert sum(segment["size"] for segment in segments["segments"]) == 300
    for name in ("titles", "segments"):
        table = run("audience", name, "-w", workspace)
        assert table.exit_code == 0
        assert "Simulated data" in table.stderr


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("recsys", "train"), NoLog),
        (("recsys", "recommend", "--user", "u"), NoModel),
        (("audience", "titles"), NoLog),
        (("recsys", "evaluate", "--train", "a", "--test", "b", "--model", "magic"), UnknownModel),
    ],
)
def test_what_a_user_can_put_right_is_an_error_of_recsys(
    tmp_path: Path, arguments: tuple[str, ...], error: type[RecsysError]
) -> None:
    """The command `reel` prints these and exits with 1."""
    result = run(*arguments, "-w", tmp_path / "empty")
    assert isinstance(result.exception, error)


def test_a_pointer_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "current.json").write_text(json.dumps({"folder": "../elsewhere"}))
    with pytest.raises(UnusableModel, match="points outside"):
        current_folder(tmp_path)


def test_wrong_use_exits_with_2() -> None:
    assert run("recsys", "recommend").exit_code == 2
    assert run("recsys", "recommend", "--user", "u", "--k", "0").exit_code == 2
    assert run("logs", "import").exit_code == 2
