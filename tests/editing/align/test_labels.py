"""What an alignment says of shots, on alignments that are made by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.align.alignment import AlignedEdit, Alignment, Unmatched
from editing.align.document import from_json, to_document, to_json
from editing.align.labels import labels_from_alignment, shots_of
from editing.align.signatures import WHOLE
from editing.errors import AlignmentError
from ingest.timecode import FrameRange

SHOTS = [FrameRange(0, 100), FrameRange(100, 140), FrameRange(140, 240), FrameRange(240, 300)]


def edit(start: int, end: int, **how: object) -> AlignedEdit:
    values = {
        "first": 0,
        "last": end - start - 1,
        "source": FrameRange(start, end),
        "speed": 1.0,
        "similarity": 0.97,
        "confidence": 0.9,
        "slack": 0,
        "also_at": (),
        "fade_in": 0,
        "fade_out": 0,
        "mirrored": False,
        "crop": WHOLE,
    }
    return AlignedEdit(**(values | how))


def alignment(*edits: AlignedEdit, unmatched: tuple[Unmatched, ...] = ()) -> Alignment:
    return Alignment("f" * 32, "t" * 32, 300, 200, edits, unmatched)


def test_a_label_is_the_share_of_the_shot_that_is_shown() -> None:
    labels, weights = labels_from_alignment(alignment(edit(50, 120)), SHOTS)

    assert labels.tolist() == [0.5, 0.5, 0, 0]
    np.testing.assert_allclose(weights, [0.9, 0.9, 1, 1])


def test_frames_that_are_shown_twice_count_once() -> None:
    labels, _ = labels_from_alignment(alignment(edit(10, 40), edit(20, 60)), SHOTS)

    assert labels[0] == pytest.approx(0.5)


def test_a_binary_label_asks_only_whether_it_is_shown() -> None:
    labels, _ = labels_from_alignment(alignment(edit(50, 120)), SHOTS, binary=True)

    assert labels.tolist() == [1, 1, 0, 0]


def test_a_sliver_of_a_shot_says_nothing() -> None:
    labels, weights = labels_from_alignment(alignment(edit(50, 102)), SHOTS)

    assert labels[0] == 0.5
    assert np.isnan(labels[1])
    assert weights[1] == 0


def test_a_shot_that_looks_like_what_is_shown_is_not_known() -> None:
    twice = edit(110, 130, also_at=(FrameRange(250, 270),), confidence=0.5)

    labels, weights = labels_from_alignment(alignment(twice), SHOTS)

    assert labels[1] == 0.5
    assert weights[1] == 0.5
    assert np.isnan(labels[3])
    assert weights[3] == 0


def test_a_shot_within_the_slack_is_not_known() -> None:
    labels, weights = labels_from_alignment(alignment(edit(110, 130, slack=30)), SHOTS)

    assert np.isnan(labels[[0, 2]]).all()
    assert weights.tolist() == pytest.approx([0, 0.9, 0, 1])


def test_what_is_not_shown_counts_less_where_part_of_the_trailer_is_unknown() -> None:
    unknown = (Unmatched(150, 199, "other"), Unmatched(100, 149, "black"))

    _, weights = labels_from_alignment(alignment(edit(0, 100), unmatched=unknown), SHOTS)

    np.testing.assert_allclose(weights, [0.9, 0.75, 0.75, 0.75])


def test_a_trailer_of_something_else_says_nothing_of_any_shot() -> None:
    labels, weights = labels_from_alignment(alignment(), SHOTS)

    assert np.isnan(labels).all()
    assert not weights.any()


def test_shots_of_another_decode_are_refused() -> None:
    with pytest.raises(ValueError, match=r"end at frame 400.* has 300"):
        labels_from_alignment(alignment(edit(0, 50)), [FrameRange(0, 400)])


def test_an_edit_names_its_shots_without_slivers() -> None:
    assert shots_of(edit(98, 180), SHOTS) == [1, 2]


ranges = st.tuples(st.integers(0, 299), st.integers(1, 120)).map(
    lambda pair: FrameRange(pair[0], min(300, sum(pair)))
)
edits = st.builds(
    lambda source, also, slack, sure: edit(
        source.start, source.end, also_at=tuple(also), slack=slack, confidence=sure
    ),
    ranges,
    st.lists(ranges, max_size=2),
    st.integers(0, 400),
    st.floats(0, 1),
)


@given(st.lists(edits, max_size=6))
def test_labels_are_shares_and_unknown_exactly_where_their_weight_is_0(
    some: list[AlignedEdit],
) -> None:
    sure = [replace(one, confidence=max(one.confidence, 0.1)) for one in some]

    labels, weights = labels_from_alignment(alignment(*sure), SHOTS)

    known = ~np.isnan(labels)
    assert ((labels[known] >= 0) & (labels[known] <= 1)).all()
    assert ((weights >= 0) & (weights <= 1)).all()
    assert (known == (weights > 0)).all()


@given(st.lists(edits, max_size=4))
def test_a_document_is_read_back_as_it_was_written(some: list[AlignedEdit]) -> None:
    made = alignment(*some, unmatched=(Unmatched(3, 5, "still"),))

    assert from_json(to_json(made)) == made


def test_a_document_names_shots_if_they_are_known() -> None:
    made = alignment(edit(50, 120))

    assert "shots" not in to_document(made)["edits"][0]
    assert to_document(made, SHOTS)["edits"][0]["shots"] == [0, 1]


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1}', "[" * 100_000])
def test_a_damaged_document_is_refused_with_advice(text: str) -> None:
    with pytest.raises(AlignmentError):
        from_json(text)
