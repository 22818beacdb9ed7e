"""The command `reel learn align`: which frames of a film a trailer shows."""

import csv
import io
import json
from collections.abc import Sequence
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

if TYPE_CHECKING:
    from editing.align.alignment import Alignment
    from ingest.catalog import Catalog
    from ingest.media import Media
    from ingest.timecode import FrameRange

_COLUMNS = (
    *("first", "last", "kind", "film_in", "film_out", "speed", "confidence", "similarity"),
    *("slack", "mirrored", "also_at", "shots"),
)


@click.command("align")
@click.argument("film")
@click.argument("trailer", type=NamedPath(path_type=Path, dir_okay=False))
@format_option("table", "json", "csv")
@click.option(
    "--output",
    type=NamedPath(path_type=Path, dir_okay=False),
    help="Write the result to this file instead, replacing it.",
)
@shared_options
def align_command(
    film: str, trailer: Path, workspace: Workspace, console: Console, **how: Any
) -> None:
    """Find which frames of FILM the file TRAILER shows, through crops, speed changes and fades.

    FILM is a file, or an id, a path or a file name in the catalogue. Where the catalogue has it,
    the alignment is kept there with it, for training, and each edit names the shots it shows.
    A trailer that shows nothing of the film gives an empty list, and a message.
    """
    from editing.align.alignment import align_files
    from editing.align.store import save_alignment
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        path, media = _film(catalog, film)
        output: Path | None = how["output"]
        if output is not None and any(_same(output, one) for one in (path, trailer)):
            raise click.UsageError(f"{output} is a film that is read; name another file to write")
        with console.progress(f"Aligning {trailer.name[:24]}") as on_progress:
            found = align_files(path, trailer, on_progress=on_progress)
        media = catalog.find_fingerprint(found.film) if media is None else media
        shots = None
        if media is not None and media.fingerprint == found.film:
            shots = [shot.span for shot in catalog.shots(media.id)]
            save_alignment(catalog, media, str(trailer.absolute()), found)
            console.say(f"kept with {media.name} in the catalogue; shots are its {len(shots)}")
        elif media is not None:
            console.say(f"{path} has changed since it was ingested: no shots, and nothing is kept")
        else:
            console.say("the film is not in the catalogue: no shots, and nothing is kept")
    _give(found, shots, how["output_format"], output)
    if output is not None:
        console.say(f"{output}: {len(found.edits)} edits")
    if not found.edits:
        console.say(f"{trailer.name} shows nothing that could be found in {path.name}")


def _film(catalog: "Catalog", wanted: str) -> "tuple[Path, Media | None]":
    """The film's file, and what the catalogue has of it if it was named as it is there."""
    if Path(wanted).is_file():
        return Path(wanted), None
    media = catalog.find_media(wanted)
    return Path(media.path), media


def _same(output: Path, media: Path) -> bool:
    """Whether writing to `output` would overwrite a media file, by this name or another."""
    return output.exists() and media.exists() and output.samefile(media)


def _give(
    found: "Alignment", shots: "Sequence[FrameRange] | None", kind: str, output: Path | None
) -> None:
    """Print a result, or write it to a file, whole or not at all."""
    from editing.align.document import to_document
    from editing.finish.whole_file import whole_file

    document = to_document(found, shots)
    if output is None and kind == "table":
        print_table(_COLUMNS, _rows(document))
        return
    if output is None and kind == "json":
        print_json(document)
        return
    text = _csv(document)
    if kind == "json":
        text = json.dumps(document, indent=2) + "\n"
    elif kind == "table":
        rows = [_COLUMNS, *_rows(document)]
        text = "".join("\t".join(f"{cell}" for cell in row) + "\n" for row in rows)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with whole_file(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error}") from error


def _rows(document: dict[str, Any]) -> list[tuple[object, ...]]:
    """Edits and what is no edit, in the trailer's order; empty cells where there is nothing."""
    rows: list[tuple[object, ...]] = []
    for edit in document["edits"]:
        also = " ".join(f"{start}-{end}" for start, end in edit["also_at"])
        shots = " ".join(f"{shot}" for shot in edit.get("shots", ()))
        rows.append(
            (
                *(edit["first"], edit["last"], "film", *edit["source"], edit["speed"]),
                *(edit["confidence"], edit["similarity"], edit["slack"]),
                *("yes" if edit["mirrored"] else "no", also, shots),
            )
        )
    for one in document["unmatched"]:
        rows.append((one["first"], one["last"], one["kind"], *[""] * 9))
    return sorted(rows, key=lambda row: (row[0], row[1]))


def _csv(document: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows(document))
    return text.getvalue()
