"""`reel logs`, as a shell sees it."""

import json
from pathlib import Path

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
