"""A simulated audience, with planted truths that an analysis can be held against.

Users belong to segments that prefer genres; titles rise and fall; some have a sequel that their
viewers turn to; and each is left and watched again at known seconds. Everything made here is
marked as simulated, in the log and in the titles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from recsys.atomic import whole_file
from recsys.viewing_log import (
    CLICK,
    DEVICE,
    DURATION_SECONDS,
    FROM_SECONDS,
    GENRE,
    ITEM,
    SCHEMA,
    SIMULATED,
    SURFACE,
    TIMESTAMP,
    TITLE,
    TITLE_SCHEMA,
    TO_SECONDS,
    USER,
    WATCHED_SECONDS,
)

Doubles = npt.NDArray[np.float64]

SEGMENTS: dict[str, tuple[str, str]] = {
    "families": ("Animation", "Family"),
    "curious minds": ("Documentary", "Drama"),
    "thrill seekers": ("Horror", "Thriller"),
    "date nights": ("Comedy", "Romance"),
}
"""Segments, and the genres each prefers."""
GENRES = tuple(genre for preferred in SEGMENTS.values() for genre in preferred)
PREFERENCE = 8.0
"""A preferred genre is chosen this many times as often as another."""
SEQUEL_SHARE = 0.3
"""How many viewers of a title with a sequel turn to it next."""

FILM = "bbb-first-half"
"""The item that stands for the sample's film; its audience is simulated like all others."""
FILM_TITLE = "Big Buck Bunny (first half)"
FILM_SECONDS = 284.7

SECONDS_A_DAY = 86_400

_FIRST_WORDS = ("Quiet", "Amber", "Last", "Paper", "Northern", "Hidden", "Glass", "Second")
_SECOND_WORDS = ("Harbour", "Orchard", "Signal", "Winter", "Lantern", "Border", "Garden", "Echo")


@dataclass(frozen=True, slots=True)
class DropOff:
    """A second of the film at which many leave at once."""

    second: float
    share: float
    """Of those still watching, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Rewatch:
    """A stretch of the film that some play again as soon as they have seen it."""

    start: float
    end: float
    """Seconds."""
    share: float
    """Of those who reach the end of it, 0 to 1."""


@dataclass(frozen=True, slots=True)
class WatchPattern:
    """Where a title loses and wins back its viewers."""

    drop_offs: tuple[DropOff, ...] = ()
    rewatches: tuple[Rewatch, ...] = ()
    steady_loss: float = 0.2
    """The share of viewers lost evenly over the whole title, apart from the drop-offs."""


FILM_PATTERN = WatchPattern(
    drop_offs=(DropOff(62.0, 0.18), DropOff(171.0, 0.15)),
    rewatches=(Rewatch(112.0, 120.0, 0.3), Rewatch(236.0, 244.0, 0.35)),
)


@dataclass(frozen=True, slots=True)
class Truth:
    """What was planted."""

    segment_of: dict[str, str]
    """Each user's segment."""
    preferred: dict[str, tuple[str, str]]
    """Each segment's genres."""
    growth: dict[str, float]
    """Each item's trend: its odds of being chosen grow by `exp(growth)` over the whole time."""
    sequel: dict[str, str]
    """Items whose viewers turn to another next, in `SEQUEL_SHARE` of cases."""
    patterns: dict[str, WatchPattern]


@dataclass(frozen=True, slots=True)
class Simulation:
    """A log and its titles, as they would be imported, and the truth behind them."""

    log: pl.DataFrame
    """With the columns of `viewing_log.SCHEMA`; each row marked as simulated."""
    titles: pl.DataFrame
    """With the columns of `viewing_log.TITLE_SCHEMA`; each title marked as simulated."""
    truth: Truth


@dataclass(frozen=True, slots=True)
class _Cast:
    """The titles as arrays."""

    items: list[str]
    names: list[str]
    genre: npt.NDArray[np.int64]
    seconds: Doubles
    appeal: Doubles
    growth: Doubles
    sequel: dict[int, int]
    patterns: list[WatchPattern]


