"""Logs of a few users or titles, times that are all one, and what happens after a training."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from recsys.audience.responses import segment_responses
from recsys.audience.retention import retention_curve
from recsys.audience.segments import Segmentation, find_segments
from recsys.current import current_folder
from recsys.errors import NoUsableRows
from recsys.evaluation import evaluate
from recsys.forgetting import NOTE
from recsys.interactions import Interactions
from recsys.logs.store import LogStore
from recsys.models.boosting import StackModel
from recsys.models.card import read_card
from recsys.models.model import Recommender
from recsys.models.registry import make_model
from recsys.run import train

LogOf = Callable[[Sequence[tuple[str, str, int]]], pl.DataFrame]


def run(space: Path, *words: object) -> Result:
    return CliRunner().invoke(reel, [*map(str, words), "-w", str(space)])


def import_rows(space: Path, rows: Iterable[str], name: str = "log") -> None:
    file = space.with_name(f"{name}.csv")
    file.write_text("\n".join(["user,item,timestamp", *rows]) + "\n")
    done = run(space, "logs", "import", file)
    assert done.exit_code == 0, done.output


def trained(space: Path, *words: object) -> None:
    done = run(space, "recsys", "train", *words)
    assert done.exit_code == 0, done.output


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """Nine users, eleven titles, sixty plays."""
    space = tmp_path / "space"
    import_rows(space, [f"u{n % 9},i{n * 5 % 11},2025-01-{n % 27 + 1:02d}" for n in range(60)])
    return space


def test_who_has_seen_all_is_judged_without_a_list(log_of: LogOf) -> None:
    past = log_of([(user, item, 0) for user in "uv" for item in "ab"])
    model = make_model("popularity").fit(Interactions.from_log(past))
    figures = evaluate(model, log_of([("u", "new", 5)]), k=2)
    assert (figures.users, figures.metrics["ndcg@2"].value) == (1, 0)
    assert figures.lists is None
    json.dumps(figures.as_json(), allow_nan=False)


def test_a_stack_is_not_taught_by_plays_of_one_instant(log_of: LogOf) -> None:
    log = log_of([(f"u{n % 5}", f"i{n % 7}", 0) for n in range(35)])
    with pytest.raises(NoUsableRows, match="no play comes before another"):
        StackModel().fit(Interactions.from_log(log))


def test_a_segment_in_which_everyone_came_has_a_response(log_of: LogOf) -> None:
    """Six users, each of whom came to b a day after a."""
    plays = [(f"u{n}", item, hour) for item, hour in (("b", 0), ("a", 48)) for n in range(6)]
    log = log_of([*plays, ("z", "a", 0), ("z", "b", 48)])
    interactions = Interactions.from_log(log)
    vectors = np.ones((len(interactions.users), 2), np.float32)
    titles = pl.DataFrame(schema={"item": pl.String, "title": pl.String, "genre": pl.String})
    everyone: Segmentation = find_segments(interactions, vectors, titles, count=1)
    found = segment_responses(log, everyone, lambda part: lambda rows: vectors, days=1)
    expected = found.titles("All viewers", titles)["expected_response"]
    assert expected.is_finite().all()
    assert (expected > 0.9).all()


def test_a_second_that_one_viewer_played_forty_thousand_times_is_seen_again() -> None:
    plays = 40_000
    viewer, start, end = np.zeros(plays, np.int64), np.zeros(plays), np.full(plays, 2.0)
    curve = retention_curve(viewer, start, end, 3.0)
    assert curve.watched.tolist() == [1, 1, 0]
    assert curve.again.tolist() == [1, 1, 0]


def test_probabilities_need_titles_that_some_did_not_come_to(tmp_path: Path) -> None:
    """500 users came to the first title, then all of them to the second."""
    space = tmp_path / "space"
    import_rows(
        space,
        [
            f"u{user},{item},2025-01-0{day}T{user // 60:02d}:{user % 60:02d}:00"
            for day, item in ((1, "a"), (2, "b"))
            for user in range(500)
        ],
    )
    trained(space, "--model", "popularity")
    refused = run(space, "recsys", "audience", "b").exception
    assert isinstance(refused, NoUsableRows)
    assert "all came to every title" in str(refused)


def test_who_came_to_a_title_after_the_training_is_not_in_its_audience(tmp_path: Path) -> None:
    space = tmp_path / "space"
    done = CliRunner().invoke(
        reel,
        ["logs", "simulate", "--out", str(tmp_path / "sim.parquet"), "--users", "150",
         "--titles", "20", "--days", "40"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert run(space, "logs", "import", tmp_path / "sim.parquet").exit_code == 0
    trained(space, "--model", "popularity")

    def audience() -> list[str]:
        told = run(space, "recsys", "audience", "t009", "--k", 1000, "--format", "json")
        assert told.exit_code == 0, told.output
        return [user["user"] for user in json.loads(told.stdout)["users"]]

    first, *others = audience()
    import_rows(space, [f"{first},t009,2025-02-09"], "more")
    assert sorted(audience()) == sorted(others)


@pytest.mark.parametrize("model", ["popularity", "transitions", "knn", "ease", "als"])
def test_a_new_title_that_a_user_watches_meanwhile_speaks_for_nothing(
    space: Path, model: str
) -> None:
    """It is known by its embedding alone; the older titles give the reasons still."""
    table = space.with_name("embeddings.jsonl")
    rows = [{"item": f"i{n}", "vector": [1.0, n]} for n in range(11)]
    lines = [json.dumps(row) for row in [*rows, {"item": "new", "vector": [1.0, 3.5]}]]
    table.write_text("\n".join(lines))
    trained(space, "--model", model, "--embeddings", table)
    import_rows(space, ["u0,new,2025-02-01", "fresh,new,2025-02-01"], "more")
    for user in ("u0", "fresh"):
        told = run(space, "recsys", "recommend", "--user", user, "--format", "json")
        assert told.exit_code == 0, told.output
        listed = json.loads(told.stdout)["recommendations"]
        assert "new" not in {entry["item"] for entry in listed}
        because = {reason["item"] for entry in listed for reason in entry["because"]}
        assert "new" not in because
        assert bool(because) == (user == "u0" and model != "popularity")


def test_lists_drawn_by_chance_keep_to_the_places_that_rules_give(
    space: Path, tmp_path: Path
) -> None:
    """At next to no temperature the draw is sure, so the title that rules raise stands first."""
    trained(space, "--model", "ease")
    unruled = run(space, "recsys", "recommend", "--user", "u0", "--format", "json")
    last = json.loads(unruled.stdout)["recommendations"][-1]["item"]
    (tmp_path / "rules.toml").write_text(
        f'[[rule]]\nkind = "include"\nname = "first"\nitems = ["{last}"]\nrank = 1\n'
    )
    (tmp_path / "users.txt").write_text("u0\n")
    lists = tmp_path / "lists.parquet"
    asked = ("--users", tmp_path / "users.txt", "--out", lists, "--explore", 1e-6)
    done = run(space, "recsys", "recommend", *asked, "--rules", tmp_path / "rules.toml")
    assert done.exit_code == 0, done.output
    top = pl.read_parquet(lists).row(0, named=True)
    assert (top["item"], top["rules"], top["propensity"]) == (last, "first", 1.0)


def test_a_model_saved_after_its_user_was_forgotten_says_so(
    space: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user goes while the training, which has read the log already, is under way."""
    logs, recommenders = space / "logs", space / "recommenders"
    real = Recommender.fit

    def fit(model: Recommender, *arguments: Any) -> Recommender:
        LogStore(logs).forget("u3")
        return real(model, *arguments)

    monkeypatch.setattr(Recommender, "fit", fit)
    train(logs, recommenders, model="ease")
    assert read_card(current_folder(recommenders))[NOTE]["users"] == 1


@pytest.mark.parametrize("seed", [-1, 2**32])
@pytest.mark.parametrize(
    "words",
    [
        ("train",),
        ("evaluate", "--train", "a.csv", "--test", "b.csv"),
        ("recommend", "--user", "u"),
        ("audience", "a"),
    ],
)
def test_a_seed_that_no_generator_takes_is_refused(
    tmp_path: Path, words: tuple[str, ...], seed: int
) -> None:
    done = run(tmp_path, "recsys", *words, "--seed", seed)
    assert done.exit_code == 2
    assert "not in the range" in done.stderr
