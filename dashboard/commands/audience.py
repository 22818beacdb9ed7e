"""What the viewing log says of titles and viewers: `reel audience`."""

from typing import TYPE_CHECKING

import click

from dashboard.commands.parameters import SEED, FiniteRange
from dashboard.commands.promotion import audience_cuts, audience_prepare, audience_promote
from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace
from dashboard.wording import SIMULATED_NOTE

if TYPE_CHECKING:
    from recsys.audience.report import Retention
    from recsys.audience.viewing import CohortUnit


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
@click.option(
    "--by",
    type=click.Choice(["second", "shot"]),
    default="second",
    show_default=True,
    help="Of each second, or of each shot of --film: which lose viewers or are seen again.",
)
@click.option("--film", help="With --by shot: the title's film in the catalogue, a path or an id.")
@click.option(
    "--cohort",
    type=click.Choice(["day", "week", "month"]),
    help="Apart for the viewers who first played it in each day, week or month (UTC).",
)
@click.option(
    "--resume-hours",
    type=FiniteRange(0, 87_660),
    default=24.0,
    show_default=True,
    help="Who stopped less than this before the log's end is taken to be watching still.",
)
@format_option("table", "json")
@shared_options
def audience_retention(
    *,
    title: str,
    by: str,
    film: str | None,
    cohort: "CohortUnit | None",
    resume_hours: float,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Where viewers of TITLE (an item or a name) leave, and what they watch again.

    The table has a row for every 10 seconds, JSON one for each second; with --cohort the table has
    a row for each cohort. Shares have 95 % intervals. The share still watching is corrected for
    viewers who may yet go on (Kaplan-Meier). With --by shot, each shot is tested against the
    others; 1 % of those found may be there by chance (Benjamini-Hochberg).
    """
    from recsys.audience.report import retention

    if by == "shot":
        if not film or cohort:
            raise click.UsageError("--by shot needs --film, and takes no --cohort")
        _retention_by_shot(
            title,
            film,
            resume_hours=resume_hours,
            output_format=output_format,
            workspace=workspace,
            console=console,
        )
        return
    found = retention(workspace.logs, title, cohort=cohort, resume_hours=resume_hours)
    if output_format == "json":
        print_json(found.as_json())
        return
    if found.simulated:
        console.warn(SIMULATED_NOTE)
    may_go_on = int(found.viewing.may_go_on.sum())
    console.say(f"{found.title}: {found.curve.viewers} viewers, {may_go_on} may yet go on")
    for moment in found.drop_offs:
        console.say(f"{moment.share:.0%} of those watching leave at {moment.start} s")
    for moment in found.rewatched:
        span = f"{moment.start} s to {moment.end} s"
        console.say(f"{span} is watched again by up to {moment.share:.0%} of its viewers")
    if cohort:
        _print_cohorts(found)
    else:
        _print_seconds(found)


def _print_seconds(found: "Retention") -> None:
    print_table(
        ("second", "played by", "retention", "still watching", "interval", "again", "rewatch"),
        [
            (
                row["second"],
                row["watched"],
                f"{row['retention']:.1%}",
                f"{row['still_watching']:.1%}",
                f"{row['still_watching_low']:.1%} to {row['still_watching_high']:.1%}",
                row["again"],
                f"{row['rewatch']:.1%}",
            )
            for row in found.table().gather_every(10).iter_rows(named=True)
        ],
    )


def _print_cohorts(found: "Retention") -> None:
    import numpy as np

    quarters = np.array([0.25, 0.5, 0.75]) * found.viewing.duration
    ends = np.append(quarters, max(found.viewing.duration - 1, 0))
    rows = []
    for cohort in found.cohorts:
        viewing = cohort.viewing
        shares = zip(*viewing.survival().at(ends), strict=True)
        told = [f"{value:.0%} ({low:.0%} to {high:.0%})" for value, low, high in shares]
        rows.append((cohort.begins, len(viewing.reached), int(viewing.may_go_on.sum()), *told))
    header = ("first played", "viewers", "may go on")
    print_table((*header, "watch beyond 25 %", "50 %", "75 %", "to the end"), rows)


def _retention_by_shot(
    title: str,
    film: str,
    *,
    resume_hours: float,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    import numpy as np

    from dashboard.commands.footage import shot_rows
    from ingest.catalog import Catalog
    from recsys.audience.report import retention_by_shot

    with Catalog(workspace.catalog) as catalog:
        shots = shot_rows(catalog, film)
    starts = np.array([shot["start_seconds"] for shot in shots])
    ends = np.array([shot["end_seconds"] for shot in shots])
    found = retention_by_shot(workspace.logs, title, starts, ends, resume_hours=resume_hours)
    length = found.viewing.duration
    if len(ends) and abs(ends[-1] - length) > max(2.0, 0.02 * length):
        console.warn(
            f"reel: the film runs {ends[-1]:.1f} s, the log's title {length:.1f} s: are they one?"
        )
    if output_format == "json":
        print_json(found.as_json())
        return
    if found.simulated:
        console.warn(SIMULATED_NOTE)
    console.say(f"{found.title}: {len(found.viewing.reached)} viewers, {len(shots)} shots")
    print_table(
        ("shot", "from", "to", "watching", "left", "expected", "q", "seen", "again", "q", "found"),
        [
            (
                effect.shot,
                f"{effect.start:.2f}",
                f"{effect.end:.2f}",
                *(effect.watching, effect.left, round(effect.expected_left, 1)),
                f"{effect.left_q:.2g}",
                *(effect.seen, effect.again, f"{effect.again_q:.2g}"),
                " and ".join(["loses"] * effect.loses + ["wins back"] * effect.wins_back),
            )
            for effect in found.effects
        ],
    )


@audience_group.command("segments")
@click.option(
    "--count",
    type=click.IntRange(2),
    help="How many segments; left out, as many as are found again in halves of users and titles, "
    "up to 8, which may be none.",
)
@click.option(
    "--model",
    type=click.Choice(["als", "current"]),
    default="als",
    show_default=True,
    help="Whose view of the users: factors learned from the log, or the recommender in use.",
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Of the grouping.")
@format_option("table", "json")
@shared_options
def audience_segments(
    *,
    count: int | None,
    model: str,
    seed: int,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Groups of users who watch alike, what sets each apart, and whether its users stay.

    A lift of 2.0x is twice everyone's share, with its 95 % interval. "stay" is the share of a
    segment's users that a later period places in it again, and what chance would place there.
    """
    from recsys.audience.marketing import segment_users
    from recsys.run import load_log, load_titles
    from recsys.viewing_log import is_simulated

    log = load_log(workspace.logs)
    found = segment_users(
        log,
        load_titles(workspace.logs),
        count=count,
        seed=seed,
        recommenders=workspace.recommenders if model == "current" else None,
    )
    simulated = is_simulated(log)
    if output_format == "json":
        print_json({"simulated": simulated, **found.as_json()})
        return
    if simulated:
        console.warn(SIMULATED_NOTE)
    if found.number is not None:
        console.say(found.number.reason())
    rows = []
    for segment in found.segments:
        kept = segment.steadiness
        stay = "" if kept is None else f"{kept.share:.0%} ({kept.low:.0%} to {kept.high:.0%})"
        chance = "" if kept is None else f"{kept.chance:.0%}"
        apart = "; ".join(
            f"{one.name} {one.lift:.1f}x ({one.low:.1f} to {one.high:.1f})"
            for one in segment.traits()[:4]
        )
        rows.append((segment.name, segment.size, f"{segment.share:.0%}", stay, chance, apart))
    print_table(("segment", "users", "share", "stay", "by chance", "set apart by"), rows)


for command in (audience_promote, audience_cuts, audience_prepare):
    audience_group.add_command(command)
