"""Every check of a delivered file fails on the fault that it is for, and on no other."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editing.captions.caption import Caption
from editing.cut import Cut, SlotSound, Transition
from editing.finish.delivery import Captions, Delivery, LoudnessName, Slate, Title
from editing.run import render_cut, verify_file
from editing.verify.finding import Verification
from editing.verify.likeness import compare

RATE = Fraction(24)
WORDS = (
    Caption(Fraction(1, 4), Fraction(3, 4), "first words"),
    Caption(Fraction(2), Fraction(5, 2), "second words"),
)
FULL = Delivery(
    loudness="r128",
    fade_in=Fraction(1, 4),
    titles=(Title("TITLE", Fraction(1), Fraction(3, 2)),),
    leader=Slate(Fraction(1, 4), date="2026-11-21"),
    end=Slate(Fraction(1, 4), facts=False, lines=("the end",)),
    captions=Captions(WORDS, language="eng"),
)


def noise(seconds: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.1 * np.convolve(rng.normal(size=round(seconds * 48_000)), np.ones(24) / 24, "same")


@pytest.fixture
def cut(studio: Any) -> Cut:
    """Four slots of 20 frames: a hard join, a dissolve and a dip."""
    media = studio.film("film.mov", 300, size=(320, 180), sound=noise(12.5, 1))
    return studio.cut(
        studio.slot(media, 10, 30),
        studio.slot(media, 100, 120, sound=SlotSound(lead=4, fade_ms=40)),
        studio.slot(media, 200, 220, transition=Transition("dissolve", 3, 3)),
        studio.slot(media, 50, 70, transition=Transition("dip", 3, 3)),
    )


@pytest.fixture
def verified(studio: Any, cut: Cut) -> Callable[..., Verification]:
    def check(path: Path, delivery: Delivery = FULL, **how: Any) -> Verification:
        return verify_file(studio.catalog, cut, path, delivery=delivery, **how)

    return check


@pytest.fixture
def rendered(studio: Any, cut: Cut, tmp_path: Path) -> Callable[..., Path]:
    def make(delivery: Delivery = FULL, like: Cut = cut) -> Path:
        return render_cut(studio.catalog, like, tmp_path / "made.mp4", delivery=delivery).path

    return make


def failed(found: Verification) -> set[str]:
    return {check.name for check in found.checks if check.passed is False}


def words(found: Verification, name: str) -> str:
    return next(check.found for check in found.checks if check.name == name)


def encoded_again(
    path: Path, order: list[int], *, silent: tuple[int, int] | None = None, late: int = 0
) -> Path:
    """The file with its pictures in another order (-1 is black) and its sound silenced or late."""
    target = path.with_name("again.mp4")
    with av.open(str(path)) as film:
        pictures = [frame.to_ndarray() for frame in film.decode(video=0)]
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray() for frame in film.decode(audio=0)]
    sound = np.concatenate(frames, axis=1)
    sound = np.pad(sound, ((0, 0), (late, 0)))[:, : sound.shape[1]]
    if silent:
        sound[:, silent[0] : silent[1]] = 0
    black = np.full_like(pictures[0], 128)
    black[: black.shape[0] * 2 // 3] = 16
    with av.open(str(target), "w") as made:
        video = made.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "veryfast"})
        video.width, video.height = pictures[0].shape[1], pictures[0].shape[0] * 2 // 3
        video.pix_fmt, video.codec_context.time_base = "yuv420p", 1 / RATE
        audio = made.add_stream("aac", rate=48_000, layout="mono")
        for number, which in enumerate(order):
            picture = black if which < 0 else pictures[which]
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, 1 / RATE
            made.mux(video.encode(frame))
        made.mux(video.encode(None))
        whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", "mono")
        whole.sample_rate, whole.pts, whole.time_base = 48_000, 0, Fraction(1, 48_000)
        made.mux(audio.encode(whole))
        made.mux(audio.encode(None))
    return target


def test_what_was_rendered_as_asked_passes_every_check(
    rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    found = verified(rendered(), every_frame=True)
    assert failed(found) == set()
    assert found.passed
    asked = {check.name for check in found.checks if check.passed}
    assert asked >= {"joins", "slots", "slate", "titles", "captions", "loudness", "true peak"}
    assert asked >= {"whole file", "frame count", "frame times", "lengths", "black", "sound"}
    assert (found.frames, found.joins, found.untold) == (6 + 80 + 6, 3 + 2, 0)


PLAIN = Delivery()
FRAMES = list(range(80))


@pytest.mark.parametrize(
    ("fault", "order", "expected"),
    [
        ("none", FRAMES, set()),
        ("a frame dropped", FRAMES[:30] + FRAMES[31:], {"frame count", "joins", "slots"}),
        ("a frame twice", FRAMES[:30] + FRAMES[29:], {"frame count", "joins", "slots"}),
        ("dropped, and another twice", [*FRAMES[:10], *FRAMES[11:50], 49, *FRAMES[50:]], None),
        ("black put in", [*FRAMES[:50], -1, -1, *FRAMES[52:]], {"black", "slots"}),
        ("a picture of elsewhere", [*FRAMES[:50], 5, *FRAMES[51:]], {"slots"}),
    ],
)
def test_a_fault_in_the_pictures_is_found(
    fault: str,
    order: list[int],
    expected: set[str] | None,
    rendered: Callable[..., Path],
    verified: Callable[..., Verification],
) -> None:
    path = encoded_again(rendered(PLAIN), order)
    found = failed(verified(path, PLAIN))
    if len(order) != len(FRAMES):
        found -= {"lengths", "black"}  # a frame is near what sound may differ by; the dip moves
    assert found == ({"joins", "slots"} if expected is None else expected), fault


def changed(cut: Cut, number: int, **how: Any) -> Cut:
    slots = list(cut.slots)
    slots[number] = replace(slots[number], **how)
    return replace(cut, slots=tuple(slots))


def moved(cut: Cut, number: int, by: int) -> Cut:
    """The join before a slot elsewhere; the length stays."""
    before, after = cut.slots[number - 1].source, cut.slots[number].source
    made = changed(cut, number - 1, source=replace(before, end=before.end + by))
    return changed(made, number, source=replace(after, start=after.start + by))


@pytest.mark.parametrize("by", [-3, -1, 1, 3])
def test_a_join_that_is_off_is_found_and_named(
    by: int, cut: Cut, rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    found = verified(rendered(PLAIN, moved(cut, 1, by)), PLAIN)
    assert "joins" in failed(found)
    which = "late" if by > 0 else "early"
    told = f"the join of slots 1 and 2 comes {which}, by a frame or more"
    assert told in words(found, "joins")
    check = next(check for check in found.checks if check.name == "joins")
    assert check.frame == 20 - 2


@pytest.mark.parametrize(("slot", "by"), [(1, 1), (1, -1), (2, 1), (3, -1)])
def test_a_slot_that_begins_a_frame_beside_is_found(
    slot: int,
    by: int,
    cut: Cut,
    rendered: Callable[..., Path],
    verified: Callable[..., Verification],
) -> None:
    span = cut.slots[slot].source
    slipped = changed(cut, slot, source=replace(span, start=span.start + by, end=span.end + by))
    found = verified(rendered(PLAIN, slipped), PLAIN)
    assert failed(found) >= {"joins", "slots"}
    assert "by a frame or more" in words(found, "joins")


def test_a_missing_dissolve_is_found(
    cut: Cut, rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    found = verified(rendered(PLAIN, changed(cut, 2, transition=None)), PLAIN)
    assert failed(found) == {"joins"}
    assert "the join of slots 2 and 3" in words(found, "joins")


@pytest.mark.parametrize("name", ["r128", "stream"])
def test_another_loudness_is_found(
    name: LoudnessName, rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    path = rendered(Delivery(loudness=name))
    assert failed(verified(path, Delivery(loudness=name))) == set()
    other: LoudnessName = "r128" if name == "stream" else "stream"
    assert "loudness" in failed(verified(path, Delivery(loudness=other)))


def test_a_peak_above_the_limit_is_found(
    rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    path = rendered(Delivery(loudness="stream"))
    strict = Delivery(loudness="stream", true_peak=-15.0)
    assert failed(verified(path, strict)) == {"true peak"}


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (replace(FULL, captions=None), "captions"),
        (replace(FULL, captions=Captions(WORDS[:1], language="eng")), "captions"),
        (replace(FULL, captions=Captions(WORDS, language="deu")), "captions"),
        (
            replace(
                FULL,
                captions=Captions(
                    (WORDS[0], replace(WORDS[1], text="other words")), language="eng"
                ),
            ),
            "captions",
        ),
        (
            replace(
                FULL,
                captions=Captions(
                    (WORDS[0], replace(WORDS[1], start=Fraction(49, 24))), language="eng"
                ),
            ),
            "captions",
        ),
        (replace(FULL, titles=()), "titles"),
        (replace(FULL, titles=(Title("OTHER", Fraction(1), Fraction(3, 2)),)), "titles"),
        (replace(FULL, leader=Slate(Fraction(1, 4), date="2026-11-22")), "slate"),
        (replace(FULL, end=Slate(Fraction(1, 4), facts=False, lines=("bye",))), "slate"),
    ],
)
def test_words_that_are_missing_or_others_are_found(
    made: Delivery,
    name: str,
    rendered: Callable[..., Path],
    verified: Callable[..., Verification],
) -> None:
    assert name in failed(verified(rendered(made)))


def test_burnt_captions_that_are_missing_are_found(
    rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    burnt = Delivery(captions=Captions(WORDS, burnt=True))
    assert failed(verified(rendered(burnt), burnt)) == set()
    found = verified(rendered(PLAIN), burnt)
    assert "captions" in failed(found)
    assert "caption 1 is not there" in words(found, "captions")


def test_a_file_that_is_cut_off_is_found(
    rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    path = rendered()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    found = failed(verified(path))
    assert {"whole file", "frame count", "joins"} <= found


def test_silence_and_late_sound_are_found(
    rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    path = rendered(PLAIN)
    gone = encoded_again(path, FRAMES, silent=(48_000, 110_000))
    assert "sound" in failed(verified(gone, PLAIN))
    late = encoded_again(path, FRAMES, late=1_200)
    assert failed(verified(late, PLAIN)) == {"sound"}
    assert "25.0 ms" in words(verified(late, PLAIN), "sound")


def test_another_size_or_rate_is_found(
    cut: Cut, rendered: Callable[..., Path], verified: Callable[..., Verification]
) -> None:
    found = verified(rendered(Delivery(height=90)), PLAIN)
    assert failed(found) == {"picture size"}
    faster = replace(cut, rate=Fraction(25))
    assert {"frame rate", "frame times"} <= failed(verified(rendered(PLAIN, faster), PLAIN))


def test_a_shift_is_told_even_under_more_noise_than_difference() -> None:
    """Two pictures that differ by 2 levels on average, under noise of 8."""
    rng = np.random.default_rng(1)
    expected = rng.uniform(20, 200, (90, 160)).astype(np.float32)
    rival = expected + rng.normal(0, 2, expected.shape).astype(np.float32)
    for truth, told in ((expected, None), (rival, "next")):
        came = truth + rng.normal(0, 8, expected.shape).astype(np.float32)
        assert compare([came], [expected], [("next", [rival])]).rival == told


def test_pictures_that_are_the_same_are_told_to_be_untold() -> None:
    still = np.full((90, 160), 100, np.float32)
    found = compare([still], [still], [("next", [still])])
    assert (found.right, found.untold) == (True, True)
