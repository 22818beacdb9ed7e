"""What a rating keeps out of a cut: rules over labelled pieces of a film, from a TOML file.

[ratings]
G = ["violence", "language"]      # labels that a cut of this rating may not show

[[scene]]
labels = ["violence"]
range = "00:01:00:00-00:01:04:00" # timecode of the source, or frames; or: shots = [12, 13]
note = "a fight"
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editing.cut import Exclusion
from editing.errors import RatingsError
from ingest.timecode import FrameRange

_LARGEST = 4 << 20
_KNOWN = {"labels", "range", "shots", "note"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A labelled piece of a film."""

    labels: tuple[str, ...]
    range: str
    """As it is written; empty if it is of shots."""
    shots: tuple[int, ...]
    note: str


@dataclass(frozen=True, slots=True)
class RatingRules:
    """Labelled pieces of a film, and which labels each rating keeps out."""

    ratings: dict[str, frozenset[str]]
    scenes: tuple[Scene, ...]

    def exclusions(
        self,
        rating: str,
        read: Callable[[str], FrameRange],
        shots: Sequence[FrameRange | None],
    ) -> tuple[Exclusion, ...]:
        """What a rating keeps out, each with its reason.

        Args:
            rating: One of `ratings`.
            read: Reads a range of the film.
            shots: The frames of each shot of the film.

        Raises:
            RangeError: A range is none, or not of this film.
            RatingsError: There is no such rating, or a shot that the film has not.
        """
        if rating not in self.ratings:
            known = ", ".join(sorted(self.ratings)) or "none"
            raise RatingsError(f"there is no rating {rating!r}; the rules have: {known}")
        found = []
        for scene in self.scenes:
            barred = [label for label in scene.labels if label in self.ratings[rating]]
            if not barred:
                continue
            note = f": {scene.note}" if scene.note else ""
            reason = f"rating {rating} leaves out {' and '.join(barred)}{note}"
            spans: list[FrameRange | None] = [read(scene.range)] if scene.range else []
            for shot in scene.shots:
                if shot >= len(shots):
                    raise RatingsError(f"the film has shots 0 to {len(shots) - 1}, not {shot}")
                spans.append(shots[shot])
            found += [Exclusion(span, reason) for span in spans if span is not None]
        return tuple(found)


def read_rating_rules(path: Path) -> RatingRules:
    """Rules from a file.

    Raises:
        RatingsError: It cannot be read, is no TOML, or does not hold rules.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise RatingsError(f"{path} has more than {_LARGEST >> 20} MB: no rating rules")
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no UTF-8, no TOML
        raise RatingsError(f"{path} cannot be read: {error}") from error
    ratings, scenes = document.get("ratings"), document.get("scene", [])
    if not isinstance(ratings, dict) or not all(map(_is_labels, ratings.values())):
        raise RatingsError(f'{path}: [ratings] names labels, as G = ["violence"]')
    if not isinstance(scenes, list):
        raise RatingsError(f"{path}: scenes are written as [[scene]]")
    return RatingRules(
        {name: frozenset(labels) for name, labels in ratings.items()},
        tuple(_scene(path, number, scene) for number, scene in enumerate(scenes, start=1)),
    )


def _scene(path: Path, number: int, scene: Any) -> Scene:
    where = f"{path}: [[scene]] number {number}"
    if not isinstance(scene, dict) or set(scene) - _KNOWN:
        unknown = sorted(set(scene) - _KNOWN) if isinstance(scene, dict) else scene
        raise RatingsError(f"{where} has {unknown}; it may have {sorted(_KNOWN)}")
    labels, shots = scene.get("labels"), scene.get("shots", [])
    if not _is_labels(labels) or not labels:
        raise RatingsError(f'{where} has no labels, as labels = ["violence"]')
    if not (
        isinstance(shots, list)
        and all(isinstance(s, int) and not isinstance(s, bool) and s >= 0 for s in shots)
    ):
        raise RatingsError(f"{where}: shots are counted from 0, as shots = [3, 4]")
    span, note = scene.get("range", ""), scene.get("note", "")
    if not isinstance(span, str) or not isinstance(note, str) or bool(span) == bool(shots):
        raise RatingsError(f"{where} needs either a range, in quotes, or shots")
    return Scene(tuple(labels), span, tuple(shots), note)


def _is_labels(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(label, str) for label in value)
