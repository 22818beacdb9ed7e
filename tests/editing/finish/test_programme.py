from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.captions.caption import Caption
from editing.cut import Cut, Slot, Transition
from editing.errors import RenderError
from editing.finish.delivery import Captions, Delivery, Slate, Title
from editing.finish.programme import Programme
from ingest.media import MediaId
from ingest.timecode import FrameRange

HALF = Fraction(1, 2)


def slots(*spans: tuple[int, int], **second: object) -> tuple[Slot, ...]:
    first, *rest = (Slot(MediaId(1), 0, FrameRange(*span), 0.0, ()) for span in spans)
    return (first, *(replace(slot, **second) for slot in rest))


def shown(programme: Programme, frame: int) -> list[tuple[int, int, Fraction]]:
    return [(one.slot, one.frame, one.share) for one in programme.at(frame).layers]


def test_a_dissolve_takes_both_sides_on_beyond_the_join_in_even_steps(
    make_cut: Callable[..., Cut],
) -> None:
    cut = make_cut(*slots((10, 20), (50, 60), transition=Transition("dissolve", 2, 1)))
    programme = Programme.of(cut, Delivery())
    assert shown(programme, 7) == [(0, 7, 1)]
    assert shown(programme, 8) == [(0, 8, Fraction(3, 4)), (1, -2, Fraction(1, 4))]
    assert shown(programme, 9) == [(0, 9, HALF), (1, -1, HALF)]
    assert shown(programme, 10) == [(0, 10, Fraction(1, 4)), (1, 0, Fraction(3, 4))]
    assert shown(programme, 11) == [(1, 1, 1)]
    assert cut.picture_range(0) == FrameRange(10, 21)
    assert cut.picture_range(1) == FrameRange(48, 60)


def test_a_dip_is_black_on_both_sides_of_the_join(make_cut: Callable[..., Cut]) -> None:
    cut = make_cut(*slots((0, 10), (50, 60), transition=Transition("dip", 3, 2)))
    programme = Programme.of(cut, Delivery())
    light = [programme.at(frame).light for frame in range(6, 13)]
    assert light == [1, Fraction(2, 3), Fraction(1, 3), 0, 0, HALF, 1]
    assert all(len(shown(programme, frame)) == 1 for frame in range(20))


def test_fades_begin_and_end_black(make_cut: Callable[..., Cut]) -> None:
    programme = Programme.of(
        make_cut(*slots((0, 24))), Delivery(fade_in=Fraction(1, 6), fade_out=Fraction(1, 12))
    )
    fades = [programme.at(frame).fade for frame in range(24)]
    quarters = [Fraction(n, 4) for n in range(4)]
    assert fades == [*quarters, *[Fraction(1)] * 18, HALF, 0]


def test_slates_stand_before_and_after_the_cut(make_cut: Callable[..., Cut]) -> None:
    leader, end = Slate(Fraction(1, 4)), Slate(Fraction(1, 8), lines=("soon",))
    programme = Programme.of(make_cut(*slots((0, 24))), Delivery(leader=leader, end=end))
    assert programme.frames == 6 + 24 + 3
    assert [programme.at(n).slate for n in (0, 5, 30, 32)] == [leader, leader, end, end]
    assert shown(programme, 6) == [(0, 0, 1)]
    assert shown(programme, 29) == [(0, 23, 1)]


def test_a_title_is_up_between_its_times_and_comes_and_goes(make_cut: Callable[..., Cut]) -> None:
    title = Title("x", "00:00:00:06", Fraction(1, 2), fade=Fraction(1, 12))
    programme = Programme.of(make_cut(*slots((0, 24))), Delivery(titles=(title,)))
    up = {frame: programme.at(frame).titles for frame in range(24)}
    shares = {frame: titles[0][1] for frame, titles in up.items() if titles}
    third = Fraction(1, 3)
    assert shares == {6: third, 7: 2 * third, 8: 1, 9: 1, 10: 2 * third, 11: third}


def test_captions_that_overlap_are_shown_as_one(make_cut: Callable[..., Cut]) -> None:
    lines = (
        Caption(Fraction(0), Fraction(1, 2), "one"),
        Caption(Fraction(1, 4), Fraction(3, 4), "two"),
    )
    programme = Programme.of(make_cut(*slots((0, 24))), Delivery(captions=Captions(lines)))
    found = [(line.start, line.end, line.what) for line in programme.captions]
    assert found == [(0, 6, "one"), (6, 12, "one\ntwo"), (12, 18, "two")]


def test_captions_of_the_film_go_where_the_cut_takes_them(make_cut: Callable[..., Cut]) -> None:
    lines = (Caption(Fraction(50, 24), Fraction(55, 24), "there"),)
    captions = Captions(lines, of="film")
    programme = Programme.of(make_cut(*slots((0, 10), (48, 60))), Delivery(captions=captions))
    assert [(line.start, line.end) for line in programme.captions] == [(12, 17)]


def test_what_does_not_fit_the_cut_is_refused(make_cut: Callable[..., Cut]) -> None:
    cut = make_cut(*slots((0, 24)))
    late = Captions((Caption(Fraction(2), Fraction(3), "late"),))
    for delivery, message in (
        (Delivery(fade_in=Fraction(1), fade_out=Fraction(1)), "fades in and out last 48 frames"),
        (Delivery(titles=(Title("x", Fraction(0), Fraction(2)),)), "title 1 is to be up"),
        (Delivery(titles=(Title("x", "00:00:00:99", Fraction(1)),)), "title 1: .* out of range"),
        (Delivery(captions=late), "caption 1 begins at 2.000 s"),
    ):
        with pytest.raises(RenderError, match=message):
            Programme.of(cut, delivery)
    meeting = make_cut(*slots((0, 9), (20, 24), (30, 39), transition=Transition("dip", 2, 3)))
    with pytest.raises(RenderError, match="slot 2 has 4 frames"):
        Programme.of(meeting, Delivery())


@given(st.data())
def test_the_shares_of_a_frame_always_sum_to_one(data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 4))
    parts = []
    for _ in range(number):
        kind = data.draw(st.sampled_from(["dissolve", "dip"]))
        before, after = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 4))
        change = Transition(kind, before, after) if before + after else None
        start = data.draw(st.integers(10, 100))
        parts.append(Slot(MediaId(1), 0, FrameRange(start, start + 9), 0.0, (), transition=change))
    brief_slots = tuple(parts)
    cut = _cut(brief_slots)
    programme = Programme.of(cut, Delivery())
    for frame in range(programme.frames):
        moment = programme.at(frame)
        assert sum(layer.share for layer in moment.layers) == 1
        assert 0 <= moment.light <= 1
        assert moment.layers[0].slot <= programme.slot_at(frame) <= moment.layers[-1].slot


def _cut(parts: tuple[Slot, ...]) -> Cut:
    from editing.cut import Brief, CutId

    brief = Brief("trailer", 9, 1, 9, Fraction(1), 1.0)
    named = (CutId(1), 1, MediaId(1), "c", "trailer", brief, Fraction(24), parts)
    return Cut(*named, "linear 1", "t", "", "")
