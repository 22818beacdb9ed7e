"""FCPXML as it is written: Apple's structure, exact times, and every frame read back."""

import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from probes import PROBES, RATES, Piece, sequence_of

from editing.cut import Reason
from editing.errors import TimelineError
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.fcpxml_reader import read_fcpxml
from editing.interchange.sequence import Sequence
from ingest.media import Media

CutOf = Callable[..., Sequence]
Film = Callable[..., Media]
pieces = st.lists(st.tuples(st.integers(0, 15_000), st.integers(1, 4000)), min_size=1, max_size=12)

# Of Apple's DTD of FCPXML 1.10, the elements that are written: what each may hold, in order, the
# attributes that it must have, and others that it may have.
STRUCTURE = {
    "fcpxml": ("(import-options )?(resources )?library ", {"version"}, set()),
    "resources": ("((asset|effect|format|media|locator) )*", set(), set()),
    "format": ("", {"id"}, {"name", "frameDuration", "width", "height", "colorSpace"}),
    "asset": (
        "(media-rep )+(metadata )?",
        {"id"},
        {
            *("name", "uid", "start", "duration", "hasVideo", "format", "hasAudio"),
            *("videoSources", "audioSources", "audioChannels", "audioRate"),
        },
    ),
    "metadata": ("(md )*", set(), set()),
    "md": (
        "(array )?",
        {"key"},
        {"value", "editable", "type", "displayName", "description", "source"},
    ),
    "effect": ("", {"id", "uid"}, {"name", "src"}),
    "media-rep": ("(bookmark )?", {"src"}, {"kind", "sig", "suggestedFilename"}),
    "library": ("((event|smart-collection) )*", set(), {"location", "colorProcessing"}),
    "event": ("(project )*", set(), {"name", "uid"}),
    "project": ("sequence ", set(), {"name", "uid", "id", "modDate"}),
    "sequence": (
        "(note )?spine (metadata )?",
        {"format"},
        {"duration", "tcStart", "tcFormat", "audioLayout", "audioRate"},
    ),
    "spine": ("((asset-clip|gap|transition) )*", set(), {"lane", "offset", "name", "format"}),
    "asset-clip": (
        "(note )?(conform-rate )?(timeMap )?(adjust-volume )?(marker )*(metadata )?",
        {"ref"},
        {
            *("lane", "offset", "name", "start", "duration", "enabled", "srcEnable"),
            *("format", "tcStart", "tcFormat", "audioRole", "videoRole"),
            *("audioStart", "audioDuration"),
        },
    ),
    "gap": ("(note )?(marker )*(metadata )?", {"duration"}, {"name", "offset", "start", "enabled"}),
    "transition": ("(filter-video )?(filter-audio )?", {"duration"}, {"name", "offset"}),
    "filter-video": ("(data )*(param )*", {"ref"}, {"name", "enabled"}),
    "conform-rate": ("", set(), {"scaleEnabled", "srcFrameRate", "frameSampling"}),
    "timeMap": ("(timept )*", set(), {"frameSampling", "preservesPitch"}),
    "timept": ("", {"time", "value"}, {"interp", "inTime", "outTime"}),
    "adjust-volume": ("(param )*", set(), {"amount"}),
    "marker": ("", {"start", "value"}, {"duration", "completed", "note"}),
    "note": ("", set(), set()),
}
VALUES = {
    "version": r"1\.10",
    "scaleEnabled": "0|1",
    "srcFrameRate": r"23\.98|24|25|29\.97|30|60|47\.95|48|50|59\.94",
    "frameSampling": "floor|nearest-neighbor|frame-blending|optical-flow-classic|optical-flow",
    "tcFormat": "DF|NDF",
    "audioLayout": "mono|stereo|surround",
    "hasVideo": "1",
    "hasAudio": "1",
    "kind": "original-media|proxy-media",
    "interp": "smooth2|linear|smooth",
    "srcEnable": "all|audio|video",
    "amount": r"-?[0-9]+(\.[0-9]+)?dB",
}
TIMES = ("offset", "start", "duration", "tcStart", "frameDuration", "audioStart", "audioDuration")


def check_structure(text: str) -> ElementTree.Element:
    """The document is one that Apple's DTD allows, and its times lie on the frame grid."""
    root = ElementTree.fromstring(text)
    formats = {form.get("id"): form.get("frameDuration") for form in root.iter("format")}
    assets = {asset.get("id"): formats[asset.get("format")] for asset in root.iter("asset")}
    frame = formats[root.find(".//sequence").get("format")]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    for element in root.iter():
        children, needed, allowed = STRUCTURE[element.tag]
        assert re.fullmatch(children, "".join(f"{child.tag} " for child in element))
        assert needed <= set(element.keys()) <= needed | allowed
        for name, value in element.items():
            assert re.fullmatch(VALUES.get(name, ".*"), value), (element.tag, name)
            if name in TIMES or (element.tag == "timept" and name in ("time", "value")):
                grid = _grid_of(element, name, frame, formats, assets)
                assert grid is None or (seconds(value) / seconds(grid)).denominator == 1
            if name in ("ref", "format"):
                kind = "asset" if name == "ref" else "format"
                kind = "effect" if element.tag == "filter-video" else kind
                assert value in [r.get("id") for r in root.find("resources").iter(kind)]
    rate = root.find(".//sequence").get("audioRate", "48k")
    assert rate in ("32k", "44.1k", "48k", "88.2k", "96k", "176.4k", "192k")
    return root


