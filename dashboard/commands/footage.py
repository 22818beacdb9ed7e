"""Commands over footage: `reel ingest`, `reel media` and `reel shots`."""

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dashboard.batch_display import BatchDisplay
from dashboard.batch_summary import check_report_file, say_summary
from dashboard.commands.parameters import FiniteRange
from dashboard.console import (
    Console,
    NamedPath,
    format_option,
    print_json,
    print_table,
    shared_options,
)
from dashboard.interrupts import Interrupts
from dashboard.settings import Workspace
from dashboard.wording import first_line, with_path
from ingest.paths import visible


@click.command("ingest")
@click.argument("paths", nargs=-1, type=NamedPath(path_type=Path, readable=False))
@click.option(
    "--detector",
    type=click.Choice(["cascade", "transnet", "adaptive", "content"]),
    default="cascade",
    show_default=True,
    help="TransNetV2 where cheap signals leave doubt, TransNetV2 on every frame, or an adaptive or "
    "content detector of PySceneDetect (hard cuts only).",
)
@click.option(
    "--embedding",
    metavar="MODEL",
    default="efficientnet-lite0",
    show_default=True,
    help="What makes the embeddings: also a folder or hub id of a CLIP or SigLIP model "
    "(pip install 'reelroom[clip]'). Of known films only the embeddings are computed.",
)
@click.option(
    "--proxies", is_flag=True, help="Also write a 360p MP4 of each film, for review in a browser."
)
@click.option("--force", is_flag=True, help="Analyse again what the catalogue already knows.")
@click.option("--accept-damaged", is_flag=True, help="Take what decodes of a truncated file.")
@click.option(
    "--retry-failed", is_flag=True, help="Only what failed before, below PATHS or at all."
)
@click.option("--watch", is_flag=True, help="Go on with what arrives in PATHS, until Ctrl-C.")
@click.option(
    "--still",
    type=FiniteRange(min=0),
    default=5.0,
    show_default=True,
    help="With --watch: seconds for which a file must not change before it is taken.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Files at a time. One alone is decoded on several threads. On Ray the cluster decides.",
)
@click.option(
    "--timeout",
    type=FiniteRange(min=1),
    default=21600.0,
    show_default=True,
    help="Seconds that one file may take before it counts as failed.",
)
@click.option(
    "--memory",
    type=FiniteRange(min=0.1),
    default=6.0,
    show_default=True,
    help="GiB of memory that one file may take before it counts as failed.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Child processes of this machine, or a Ray cluster (pip install 'reelroom[ray]').",
)
@click.option("--ray-address", "address", help="The Ray cluster; the one Ray finds if not given.")
@click.option(
    "--cpus",
    type=FiniteRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="On Ray: processors for each file.",
)
@click.option(
    "--gpus",
    type=FiniteRange(0),
    default=0.0,
    show_default=True,
    help="On Ray: GPUs for each file.",
)
@click.option(
    "--report",
    "report_file",
    type=NamedPath(path_type=Path, dir_okay=False),
    callback=check_report_file,
    help="Also write what became of each file to this .csv or .json, even if stopped by Ctrl-C.",
)
@click.option(
    "--catalog-url",
    envvar="REEL_CATALOG_URL",
    help="Keep the catalogue in PostgreSQL, postgresql+psycopg://HOST/NAME; the workspace "
    "remembers it (or REEL_CATALOG_URL).",
)
@format_option("table", "json")
@shared_options
def ingest_command(
    paths: tuple[Path, ...],
    *,
    retry_failed: bool,
    watch: bool,
    still: float,
    report_file: Path | None,
    catalog_url: str | None,
    output_format: str,
    workspace: Workspace,
    console: Console,
    **options: Any,
) -> None:
    """Find and measure the shots of PATHS: films, and folders that are searched for films.

    A file that cannot be read is reported with its reason and the rest go on; the exit status is
    then 1. What the catalogue already knows is not analysed again, so a batch that was stopped
    (by Ctrl-C, exit status 130, or a crash) goes on where it was when it is run again.
    """
    from ingest.batch import Machines, failed_files, ingest_batch
    from ingest.dropfolder import DropFolder
    from ingest.run import Settings

    if not paths and not retry_failed:
        raise click.UsageError("Missing argument 'PATHS...'.")
    if watch and retry_failed:
        raise click.UsageError("--watch goes on with new files, and --retry-failed with old ones.")
    where = Machines(**{k: options.pop(k) for k in ("engine", "jobs", "cpus", "gpus", "address")})
    if Path(options["embedding"]).is_dir():  # elsewhere it is to be the same folder
        options["embedding"] = str(Path(options["embedding"]).resolve())
    files: list[Path] = [] if watch else list(paths)
    if catalog_url:
        workspace.use_catalog(catalog_url)
    if retry_failed:
        files = failed_files(workspace.catalog, paths)
        if not files:
            console.say("nothing that failed is left to try again")
            return
    interrupts, display = Interrupts(), BatchDisplay(console)
    batch = ingest_batch(
        files,
        workspace.catalog,
        Settings(**options),
        where,
        drop_folder=DropFolder(paths, still_seconds=still) if watch else None,
        watcher=replace(display.watcher, should_stop=interrupts.asked),
    )
    if watch:
        console.say(f"watching {visible(', '.join(map(str, paths)))}; stop with Ctrl-C")
    reports, stopped = _take_reports(batch, display, interrupts)
    _print_reports(reports, output_format)
    say_summary(reports, display, console, report_file)
    if stopped:
        console.warn(
            f"stopped: {len(reports)} of {display.total} files are done, and kept. "
            "Run the same command again to go on."
        )
    elif not reports:
        console.warn(f"no media among {visible(', '.join(map(str, paths)))}")
    if stopped and not watch:
        raise SystemExit(130)
    if any(report.status == "failed" for report in reports) or not (reports or watch):
        raise SystemExit(1)


