"""Whom to show a title, what to show a segment, and which cut: `reel audience promote`, `cuts`."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashboard.commands.parameters import SEED, FiniteRange
from dashboard.console import (
    Console,
    NamedPath,
    format_option,
    print_json,
    print_table,
    shared_options,
)
from dashboard.settings import Workspace
from dashboard.wording import SIMULATED_NOTE

if TYPE_CHECKING:
    import polars as pl


def campaign_file(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """Refuse names that tell no kind of table, before any work is done."""
    if value is not None and value.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{value.name} is neither .csv nor .parquet.", ctx, param)
    return value


@click.command("promote")
@click.argument("title", required=False)
@click.option(
    "--segment",
    help="Only users of this segment, by its name (reel audience segments); without TITLE, the "
    "titles to promote to it.",
)
@click.option(
    "--titles",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="Without TITLE: how many titles the campaign shows; each user gets one.",
)
@click.option("--size", type=click.IntRange(1), help="How many users at most; all if left out.")
@click.option(
    "--hold-out",
    type=FiniteRange(0, 1, max_open=True),
    default=0.1,
    show_default=True,
    help="The share of these users that is not to be shown the title, to measure the campaign.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=14,
    show_default=True,
    help="A first play within so many days is a response.",
)
@click.option(
    "--out",
    type=NamedPath(path_type=Path, dir_okay=False),
    callback=campaign_file,
    help="The campaign file to write, a .csv or .parquet.",
)
@click.option(
    "--seed", default=0, show_default=True, type=SEED, help="Of the model and of the hold-out."
)
@format_option("table", "json")
@shared_options
def audience_promote(
    *,
    title: str | None,
    segment: str | None,
    titles: int,
    size: int | None,
    hold_out: float,
    days: int,
    out: Path | None,
    seed: int,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Whom to show TITLE (an item or a name), or with --segment alone, what to show a segment.

    With TITLE: users who have not played it, best first. The expected response is measured: a model
    like the recommender in use is fitted on the log before its last --days, and the users it ranked
    then are counted who came in those days. Without: titles by how the segment's users came to them
    in the last --days, drawn towards what other segments did. Either is what to expect without a
    campaign; compare target and hold-out for what the campaign adds.
    """
    if title is None and segment is None:
        raise click.UsageError("Name a TITLE, or a --segment, or both.")
    if title is None:
        assert segment is not None
        _promote_to_segment(
            segment,
            titles=titles,
            size=size,
            hold_out=hold_out,
            days=days,
            out=out,
            seed=seed,
            output_format=output_format,
            workspace=workspace,
            console=console,
        )
        return
    from recsys.audience.marketing import campaign

    name, simulated, plan = campaign(
        workspace.logs,
        workspace.recommenders,
        title,
        segment=segment,
        size=size,
        hold_out=hold_out,
        days=days,
        seed=seed,
    )
    _write_campaign(plan.users, out)
    target, held_out = plan.groups()
    told = {
        "item": plan.item,
        "title": name,
        "simulated": simulated,
        "days": plan.days,
        "target": target,
        "hold_out": held_out,
        "base_rate": plan.base_rate,
        "smallest_lift": plan.smallest_lift(),
        "bands": [asdict(band) for band in plan.bands],
        "segments": plan.by_segment.to_dicts(),
    }
    if output_format == "json":
        print_json(told)
        return
    if simulated:
        console.warn(SIMULATED_NOTE)
    _say_groups(name, plan.users, console)
    print_table(
        ("band", "users then", "came", "response", "interval", "against all", "users now"),
        [
            (
                number,
                *(band.users, band.responses, f"{band.rate:.1%}"),
                f"{band.low:.1%} to {band.high:.1%}",
                f"{band.rate / plan.base_rate:.2f}x",
                int((plan.users["band"] == number).sum()),
            )
            for number, band in enumerate(plan.bands, 1)
        ],
    )
    for row in plan.by_segment.iter_rows(named=True):
        share = f"{row['expected_response']:.1%} ({row['low']:.1%} to {row['high']:.1%})"
        console.say(f"{row['segment']}: {share} expected of {row['now']} users")


