import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.assemble import selection
from editing.assemble.assembly import COVER_REASON, PACE_REASON, assemble
from editing.assemble.brief import default_brief
from editing.assemble.candidates import candidates, spoiler_limit
from editing.assemble.footage import Footage
from editing.assemble.problem import problem_of
from editing.cut import Brief
from editing.errors import ImpossibleBrief
from editing.rank.film import ShotScores
from ingest.media import MediaId
from ingest.timecode import FrameRange

RATE = Fraction(24)


def footage_of(lengths: list[int], scores: list[float], setups: list[int] | None = None) -> Footage:
    """Shots that tile a film; two of one set-up look the same, two of different ones unlike."""
    ends = np.cumsum(lengths)
    setups = setups or list(range(len(lengths)))
    values = np.array(scores, dtype=np.float64)
    return Footage(
        media=MediaId(1),
        rate=RATE,
        frames=int(ends[-1]),
        fit=tuple(FrameRange(int(e - n), int(e)) for n, e in zip(lengths, ends, strict=True)),
        interest=np.zeros(int(ends[-1])),
        vectors=np.eye(max(setups) + 1, dtype=np.float32)[setups],
        scores=ShotScores(
            values, ("motion", "light"), np.stack([values - 1, np.ones_like(values)], 1)
        ),
    )


def brief_of(frames: int, min_shot: int = 10, max_shot: int = 40, **changes: object) -> Brief:
    brief = Brief("trailer", frames, min_shot, max_shot, Fraction(1), max_similarity=0.9)
    return replace(brief, **changes)


@st.composite
def films(draw: st.DrawFn) -> Footage:
    shots = draw(st.integers(1, 7))
    lengths = draw(st.lists(st.integers(1, 40), min_size=shots, max_size=shots))
    scores = draw(st.lists(st.integers(-8, 8), min_size=shots, max_size=shots))
    setups = draw(st.lists(st.integers(0, 4), min_size=shots, max_size=shots))
    return footage_of(lengths, [score / 2 for score in scores], setups)


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    shortest = draw(st.integers(1, 12))
    return Brief(
        kind=draw(st.sampled_from(["trailer", "rough"])),
        frames=draw(st.integers(1, 120)),
        min_shot=shortest,
        max_shot=shortest + draw(st.integers(0, 30)),
        spoiler_free=Fraction(draw(st.integers(1, 10)), 10),
        max_similarity=draw(st.sampled_from([0.5, 1.0])),
        handle=draw(st.integers(0, 2)),
    )


def independent_sets(footage: Footage, brief: Brief) -> Iterator[tuple[int, ...]]:
    """Every set of candidates that holds no two alike."""
    problem = problem_of(footage, candidates(footage, brief), brief)
    for size in range(1, len(problem.value) + 1):
        for rows in combinations(range(len(problem.value)), size):
            if not problem.conflicts[np.ix_(rows, rows)].any():
                yield rows


def possible_lengths(footage: Footage, brief: Brief) -> set[int]:
    """Every length of a cut that keeps the brief otherwise, by trying all."""
    problem = problem_of(footage, candidates(footage, brief), brief)
    lengths: set[int] = set()
    for rows in independent_sets(footage, brief):
        least, most = len(rows) * brief.min_shot, int(problem.capacity[list(rows)].sum())
        lengths |= set(range(least, most + 1))
    return lengths


@given(films(), briefs())
@settings(deadline=None, max_examples=150)
def test_a_cut_keeps_its_brief_or_the_nearest_brief_is_told(film: Footage, brief: Brief) -> None:
    possible = possible_lengths(film, brief)
    try:
        assembly = assemble(film, brief)
    except ImpossibleBrief as error:
        assert brief.frames not in possible
        check_nearest(film, brief, error.brief, possible)
        return
    assert brief.frames in possible
    check_brief_kept(film, brief, assembly)


def check_brief_kept(film: Footage, brief: Brief, assembly: object) -> None:
    slots = assembly.slots
    assert sum(slot.source.frames for slot in slots) == brief.frames
    for slot in slots:
        assert brief.min_shot <= slot.source.frames <= brief.max_shot
        assert slot.source.end <= spoiler_limit(film.frames, brief)
        fit = film.fit[slot.shot]
        assert fit.start + brief.handle <= slot.source.start
        assert slot.source.end <= fit.end - brief.handle
        assert sum(reason.value for reason in slot.reasons) == pytest.approx(slot.score)
    assert all(a.shot < b.shot and a.source.end <= b.source.start for a, b in pairwise(slots))
    vectors = film.vectors[[slot.shot for slot in slots]]
    alike = vectors @ vectors.T - np.eye(len(slots))
    assert (alike <= brief.max_similarity).all()