def simulate(
    seed: int = 0,
    *,
    users: int = 600,
    titles: int = 60,
    days: int = 90,
    plays_per_user: float = 30.0,
    start: datetime = datetime(2025, 1, 6, tzinfo=UTC),
    patterns: Mapping[str, WatchPattern] | None = None,
) -> Simulation:
    """Simulate an audience.

    Args:
        seed: The same seed and sizes give the same simulation.
        users: At least 1.
        titles: At least 8, one of each genre; the first is `FILM`.
        days: How long the log runs.
        plays_per_user: On average; no user plays a title twice, but for its rewatched stretches.
        start: The first instant of the log.
        patterns: Watch patterns to plant, by item, in place of those made up.
    """
    if titles < len(GENRES):
        raise ValueError(f"need at least {len(GENRES)} titles, one of each genre, got {titles}")
    chance = np.random.default_rng(seed)
    cast = _cast(chance, titles, {FILM: FILM_PATTERN, **(patterns or {})})
    names = [f"u{number:04d}" for number in range(users)]
    segment = chance.integers(len(SEGMENTS), size=users)
    segments = list(SEGMENTS)
    rows: list[dict[str, object]] = []
    for number, name in enumerate(names):
        device = str(chance.choice(["tv", "phone", "laptop"], p=[0.5, 0.35, 0.15]))
        plays = min(int(chance.poisson(plays_per_user)), titles - 1)
        viewing = _Viewing(name, device, cast, chance, days, rows)
        viewing.watch(_taste(cast, segments[segment[number]]), plays)
    return Simulation(
        log=_log(rows, start),
        titles=_titles(cast),
        truth=Truth(
            segment_of={name: segments[segment[n]] for n, name in enumerate(names)},
            preferred=dict(SEGMENTS),
            growth=dict(zip(cast.items, cast.growth.tolist(), strict=True)),
            sequel={cast.items[a]: cast.items[b] for a, b in cast.sequel.items()},
            patterns=dict(zip(cast.items, cast.patterns, strict=True)),
        ),
    )


