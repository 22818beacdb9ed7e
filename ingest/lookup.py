"""Which media a person means by an id, a path or a file's name."""

from pathlib import Path

from ingest.errors import AmbiguousMedia, UnknownMedia, UnreadableMedia
from ingest.fingerprint import fingerprint_file
from ingest.media import Media
from ingest.paths import absolute


def named_media(wanted: str, known: list[Media]) -> Media:
    """The media of `known` with this id, this path, or this file name if only one has it.

    A path whose content is known from elsewhere names that media.

    Raises:
        UnknownMedia: None fits.
        AmbiguousMedia: A name fits several files.
    """
    resolved = absolute(wanted)
    by_id = [m for m in known if str(m.id) == wanted]
    by_path = [m for m in known if m.path in (wanted, str(resolved))]
    by_name = [m for m in known if m.name == wanted]
    if by_id:
        return by_id[0]
    if by_path:
        return _there_now(resolved, by_path)
    if len({m.path for m in by_name}) == 1:
        return _there_now(Path(by_name[0].path), by_name)
    if by_name:
        raise AmbiguousMedia(wanted, tuple(f"{m.id}  {m.path}" for m in by_name))
    copy = _content_of(resolved, known)
    if copy is None:
        raise UnknownMedia(wanted, len(known))
    return copy


def _there_now(path: Path, media: list[Media]) -> Media:
    """Of the media that were ingested from one path: what is there now, else the latest."""
    now = _content_of(path, media) if len(media) > 1 else None
    return now or media[-1]


def _content_of(path: Path, media: list[Media]) -> Media | None:
    """Which of `media` has the content of the file at `path`; it is read only if the size fits."""
    try:
        size = path.stat().st_size
        fits = [m for m in media if m.size_bytes == size]
        fingerprint = fingerprint_file(path) if fits else ""
    except (OSError, ValueError, UnreadableMedia):
        return None
    return next((m for m in fits if m.fingerprint == fingerprint), None)
