"""A user who is forgotten is gone from everything that is kept, and stays out."""

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from recsys.errors import ForgottenUser, UnreadableLog
from recsys.forgetting import NOTE, forget_user
from recsys.logs.store import LogStore
from recsys.run import import_log, load_log, train
from recsys.serving import recommend
from recsys.simulate import Simulation, write_simulation
from recsys.viewing_log import FORGOTTEN

LINES = "user,item,timestamp\nanna,a,2025-01-01\nben,a,2025-01-02\nanna,,2025-01-03\nben,,bad\n"


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    store = LogStore(tmp_path / "logs")
    (tmp_path / "log.csv").write_text(LINES)
    store.import_file(tmp_path / "log.csv")
    return store


def traces(folder: Path, user: str) -> list[str]:
    """Files under a folder that hold a user's name, in their bytes or in a column."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            told = user.encode() in file.read_bytes()
            if file.suffix == ".parquet":
                told = told or user in pl.read_parquet(file).get_column("user", default=[])
            found += [file.name] * told
    return found


def test_a_forgotten_user_leaves_no_trace_in_any_file(store: LogStore) -> None:
    assert traces(store.folder, "anna")

    assert store.forget("anna") == 1

    assert traces(store.folder, "anna") == []
    assert store.load()["user"].to_list() == ["ben"]
    (done,) = store.imports()
    assert done.rows == 1
    assert pl.read_parquet(store.quarantine_of(done.digest))["user"].to_list() == ["ben"]
    assert (store.folder / "forgotten.json").stat().st_mode & 0o077 == 0


def test_no_import_brings_a_forgotten_user_back(store: LogStore, tmp_path: Path) -> None:
    store.forget("anna")
    assert store.import_file(tmp_path / "log.csv").unchanged
    (tmp_path / "more.csv").write_text(LINES + "anna,b,2025-01-09\ncarl,b,2025-01-09\nanna,,\n")

    done = store.import_file(tmp_path / "more.csv")

    assert done.rows == 1
    assert done.quarantined[FORGOTTEN] == 4
    assert store.load()["user"].to_list() == ["ben", "carl"]
    assert traces(store.folder, "anna") == []


def test_a_user_is_the_same_however_the_name_is_written(tmp_path: Path) -> None:
    store = LogStore(tmp_path / "logs")
    (tmp_path / "log.csv").write_text("user,item,order\n17.0,a,1\n18,a,1\n17,,2\n")
    store.import_file(tmp_path / "log.csv")
    assert store.forget(" 17 ") == 1
    assert store.is_forgotten("17.0")
    assert not store.is_forgotten("18")
    pl.DataFrame({"user": [17.0, 18.0], "item": ["b", "b"], "order": [3, 4]}).write_parquet(
        tmp_path / "log.parquet"
    )
    assert store.import_file(tmp_path / "log.parquet").quarantined == {FORGOTTEN: 1}
    for number, dtype in enumerate([pl.Categorical(), pl.Enum([" 17 ", "18\t", ""])]):
        users = pl.Series("user", [" 17 ", "18\t", ""], dtype)
        items = pl.Series("item", [" b", "b", "b"]).cast(pl.Categorical())
        table = pl.DataFrame([users, items, pl.Series("order", [5 + number] * 3)])
        table.write_parquet(tmp_path / "texts.parquet")
        done = store.import_file(tmp_path / "texts.parquet")
        assert done.quarantined == {FORGOTTEN: 1, "user missing": 1}
    assert set(store.load()["user"]) == {"18"}
    assert set(store.load()["item"]) == {"a", "b"}


def test_the_list_holds_hashes_that_differ_between_workspaces(
    store: LogStore, tmp_path: Path
) -> None:
    other = LogStore(tmp_path / "other")
    for one in (store, other):
        one.forget("anna")
    told = [json.loads((s.folder / "forgotten.json").read_text()) for s in (store, other)]
    assert told[0]["salt"] != told[1]["salt"]
    assert told[0]["since"].keys() != told[1]["since"].keys()


def test_a_removal_that_was_cut_off_is_completed_by_the_same_call(
    store: LogStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails at each replacement in turn; nobody else loses a row, and anna goes."""
    (tmp_path / "second.csv").write_text(
        "user,item,timestamp\nanna,z,2025-02-01\nben,z,2025-02-01\n"
    )
    store.import_file(tmp_path / "second.csv")
    real, stopped, done = Path.replace, 0, False
    while not done:
        count, fatal = 0, stopped

        def replace(self: Path, target: Path, fatal: int = fatal) -> Path:
            nonlocal count
            count += 1
            if count > fatal:
                raise OSError("disk full")
            return real(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", replace)
            try:
                store.forget("anna")
                done = True
            except UnreadableLog:
                stopped += 1
        assert store.load().filter(pl.col("user") == "ben").height == 2
    assert stopped > 2
    assert traces(store.folder, "anna") == []
    assert store.load()["user"].to_list() == ["ben", "ben"]


def test_a_model_trained_before_says_so_and_serves_the_user_nothing(
    simulation: Simulation, tmp_path: Path
) -> None:
    logs, models = tmp_path / "logs", tmp_path / "recommenders"
    write_simulation(simulation, tmp_path / "log.parquet")
    import_log([tmp_path / "log.parquet"], logs)
    old = train(logs, models, model="popularity").folder
    assert recommend(logs, models, "u0001").known

    done = forget_user(logs, models, "u0001")
    forget_user(logs, models, "u0001")  # once more changes nothing

    assert done.rows > 0
    assert done.models == [old.name]
    card = json.loads((old / "card.json").read_text())
    assert card[NOTE]["users"] == 1
    with pytest.raises(ForgottenUser, match="'u0001' was forgotten"):
        recommend(logs, models, "u0001")
    assert recommend(logs, models, "u0002").known

    again = train(logs, models, model="popularity")
    assert NOTE not in again.card
    assert again.card["data"]["users"] == old_users(old) - 1
    assert "u0001" not in set(load_log(logs)["user"])
    histories = pl.read_parquet(again.folder / "histories.parquet")
    assert "u0001" not in set(histories["user"])


def test_only_models_that_learned_from_the_user_are_noted_and_before_the_log_is_changed(
    simulation: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, models = tmp_path / "logs", tmp_path / "recommenders"
    write_simulation(simulation, tmp_path / "log.parquet")
    import_log([tmp_path / "log.parquet"], logs)
    folder = train(logs, models, model="popularity").folder

    assert forget_user(logs, models, "nobody").models == []
    assert NOTE not in json.loads((folder / "card.json").read_text())

    def full(self: LogStore, user: str, at: object = None) -> int:
        raise UnreadableLog(self.folder, "disk full")

    with monkeypatch.context() as patched, pytest.raises(UnreadableLog, match="disk full"):
        patched.setattr(LogStore, "forget", full)
        forget_user(logs, models, "u0001")
    assert json.loads((folder / "card.json").read_text())[NOTE]["users"] == 1
    assert forget_user(logs, models, "u0001").models == [folder.name]


def test_a_model_that_is_saved_while_its_user_is_being_forgotten_is_noted(
    simulation: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its training asks who was forgotten after the models were looked through, and before the log
    says so."""
    logs, models = tmp_path / "logs", tmp_path / "recommenders"
    write_simulation(simulation, tmp_path / "log.parquet")
    import_log([tmp_path / "log.parquet"], logs)
    real, saved = LogStore.forget, []

    def forget(self: LogStore, user: str, at: datetime | None = None) -> int:
        saved.append(train(logs, models, model="popularity").folder)
        return real(self, user, at)

    monkeypatch.setattr(LogStore, "forget", forget)

    assert forget_user(logs, models, "u0001").models == [saved[0].name]
    assert json.loads((saved[0] / "card.json").read_text())[NOTE]["users"] == 1


def old_users(folder: Path) -> int:
    return int(json.loads((folder / "card.json").read_text())["data"]["users"])


def test_a_list_that_is_damaged_stops_imports_rather_than_let_users_back(
    store: LogStore, tmp_path: Path
) -> None:
    store.forget("anna")
    (store.folder / "forgotten.json").write_text("{")
    (tmp_path / "more.csv").write_text("user,item,timestamp\nanna,b,2025-01-09\n")
    with pytest.raises(Exception, match="the list of forgotten users is damaged"):
        store.import_file(tmp_path / "more.csv")
