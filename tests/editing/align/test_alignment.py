"""Alignment of trailers whose every frame is known."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from editing.align.alignment import Alignment, align, align_files

Clip = np.ndarray


def title(frames: int) -> Clip:
    """A card: white words on black."""
    card = np.zeros((36, 64), np.uint8)
    cv2.putText(card, "SOON", (12, 22), cv2.FONT_HERSHEY_PLAIN, 1, 250)
    return np.repeat(card[None], frames, axis=0).astype(np.float32)


def where(found: Alignment) -> list[tuple[int, int, int, int]]:
    return [(e.first, e.last, e.source.start, e.source.end) for e in found.edits]


def test_pieces_are_found_to_the_frame_and_a_title_between_them_is_not_claimed(
    film_clip: Clip, small: Callable
) -> None:
    trailer = np.concatenate([film_clip[20:50], title(12), film_clip[170:210]])

    found = align(small(film_clip), small(trailer))

    assert where(found) == [(0, 29, 20, 50), (42, 81, 170, 210)]
    assert [(one.first, one.last, one.kind) for one in found.unmatched] == [(30, 41, "still")]
    assert found.matched_frames == 30 + 40
    assert all(edit.speed == 1 and not edit.also_at for edit in found.edits)


@pytest.mark.parametrize(("step", "speed"), [(2, 2.0), (0.5, 0.5)])
def test_slow_and_fast_motion_are_told(
    film_clip: Clip, small: Callable, step: float, speed: float
) -> None:
    shown = film_clip[(np.arange(36) * step + 84).astype(int)]

    (edit,) = align(small(film_clip), small(shown)).edits

    assert edit.speed == pytest.approx(speed, rel=0.04)
    assert abs(edit.source.start - 84) <= 1
    assert abs(edit.source.end - (84 + 36 * step)) <= 2


def test_a_trailer_of_another_frame_rate_plays_at_speed_1(film_clip: Clip, small: Callable) -> None:
    shown = film_clip[(np.arange(40) * 24 / 30 + 100).astype(int)]

    (edit,) = align(small(film_clip), small(shown, Fraction(30))).edits

    assert edit.speed == 1
    assert abs(edit.source.start - 100) <= 1
    assert abs(edit.source.end - 132) <= 1


def test_a_mirrored_cropped_and_graded_piece_is_found(film_clip: Clip, small: Callable) -> None:
    inside = film_clip[90:130, 2:33, 3:59]
    large = np.stack([cv2.resize(one, (64, 36)) for one in inside])
    shown = 230 * (large[:, :, ::-1] / 255) ** 1.4

    (edit,) = align(small(film_clip), small(shown)).edits

    assert edit.mirrored
    assert (edit.first, edit.last) == (0, 39)
    assert abs(edit.source.start - 90) <= 1  # a pixel of this pan is a frame and a half
    assert abs(edit.source.end - 130) <= 1
    assert edit.crop.width == pytest.approx(56 / 64, abs=0.05)


def test_black_bars_are_no_part_of_the_picture(film_clip: Clip, small: Callable) -> None:
    shown = film_clip[90:130].copy()
    shown[:, :5] = shown[:, -5:] = 0  # what is left is the film's own middle

    (edit,) = align(small(film_clip), small(shown)).edits

    assert (edit.source.start, edit.source.end) == (90, 130)
    assert edit.crop.height == pytest.approx(26 / 36, abs=0.04)


def test_fades_belong_to_the_edit(film_clip: Clip, small: Callable) -> None:
    weight = np.minimum(1, np.minimum(np.arange(1, 61), np.arange(60, 0, -1)) / 13)
    black = np.zeros((10, 36, 64), np.float32)
    shown = np.concatenate([black, film_clip[10:70] * weight[:, None, None], black])

    (edit,) = align(small(film_clip), small(shown)).edits

    assert abs(edit.first - 10) <= 1
    assert abs(edit.last - 69) <= 1
    assert 8 <= edit.fade_in <= 14
    assert 8 <= edit.fade_out <= 14


def test_both_sides_of_a_dissolve_hold_its_frames(film_clip: Clip, small: Callable) -> None:
    weight = (np.arange(12) + 1)[:, None, None] / 13
    mixed = film_clip[40:52] * (1 - weight) + film_clip[170:182] * weight
    shown = np.concatenate([film_clip[10:40], mixed, film_clip[182:212]])

    one, two = align(small(film_clip), small(shown)).edits

    assert (one.first, two.last) == (0, 71)
    assert abs(one.last - 41) <= 2
    assert abs(two.first - 30) <= 2
    assert abs(one.source.end - 52) <= 2
    assert abs(two.source.start - 170) <= 2


def test_nothing_is_claimed_of_another_film(
    film_clip: Clip, small: Callable, scene: Callable
) -> None:
    foreign = np.concatenate([scene(77, 60), scene(78, 60)])

    found = align(small(film_clip), small(foreign))

    assert found.edits == ()
    assert [(one.first, one.last, one.kind) for one in found.unmatched] == [(0, 119, "other")]


def test_a_black_trailer_is_black(film_clip: Clip, small: Callable) -> None:
    found = align(small(film_clip), small(np.zeros((48, 36, 64))))

    assert found.edits == ()
    assert [(one.first, one.last, one.kind) for one in found.unmatched] == [(0, 47, "black")]


@pytest.mark.parametrize(("film", "trailer"), [(1, 60), (60, 1), (1, 1)])
def test_a_single_frame_gives_no_edit_and_no_error(
    film_clip: Clip, small: Callable, film: int, trailer: int
) -> None:
    found = align(small(film_clip[:film]), small(film_clip[100 : 100 + trailer]))

    assert found.edits == ()
    assert found.unmatched[0].last == trailer - 1


def test_a_shot_that_comes_twice_is_said_to_be_at_both_places(
    scene: Callable, small: Callable
) -> None:
    twice, other = scene(5, 60), scene(6, 120)
    film = np.concatenate([twice, other, twice])

    (edit,) = align(small(film), small(twice[10:50])).edits

    places = sorted(
        [(edit.source.start, edit.source.end), *((p.start, p.end) for p in edit.also_at)]
    )
    assert places == [(10, 50), (190, 230)]
    assert edit.confidence <= 0.5


def test_where_nothing_moves_the_place_has_slack(scene: Callable, small: Callable) -> None:
    film = np.concatenate([scene(1, 60), scene(2, 90, 0.0), scene(3, 60)])

    (edit,) = align(small(film), small(film[80:110])).edits

    assert edit.slack >= 20
    assert edit.source.start - edit.slack <= 80 <= edit.source.start + edit.slack
    assert edit.source.frames == 30


def test_where_something_moves_the_place_has_none(film_clip: Clip, small: Callable) -> None:
    (edit,) = align(small(film_clip), small(film_clip[90:130])).edits

    assert edit.slack == 0


def test_files_are_aligned_through_their_own_decode(
    film_clip: Clip, write: Callable, tmp_path: Path
) -> None:
    film = write(tmp_path / "film.mp4", film_clip)
    trailer = write(tmp_path / "trailer.mp4", film_clip[100:140])
    done: list[float] = []

    found = align_files(film, trailer, on_progress=done.append)

    assert where(found) == [(0, 39, 100, 140)]
    assert (found.film_frames, found.trailer_frames) == (240, 40)
    assert len(found.film) == len(found.trailer) == 32
    assert done == sorted(done)
    assert done[-1] == 1


def test_every_edit_of_the_known_trailer_is_found_and_no_other(shared_data: Path) -> None:
    """An editor's trailer with fades, a dissolve, half speed and a title card."""
    footage = shared_data / "footage"
    known = json.loads((footage / "gt" / "bbb_trailer_moviepy.json").read_text())
    wanted = np.array([row[:4] for row in known["edl"]]) * known["fps"]
    wanted[:, 1] -= 1  # the last frame, inclusive

    found = align_files(footage / "bbb_first_part.mp4", footage / "bbb_trailer_moviepy.mp4")

    assert np.abs(np.array(where(found)) - wanted).max() <= 2
    assert [edit.speed for edit in found.edits] == [row[4] for row in known["edl"]]
    assert found.unmatched[-1].last == found.trailer_frames - 1
    assert abs(found.unmatched[-1].first - known["title_card"][0] * known["fps"]) <= 2
