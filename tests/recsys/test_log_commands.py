"""`reel logs`, as a shell sees it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.commands.logs import logs_group
from recsys.errors import UnusableMap
from recsys.run import load_log, load_titles


def run(*arguments: object) -> Result:
    return CliRunner().invoke(logs_group, [str(argument) for argument in arguments])


def test_a_folder_is_imported_with_a_built_in_map(tmp_path: Path) -> None:
    folder, space = tmp_path / "ml", tmp_path / "space"
    folder.mkdir()
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n")
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n31,Dangerous Minds,Drama\n")

    assert run("import", folder, "--map", "movielens", "-w", space).exit_code == 0
    assert run("titles", tmp_path / "movies.csv", "--map", "movielens", "-w", space).exit_code == 0

    assert load_log(space / "logs").select("user", "item", "rating").rows() == [("1", "31", 2.5)]
    assert load_titles(space / "logs")["genre"].to_list() == ["Drama"]


def test_a_map_of_ones_own_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(
        '[columns]\nuser = "who"\nitem = "what"\ntimestamp = { column = "at", unit = "ms" }\n'
        'watched_seconds = { column = "played", unit = "ms" }\ndevice = { constant = "tv" }\n'
    )
    (tmp_path / "log.csv").write_text("who,what,at,played\nu,a,1740830400000,2500\n")
    space = ("-w", tmp_path / "space")
    assert (
        run("import", tmp_path / "log.csv", "--map", tmp_path / "map.toml", *space).exit_code == 0
    )
    log = load_log(tmp_path / "space" / "logs")
    assert log.select("user", "watched_seconds", "device").rows() == [("u", 2.5, "tv")]
    failed = run("import", tmp_path / "log.csv", "--map", "netflux", *space)
    assert isinstance(failed.exception, UnusableMap)


def test_forgetting_tells_how_many_rows_went(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,order\nu,a,1\nu,b,2\nv,a,3\n")
    space = ("-w", tmp_path / "space")
    run("import", tmp_path / "log.csv", *space)
    done = run("forget", "u", "--format", "json", *space)
    assert json.loads(done.stdout) == {"rows": 2, "models": []}
    assert load_log(tmp_path / "space" / "logs")["user"].to_list() == ["v"]


def test_a_renaming_to_what_is_no_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("uid,item,order\nu,a,1\n")
    done = run("import", tmp_path / "log.csv", "--rename", "uid=usr", "-w", tmp_path / "space")
    assert done.exit_code == 2
    assert "'usr' is none of our columns: user, item" in done.stderr


def test_likely_renamings_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("User ID,item,order\nu,a,1\n")
    done = run("import", tmp_path / "log.csv", "-w", tmp_path / "space")
    assert done.exit_code == 1
    assert "--rename 'User ID=user'" in done.stderr


def test_rows_set_aside_are_told_by_reason(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,order\nu,a,1\n,a,1\n,b,2\nu,c,x\n")
    done = run("import", tmp_path / "log.csv", "-w", tmp_path / "space")
    assert "2 rows set aside: user missing" in done.stderr
    assert "1 row set aside: order is not a whole number" in done.stderr


@pytest.mark.parametrize(
    "numbers", [("--days", 10**9), ("--seed", -1), ("--users", 10**12), ("--titles", 10**12)]
)
def test_a_simulation_of_any_size_is_not_begun(tmp_path: Path, numbers: tuple[str, int]) -> None:
    done = run("simulate", "--out", tmp_path / "log.parquet", *numbers)
    assert done.exit_code == 2
    assert "is not in the range" in done.stderr
    assert not (tmp_path / "log.parquet").exists()


def test_a_long_import_says_how_far_it_is(tmp_path: Path) -> None:
    from dashboard.commands.logs import _RowsTold

    told: list[str] = []

    class Listener:
        def say(self, message: str) -> None:
            told.append(message)

    counter = _RowsTold(Listener(), every=10)  # type: ignore[arg-type]
    for rows in (4, 9, 10, 15, 31):
        counter.tell(rows)
    assert told == ["10 rows read", "31 rows read"]


def test_a_batch_with_a_bad_file_imports_the_rest_and_fails(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("user,item,order\nu,a,1\nu,a,1\n")
    bad.write_text("who,what\nu,a\n")
    result = run("import", bad, good, "-w", tmp_path / "space", "--format", "json")

    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert [f["source"] for f in report["failed"]] == [str(bad)]
    assert "no column user, item" in report["failed"][0]["reason"]
    assert report["imported"][0]["rows"] == 1
    assert report["imported"][0]["quarantined"] == {"repeats an earlier row": 1}
    assert "no column user" in result.stderr
    assert "1 row set aside: repeats an earlier row" in result.stderr

    again = run("import", good, "-w", tmp_path / "space")
    assert again.exit_code == 0
    assert "unchanged" in again.stdout


def test_a_renaming_is_taken_and_a_wrong_one_is_wrong_use(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("uid,item,order\nu,a,1\n")
    space = ("-w", tmp_path / "space")
    assert run("import", file, "--rename", "uid=user", *space).exit_code == 0
    assert run("import", file, "--rename", "uid", *space).exit_code == 2


def test_simulate_writes_what_import_takes(tmp_path: Path) -> None:
    out, titles = tmp_path / "log.parquet", tmp_path / "titles.parquet"
    sizes = ("--users", 20, "--titles", 9, "--days", 10)
    assert run("simulate", "--out", out, "--titles-out", titles, *sizes).exit_code == 0
    done = run("import", out, "-w", tmp_path / "space", "-q", "--format", "json")
    report = json.loads(done.stdout)
    assert report["imported"][0]["simulated"]
    assert report["imported"][0]["quarantined"] == {}