def _cast(chance: np.random.Generator, titles: int, planted: Mapping[str, WatchPattern]) -> _Cast:
    items = [FILM] + [f"t{number:03d}" for number in range(1, titles)]
    seconds = np.round(chance.uniform(120, 900, titles), 1)
    seconds[0] = FILM_SECONDS
    genre = np.arange(titles) % len(GENRES)  # the film's is the first, Animation
    appeal = np.exp(chance.normal(0, 0.5, titles))
    appeal[0] = 8 * np.median(appeal)  # so that its curves rest on hundreds of viewers
    growth = chance.choice([-2.0, 0.0, 2.0], titles)
    growth[0] = 0.0
    # Within a genre, so that a sequel says more than the genre does: 1 → 9, 2 → 10, 17 → 25, …
    pairs = range(1, titles - len(GENRES))
    sequel = {n: n + len(GENRES) for n in pairs if (n // len(GENRES)) % 2 == 0}
    return _Cast(
        items=items,
        names=[FILM_TITLE] + [_name(number) for number in range(1, titles)],
        genre=genre,
        seconds=seconds,
        appeal=appeal,
        growth=growth,
        sequel=sequel,
        patterns=[
            planted.get(item) or _pattern(chance, float(seconds[number]))
            for number, item in enumerate(items)
        ],
    )


def _name(number: int) -> str:
    first = _FIRST_WORDS[number % len(_FIRST_WORDS)]
    second = _SECOND_WORDS[(number // len(_FIRST_WORDS) + 3 * number) % len(_SECOND_WORDS)]
    return f"The {first} {second} (no. {number})"


def _pattern(chance: np.random.Generator, seconds: float) -> WatchPattern:
    leave, again = chance.uniform(0.15, 0.5), chance.uniform(0.55, 0.85)
    start = round(again * seconds, 1)
    return WatchPattern(
        drop_offs=(DropOff(round(leave * seconds, 1), float(chance.uniform(0.15, 0.35))),),
        rewatches=(Rewatch(start, round(start + 8, 1), float(chance.uniform(0.15, 0.35))),),
    )


@dataclass(frozen=True, slots=True)
class _Viewing:
    """One user's way through the titles; times are in days from the log's start."""

    user: str
    device: str
    cast: _Cast
    chance: np.random.Generator
    days: int
    rows: list[dict[str, object]]
    """The log, to which this user's rows are added."""

    def watch(self, taste: Doubles, plays: int) -> None:
        """Add what was shown and not clicked, and what was played, in order of time."""
        left = np.ones(len(taste), np.bool_)
        last: int | None = None
        for day in np.sort(self.chance.uniform(0, self.days, plays)):
            surfaces = ["home", "search", "autoplay"]
            surface = str(self.chance.choice(surfaces, p=[0.6, 0.25, 0.15]))
            if surface == "home" and self.chance.random() < 0.7:
                self._pass_by(int(self._drawn(left.astype(np.float64))), day, surface)
            trend = np.exp(self.cast.growth * (day / self.days - 0.5))
            following = self.cast.sequel.get(last) if last is not None else None
            if following is not None and left[following] and self.chance.random() < SEQUEL_SHARE:
                last = following
            else:
                last = self._drawn(left * taste * trend)
            self._play(last, day, surface)
            left[last] = False

    def _drawn(self, odds: Doubles) -> int:
        return int(self.chance.choice(len(odds), p=odds / odds.sum()))

    def _pass_by(self, number: int, day: float, surface: str) -> None:
        shown_at = day - 60 / SECONDS_A_DAY
        self._add(number, shown_at, surface, {WATCHED_SECONDS: 0.0, CLICK: False})

    def _play(self, number: int, day: float, surface: str) -> None:
        """The stretch from the start to where the viewer left, then the stretches played again."""
        pattern = self.cast.patterns[number]
        left_at = _left_at(pattern, float(self.cast.seconds[number]), self.chance)
        stretches = [(0.0, left_at)] + [
            (again.start, again.end)
            for again in pattern.rewatches
            if left_at >= again.end and self.chance.random() < again.share
        ]
        for start, end in stretches:
            watched = {WATCHED_SECONDS: round(end - start, 1), CLICK: True}
            self._add(number, day, surface, {**watched, FROM_SECONDS: start, TO_SECONDS: end})
            day += (end - start) / SECONDS_A_DAY

    def _add(self, number: int, day: float, surface: str, watched: dict[str, object]) -> None:
        title = {ITEM: self.cast.items[number], DURATION_SECONDS: float(self.cast.seconds[number])}
        place = {USER: self.user, TIMESTAMP: day, DEVICE: self.device, SURFACE: surface}
        self.rows.append({**place, **title, **watched})


def _taste(cast: _Cast, segment: str) -> Doubles:
    """`(titles,)`: the odds of each title for a user of the segment, trends apart."""
    preferred = [GENRES.index(genre) for genre in SEGMENTS[segment]]
    return np.where(np.isin(cast.genre, preferred), PREFERENCE, 1.0) * cast.appeal


def _left_at(pattern: WatchPattern, seconds: float, chance: np.random.Generator) -> float:
    """The second at which a viewer leaves: the first that any cause asks for, or the end."""
    exits = [seconds]
    if pattern.steady_loss > 0:
        rate = -np.log1p(-pattern.steady_loss) / seconds  # exponential, so even among those left
        exits.append(float(chance.exponential(1 / rate)))
    exits += [drop.second for drop in pattern.drop_offs if chance.random() < drop.share]
    return round(max(min(exits), 1.0), 1)


def _log(rows: list[dict[str, object]], start: datetime) -> pl.DataFrame:
    untimed = {**SCHEMA, TIMESTAMP: pl.Float64()}
    log = pl.DataFrame(rows, schema=untimed, orient="row")
    milliseconds = (pl.col(TIMESTAMP) * SECONDS_A_DAY * 1000).cast(pl.Int64)
    when = pl.lit(start, SCHEMA[TIMESTAMP]) + pl.duration(milliseconds=milliseconds)
    marked = log.with_columns(when.alias(TIMESTAMP), pl.lit(True).alias(SIMULATED))
    return marked.cast(SCHEMA).sort(TIMESTAMP, USER, maintain_order=True)


def _titles(cast: _Cast) -> pl.DataFrame:
    columns = {
        ITEM: cast.items,
        TITLE: cast.names,
        DURATION_SECONDS: cast.seconds.tolist(),
        GENRE: [GENRES[genre] for genre in cast.genre],
        SIMULATED: [True] * len(cast.items),
    }
    return pl.DataFrame(columns, schema=TITLE_SCHEMA)


def write_simulation(simulation: Simulation, log: Path, titles: Path | None = None) -> None:
    """Write a simulated log, and its titles if a file is named for them, as Parquet."""
    for table, file in ((simulation.log, log), (simulation.titles, titles)):
        if file is not None:
            with whole_file(file) as draft:
                table.write_parquet(draft, compression="zstd")
