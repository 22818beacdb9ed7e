"""Whether a workspace can be worked with: what `/healthz` answers and `reel status` shows."""

import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.settings import Workspace
from ingest.catalog import Catalog
from ingest.errors import IngestError
from ingest.jobs import JobStore
from recsys.current import current_folder
from recsys.errors import NoModel, RecsysError
from recsys.models.card import read_card

LEAST_FREE = 1 << 30
"""Bytes; with less on the disk an ingest may not end well."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of a workspace."""

    part: str
    well: bool
    words: str
    """What was found, for people."""


def look_after(workspace: Workspace) -> list[Finding]:
    """Look at each part of a workspace; nothing is made or changed."""
    return [_catalogue(workspace), _recommender(workspace), _disk(workspace)]


def health_route(workspace: Workspace) -> Route:
    """The route `/healthz`: 200 if all is well, else 503; the findings as JSON.

    It names no path of the machine: whoever can reach the port can ask.
    """

    def answer(request: Request) -> Response:
        findings = look_after(workspace)
        well = all(finding.well for finding in findings)
        body = {"well": well, "findings": [asdict(finding) for finding in findings]}
        return JSONResponse(body, 200 if well else 503, {"cache-control": "no-store"})

    return Route("/healthz", answer, methods=["GET"])


def _catalogue(workspace: Workspace) -> Finding:
    if not workspace.catalog.is_dir():
        return Finding("catalogue", True, "no footage yet")
    try:
        with Catalog(workspace.catalog) as catalog:
            films, jobs = len(catalog.media()), JobStore(catalog).all()
    except IngestError:
        return Finding("catalogue", False, "it cannot be opened; the log says why")
    states = Counter(job.shown_state for job in jobs)
    told = [f"{films:,} film{'s' * (films != 1)}"]
    for state in sorted(states.keys() - {"done"}):
        told.append(f"{states[state]:,} job{'s' * (states[state] != 1)} {state}")
    return Finding("catalogue", not states["stale"], ", ".join(told))


def _recommender(workspace: Workspace) -> Finding:
    try:
        folder = current_folder(workspace.recommenders)
        read_card(folder)
    except NoModel:
        return Finding("recommender", True, "none was trained yet")
    except RecsysError:
        return Finding("recommender", False, "the one in use is damaged; promote another")
    return Finding("recommender", True, folder.name)


def _disk(workspace: Workspace) -> Finding:
    root = workspace.root.resolve()
    place: Path = next(path for path in (root, *root.parents) if path.is_dir())
    free = shutil.disk_usage(place).free
    return Finding("disk", free >= LEAST_FREE, f"{free / 1e9:,.1f} GB free")
