"""Writes the golden exports beside this script: python tests/editing/golden/make_golden.py.

Look at the difference before keeping it: another system may have read the old ones.
"""

from fractions import Fraction
from pathlib import Path

from editing.cut import (
    Alternate,
    Brief,
    Cut,
    CutId,
    Reason,
    Reframe,
    Slot,
    SlotSound,
    Transition,
)
from editing.interchange.ale import write_ale
from editing.interchange.csv_list import write_csv
from editing.interchange.edl import write_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.from_cut import sequence_from_cut
from editing.interchange.sequence import Sequence
from editing.interchange.timeline import write_otio
from ingest.media import Audio, Media, MediaId
from ingest.timecode import FrameRange

FOLDER = Path(__file__).parent
GOLDEN = {
    "trailer.otio": write_otio,
    "trailer.edl": write_edl,
    "trailer.xml": write_fcp7xml,
    "trailer.fcpxml": write_fcpxml,
    "trailer.ale": write_ale,
    "trailer.csv": write_csv,
    "joins.otio": write_otio,
    "joins.edl": write_edl,
    "joins.xml": write_fcp7xml,
    "joins.fcpxml": write_fcpxml,
    "joins.csv": write_csv,
}


def joins() -> Sequence:
    """Two 23.976 films with all that can be at a join, levels and a note."""
    rate = Fraction(24000, 1001)
    films = [
        Media(
            *(MediaId(n), f"/rushes/{name}", "0" * 32, 1, "mov", "prores", 1920, 1080, 0),
            *(rate, False, 1 / rate, 0, 2000, code, Audio(48_000, 2, 1, Fraction(0), None)),
        )
        for n, name, code in ((1, "A001C003.mov", "09:59:58:00"), (2, "B002C001.mov", None))
    ]
    slots = (
        Slot(MediaId(1), 0, FrameRange(30, 60), 1.0, (), note="open on the bell"),
        Slot(
            *(MediaId(2), 4, FrameRange(200, 260), 0.5, (), ()),
            transition=Transition("dissolve", 12, 12),
            sound=SlotSound(gain=-3.0),
        ),
        Slot(MediaId(1), 2, FrameRange(400, 440), 0.5, (), (), sound=SlotSound(8, 250)),
        Slot(
            *(MediaId(2), 6, FrameRange(900, 950), 0.25, (), ()),
            transition=Transition("dip", 10, 14),
            sound=SlotSound(-6),
            reframe=Reframe((0.5, 0.5), (0.6, 0.5)),
        ),
    )
    brief = Brief("trailer", 180, 20, 60, Fraction(9, 10), 0.9)
    cut = Cut(
        *(CutId(8), 1, MediaId(1), "harbour joins", "trailer", brief, rate, slots),
        *("linear 1", "ana", "", "2024-01-01T00:00:00+00:00"),
    )
    media = {film.id: film for film in films}
    return sequence_from_cut(cut, media, {film.id: film.frames for film in films})


def trailer() -> Sequence:
    """Two slots of a 29.97 drop-frame film, whose second one crosses a minute of timecode."""
    rate = Fraction(30000, 1001)
    film = Media(
        *(MediaId(1), "/footage/Harbour at dawn.mov", "0" * 32, 1, "mov", "prores", 1920, 1080, 0),
        *(rate, False, 1 / rate, 0, 5000, "10:00:58;20", Audio(48_000, 2, 1, Fraction(0), None)),
    )
    slots = (
        Slot(film.id, 3, FrameRange(10, 35), 1.25, (Reason("motion", 2.0), Reason("light", -0.75))),
        Slot(
            *(film.id, 8, FrameRange(30, 60), 0.5, (Reason("motion", 0.5),)),
            (Alternate(9, FrameRange(900, 930), 0.25),),
        ),
    )
    brief = Brief("trailer", 55, 20, 40, Fraction(9, 10), 0.9, handle=2)
    cut = Cut(
        *(CutId(7), 2, film.id, "harbour trailer", "trailer", brief, rate, slots),
        *("linear 1", "ana", "", "2024-01-01T00:00:00+00:00"),
    )
    return sequence_from_cut(cut, {film.id: film}, {film.id: film.frames})


CUTS = {"trailer": trailer, "joins": joins}

if __name__ == "__main__":
    for name, write in GOLDEN.items():
        (FOLDER / name).write_bytes(write(CUTS[name.partition(".")[0]]()).encode())