def check_nearest(film: Footage, brief: Brief, nearest: Brief | None, possible: set[int]) -> None:
    if nearest is None:
        assert all(span is None for span in film.fit) or brief.handle or brief.spoiler_free < 1
        return
    assert sum(slot.source.frames for slot in assemble(film, nearest).slots) == nearest.frames
    if possible:
        closest = min(possible, key=lambda frames: (abs(frames - brief.frames), frames))
        assert nearest == replace(brief, frames=closest)
    else:
        assert nearest.min_shot <= brief.min_shot


@given(films(), briefs())
@settings(deadline=None, max_examples=100)
def test_no_selection_is_worth_more(film: Footage, brief: Brief) -> None:
    problem = problem_of(film, candidates(film, brief), brief)
    found = selection.select(problem)
    worths = []
    for rows in map(list, independent_sets(film, brief)):
        if len(rows) * brief.min_shot <= brief.frames <= problem.capacity[rows].sum():
            chosen = np.array(rows)
            lengths = selection.fill(problem, chosen)
            worths.append(selection.total_worth(problem, chosen, lengths))
    assert (found is None) == (not worths)
    if found is not None:
        slack = 1e-5 * abs(max(worths)) + 1e-6
        assert found.total == pytest.approx(max(worths), abs=slack)
        assert found.bound >= max(worths) - slack


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_filling_frame_by_frame_is_the_best_filling(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    numbers = st.lists(st.integers(-4, 4), min_size=n, max_size=n)
    capacity = np.array(data.draw(st.lists(st.integers(2, 7), min_size=n, max_size=n)))
    problem = selection.Problem(
        value=np.array(data.draw(numbers), float),
        capacity=capacity,
        shortest=np.full(n, 2),
        pace=np.full(n, data.draw(st.integers(2, 6))),
        frames=data.draw(st.integers(2 * n, int(capacity.sum()))),
        conflicts=np.zeros((n, n), bool),
        part=np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))),
        quota=np.array([data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))]),
        bend=data.draw(st.integers(0, 3)),
        cover=data.draw(st.integers(0, 3)),
        loss=np.zeros(n),
        most=np.ones(2),
        held=np.zeros(2, np.int64),
        beside=0,
    )
    every = np.arange(n)
    filled = selection.fill(problem, every)
    assert filled.sum() == problem.frames
    worths = [
        selection.total_worth(problem, every, np.array(lengths))
        for lengths in product(*(range(2, int(most) + 1) for most in capacity))
        if sum(lengths) == problem.frames
    ]
    assert selection.total_worth(problem, every, filled) == pytest.approx(max(worths))


def test_the_best_shots_are_taken_in_film_order() -> None:
    film = footage_of([50] * 6, [1, 9, 2, 8, 3, 7])
    slots = assemble(film, brief_of(60, min_shot=20, max_shot=20)).slots
    assert [slot.shot for slot in slots] == [1, 3, 5]


def test_of_two_alike_only_the_better_goes_in() -> None:
    film = footage_of([50] * 3, [5, 9, 1], setups=[0, 0, 1])
    slots = assemble(film, brief_of(40, min_shot=20, max_shot=20)).slots
    assert [slot.shot for slot in slots] == [1, 2]


def test_nothing_after_the_spoiler_limit_is_shown() -> None:
    film = footage_of([50] * 4, [1, 1, 1, 99])
    slots = assemble(film, brief_of(60, spoiler_free=Fraction(3, 4))).slots
    assert max(slot.source.end for slot in slots) <= 150


