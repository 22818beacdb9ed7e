"""The segments that were worked out: their names, what sets them apart, and how they respond.

Reads the folder of an answer (`dashboard.audience_answers`); nothing is worked out here but what
follows from it at once, such as the campaign of a segment.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from recsys.audience.promotion import CAMPAIGN_SCHEMA, Draw, draw_groups
from recsys.audience.responses import SegmentResponses, segment_campaign
from recsys.audience.segments import Segment, Segmentation
from recsys.errors import NoUsableRows
from recsys.logs.store import LogStore
from recsys.viewing_log import ITEM, USER


@dataclass(frozen=True, slots=True)
class KnownSegments:
    """All of it but who is in which."""

    folder: Path
    table: pl.DataFrame
    """With the columns of `audience_work.SEGMENT_SCHEMA`; largest first."""
    traits: pl.DataFrame
    """With the columns of `audience_work.TRAIT_SCHEMA`."""
    summary: Mapping[str, Any]
    """`count, reason, silhouette, simulated, steadiness, no_responses`."""
    responses: SegmentResponses | None
    """None where the log cannot tell a response; `summary` says why."""

    @property
    def names(self) -> list[str]:
        """Of the segments, largest first."""
        found: list[str] = self.table["segment"].to_list()
        return found

    def find(self, asked: str) -> str:
        """The name of a segment, whatever its letter case; NoUsableRows names those there are."""
        known = {name.casefold(): name for name in self.names}
        if asked.casefold() not in known:
            told = f"there is none of that name; there are {', '.join(self.names)}"
            raise NoUsableRows(f"the segment {asked!r}", told)
        return known[asked.casefold()]

    def members(self) -> pl.DataFrame:
        """Who is in which: `user, segment`."""
        users = pl.read_parquet(self.folder / "members.parquet")
        return users.join(self.table.select("place", "segment"), on="place").select(USER, "segment")

    def users_of(self, segment: str) -> list[str]:
        """The users of a segment."""
        place = self.names.index(segment)
        users = pl.scan_parquet(self.folder / "members.parquet")
        found: list[str] = users.filter(pl.col("place") == place).collect()[USER].to_list()
        return found

    def required_responses(self) -> SegmentResponses:
        """The responses; NoUsableRows where the log cannot tell them."""
        if self.responses is None:
            raise NoUsableRows("the promotion", str(self.summary["no_responses"]))
        return self.responses


def read_segments(folder: Path, days: int = 14) -> KnownSegments:
    """Read what was worked out of the segments."""
    table = pl.read_parquet(folder / "segments.parquet")
    return KnownSegments(
        folder=folder,
        table=table,
        traits=pl.read_parquet(folder / "traits.parquet"),
        summary=json.loads((folder / "summary.json").read_text("utf-8")),
        responses=_responses(folder, table["segment"].to_list(), days),
    )


def _responses(folder: Path, names: list[str], days: int) -> SegmentResponses | None:
    file = folder / "responses.parquet"
    if not file.is_file():
        return None
    cells = pl.read_parquet(file)
    shape = (len(names), cells.height // len(names))

    def array(name: str) -> Any:
        return np.reshape(cells[name].to_numpy(), shape)

    return SegmentResponses(
        segments=names,
        items=tuple(cells[ITEM].head(shape[1]).to_list()),
        days=days,
        then=array("then"),
        came=array("came"),
        now=array("now"),
        above=array("above"),
        below=array("below"),
    )


def users_to_show_titles(
    logs: Path,
    known: KnownSegments,
    segment: str,
    *,
    titles: int,
    size: int | None,
    draw: Draw,
) -> pl.DataFrame:
    """The campaign of a segment, as `responses.segment_campaign` gives it.

    Only the rows of the promoted titles are read of the log.
    """
    responses = known.required_responses()
    empty = pl.DataFrame(schema={ITEM: pl.String, "title": pl.String})
    promoted = responses.titles(segment, empty).head(titles)[ITEM].to_list()
    store = LogStore(logs)
    rows = store.collect(store.scan().filter(pl.col(ITEM).is_in(promoted)))
    place = known.names.index(segment)
    segmentation = Segmentation(
        segments=[Segment(name, 0, 0.0, [], []) for name in known.names],
        members=dict.fromkeys(known.users_of(segment), place),
        silhouette=0.0,
    )
    return segment_campaign(
        responses, rows, segmentation, segment, titles=titles, size=size, draw=draw
    )


def users_to_show_title(
    ranked: pl.DataFrame,
    members: pl.DataFrame | None,
    *,
    segment: str | None,
    size: int | None,
    draw: Draw,
) -> pl.DataFrame:
    """The campaign of a title: those of a ranking that are wanted, in groups drawn anew.

    Args:
        ranked: All users who have not played it, with the columns of `promotion.CAMPAIGN_SCHEMA`.
        members: `user, segment`; None where there are no segments.
        segment: Only users of this one.
        size: How many users at most.
        draw: The share held out, and the seed.
    """
    users = ranked.drop("rank", "group", "propensity", "segment")
    if members is None:
        users = users.with_columns(pl.lit(None, pl.String).alias("segment"))
    else:
        users = users.join(members, on=USER, how="left", maintain_order="left")
    if segment is not None:
        users = users.filter(pl.col("segment") == segment)
    users = users if size is None else users.head(size)
    return draw_groups(users, draw).select(*CAMPAIGN_SCHEMA).cast(CAMPAIGN_SCHEMA)
