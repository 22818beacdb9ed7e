"""The campaign file: who is to be shown which title, in which group, for whoever sends it out."""

import io
from typing import Literal

import polars as pl

from dashboard.people import Person, needs

FileKind = Literal["csv", "parquet"]


@needs("editor")
def hand_over_campaign(person: Person, users: pl.DataFrame, kind: FileKind) -> bytes:
    """A campaign as a file; the same as `reel audience promote --out` writes.

    No copy is kept, since it names people.

    Args:
        person: Who asks.
        users: With the columns of `recsys.audience.promotion.CAMPAIGN_SCHEMA`.
        kind: Of file.

    Raises:
        NotAllowed: The person is no editor.
    """
    stream = io.BytesIO()
    if kind == "parquet":
        users.write_parquet(stream)
    else:
        users.write_csv(stream)
    return stream.getvalue()
