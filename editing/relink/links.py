"""Links from films of the catalogue to their camera originals, as a file that exports take.

JSON, so that it can be read, kept beside the cut and given to others.
"""

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from editing.errors import TimelineError
from editing.finish.whole_file import whole_file
from editing.interchange.sequence import SourceFile
from editing.relink.matching import Match
from ingest.media import Media, MediaId

_FORMAT = "reelroom links 1"
_MAX_BYTES = 16_000_000
Links = Mapping[MediaId, tuple[SourceFile, int]]
"""Of each film: its original, and which of the original's frames is the film's first."""


def write_links(path: Path, matches: Iterable[Match], media: Mapping[MediaId, Media]) -> None:
    """Write the links of matches that were found.

    Raises:
        TimelineError: The file cannot be written.
    """
    links = []
    for match in matches:
        if match.original is None:
            continue
        file = match.original.file
        links.append(
            {
                "film": media[match.wanted.media].name,
                "fingerprint": media[match.wanted.media].fingerprint,
                "first_frame": match.shift,
                "matched_by": list(match.by),
                "original": {
                    "path": file.path,
                    "size_bytes": match.original.size_bytes,
                    "name": file.name,
                    "reel": file.reel,
                    "rate": str(file.rate),
                    "frames": file.frames,
                    "start": file.start,
                    "drop_frame": file.drop,
                    "width": file.width,
                    "height": file.height,
                    "channels": file.channels,
                    "sample_rate": file.sample_rate,
                },
            }
        )
    text = json.dumps({"format": _FORMAT, "links": links}, indent=2, ensure_ascii=False) + "\n"
    try:
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TimelineError(f"{path} cannot be written: {error}") from error


def read_links(path: Path, media: Iterable[Media], *, check: bool = True) -> Links:
    """Read links and check that every original is still the file it was.

    Args:
        path: What `write_links` wrote.
        media: The films that links are wanted for; others are left aside.
        check: Whether the originals have to be there, unchanged.

    Raises:
        TimelineError: It is no such file, an original is missing or has changed, or a film has no
            link.
    """
    told = {link.get("fingerprint"): link for link in _document(path)}
    found: dict[MediaId, tuple[SourceFile, int]] = {}
    for film in media:
        link = told.get(film.fingerprint)
        if link is None:
            raise TimelineError(
                f"{path} has no link for {film.name}, or the film was another when it was made; "
                "relink again: reel relink"
            )
        try:
            found[film.id] = _original(path, link, check=check)
        except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
            raise TimelineError(
                f"{path}: the link of {film.name} is damaged ({type(error).__name__}: {error})"
            ) from error
    return found


def _document(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise TimelineError(f"{path} is too large to be a file of links")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise TimelineError(f"{path} is no file of links: {error}") from error
    links = document.get("links") if isinstance(document, dict) else None
    if (
        not isinstance(document, dict)
        or document.get("format") != _FORMAT
        or not isinstance(links, list)
        or not all(isinstance(link, dict) for link in links)
    ):
        raise TimelineError(f"{path} is no file of links as reel relink writes it")
    return links


def _original(path: Path, link: dict[str, Any], *, check: bool) -> tuple[SourceFile, int]:
    told = link["original"]
    file = SourceFile(
        name=str(told["name"]),
        reel=str(told["reel"]),
        path=str(told["path"]),
        rate=Fraction(told["rate"]),
        frames=int(told["frames"]),
        start=int(told["start"]),
        drop=bool(told["drop_frame"]),
        width=int(told["width"]),
        height=int(told["height"]),
        channels=int(told["channels"]),
        sample_rate=int(told["sample_rate"]),
    )
    place = Path(file.path)
    if not check:
        return file, int(link["first_frame"])
    if not place.is_file():
        raise TimelineError(f"{path}: the original {file.path} is not there; is its disk offline?")
    if place.stat().st_size != int(told["size_bytes"]):
        raise TimelineError(
            f"{path}: the original {file.path} has changed since it was linked; relink again: "
            "reel relink"
        )
    return file, int(link["first_frame"])