def test_a_rough_cut_covers_the_film_where_a_trailer_takes_the_best() -> None:
    film = footage_of([50] * 24, [float(shot) for shot in range(24)])  # better and better
    trailer = assemble(film, brief_of(240)).slots
    rough = assemble(film, brief_of(240, kind="rough")).slots
    assert all(slot.shot // 6 > 0 for slot in trailer)
    frames = [sum(s.source.frames for s in rough if s.shot // 6 == quarter) for quarter in range(4)]
    assert frames == [60, 60, 60, 60]


def test_reasons_name_what_assembly_adds_to_the_ranker() -> None:
    slots = assemble(footage_of([50] * 4, [1, 2, 3, 4]), brief_of(70)).slots
    names = {reason.name for slot in slots for reason in slot.reasons}
    assert (
        {"motion", "light", COVER_REASON} <= names <= {"motion", "light", COVER_REASON, PACE_REASON}
    )


def test_the_value_is_the_mean_score_of_the_frames() -> None:
    assembly = assemble(footage_of([50] * 6, [1, 5, 2, 4, 3, 0]), brief_of(90))
    total = sum(slot.score * slot.source.frames for slot in assembly.slots)
    assert assembly.value == pytest.approx(total / 90)
    assert assembly.bound >= assembly.value
    assert 0 <= assembly.gap < 1e-4


def test_alternates_keep_length_order_and_diversity_and_come_best_first() -> None:
    film = footage_of([50, 50, 15, 50, 50, 50], [1, 9, 8, 3, 9, 4], setups=[0, 1, 2, 3, 4, 4])
    first, second = assemble(film, brief_of(40, min_shot=20, max_shot=20)).slots
    assert (first.shot, second.shot) == (1, 4)
    assert [a.shot for a in first.alternates] == [3, 0]  # 2 is too short
    assert [a.shot for a in second.alternates] == [5, 3]  # 5 looks like 4 itself, which it replaces
    assert {a.source.frames for a in (*first.alternates, *second.alternates)} == {20}
    assert [a.score for a in first.alternates] == sorted(
        (a.score for a in first.alternates), reverse=True
    )


def test_the_same_input_gives_the_same_cut() -> None:
    film = footage_of([30] * 40, [float(i % 7) for i in range(40)])
    brief = brief_of(300, min_shot=10, max_shot=25)
    assert assemble(film, brief) == assemble(film, brief)


def test_scores_on_another_scale_give_the_same_cut() -> None:
    rng = np.random.default_rng(5)
    scores = rng.normal(size=30)
    brief = brief_of(200)
    plain = assemble(footage_of([45] * 30, list(scores)), brief).slots
    scaled = assemble(footage_of([45] * 30, list(scores * 1000 - 7)), brief).slots
    assert [slot.source for slot in plain] == [slot.source for slot in scaled]


def test_a_brief_is_refused_for_the_limit_that_makes_it_impossible() -> None:
    film = footage_of([50] * 3, [1, 2, 3], setups=[0, 0, 0])
    with pytest.raises(ImpossibleBrief) as caught:
        assemble(film, brief_of(90))
    assert "without the limit of 0.9 on how similar two shots are" in str(caught.value)
    assert "without the longest shot" not in str(caught.value)
    assert caught.value.brief == brief_of(40)
    assert "1.67 s (40 frames)" in str(caught.value)


def test_between_one_long_shot_and_two_short_ones_nothing_fits() -> None:
    film = footage_of([50] * 4, [1, 2, 3, 4])
    with pytest.raises(ImpossibleBrief) as caught:
        assemble(film, brief_of(65, min_shot=48, max_shot=60))
    assert caught.value.brief.frames == 50  # 1 slot: 48 to 50 frames; 2 slots: 96 to 100


def test_shots_that_are_all_too_short_shrink_the_shortest_slot() -> None:
    film = footage_of([6, 8, 7], [1, 2, 3])
    with pytest.raises(ImpossibleBrief) as caught:
        assemble(film, brief_of(30))
    nearest = caught.value.brief
    assert (nearest.min_shot, nearest.frames) == (8, 8)
    assert assemble(film, nearest).slots[0].shot == 1


def test_a_film_of_nothing_but_black_has_no_cut() -> None:
    film = replace(footage_of([50, 50], [1, 2]), fit=(None, None))
    with pytest.raises(ImpossibleBrief, match="no shot that is not black") as caught:
        assemble(film, brief_of(30))
    assert caught.value.brief is None


def large_film(shots: int) -> Footage:
    """Two thousand shots in scenes of three set-ups each, as fiction is shot."""
    rng = np.random.default_rng(3)
    lengths = np.clip(rng.lognormal(np.log(80), 0.6, shots), 8, 600).astype(int)
    setups = rng.normal(size=(shots // 5 + 3, 64))
    which = (np.arange(shots) // 20 * 3 + rng.integers(0, 3, shots)) % len(setups)
    vectors = setups[which] + 0.2 * rng.normal(size=(shots, 64))
    film = footage_of(lengths.tolist(), rng.normal(size=shots).tolist())
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return replace(film, vectors=vectors.astype(np.float32))


@pytest.mark.parametrize(("shots", "seconds", "allowed"), [(71, 30, 2.0), (2000, 150, 10.0)])
def test_a_long_film_is_solved_in_time(shots: int, seconds: int, allowed: float) -> None:
    film, brief = large_film(shots), default_brief("trailer", Fraction(seconds), RATE)
    began = time.process_time()
    assembly = assemble(film, brief)
    assert time.process_time() - began < allowed
    assert sum(slot.source.frames for slot in assembly.slots) == seconds * 24
    assert assembly.gap < 1e-4
