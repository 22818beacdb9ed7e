"""Where a decoded cut has joins: not where a film runs on, whatever its rate."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from editing.cut import Brief, Cut, CutId, Slot
from editing.faults.decoded_cut import measure_cut
from editing.faults.disk_media import source_on_disk
from ingest.media import MediaId
from ingest.timecode import FrameRange

from .conftest import drifting


@pytest.mark.parametrize(("begins", "joins"), [(4, ()), (10, (10,)), (5, (10,))])
def test_a_film_of_another_rate_that_runs_on_makes_no_join(
    write_pictures: Callable[..., Path], begins: int, joins: tuple[int, ...]
) -> None:
    """10 frames of a cut at 60 last as long as 4 of a film at 24."""
    film = source_on_disk(write_pictures(drifting()), MediaId(1))
    slots = tuple(
        Slot(MediaId(1), 0, FrameRange(start, start + 10), 0.0, ()) for start in (0, begins)
    )
    brief = Brief("rough", 20, 1, 20, Fraction(1), 1.0)
    cut = Cut(CutId(1), 1, MediaId(1), "cut", "rough", brief, Fraction(60), slots, "", "", "", "")
    assert measure_cut(cut, {MediaId(1): film}).joins == joins
