"""Names and notes that would be markup are shown letter for letter, on every page of a browser."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import polars as pl
import pytest

from dashboard.settings import Workspace
from dashboard.wording import plain
from editing.approvals import approve
from editing.assemble.brief import default_brief
from editing.cut import Exclusion
from editing.cut_store import create_cut, load_cut, save_version
from ingest.catalog import Catalog
from ingest.timecode import FrameRange
from recsys.run import import_log, import_titles, train

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser
PATIENCE = 90_000
HOST = "evil.example"
EVIL = (
    f"<script>pwned=1</script><img src=http://{HOST}/a onerror=pwned=2> ![x](http://{HOST}/b.png) "
    f"[click](http://{HOST}/c) http://{HOST}/d www.{HOST} ann@{HOST} $x^2$ :smile: :material/lock: "
    ":red[loud] :red-badge[b] **bold** `code` # head"
)
FILE = "<img src=x onerror=pwned=3> [click](x) $x^2$ :smile: :red[loud] **bold** `code`.mp4"
PAGES = {
    "": ("Library", FILE),
    "title?film=1": (FILE, FILE),
    "cuts": ("Cuts", EVIL),
    "review?cut=2": ("Review", EVIL),
    "audience": ("Audience", None),
    "segments": ("Segments", None),
    "promote": ("Promote", None),
    "recommendations": ("Recommendations", None),
    "jobs": ("Jobs", None),
    "models": ("Models", None),
    "system": ("System", None),
}
FOUND = """(host) => {
  const found = [];
  const look = (root) => {
    for (const one of root.querySelectorAll('*')) {
      if (one.shadowRoot) look(one.shadowRoot);
      const at = `${one.href || ''} ${one.currentSrc || one.src || ''}`;
      if (at.includes(host) || at.includes('/x')) found.push(one.outerHTML.slice(0, 200));
      if (one.matches('.katex, main strong, main h1 ~ h1')) {
        if (/x\\^2|bold/.test(one.textContent)) found.push(one.outerHTML.slice(0, 200));
      }
    }
  };
  look(document);
  if (window.pwned) found.push(`ran: ${window.pwned}`);
  if (document.body.innerText.includes('😄')) found.push('a smile');
  return found;
}"""


@pytest.fixture(scope="module")
def own_workspace(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which every name that somebody may choose is markup."""
    root = tmp_path_factory.mktemp("injection")
    workspace = Workspace(root / "workspace")
    shutil.copytree(built.catalog, workspace.catalog)
    shutil.copytree(built.renders, workspace.renders)
    with Catalog(workspace.catalog) as catalog:
        film = catalog.find_media("harbour.mp4")
        shutil.copy(film.path, root / FILE)
        catalog.move_media(film.id, root / FILE)
        catalog.record_failure(root / EVIL.replace("/", "_")[:200], EVIL)
        first = load_cut(catalog, 1)
        brief = replace(
            default_brief("trailer", Fraction(4), film.rate),
            exclude=(Exclusion(FrameRange(0, 20), EVIL),),
        )
        noted = tuple(replace(slot, note=EVIL) for slot in first.slots)
        cut = create_cut(
            catalog, film, name=EVIL, brief=brief, slots=noted, ranker="linear 1", author=EVIL,
            note=EVIL,
        )  # fmt: skip
        save_version(catalog, replace(cut, note=EVIL, author=EVIL), expected_version=1)
        approve(catalog, cut.id, 2, EVIL[:90])
    log = pl.read_parquet(built.root.parent / "log.parquet")
    titles = pl.read_parquet(built.root.parent / "titles.parquet")
    evil = pl.lit(f" {EVIL}")
    titles = titles.with_columns(
        pl.col(name) + evil for name, kind in titles.schema.items()
        if kind == pl.String and name != "item"
    )  # fmt: skip
    log.with_columns(pl.col("user") + evil).write_parquet(root / "log.parquet")
    titles.write_parquet(root / "titles.parquet")
    import_log([root / "log.parquet"], workspace.logs)
    import_titles(root / "titles.parquet", workspace.logs)
    train(workspace.logs, workspace.recommenders, model="popularity")
    return workspace


@pytest.fixture(scope="module")
def visit(browser: "sync_api.Browser", url: str) -> Iterator["sync_api.Page"]:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(url)
    page.get_by_role("heading", name="Library").first.wait_for(timeout=PATIENCE)
    yield page
    page.close()


def settled(page: "sync_api.Page") -> None:
    page.wait_for_timeout(500)
    sync_api.expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE)


def shown(text: str) -> re.Pattern[str]:
    """The text letter for letter, but for what has no width."""
    return re.compile(r"[\u2060\s]*".join(map(re.escape, text.replace(" ", ""))))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_takes_a_name_for_markup(visit: "sync_api.Page", url: str, path: str) -> None:
    asked: list[str] = []
    note = lambda request: asked.append(request.url)  # noqa: E731 - taken off again below
    visit.on("request", note)
    heading, text = PAGES[path]
    visit.goto(f"{url}/{path}")
    visit.get_by_role("heading", name=shown(heading)).first.wait_for(timeout=PATIENCE)
    settled(visit)
    for name in ("Versions", "Hand over", "Files", "1 file failed"):
        for opener in visit.get_by_text(name, exact=False).all()[:1]:
            if opener.is_visible():
                opener.click()
                settled(visit)

    assert visit.evaluate(FOUND, HOST) == []
    assert [one for one in asked if HOST in one] == []
    assert visit.get_by_test_id("stException").count() == 0
    if text is not None:
        everything = visit.evaluate(
            """() => {
              const read = (root) => [...root.querySelectorAll('*')].map((one) =>
                one.shadowRoot ? read(one.shadowRoot) : '').join(' ') + (root.innerText
                ?? [...root.children].map((one) => one.innerText ?? '').join(' '));
              return read(document) + document.body.innerText;
            }"""
        )
        assert shown(text[:60]).search(everything)
    visit.remove_listener("request", note)


def test_plain_text_has_nothing_that_markdown_reads() -> None:
    text = plain(EVIL)
    for mark in "*_`[]<>#$~|":
        assert all(
            text[at - 1] == "\\" for at in range(len(text)) if text[at] == mark and at
        ), mark  # fmt: skip
    for link in ("http:/", f"www.{HOST}", f"ann@{HOST}", ":smile"):
        assert link not in text
    assert plain("slot 3: moved to 2, at 10:00:00:00 (Ana)") == (
        "slot 3: moved to 2, at 10:00:00:00 (Ana)"
    )
