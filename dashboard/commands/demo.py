"""The command `reel demo`: the whole road on the sample, one `reel` command after another."""

import io
import json
import time
from contextlib import redirect_stdout
from pathlib import Path

import click

from dashboard.console import Console, shared_options
from dashboard.settings import Workspace

FILM = "big_buck_bunny_first_half.mp4"
TRAILER = "big_buck_bunny_trailer.mp4"
LOG = "viewing_log.parquet"
TITLES = "titles.parquet"
CUTS = (("trailer", 30, ()), ("rough", 120, ()), ("teaser", 15, ("--aspect", "9:16")))
FORMATS = {"otio": "otio", "edl": "edl", "fcp7": "xml", "fcpxml": "fcpxml"}
DELIVERY = ("--loudness", "r128")


@click.command("demo")
@click.option(
    "--sample",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("data/sample"),
    show_default=True,
    help="The folder that holds the sample films and the simulated viewing log.",
)
@shared_options
def demo_command(sample: Path, workspace: Workspace, console: Console) -> None:
    """Go the whole road on the sample: footage and a viewing log in, cuts and audiences out."""
    began = time.monotonic()
    road = _Road(workspace, console)
    road.go("ingest", str(sample / FILM), str(sample / TRAILER))
    for kind in ("lstm", "transformer"):
        road.go("learn", "train", "--model", kind, "--media", FILM)
    made = [path for cut in CUTS for path in _make_cut(road, workspace, *cut)]
    road.go("logs", "import", str(sample / LOG))
    road.go("logs", "titles", str(sample / TITLES))
    road.go("recsys", "train", "--model", "auto")
    road.go("recsys", "recommend", "--user", _some_user(sample / LOG))
    road.go("audience", "titles")
    road.go("audience", "segments")
    console.say("")
    console.say(f"Done in {time.monotonic() - began:.0f} s. Made:")
    for path in made:
        click.echo(f"  {path}  ({path.stat().st_size / 1e6:.2f} MB)")
    console.say("The viewing log is simulated; so is every audience table made from it.")
    root = workspace.root
    console.say(
        f"Open the dashboard: make dashboard WORKSPACE={root}   (or: reel dashboard -w {root})"
    )


class _Road:
    """Runs commands of `reel` in this process, each shown as a person would type it."""

    def __init__(self, workspace: Workspace, console: Console) -> None:
        self.workspace, self.console = workspace, console

    def go(self, *words: str) -> None:
        """Run a command; its results go to stdout as always."""
        self.console.say(f"\n$ reel {' '.join(words)}")
        reel = click.get_current_context().find_root().command
        reel.main([*words, *self._shared()], prog_name="reel", standalone_mode=False)

    def ask(self, *words: str) -> object:
        """Run a command and read the JSON that it prints."""
        with redirect_stdout(io.StringIO()) as printed:
            self.go(*words, "--format", "json")
        return json.loads(printed.getvalue())

    def _shared(self) -> list[str]:
        return ["--workspace", str(self.workspace.root), *(["--quiet"] * self.console.quiet)]


def _make_cut(
    road: _Road, workspace: Workspace, kind: str, seconds: int, options: tuple[str, ...]
) -> list[Path]:
    cut = road.ask("cut", kind, FILM, "--seconds", str(seconds), *options)
    assert isinstance(cut, dict)
    number = str(cut["id"])
    road.go("cut", "show", number)
    road.go("repair", number)
    made = []
    for to, suffix in FORMATS.items():
        made.append(workspace.renders / f"{kind}-{number}.{suffix}")
        road.go("export", number, "--to", to, "--output", str(made[-1]))
    made.append(workspace.renders / f"{kind}-{number}.mp4")
    road.go("render", number, "--output", str(made[-1]), *DELIVERY)
    road.go("verify", str(made[-1]), "--against", number, *DELIVERY)
    return made


def _some_user(log: Path) -> str:
    """The user with the most views in the log."""
    import polars as pl

    counts = pl.scan_parquet(log).group_by("user").len().sort("len", "user", descending=True)
    return str(counts.head(1).collect()["user"].item())
