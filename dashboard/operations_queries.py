"""What the operators' pages show, as tables."""

import polars as pl

from dashboard.model_shelf import KeptModel
from dashboard.storage import Storage
from dashboard.wording import first_line, moment
from ingest.jobs import Job
from ingest.paths import visible

_JOBS = {
    "id": pl.Int64,
    "file": pl.String,
    "state": pl.String,
    "done": pl.Float64,
    "tries": pl.Int64,
    "started": pl.String,
    "ended": pl.String,
    "remarks": pl.String,
    "path": pl.String,
}


def job_table(jobs: list[Job]) -> pl.DataFrame:
    """A row a job, what is under way first, then the latest."""
    order = {"running": 0, "stale": 1, "queued": 2}
    jobs = sorted(jobs, key=lambda job: job.started_at or job.seen_at, reverse=True)
    jobs.sort(key=lambda job: order.get(job.shown_state, 3))
    rows = [
        {
            "id": job.id,
            "file": visible(job.path).rsplit("/", 1)[-1],
            "state": job.shown_state,
            "done": job.progress,
            "tries": job.attempts,
            "started": moment(job.started_at) if job.started_at else "",
            "ended": moment(job.finished_at) if job.finished_at else "",
            "remarks": first_line(job.reason),
            "path": visible(job.path),
        }
        for job in jobs
    ]
    return pl.DataFrame(rows, schema=_JOBS)


def model_table(models: list[KeptModel]) -> pl.DataFrame:
    """A row a model."""
    return pl.DataFrame(
        {
            "in use": [model.in_use for model in models],
            "kind": [model.kind for model in models],
            "name": [model.name for model in models],
            "trained": [moment(m.trained_at) if m.trained_at else "" for m in models],
            "learned from": [model.learned_from for model in models],
            "remarks": [first_line(model.problem) for model in models],
        }
    )


def room_table(storage: Storage) -> pl.DataFrame:
    """A row a kind of thing: `kind, megabytes, files`."""
    return pl.DataFrame(
        {
            "kind": [room.kind for room in storage.rooms],
            "megabytes": [room.bytes / 1e6 for room in storage.rooms],
            "files": [room.files for room in storage.rooms],
        },
        schema={"kind": pl.String, "megabytes": pl.Float64, "files": pl.Int64},
    )
