"""Charts of an audience: curves over the film's own pictures, weeks, cohorts, responses, lifts.

Each has a title, units and hover. Colours are the theme's, and the orange and blue that everybody
can tell apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import altair as alt
import polars as pl

from dashboard.components.charts import CHOSEN, OTHERS, film_time
from dashboard.wording import clock
from recsys.audience.shot_effects import ShotEffect

PICTURES = 16
"""Of a film strip."""
_STRIP = 0.24
"""The strip's height, as a part of the curve's."""
_NEUTRAL = "#8B97A5"
_PERCENT = "datum.value < 0 ? '' : format(datum.value, '.0%')"


@dataclass(frozen=True, slots=True)
class StripFilm:
    """A film whose pictures stand under a curve."""

    starts: Sequence[float]
    """Of each shot, seconds, rising."""
    ends: Sequence[float]
    links: str
    """What the links to its pictures begin with; a shot's index is the end."""


def curve_over_film(
    curve: pl.DataFrame,
    name: str,
    title: str,
    film: StripFilm,
    marks: Sequence[ShotEffect],
    *,
    what: str,
) -> alt.LayerChart:
    """A share of viewers over a title's time with its 95 % interval, above the film's pictures.

    Shots that stand out are marked; a click on one selects it (`shot`).

    Args:
        curve: As `RetentionCurve.table` gives it.
        name: `retention` or `rewatch`.
        title: Of the chart.
        film: The pictures.
        marks: The shots that stand out.
        what: What viewers do at them, for hover: `leave in this shot`.
    """
    seconds = float(curve.height)
    top = 1.0 if name == "retention" else max(_largest(curve[f"{name}_high"]), 0.05)
    axis = alt.Axis(labelExpr=_PERCENT, tickCount=6)
    scale = alt.Scale(domain=[-_STRIP * top, top], nice=False)
    y = alt.Y(f"{name}:Q", title="Viewers (%)", axis=axis, scale=scale)
    x = film_time("second", seconds, "Title time (min:s)")
    base = alt.Chart(curve).encode(x=x)
    band = base.mark_area(opacity=0.25).encode(
        y=alt.Y(f"{name}_low:Q", title="Viewers (%)", axis=axis, scale=scale), y2=f"{name}_high:Q"
    )
    line = base.mark_line(strokeWidth=1.6).encode(
        y=y,
        tooltip=[
            alt.Tooltip("second:Q", title="Second"),
            alt.Tooltip(f"{name}:Q", title="Share", format=".1%"),
            alt.Tooltip(f"{name}_low:Q", title="95 % interval from", format=".1%"),
            alt.Tooltip(f"{name}_high:Q", title="to", format=".1%"),
        ],
    )
    layers = [_pictures(film, seconds, top), _marked_shots(marks, name, top, what), band, line]
    chart = alt.layer(*layers, title=title).properties(height=300)
    return cast(alt.LayerChart, chart)


def _pictures(film: StripFilm, seconds: float, top: float) -> alt.Chart:
    """Pictures side by side below 0, each of the shot that is on at the middle of its place."""
    wide = seconds / PICTURES
    rows = []
    for place in range(PICTURES):
        middle = (place + 0.5) * wide
        shot = max((n for n, start in enumerate(film.starts) if start <= middle), default=0)
        if middle >= film.ends[-1]:
            continue
        rows.append(
            {
                "from": place * wide,
                "to": (place + 1) * wide,
                "url": f"{film.links}{shot}",
                "shot": shot,
                "at": f"{clock(film.starts[shot])} – {clock(film.ends[shot])}",
            }
        )
    table = pl.DataFrame(rows, schema=_PICTURES).with_columns(
        high=pl.lit(-0.02 * top), low=pl.lit(-(_STRIP - 0.01) * top)
    )
    chart = (
        alt.Chart(table)
        .mark_image(aspect=True)
        .encode(
            x="from:Q",
            x2="to:Q",
            y=alt.Y("low:Q"),
            y2="high:Q",
            url="url:N",
            description="at:N",  # else screen readers, and saved files, are told the link
            tooltip=[alt.Tooltip("shot:Q", title="Shot"), alt.Tooltip("at:N", title="Time")],
        )
    )
    return cast(alt.Chart, chart)