def _grid_of(
    element: ElementTree.Element,
    name: str,
    frame: str,
    formats: dict[str, str],
    assets: dict[str, str],
) -> str | None:
    """The frame that a time is a multiple of: of the sequence, or of the file that it counts in.

    None for what lies on the sequence's frames within a clip of another rate.
    """
    if element.tag == "format":
        return formats[element.get("id")]
    if element.tag == "asset":
        return assets[element.get("id")]
    clip = element.tag == "asset-clip"
    if clip and name == "start":
        return assets[element.get("ref")]
    other = clip and assets[element.get("ref")] != frame
    mixed = len(set(formats.values())) > 1
    within = (other and name == "audioStart") or (element.tag == "marker" and name == "start")
    return None if within and mixed else frame


def seconds(text: str) -> Fraction:
    """A time with a numerator of 64 bits and a denominator of 32."""
    value, unit = text[:-1], text[-1]
    numerator, _, denominator = value.partition("/")
    assert unit == "s" and int(numerator) < 2**63 and int(denominator or 1) < 2**31
    return Fraction(int(numerator), int(denominator or 1))


@pytest.mark.parametrize("channels", [0, 2])
@pytest.mark.parametrize("from_zero", [True, False])
def test_every_frame_of_any_cut_is_read_back(
    counting: tuple[Fraction, str], from_zero: bool, channels: int, cut_of: CutOf, film: Film
) -> None:
    rate, mark = counting

    @given(pieces, st.integers(0, 23), st.integers(0, 59))
    @settings(deadline=None, max_examples=12)
    def check(cut: list[tuple[int, int]], hour: int, minute: int) -> None:
        code = f"00:00:00{mark}00" if from_zero else f"{hour:02d}:{minute:02d}:58{mark}12"
        sequence = cut_of(cut, film(rate=rate, timecode=code, channels=channels))
        found = read_fcpxml(write_fcpxml(sequence))
        wanted = [
            (e.file.start + n, r)
            for e in sequence.events
            for n, r in zip(
                range(e.source.start, e.source.end),
                range(e.record.start, e.record.end),
                strict=True,
            )
        ]
        assert {edit.track for edit in found.edits} == {"V1", *["A1", "A2"][:channels]}
        for track in {edit.track for edit in found.edits}:
            assert wanted == [
                pair
                for e in found.track(track)
                for pair in zip(
                    range(e.source.start, e.source.end),
                    range(e.record.start, e.record.end),
                    strict=True,
                )
            ]
        assert (found.rate, found.drop, found.start) == (rate, mark == ";", sequence.start)
        assert found.name == "harbour trailer v2"

    check()


def test_what_is_written_has_apples_structure(
    counting: tuple[Fraction, str], cut_of: CutOf, film: Film
) -> None:
    rate, mark = counting
    films = (
        film(1, rate=rate, timecode=f"23:59:58{mark}12", sample_rate=44_100),
        film(2, rate=rate, name="mute & tall.mov", channels=0, size=(1920, 1080, 90)),
    )
    text = write_fcpxml(cut_of([(0, 7), (5, 1), (900, 100)], *films))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n')
    root = check_structure(text)
    assert len(root.findall(".//asset")) == 2
    assert len(root.findall(".//asset-clip")) == 3


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("rate_name", ["23.976", "25", "29.97 DF", "59.94 DF"])
def test_whatever_a_sequence_holds_has_apples_structure(name: str, rate_name: str) -> None:
    rate, mark = RATES[rate_name]
    check_structure(write_fcpxml(sequence_of(rate, mark, PROBES[name])))


def test_a_transition_lies_over_the_join_of_clips_that_meet_there() -> None:
    rate, mark = RATES["25"]
    text = write_fcpxml(sequence_of(rate, mark, PROBES["dissolve with handles"]))
    root = check_structure(text)
    first, mix, second = root.find(".//spine")
    join = seconds(first.get("offset")) + seconds(first.get("duration"))
    assert seconds(second.get("offset")) == join
    assert seconds(mix.get("offset")) == join - Fraction(12, 25)
    assert mix.get("duration") == "24/25s"
    effect = root.find(f".//effect[@id='{mix.find('filter-video').get('ref')}']")
    assert effect.get("name") == "Cross Dissolve"


