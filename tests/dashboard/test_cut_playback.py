"""Which frames of a cut the browser plays from two films at once, and what it cannot play."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from dashboard.components.cut_playback import Join, piece_of, playback_of, shape_of
from editing.cut import Brief, Cut, CutId, Music, Reframe, Slot, SlotSound, Transition
from ingest.media import MediaId
from ingest.timecode import FrameRange

FILM = MediaId(1)
FRAMES = {1: 1000, 2: 1000}


def slot(start: int, end: int, **more: object) -> Slot:
    return Slot(FILM, start // 100, FrameRange(start, end), 0.0, (), **more)


def cut_of(*slots: Slot, **brief: object) -> Cut:
    asked = Brief("trailer", 100, 1, 1000, Fraction(1), 1.0, **brief)
    return Cut(
        CutId(1), 1, FILM, "a cut", "trailer", asked, Fraction(24), slots, "linear 1", "Ana", "", ""
    )  # fmt: skip


def test_hard_cuts_play_one_film_at_a_time() -> None:
    played = playback_of(cut_of(slot(0, 50), slot(100, 150)), FRAMES)

    assert played.joins == (Join(), Join())
    assert played.untrue == ()


def test_a_dissolve_plays_both_sides_from_its_first_frame_to_its_last() -> None:
    mixed = slot(100, 150, transition=Transition("dissolve", 6, 4))
    _, join = playback_of(cut_of(slot(0, 50), mixed), FRAMES).joins

    assert (join.pre, join.post, join.dissolve) == (6, 4, (6, 4))


def test_a_dip_and_the_black_before_the_first_slot_need_one_side() -> None:
    opening = slot(0, 50, transition=Transition("dissolve", 0, 8))
    dipped = slot(100, 150, transition=Transition("dip", 5, 5))
    first, second = playback_of(cut_of(opening, dipped), FRAMES).joins

    assert (first.pre, first.post, first.dip, first.dissolve) == (0, 0, (0, 8), None)
    assert (second.pre, second.post, second.dip) == (0, 0, (5, 5))


def test_a_j_cut_begins_before_the_join_and_an_l_cut_goes_on_after_it() -> None:
    leading = slot(100, 150, sound=SlotSound(lead=7))
    lagging = slot(200, 250, sound=SlotSound(lead=-9))
    _, early, late = playback_of(cut_of(slot(0, 50), leading, lagging), FRAMES).joins

    assert (early.pre, early.post, early.lead) == (7, 0, 7)
    assert (late.pre, late.post, late.lead) == (0, 9, -9)


def test_a_film_that_runs_on_across_a_join_is_not_played_twice() -> None:
    on = slot(50, 100, sound=SlotSound(lead=7))
    assert playback_of(cut_of(slot(0, 50), on), FRAMES).joins[1] == Join()


def test_what_is_not_played_is_told_with_its_slots() -> None:
    short = slot(300, 304)
    early = slot(400, 450, sound=SlotSound(lead=12, gain=3.0))
    music = Music("/x/song.wav", "00", (12, 24))
    played = playback_of(cut_of(slot(0, 50), short, early, music=music), FRAMES)

    assert played.joins[2].lead == 4  # as long as the slot before it
    assert played.untrue == (
        "the music",
        "the whole split of the sound at slot 3, longer than its neighbour",
        "the gain of slot 3, above what a browser plays",
    )
    assert piece_of(early)["volume"] == 1
    assert round(piece_of(replace(early, sound=SlotSound(gain=-6.0)))["volume"], 3) == 0.501


def test_a_piece_has_its_window_and_a_cut_its_shape() -> None:
    framed = slot(0, 50, reframe=Reframe((0.25, 0.5), (0.75, 0.5)))

    assert piece_of(framed)["window"] == [[0.25, 0.5], [0.75, 0.5]]
    assert shape_of(cut_of(framed, aspect="9:16")) == 9 / 16
    assert shape_of(cut_of(framed)) is None


leads = st.integers(-60, 60)
lengths = st.integers(1, 50)


@given(st.lists(st.tuples(lengths, leads), min_size=2, max_size=8))
def test_never_more_than_two_films_play_at_once(drawn: list[tuple[int, int]]) -> None:
    slots = [
        slot(100 * n, 100 * n + length, sound=SlotSound(lead=lead if n else 0))
        for n, (length, lead) in enumerate(drawn)
    ]
    joins = playback_of(cut_of(*slots), FRAMES).joins

    for number, (one, join) in enumerate(zip(slots[1:], joins[1:], strict=True), start=1):
        assert one.source.start - join.pre >= 0
        assert joins[number - 1].post + join.pre <= slots[number - 1].source.frames
        assert join.post <= one.source.frames
        assert join.lead == 0 or (join.lead > 0) == (one.sound.lead > 0)
