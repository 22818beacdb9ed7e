"""Names and notes that would be markup are shown letter for letter by marketing's and operators'
pages, in every element that reads Markdown."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.server import server_options
from dashboard.settings import Workspace
from ingest.catalog import Catalog
from recsys.current import current_folder, put_to_use
from recsys.run import import_log, import_titles, train

APP = Path(dashboard.__file__).parent / "app.py"
EVIL = "**loud** $x^2$ :material-lock: [click](x) <b>y</b> `code`"
MARKUP = re.compile(r"(?<!\\)(\*\*loud|\$x|\[click|<b>|`code)|:material-lock")
VIEWS: dict[str, dict[str, object]] = {
    "audience": {"section": "One title"},
    "audience compared": {"section": "Compare"},
    "segments": {},
    "promote": {},
    "promote segments": {"promote_section": "A segment"},
    "promote cuts": {"promote_section": "Cuts"},
    "recommendations": {},
    "recommendations rules": {"recommendations_section": "Rules", "rules_text": f"x = '{EVIL}'"},
    "recommendations models": {"recommendations_section": "Models"},
    "recommendations user": {"user": EVIL},
    "models": {},
}


@pytest.fixture(scope="module")
def evil(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose titles, genres, film, model and card are named like markup."""
    root = tmp_path_factory.mktemp("plain")
    workspace = Workspace(root / "workspace")
    shutil.copytree(built.catalog, workspace.catalog)
    with Catalog(workspace.catalog) as catalog:
        film = catalog.find_media("harbour.mp4")
        place = root / f"{EVIL.replace('/', '_')}.mp4"
        shutil.copy(film.path, place)
        catalog.move_media(film.id, place)
    titles = pl.read_parquet(built.root.parent / "titles.parquet")
    titles.with_columns(
        pl.col(name) + pl.lit(f" {EVIL}") for name, kind in titles.schema.items()
        if kind == pl.String and name != "item"
    ).write_parquet(root / "titles.parquet")  # fmt: skip
    import_log([built.root.parent / "log.parquet"], workspace.logs)
    import_titles(root / "titles.parquet", workspace.logs)
    train(workspace.logs, workspace.recommenders, model="popularity")
    folder = current_folder(workspace.recommenders)
    folder = folder.rename(folder.with_name(EVIL.replace("/", "_")))
    card = json.loads((folder / "card.json").read_text("utf-8"))
    card |= {"reason": EVIL, "held_out": EVIL}
    (folder / "card.json").write_text(json.dumps(card), "utf-8")
    put_to_use(folder)
    return workspace


def markdown_of(page: AppTest) -> Iterator[str]:
    """What an element takes as Markdown: its text, or its label."""
    for kind in ("title", "header", "subheader", "markdown", "caption"):
        yield from (one.value for one in getattr(page, kind))
    for kind in ("info", "warning", "error", "success", "toast"):
        yield from (one.value for one in getattr(page, kind))
    for kind in ("button", "expander", "selectbox", "tabs", "checkbox", "multiselect"):
        yield from (one.label for one in getattr(page, kind))


@pytest.mark.parametrize("name", VIEWS)
def test_no_element_reads_a_name_as_markdown(
    evil: Workspace, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REEL_WORKSPACE", f"{evil.root}")
    page = AppTest.from_file(str(APP), default_timeout=180)
    for key, value in VIEWS[name].items():
        page.session_state[key] = value
    page.run().switch_page(f"views/{name.split(maxsplit=1)[0]}.py").run()

    assert not page.exception
    shown = list(markdown_of(page))
    assert len(shown) > 2
    assert [text for text in shown if MARKUP.search(text)] == []
    if name in ("audience", "models", "recommendations user"):
        assert any("loud" in text for text in shown)  # the name is there


def test_programs_cannot_use_pages_by_an_interface_of_streamlits_own() -> None:
    assert server_options(8501)["server.enableAgentApi"] is False
