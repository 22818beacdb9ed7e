"""Pictures drawn by hand that are a fault, and pictures much like them that are none."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from editing.faults.finding import Fault
from editing.faults.join_faults import find_joins
from editing.faults.judging import programme_faults
from editing.faults.picture_meter import PictureMeter
from editing.faults.programme import Programme

from .conftest import HEIGHT, RATE, WIDTH, Pictures, drifting

AT = 30


def told(pictures: Pictures, rate: int = RATE) -> list[tuple[str, int]]:
    """Kinds and frames of the faults of grey pictures, shown as they are."""
    return [(fault.kind, fault.frame) for fault in found(pictures, rate)]


def found(pictures: Pictures, rate: int = RATE) -> list[Fault]:
    meter = PictureMeter()
    for picture in pictures:
        meter.push(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray"))
    seen = meter.finish()
    programme = Programme(Fraction(rate), seen, None, find_joins(seen), False)
    return programme_faults(programme)


def faded(pictures: Pictures, frames: int) -> Pictures:
    """Pictures that come up from black over the first `frames`."""
    gains = np.minimum(1.0, np.arange(len(pictures)) / frames)
    return [np.rint(p * gain).astype(np.uint8) for p, gain in zip(pictures, gains, strict=True)]


def on_twos(pictures: Pictures) -> Pictures:
    return [picture for picture in pictures for _ in range(2)]


def every_third_twice(pictures: Pictures) -> Pictures:
    """Two pictures of three once, the third twice: 18 pictures a second shown as 24."""
    return [p for n, p in enumerate(pictures) for _ in range(2 if n % 3 == 2 else 1)]


def test_pictures_shown_twice_by_rule_are_how_a_film_was_made() -> None:
    assert told(on_twos(drifting())) == []
    assert told(faded(on_twos(drifting()), 40)) == []
    assert told(every_third_twice(drifting())) == []


def test_one_repeat_more_among_regular_ones_is_told() -> None:
    """The picture shown twice at 38 and 39 is shown a third time instead of the next one."""
    pictures = every_third_twice(drifting())
    assert np.array_equal(pictures[38], pictures[39])
    pictures[40] = pictures[39]
    assert told(pictures) == [("duplicate", 39)]


def at_speeds(speeds: list[float]) -> Pictures:
    """Pictures of a texture that drifts by so many pixels from each to the next."""
    wide = np.concatenate([drifting(1, start=WIDTH * k)[0] for k in range(3)], axis=1)
    left = np.cumsum([0.0, *speeds])
    shifts = [np.array([[1, 0, -x], [0, 1, 0]], np.float32) for x in left]
    return [np.asarray(cv2.warpAffine(wide, m, (WIDTH, HEIGHT))) for m in shifts]


EASES_OUT, EASES_IN = [1.75, 1.5, 1.25, 1.0, 0.75, 0.5, 0.25], [0.0, 0.3, 0.6, 1.2, 1.6]


def test_a_motion_that_eases_out_and_holds_is_neither_frozen_nor_repeated() -> None:
    assert told(at_speeds([2.0] * 20 + EASES_OUT + [0.0] * 30)) == []
    assert told(at_speeds([6.0] * 20 + [3 * speed for speed in EASES_OUT] + [0.0] * 30)) == []
    assert told(at_speeds([2.0] * 20 + EASES_OUT + EASES_IN + [2.0] * 20)) == []
    assert told(at_speeds([2.0] * 20 + [1.6, 1.4] + EASES_IN + [2.0] * 20)) == []


def test_what_is_held_before_a_cut_or_black_is_no_repeat() -> None:
    pictures = [*drifting(AT), *drifting(30, seed=2, spot=12)]
    pictures[AT - 1] = pictures[AT - 2]
    assert told(pictures) == []
    black = np.zeros((HEIGHT, WIDTH), np.uint8)
    through_black = [*faded(drifting(24), 24)[::-1], black, black, *faded(drifting(24, seed=2), 24)]
    assert told(through_black) == []


def test_a_still_that_was_faded_in_is_not_frozen_and_one_that_moved_is() -> None:
    still = drifting(1) * 60
    assert told(faded(still, 20)) == []
    dissolved = [
        np.rint(a * (1 - w) + b * w).astype(np.uint8)
        for a, b, w in zip(
            drifting(1, seed=5) * 60, still, np.clip(np.arange(60) / 20, 0, 1), strict=True
        )
    ]
    assert told(dissolved) == []
    moved = drifting(60)
    moved[AT:] = [moved[AT - 1]] * 30
    assert told(moved) == [("freeze", AT)]


def test_a_still_shot_whose_light_changes_is_not_frozen() -> None:
    """After a cut it stands still; then it is brighter at once, and stands still again."""
    still = drifting(1, seed=2, spot=8)[0]
    brighter = np.clip(still * 1.2, 0, 255).astype(np.uint8)
    pictures = [*drifting(AT), *[still] * 20, *[brighter] * 20]
    assert told(pictures) == [("exposure step", AT + 20)]


def test_a_picture_that_changes_as_a_whole_is_not_repeated() -> None:
    """In fast motion only the light changes once, by 3 of 255 everywhere."""
    held = at_speeds([6.0] * 30 + [0.0] + [6.0] * 30)
    assert told(held) == [("duplicate", 31)]
    assert told([picture + np.uint8(3 * (n > 30)) for n, picture in enumerate(held)]) == []


def test_a_frozen_picture_that_the_encoder_draws_anew_stays_one_freeze() -> None:
    pictures = [picture // 4 + 90 for picture in drifting()]
    redrawn = pictures[AT].copy()
    redrawn[40:48, 80:88] += 3
    pictures[AT : AT + 14] = [pictures[AT]] * 7 + [redrawn] * 7
    assert [one for one in told(pictures) if one[0] != "dropped"] == [("freeze", AT + 1)]


def with_words(picture: np.ndarray) -> np.ndarray:
    written = picture.copy()
    for left in (16, WIDTH - 16 - 60):  # of a width, so that what is left of them looks even
        cv2.putText(written, "A FILM", (left, HEIGHT - 12), 0, 0.5, 200, 1)
        written[HEIGHT - 10, left : left + 60] = 200
    return written


def test_a_fade_to_a_caption_has_no_bars() -> None:
    """As the picture falls below black, only the words at its foot are left."""
    ever_darker = [with_words(p) for p in faded(drifting(1) * 40, 40)[::-1]]
    assert told([with_words(drifting(1)[0])] * 20 + ever_darker + [ever_darker[-1]] * 20) == []
    assert told([ever_darker[-1]] * 20 + ever_darker[::-1] + [ever_darker[0]] * 20) == []


@pytest.mark.parametrize("sides", [False, True])
def test_bars_that_come_and_go_are_told_where_they_do(sides: bool) -> None:
    pictures = [picture.copy() for picture in drifting()]
    for picture in pictures[20:40]:
        view = picture.T if sides else picture
        view[:10] = view[-10:] = 0
    assert told(pictures) == [("bars step", 20), ("bars step", 40)]


def swept() -> Pictures:
    """A still set of which something bright hides three quarters within three frames."""
    pictures = [drifting(1)[0].copy() for _ in range(60)]
    bright = drifting(1, seed=4, spot=12)[0] // 2 + 120
    for n in range(AT, 60):
        left = WIDTH - 48 * min(3, n - AT + 1)
        pictures[n][:, left:] = bright[:, : WIDTH - left]
    return pictures


def test_what_only_moves_fast_is_no_flash() -> None:
    assert "flash" not in {kind for kind, _ in told(swept())}


def test_two_frames_of_a_third_shot_at_a_cut_are_a_flash() -> None:
    pictures = [*drifting(AT), *drifting(2, seed=9, spot=8), *drifting(28, seed=2, spot=14)]
    assert ("flash", AT) in told(pictures)


def gone(frames: int) -> Pictures:
    """A drift of which `frames` frames are missing before frame 30."""
    return [*drifting(AT), *drifting(AT, start=2 * (AT + frames))]


def test_a_few_missing_frames_are_dropped_and_many_are_a_jump_cut() -> None:
    assert told(gone(1)) == [("dropped", AT)]
    assert told(gone(2)) == [("dropped", AT)]
    assert told(gone(7)) == [("jump cut", AT)]


def test_a_jump_of_something_small_in_a_still_set_is_a_jump_cut() -> None:
    pictures = [drifting(1)[0].copy() for _ in range(60)]
    for n, picture in enumerate(pictures):
        left = 40 if n < AT else 70
        picture[60:68, left : left + 8] += 20
        picture[16:32, 16:32] += n % 2  # the noise of a camera
    assert told(pictures) == [("jump cut", AT)]


def test_weak_combing_is_told_and_a_striped_pattern_is_not() -> None:
    pictures = drifting()
    whole = [picture.copy() for picture in pictures]
    for n in range(AT, AT + 6):  # in one column of each tile of 16
        pictures[n][1::2, ::16] = whole[n + 3][1::2, ::16]
    (fault,) = found(pictures)
    assert (fault.kind, fault.frame) == ("combing", AT)
    assert fault.threshold == 2 * 0.025  # the frames beside it are not combed at all
    assert fault.value > 1.2 * fault.threshold
    striped = drifting()
    for picture in striped:  # one column of each tile of 16
        picture[1::2, ::16] = np.clip(picture[1::2, ::16].astype(int) + 12, 0, 255)
    assert told(striped) == []
    between = [*drifting(AT, seed=2), *striped[:12], *drifting(AT, seed=3, spot=12)]
    assert "combing" not in {kind for kind, _ in told(between)}


def test_light_that_changes_at_once_is_an_exposure_step_and_nothing_else() -> None:
    pictures = drifting()
    brighter = [np.clip(picture * 1.2, 0, 255).astype(np.uint8) for picture in pictures[AT:]]
    assert told([*pictures[:AT], *brighter]) == [("exposure step", AT)]
