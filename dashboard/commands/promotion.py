"""Whom to show a title, and what to show a segment: `reel audience promote`."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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


class FiniteRange(click.FloatRange):
    """A number within its range; nan, which compares with nothing, is in none."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number, as `click.FloatRange` gives it."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number that can be counted with.", param, ctx)
        return number


def campaign_file(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """Refuse names that tell no kind of table, before any work is done."""
    if value is not None and value.suffix not in (".csv", ".parquet"):
        raise click.BadParameter(f"{value.name} is neither .csv nor .parquet.", ctx, param)
    return value


SEED = click.IntRange(0, 2**32 - 1)


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
