"""A cascade looks only where there is doubt, and there gives the scores of the whole film."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.cascade import LONGEST, Cascade
from ingest.change import REACH
from ingest.detectors import TransNetDetector, make_detector
from ingest.transnet import CONTEXT, TransNet, load_scorer

HEIGHT, WIDTH = 27, 48


class Witness:
    """In the network's place: scores tell which frames it was shown, by their first pixel."""

    def __init__(self) -> None:
        self.shown: list[list[int]] = []

    def __call__(self, window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        numbers = window[:, 0, 0, 0] + 256 * window[:, 0, 0, 1].astype(int)
        self.shown.append(numbers.tolist())
        score = ((numbers + 1) / 10_000).astype(np.float32)
        return score, score / 2


def numbered(brightness: np.ndarray) -> np.ndarray:
    """Flat pictures, `(frames, 27, 48, 3)`, with the frame's number in the first pixel."""
    frames = len(brightness)
    pictures = np.repeat(brightness.astype(np.uint8), HEIGHT * WIDTH * 3)
    pictures = pictures.reshape(frames, HEIGHT, WIDTH, 3)
    pictures[:, 0, 0, 0], pictures[:, 0, 0, 1] = np.arange(frames) % 256, np.arange(frames) // 256
    return pictures


def run(pictures: np.ndarray, network: Any) -> Cascade:
    cascade = Cascade(network)
    for picture in pictures:
        cascade.push(picture)
    cascade.finish()
    return cascade


def test_a_still_is_never_shown_to_the_network() -> None:
    witness = Witness()
    cascade = run(numbered(np.full(500, 90)), witness)
    assert witness.shown == []
    assert cascade.looked_at == 0
    assert cascade.scored == 500
    assert not cascade.scores()[0].any()


def test_a_plain_cut_is_given_without_the_network() -> None:
    witness = Witness()
    cascade = run(numbered(np.repeat([60, 160], 150)), witness)
    single, many = cascade.scores()
    assert witness.shown == []
    assert np.flatnonzero(single).tolist() == np.flatnonzero(many).tolist() == [149]
    assert 0.9 < single[149] < 1


def test_a_doubt_is_shown_with_what_is_around_it_and_nothing_else() -> None:
    witness = Witness()
    run(numbered(np.repeat([60, 63], 150)), witness)
    ((first, *_, last),) = witness.shown
    assert first <= 150 - CONTEXT
    assert last >= 150 + CONTEXT - 1
    assert last - first < 80


def test_a_long_doubt_is_shown_in_windows_that_each_score_their_own_frames() -> None:
    witness = Witness()
    waves = 110 + 100 * np.sin(
        np.arange(3 * LONGEST + 70) / 20
    )  # brightens and darkens all the time
    cascade = run(numbered(waves), witness)
    single, many = cascade.scores()
    assert len(witness.shown) >= 4
    assert max(map(len, witness.shown)) == LONGEST + 2 * CONTEXT
    looked = np.flatnonzero(single)
    assert len(looked) > 3 * LONGEST
    np.testing.assert_allclose(single[looked], (looked + 1) / 10_000, atol=1e-6)
    np.testing.assert_allclose(many, single / 2, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 250), st.integers(1, 90)), min_size=1, max_size=8))
def test_every_frame_is_scored_once_whatever_changes(stretches: list[tuple[int, int]]) -> None:
    brightness = np.concatenate([np.full(length, value) for value, length in stretches])
    witness = Witness()
    cascade = Cascade(witness)  # type: ignore[arg-type]
    scored = 0
    for number, picture in enumerate(numbered(brightness), 1):
        cascade.push(picture)
        assert scored <= cascade.scored <= max(0, number - REACH)
        scored = cascade.scored
    cascade.finish()
    single, many = cascade.scores()
    assert len(single) == len(many) == len(brightness)
    assert cascade.looked_at == sum(map(len, witness.shown))


@pytest.mark.parametrize("frames", [1, 2, REACH, 70])
def test_a_film_of_few_frames_is_scored_whole(frames: int) -> None:
    cascade = run(numbered(np.linspace(0, 200, frames)), Witness())
    assert cascade.scored == frames


def test_no_frames_give_no_scores() -> None:
    cascade = Cascade(Witness())  # type: ignore[arg-type]
    cascade.finish()
    assert cascade.scored == 0


def test_where_it_looks_the_scores_are_those_of_the_whole_film() -> None:
    """Within what the context of 25 frames leaves: 0.1 of a score (measured: .05 on real films)."""
    rng = np.random.default_rng(5)
    scenes = rng.integers(0, 255, (4, 9, 16, 3)).repeat(3, 1).repeat(3, 2).astype(np.float32)
    weight = np.linspace(0, 1, 30)[:, None, None, None]
    blends = [a * (1 - weight) + b * weight for a, b in pairwise(scenes)]
    parts = [np.repeat(scenes[:1], 90, 0)]
    for scene, blend in zip(scenes[1:], blends, strict=True):
        parts += [blend, np.repeat(scene[None], 90, 0)]
    pictures = np.concatenate(parts).astype(np.uint8)
    network = load_scorer()
    sparse, whole = run(pictures, network), TransNet(network)
    for picture in pictures:
        whole.push(picture)
    whole.finish()
    looked = np.flatnonzero(sparse.scores()[0])
    assert 100 < len(looked) < sparse.looked_at < 0.8 * len(pictures)
    for ours, all_of_it in zip(sparse.scores(), whole.scores(), strict=True):
        np.testing.assert_allclose(ours[looked], all_of_it[looked], atol=0.1)


def test_a_half_believed_dissolve_counts_if_the_pictures_blend() -> None:
    class Half:
        """Half believes in a transition around every frame from 100 to 120."""

        def __call__(self, window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            numbers = window[:, 0, 0, 0] + 256 * window[:, 0, 0, 1].astype(int)
            many = ((numbers >= 100) & (numbers <= 120)) * np.float32(0.4)
            single = ((numbers >= 109) & (numbers <= 111)) * np.float32(0.4)
            return single, many

    fade = np.concatenate([np.full(100, 40), np.linspace(40, 200, 21), np.full(100, 200)])
    found = {}
    for name, brightness in {"fade": fade, "still": np.full(221, 40)}.items():
        detector = TransNetDetector(TransNet(Half()))  # type: ignore[arg-type]
        for picture in numbered(brightness):
            detector.push(picture)
        detector.finish()
        found[name] = [(t.kind, t.first_frame, t.last_frame) for t in detector.transitions()]
    assert found == {"fade": [("gradual", 100, 121)], "still": []}


@pytest.mark.parametrize("length", [1, 2])
def test_a_flash_is_no_cut_though_its_change_is_sure(length: int) -> None:
    detector = TransNetDetector(Cascade(Witness()))  # type: ignore[arg-type]
    for picture in numbered(np.repeat([60, 240, 60], [120, length, 120])):
        detector.push(picture)
    detector.finish()
    assert detector.transitions() == []


def test_the_cascade_is_a_detector_by_name() -> None:
    detector = make_detector("cascade", Fraction(25))
    assert isinstance(detector, TransNetDetector)
    assert isinstance(detector.network, Cascade)
