"""Relinking from end to end: a cut and a folder of originals to a report."""

import csv
from collections.abc import Sequence
from pathlib import Path

from editing.cut import Cut
from editing.errors import TimelineError
from editing.frame_grid import FrameGrid
from editing.interchange.conform import nearest_frame, shown_frames
from editing.interchange.from_cut import source_file
from editing.relink.matching import Match, Wanted, match_originals
from editing.relink.originals import find_originals, look_at
from ingest.catalog import Catalog
from ingest.errors import IngestError
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange

_MAX_MAP = 1_000_000


def relink_cut(
    catalog: Catalog, cut: Cut, folder: Path, named: Path | None = None
) -> tuple[list[Match], list[tuple[Path, str]]]:
    """Find the camera original of each film of a cut.

    Args:
        catalog: Holds the cut's films, the proxies.
        cut: Any version of any cut.
        folder: Searched for originals, with the folders in it.
        named: A CSV file of two columns, film (id, path or name) and original (a path, from the
            CSV's folder), for films that are not to be guessed.

    Returns:
        What was found for each film, and the files that could not be read.

    Raises:
        TimelineError: The cut is empty, the map is wrong, or a film's timecode is one its rate
            lacks.
    """
    if not cut.slots:
        raise TimelineError(f"cut {cut.id} has no slots, so there is nothing to relink")
    films = [catalog.get_media(m) for m in dict.fromkeys(slot.media for slot in cut.slots)]
    originals, unreadable = find_originals(folder)
    paths = _named(catalog, films, named) if named else {}
    known = {one.file.path for one in originals}
    for path in dict.fromkeys(paths.values()):
        if path not in known:
            try:
                originals.append(look_at(Path(path)))
            except IngestError as error:
                raise TimelineError(f"{named}: {error}") from error
    wanted = [_wanted(catalog, cut, film) for film in films]
    return match_originals(wanted, originals, paths), unreadable


def _wanted(catalog: Catalog, cut: Cut, media: Media) -> Wanted:
    file = source_file(media, _reel(media), FrameGrid.of(catalog, media).frames)
    return Wanted(media.id, file, media.start_timecode is not None, _used(cut, media))


def _used(cut: Cut, media: Media) -> FrameRange:
    """The frames of a film from the first to the last that a cut needs, at the film's own rate."""
    ranges = []
    step = media.rate / cut.rate
    for number, slot in enumerate(cut.slots):
        if slot.media == media.id:
            try:
                needed = slot.source, cut.picture_range(number), cut.sound_range(number)
                first = min(one.start for one in needed) - slot.source.start
                last = max(one.end for one in needed) - slot.source.start
                begin = nearest_frame(slot.source.start + first * step)
                ranges.append(shown_frames(begin, last - first, step))
            except ValueError as error:
                raise TimelineError(f"slot {number + 1} cannot be relinked: {error}") from None
    return FrameRange(min(r.start for r in ranges), max(r.end for r in ranges))


def _reel(media: Media) -> str:
    """What the proxy itself says; nothing if it has moved away meanwhile."""
    try:
        return look_at(Path(media.path)).file.reel
    except (IngestError, TimelineError):
        return ""


def _named(catalog: Catalog, films: Sequence[Media], path: Path) -> dict[MediaId, str]:
    try:
        if path.stat().st_size > _MAX_MAP:
            raise TimelineError(f"{path} is too large to be a map of films")
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TimelineError(f"{path} is no CSV file in UTF-8: {error}") from error
    named: dict[MediaId, str] = {}
    for number, row in enumerate(rows, start=1):
        if not any(cell.strip() for cell in row) or row[0].strip().lower() == "film":
            continue
        if len(row) != 2:
            raise TimelineError(f"{path}, line {number}: expected FILM,ORIGINAL, found {row[:4]}")
        try:
            film = catalog.find_media(row[0].strip())
        except IngestError as error:
            raise TimelineError(f"{path}, line {number}: {error}") from error
        if film.id in named:
            raise TimelineError(f"{path}, line {number}: {film.name} has an original already")
        if film.id in {one.id for one in films}:
            named[film.id] = str((path.parent / row[1].strip()).resolve())
    return named
