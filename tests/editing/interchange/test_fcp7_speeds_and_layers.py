"""Backwards, stills, nested sequences and tracks over each other, as FCP7 XML writes them."""

import sys
from fractions import Fraction
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shown_frames import shown

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.layers import picture_of
from ingest.timecode import FrameRange

RATE = Fraction(25)


_RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
_FILE = (
    '<file id="f{0}"><name>{0}.mov</name>' + _RATE + "<duration>500</duration><timecode>" + _RATE
    + "<string>00:00:04:00</string><displayformat>NDF</displayformat></timecode></file>"
)  # fmt: skip


def _item(name: str, start: int, end: int, first: int, *inner: str, file: str = "") -> str:
    return (
        f'<clipitem id="{name}"><name>{name}</name>{_RATE}<start>{start}</start><end>{end}</end>'
        f"<in>{first}</in><out>{first + end - start}</out>{file}{''.join(inner)}</clipitem>"
    )


def _fcp7(*tracks: str, audio: str = "") -> str:
    inside = "".join(f"<track>{track}</track>" for track in tracks)
    return (
        f'<xmeml version="5"><sequence id="s"><name>t</name><duration>100</duration>{_RATE}'
        f"<timecode>{_RATE}<string>01:00:00:00</string><displayformat>NDF</displayformat>"
        f"</timecode><media><video>{inside}</video>{audio}</media></sequence></xmeml>"
    )


def _remap(reverse: str, *keys: tuple[int, int]) -> str:
    told = "".join(f"<keyframe><when>{w}</when><value>{v}</value></keyframe>" for w, v in keys)
    return (
        "<filter><effect><effectid>timeremap</effectid><parameter><parameterid>reverse"
        f"</parameterid><value>{reverse}</value></parameter><parameter><parameterid>graphdict"
        f"</parameterid>{told}</parameter></effect></filter>"
    )


def test_fcp7_plays_backwards_by_the_keyframes_of_its_speed() -> None:
    """At the in it is at frame 40, one behind the one that shows; at the out at 30."""
    text = _fcp7(_item("a", 0, 10, 5, _FILE.format("A"), _remap("TRUE", (5, 41), (15, 31))))
    (edit,) = read_fcp7xml(text).edits
    assert (edit.speed, shown(edit)) == (-1, [100 + 39 - k for k in range(10)])


def test_fcp7_stands_still_by_a_still_frame_or_a_speed_without_any() -> None:
    still = "<stillframe>TRUE</stillframe><stillframeoffset>12</stillframeoffset>"
    text = _fcp7(
        _item("a", 0, 10, 5, _FILE.format("A"), still)
        + _item("b", 10, 20, 5, '<file id="fA"/>', _remap("FALSE", (5, 30), (15, 30)))
    )
    first, second = read_fcp7xml(text).edits
    assert (shown(first), shown(second)) == ([112] * 10, [130] * 10)
    with pytest.raises(TimelineError, match="'a'> is a still, and no <stillframeoffset>"):
        read_fcp7xml(text.replace("<stillframeoffset>12</stillframeoffset>", ""))


def _nested(*tracks: str) -> str:
    inside = "".join(f"<track>{track}</track>" for track in tracks)
    return (
        f'<sequence id="n"><name>inner</name>{_RATE}<media><video>{inside}</video></media>'
        "</sequence>"
    )


def test_a_nested_sequence_of_fcp7_is_laid_flat() -> None:
    """The inner one: A for 20 frames, then B; of it frames 15 to 24 show at record frame 30."""
    inner = _nested(
        _item("a", 0, 20, 0, _FILE.format("A")) + _item("b", 20, 60, 7, _FILE.format("B"))
    )
    again = _item("m", 40, 45, 18, '<sequence id="n"/>')
    found = read_fcp7xml(_fcp7(_item("n", 30, 40, 15, inner) + again))
    assert [(e.name, e.source, e.record) for e in found.edits] == [
        ("A.mov", FrameRange(115, 120), FrameRange(30, 35)),
        ("B.mov", FrameRange(107, 112), FrameRange(35, 40)),
        ("A.mov", FrameRange(118, 120), FrameRange(40, 42)),
        ("B.mov", FrameRange(107, 110), FrameRange(42, 45)),
    ]


def test_what_a_nested_sequence_cannot_be_laid_flat_for_is_told() -> None:
    inner = _nested(_item("a", 0, 20, 0, _FILE.format("A")))
    cases = {
        _item("n", 30, 40, 5, inner, _remap("TRUE", (5, 1), (15, 9))): "with a filter over it",
        _item("n", 30, 40, 5, inner.replace("25", "24")): "a sequence of another rate; decompose",
        _item("n", 30, 40, 5, inner).replace("<out>15", "<out>25"): "at another speed; decompose",
    }
    for item, complaint in cases.items():
        with pytest.raises(TimelineError, match=complaint):
            read_fcp7xml(_fcp7(item))
    loop = _nested(_item("x", 0, 20, 0, '<sequence id="n"/>'))
    with pytest.raises(TimelineError, match="sequences within more than 12 others"):
        read_fcp7xml(_fcp7(_item("n", 30, 40, 5, loop)))


