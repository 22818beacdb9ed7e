"""The player: one video by HTTP range, stepped by frame, with its frame number and timecode."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dashboard.components import register
from dashboard.media_server import media_link, proxy_link, render_link
from dashboard.queries import Film
from dashboard.wording import rate_label
from editing.interchange.sequence import Sequence
from ingest.timecode import nominal_rate

_player = register("player", "timecode", "bus", "recovery")


@dataclass(frozen=True, slots=True)
class Clip:
    """What a player plays."""

    identity: str
    """Stays the same while the video does, so that the player goes on where it is."""
    link: str
    """A signed link to the file."""
    label: str
    rate: Fraction
    """Frames per second."""
    frames: int
    first: int = 0
    """The frame number that the first frame's timecode stands for."""
    drop: bool = False
    """Whether its timecode counts drop-frame."""
    picture_start: Fraction = Fraction(0)
    """Seconds on the browser's clock at the first frame."""
    variable_rate: bool = False


def film_clip(film: Film) -> Clip:
    """A film of the catalogue, with its source timecode: its review proxy, if it has one."""
    media = film.media
    return Clip(
        identity=f"{media.id}:{media.fingerprint}:{'proxy' if film.has_proxy else 'film'}",
        link=proxy_link(media.id) if film.has_proxy else media_link(media.id),
        label=media.name,
        rate=media.rate,
        frames=film.frames,
        first=film.numbering.first,
        drop=film.numbering.drop,
        picture_start=film.picture_start,
        variable_rate=media.variable_rate,
    )


def render_clip(name: str, made: int, sequence: Sequence) -> Clip:
    """A rendered cut, with its record timecode.

    Args:
        name: Of the file in the workspace's folder of renders.
        made: Changes when the file does.
        sequence: The cut.
    """
    return Clip(
        identity=f"render:{name}:{made}",
        link=render_link(name),
        label=sequence.name,
        rate=sequence.rate,
        frames=sequence.frames,
        first=sequence.start,
        drop=sequence.drop,
    )


def draw_player(
    clip: Clip, *, seek: int = 0, request: str, key: str = "player", channel: str = "player"
) -> None:
    """Draw a player; it goes to a frame when `request` changes.

    Args:
        clip: The video.
        seek: The frame to go to, from 0.
        request: Names this wish; the same name does not move the player again.
        key: Of the component.
        channel: By which a strip of the same page moves it.
    """
    data: dict[str, Any] = {
        "channel": channel,
        "identity": clip.identity,
        "src": clip.link,
        "label": clip.label,
        "rate": float(clip.rate),
        "rate_label": rate_label(clip.rate, variable=clip.variable_rate),
        "nominal": nominal_rate(clip.rate),
        "frames": clip.frames,
        "first": clip.first,
        "drop": clip.drop,
        "picture_start": float(clip.picture_start),
        "variable_rate": clip.variable_rate,
        "seek": {"frame": seek, "request": request},
    }
    _player(data=data, key=key, on_expired_change=lambda: None)
