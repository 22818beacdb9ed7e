"""Each format written, read back by a reader that shares nothing with its writer, and compared."""

from collections.abc import Callable
from fractions import Fraction

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.cut import Alternate, Brief, Cut, CutId, Reason, Slot
from editing.errors import TimelineError
from editing.interchange.edl import write_edl
from editing.interchange.edl_reader import read_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.from_cut import sequence_from_cut
from editing.interchange.otio_json import exact_rate
from editing.interchange.otio_reader import read_otio
from editing.interchange.read_sequence import ReadSequence
from editing.interchange.sequence import Sequence, day_frames, printable, reel_names
from editing.interchange.timeline import write_otio
from editing.interchange.xml_text import parse_xml
from ingest.media import Audio, Media, MediaId
from ingest.timecode import FrameRange

NTSC_FILM, NTSC, NTSC_DOUBLE = (Fraction(n, 1001) for n in (24000, 30000, 60000))
RATES = [
    pytest.param(NTSC_FILM, ":", id="23.976"),
    pytest.param(Fraction(24), ":", id="24"),
    pytest.param(Fraction(25), ":", id="25"),
    pytest.param(NTSC, ":", id="29.97 NDF"),
    pytest.param(NTSC, ";", id="29.97 DF"),
    pytest.param(Fraction(30), ":", id="30"),
    pytest.param(Fraction(50), ":", id="50"),
    pytest.param(NTSC_DOUBLE, ";", id="59.94 DF"),
]
READERS: dict[str, tuple[Callable[[Sequence], str], Callable[[str, Fraction], ReadSequence]]] = {
    "otio": (write_otio, lambda text, rate: read_otio(text)),
    "edl": (write_edl, read_edl),
    "fcp7": (write_fcp7xml, lambda text, rate: read_fcp7xml(text)),
}


def media_of(
    number: int = 1,
    *,
    rate: Fraction = Fraction(24),
    name: str = "Big Film (final).mov",
    timecode: str | None = "09:59:58:12",
    channels: int = 2,
    frames: int = 20_000,
) -> Media:
    sound = Audio(48_000, channels, 10**6, Fraction(0), -23.0) if channels else None
    return Media(
        MediaId(number),
        path=f"/footage/reel {number}/{name}",
        fingerprint=f"{number:032x}",
        size_bytes=1,
        container="mov",
        codec="prores",
        width=1920,
        height=1080,
        rotation=0,
        rate=rate,
        variable_rate=False,
        time_base=1 / rate,
        start_pts=0,
        frames=frames,
        start_timecode=timecode,
        audio=sound,
    )


def sequence_of(pieces: list[tuple[int, int]], *media: Media, name: str = "trailer") -> Sequence:
    """Each piece is its first frame and its number of frames; films take turns."""
    media = media or (media_of(),)
    slots = tuple(
        Slot(
            media[i % len(media)].id,
            i,
            FrameRange(start, start + frames),
            1.5,
            (Reason("motion", 1.0), Reason("light", 0.5)),
            (Alternate(99, FrameRange(0, frames), 1.25),),
        )
        for i, (start, frames) in enumerate(pieces)
    )
    total = sum(frames for _, frames in pieces)
    cut = Cut(
        *(CutId(7), 2, media[0].id, name, "trailer"),
        Brief("trailer", total, 1, total, Fraction(9, 10), 0.9),
        *(media[0].rate, slots, "linear 1", "tester", "", "2024-01-01T00:00:00+00:00"),
    )
    return sequence_from_cut(cut, {m.id: m for m in media}, {m.id: m.frames for m in media})


def check_round_trip(sequence: Sequence, format_name: str, rate: Fraction) -> ReadSequence:
    """What is read back is what was cut, frame by frame, on every track."""
    write, read = READERS[format_name]
    found = read(write(sequence), rate)
    day = day_frames(rate, drop=sequence.drop)
    expected = [
        ((e.file.start + e.source.start) % day, e.source.frames, e.record) for e in sequence.events
    ]
    names = {edit.track for edit in found.edits}
    assert "V1" in names
    for track in names:
        edits = found.track(track)
        assert [(e.source.start % day, e.source.frames, e.record) for e in edits] == expected
    assert found.rate == rate
    assert found.drop == sequence.drop
    assert found.start == sequence.start
    assert found.frames == sequence.frames == sequence.cut.brief.frames
    return found


