"""What is told is right, missed or false by hand-made plants, and the own faults' list is sound."""

import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fault_scores import Score, Scores, judge, wilson
from benchmarks.footage_stretches import Plant, Stretch
from benchmarks.own_faults import FILE, OwnFault, own_faults
from benchmarks.planted_faults import PICTURE_KINDS, SOUND_KINDS, Planter

PICTURES = frozenset(PICTURE_KINDS)


def scored(
    found: list[tuple[str, int]], plants: list[Plant], own: list[OwnFault] | None = None
) -> Scores:
    scores: Scores = defaultdict(Score)
    judge(found, plants, own or [], pictures=PICTURES, scores=scores, who="us")
    return scores


def test_a_fault_is_found_within_one_frame_and_once() -> None:
    plants = [Plant("flash", 50, 2, "white"), Plant("flash", 90, 1, "white")]
    flash = scored([("flash", 51), ("flash", 52), ("flash", 70)], plants)["us", "flash"]
    assert (flash.hits, flash.missed) == (1, 1)
    assert flash.false == 1  # the one at 70: that at 52 is of the fault that was found
    assert flash.strengths == {"white": [1, 2]}


def test_what_a_fault_explains_of_its_like_is_not_false_and_of_sound_it_is() -> None:
    told = [("black", 50), ("jump cut", 62), ("click", 55), ("jump cut", 65)]
    scores = scored(told, [Plant("black", 50, 10, "10")])
    assert (scores["us", "black"].hits, scores["us", "click"].false) == (1, 1)
    assert scores["us", "jump cut"].false == 1  # two frames behind its end is beside it, five not


def test_what_lasts_explains_where_it_begins_and_ends_alone() -> None:
    plants = [Plant("letterbox", 50, 40, "8%")]
    scores = scored([("letterbox", 50), ("letterbox", 90), ("flash", 70)], plants)
    assert scores["us", "letterbox"].false == 0
    assert scores["us", "flash"].false == 1


def test_a_fault_of_the_films_own_is_right_to_tell_and_what_is_doubtful_counts_neither_way() -> (
    None
):
    own = [OwnFault("freeze", 100, 60, "fault"), OwnFault("jump cut", 20, 1, "either")]
    scores = scored([("freeze", 101), ("jump cut", 20), ("flash", 20)], [], own)
    freeze = scores["us", "freeze"]
    assert (freeze.own, freeze.own_missed, freeze.false, freeze.right) == (1, 0, 0, 1)
    assert scores["us", "jump cut"] == Score()
    assert scores["us", "flash"].clean_false == 1  # nothing was planted in this copy
    missed = scored([], [], own)
    assert missed["us", "freeze"].own_missed == 1
    assert missed["us", "jump cut"] == Score()


def test_an_interval_is_wilsons() -> None:
    """Of 8 of 8: 1 / (1 + 1.96**2 / 8) is 0.676."""
    assert wilson(8, 8) == "1.00 [0.68, 1.00]"
    assert wilson(0, 0) == "–"


def test_the_list_of_own_faults_holds_kinds_that_are_planted_and_says_why() -> None:
    told = json.loads(FILE.read_text())
    for part, kinds in (("pictures", PICTURE_KINDS), ("sounds", SOUND_KINDS)):
        assert {entry["kind"] for entry in told[part]} <= set(kinds)
        assert all(entry["why"] for entry in told[part])
    flashes = [(f.frame, f.frames) for f in own_faults("montage_dev") if f.kind == "flash"]
    assert flashes == [(96, 1), (170, 2), (964, 2), (1266, 2)]


def test_an_entry_without_a_verdict_is_refused(tmp_path: Path) -> None:
    entry = {"film": "a", "kind": "flash", "frame": 3, "frames": 1, "verdict": "?", "why": "x"}
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"pictures": [entry], "sounds": []}))
    with pytest.raises(ValueError, match="needs a verdict"):
        own_faults("a", path)


def stretch(moving: int, own: list[OwnFault]) -> Stretch:
    """240 pictures of noise that drifts by so many pixels; without sound."""
    rng = np.random.default_rng(1)
    wide = rng.integers(60, 200, (64, 64 + 240 * 4), dtype=np.uint8)
    grey = np.full((32, 64), 128, np.uint8)
    pictures = [np.concatenate([wide[:, n * moving :][:, :64], grey]) for n in range(240)]
    sound = np.zeros((2, 0), np.float32)
    return Stretch("film#0", Fraction(24), pictures, sound, 48_000, [], own=own)


def test_nothing_is_planted_at_a_films_own_fault_which_moves_with_what_is_taken_out() -> None:
    own = [OwnFault("freeze", 120, 40, "fault")]
    film = stretch(2, own)
    for seed in range(6):
        made = Planter(film, film, [], seed).plant_all()
        (moved,) = made.own
        assert np.array_equal(made.pictures[moved.frame], film.pictures[120])
        for plant in made.plants:
            end = plant.frame + plant.frames
            assert end <= moved.frame or plant.frame >= moved.frame + moved.frames


def test_a_step_to_the_end_of_a_stretch_is_counted_as_planted() -> None:
    """What is changed there would be told, and held against the one who told it."""
    film = stretch(2, [])
    steps = 0
    for seed in range(8):
        made = Planter(film, film, [], seed).plant_all()
        for plant in made.plants:
            steps += plant.kind == "exposure step" and plant.frame + plant.frames == made.frames
    assert steps > 0


def test_a_jump_that_changes_no_more_than_the_motion_does_is_not_planted() -> None:
    """Noise that drifts changes as much from each picture to the next as to any other."""
    film = stretch(2, [])
    for seed in range(6):
        made = Planter(film, film, [], seed).plant_all()
        assert "jump cut" not in {plant.kind for plant in made.plants}
