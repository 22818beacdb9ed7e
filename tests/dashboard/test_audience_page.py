from pathlib import Path

import polars as pl
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.settings import Workspace
from recsys.run import import_log, load_log
from recsys.simulate import FILM

APP = Path(dashboard.__file__).parent / "app.py"


def audience_page(section: str = "Titles") -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.session_state["section"] = section
    return page.run().switch_page("views/audience.py").run()


def words(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.caption, *page.markdown])


def test_without_a_log_it_says_which_commands_to_run(empty_workspace: Workspace) -> None:
    page = audience_page()

    assert not page.exception and not page.error
    assert "reel logs import" in page.info[0].value
    assert "reel recsys train" in page.info[0].value


def test_simulated_figures_are_marked_as_simulated(workspace: Workspace) -> None:
    page = audience_page()

    assert not page.exception and not page.error
    assert "simulated" in page.title[0].value
    assert "No figure on this page is of a real audience" in words(page)
    assert page.dataframe[0].value["simulated"].all()
    assert "simulated" in audience_page("One title").header[0].value


def test_a_real_log_is_not_marked(empty_workspace: Workspace, tmp_path: Path) -> None:
    rows = {"user": ["a", "b"], "item": ["x", "x"], "timestamp": ["2025-03-01", "2025-03-02"]}
    pl.DataFrame(rows).write_csv(tmp_path / "log.csv")
    import_log([tmp_path / "log.csv"], empty_workspace.logs)

    page = audience_page()

    assert not page.exception and not page.error
    assert "simulated" not in page.title[0].value
    assert "simulated" not in audience_page("One title").header[0].value


def test_the_headline_counts_the_log(workspace: Workspace) -> None:
    log = load_log(workspace.logs)
    figures = {metric.label: metric.value for metric in audience_page().metric}

    assert figures["Viewers"] == f"{log.filter(pl.col('click'))['user'].n_unique()}"
    assert figures["Titles"] == "12"


def test_the_table_of_titles_has_percentages(workspace: Workspace) -> None:
    titles = audience_page().dataframe[0].value

    assert len(titles) == 12
    assert titles["viewers"].is_monotonic_decreasing
    assert titles["completion"].between(0, 100).all()
    assert titles["completion"].max() > 1


def test_a_title_can_be_chosen(workspace: Workspace) -> None:
    page = audience_page("One title")

    page.selectbox(key="title").select_index(1).run()

    assert not page.exception and not page.error
    assert page.selectbox(key="title").value != FILM


def test_a_log_without_positions_or_times_says_so(
    empty_workspace: Workspace, tmp_path: Path
) -> None:
    rows = {"user": ["a", "b", "c"], "item": ["x", "x", "y"], "order": [1, 1, 1]}
    pl.DataFrame(rows).write_csv(tmp_path / "log.csv")
    import_log([tmp_path / "log.csv"], empty_workspace.logs)

    page = audience_page("One title")

    told = [info.value for info in page.info]
    assert not page.exception and not page.error
    assert any("no timestamps" in text for text in told)
    assert any("positions" in text for text in told)