def test_split_sound_a_speed_a_level_and_a_marker_are_told_in_the_clips_own_time() -> None:
    rate, mark = RATES["25"]
    pieces = [
        Piece(100, 40),
        Piece(200, 50, lead=8, gain=-3, note="look"),
        Piece(9, 10, speed=Fraction(2)),
    ]
    root = check_structure(write_fcpxml(sequence_of(rate, mark, pieces)))
    _, split, fast = root.findall(".//asset-clip")
    start = seconds(split.get("start"))
    assert seconds(split.get("audioStart")) == start - Fraction(8, 25)
    assert seconds(split.get("audioDuration")) == Fraction(58, 25)
    assert split.find("adjust-volume").get("amount") == "-3.0000dB"
    assert seconds(split.find("marker").get("start")) == start
    own = seconds(fast.get("start"))
    points = [(seconds(p.get("time")), seconds(p.get("value"))) for p in fast.iter("timept")]
    assert points == [(own, own), (own + Fraction(10, 25), own + Fraction(20, 25))]


def test_times_are_told_in_frames_of_the_rate(cut_of: CutOf, film: Film) -> None:
    """At 23.976 the first hour of timecode is 86,400 frames of 1001/24000 s: 3603.6 s."""
    media = film(rate=Fraction(24000, 1001), timecode="01:00:00:00")
    root = check_structure(write_fcpxml(cut_of([(24_00, 24), (10, 37)], media)))
    sequence = root.find(".//sequence")
    assert seconds(sequence.get("tcStart")) == Fraction(36036, 10)
    assert sequence.get("duration") == f"{61 * 1001}/24000s"
    asset = root.find(".//asset")
    assert seconds(asset.get("start")) == Fraction(36036, 10)
    assert asset.get("duration") == f"{20_000 * 1001}/24000s"
    first, second = root.findall(".//asset-clip")
    assert first.get("start") == f"{(86_400 + 2400) * 1001}/24000s"
    assert first.get("duration") == "24024/24000s"
    assert first.get("offset") == sequence.get("tcStart")
    assert second.get("offset") == f"{(86_400 + 24) * 1001}/24000s"
    assert second.get("start") == f"{86_410 * 1001}/24000s"


def test_drop_frame_begins_at_the_hour_of_the_clock(cut_of: CutOf, film: Film) -> None:
    """01:00:00;00 is frame 107,892, two numbers short of each minute but the tenth ones."""
    media = film(rate=Fraction(30000, 1001), timecode="00:01:00;02")
    root = check_structure(write_fcpxml(cut_of([(0, 5)], media)))
    assert root.find(".//sequence").get("tcStart") == "107999892/30000s"
    assert root.find(".//sequence").get("tcFormat") == "DF"
    assert root.find(".//asset-clip").get("tcFormat") == "DF"
    assert root.find(".//asset").get("start") == "1801800/30000s"  # frame 1800


def test_sound_is_described_where_there_is_some(cut_of: CutOf, film: Film) -> None:
    surround = film(1, channels=6, sample_rate=22_050)
    mute = film(2, name="mute.mov", channels=0)
    root = check_structure(write_fcpxml(cut_of([(0, 5), (0, 5)], surround, mute)))
    heard, unheard = root.findall(".//asset")
    assert (heard.get("audioChannels"), heard.get("audioRate")) == ("6", "22050")
    assert root.find(".//sequence").get("audioRate") == "32k"
    assert not any(name.startswith(("audio", "hasA")) for name in unheard.attrib)
    clips = root.findall(".//asset-clip")
    assert [clip.get("audioRole") for clip in clips] == ["dialogue", None]
    silent = check_structure(write_fcpxml(cut_of([(0, 5)], mute)))
    assert silent.find(".//sequence").get("audioLayout") is None


def test_a_turned_picture_has_the_size_that_is_seen(cut_of: CutOf, film: Film) -> None:
    root = check_structure(write_fcpxml(cut_of([(0, 5)], film(size=(1920, 1080, 90)))))
    form = root.find(".//format")
    assert (form.get("width"), form.get("height")) == ("1080", "1920")


def test_a_note_tells_the_reasons(cut_of: CutOf) -> None:
    root = check_structure(write_fcpxml(cut_of([(0, 5)])))
    told = root.find(".//note").text
    assert told == "shot 0, score 0.500: motion +1.000; light & shade -0.500"
    bare = check_structure(write_fcpxml(cut_of([(0, 5)], reasons=())))
    assert bare.find(".//note").text == "shot 0, score 0.500"


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None)
def test_any_name_is_held(cut_of: CutOf, film: Film, name: str, file: str, reason: str) -> None:
    media = film(name=re.sub(r"[/\\]", "", file) + ".mov")  # both part folders in an address
    sequence = cut_of([(0, 5)], media, name=name, reasons=(Reason(reason, 0.5),))
    text = write_fcpxml(sequence)
    check_structure(text)
    found = read_fcpxml(text)
    assert found.name == sequence.name
    assert found.edits[0].name == media.path.rsplit("/", 1)[-1]


def test_other_rates_are_refused(cut_of: CutOf, film: Film) -> None:
    for rate in (Fraction(25, 2), Fraction(48), Fraction(120), Fraction(2997, 100)):
        with pytest.raises(TimelineError, match=f"no rate of {rate} .*--to otio"):
            write_fcpxml(cut_of([(0, 5)], film(rate=rate)))
