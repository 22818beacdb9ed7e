"""What a format does not hold is told when a cut is exported, by slot; what it holds is not."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from editing.cut import Music, Reframe, SlotSound, Transition
from editing.errors import TimelineError
from editing.interchange.from_cut import sequence_from_cut
from editing.interchange.remarks import export_remarks
from editing.interchange.sequence import Sequence
from ingest.media import Media

CutOf = Callable[..., Sequence]
Film = Callable[..., Media]


def with_slots(sequence: Sequence, media: Media, **second: object) -> Sequence:
    """The same cut, with its second slot otherwise."""
    slots = list(sequence.cut.slots)
    slots[1] = replace(slots[1], **second)  # type: ignore[arg-type]
    cut = replace(sequence.cut, slots=tuple(slots))
    return sequence_from_cut(cut, {media.id: media}, {media.id: media.frames})


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            "otio",
            [
                "slot 2: the reframing is in OTIO's metadata, which others do not read",
                "slot 2: the gain is in OTIO's metadata, which others do not read",
                "slot 2: the crossfade of the sound is under a frame on either side, or the sounds "
                "have no frames for it; OTIO does not hold it but in its metadata",
            ],
        ),
        (
            "edl",
            [
                "slot 2: an EDL does not hold the reframing; the whole picture is shown",
                "slot 2: an EDL does not hold the gain of the sound",
                "slot 2: an EDL does not hold the crossfades of the sound",
            ],
        ),
        (
            "fcp7",
            [
                "slot 2: FCP7 XML does not hold the reframing; the whole picture is shown",
                "slot 2: FCP7 XML has gains up to 12 dB; that is written",
                "slot 2: the crossfade of the sound is under a frame on either side, or the sounds "
                "have no frames for it; FCP7 XML does not hold it",
            ],
        ),
        (
            "fcpxml",
            [
                "slot 2: FCPXML does not hold the reframing; the whole picture is shown",
                "slot 2: FCPXML does not hold the crossfades of the sound",
            ],
        ),
        (
            "ale",
            [
                "slot 2: an ALE does not hold the reframing; the whole picture is shown",
                "slot 2: an ALE does not hold the gain of the sound",
                "slot 2: an ALE does not hold the crossfades of the sound",
                "slots 1 and 2: an ALE logs the picture's ranges without transitions or splits",
                "slot 2: an ALE does not hold the notes",
            ],
        ),
        ("csv", []),
    ],
)
def test_each_format_tells_what_it_loses(
    target: str, told: list[str], cut_of: CutOf, film: Film
) -> None:
    media = film()
    sequence = with_slots(
        cut_of([(100, 40), (500, 50)], media),
        media,
        transition=Transition("dissolve", 5, 5),
        sound=SlotSound(lead=4, fade_ms=10, gain=14.0),
        reframe=Reframe((0.2, 0.5), (0.8, 0.5)),
        note="look",
    )
    assert export_remarks(sequence, target) == told  # type: ignore[arg-type]


@pytest.mark.parametrize("target", ["otio", "edl", "fcp7", "fcpxml", "ale", "csv"])
def test_a_plain_cut_loses_nothing(target: str, cut_of: CutOf, film: Film) -> None:
    assert export_remarks(cut_of([(100, 40), (500, 50)], film()), target) == []  # type: ignore[arg-type]


def test_music_that_the_cut_was_made_to_is_told(cut_of: CutOf, film: Film) -> None:
    sequence = cut_of([(100, 40), (500, 50)], film())
    brief = replace(sequence.cut.brief, music=Music("/music/tune.wav", "0", (12, 24)))
    sung = replace(sequence, cut=replace(sequence.cut, brief=brief))
    told = ["the music tune.wav is not in the timeline; lay it under from the first frame on"]
    assert export_remarks(sung, "otio") == told


def test_more_channels_than_a_format_has_and_a_rounded_crossfade_are_told(
    cut_of: CutOf, film: Film
) -> None:
    media = film(channels=6)
    sequence = with_slots(cut_of([(100, 40), (500, 50)], media), media, sound=SlotSound(0, 100))
    name = "Harbour at dawn.mov"
    assert export_remarks(sequence, "edl")[-1] == f"{name}: an EDL holds 2 channels of sound"
    assert export_remarks(sequence, "ale")[-1] == f"{name}: an ALE holds 4 channels of sound"
    rounded = "slot 2: the crossfade of the sound is rounded to whole frames"
    assert export_remarks(sequence, "fcp7") == [rounded]
    assert sequence.crossfade(1) == 1  # 50 ms on either side are 1.2 frames at 24


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ({"transition": Transition("dissolve", 600, 5)}, "fewer than the 600|slot 1 has 40 frames"),
        ({"transition": Transition("dissolve", 5, 51)}, "slot 2 has 50 frames, fewer than the 51"),
        ({"sound": SlotSound(lead=40)}, "slot 1 cannot be exported: need 0 <= start < end"),
        ({"sound": SlotSound(lead=-50)}, "slot 2 cannot be exported: need 0 <= start < end"),
    ],
)
def test_joins_that_do_not_fit_are_refused_by_slot(
    second: dict[str, object], complaint: str, cut_of: CutOf, film: Film
) -> None:
    media = film()
    with pytest.raises(TimelineError, match=complaint):
        with_slots(cut_of([(100, 40), (500, 50)], media), media, **second)


def test_a_dissolve_whose_film_lacks_the_handle_is_refused_by_slot(
    cut_of: CutOf, film: Film
) -> None:
    media = film(frames=600)
    into = Transition("dissolve", 5, 5)
    with pytest.raises(TimelineError, match="slot 2 dissolves in over 5 frames before its first"):
        with_slots(cut_of([(100, 40), (3, 50)], media), media, transition=into)
    with pytest.raises(
        TimelineError, match=r"has 600 frames, and the cut asks for 557 to 601 in sl"
    ):
        with_slots(cut_of([(557, 40), (50, 50)], media), media, transition=into)


def test_a_dissolve_at_the_very_beginning_comes_from_black(cut_of: CutOf, film: Film) -> None:
    media, plain = film(), cut_of([(100, 40), (500, 50)], film())
    first = replace(plain.cut.slots[0], transition=Transition("dissolve", 6, 8))
    cut = replace(plain.cut, slots=(first, *plain.cut.slots[1:]))
    made = sequence_from_cut(cut, {media.id: media}, {media.id: media.frames})
    assert made.events[0].transition == Transition("dip", 0, 8)
    assert made.rate == Fraction(24)
