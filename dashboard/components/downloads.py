"""A table to take along, as CSV or Parquet; it is written only when it is asked for."""

import io

import polars as pl
import streamlit as st


def as_csv(table: pl.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read names as they are.

    Text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    safe = table.with_columns(
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]"))
        .then(pl.lit("'") + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    )
    return b"\xef\xbb\xbf" + safe.write_csv().encode()


def as_parquet(table: pl.DataFrame) -> bytes:
    """As it is, with types."""
    stream = io.BytesIO()
    table.write_parquet(stream)
    return stream.getvalue()


def draw_downloads(table: pl.DataFrame, name: str, *, key: str, what: str = "This table") -> None:
    """Two buttons that hand a table over as `NAME.csv` and `NAME.parquet`."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(f"{what}: {table.height:,} rows", width="content")
        st.download_button(
            "CSV", lambda: as_csv(table), f"{name}.csv", "text/csv", key=f"{key}_csv",
            type="tertiary", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Parquet", lambda: as_parquet(table), f"{name}.parquet",
            "application/vnd.apache.parquet", key=f"{key}_parquet", type="tertiary",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