def _promote_to_segment(
    segment: str,
    *,
    titles: int,
    size: int | None,
    hold_out: float,
    days: int,
    out: Path | None,
    seed: int,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    from recsys.audience.marketing import promote_to_segment
    from recsys.audience.promotion import Draw, smallest_lift

    plan = promote_to_segment(
        workspace.logs,
        segment,
        titles=titles,
        size=size,
        draw=Draw(hold_out, seed),
        days=days,
        seed=seed,
    )
    _write_campaign(plan.users, out)
    target, held_out = plan.groups()
    if output_format == "json":
        print_json(
            {
                "segment": plan.segment,
                "simulated": plan.simulated,
                "days": plan.days,
                "target": target,
                "hold_out": held_out,
                "smallest_lift": smallest_lift(plan.users),
                "titles": plan.titles.to_dicts(),
            }
        )
        return
    if plan.simulated:
        console.warn(SIMULATED_NOTE)
    _say_groups(plan.segment, plan.users, console)
    print_table(
        ("rank", "item", "title", "response", "interval", "against all", "came", "of", "users now"),
        [
            (
                *(row["rank"], row["item"], row["title"], f"{row['expected_response']:.1%}"),
                f"{row['low']:.1%} to {row['high']:.1%}",
                "" if row["lift"] is None else f"{row['lift']:.2f}x",
                *(row["came"], row["then"], row["now"]),
            )
            for row in plan.titles.head(max(titles, 20)).iter_rows(named=True)
        ],
    )


def _say_groups(name: str, users: "pl.DataFrame", console: Console) -> None:
    from recsys.audience.promotion import group_sizes, smallest_lift

    target, held_out = group_sizes(users)
    console.say(f"{name}: {target} users to show it to, {held_out} held out")
    lift = smallest_lift(users)
    if lift is not None:
        console.say(f"a difference of {lift:.1%} between the groups would likely be told")


def _write_campaign(users: "pl.DataFrame", out: Path | None) -> None:
    from recsys.atomic import whole_file

    if out is None:
        return
    with whole_file(out) as draft:
        if out.suffix == ".parquet":
            users.write_parquet(draft)
        else:
            users.write_csv(draft)


@click.command("cuts")
@click.argument("segment")
@format_option("table", "json")
@shared_options
def audience_cuts(segment: str, output_format: str, workspace: Workspace, console: Console) -> None:
    """Which cuts, and which shots, fit what SEGMENT watches (a name: reel audience segments).

    Fit is the cosine, -1 to 1, between a picture and what the segment watches more of than everyone
    does. Titles of the log count that are films of the catalogue: by the file's name and length, or
    as somebody said on the dashboard's page Audience.
    """
    from dashboard.audience_answers import ask
    from dashboard.audience_question import Question
    from dashboard.cut_taste import fitting_cuts, titles_with_films
    from dashboard.segment_answers import read_segments
    from dashboard.sources import tree_state
    from dashboard.title_films import read_links
    from ingest.catalog import Catalog
    from recsys.errors import NoUsableRows
    from recsys.logs.store import LogStore

    answer = ask(
        workspace, Question("segments"), state=tree_state(workspace.logs), small=sys.maxsize
    )
    if answer.folder is None:
        raise NoUsableRows("the grouping of users", answer.refused)
    known, store = read_segments(answer.folder), LogStore(workspace.logs)
    name = known.find(segment)
    with Catalog(workspace.catalog) as catalog:
        titles = titles_with_films(catalog, store, read_links(workspace))
        found = fitting_cuts(catalog, store, titles, name, known.users_of(name))
    if output_format == "json":
        print_json(
            {
                "segment": name,
                "simulated": known.summary["simulated"],
                "model": found.model,
                "viewers": found.viewers,
                "films": found.films,
                "by_shot": found.by_shot,
                "cuts": found.cuts.to_dicts(),
                "shots": found.shots.to_dicts(),
            }
        )
        return
    if known.summary["simulated"]:
        console.warn(SIMULATED_NOTE)
    console.say(f"{name}: {found.viewers} users, {found.films} films, pictures by {found.model}")
    print_table(
        ("rank", "cut", "name", "film", "seconds", "fit"),
        [
            (*row[:4], f"{row[4]:.1f}", f"{row[5]:+.3f}")
            for row in found.cuts.select("rank", "cut", "name", "film", "seconds", "fit").rows()
        ],
    )
    print_table(
        ("rank", "film", "shot", "from", "to", "fit"),
        [
            (*row[:3], f"{row[3]:.2f}", f"{row[4]:.2f}", f"{row[5]:+.3f}")
            for row in found.shots.select(
                "rank", "film", "shot", "from_seconds", "to_seconds", "fit"
            ).rows()
        ],
    )


@click.command("prepare")
@shared_options
def audience_prepare(workspace: Workspace, console: Console) -> None:
    """Work out what the dashboard's pages on the audience show, so that nobody waits for it.

    To be run after an import; what was worked out of the log before is removed.
    """
    from dashboard.audience_answers import ask, row_count
    from dashboard.audience_question import Question
    from dashboard.sources import tree_state
    from recsys.errors import NoLog

    if not row_count(workspace.logs):
        raise NoLog(workspace.logs)
    state = tree_state(workspace.logs)
    for question in (Question("figures"), Question("segments")):
        answer = ask(workspace, question, state=state, small=sys.maxsize)
        console.say(f"{question.kind}: {answer.refused or 'ready'}")
