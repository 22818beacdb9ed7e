"""Footage, thumbnails and renders over HTTP by byte range, to whoever holds a page's signed link.

A route answers without a session, so each link carries what it grants and until when, signed with
a key that lives as long as the server: a browser never names a path. No file is read whole.
"""

import base64
import hashlib
import hmac
import json
import mimetypes
import secrets
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from ingest.errors import IngestError

PREFIX = "/footage/"
WINDOW_SECONDS = 3600
"""A link works for one to two of these. Within one it stays the same, so a player that is drawn
again does not load its video again."""

GrantKind = Literal["media", "proxy", "thumbnail", "thumbnails", "render"]
Clock = Callable[[], float]

_KEY = secrets.token_bytes(32)  # pages and routes run in one process; a restart voids every link


@dataclass(frozen=True, slots=True)
class Grant:
    """One file that a link gives access to."""

    kind: GrantKind
    name: str
    """`ID` of a media, a proxy's or all its thumbnails', `ID/SHOT` of one thumbnail, or the file
    name of a render."""


class Refused(Exception):
    """A link that this server did not sign, or whose time is over."""


def media_link(media: int) -> str:
    """A link to a media file of the catalogue, by its id."""
    return sign(Grant("media", f"{media}"))


def proxy_link(media: int) -> str:
    """A link to the review proxy of a film, by the film's id."""
    return sign(Grant("proxy", f"{media}"))


def thumbnail_link(media: int, shot: int) -> str:
    """A link to the JPEG of a shot, by its media's id and its index."""
    return sign(Grant("thumbnail", f"{media}/{shot}"))


def thumbnails_link(media: int) -> str:
    """What a link to the JPEG of any shot of a media begins with; the shot's index is its end."""
    return sign(Grant("thumbnails", f"{media}")) + "/"


def render_link(name: str) -> str:
    """A link to a file in the workspace's folder of renders, by its plain name."""
    return sign(Grant("render", name))


def sign(grant: Grant, *, clock: Clock = time.time) -> str:
    """Write a grant as a link that works for one to two hours from `clock()`, Unix seconds."""
    expires = (int(clock()) // WINDOW_SECONDS + 2) * WINDOW_SECONDS
    payload = json.dumps([grant.kind, grant.name, expires], separators=(",", ":")).encode()
    return f"{PREFIX}{_encode(payload)}.{_encode(_signature(payload))}"


def read_token(token: str, *, clock: Clock = time.time) -> Grant:
    """What the token of a link grants.

    A link to all thumbnails of a film is followed by the one that is wanted: `TOKEN/SHOT`.

    Raises:
        Refused: It is not signed by this server, or has expired.
    """
    token, _, which = token.partition("/")
    written, _, signature = token.partition(".")
    try:
        payload, signed = _decode(written), _decode(signature)
    except ValueError as error:
        raise Refused("not a link of this server") from error
    if not hmac.compare_digest(_signature(payload), signed):
        raise Refused("not a link of this server")
    kind, name, expires = json.loads(payload)
    if clock() >= expires:
        raise Refused("this link has expired; reload the page")
    if kind not in get_args(GrantKind):
        raise Refused("not a link of this server")
    if kind == "thumbnails" and which.isdecimal() and len(which) < 10:
        return Grant("thumbnail", f"{name}/{int(which)}")
    if kind == "thumbnails" or which:
        raise Refused("not a link of this server")
    return Grant(kind, name)


def find_file(workspace: Workspace, grant: Grant) -> Path | None:
    """The file that is granted; None where there is no such regular file any more.

    A media whose file was put in place of another since it was ingested counts as gone.
    """
    try:
        match grant.kind:
            case "media":
                media = open_catalog(workspace.catalog).get_media(int(grant.name))
                path = Path(media.path)
                return path if _is_file(path, media.size_bytes) else None
            case "proxy":
                catalog = open_catalog(workspace.catalog)
                return catalog.proxy(catalog.get_media(int(grant.name)))
            case "thumbnail":
                number, _, shot = grant.name.partition("/")
                catalog = open_catalog(workspace.catalog)
                path = catalog.thumbnail(catalog.get_media(int(number)), int(shot))
                return path if _is_file(path) else None
            case "render":
                return _inside(workspace.renders, grant.name)
            case "thumbnails":
                return None  # a link to all of them names one: `read_token`
    except (IngestError, OSError, ValueError):
        return None


def footage_route(workspace: Workspace) -> Route:
    """The route that answers the links of this module, for the files of one workspace."""

    def serve(request: Request) -> Response:
        try:
            grant = read_token(request.path_params["token"])
        except Refused as refusal:
            return PlainTextResponse(f"{refusal}", status_code=403)
        path = find_file(workspace, grant)
        if path is None:
            return PlainTextResponse("the file is no longer there", status_code=404)
        return FileResponse(path, media_type=_content_type(path), headers=_HEADERS)

    return Route(PREFIX + "{token:path}", serve, methods=["GET"])


_HEADERS = {
    "cache-control": f"private, max-age={WINDOW_SECONDS}",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; sandbox",
}


def _content_type(path: Path) -> str:
    guessed = mimetypes.guess_type(path.name)[0] or ""
    safe = guessed.startswith(("video/", "audio/")) or guessed == "image/jpeg"
    return guessed if safe else "application/octet-stream"


def _inside(folder: Path, name: str) -> Path | None:
    path = (folder / name).resolve()
    return path if path.parent == folder.resolve() and _is_file(path) else None


def _is_file(path: Path, size: int | None = None) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and size in (None, found.st_size)


def _signature(payload: bytes) -> bytes:
    return hmac.digest(_KEY, payload, hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
