"""Shot scale: how much of a person the picture's height would hold, in the words of the field.

The terms are those of Savardi, Kovács, Signoroni and Benini, CineScale, Data in Brief 36, 2021:
each says where the lower edge of the picture cuts a standing person. A face gives the measure,
and body proportions the rest, as in Cherif, Solachidis and Pitas, Shot type identification of
movie content, ISSPA 2007; without a face nothing is said.
"""

from itertools import pairwise
from math import sqrt
from typing import Literal

import numpy as np

ShotScale = Literal[
    "extreme close-up",
    "close-up",
    "medium close-up",
    "medium shot",
    "medium long shot",
    "long shot",
]

HEAD_OF_FACE = 1.5
"""Crown to chin, in heights of the detector's box: read by eye from 8 faces, from 1.45 to 1.8 with
their hair, median 1.55; the skull is a little lower than its hair."""
HEADROOM = 0.1
"""Share of the picture's height above the crown, from the close-up on: a custom, not a law."""

_CUT_AT: tuple[tuple[ShotScale, float], ...] = (
    ("close-up", 1.5),  # the shoulders
    ("medium close-up", 2.0),  # the chest
    ("medium shot", 3.0),  # the waist
    ("medium long shot", 5.0),  # between the middle of the thigh and the knee: the American shot
    ("long shot", 7.5),  # the soles
)
"""Where each scale cuts a standing adult, in heads below the crown, by the canon of 7½ heads
(Richer, Anatomie artistique, 1890)."""


def _thresholds() -> tuple[tuple[ShotScale, float], ...]:
    """The least height of a face for each scale, the closest first.

    Between two neighbours lies the geometric mean of their cuts `a` and `b`: the picture is then
    `√(ab) / (1 - HEADROOM)` heads high, and the face `1 / (HEAD_OF_FACE * heads)` of it. A picture
    that is no higher than the head is an extreme close-up.
    """
    limits: list[tuple[ShotScale, float]] = [("extreme close-up", 1 / HEAD_OF_FACE)]
    for (scale, cut), (_, next_cut) in pairwise(_CUT_AT):
        heads = sqrt(cut * next_cut) / (1 - HEADROOM)
        limits.append((scale, 1 / (HEAD_OF_FACE * heads)))
    return (*limits, (_CUT_AT[-1][0], 0.0))


THRESHOLDS = _thresholds()
"""`(scale, least face height)`, the closest first: 0.667, 0.346, 0.245, 0.155, 0.098 and 0."""


def shot_scale(face_height: float) -> ShotScale | None:
    """The word for how close a shot is; None where no face tells, which is not a long shot.

    Of an adult who stands or sits upright; a child or a drawn animal has a larger head, and is
    taken for closer than it is.

    Args:
        face_height: The largest face's share of the active picture's height, NaN for none; see
            `ingest.faces`.
    """
    if np.isnan(face_height):
        return None
    if face_height <= 0:
        raise ValueError(f"a face has a height above 0, got {face_height}")
    return next(scale for scale, least in THRESHOLDS if face_height >= least)