def test_a_dissolve_into_a_nested_sequence_is_one_into_the_clip_that_it_begins_with() -> None:
    mix = (
        f"<transitionitem><start>26</start><end>34</end><alignment>center</alignment>{_RATE}"
        "<effect><name>Cross Dissolve</name></effect></transitionitem>"
    )
    inner = _nested(
        _item("a", 0, 20, 0, _FILE.format("A")) + _item("b", 20, 60, 7, '<file id="fA"/>')
    )

    def at(first: int) -> str:
        """From -1, a dissolve of 8 frames, to 50: 24 frames of the inner one from `first` on."""
        item = _item("n", 26, 50, first, inner).replace("<start>26", "<start>-1")
        before = _item("x", 0, 34, 90, _FILE.format("X")).replace("<end>34", "<end>-1")
        return _fcp7(before + mix + item)

    found = read_fcp7xml(at(4))
    assert [(e.name, e.source, e.record, e.transition) for e in found.edits] == [
        ("X.mov", FrameRange(190, 220), FrameRange(0, 30), None),
        ("A.mov", FrameRange(108, 120), FrameRange(30, 42), Transition("dissolve", 4, 4)),
        ("A.mov", FrameRange(107, 115), FrameRange(42, 50), None),
    ]
    with pytest.raises(TimelineError, match="the transition at its end shows more than one clip"):
        read_fcp7xml(at(18))


def _levels(clips: int, levels: int) -> str:
    """Sequences within each other, each showing all of the next one again and again."""
    described, frames = "", 20
    clip = _item("a", 0, 20, 0, _FILE.format("A"))
    for level in range(levels):
        described += (
            f'<sequence id="q{level}"><name>q</name>{_RATE}<media><video><track>{clip}</track>'
            "</video></media></sequence>"
        )
        clip = "".join(
            _item(f"c{level}", frames * k, frames * (k + 1), 0, f'<sequence id="q{level}"/>')
            for k in range(clips)
        )
        frames *= clips
    return _fcp7(clip).replace("</xmeml>", f"{described}</xmeml>")


def test_sequences_that_multiply_within_each_other_are_refused_before_they_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten deep, each showing the next one fifty times: 50^10 clips."""
    monkeypatch.setattr("editing.interchange.fcp7xml_reader._MOST_EDITS", 9_000)
    with pytest.raises(TimelineError, match="is past 9,000 edits"):
        read_fcp7xml(_levels(50, 10))
    assert len(read_fcp7xml(_levels(3, 4)).edits) == 3**4


def test_of_two_tracks_the_upper_one_is_seen() -> None:
    lower = _item("a", 0, 50, 0, _FILE.format("A"))
    upper = _item("b", 10, 20, 200, _FILE.format("B")) + _item("c", 60, 70, 0, '<file id="fB"/>')
    edits, told = picture_of(read_fcp7xml(_fcp7(lower, upper)))
    assert [(e.track, e.name, e.source, e.record) for e in edits] == [
        ("V1", "A.mov", FrameRange(100, 110), FrameRange(0, 10)),
        ("V1", "B.mov", FrameRange(300, 310), FrameRange(10, 20)),
        ("V1", "A.mov", FrameRange(120, 150), FrameRange(20, 50)),
        ("V1", "B.mov", FrameRange(100, 110), FrameRange(60, 70)),
    ]
    assert told == ["the timeline has 2 video tracks; what is seen of them is taken"]
    disabled = _fcp7(lower, f"<enabled>FALSE</enabled>{upper}")
    found = read_fcp7xml(disabled)
    assert (len(found.edits), found.remarks) == (1, ("track V2 is disabled and left aside",))


def test_an_upper_clip_that_is_not_plain_is_told_by_its_timecode() -> None:
    look = "<filter><effect><name>Opacity</name><effectid>opacity</effectid></effect></filter>"
    lower = _item("a", 0, 50, 0, _FILE.format("A"))
    read = read_fcp7xml(_fcp7(lower, _item("b", 10, 20, 200, _FILE.format("B"), look)))
    complaint = "track V2: the clip of 'B.mov' at 01:00:00:10 has 'Opacity', so what lies below"
    with pytest.raises(TimelineError, match=complaint):
        picture_of(read)
    fade = (
        f"<transitionitem><start>10</start><end>15</end><alignment>start-black</alignment>{_RATE}"
        "</transitionitem>"
    )
    read = read_fcp7xml(_fcp7(lower, fade + _item("b", 10, 20, 200, _FILE.format("B"))))
    with pytest.raises(TimelineError, match=r"'B\.mov' at 01:00:00:10 fades over what lies below"):
        picture_of(read)
