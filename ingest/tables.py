"""The catalogue's tables as SQLAlchemy sees them, for writing queries.

The migrations make the tables; a test checks that the two agree.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, MetaData, Table, Text

metadata = MetaData()

media = Table(
    "media",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("path", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("container", Text, nullable=False),
    Column("codec", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("rotation", Integer, nullable=False),
    Column("rate", Text, nullable=False),
    Column("variable_rate", Integer, nullable=False),
    Column("time_base", Text, nullable=False),
    Column("start_pts", BigInteger, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("duration", Text),
    Column("start_timecode", Text),
    Column("audio", Text),
    Column("warnings", Text, nullable=False),
    Column("detector", Text, nullable=False),
    Column("ingest_version", Text, nullable=False),
    Column("ingested_at", Text, nullable=False),
    Column("colour", Text),
    Column("proxy", Text),
    Column("thumbnails", Text),
)

shot = Table(
    "shot",
    metadata,
    Column("media_id", Integer, ForeignKey("media.id"), primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("start_frame", Integer, nullable=False),
    Column("end_frame", Integer, nullable=False),
    Column("transition_kind", Text, nullable=False),
    Column("transition_first", Integer, nullable=False),
    Column("transition_last", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
)

array_file = Table(
    "array_file",
    metadata,
    Column("media_id", Integer, ForeignKey("media.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("path", Text, nullable=False),
)

failure = Table(
    "failure",
    metadata,
    Column("path", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("failed_at", Text, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("progress", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("started_at", Text),
    Column("finished_at", Text),
)

cut = Table(
    "cut",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("media_id", Integer, ForeignKey("media.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)

cut_version = Table(
    "cut_version",
    metadata,
    Column("cut_id", Integer, ForeignKey("cut.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("brief", Text, nullable=False),
    Column("rate", Text, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("ranker", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("gap", Float),
)

slot = Table(
    "slot",
    metadata,
    Column("cut_id", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("media_id", Integer, ForeignKey("media.id"), nullable=False),
    Column("shot_idx", Integer, nullable=False),
    Column("source_in", Integer, nullable=False),
    Column("source_out", Integer, nullable=False),
    Column("locked", Integer, nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("alternates", Text, nullable=False),
    Column("details", Text, nullable=False),
)


def _approved() -> list[Column[Any]]:
    """Who approved what and when, which is kept of an approval that was taken back too."""
    return [
        Column("id", Integer, primary_key=True),
        Column("cut_id", Integer, nullable=False),
        Column("version", Integer, nullable=False),
        Column("name", Text, nullable=False),
        Column("approved_at", Text, nullable=False),
    ]


approval = Table("approval", metadata, *_approved())

withdrawn_approval = Table(
    "withdrawn_approval",
    metadata,
    *_approved(),
    Column("withdrawn_by", Text, nullable=False),
    Column("withdrawn_at", Text, nullable=False),
)

alignment = Table(
    "alignment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("media_id", Integer, ForeignKey("media.id"), nullable=False),
    Column("trailer_fingerprint", Text, nullable=False),
    Column("trailer_path", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("made_at", Text, nullable=False),
)

model = Table(
    "model",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("card", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)
