"""Charts that a person can read: titles, units, hover; colours come from the theme's palette."""

from typing import cast

import altair as alt
import polars as pl

from dashboard.wording import clock, signed
from recsys.audience.report import Retention
from recsys.audience.retention import Moment

CHOSEN, OTHERS = "#E69F00", "#4C9BCB"
"""Orange and blue of Okabe and Ito (2008); told apart by everybody, on dark and on light."""

_GROUND, _SUM = "#14171C", "#8B97A5"
_LABELS = {
    "luma": "Brightness (0 to 1)",
    "motion": "Motion (0 to 1)",
    "loudness": "Loudness (LUFS)",
}
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200)
_CLOCK = "floor(datum.value / 60) + ':' + (datum.value % 60 < 10 ? '0' : '') + datum.value % 60"


def film_time(field: str, seconds: float, title: str = "Film time (min:s)") -> alt.X:
    """An axis of seconds, from 0 to `seconds`, written as minutes and seconds."""
    step = next((s for s in _STEPS if seconds / s <= 12), _STEPS[-1])
    axis = alt.Axis(labelExpr=_CLOCK, values=list(range(0, int(seconds) + 1, step)))
    scale = alt.Scale(domain=[0, max(seconds, 0.1)], nice=False)
    return alt.X(f"{field}:Q", title=title, axis=axis, scale=scale)


def shot_lengths(shots: pl.DataFrame, chosen: int, seconds: float) -> alt.Chart:
    """A bar a shot over film time, as high as the shot is long; the chosen one stands out."""
    table = shots.select(
        "shot",
        "start_tc",
        "seconds",
        "from",
        "transition",
        until=pl.col("from") + pl.col("seconds"),
        floor=pl.lit(0),
        chosen=pl.col("shot") == chosen,
    )
    click = alt.selection_point("shot_bar", fields=["shot"], on="click", clear=False)
    chart = (
        alt.Chart(table, title="Length of each shot")
        .mark_rect(stroke=_GROUND, strokeWidth=0.5, cursor="pointer")
        .encode(
            x=film_time("from", seconds),
            x2="until:Q",
            y=alt.Y("seconds:Q", title="Length (s)"),
            y2="floor:Q",
            color=alt.condition("datum.chosen", alt.value(CHOSEN), alt.value(OTHERS)),
            tooltip=[
                alt.Tooltip("shot:Q", title="Shot"),
                alt.Tooltip("start_tc:N", title="Starts at"),
                alt.Tooltip("seconds:Q", title="Length (s)", format=".2f"),
                alt.Tooltip("transition:N", title="Transition in"),
            ],
        )
        .add_params(click)
        .properties(height=210)
    )
    return cast(alt.Chart, chart)


def film_curve(curves: pl.DataFrame, measure: str, seconds: float) -> alt.Chart:
    """One measure over film time."""
    label = _LABELS.get(measure, measure.replace("_", " ").capitalize())
    low = curves.filter(pl.col("measure") == measure)["value"].min()
    floor = cast(float, low) if measure == "loudness" and low is not None else 0.0
    table = curves.filter(pl.col("measure") == measure).with_columns(floor=pl.lit(floor))
    chart = (
        alt.Chart(table, title=f"{label.split(' (')[0]} over the film")
        .mark_area(line={"strokeWidth": 1.2}, opacity=0.35)
        .encode(
            x=film_time("from", seconds),
            y=alt.Y("value:Q", title=label, scale=alt.Scale(zero=False, nice=True)),
            y2="floor:Q",
            tooltip=[
                alt.Tooltip("from:Q", title="Second", format=".1f"),
                alt.Tooltip("value:Q", title=label, format=".3g"),
            ],
        )
        .properties(height=210)
    )
    return cast(alt.Chart, chart)


def retention(curve: pl.DataFrame, found: Retention) -> alt.LayerChart:
    """The share of viewers who saw each second, its interval, and where many leave at once."""
    title = f"Retention: share of {found.curve.viewers:,} viewers who saw each second"
    drops = _moments(found.drop_offs, "leave at once")
    rules = _rules(drops)
    return _share(curve, "retention", title=title, simulated=found.simulated, marks=rules)


def rewatch(curve: pl.DataFrame, found: Retention) -> alt.LayerChart:
    """The share of those who saw a second who saw it again, and the stretches that stand out."""
    title = "Rewatch: share of those who saw a second who saw it again"
    stretches = _moments(found.rewatched, "watch again")
    bands = (
        alt.Chart(stretches)
        .mark_rect(color=CHOSEN, opacity=0.18)
        .encode(x="start:Q", x2="end:Q", tooltip=_MOMENT_TIP)
    )
    return _share(curve, "rewatch", title=title, simulated=found.simulated, marks=bands)


def viewing(weeks: pl.DataFrame, *, simulated: bool) -> alt.Chart:
    """How many viewers a title had in each week."""
    weeks = weeks.with_columns(end=pl.col("week") + pl.duration(days=7), floor=pl.lit(0))
    chart = (
        alt.Chart(weeks, title=_marked("Viewers in each week", simulated))
        .mark_rect(stroke=_GROUND, strokeWidth=1)
        .encode(
            x=alt.X("week:T", title="Week from", axis=alt.Axis(format="%-d %b")),
            x2="end:T",
            y=alt.Y("viewers:Q", title="Viewers", scale=alt.Scale(zero=True)),
            y2="floor:Q",
            tooltip=[
                alt.Tooltip("week:T", title="Week from", format="%-d %B %Y"),
                alt.Tooltip("viewers:Q", title="Viewers"),
            ],
        )
        .properties(height=250)
    )
    return cast(alt.Chart, chart)