@click.command("media")
@click.option(
    "--duplicates",
    is_flag=True,
    help="List pairs of films that show the same pictures: copies, excerpts, shared shots.",
)
@format_option("table", "json")
@shared_options
def media_command(
    *, duplicates: bool, output_format: str, workspace: Workspace, console: Console
) -> None:
    """List the footage in the catalogue, and what could not be ingested."""
    from dashboard.media_facts import media_facts
    from ingest.catalog import Catalog

    if duplicates:
        from dashboard.film_pairs import show_duplicates

        show_duplicates(workspace, console, output_format)
        return
    with Catalog(workspace.catalog) as catalog:
        media, shots, failures = catalog.media(), catalog.shot_count(), catalog.failures()
    if output_format == "json":
        print_json([media_facts(m, shots.get(m.id, 0)) for m in media])
    else:
        rows = [
            (
                *(m.id, m.name, f"{float(m.seconds):.1f}", m.frames, f"{float(m.rate):.3f}"),
                *("x".join(map(str, m.display_size)), shots.get(m.id, 0), "; ".join(m.warnings)),
            )
            for m in media
        ]
        header = ("id", "name", "seconds", "frames", "fps", "size", "shots", "remarks")
        print_table(header, rows)
    for failure in failures:
        console.warn(f"failed {failure.failed_at}: {with_path(failure.path, failure.reason)}")


