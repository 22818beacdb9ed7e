"""Handing over a version of a cut: who may render it and export it."""

from collections.abc import Callable
from pathlib import Path

from dashboard import cut_queries
from dashboard.people import Person, needs
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from editing.cut import Cut
from editing.run import ExportFormat, render_cut


@needs("editor")
def render_version(
    person: Person, workspace: Workspace, cut: Cut, report: Callable[[float], None]
) -> Path:
    """Render a version of a cut into the workspace's renders.

    Raises:
        EditingError: A film is gone or has changed, or the file cannot be written.
        IngestError: A film cannot be opened.
        NotAllowed: The person is no editor.
    """
    output = workspace.renders / cut_queries.render_name(cut)
    render_cut(open_catalog(workspace.catalog), cut, output, on_progress=report)
    return output


@needs("editor")
def export_version(
    person: Person, catalog: Path, cut: Cut, target: ExportFormat, *, state: str
) -> bytes:
    """A version of a cut as a timeline for another editing system.

    Raises:
        NotAllowed: The person is no editor.
        TimelineError: The format cannot hold the cut.
    """
    return cut_queries.export(catalog, cut.id, cut.version, target, state=state)
