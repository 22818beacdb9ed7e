"""Jobs: what each file's ingest has come to; cancel what goes on, retry what failed."""

import streamlit as st

from dashboard.background import batch_logs, can_be_retried, cancel_job, retry_jobs
from dashboard.components.choice_table import choice_table
from dashboard.operations_queries import job_table
from dashboard.people import NotAllowed, Person
from dashboard.settings import Workspace
from dashboard.sources import load_workspace, open_catalog
from dashboard.visitor import visitor
from dashboard.wording import plain
from ingest.errors import IngestError
from ingest.jobs import STATES, Job, JobStore
from ingest.paths import visible

REFRESH_SECONDS = 2.0
UNDER_WAY = ("queued", "running")


def counts(jobs: list[Job]) -> None:
    found = [job.shown_state for job in jobs]
    shown = [state for state in STATES if state in found]
    for place, state in zip(st.columns(max(4, len(shown))), shown, strict=False):
        place.metric(state.capitalize(), f"{found.count(state):,}")


def chosen_jobs(jobs: list[Job]) -> list[Job]:
    states = sorted({job.shown_state for job in jobs})
    state = st.pills("State", states, selection_mode="multi", key="job_states")
    table = job_table([job for job in jobs if not state or job.shown_state in state])
    rows = choice_table(
        table,
        {
            "id": st.column_config.NumberColumn("Job", width="small"),
            "file": "File",
            "state": "State",
            "done": st.column_config.ProgressColumn("Done", min_value=0, max_value=1),
            "tries": st.column_config.NumberColumn("Tries", width="small"),
            "started": "Started (UTC)",
            "ended": "Ended (UTC)",
            "remarks": st.column_config.TextColumn("Remarks", width="large"),
            "path": "Path",
        },
        key="jobs_table",
        most_rows=15,
        several=True,
    )
    picked = {int(table["id"][row]) for row in rows}
    return [job for job in jobs if job.id in picked]


def cancel_all(person: Person, workspace: Workspace, jobs: list[Job]) -> None:
    for job in jobs:
        try:
            cancel_job(person, workspace, job.id)
        except (IngestError, NotAllowed) as error:
            st.toast(plain(f"{error}"), icon=":material/error:")


def retry_all(person: Person, workspace: Workspace, jobs: list[Job]) -> None:
    try:
        paths = retry_jobs(person, workspace, [job.id for job in jobs])
    except NotAllowed as error:
        st.toast(plain(f"{error}"), icon=":material/error:")
        return
    st.toast(f"{len(paths)} file{'s' * (len(paths) != 1)} ingested again", icon=":material/replay:")


def actions(person: Person, workspace: Workspace, jobs: list[Job]) -> None:
    going = [job for job in jobs if job.state in UNDER_WAY and job.shown_state != "stale"]
    over = [job for job in jobs if can_be_retried(job)]
    left, right, note = st.columns([1, 1, 3])
    left.button(
        f"Cancel {len(going) or ''}".strip(),
        disabled=not going or not person.may("admin"),
        icon=":material/cancel:",
        on_click=cancel_all,
        args=(person, workspace, going),
        width="stretch",
    )
    right.button(
        f"Retry {len(over) or ''}".strip(),
        disabled=not over or not person.may("admin"),
        icon=":material/replay:",
        on_click=retry_all,
        args=(person, workspace, over),
        width="stretch",
    )
    if not person.may("admin"):
        note.caption("Cancelling and retrying are for admins.")
    elif not jobs:
        note.caption("Choose rows in the table to cancel what goes on or retry what failed.")


def reasons(jobs: list[Job]) -> None:
    for job in jobs:
        if job.reason:
            st.code(f"{visible(job.path)}\n{job.reason}", language=None, wrap_lines=True)


def logs(workspace: Workspace) -> None:
    found = batch_logs(workspace)
    if not found:
        return
    with st.expander("Logs of batches started here", icon=":material/terminal:"):
        name = st.selectbox("Batch (UTC)", [log.name for log in found], key="batch_log")
        log = next(log for log in found if log.name == name)
        shown = "…\n" * log.cut_off + (log.text or "Nothing was printed yet.")
        st.code(shown, language=None, wrap_lines=True, height=320)


@st.fragment(run_every=REFRESH_SECONDS)
def board(person: Person, workspace: Workspace) -> None:
    jobs = JobStore(open_catalog(workspace.catalog)).all()
    if not jobs:
        st.info("No jobs yet. `reel ingest FILE_OR_FOLDER` makes some.", icon=":material/queue:")
        return
    counts(jobs)
    picked = chosen_jobs(jobs)
    actions(person, workspace, picked)
    reasons(picked)
    logs(workspace)


st.title("Jobs")
looking = visitor()
place = load_workspace()
if not place.catalog.is_dir():
    st.info("No jobs yet. `reel ingest FILE_OR_FOLDER` makes some.", icon=":material/queue:")
    st.stop()
board(looking, place)