@click.command("shots")
@click.argument("media")
@click.option(
    "--measures",
    "with_measures",
    is_flag=True,
    help="Also how the camera moves, the shot scale, and the measures (a table shows a few).",
)
@format_option("table", "json", "csv")
@shared_options
def shots_command(
    media: str, *, with_measures: bool, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Print the shots of MEDIA, a path or an id.

    Frames count from 0 in decode order; the end is the first frame after the shot. Seconds count
    from the film's first frame.
    """
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        rows = shot_rows(catalog, media)
        if with_measures:
            rows = _with_measures(rows, catalog, media)
    if output_format == "json":
        print_json(rows)
        return
    flat = [
        {k: v for k, v in row.items() if k not in ("transition_in", "measures")}
        | {f"transition_{k}": v for k, v in row["transition_in"].items()}
        | row.get("measures", {})
        for row in rows
    ]
    if output_format == "csv":
        click.echo(",".join(flat[0]))
        for line in flat:
            click.echo(",".join("" if value is None else str(value) for value in line.values()))
        return
    if with_measures:
        _print_measures(flat)
        return
    print_table(
        ("shot", "start", "end", "seconds", "from", "to", "transition", "confidence"),
        [
            (
                *(line["index"], line["start_frame"], line["end_frame"]),
                round(line["end_seconds"] - line["start_seconds"], 3),
                *(f"{line['start_seconds']:.3f}", f"{line['end_seconds']:.3f}"),
                *(line["transition_kind"], round(line["transition_confidence"], 3)),
            )
            for line in flat
        ],
    )


def shot_rows(catalog: Any, wanted: str) -> list[dict[str, Any]]:
    """The shots of a media as plain data, as `reel shots --format json` prints them."""
    media = catalog.find_media(wanted)
    pts = catalog.frame_times(media.id)

    def seconds(frame: int) -> float:
        if frame >= len(pts):
            return float(media.seconds)
        return float((int(pts[frame]) - media.start_pts) * media.time_base)

    return [
        {
            "index": shot.index,
            "start_frame": shot.span.start,
            "end_frame": shot.span.end,
            "start_seconds": seconds(shot.span.start),
            "end_seconds": seconds(shot.span.end),
            "transition_in": {
                "kind": shot.transition_in.kind,
                "first_frame": shot.transition_in.first_frame,
                "last_frame": shot.transition_in.last_frame,
                "confidence": round(shot.transition_in.confidence, 6),
            },
        }
        for shot in catalog.shots(media.id)
    ]


def _with_measures(rows: list[dict[str, Any]], catalog: Any, wanted: str) -> list[dict[str, Any]]:
    """The rows of `shot_rows` with the classes and measures of each shot."""
    from dashboard.shot_words import shot_classes, shot_values

    values = shot_values(catalog.measures(catalog.find_media(wanted).id))
    return [
        row | shot_classes(of_shot) | {"measures": of_shot}
        for row, of_shot in zip(rows, values, strict=True)
    ]


def _print_measures(flat: list[dict[str, Any]]) -> None:
    """A table of the classes and a few measures of each shot."""
    from dashboard.shot_words import FEW_MEASURES

    print_table(
        ("shot", "from", "to", "camera", "shot scale", *FEW_MEASURES),
        [
            (
                *(line["index"], f"{line['start_seconds']:.3f}", f"{line['end_seconds']:.3f}"),
                *(line["camera_move"], line["shot_scale"]),
                *("-" if (v := line.get(name)) is None else f"{v:.3g}" for name in FEW_MEASURES),
            )
            for line in flat
        ],
    )


def _take_reports(
    batch: Any, display: BatchDisplay, interrupts: Interrupts
) -> tuple[list[Any], bool]:
    """The reports of a batch, shown as they come; and whether it was stopped from outside."""
    reports = []
    try:
        with interrupts, closing(batch), display:
            for report in batch:
                reports.append(report)
                display.show(report)
    except KeyboardInterrupt:
        return reports, True
    return reports, False


def _print_reports(reports: list[Any], output_format: str) -> None:
    if output_format == "json":
        print_json(
            [
                {"path": r.path, "status": r.status, "media": r.media, "shots": r.shots}
                | {"reason": r.reason}
                for r in reports
            ]
        )
    elif reports:
        print_table(
            ("media", "file", "status", "shots", "remarks"),
            [
                (r.media or "-", os.path.basename(r.path), r.status, r.shots, first_line(r.reason))  # noqa: PTH119
                for r in reports
            ],
        )