@pytest.mark.parametrize("format_name", READERS)
@pytest.mark.parametrize(("rate", "mark"), RATES)
def test_a_cut_survives_at_every_rate(rate: Fraction, mark: str, format_name: str) -> None:
    media = media_of(rate=rate, timecode=f"09:59:58{mark}12")
    sequence = sequence_of([(100, 37), (2000, 1), (4000, 1801), (9, 48)], media)
    found = check_round_trip(sequence, format_name, rate)
    assert {edit.name for edit in found.edits} == {"Big Film (final).mov"}


pieces = st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 4000)), min_size=1, max_size=12)


@given(
    pieces,
    st.sampled_from([param.values for param in RATES]),
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(sorted(READERS)),
)
@settings(deadline=None, max_examples=150)
def test_any_cut_survives(
    slots: list[tuple[int, int]],
    rate_and_mark: tuple[Fraction, str],
    hour: int,
    minute: int,
    format_name: str,
) -> None:
    rate, mark = rate_and_mark
    media = media_of(rate=rate, timecode=f"{hour:02d}:{minute:02d}:58{mark}12")
    check_round_trip(sequence_of(slots, media), format_name, rate)


@pytest.mark.parametrize("format_name", READERS)
def test_source_timecode_runs_past_midnight(format_name: str) -> None:
    media = media_of(timecode="23:59:59:20")
    check_round_trip(
        sequence_of([(0, 3), (3, 2), (10, 24), (0, 4)], media), format_name, media.rate
    )


@pytest.mark.parametrize("format_name", READERS)
def test_two_films_with_nearly_the_same_name_stay_apart(format_name: str) -> None:
    films = (media_of(1, name="interview one.mov"), media_of(2, name="interview two.mov"))
    sequence = sequence_of([(10, 20), (30, 40), (50, 60)], *films)
    found = check_round_trip(sequence, format_name, Fraction(24))
    assert [edit.name for edit in found.track("V1")] == [
        "interview one.mov",
        "interview two.mov",
        "interview one.mov",
    ]
    assert len({file.reel for file in sequence.files}) == 2


@pytest.mark.parametrize(("channels", "tracks"), [(0, ""), (1, "A1"), (2, "A1 A2")])
def test_each_channel_has_its_track(channels: int, tracks: str) -> None:
    sequence = sequence_of([(10, 20), (50, 5)], media_of(channels=channels))
    for format_name in ("edl", "fcp7"):
        found = check_round_trip(sequence, format_name, Fraction(24))
        assert {edit.track for edit in found.edits} == {"V1", *tracks.split()}


def test_otio_has_picture_and_sound_tracks_if_there_is_sound() -> None:
    for channels, kinds in ((2, ["Video", "Audio"]), (0, ["Video"])):
        text = write_otio(sequence_of([(0, 5)], media_of(channels=channels)))
        timeline = otio.adapters.read_from_string(text)
        assert [track.kind for track in timeline.tracks] == kinds


def test_otio_tells_times_reasons_and_where_the_film_is() -> None:
    media = media_of(rate=NTSC_FILM, timecode="01:00:00:00")
    timeline = otio.adapters.read_from_string(write_otio(sequence_of([(100, 37), (9, 3)], media)))
    clip = timeline.find_clips()[0]
    assert timeline.global_start_time.to_timecode() == "01:00:00:00"
    assert timeline.duration().value == 40
    assert clip.source_range.start_time.value == 86_400 + 100
    assert clip.source_range.start_time.rate == 24000 / 1001
    assert clip.media_reference.available_range.start_time.value == 86_400
    assert clip.media_reference.available_range.duration.value == 20_000
    assert (
        clip.media_reference.target_url == "file:///footage/reel%201/Big%20Film%20%28final%29.mov"
    )
    reasons = clip.metadata["reelroom"]["reasons"]
    assert sum(r["value"] for r in reasons) == clip.metadata["reelroom"]["score"]
    assert timeline.metadata["reelroom"]["cut"] == 7


