"""What the viewing log says of titles and viewers: `reel audience`."""

from dataclasses import asdict

import click

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace
from dashboard.wording import SIMULATED_NOTE


@click.group("audience")
def audience_group() -> None:
    """What the viewing log says about titles and the people who watch them."""


@audience_group.command("titles")
@format_option("table", "json")
@shared_options
def audience_titles(output_format: str, workspace: Workspace, console: Console) -> None:
    """Each title's audience: viewers, views, completion, mean share watched, two-week trend."""
    from recsys.audience.titles import title_table
    from recsys.run import load_log, load_titles
    from recsys.viewing_log import is_simulated

    log = load_log(workspace.logs)
    table = title_table(log, load_titles(workspace.logs))
    if output_format == "json":
        print_json(table.to_dicts())
        return
    if is_simulated(log):
        console.warn(SIMULATED_NOTE)
    header = ("item", "title", "genre", "viewers", "views", "completion", "mean share", "trend")
    shares = ("completion", "mean_share", "trend")
    rows = [
        (
            *(row[name] or "" for name in ("item", "title", "genre")),
            row["viewers"],
            row["views"],
            *("" if row[name] is None else f"{row[name]:.0%}" for name in shares),
        )
        for row in table.iter_rows(named=True)
    ]
    print_table(header, rows)


@audience_group.command("retention")
@click.argument("title")
@format_option("table", "json")
@shared_options
def audience_retention(
    title: str, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Which seconds of TITLE (an item or a name) its viewers watched, and watched again.

    The table has a row for every 10 seconds, JSON one for each second; shares have 95 % intervals.
    """
    from recsys.audience.report import retention

    found = retention(workspace.logs, title)
    if output_format == "json":
        print_json(found.as_json())
        return
    if found.simulated:
        console.warn(SIMULATED_NOTE)
    console.say(f"{found.title}: {found.curve.viewers} viewers")
    for moment in found.drop_offs:
        console.say(f"{moment.share:.0%} of those watching leave at {moment.start} s")
    for moment in found.rewatched:
        span = f"{moment.start} s to {moment.end} s"
        console.say(f"{span} is watched again by up to {moment.share:.0%} of its viewers")
    print_table(
        ("second", "watched", "retention", "interval", "again", "rewatch"),
        [
            (
                row["second"],
                row["watched"],
                f"{row['retention']:.1%}",
                f"{row['retention_low']:.1%} to {row['retention_high']:.1%}",
                row["again"],
                f"{row['rewatch']:.1%}",
            )
            for row in found.curve.table().gather_every(10).iter_rows(named=True)
        ],
    )


@audience_group.command("segments")
@click.option(
    "--count",
    type=click.IntRange(2),
    help="How many segments; the number from 2 to 8 that parts users best if left out.",
)
@click.option("--seed", default=0, show_default=True, help="Of the grouping.")
@format_option("table", "json")
@shared_options
def audience_segments(
    count: int | None, seed: int, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Groups of users who watch alike, and what sets each apart."""
    from recsys.audience.report import segment_users
    from recsys.run import load_log, load_titles
    from recsys.viewing_log import is_simulated

    log = load_log(workspace.logs)
    found = segment_users(log, load_titles(workspace.logs), count=count, seed=seed)
    simulated = is_simulated(log)
    if output_format == "json":
        segments = [asdict(segment) for segment in found.segments]
        print_json({"simulated": simulated, "silhouette": found.silhouette, "segments": segments})
        return
    if simulated:
        console.warn(SIMULATED_NOTE)
    print_table(
        ("segment", "users", "share", "set apart by"),
        [
            (
                segment.name,
                segment.size,
                f"{segment.share:.0%}",
                ", ".join(f"{title.name} ({title.lift:.1f}x)" for title in segment.titles[:3]),
            )
            for segment in found.segments
        ],
    )
