"""The command `reel`: it parses, calls one library function, and prints what came back.

Exit status: 0 all well, 1 something failed, 2 wrong use.
"""

import errno
import sys

import click

from dashboard.commands.alignment import align_command
from dashboard.commands.app import dashboard_command, status_command
from dashboard.commands.approval import APPROVAL_COMMANDS
from dashboard.commands.audience import audience_group
from dashboard.commands.demo import demo_command
from dashboard.commands.editing import cut_group
from dashboard.commands.faults import check_command, repair_command
from dashboard.commands.footage import ingest_command, media_command, shots_command
from dashboard.commands.jobs import jobs_group
from dashboard.commands.learning import learn_group
from dashboard.commands.logs import logs_group
from dashboard.commands.models import models_group
from dashboard.commands.ranking import rank_group
from dashboard.commands.recommender import recsys_group
from dashboard.commands.render import render_command, verify_command
from dashboard.commands.slots import SLOT_COMMANDS
from dashboard.commands.timelines import export_command, import_command, relink_command
from dashboard.commands.versions import diff_command, undo_command, versions_command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="reelroom", prog_name="reel")
def reel() -> None:
    """Footage and viewing logs in; cuts an editor can trust, and their audience, out.

    Every command takes --workspace DIR (or REEL_WORKSPACE) and --quiet. Results go to stdout,
    progress and messages to stderr. Exit status: 0 all well, 1 something failed, 2 wrong use.
    """


for _command in (
    *(ingest_command, jobs_group, media_command, shots_command),
    *(learn_group, rank_group, cut_group, export_command, import_command),
    *(render_command, verify_command),
    relink_command,
    *(check_command, repair_command),
    *(logs_group, recsys_group, audience_group),
    *(models_group, status_command, dashboard_command, demo_command),
):
    reel.add_command(_command)
learn_group.add_command(align_command)
for _command in (
    *(*SLOT_COMMANDS, versions_command, diff_command, undo_command),
    *APPROVAL_COMMANDS,
):
    cut_group.add_command(_command)


REFUSED_PLACES = {
    *(errno.ENAMETOOLONG, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
}
"""Of names and folders that a file cannot be read from or written to; the error names which."""


def main() -> None:
    """Entry point. What a user can put right is printed; anything else keeps its traceback."""
    try:
        reel()
    except Exception as error:
        if not is_for_users(error):
            raise
        click.echo(f"reel: {error}", err=True)
        sys.exit(1)


def is_for_users(error: Exception) -> bool:
    """Whether a user can put an error right: it is one of the packages' own, or about a place.

    Only packages that are already imported can have raised one, so none is imported to find out.
    """
    if isinstance(error, OSError) and error.errno in REFUSED_PLACES:
        return True
    roots = {"ingest.errors": "IngestError", "editing.errors": "EditingError"}
    roots["recsys.errors"] = "RecsysError"
    loaded = (getattr(sys.modules.get(module), name, None) for module, name in roots.items())
    return any(root is not None and isinstance(error, root) for root in loaded)


if __name__ == "__main__":
    main()
