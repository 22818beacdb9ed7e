"""Whether a workspace is well: `/healthz`, `reel status`, and the room that it takes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import health
from dashboard.commands.app import status_command
from dashboard.health import health_route, look_after
from dashboard.settings import Workspace
from dashboard.storage import storage_of
from recsys.current import CURRENT, current_folder


def answer(workspace: Workspace) -> tuple[int, dict[str, object]]:
    client = TestClient(Starlette(routes=[health_route(workspace)]))
    found = client.get("/healthz")
    return found.status_code, found.json()


def test_a_workspace_that_is_well_says_so(workspace: Workspace) -> None:
    status, body = answer(workspace)
    assert (status, body["well"]) == (200, True)
    assert [(f.part, f.well) for f in look_after(workspace)] == [
        ("catalogue", True),
        ("recommender", True),
        ("disk", True),
    ]


def test_a_workspace_that_is_not_there_yet_is_well_and_stays_away(
    empty_workspace: Workspace,
) -> None:
    assert answer(empty_workspace)[0] == 200
    assert not empty_workspace.root.exists()


def test_a_damaged_catalogue_is_not_well(workspace: Workspace) -> None:
    for file in workspace.catalog.glob("catalog.sqlite*"):
        file.unlink()
    (workspace.catalog / "catalog.sqlite").write_bytes(b"not a database" * 100)
    status, body = answer(workspace)
    assert (status, body["well"]) == (503, False)
    assert str(workspace.root) not in json.dumps(body)  # whoever reaches the port can ask


def test_a_damaged_recommender_is_not_well(workspace: Workspace) -> None:
    (current_folder(workspace.recommenders) / "card.json").write_text("torn")
    assert [f.well for f in look_after(workspace)] == [True, False, True]
    (workspace.recommenders / CURRENT).write_text("torn")
    assert [f.well for f in look_after(workspace)] == [True, False, True]


def test_a_full_disk_is_not_well(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_FREE", 1 << 62)
    assert [f.well for f in look_after(workspace)] == [True, True, False]


def test_the_command_tells_the_same_and_its_status_is_for_scripts(workspace: Workspace) -> None:
    asked = ["--workspace", f"{workspace.root}", "--format", "json"]
    told = CliRunner().invoke(status_command, asked)
    assert (told.exit_code, json.loads(told.stdout)["well"]) == (0, True)
    (workspace.recommenders / CURRENT).write_text("torn")
    told = CliRunner().invoke(status_command, asked)
    assert (told.exit_code, json.loads(told.stdout)["well"]) == (1, False)
    assert "NOT WELL" in CliRunner().invoke(status_command, asked[:2]).stdout


def test_every_byte_of_a_workspace_is_counted_once(workspace: Workspace) -> None:
    (workspace.root / "notes.txt").write_bytes(b"x" * 1234)
    storage = storage_of(workspace)
    files = [path for path in workspace.root.rglob("*") if path.is_file()]
    assert storage.bytes == sum(path.stat().st_size for path in files)
    assert sum(room.files for room in storage.rooms) == len(files)
    kinds = {room.kind: room.bytes for room in storage.rooms}
    assert kinds["other"] == 1234
    assert {"catalogue", "arrays", "thumbnails", "viewing logs", "recommenders"} <= kinds.keys()


def test_links_out_of_a_workspace_are_not_followed(workspace: Workspace, tmp_path: Path) -> None:
    before = storage_of(workspace).bytes
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "big.bin").write_bytes(b"x" * 100_000)
    workspace.root.joinpath("link").symlink_to(tmp_path / "far")
    assert storage_of(workspace).bytes - before < 1000
