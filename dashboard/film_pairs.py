"""Pairs of films with pictures in common, as `reel media --duplicates` lists them."""

from typing import Any

from dashboard.console import Console, print_json, print_table
from dashboard.settings import Workspace
from ingest.catalog import Catalog
from ingest.duplicates import Found, Pair, all_duplicates

RELATIONS = {
    "same": "the same film",
    "part": "a part of the second",
    "whole": "holds the second",
    "shares": "shares shots",
}
"""What the first film of a pair is to the second, in words."""


def show_duplicates(workspace: Workspace, console: Console, output_format: str) -> None:
    """Print the pairs, and warn of films that could not be compared."""
    with Catalog(workspace.catalog) as catalog:
        pairs, left_out = all_duplicates(catalog)
    if output_format == "json":
        print_json([_as_data(pair) for pair in pairs])
    else:
        header = ("first", "second", "is", "shots of first", "shots of second", "offset")
        print_table(header, [_as_row(pair) for pair in pairs])
    for media in left_out:
        console.warn(
            f"not compared: {media.name} was ingested before signatures were; "
            f"ingest it again: reel ingest --force {media.path}"
        )


def _as_row(pair: Pair) -> tuple[str, ...]:
    return (
        f"{pair.first.id} {pair.first.name}",
        f"{pair.second.id} {pair.second.name}",
        RELATIONS[pair.relation],
        _share(pair.of_first),
        _share(pair.of_second),
        "-" if pair.relation == "shares" else f"{pair.timing[0]:+.1f} s",
    )


def _share(found: Found) -> str:
    return f"{found.found}/{found.shots} ({found.share:.0%})"


def _as_data(pair: Pair) -> dict[str, Any]:
    scattered = pair.relation == "shares"
    return {
        "first": pair.first.id,
        "second": pair.second.id,
        "first_path": pair.first.path,
        "second_path": pair.second.path,
        "relation": pair.relation,
        "of_first": _found(pair.of_first),
        "of_second": _found(pair.of_second),
        "offset_seconds": None if scattered else round(pair.timing[0], 3),
        "speed": None if scattered else round(pair.timing[1], 6),
    }


def _found(found: Found) -> dict[str, Any]:
    return {
        "shots": found.shots,
        "found": found.found,
        "in_step": found.in_step,
        "share": round(found.share, 4),
    }
