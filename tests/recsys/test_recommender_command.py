"""`reel logs`, `reel recsys` and `reel audience`, as a shell sees them."""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from dashboard.commands.audience import audience_group
from dashboard.commands.logs import logs_group
from dashboard.commands.recommender import recsys_group
from recsys.current import current_folder
from recsys.errors import (
    NoLog,
    NoModel,
    RecsysError,
    UnknownModel,
    UnknownTitle,
    UnusableModel,
)
from recsys.interactions import Interactions
from recsys.models.card import read_card
from recsys.models.registry import load_model
from recsys.run import load_log
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


def test_training_writes_a_card_and_makes_the_model_current(workspace: Path) -> None:
    before = current_folder(workspace / "recommenders")
    card = run_json("recsys", "train", "--model", "popularity", "--seed", 4, "-w", workspace, "-q")

    assert current_folder(workspace / "recommenders") == Path(card["folder"]) != before
    assert (card["model"], card["seed"], card["data"]["users"]) == ("popularity", 4, 300)
    assert card["data"]["simulated"]
    assert "had the best validation NDCG@10" in card["reason"]
    assert run("recsys", "train", "--model", "ease", "-w", workspace).exit_code == 0


def test_an_update_learns_what_came_since_in_the_same_settings(tmp_path: Path) -> None:
    space = ("-w", tmp_path / "space", "-q")
    assert run("recsys", "train", "--update", *space).exception is not None  # nothing to update
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    rows = [f"u{n},{item},{hour}" for n in range(30) for hour, item in enumerate("abcd"[n % 2 :])]
    old.write_text("\n".join(["user,item,order", *rows]) + "\n")
    new.write_text("user,item,order\nnewcomer,a,1\nnewcomer,e,2\n")
    run("logs", "import", old, *space)
    card = run_json("recsys", "train", "--model", "ease", *space)
    stranger = run_json("recsys", "recommend", "--user", "newcomer", *space)
    assert (stranger["known"], stranger["source"]) == (False, "popularity")
    run("logs", "import", new, *space)
    served = run_json("recsys", "recommend", "--user", "newcomer", *space)
    assert (served["known"], served["source"]) == (True, "ease")  # after one view, before training
    assert "a" not in {entry["item"] for entry in served["recommendations"]}
    updated = run_json("recsys", "train", "--update", *space)

    assert updated["config"] == card["config"]
    assert updated["data"]["users"] == card["data"]["users"] + 1
    assert f"an update of {Path(card['folder']).name}" in updated["reason"]
    assert run_json("recsys", "recommend", "--user", "newcomer", *space)["known"]


def test_an_update_after_a_user_was_forgotten_keeps_nothing_of_them(tmp_path: Path) -> None:
    """ALS goes on from its factors; after a forgetting they are learned from chance on, so that the
    updated model is, number for number, that of a log without the user."""
    space = ("-w", tmp_path / "space", "-q")
    rows = [f"u{n},{'abcdefg'[(n + hour) % 7]},{hour}" for n in range(30) for hour in range(4)]
    log = tmp_path / "log.csv"
    log.write_text("\n".join(["user,item,order", *rows, "gone,a,1", "gone,only,2"]) + "\n")
    run("logs", "import", log, *space)
    run("recsys", "train", "--model", "als", *space)
    recommenders = tmp_path / "space" / "recommenders"
    first = load_model(current_folder(recommenders))
    run("logs", "forget", "gone", *space)
    run("recsys", "train", "--update", *space)
    updated = load_model(current_folder(recommenders))
    assert "only" in first.items and "only" not in updated.items
    afresh = first.refitted(Interactions.from_log(load_log(tmp_path / "space" / "logs")))
    assert np.array_equal(updated.score(updated.users), afresh.score(updated.users))
    assert "trained_before_forgetting" not in read_card(current_folder(recommenders))


@pytest.mark.parametrize(
    "asked",
    [
        ("train", "--minutes", "nan"),
        ("train", "--minutes", "-1"),
        ("recommend", "--user", "u0001", "--explore", "inf"),
        ("recommend", "--user", "u0001", "--explore", "nan"),
        ("recommend", "--user", "u0001", "--k", "0"),
        ("similar", "t001", "--k", "-3"),
    ],
)
def test_numbers_that_cannot_be_counted_with_are_refused(
    workspace: Path, asked: tuple[str, ...]
) -> None:
    result = run("recsys", *asked, "-w", workspace)
    assert result.exit_code == 2
    assert asked[-2] in result.output


def test_more_titles_than_there_are_gives_all_that_are_unseen(workspace: Path) -> None:
    served = run_json("recsys", "recommend", "--user", "u0001", "--k", "5000", "-w", workspace)
    model = load_model(current_folder(workspace / "recommenders"))
    listed = {entry["item"] for entry in served["recommendations"]}
    assert listed == set(model.items) - {model.items[n] for n in model.history("u0001")}
    assert {entry["propensity"] for entry in served["recommendations"]} == {1.0}