@given(st.lists(st.text(max_size=20), max_size=12))
def test_reels_are_short_plain_and_never_twice(names: list[str]) -> None:
    reels = reel_names(names)
    assert len(set(reels)) == len(names)
    assert all(1 <= len(reel) <= 8 and reel.replace("_", "A").isalnum() for reel in reels)
    assert all(reel.isascii() and reel.upper() == reel for reel in reels)


def test_reels_are_made_of_the_name() -> None:
    assert reel_names(["A001C003.mov", "Møøse über.mp4", "été.mov", "日本.mov", "ax.mov"]) == [
        *("A001C003", "MSE_UBER", "ETE", "REEL", "AX_2"),
    ]


@given(st.text(max_size=40), st.sampled_from(sorted(READERS)))
@settings(deadline=None)
def test_any_name_survives(name: str, format_name: str) -> None:
    sequence = sequence_of([(0, 5)], media_of(name=f"{name.replace('/', '')}.mov"), name=name)
    found = check_round_trip(sequence, format_name, Fraction(24))
    assert found.name == printable(f"{name} v2") or format_name == "edl"
    assert "\n" not in found.name


def test_floats_of_other_programs_are_read_as_the_rates_they_mean() -> None:
    assert [exact_rate(r) for r in (23.976, 29.97, 59.94, 23.98)][:3] == [
        NTSC_FILM,
        NTSC,
        NTSC_DOUBLE,
    ]
    assert [exact_rate(float(r)) for r in (24, 25, 12.5)] == [24, 25, Fraction(25, 2)]


def test_a_timecode_that_the_rate_lacks_is_told() -> None:
    with pytest.raises(TimelineError, match="carries a timecode it cannot have"):
        sequence_of([(0, 5)], media_of(timecode="01:00:00:24"))


def test_frames_that_the_film_lacks_are_told() -> None:
    with pytest.raises(TimelineError, match="has 10 frames, and the cut asks for 6 to 10"):
        sequence_of([(6, 5)], media_of(frames=10))


def test_an_edl_holds_999_events() -> None:
    check_round_trip(sequence_of([(0, 1)] * 999), "edl", Fraction(24))
    with pytest.raises(TimelineError, match="999 events and the cut takes 1,000"):
        write_edl(sequence_of([(0, 1)] * 1000))


def test_formats_refuse_rates_that_they_cannot_say() -> None:
    with pytest.raises(TimelineError, match="no rate of 25/2"):
        write_fcp7xml(sequence_of([(0, 5)], media_of(rate=Fraction(25, 2), timecode=None)))
    with pytest.raises(TimelineError, match="two digits for frames"):
        write_edl(sequence_of([(0, 5)], media_of(rate=Fraction(120), timecode=None)))


HAND_MADE_EDL = """TITLE: By hand
FCM: NON-DROP FRAME

001  TAPE01   V     C        10:00:00:00 10:00:02:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: opening.mov
* a comment that nobody needs
002  TAPE02   B     C        00:59:59:23 01:00:00:01 01:00:02:00 01:00:02:02
"""


