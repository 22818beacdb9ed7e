"""FCP7 XML as Premiere and Final Cut 7 write it, made by hand."""

from fractions import Fraction

import pytest

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.sequence import Marker
from ingest.timecode import FrameRange

RATE = "<rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate>"
FILE = f"""<file id="file-{{0}}"><name>{{1}}</name><pathurl>file://localhost/rushes/{{1}}</pathurl>
{RATE}<duration>1800</duration><timecode>{RATE}<string>{{2}}</string>
<displayformat>{{3}}</displayformat><reel><name>R{{0}}</name></reel></timecode></file>"""
PREMIERE = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="4"><project><children><sequence id="s"><name>harbour</name><duration>150</duration>
{RATE}<timecode>{RATE}<string>01;00;00;00</string><frame>107892</frame>
<displayformat>DF</displayformat></timecode>
<marker><comment>keep this</comment><name>M1</name><in>31</in><out>-1</out></marker>
<media><video><track>
 <clipitem id="v1"><name>bell</name><enabled>TRUE</enabled><duration>1800</duration>{RATE}
  <start>0</start><end>-1</end><in>100</in><out>145</out>
  {FILE.format(1, "bell.mov", "00;01;00;02", "DF")}
  <filter><effect><name>Basic Motion</name><effectid>basic</effectid></effect></filter>
 </clipitem>
 <transitionitem><start>15</start><end>45</end><alignment>center</alignment>
  <cutPointTicks>127135008000</cutPointTicks>{RATE}
  <effect><name>Cross Dissolve</name><effectid>Cross Dissolve</effectid>
  <effectcategory>Dissolve</effectcategory></effect></transitionitem>
 <clipitem id="v2"><name>sea</name><enabled>TRUE</enabled><duration>1800</duration>{RATE}
  <start>-1</start><end>90</end><in>200</in><out>275</out>
  {FILE.format(2, "sea shore.mov", "10:00:00:00", "NDF")}</clipitem>
 <clipitem id="v3"><name>sea</name><duration>900</duration>{RATE}
  <start>100</start><end>130</end><in>50</in><out>80</out><file id="file-2"/>
  <filter><effect><name>Time Remap</name><effectid>timeremap</effectid>
   <parameter><parameterid>variablespeed</parameterid><value>0</value></parameter>
   <parameter><parameterid>speed</parameterid><value>200</value></parameter>
   <parameter><parameterid>reverse</parameterid><value>FALSE</value></parameter>
  </effect></filter></clipitem>
 <transitionitem><start>120</start><end>130</end><alignment>end-black</alignment>{RATE}
  <effect><name>Cross Dissolve</name></effect></transitionitem>
</track></video><audio><track>
 <clipitem id="a1"><name>bell</name>{RATE}<start>0</start><end>24</end><in>100</in><out>124</out>
  <file id="file-1"/><filter><effect><name>Audio Levels</name><effectid>audiolevels</effectid>
  <parameter><parameterid>level</parameterid><value>0.501187</value></parameter></effect></filter>
 </clipitem>
 <clipitem id="a2"><name>sea</name>{RATE}<start>24</start><end>90</end><in>209</in><out>275</out>
  <file id="file-2"/></clipitem>
 <enabled>TRUE</enabled><locked>FALSE</locked><outputchannelindex>1</outputchannelindex>
</track></audio></media></sequence></children></project></xmeml>"""


def test_a_sequence_of_premiere_is_read() -> None:
    """A dissolve of 30 frames whose join, by cutPointTicks, is 15 frames in: record frame 30."""
    found = read_fcp7xml(PREMIERE)
    assert (found.rate, found.drop, found.start) == (Fraction(30000, 1001), True, 107_892)
    bell, sea, fast = found.track("V1")
    assert (bell.name, bell.reel, bell.path) == ("bell.mov", "R1", "/rushes/bell.mov")
    assert bell.record == FrameRange(0, 30)
    assert bell.source == FrameRange(1800 + 100, 1800 + 130)  # 00;01;00;02 is frame 1800
    assert sea.record == FrameRange(30, 90)
    assert sea.source == FrameRange(1_080_000 + 215, 1_080_000 + 275)
    assert sea.transition == Transition("dissolve", 15, 15)
    assert (fast.speed, fast.record) == (2, FrameRange(100, 130))
    assert fast.source == FrameRange(1_080_000 + 100, 1_080_000 + 160)
    heard, led = found.track("A1")
    assert (heard.gain, heard.record.end) == (pytest.approx(-6.0, abs=1e-3), 24)
    assert (led.gain, led.record) == (0.0, FrameRange(24, 90))
    assert found.markers == (Marker(31, "keep this"),)
    assert found.remarks == (
        "V1: the edit of 'sea shore.mov' fades to black over its last 10 frames, which is not kept",
        "1 of <effect> 'Basic Motion' left aside",
    )


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (
            "<value>FALSE</value>",
            "<value>TRUE</value>",
            "or plays backwards, and no keyframes",
        ),
        ("<value>0</value>", "<value>1</value>", "'v3'> changes its speed on the way"),
        ("<value>200</value>", "<value>0</value>", "'v3'> stands still or plays backwards"),
        ("<value>200</value>", "<value>fast</value>", "'v3'>: a speed that is not read"),
        ("<value>0.501187</value>", "<value>loud</value>", "no level: 'loud'"),
        ("<value>0.501187</value>", "<value>nan</value>", "no level: 'nan'"),
        ("<start>15</start>", "<start>45</start>", "<transitionitem> from 45 to 45 is none"),
        ("<start>100</start>", "<start>80</start>", "30 frames of source in 50 of record"),
        (
            "<start>100</start><end>130</end>",
            "<start>80</start><end>110</end>",
            r"track V1: the edit of 'sea shore.mov' at 01:00:02;20 overlaps .* by 10 frames",
        ),
        ("<in>209</in>", "<in>२०९</in>", "<in> in <clipitem> is not a whole number"),
        (">R1<", f">{'R' * 9}<", None),
        ("00;01;00;02", "00;01;00;00", "one of the numbers that drop-frame skips"),
        ("file://localhost/rushes/bell.mov", "", None),
        ("<start>100</start><end>130</end>", "<start>9e9</start><end>130</end>", "<start> in"),
    ],
)
def test_what_is_wrong_is_named(before: str, after: str, complaint: str | None) -> None:
    assert before in PREMIERE
    text = PREMIERE.replace(before, after, 1)
    if complaint is None:
        assert read_fcp7xml(text).edits[0].name == "bell.mov"  # offline: by the name it has
        return
    with pytest.raises(TimelineError, match=complaint):
        read_fcp7xml(text)