def test_embeddings_bring_in_titles_that_nobody_watched(
    simulation: Simulation, tmp_path: Path
) -> None:
    split = time_split(simulation.log)
    train, test = tmp_path / "train.parquet", tmp_path / "test.parquet"
    split.train.filter(pl.col("item") != "t003").write_parquet(train)
    split.test.write_parquet(test)
    table = tmp_path / "embeddings.parquet"
    vectors = [[1.0, number / 40] for number in range(40)]
    pl.DataFrame({"item": simulation.titles["item"], "vector": vectors}).write_parquet(table)
    ask = ("recsys", "evaluate", "--model", "popularity", "--train", train, "--test", test)
    (without,), (found,) = run_json(*ask), run_json(*ask, "--embeddings", table)
    assert without["unknown_titles"] > found["unknown_titles"] == 0

    pl.DataFrame({"item": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]}).write_parquet(table)
    wrong = run(*ask, "--embeddings", table)
    assert "not all of one length" in str(wrong.exception)


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


def test_each_title_says_which_watched_titles_speak_for_it(
    workspace: Path, simulation: Simulation
) -> None:
    served = run_json("recsys", "recommend", "--user", "u0001", "-w", workspace)
    watched = set(simulation.log.filter((pl.col("user") == "u0001") & pl.col("click"))["item"])
    assert served["exact"]
    for entry in served["recommendations"]:
        assert {reason["item"] for reason in entry["because"]} <= watched
    table = run("recsys", "recommend", "--user", "u0001", "-w", workspace).stdout
    assert served["recommendations"][0]["because"][0]["title"] in table


def test_a_rule_acts_on_the_list_and_is_named(workspace: Path, tmp_path: Path) -> None:
    ask = ("recsys", "recommend", "--user", "u0001", "-w", workspace, "--k", 3)
    first, *_, third = [entry["item"] for entry in run_json(*ask)["recommendations"]]
    rules, facts = tmp_path / "rules.toml", tmp_path / "facts.csv"
    rules.write_text(
        f'[[rule]]\nkind = "exclude"\nname = "withdrawn"\nwhere = {{ state = "gone" }}\n'
        f'[[rule]]\nkind = "include"\nname = "campaign"\nitems = ["{third}"]\n'
        f'[[rule]]\nkind = "available"\nname = "licence"\nitems = ["{third}"]\nregions = ["NL"]\n'
    )
    facts.write_text(f"item,state\n{first},gone\n")
    placing = ("--rules", rules, "--facts", facts)
    listed = run_json(*ask, *placing, "--region", "NL")["recommendations"]
    assert (listed[0]["item"], listed[0]["rules"]) == (third, ["campaign"])
    assert first not in [entry["item"] for entry in listed]
    abroad = run_json(*ask, *placing, "--region", "DE")["recommendations"]
    assert third not in [entry["item"] for entry in abroad]


def test_a_batch_writes_every_users_list_with_its_propensities(
    workspace: Path, tmp_path: Path
) -> None:
    users, out = tmp_path / "users.txt", tmp_path / "lists.parquet"
    users.write_text("u0001\nu0002\n\nu0001\nstranger\n")
    ask = ("recsys", "recommend", "--users", users, "-w", workspace, "--k", 4, "-q", "--out")
    assert run(*ask, out).exit_code == 0
    lists = pl.read_parquet(out)
    assert lists["user"].unique(maintain_order=True).to_list() == ["u0001", "u0002", "stranger"]
    assert lists["rank"].to_list() == [1, 2, 3, 4] * 3
    assert (lists["propensity"] == 1).all()
    single = run_json("recsys", "recommend", "--user", "u0002", "--k", 4, "-w", workspace)
    items = [entry["item"] for entry in single["recommendations"]]
    assert lists.filter(user="u0002")["item"].to_list() == items

    drawn = tmp_path / "drawn.csv"
    assert run(*ask, drawn, "--explore", 1.0, "--seed", 3).exit_code == 0
    chances = pl.read_csv(drawn)["propensity"]
    assert ((chances > 0) & (chances < 1)).all()
    assert isinstance(run(*ask, tmp_path / "lists.xls").exception, RecsysError)
    assert run("recsys", "recommend", "--users", users, "-w", workspace).exit_code == 2


def test_similar_takes_an_item_or_a_title(workspace: Path) -> None:
    by_item = run_json("recsys", "similar", "bbb-first-half", "-w", workspace, "--k", 5)
    by_name = run_json(
        "recsys", "similar", "big buck bunny (first half)", "-w", workspace, "--k", 5
    )
    assert by_item == by_name
    assert len(by_item["similar"]) == 5
    assert "bbb-first-half" not in {title["item"] for title in by_item["similar"]}
    assert isinstance(run("recsys", "similar", "nothing", "-w", workspace).exception, UnknownTitle)


def test_a_titles_audience_has_probabilities_and_their_reliability(
    workspace: Path, tmp_path: Path
) -> None:
    plot = tmp_path / "reliability.svg"
    ask = ("recsys", "audience", "t003", "--k", 5, "-w", workspace)
    found = run_json(*ask, "--plot", plot)
    assert found["item"] == "t003"
    chances = [user["probability"] for user in found["users"]]
    assert len(chances) == 5
    assert chances == sorted(chances, reverse=True)
    assert all(0 < chance < 1 for chance in chances)
    assert plot.read_text().count("<circle") == len(found["reliability"]["bins"])
    assert found["users"][0]["user"] in run(*ask).stdout


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
