"""Batches that are started from the dashboard: `reel ingest` in a process of its own, with a log.

The batch outlives the page and the dashboard; its jobs are in the catalogue like those of any
other, and what it prints is kept in the workspace.
"""

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.people import Person, needs
from dashboard.settings import Workspace
from ingest.catalog import Catalog
from ingest.jobs import Job, JobStore

_LOGS = "batches"
_KEPT_LOGS = 50
_SHOWN_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class BatchLog:
    """What a batch printed."""

    name: str
    text: str
    """The last of it."""
    cut_off: bool
    """Whether there is more before."""


@needs("admin")
def retry_jobs(person: Person, workspace: Workspace, job_ids: Sequence[int]) -> list[str]:
    """Ingest again what failed, went stale or was cancelled, in a new batch.

    Args:
        person: Who asks.
        workspace: Holds the jobs.
        job_ids: Of the jobs; those that go on or are done are left alone.

    Returns:
        The paths that are ingested again; with none no batch is started.

    Raises:
        NotAllowed: The person is no admin.
    """
    with Catalog(workspace.catalog) as catalog:
        known = {job.id: job for job in JobStore(catalog).all()}
    wanted = [known[number] for number in dict.fromkeys(job_ids) if number in known]
    paths = [job.path for job in wanted if can_be_retried(job)]
    if paths:
        _start(workspace, ["ingest", "--", *paths])
    return paths


@needs("admin")
def cancel_job(person: Person, workspace: Workspace, job_id: int) -> Job:
    """Cancel a job; a batch that is at work on it stops that file within seconds.

    Raises:
        NotAllowed: The person is no admin.
        UnknownJob: There is none, or it has ended.
    """
    with Catalog(workspace.catalog) as catalog:
        return JobStore(catalog).cancel(job_id)


def can_be_retried(job: Job) -> bool:
    """Whether a job came to an end that another try may better."""
    return job.shown_state in ("failed", "cancelled", "stale")


def batch_logs(workspace: Workspace) -> list[BatchLog]:
    """What the batches that were started here printed, the latest first."""
    found = []
    for path in sorted((workspace.root / _LOGS).glob("*.log"), reverse=True):
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _SHOWN_BYTES))
            text = file.read(_SHOWN_BYTES).decode("utf-8", "replace")
        found.append(BatchLog(path.stem, text.replace("\r", "\n"), size > _SHOWN_BYTES))
    return found


def _start(workspace: Workspace, words: Sequence[str]) -> None:
    folder = workspace.root / _LOGS
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"), reverse=True)[_KEPT_LOGS - 1 :]:
        old.unlink(missing_ok=True)
    command, *rest = words
    root = str(workspace.root.resolve())
    line = [sys.executable, "-m", "dashboard.cli", command, "--workspace", root, *rest]
    with (folder / f"{datetime.now(UTC):%Y-%m-%d %H.%M.%S.%f}.log").open("wb") as log:
        batch = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it goes on when the dashboard is stopped
            cwd=root,
        )
    threading.Thread(target=batch.wait, daemon=True).start()  # so that it leaves no zombie