_PICTURES = {
    "from": pl.Float64,
    "to": pl.Float64,
    "url": pl.String,
    "shot": pl.Int64,
    "at": pl.String,
}


def _marked_shots(marks: Sequence[ShotEffect], name: str, top: float, what: str) -> alt.Chart:
    left = name == "retention"
    rows = [
        {
            "shot": one.shot,
            "start": one.start,
            "end": one.end,
            "count": one.left if left else one.again,
            "of": one.watching if left else one.seen,
            "share": (one.left if left else one.again) / max(one.watching if left else one.seen, 1),
            "expected": one.expected_left if left else one.expected_again,
            "at": f"{clock(one.start)} – {clock(one.end)}",
        }
        for one in marks
    ]
    table = pl.DataFrame(rows, schema=_MARKS).with_columns(
        floor=pl.lit(-_STRIP * top), ceiling=pl.lit(top), what=pl.lit(what)
    )
    click = alt.selection_point("marked", fields=["shot"], on="click", clear=False)
    chart = (
        alt.Chart(table)
        .mark_rect(color=CHOSEN, opacity=0.3, stroke=CHOSEN, cursor="pointer")
        .encode(
            x="start:Q",
            x2="end:Q",
            y="floor:Q",
            y2="ceiling:Q",
            tooltip=[
                alt.Tooltip("what:N", title="More than chance"),
                alt.Tooltip("shot:Q", title="Shot"),
                alt.Tooltip("at:N", title="Time"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
                alt.Tooltip("count:Q", title="Viewers"),
                alt.Tooltip("of:Q", title="Of"),
                alt.Tooltip("expected:Q", title="Expected viewers", format=".1f"),
            ],
        )
        .add_params(click)
    )
    return cast(alt.Chart, chart)


_MARKS = {
    "shot": pl.Int64,
    "start": pl.Float64,
    "end": pl.Float64,
    "count": pl.Int64,
    "of": pl.Int64,
    "share": pl.Float64,
    "expected": pl.Float64,
    "at": pl.String,
}


def compared_retention(curves: pl.DataFrame, *, title: str) -> alt.LayerChart:
    """The retention of several titles over their length: `title, part, retention, low, high`."""
    share = alt.Axis(format="%")
    x = alt.X("part:Q", title="Part of the title", axis=share, scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(curves).encode(x=x, color=alt.Color("title:N", title=None, legend=_LEGEND))
    band = base.mark_area(opacity=0.15).encode(
        y=alt.Y("low:Q", title="Viewers (%)", axis=share, scale=alt.Scale(domain=[0, 1])),
        y2="high:Q",
    )
    line = base.mark_line(strokeWidth=2).encode(
        y="retention:Q",
        strokeDash=alt.StrokeDash("title:N", legend=None),
        tooltip=[
            alt.Tooltip("title:N", title="Title"),
            alt.Tooltip("part:Q", title="Part", format=".0%"),
            alt.Tooltip("retention:Q", title="Viewers", format=".1%"),
            alt.Tooltip("low:Q", title="95 % interval from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
        ],
    )
    chart = alt.layer(band, line, title=title).properties(height=320)
    return cast(alt.LayerChart, chart)


_LEGEND = alt.Legend(orient="bottom", columns=1, labelLimit=320)


def compared_weeks(weeks: pl.DataFrame, *, title: str) -> alt.Chart:
    """Viewers of several titles in each week: `title, week, viewers`."""
    chart = (
        alt.Chart(weeks, title=title)
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("week:T", title="Week from", axis=alt.Axis(format="%-d %b", tickCount=8)),
            y=alt.Y("viewers:Q", title="Viewers", scale=alt.Scale(zero=True)),
            color=alt.Color("title:N", title=None, legend=_LEGEND),
            tooltip=[
                alt.Tooltip("title:N", title="Title"),
                alt.Tooltip("week:T", title="Week from", format="%-d %B %Y"),
                alt.Tooltip("viewers:Q", title="Viewers"),
            ],
        )
        .properties(height=280)
    )
    return cast(alt.Chart, chart)


def cohort_heatmap(cohorts: pl.DataFrame, *, title: str) -> alt.Chart:
    """How far each cohort watches: `cohort, viewers, part, still_watching, low, high`."""
    table = cohorts.with_columns(
        until=(pl.col("part") + 0.05),
        label=pl.col("cohort") + " · " + pl.col("viewers").cast(pl.String),
    )
    order = table["label"].unique(maintain_order=True).to_list()
    chart = (
        alt.Chart(table, title=title)
        .mark_rect()
        .encode(
            x=alt.X("part:Q", title="Part of the title", axis=alt.Axis(format="%")),
            x2="until:Q",
            y=alt.Y("label:N", title="First watched from · viewers", sort=order),
            color=alt.Color(
                "still_watching:Q",
                title="Still watching",
                scale=alt.Scale(scheme="cividis", domain=[0, 1]),
                legend=alt.Legend(format=".0%", orient="bottom"),
            ),
            tooltip=[
                alt.Tooltip("cohort:N", title="First watched from"),
                alt.Tooltip("viewers:Q", title="Viewers"),
                alt.Tooltip("part:Q", title="Beyond", format=".0%"),
                alt.Tooltip("still_watching:Q", title="Still watching", format=".1%"),
                alt.Tooltip("low:Q", title="95 % interval from", format=".1%"),
                alt.Tooltip("high:Q", title="to", format=".1%"),
            ],
        )
        .properties(height=90 + 24 * min(len(order), 20))
    )
    return cast(alt.Chart, chart)


def intervals(
    table: pl.DataFrame,
    label: str,
    value: str,
    *,
    title: str,
    axis: str,
    form: str,
    reference: float | None = None,
    logarithmic: bool = False,
) -> alt.LayerChart:
    """A dot with its interval for each row, in the order of the table.

    Args:
        table: With `low` and `high`.
        label: The column that names rows.
        value: The column of the dot.
        title: Of the chart.
        axis: Title of the horizontal axis, with its unit.
        form: Of the numbers, as d3 writes it: `.1%`.
        reference: Where a line is drawn: what is usual.
        logarithmic: For ratios.
    """
    order = table[label].unique(maintain_order=True).to_list()
    kind: dict[str, Any] = {"zero": True}
    if logarithmic:
        ends = [min(_least(table["low"]), 1.0) / 1.1, max(_largest(table["high"]), 1.0) * 1.1]
        kind = {"type": "log", "domain": ends, "nice": False}
    scale = alt.Scale(**kind)
    names = alt.Axis(labelLimit=220, labelOverlap=False)
    y = alt.Y(f"{label}:N", title=None, sort=order, axis=names)
    base = alt.Chart(table).encode(y=y)
    tip = [
        alt.Tooltip(f"{label}:N", title="Of"),
        alt.Tooltip(f"{value}:Q", title=axis, format=form),
        alt.Tooltip("low:Q", title="95 % interval from", format=form),
        alt.Tooltip("high:Q", title="to", format=form),
    ]
    x_axis = alt.Axis(format=form, tickCount=6, labelOverlap=True)
    lines = base.mark_rule(strokeWidth=2, color=OTHERS).encode(
        x=alt.X("low:Q", title=axis, scale=scale, axis=x_axis), x2="high:Q", tooltip=tip
    )
    dots = base.mark_point(filled=True, size=80, opacity=1, color=OTHERS).encode(
        x=alt.X(f"{value}:Q", scale=scale), tooltip=tip
    )
    layers: list[Any] = [lines, dots]
    if reference is not None:
        usual = alt.Chart(pl.DataFrame({"usual": [reference]}))
        layers.insert(0, usual.mark_rule(strokeDash=[4, 3], color=_NEUTRAL).encode(x="usual:Q"))
    chart = alt.layer(*layers, title=title).properties(height=115 + 26 * len(order))
    return cast(alt.LayerChart, chart)


def _largest(values: pl.Series) -> float:
    found = values.max()
    return float(found) if isinstance(found, int | float) else 0.0


def _least(values: pl.Series) -> float:
    found = values.min()
    return float(found) if isinstance(found, int | float) else 1.0
