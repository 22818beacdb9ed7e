"""The viewing log: its columns, their types and units, and the limits of what is believable.

Every name of a column is here and nowhere else. A row is one stretch of play, or one impression
that was not played.
"""

import polars as pl

USER = "user"
ITEM = "item"
TIMESTAMP = "timestamp"
"""When the play began, or the impression was shown; UTC. A time without a zone is read as UTC."""
ORDER = "order"
"""A position in the user's history, for logs without timestamps; larger is later."""
WATCHED_SECONDS = "watched_seconds"
DURATION_SECONDS = "duration_seconds"
"""The length of the title."""
FROM_SECONDS = "from_seconds"
"""Where on the title's time the stretch of play begins."""
TO_SECONDS = "to_seconds"
"""Where on the title's time the stretch of play ends."""
DEVICE = "device"
SURFACE = "surface"
"""The place in the application that showed the title."""
CLICK = "click"
"""False marks an impression that was not played. Missing counts as played."""
RATING = "rating"
SIMULATED = "simulated"
"""True marks a row that a simulator made."""

TITLE = "title"
GENRE = "genre"
RELEASED = "released"
"""The day a title came out; a column of facts, which the workspace's own titles do not have."""

SCHEMA = pl.Schema(
    {
        USER: pl.String(),
        ITEM: pl.String(),
        TIMESTAMP: pl.Datetime("us", "UTC"),
        ORDER: pl.Int64(),
        WATCHED_SECONDS: pl.Float64(),
        DURATION_SECONDS: pl.Float64(),
        FROM_SECONDS: pl.Float64(),
        TO_SECONDS: pl.Float64(),
        DEVICE: pl.String(),
        SURFACE: pl.String(),
        CLICK: pl.Boolean(),
        RATING: pl.Float64(),
        SIMULATED: pl.Boolean(),
    }
)
TITLE_SCHEMA = pl.Schema(
    {
        ITEM: pl.String(),
        TITLE: pl.String(),
        DURATION_SECONDS: pl.Float64(),
        GENRE: pl.String(),
        SIMULATED: pl.Boolean(),
    }
)

ALIASES: dict[str, tuple[str, ...]] = {
    USER: ("user_id", "userid", "uid", "user id", "viewer", "viewer_id", "member_id", "account"),
    ITEM: ("item_id", "itemid", "movieid", "movie_id", "video_id", "title_id", "content_id"),
    TIMESTAMP: ("timestamp_ms", "time", "time_ms", "ts", "datetime", "date", "watched_at"),
    ORDER: ("pos", "position", "rank", "sequence", "step"),
    TITLE: ("name", "movie", "film"),
}
"""Names that other systems give to the columns that may not be missing."""

MOST_REPLAY = 1.5
"""A stretch watched longer than this many times the title is a fault of the log."""
POSITION_SLACK = 1.0
"""Seconds that a position may run past the title's stated length."""
LONGEST_HOURS = 24
"""Seconds of play beyond this are a fault of the log: most likely they are milliseconds."""
FIRST_YEAR, LAST_YEAR = 1971, 2100

REASON = "reason"
ROW = "row"
"""The number of the row in its file, from 1, the header not counted."""
FORGOTTEN = "its user was forgotten"
"""The reason of rows that are counted and not kept."""


def is_simulated(log: pl.DataFrame) -> bool:
    """Whether any row of a log was made by a simulator."""
    return bool(log[SIMULATED].any())