def test_an_edl_made_by_hand_is_read() -> None:
    found = read_edl(HAND_MADE_EDL, Fraction(24))
    assert (found.name, found.start, found.drop) == ("By hand", 86_400, False)
    first, second = found.track("V1")
    assert (first.name, first.source, first.record) == (
        "opening.mov",
        FrameRange(864_000, 864_048),
        FrameRange(0, 48),
    )
    assert (second.name, second.source) == ("TAPE02", FrameRange(86_399, 86_401))
    assert [edit.name for edit in found.track("A1")] == ["TAPE02"]


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("001  TAPE01", "001  TAPE 01", "line 4: not an event"),
        ("V     C", "W     C", "line 4: no such channels: 'W'"),
        ("V     C   ", "V     D    ", "line 4: cuts, and dissolves and wipes with .* not 'D'"),
        ("V     C   ", "V     K 012", "line 4: .* not 'K of 12 frames'"),
        ("V     C   ", "V     D 099", "line 4: a transition of 99 frames in an event of 48"),
        ("10:00:02:00", "10:00:02:24", "line 4: '10:00:02:24' has a field out of range"),
        ("10:00:02:00", "10:00:02", "line 4: not a timecode"),
        ("10:00:02:00", "10:00:03:00", "line 4: 72 frames of source in 48 of record, and no M2"),
        (
            "01:00:02:00 01:00:02:02",
            "01:00:01:23 01:00:02:01",
            "line 7: .* overlaps that of line 4 by",
        ),
        ("* a comment", "M2 TAPE01 fast", "line 6: not a speed of an event"),
        ("* a comment that nobody needs", "* LOC: 01:00:61:00 RED x", "line 6: '01:00:61:00' has"),
        ("10:00:02:00", "10:00:00:00", "line 4: an event without a frame"),
        ("* FROM", "FROM", "line 5: not a part of an EDL"),
        ("NON-DROP FRAME", "SOMETIMES", "line 2: FCM is DROP FRAME or NON-DROP FRAME"),
        ("NON-DROP FRAME", "DROP FRAME", r"line 2: there is no drop-frame at 24\.000"),
    ],
)
def test_a_wrong_line_of_an_edl_is_named(before: str, after: str, complaint: str) -> None:
    with pytest.raises(TimelineError, match=complaint):
        read_edl(HAND_MADE_EDL.replace(before, after, 1), Fraction(24))


def test_an_endless_or_empty_edl_is_refused() -> None:
    with pytest.raises(TimelineError, match="17,000,000 characters"):
        read_edl("*" * 17_000_000, Fraction(24))
    with pytest.raises(TimelineError, match="holds no event"):
        read_edl("TITLE: nothing\n", Fraction(24))


BOMB = """<?xml version="1.0"?>
<!DOCTYPE xmeml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<xmeml version="5"><sequence><name>&b;</name></sequence></xmeml>"""


def test_an_xml_bomb_is_refused_before_it_goes_off() -> None:
    with pytest.raises(TimelineError, match="declares an entity, 'a'"):
        parse_xml(BOMB)


def test_xml_fetches_nothing_from_outside() -> None:
    outside = '<!DOCTYPE xmeml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xmeml>&x;</xmeml>'
    with pytest.raises(TimelineError, match="declares an entity"):
        parse_xml(outside)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("<out>25</out>", "<out>26</out>", "6 frames of source in 5 of record"),
        ("<in>20</in>", "<in>x</in>", "<in> in <clipitem> is not a whole number"),
        ("<timebase>24</timebase>", "<timebase>0</timebase>", "<timebase> of 0"),
        ("<frame>86400</frame>", "<frame>86401</frame>", "01:00:00:00 is frame 86400, not 86401"),
        (
            "</clipitem>",
            "</clipitem><transitionitem/>",
            "<transitionitem> lacks <start>",
        ),
        ("</clipitem>", "</clipitem><generatoritem/>", "<generatoritem> in a <track> is not read"),
        ("<start>0</start>", "<start>-1</start>", "a start or end of -1, and no <transitionitem>"),
        ("<enabled>TRUE</enabled>", "<enabled>FALSE</enabled>", "is disabled"),
        ("<start>0</start>", "<start>-9</start>", "need 0 <= start < end, got start=-9"),
        ("<end>10</end>", "<end>4</end>", "need 0 <= start < end, got start=5, end=4"),
        ("<start>5</start>", "<start>4</start>", "5 frames of source in 6 of record"),
        ("</xmeml>", "", "not an XML document"),
        ('<file id="file-1">', '<file id="file-2">', "names a file that is not described"),
    ],
)
def test_a_wrong_element_is_named(before: str, after: str, complaint: str) -> None:
    text = write_fcp7xml(sequence_of([(20, 5), (40, 5)]))
    assert before in text
    with pytest.raises(TimelineError, match=complaint):
        read_fcp7xml(text.replace(before, after, 1))


def test_other_xml_and_other_json_are_refused() -> None:
    with pytest.raises(TimelineError, match="<html>, not of <xmeml>"):
        read_fcp7xml("<html/>")
    with pytest.raises(TimelineError, match="not an OTIO timeline"):
        read_otio("{nonsense")
    clip = otio.schema.Clip("alone").to_json_string()
    with pytest.raises(TimelineError, match="of a Clip, not of a timeline"):
        read_otio(clip)