_MOMENT_TIP = [
    alt.Tooltip("at:N", title="At"),
    alt.Tooltip("share:Q", title="Share", format=".0%"),
    alt.Tooltip("what:N", title="Of those watching"),
]
_MOMENTS = {"start": pl.Int64, "end": pl.Int64, "share": pl.Float64, "at": pl.String}


def _moments(moments: list[Moment], what: str) -> pl.DataFrame:
    rows = [
        {"start": m.start, "end": m.end, "share": m.share, "at": f"{clock(m.start)}"}
        for m in moments
    ]
    return pl.DataFrame(rows, schema=_MOMENTS).with_columns(what=pl.lit(what))


def _rules(moments: pl.DataFrame) -> alt.Chart:
    rules = (
        alt.Chart(moments)
        .mark_rule(color=CHOSEN, strokeDash=[4, 3], strokeWidth=1.5)
        .encode(x="start:Q", tooltip=_MOMENT_TIP)
    )
    return cast(alt.Chart, rules)


def _share(
    curve: pl.DataFrame, name: str, *, title: str, simulated: bool, marks: alt.Chart
) -> alt.LayerChart:
    """A share over a title's seconds with its 95 % interval, over marks of what stands out."""
    x = film_time("second", float(curve.height), "Title time (min:s)")
    percent = alt.Axis(format="%")
    base = alt.Chart(curve).encode(x=x)
    band = base.mark_area(opacity=0.25).encode(
        y=alt.Y(f"{name}_low:Q", title="Viewers (%)", axis=percent), y2=f"{name}_high:Q"
    )
    line = base.mark_line(strokeWidth=1.6).encode(
        y=f"{name}:Q",
        tooltip=[
            alt.Tooltip("second:Q", title="Second"),
            alt.Tooltip(f"{name}:Q", title="Share", format=".1%"),
            alt.Tooltip(f"{name}_low:Q", title="95 % interval from", format=".1%"),
            alt.Tooltip(f"{name}_high:Q", title="to", format=".1%"),
        ],
    )
    chart = alt.layer(marks, band, line, title=_marked(title, simulated)).properties(height=220)
    return cast(alt.LayerChart, chart)


def _marked(title: str, simulated: bool) -> str:
    return f"{title} (simulated)" if simulated else title


def score_parts(parts: pl.DataFrame, score: float) -> alt.LayerChart:
    """The parts of one score as an additive bar: each begins where the one before ended."""
    ends = parts["value"].cum_sum()
    table = pl.concat(
        [
            parts.select("part", "value").with_columns(start=ends - parts["value"], end=ends),
            pl.DataFrame({"part": "score", "value": score, "start": 0.0, "end": score}),
        ],
        how="diagonal",
    ).with_columns(
        text=pl.col("value").map_elements(signed, return_dtype=pl.String),
        at=pl.max_horizontal("start", "end"),
        kind=pl.when(pl.col("part") == "score")
        .then(pl.lit("the score"))
        .when(pl.col("value") < 0)
        .then(pl.lit("against it"))
        .otherwise(pl.lit("for it")),
    )
    colour = alt.Scale(domain=["for it", "against it", "the score"], range=[OTHERS, CHOSEN, _SUM])
    # the order is written out: a chart that is drawn again keeps the order it had
    order = table["part"].to_list()
    y = alt.Y(
        "part:N",
        title=None,
        sort=order,
        axis=alt.Axis(labelLimit=240, labelOverlap=False, labelFlush=False),
    )
    base = alt.Chart(table).encode(y=y)
    bars = base.mark_bar().encode(
        x=alt.X("start:Q", title="Score"),
        x2="end:Q",
        color=alt.Color("kind:N", title=None, scale=colour, legend=alt.Legend(orient="bottom")),
        tooltip=[
            alt.Tooltip("part:N", title="Part"),
            alt.Tooltip("value:Q", title="Value", format="+.4f"),
        ],
    )
    words = base.mark_text(align="left", dx=4, color=_SUM).encode(x="at:Q", text="text:N")
    return cast(alt.LayerChart, (bars + words).properties(height=105 + 21 * table.height))


def cut_parts(parts: pl.DataFrame) -> alt.Chart:
    """The parts of every slot's score, stacked; what counts against a shot goes below 0."""
    parts = _few_parts(parts)
    order = parts["part"].unique(maintain_order=True).to_list()
    click = alt.selection_point("slot_bar", fields=["slot"], on="click", clear=False)
    chart = (
        alt.Chart(parts, title="Parts of the score of every slot")
        .mark_bar(cursor="pointer")
        .encode(
            x=alt.X("slot:O", title="Slot", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title="Score"),
            color=alt.Color("part:N", title="Part", sort=order),
            tooltip=[
                alt.Tooltip("slot:O", title="Slot"),
                alt.Tooltip("part:N", title="Part"),
                alt.Tooltip("value:Q", title="Value", format="+.4f"),
            ],
        )
        .add_params(click)
        .properties(height=260)
    )
    return cast(alt.Chart, chart)


def _few_parts(parts: pl.DataFrame, most: int = 6) -> pl.DataFrame:
    """The parts that count most over all slots by name, the others summed up as one."""
    weight = parts.group_by("part").agg(pl.col("value").abs().sum()).sort("value", descending=True)
    names = weight["part"].head(most).to_list()
    named = pl.when(pl.col("part").is_in(names)).then("part").otherwise(pl.lit("all others"))
    sums = parts.group_by("slot", named.alias("part")).agg(pl.col("value").sum())
    place = pl.col("part").replace_strict({n: i for i, n in enumerate(names)}, default=most)
    return sums.sort(place, "slot")
