"""Jobs: what each file's ingest has come to, kept in the catalogue for whoever wants to look.

There is one job a path; ingesting the path again takes it up again. A batch owns the jobs that it
queued and says every few seconds that it lives, so that those of a dead one can be told and taken.
"""

import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, and_, insert, select, update

from ingest.catalog import Catalog
from ingest.errors import UnknownJob
from ingest.tables import job as jobs

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES = ("queued", "running", "stale", "done", "failed", "cancelled")
"""What `Job.shown_state` may be."""

BEAT_SECONDS = 10.0
"""How often a batch says that it lives."""
STALE_SECONDS = 60.0
"""A batch that has said nothing for so long is taken for dead."""

_OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Job:
    """The ingest of one path."""

    id: int
    path: str
    state: State
    progress: float
    """The share that is done, 0 to 1."""
    reason: str
    """Why it failed, or what else a person should know; may be empty."""
    attempts: int
    """How many times it was begun."""
    host: str
    pid: int
    """The batch that queued it last."""
    seen_at: str
    """When that batch last said that it lives; ISO 8601, UTC."""
    started_at: str | None
    finished_at: str | None

    @property
    def owned(self) -> bool:
        """Whether the batch that queued it is alive."""
        if self.host == socket.gethostname() and not _process_lives(self.pid):
            return False
        age = datetime.now(UTC) - datetime.fromisoformat(self.seen_at)
        return age < timedelta(seconds=STALE_SECONDS)

    @property
    def shown_state(self) -> str:
        """One of `STATES`: `stale` is running by a batch that died."""
        return "stale" if self.state == "running" and not self.owned else self.state


class JobStore:
    """The jobs of a catalogue, for the batch of this process and for those who look."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.owner = {"host": socket.gethostname(), "pid": os.getpid()}
        self._mine = and_(jobs.c.host == self.owner["host"], jobs.c.pid == self.owner["pid"])

    # For those who look

    def all(self, state: str | None = None) -> list[Job]:
        """The jobs in the order of their ids; of one `shown_state`, if `state` is given."""
        with self.catalog.reading() as connection:
            found = [_job_from(row) for row in connection.execute(select(jobs).order_by(jobs.c.id))]
        return [job for job in found if state in (None, job.shown_state)]

    def cancel(self, job_id: int) -> Job:
        """Cancel a job; a batch that is at work on it stops within seconds.

        Raises:
            UnknownJob: There is none, or it has ended.
        """
        with self.catalog.transaction() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
            if row is None:
                raise UnknownJob(job_id, "there is none")
            job = _job_from(row)
            if job.state not in _OPEN:
                raise UnknownJob(job_id, f"it is {job.state} already")
            changes = {"state": "cancelled", "reason": "cancelled", "finished_at": _now()}
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(changes))
        return job

    # For the batch of this process

    def queue(self, paths: Iterable[str]) -> tuple[dict[str, int], dict[str, Job]]:
        """Queue a job for each path, taking up again what failed, ended or went stale.

        Returns:
            The id of each path's job; and the jobs that another live batch owns, left alone.
        """
        taken: dict[str, int] = {}
        busy: dict[str, Job] = {}
        fresh = self.owner | {
            **{"state": "queued", "progress": 0.0, "reason": "", "seen_at": _now()},
            **{"started_at": None, "finished_at": None},
        }
        with self.catalog.transaction() as connection:
            known = {row.path: _job_from(row) for row in connection.execute(select(jobs))}
            for path in paths:
                job = known.get(path)
                if job is None:
                    values = fresh | {"path": path, "attempts": 0}
                    added = insert(jobs).values(values).returning(jobs.c.id)
                    taken[path] = connection.execute(added).scalar_one()
                elif job.state in _OPEN and job.owned and not self._is_mine(job):
                    busy[path] = job
                else:
                    connection.execute(update(jobs).where(jobs.c.id == job.id).values(fresh))
                    taken[path] = job.id
        return taken, busy

    def start(self, job_id: int) -> None:
        """Note that work on a job has begun."""
        values = {"state": "running", "attempts": jobs.c.attempts + 1, "started_at": _now()}
        with self.catalog.transaction() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, self._mine, jobs.c.state.in_(_OPEN))
                .values(values)
            )

    def beat(self, progress: Mapping[int, float]) -> None:
        """Say that this batch lives, and how far its running jobs are."""
        with self.catalog.transaction() as connection:
            connection.execute(
                update(jobs).where(self._mine, jobs.c.state.in_(_OPEN)).values({"seen_at": _now()})
            )
            for job_id, done in progress.items():
                running = and_(jobs.c.id == job_id, self._mine, jobs.c.state == "running")
                connection.execute(update(jobs).where(running).values({"progress": done}))

    def cancelled(self, job_ids: Iterable[int]) -> set[int]:
        """Which of these jobs somebody has cancelled."""
        query = select(jobs.c.id).where(jobs.c.state == "cancelled", self._mine)
        with self.catalog.reading() as connection:
            return set(connection.scalars(query)) & set(job_ids)

    def finish(self, job_id: int, state: State, reason: str) -> None:
        """Note how a job ended. What was done counts, even if it was cancelled meanwhile."""
        values: dict[str, Any] = {"state": state, "reason": reason, "finished_at": _now()}
        if state == "done":
            values["progress"] = 1.0
        with self.catalog.transaction() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job_id, self._mine).values(values))

    def release(self) -> None:
        """Put back to the queue what this batch leaves unfinished."""
        values = {"state": "queued", "progress": 0.0, "reason": "its batch was stopped"}
        with self.catalog.transaction() as connection:
            connection.execute(
                update(jobs).where(self._mine, jobs.c.state.in_(_OPEN)).values(values)
            )

    def _is_mine(self, job: Job) -> bool:
        return {"host": job.host, "pid": job.pid} == self.owner


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _process_lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is somebody else's, and lives
    return True


def _job_from(row: Row[Any]) -> Job:
    return Job(**row._mapping)
