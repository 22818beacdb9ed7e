"""The operators' pages: jobs, models and system, and what they let whom do."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.background import batch_logs, cancel_job, retry_jobs
from dashboard.model_shelf import kept_models, promote_model
from dashboard.people import NotAllowed, Person
from dashboard.settings import Workspace
from ingest.catalog import Catalog
from ingest.jobs import Job, JobStore
from recsys.run import train

APP = Path(dashboard.__file__).parent / "app.py"
VIEWER, ADMIN = Person("vic", "viewer"), Person("ana", "admin")


def open_page(name: str) -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    return page.switch_page(f"views/{name}.py").run()


def with_jobs(workspace: Workspace, *paths: str) -> list[Job]:
    """Jobs of which the first failed; the others wait."""
    with Catalog(workspace.catalog) as catalog:
        store = JobStore(catalog)
        numbers, _ = store.queue(paths)
        store.start(numbers[paths[0]])
        store.finish(numbers[paths[0]], "failed", "it is truncated\nat 3 s of 9")
        return store.all()


@pytest.mark.parametrize(
    ("page", "told"),
    [("jobs", "reel ingest"), ("models", "reel learn train"), ("system", "Nothing is kept yet")],
)
def test_an_empty_workspace_says_what_to_do(
    empty_workspace: Workspace, page: str, told: str
) -> None:
    opened = open_page(page)
    assert not opened.exception and not opened.error
    assert told in opened.info[0].value
    assert not empty_workspace.root.exists()


def test_jobs_are_shown_with_their_states_and_reasons(workspace: Workspace) -> None:
    with_jobs(workspace, "/films/torn.mp4", "/films/waiting.mp4")
    page = open_page("jobs")
    assert not page.exception and not page.error
    assert {metric.label: metric.value for metric in page.metric} == {"Queued": "1", "Failed": "1"}
    table = page.dataframe[0].value
    assert table["file"].tolist() == ["waiting.mp4", "torn.mp4"]
    assert table["remarks"].tolist() == ["", "it is truncated"]


def test_a_job_that_failed_is_tried_again_in_a_batch_with_a_log(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "torn.mp4").write_bytes(b"no film")
    job = with_jobs(workspace, f"{tmp_path / 'torn.mp4'}", f"{tmp_path / 'other.mp4'}")[0]
    assert retry_jobs(ADMIN, workspace, [job.id, 999]) == [job.path]
    deadline = time.monotonic() + 120
    while job.attempts < 2 or job.state != "failed":
        assert time.monotonic() < deadline, batch_logs(workspace)
        time.sleep(0.2)
        with Catalog(workspace.catalog) as catalog:
            job = JobStore(catalog).all()[0]
    assert "torn.mp4" in batch_logs(workspace)[0].text
    assert not batch_logs(workspace)[0].cut_off


def test_what_goes_on_is_not_tried_again(workspace: Workspace) -> None:
    waiting = with_jobs(workspace, "/films/torn.mp4", "/films/waiting.mp4")[1]
    assert retry_jobs(ADMIN, workspace, [waiting.id]) == []
    assert batch_logs(workspace) == []


def test_a_job_is_cancelled(workspace: Workspace) -> None:
    waiting = with_jobs(workspace, "/films/torn.mp4", "/films/waiting.mp4")[1]
    cancel_job(ADMIN, workspace, waiting.id)
    with Catalog(workspace.catalog) as catalog:
        assert [job.state for job in JobStore(catalog).all()] == ["failed", "cancelled"]


def test_only_admins_cancel_and_retry(workspace: Workspace) -> None:
    failed, waiting = with_jobs(workspace, "/films/torn.mp4", "/films/waiting.mp4")
    with pytest.raises(NotAllowed):
        cancel_job(VIEWER, workspace, waiting.id)
    with pytest.raises(NotAllowed):
        retry_jobs(VIEWER, workspace, [failed.id])
    with Catalog(workspace.catalog) as catalog:
        assert [job.state for job in JobStore(catalog).all()] == ["failed", "queued"]


def test_models_are_listed_and_an_earlier_one_is_put_to_use(workspace: Workspace) -> None:
    first = kept_models(workspace)[0]
    train(workspace.logs, workspace.recommenders, model="ease")
    page = open_page("models")
    assert not page.exception and not page.error
    assert page.dataframe[0].value["in use"].tolist() == [True, False]
    promote_model(workspace, first.name)
    page.run()
    assert page.dataframe[0].value["in use"].tolist() == [False, True]
    assert [model.in_use for model in kept_models(workspace)] == [False, True]


def test_the_button_puts_the_chosen_model_to_use(workspace: Workspace) -> None:
    train(workspace.logs, workspace.recommenders, model="ease")
    promote_model(workspace, kept_models(workspace)[1].name)
    page = open_page("models")
    (button,) = [one for one in page.button if one.label == "Use from now on"]
    button.click().run()
    assert not page.exception and not page.error
    assert [model.in_use for model in kept_models(workspace)] == [True, False]


def test_a_damaged_model_is_shown_and_cannot_be_used(workspace: Workspace) -> None:
    train(workspace.logs, workspace.recommenders, model="ease")
    name = kept_models(workspace)[0].name
    promote_model(workspace, kept_models(workspace)[1].name)
    (workspace.recommenders / name / "card.json").write_text("torn")
    page = open_page("models")
    damaged = page.dataframe[0].value["name"].tolist().index(name)
    assert damaged == 1  # its date cannot be read
    page.session_state["models_table"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    page.run()
    assert not page.exception
    assert "cannot be read" in page.error[0].value
    assert [one.disabled for one in page.button if one.label == "Use from now on"] == [True]


def test_the_system_page_shows_health_and_room(workspace: Workspace) -> None:
    page = open_page("system")
    assert not page.exception and not page.error
    words = "\n".join(element.value for element in page.markdown)
    assert words.count("well") == 3 and "not well" not in words
    assert {metric.label for metric in page.metric} >= {"This workspace", "Free on its disk"}
