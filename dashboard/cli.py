"""The command `reel`: it parses, calls one library function, and prints what came back.

Exit status: 0 all well, 1 something failed, 2 wrong use.
"""

import sys

import click

from dashboard.commands.app import dashboard_command, demo_command
from dashboard.commands.editing import cut_group, export_command, render_command
from dashboard.commands.footage import ingest_command, media_command, shots_command
from dashboard.commands.recommender import audience_group, logs_group, recsys_group


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="reelroom", prog_name="reel")
def reel() -> None:
    """Footage and viewing logs in; cuts and their audience out."""
