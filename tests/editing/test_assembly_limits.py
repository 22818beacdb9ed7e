"""Every limit of a brief holds in every cut; a brief that cannot be kept names one that can."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.assemble.assembly import SPEECH_REASON, Assembly, assemble, assemble_around
from editing.assemble.brief import default_brief, joined
from editing.assemble.candidates import clean_cuts, spoiler_limit
from editing.assemble.explanation import explanation
from editing.assemble.footage import Footage
from editing.assemble.why import why
from editing.cut import Act, Brief, Exclusion, Music, Reason, Slot
from editing.errors import ImpossibleBrief
from editing.rank.film import ShotScores
from ingest.media import MediaId
from ingest.timecode import FrameRange

FILM = MediaId(1)
RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50)]
HALVES = (Act(Fraction(1, 2), Fraction(1, 2)), Act(Fraction(1), Fraction(1, 2), Fraction(1, 4)))


def film(
    scores: list[float], *, frames: int = 40, voiced: list[tuple[float, float]] | None = None
) -> Footage:
    """Shots of `frames` frames at 24 a second, none like another."""
    values = np.array(scores, dtype=np.float64)
    return Footage(
        media=FILM,
        rate=Fraction(24),
        frames=frames * len(scores),
        fit=tuple(FrameRange(frames * i, frames * (i + 1)) for i in range(len(scores))),
        interest=np.zeros(frames * len(scores)),
        vectors=np.eye(len(scores), dtype=np.float32),
        scores=ShotScores(values, ("all",), values[:, None]),
        voiced=np.array(voiced or np.zeros((0, 2)), dtype=np.float64),
        sounding=True,
    )


def brief(frames: int, **changes: object) -> Brief:
    return replace(Brief("highlights", frames, 10, 30, Fraction(1), 0.9), **changes)


def shown(assembly: Assembly) -> list[int]:
    """Every frame of the film that a cut shows, in its order."""
    return [n for slot in assembly.slots for n in range(slot.source.start, slot.source.end)]


def music(*beats: int) -> Music:
    return Music("song.wav", "00", beats)


def test_what_is_excluded_is_neither_shown_nor_kept_as_a_handle() -> None:
    """Frames 50 to 69 of the best shot, 40 to 79, are barred: 10 are left on either side."""
    barred = (Exclusion(FrameRange(50, 70), "rating G leaves out violence"),)
    best = film([1, 9, 2])
    cut = assemble(best, brief(30, exclude=barred))
    assert not set(shown(cut)) & set(range(50, 70))
    assert [slot.source.frames for slot in cut.slots if slot.shot == 1] == [10]
    assert 1 not in [s.shot for s in assemble(best, brief(30, exclude=barred, handle=1)).slots]
    told = why(best, brief(30, exclude=barred, handle=1), 1).obstacle
    assert "frames 50 to 69 are left out: rating G leaves out violence" in told


def test_what_is_included_is_shown_to_the_frame_and_in_its_place() -> None:
    """Frames 75 to 84 lie in shots 1 and 2, which are the worst."""
    cut = assemble(film([9, 0, 0, 8]), brief(50, include=(FrameRange(75, 85),)))
    assert [slot.shot for slot in cut.slots] == [0, 1, 2, 3]
    assert [(s.source.start, s.source.end) for s in cut.slots[1:3]] == [(75, 80), (80, 85)]
    assert cut.slots[1].reasons[-1] == Reason("the brief includes it", 0.0)
    assert len(shown(cut)) == 50


def test_a_locked_slot_goes_before_what_the_brief_includes() -> None:
    asked = brief(40, include=(FrameRange(50, 60),))
    kept = Slot(FILM, 1, FrameRange(45, 70), 1.0, (Reason("chosen", 1.0),), locked=True)
    cut = assemble_around(film([9, 0, 0, 8]), asked, [kept])
    assert [s for s in cut.slots if s.shot == 1] == [kept]
    assert len(shown(cut)) == 40


def test_an_act_never_has_more_than_its_budget_though_its_shots_are_the_best() -> None:
    """The second half of the film may fill a quarter of 80 frames."""
    asked = brief(80, min_shot=20, max_shot=20)
    best = film([1, 1, 1, 1, 9, 9, 9, 9])
    assert sum(n >= 160 for n in shown(assemble(best, asked))) == 80
    assert sum(n >= 160 for n in shown(assemble(best, replace(asked, acts=HALVES)))) == 20


def test_acts_share_a_cut_out_where_nothing_else_counts() -> None:
    acts = (Act(Fraction(1, 4), Fraction(3, 4)), Act(Fraction(1), Fraction(1, 4)))
    asked = brief(80, kind="trailer", min_shot=20, max_shot=20, acts=acts)
    cut = assemble(film([5.0] * 12), asked)
    assert sum(n < 120 for n in shown(cut)) == 60


def test_slots_get_shorter_towards_the_end() -> None:
    cut = assemble(film([5.0] * 12), brief(160, pacing=Fraction(3)))
    lengths = [slot.source.frames for slot in cut.slots]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 1.5 * lengths[-1]
    even = [s.source.frames for s in assemble(film([5.0] * 12), brief(160)).slots]
    assert max(even) - min(even) <= 1


def test_a_slot_ends_between_words_where_it_can() -> None:
    """Speech runs from frame 10 to 22 of 40: windows of 20 to 30 frames begin or end outside."""
    talk = film([5.0], voiced=[(10 / 24, 22 / 24)])
    for frames in range(20, 31):
        slot = assemble(talk, brief(frames, speech="avoid")).slots[0]
        clean = clean_cuts(talk)
        assert clean[slot.source.start]
        assert clean[slot.source.end]
        assert SPEECH_REASON not in [reason.name for reason in slot.reasons]


def test_a_shot_that_is_all_speech_costs_worth_or_is_refused() -> None:
    """Shot 1 is spoken over from end to end; shot 0 is silent and a little worse."""
    talk = film([4.9, 5.0], voiced=[(39 / 24, 81 / 24)])
    longer = film([4.9, 5.0, 0.0, 0.0], voiced=[(39 / 24, 81 / 24)])
    assert [s.shot for s in assemble(longer, brief(20, speech="ignore")).slots] == [1]
    assert [s.shot for s in assemble(longer, brief(20, speech="avoid")).slots] == [0]
    with pytest.raises(ImpossibleBrief, match="begins or ends within speech") as caught:
        assemble(talk, brief(50, speech="strict"))
    assert caught.value.brief == brief(30, speech="strict")
    assert "--speech avoid" in str(caught.value)
    obliged = assemble(talk, brief(50, speech="avoid")).slots[1]
    assert SPEECH_REASON in [reason.name for reason in obliged.reasons]
    assert "somebody speaks" in why(talk, brief(20, speech="strict"), 1).obstacle


def test_joins_lie_on_beats() -> None:
    beats = range(7, 200, 13)
    cut = assemble(film([float(n % 5) for n in range(12)]), brief(120, music=music(*beats)))
    joins = np.cumsum([slot.source.frames for slot in cut.slots])
    assert joins[-1] == 120
    assert set(joins[:-1]) <= set(beats)
    assert len(joins) > 3


def test_beats_further_apart_than_the_longest_slot_are_told_with_the_bound_that_works() -> None:
    """A beat every 36 frames, and slots of 10 to 30."""
    asked = brief(108, music=music(*range(36, 400, 36)))
    with pytest.raises(ImpossibleBrief, match="without the beats of the music") as caught:
        assemble(film([1.0] * 8), asked)
    nearest = caught.value.brief
    assert nearest == replace(asked, max_shot=36)
    assert "--max-shot 1.5" in str(caught.value)
    assert [s.source.frames for s in assemble(film([1.0] * 8), nearest).slots] == [36, 36, 36]


def test_beats_around_a_locked_slot_are_kept_by_the_others() -> None:
    kept = Slot(FILM, 2, FrameRange(85, 103), 1.0, (Reason("chosen", 1.0),), locked=True)
    asked = brief(120, music=music(*range(12, 200, 12)))
    cut = assemble_around(film([1.0] * 8), asked, [kept])
    joins = [0, *np.cumsum([slot.source.frames for slot in cut.slots])]
    place = cut.slots.index(kept)
    off = {int(joins[place]), int(joins[place + 1]), 120}
    assert joins[-1] == 120
    assert {int(j) for j in joins[1:]} - off <= set(range(12, 200, 12))


@pytest.mark.parametrize(
    ("changes", "why_not", "options"),
    [
        ({"include": (FrameRange(0, 90),)}, "the ranges to include last 3.75 s", "--length 3.75"),
        (
            {"include": (FrameRange(5, 15),), "exclude": (Exclusion(FrameRange(0, 9), "no"),)},
            "frames 5 to 14, which the brief includes, are left out: no",
            "without any --include",
        ),
        (
            {"include": (FrameRange(300, 310),), "spoiler_free": Fraction(1, 2)},
            "lie behind the spoiler limit, frame 160",
            "--spoiler-free 0.96875",
        ),
        (
            {"exclude": (Exclusion(FrameRange(0, 315), "no"),)},
            "without what it excludes",
            "--min-shot 0.208333",
        ),
    ],
)
def test_what_cannot_be_kept_is_named_and_the_options_that_can(
    changes: dict[str, object], why_not: str, options: str
) -> None:
    asked, footage = brief(60, **changes), film([1.0] * 8)
    with pytest.raises(ImpossibleBrief) as caught:
        assemble(footage, asked)
    assert why_not in caught.value.constraint
    assert options in caught.value.nearest
    assert caught.value.brief is not None
    assert len(shown(assemble(footage, caught.value.brief))) == caught.value.brief.frames


def test_locked_slots_of_other_films_out_of_order_and_too_long_are_told() -> None:
    def locked(shot: int, media: int = 1, frames: int = 20) -> Slot:
        span = FrameRange(40 * shot, 40 * shot + frames)
        return Slot(MediaId(media), shot, span, 1.0, (Reason("x", 1.0),), locked=True)

    slots = [locked(6), locked(0, media=9), locked(2), locked(50, media=9)]
    cut = assemble_around(film([1.0] * 8), brief(120), slots)
    assert [s for s in cut.slots if s.locked] == slots
    assert len(shown(cut)) == 120
    with pytest.raises(ImpossibleBrief, match="the locked slots last") as caught:
        assemble_around(film([1.0] * 8), brief(79), slots)
    assert "--length 3.333333" in caught.value.nearest
    with pytest.raises(ImpossibleBrief, match="beside 4 locked slots"):
        assemble_around(film([1.0] * 8), brief(85), slots)


def test_a_cut_says_what_its_limits_came_to() -> None:
    asked = brief(
        80,
        acts=HALVES,
        pacing=Fraction(2),
        include=(FrameRange(0, 12),),
        exclude=(Exclusion(FrameRange(100, 110), "rating G leaves out violence"),),
        speech="avoid",
        spoiler_free=Fraction(9, 10),
        music=music(*range(12, 200, 12)),
    )
    talk = film([1.0] * 8, voiced=[(1.0, 1.5)])
    told = explanation(talk, asked, assemble(talk, asked))
    for part in (
        *("nothing from frame 288 of the film on", "acts fill", "of 50%, ", "0.50 s (12 frames)"),
        *("1 range left out: rating G leaves out violence", "joins on beats of song.wav"),
        *("2 times as long at its beginning", "ends of slots within speech"),
    ):
        assert part in told


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("seconds", [6, 15, 30, 60, 90, 150])
def test_every_length_is_exact_at_every_rate(rate: Fraction, seconds: int) -> None:
    footage = replace(film([float(n % 7) for n in range(100)], frames=120), rate=rate)
    asked = default_brief("trailer", Fraction(seconds), rate)
    exact = seconds * rate
    assert abs(asked.frames - exact) <= Fraction(1, 2)
    assert len(shown(assemble(footage, asked))) == asked.frames


@pytest.mark.parametrize("frames", [7, 8])
def test_the_nearest_length_keeps_budgets_to_the_frame(frames: int) -> None:
    """One frame is included; shots 1 and 2 give two each; of 6 frames a quarter is one of shot 3,
    of 7 too: what is behind frame 144 may not be shown."""
    acts = (Act(Fraction(1, 2), Fraction(1, 2)), Act(Fraction(1), Fraction(1, 2), Fraction(1, 4)))
    asked = brief(
        frames,
        min_shot=1,
        max_shot=2,
        spoiler_free=Fraction(3, 5),
        acts=acts,
        include=(FrameRange(0, 1),),
    )
    with pytest.raises(ImpossibleBrief) as refused:
        assemble(film([0.0] * 6), asked)
    assert refused.value.brief == replace(asked, frames=6)
    assert len(shown(assemble(film([0.0] * 6), replace(asked, frames=6)))) == 6


@st.composite
def films(draw: st.DrawFn) -> Footage:
    shots = draw(st.integers(1, 7))
    scores = draw(st.lists(st.integers(0, 9), min_size=shots, max_size=shots))
    edges = draw(st.lists(st.integers(0, 40 * shots), max_size=6, unique=True))
    edges = sorted(edges[: len(edges) // 2 * 2])
    voiced = [(a / 24, b / 24) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return film([float(score) for score in scores], voiced=voiced)


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    span = st.tuples(st.integers(0, 120), st.integers(1, 25)).map(
        lambda pair: FrameRange(pair[0], pair[0] + pair[1])
    )
    shortest = draw(st.integers(1, 12))
    step = draw(st.integers(4, 30))
    return brief(
        draw(st.integers(1, 120)),
        kind=draw(st.sampled_from(["trailer", "recap", "highlights"])),
        min_shot=shortest,
        max_shot=shortest + draw(st.integers(0, 30)),
        handle=draw(st.integers(0, 2)),
        spoiler_free=Fraction(draw(st.integers(5, 10)), 10),
        acts=draw(st.sampled_from([(), HALVES])),
        pacing=Fraction(draw(st.integers(1, 3))),
        include=joined(draw(st.lists(span, max_size=1))),
        exclude=tuple(Exclusion(s, "no") for s in draw(st.lists(span, max_size=2))),
        speech=draw(st.sampled_from(["ignore", "avoid", "strict"])),
        music=draw(st.sampled_from([None, music(*range(step, 200, step))])),
        lead=draw(st.integers(0, 12)),
        fade_ms=draw(st.integers(0, 100)),
    )


@given(films(), briefs())
@settings(deadline=None, max_examples=40)
def test_a_cut_keeps_every_limit_or_a_brief_that_works_is_told(
    footage: Footage, asked: Brief
) -> None:
    try:
        cut = assemble(footage, asked)
    except ImpossibleBrief as error:
        if error.brief is not None:
            assert error.brief != asked
            check_limits(footage, error.brief, assemble(footage, error.brief))
        return
    check_limits(footage, asked, cut)


def check_limits(footage: Footage, asked: Brief, cut: Assembly) -> None:
    frames = shown(cut)
    assert len(frames) == asked.frames
    assert len(set(frames)) == len(frames)
    assert max(frames) < spoiler_limit(footage.frames, asked)
    for span in asked.include:
        assert set(range(span.start, span.end)) <= set(frames)
    for one in asked.exclude:
        assert not set(range(one.span.start, one.span.end)) & set(frames)
    included = {n for span in asked.include for n in range(span.start, span.end)}
    joins = np.cumsum([slot.source.frames for slot in cut.slots]).tolist()
    for place, slot in enumerate(cut.slots):
        assert sum(reason.value for reason in slot.reasons) == pytest.approx(slot.score)
        if slot.source.start in included:
            continue
        assert asked.min_shot <= slot.source.frames <= asked.max_shot
        if asked.speech == "strict":
            clean = clean_cuts(footage)
            assert clean[slot.source.start] and clean[slot.source.end]
        beside = place + 1 < len(cut.slots) and cut.slots[place + 1].source.start in included
        if asked.music and place + 1 < len(cut.slots) and not beside:
            assert joins[place] in asked.music.beats
    check_sound(footage, asked, cut)


def check_sound(footage: Footage, asked: Brief, cut: Assembly) -> None:
    for before, slot in zip(cut.slots, cut.slots[1:], strict=False):
        lead, half = slot.sound.lead, slot.sound.fade_ms / 2000 * 24
        assert abs(lead) <= asked.lead
        if before.source.end == slot.source.start:
            continue
        assert slot.source.start - lead - half >= 40 * slot.shot
        assert before.source.end - lead + half <= 40 * (before.shot + 1)


@given(films(), briefs())
@settings(deadline=None, max_examples=10)
def test_the_same_brief_gives_the_same_cut(footage: Footage, asked: Brief) -> None:
    try:
        assert assemble(footage, asked) == assemble(footage, asked)
    except ImpossibleBrief as error:
        with pytest.raises(ImpossibleBrief) as again:
            assemble(footage, asked)
        assert str(again.value) == str(error)
