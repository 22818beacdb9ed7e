"""Sequences at every rate that the formats have, with and without timecode and sound."""

from collections.abc import Callable, Iterable
from fractions import Fraction

import pytest

from editing.cut import Brief, Cut, CutId, Reason, Slot
from editing.interchange.from_cut import sequence_from_cut
from editing.interchange.sequence import Sequence
from ingest.media import Audio, Media, MediaId
from ingest.timecode import FrameRange

REASONS = (Reason("motion", 1.0), Reason("light & shade", -0.5))


def _media(
    number: int = 1,
    *,
    rate: Fraction = Fraction(24),
    name: str = "Harbour at dawn.mov",
    timecode: str | None = None,
    channels: int = 2,
    sample_rate: int = 48_000,
    size: tuple[int, int, int] = (1920, 1080, 0),
    frames: int = 20_000,
) -> Media:
    sound = Audio(sample_rate, channels, 10**6, Fraction(0), None) if channels else None
    return Media(
        *(MediaId(number), f"/footage/reel {number}/{name}", f"{number:032x}", 1, "mov", "prores"),
        *(*size, rate, False, 1 / rate, 0, frames, timecode, sound),
    )


def _sequence(
    pieces: Iterable[tuple[int, int]],
    *films: Media,
    name: str = "harbour trailer",
    reasons: tuple[Reason, ...] = REASONS,
) -> Sequence:
    films = films or (_media(),)
    slots = tuple(
        Slot(films[i % len(films)].id, i, FrameRange(start, start + frames), 0.5, reasons)
        for i, (start, frames) in enumerate(pieces)
    )
    total = sum(slot.source.frames for slot in slots)
    cut = Cut(
        *(CutId(7), 2, films[0].id, name, "trailer"),
        Brief("trailer", total, 1, total, Fraction(1), 0.9),
        *(films[0].rate, slots, "linear 1", "ana", "", "2024-01-01T00:00:00+00:00"),
    )
    return sequence_from_cut(cut, {m.id: m for m in films}, {m.id: m.frames for m in films})


@pytest.fixture(scope="session")
def film() -> Callable[..., Media]:
    """Makes a film: 20,000 frames at 24, 1920x1080, stereo, timecode from 0, unless told."""
    return _media


@pytest.fixture(scope="session")
def cut_of() -> Callable[..., Sequence]:
    """Makes a sequence of pieces, each its first frame and its frames; films take turns."""
    return _sequence


@pytest.fixture(
    scope="session",
    params=[
        pytest.param((Fraction(24000, 1001), ":"), id="23.976"),
        pytest.param((Fraction(24), ":"), id="24"),
        pytest.param((Fraction(25), ":"), id="25"),
        pytest.param((Fraction(30000, 1001), ":"), id="29.97 NDF"),
        pytest.param((Fraction(30000, 1001), ";"), id="29.97 DF"),
        pytest.param((Fraction(30), ":"), id="30"),
        pytest.param((Fraction(50), ":"), id="50"),
        pytest.param((Fraction(60000, 1001), ":"), id="59.94 NDF"),
        pytest.param((Fraction(60000, 1001), ";"), id="59.94 DF"),
        pytest.param((Fraction(60), ":"), id="60"),
    ],
)
def counting(request: pytest.FixtureRequest) -> tuple[Fraction, str]:
    """A rate, and the mark before the frames of its timecode: `;` is drop-frame."""
    return request.param
