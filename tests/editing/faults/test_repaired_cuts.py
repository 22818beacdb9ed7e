"""Cuts after their repair: windows of slots that were filled, and slots that are left to a hand."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from editing.cut import Alternate
from editing.cut_store import create_cut, find_cut
from editing.faults.of_cut import repair_cut
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

from .test_bad_input import kept_cut, slot_of
from .test_two_searches import cut_of


def test_a_slot_that_a_repair_fills_gets_its_window(
    catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    """A cut of 9:16 that shows shot 0 twice; only the alternate helps."""
    media = make_film("film.mp4", 120, shots=(40, 40, 40))
    first, alternate = slot_of(media, 0, 0, 40), Alternate(1, FrameRange(40, 80), 0.5)
    cut = cut_of([first, slot_of(media, 2, 80, 120), replace(first, alternates=(alternate,))])
    create_cut(
        catalog,
        media,
        name="tall",
        brief=replace(cut.brief, aspect="9:16"),
        slots=cut.slots,
        ranker="linear 1",
        author="a",
    )

    done = repair_cut(catalog, find_cut(catalog, "1"), author="a")

    assert done.cut.version == 2
    assert 1 in {slot.shot for slot in done.cut.slots}
    assert all(slot.reframe is not None for slot in done.cut.slots)


def test_a_slot_of_another_rate_than_its_cut_is_told_and_left(
    catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    """Of the film at half the rate shot 0 is shown twice, and an alternate is at hand."""
    main, slow = (
        make_film("film.mp4", 60),
        make_film("slow.mp4", 80, shots=(40, 40), rate=Fraction(12)),
    )
    assert slow.rate != main.rate
    twice, other = slot_of(slow, 0, 0, 40), Alternate(1, FrameRange(40, 80), 0.5)
    slots = [twice, slot_of(main, 0, 0, 60), replace(twice, alternates=(other,))]
    kept_cut(catalog, main, slots)

    done = repair_cut(catalog, find_cut(catalog, "1"), author="a", decode=False)

    assert (done.cut.version, done.repairs) == (1, ())
    repeat = next(fault for fault in done.left.faults if fault.kind == "repeat")
    assert repeat.slot == 2
    assert "another rate" in repeat.obstacle
