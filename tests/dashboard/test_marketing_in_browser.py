"""The marketing loop in a real browser: a log is imported, its curve points at a shot, a campaign
file is downloaded and read back."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from dashboard.settings import Workspace
from recsys.audience.promotion import CAMPAIGN_SCHEMA
from recsys.run import load_log, load_titles

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

pytestmark = pytest.mark.browser
SLOW = 60_000


def write_views(file: Path) -> None:
    """300 viewers of a title as long as `harbour.mp4`; a third leaves at 7 s, in shot 3."""
    chance = np.random.default_rng(0)
    begun = datetime(2025, 1, 6, tzinfo=UTC)
    stops = [
        7.0 if chance.random() < 0.33 else min(float(chance.exponential(80)), 16.0)
        for _ in range(300)
    ]
    rows = [
        {
            "user": f"v{n}",
            "item": "harbour",
            "timestamp": (begun + timedelta(hours=n)).isoformat(),
            "duration_seconds": 16.0,
            "from_seconds": 0.0,
            "to_seconds": stop,
        }
        for n, stop in enumerate(stops)
    ]
    pl.DataFrame(rows).write_csv(file)


def least_viewed(workspace: Workspace) -> tuple[str, str]:
    """The item and the name of the title that most users have not played."""
    viewers = load_log(workspace.logs).filter("click").group_by("item").agg(pl.n_unique("user"))
    item = viewers.sort("user", "item")["item"][0]
    names = dict(load_titles(workspace.logs).select("item", "title").iter_rows())
    return item, names[item]


def open_page(page: "sync_api.Page", title: str) -> None:
    page.get_by_role("link", name=title).click()
    heading = page.get_by_role("heading", name=title)
    sync_api.expect(heading.first).to_be_visible(timeout=SLOW)


def choose(page: "sync_api.Page", label: str, name: str) -> None:
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(name)
    page.get_by_role("option", name=name).first.click()


def downloaded(page: "sync_api.Page", button: str) -> bytes:
    with page.expect_download(timeout=SLOW) as waiting:
        page.get_by_role("button", name=button).click()
    return Path(waiting.value.path()).read_bytes()


def test_a_log_becomes_a_curve_over_shots_and_then_a_campaign_file(
    page: "sync_api.Page", own_workspace: Workspace, tmp_path: Path
) -> None:
    write_views(tmp_path / "views.csv")
    root = ["--workspace", f"{own_workspace.root}"]
    done = CliRunner().invoke(reel, ["logs", "import", f"{tmp_path / 'views.csv'}", *root])
    assert done.exit_code == 0, done.output

    open_page(page, "Audience")
    page.get_by_role("tab", name="One title").click()
    choose(page, "Title", "harbour")
    sync_api.expect(page.get_by_text("Shots that stand out")).to_be_visible(timeout=SLOW)
    sync_api.expect(page.locator(".stVegaLiteChart svg image").first).to_be_attached(timeout=SLOW)
    page.wait_for_timeout(300)
    sync_api.expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=SLOW)
    saving = page.get_by_role("group", name="Save retentionharbour")
    with page.expect_download(timeout=SLOW) as waiting:
        saving.get_by_role("button", name="SVG").click()
    figure = Path(waiting.value.path()).read_text("utf-8")
    assert "Retention: share of 300 viewers" in figure
    assert "data:image/jpeg;base64," in figure and "/footage/" not in figure
    card = page.get_by_role("option", name="shot 3")
    sync_api.expect(card).to_contain_text("leave")
    card.click()
    page.get_by_role("button", name="Open shot 3 of harbour.mp4").click()
    title = page.get_by_role("heading", name="harbour.mp4")
    sync_api.expect(title.first).to_be_visible(timeout=SLOW)
    sync_api.expect(page.get_by_text("Shot 3", exact=False).first).to_be_visible(timeout=SLOW)

    open_page(page, "Promote")
    item, name = least_viewed(own_workspace)
    choose(page, "Title to promote", name)
    page.get_by_role("button", name="Rank the audience").click(timeout=SLOW)
    sync_api.expect(page.get_by_text("To be shown it")).to_be_visible(timeout=SLOW)
    users = pl.read_csv(
        io.BytesIO(downloaded(page, "Campaign file (CSV)")), schema_overrides=CAMPAIGN_SCHEMA
    )

    assert users.columns == list(CAMPAIGN_SCHEMA)
    assert users["item"].unique().to_list() == [item]
    assert set(users["group"]) == {"target", "hold-out"}
    parquet = downloaded(page, "Campaign file (Parquet)")
    assert pl.read_parquet(io.BytesIO(parquet))["user"].to_list() == users["user"].to_list()
