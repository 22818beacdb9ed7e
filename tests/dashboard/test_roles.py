"""Whatever a page writes is refused to a viewer by the function that writes it."""

import ast
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

import dashboard
from dashboard.audience_question import Question
from dashboard.background import cancel_job, retry_jobs
from dashboard.brief_files import keep_music, keep_rules
from dashboard.briefs import Wish, suggest
from dashboard.business_rules import save_rules
from dashboard.campaigns import hand_over_campaign
from dashboard.cut_approval import approve_cut, withdraw_approval
from dashboard.cut_delivery import export_version, render_version
from dashboard.cut_edits import Edit, EditKind, make_edit
from dashboard.cut_faults import begin_repair
from dashboard.model_comparison import start_evaluation
from dashboard.people import NotAllowed, Person
from dashboard.settings import Workspace
from dashboard.sources import folder_state, open_catalog
from dashboard.title_films import link_film
from editing.approvals import approve
from editing.cut_store import load_cut

VIC = Person("Vic", "viewer")
ANA = Person("Ana", "editor")

Write = Callable[[Person, Workspace], object]


def cut_of(workspace: Workspace) -> object:
    return load_cut(open_catalog(workspace.catalog), 1)


def state_of(workspace: Workspace) -> str:
    return folder_state(workspace.catalog)


EDITORS_WRITES: dict[str, Write] = {
    **{
        kind: lambda person, w, kind=kind: make_edit(
            person, open_catalog(w.catalog), Edit(1, 1, kind, 0, restored=1, text="x")
        )
        for kinds in get_args(EditKind)
        for kind in get_args(kinds)
    },
    "begin a repair": lambda person, w: begin_repair(person, w, 1, 1),
    "suggest": lambda person, w: suggest(person, w, Wish(1, "trailer", Fraction(4))),
    "keep music": lambda person, w: keep_music(person, w, "x.wav", b"x"),
    "keep rules": lambda person, w: keep_rules(person, w, "x.toml", b"[ratings]"),
    "render": lambda person, w: render_version(person, w, cut_of(w), lambda done: None),
    "export": lambda person, w: export_version(
        person, w.catalog, cut_of(w), "otio", state=state_of(w)
    ),
    "approve": lambda person, w: approve_cut(person, open_catalog(w.catalog), 1, 1),
    "withdraw": lambda person, w: withdraw_approval(
        person, open_catalog(w.catalog), 1, 1, approve(open_catalog(w.catalog), 1, 1, "Vic").name
    ),
    "business rules": lambda person, w: save_rules(person, w, "[]"),
    "title film": lambda person, w: link_film(person, w, "film", None),
    "evaluation": lambda person, w: start_evaluation(
        person, w, Question("evaluation", models=("popularity",)), state="x"
    ),
    "campaign": lambda person, w: hand_over_campaign(person, pl.DataFrame({"user": ["u"]}), "csv"),
}
ADMINS_WRITES: dict[str, Write] = {
    "retry jobs": lambda person, w: retry_jobs(person, w, [1]),
    "cancel job": lambda person, w: cancel_job(person, w, 1),
}


WRITERS = {
    *("approve", "withdraw", "create_cut", "save_version", "save_slots", "suggest_cut"),
    *("resolve_cut", "repair_cut", "render_cut", "export_cut", "promote_model", "write_bytes"),
    *("write_text", "unlink", "whole_file"),
}
"""Functions that write whoever calls them."""


def files_of(workspace: Workspace) -> set[Path]:
    return {path for path in workspace.root.rglob("*") if "sqlite" not in path.name}


@pytest.mark.parametrize("name", EDITORS_WRITES)
def test_a_viewer_writes_nothing(workspace: Workspace, name: str) -> None:
    before = files_of(workspace)

    with pytest.raises(NotAllowed, match=r"Vic is a viewer; to .* takes an editor"):
        EDITORS_WRITES[name](VIC, workspace)

    assert files_of(workspace) == before
    assert cut_of(workspace).version == 1


@pytest.mark.parametrize("person", [VIC, ANA], ids=["viewer", "editor"])
@pytest.mark.parametrize("name", ADMINS_WRITES)
def test_what_runs_the_machine_takes_an_admin(
    workspace: Workspace, name: str, person: Person
) -> None:
    with pytest.raises(NotAllowed, match="takes an admin"):
        ADMINS_WRITES[name](person, workspace)


def unchecked_writes(tree: ast.AST, *, checked: bool = False) -> Iterator[str]:
    """The writers that are called outside of functions that check a role first."""
    for node in ast.iter_child_nodes(tree):
        within = checked
        if isinstance(node, ast.FunctionDef):
            within = within or any("needs(" in ast.unparse(one) for one in node.decorator_list)
        if isinstance(node, ast.Call) and not checked:
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in WRITERS:
                yield name
        yield from unchecked_writes(node, checked=within)


def test_no_page_writes_but_through_a_function_that_checks() -> None:
    folder = Path(dashboard.__file__).parent
    pages = [*(folder / "views").glob("*.py"), *(folder / "components").glob("*.py")]
    assert len(pages) > 20
    found = {
        path.name: writes
        for path in [*pages, folder / "review_state.py"]
        if (writes := list(unchecked_writes(ast.parse(path.read_text("utf-8")))))
    }
    assert found == {}


def test_a_write_without_a_check_would_be_found() -> None:
    page = "def draw():\n    approve(1)\n\n@needs('editor')\ndef ok(person):\n    approve(1)\n"
    assert list(unchecked_writes(ast.parse(page))) == ["approve"]
