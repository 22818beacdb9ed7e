"""FCPXML of other systems, made by hand after Apple's published structure, and what is refused."""

from fractions import Fraction

import pytest

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.fcpxml_reader import read_fcpxml
from ingest.timecode import FrameRange

FINAL_CUT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>

<fcpxml version="1.11">
  <resources>
    <format id="r1" name="FFVideoFormat1080p25" frameDuration="100/2500s" width="1920"
      height="1080" colorSpace="1-1-1 (Rec. 709)"/>
    <asset id="r2" name="A001" uid="55F2" start="3600s" hasVideo="1" format="r1" hasAudio="1"
      videoSources="1" audioSources="1" audioChannels="2" audioRate="48000" duration="250/25s">
      <media-rep kind="proxy-media" src="file:///Volumes/Proxy/A001%20proxy.mov"/>
      <media-rep kind="original-media" sig="55F2" src="file:///Volumes/Rushes/A001%20one.mov">
        <bookmark>Ym9va21hcms=</bookmark>
      </media-rep>
      <metadata><md key="com.apple.proapps.studio.reel" value="A001"/></metadata>
    </asset>
    <asset id="r3" name="still life" start="0s" hasVideo="1" format="r1" duration="100s"
      src="file:///Volumes/Rushes/still.mov"/>
    <asset id="r4" name="tune" start="0s" hasAudio="1" audioSources="1" audioChannels="1"
      audioRate="44100" duration="5880875/44100s">
      <media-rep src="file:///Volumes/Music/tune.wav"/>
    </asset>
    <effect id="r9" name="Cross Dissolve" uid="FxPlug:4731E73A"/>
  </resources>
  <library location="file:///Users/ana/Movies/harbour.fcpbundle/">
    <event name="harbour">
      <asset-clip ref="r2" name="browser clip" duration="10s" start="3600s" format="r1"/>
      <project name="harbour &amp; sea" uid="1F" modDate="2024-01-01 00:00:00 +0000">
        <sequence format="r1" duration="425/25s" tcStart="3600s" tcFormat="NDF"
          audioLayout="stereo" audioRate="48k">
          <spine>
            <!-- frames 50 to 74 of the file -->
            <asset-clip ref="r2" offset="3600s" name="A001" start="90050/25s" duration="1s"
              format="r1" tcFormat="NDF" audioRole="dialogue">
              <note>the best take</note>
              <adjust-conform type="fit"/>
              <adjust-volume amount="-3dB"/>
              <marker start="90055/25s" duration="1/25s" value="wave"/>
              <filter-video ref="r9"/>
            </asset-clip>
            <gap name="Gap" offset="3601s" start="3600s" duration="200/100s"><note>rest</note></gap>
            <clip name="in a clip" offset="3603s" start="1s" duration="3/25s" format="r1">
              <video ref="r2" offset="0s" start="3600s" duration="250/25s">
                <audio ref="r2" lane="-1" offset="3600s" start="3600s" duration="250/25s"
                  srcCh="1, 2" role="dialogue"/>
              </video>
            </clip>
            <video ref="r3" name="still life" duration="2s" start="5s"/>
            <asset-clip ref="r4" name="tune" offset="3610s" start="1s" duration="1s"/>
            <asset-clip ref="r2" offset="3611s" name="seen only" start="3600s" duration="1s"
              srcEnable="video"/>
          </spine>
        </sequence>
      </project>
    </event>
  </library>
</fcpxml>
"""

RESOLVE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.10">
  <resources>
    <format height="1080" id="r0" name="FFVideoFormat1080p2997" width="1920"
      frameDuration="1001/30000s"/>
    <asset hasVideo="1" name="Sea.mov" format="r0" start="10/1s" duration="900900/30000s" id="r1">
      <media-rep kind="original-media" src="Sea.mov"/>
    </asset>
  </resources>
  <library><event name="sea"><project name="sea">
    <sequence tcStart="107999892/30000s" format="r0" tcFormat="DF">
      <spine>
        <asset-clip ref="r1" offset="107999892/30000s" start="300300/30000s"
          duration="30030/30000s" tcFormat="DF" enabled="1"/>
        <asset-clip ref="r1" start="330330/30000s" duration="1001/30000s" tcFormat="DF"/>
      </spine>
    </sequence>
  </project></event></library>
</fcpxml>
"""


def frames(*numbers: int) -> tuple[FrameRange, FrameRange]:
    """Of source, then of record: first and last but one."""
    return FrameRange(*numbers[:2]), FrameRange(*numbers[2:])


def test_a_final_cut_project_is_read() -> None:
    found = read_fcpxml(FINAL_CUT)
    assert (found.name, found.rate, found.drop) == ("harbour & sea", 25, False)
    assert found.start == 90_000
    file, hour = "A001 one.mov", 90_000
    pictures = [(e.name, e.source, e.record) for e in found.track("V1")]
    assert pictures == [
        (file, *frames(hour + 50, hour + 75, 0, 25)),
        (file, *frames(hour + 25, hour + 28, 75, 78)),
        ("still.mov", *frames(125, 175, 78, 128)),
        (file, *frames(hour, hour + 25, 275, 300)),
    ]
    assert [(e.name, e.source, e.record) for e in found.track("A1")] == [
        *pictures[:2],
        ("tune.wav", *frames(25, 50, 250, 275)),
    ]
    assert len(found.track("A2")) == 2
    assert len(found.edits) == 4 + 3 + 2


def test_a_drop_frame_project_is_read_and_an_offset_may_be_left_out() -> None:
    found = read_fcpxml(RESOLVE)
    assert (found.rate, found.drop, found.start) == (Fraction(30000, 1001), True, 107_892)
    assert [(e.track, e.name, e.source, e.record) for e in found.edits] == [
        ("V1", "Sea.mov", *frames(300, 330, 0, 30)),
        ("V1", "Sea.mov", *frames(330, 331, 30, 31)),
    ]


MIX = '<transition name="Cross Dissolve" offset="{}/25s" duration="{}/25s"/>'
SPEED = (
    '<timeMap><timept time="3600s" value="3600s"/><timept time="3601s" value="{}s"/>'
    '<timept time="3602s" value="{}s"/></timeMap>'
)
FIRST = 'start="90050/25s" duration="1s"'
GAP = '<gap name="Gap" offset="3601s" start="3600s" duration="200/100s"><note>rest</note></gap>'
AUDIO = 'offset="3600s" start="3600s" duration="250/25s"\n                  srcCh'
VIDEO = '<video ref="r2" offset="0s" start="3600s" duration="250/25s">'
STILL = '<video ref="r3" name="still life" duration="2s" start="5s"/>'


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        # what moves frames, or shows others beside them
        (GAP, f"{2 * MIX.format('90013', 24)}", "item 3 .*follows another transition"),
        (GAP, MIX.format("89000", 24), "item 2 .*does not lie over the beginning of what follows"),
        (GAP, MIX.format("90025", 0), "item 2 .*lasts 0 frames"),
        (GAP, '<ref-clip ref="r2" duration="1s"/>', "refers to 'r2', which is no compound clip"),
        (GAP, '<mc-clip ref="r2" duration="1s"/>', "multicam clips are not read"),
        (GAP, '<title ref="r9" duration="1s"/>', "titles are not read"),
        (GAP, '<spine><gap duration="1s"/></spine>', "secondary storylines are not read"),
        ("<note>the best take</note>", "<timeMap/>", "<timeMap>: 0 points in order of time"),
        ("<note>the best take</note>", SPEED.format("3602", "3605"), "speed within a clip are not"),
        ("<note>the best take</note>", SPEED.format("3800", "4000"), "asks for media that its"),
        ("<note>the best take</note>", "<spine/>", "holds <spine>: secondary storylines are"),
        ("<note>the best take</note>", '<video lane="1"/>', "connected <video .* refers to ''"),
        ("<note>the best take</note>", '<mc-clip lane="1"/>', "<mc-clip>: multicam clips are not"),
        ("<note>rest</note>", '<asset-clip ref="r2"/>', "item 2 .*connected clips are not read"),
        (FIRST, f'{FIRST} enabled="0"', "item 1 .*is disabled"),
        (FIRST, f'{FIRST} lane="1"', "item 1 .*lies on a lane, and is connected to nothing"),
        (FIRST, f'{FIRST} audioStart="3601s"', "its sound begins before the sequence"),
        (FIRST, f'{FIRST} audioDuration="1/30s"', "audioDuration of 1/30 s is not a whole number"),
        ('duration="3/25s"', 'duration="3/25s" audioStart="1s"', "split edits in a <clip> are not"),
        (FIRST, f'{FIRST} srcEnable="some"', "no srcEnable 'some'"),
        (AUDIO, AUDIO.replace('t="3600s"', 't="3601s"', 1), "<audio> is out of step"),
        (f'ref="r2" lane="-1" {AUDIO}', f'ref="r4" lane="-1" {AUDIO}', "sound of another file"),
        (AUDIO, AUDIO.replace("250/25s", "1s"), "<audio> does not cover its <clip>"),
        # times
        (FIRST, 'start="90050/25s" duration="1/24s"', "duration of 1/24 s is not a whole number"),
        (FIRST, 'start="180101/50s" duration="1s"', "start of 180101/50 s is not a whole number"),
        ('offset="3601s"', 'offset="360101/100s"', "offset of 360101/100 s is not a whole"),
        ('tcStart="3600s"', 'tcStart="1/3s"', "<sequence>: tcStart of 1/3 s is not a whole"),
        ('offset="3601s"', 'offset="90024/25s"', "item 2 .*overlaps what is before it by 1 frames"),
        ('offset="3600s" name="A001"', 'offset="3599s"', "overlaps the sequence by 25 frames"),
        (FIRST, 'start="90050/25s" duration="0s"', "lasts 0 frames"),
        (FIRST, 'start="90050/25s" duration="-1s"', "duration is '-1s'; expected rational"),
        (FIRST, 'start="90050/25s" duration="1/0s"', "duration is '1/0s'; expected rational"),
        (FIRST, 'start="90050/25s" duration="1.5s"', "duration is '1.5s'; expected rational"),
        (FIRST, 'start="90050/25s" duration="25"', "duration is '25'; expected rational"),
        (FIRST, 'start="90050/25s" duration="١s"', "duration is '١s'; expected rational"),
        (FIRST, f'start="{"9" * 5000}s" duration="1s"', "start is '9{40}'; expected rational"),
        (FIRST, 'start="89999/25s" duration="1s"', "asks for media that its <asset> does not"),
        (FIRST, 'start="90240/25s" duration="1s"', "asks for media that its <asset> does not"),
        (FIRST, 'duration="1s"', "lacks start, and its <asset> does not begin at 0"),
        (STILL, STILL.replace('duration="2s"', ""), None),  # the rest of the file: 95 s
        (GAP, "<gap/>", "item 2 .*lacks duration"),
        # rates
        ('frameDuration="100/2500s"', 'frameDuration="1/23s"', "1/23 s is of no rate that is read"),
        ('frameDuration="100/2500s"', 'frameDuration="0s"', "0 s is of no rate that is read"),
        ('frameDuration="100/2500s"', "", "<format id='r1'> lacks frameDuration"),
        ('tcFormat="NDF"\n', 'tcFormat="DF"\n', "<sequence>: no tcFormat 'DF' at 25.000"),
        ('tcFormat="NDF"\n', 'tcFormat="no"\n', "<sequence>: no tcFormat 'no'"),
        # references
        ('<sequence format="r1"', '<sequence format="r2"', "'r2', which is no <format>"),
        ('ref="r3" name', 'ref="r9" name', "<video.*refers to 'r9', which is no <asset>"),
        ('ref="r3" name', "name", "refers to '', which is no <asset>"),
        ('ref="r3" name', 'ref="r4" name', "has neither picture nor sound"),
        ('audioChannels="2"', 'audioChannels="999"', "'r2'>: audioChannels of '999'"),
        ('audioChannels="2"', 'audioChannels="two"', "'r2'>: audioChannels of 'two'"),
        ("file:///Volumes/Rushes/still.mov", "file://[", "<asset id='r3'>: src is not an address"),
        # the document
        ('<fcpxml version="1.11">', '<fcpxml version="2">', "of version '2', not of 1.x"),
        ('<project name="harbour', '<project/><project name="harbour', "holds 2 projects"),
        ("</fcpxml>", "", "not an XML document"),
    ],
)
def test_what_is_wrong_or_not_read_is_named(before: str, after: str, complaint: str | None) -> None:
    assert before in FINAL_CUT
    text = FINAL_CUT.replace(before, after, 1)
    if complaint is None:
        with pytest.raises(TimelineError, match="overlaps what is before it"):
            read_fcpxml(text)
        return
    with pytest.raises(TimelineError, match=complaint):
        read_fcpxml(text)


def test_what_other_systems_write_beside_cuts_is_read_or_told() -> None:
    """A dissolve over a join, sound that begins later, twice the speed, a level, marks, a wipe."""
    text = FINAL_CUT.replace(GAP, '<transition offset="90013/25s" duration="1s"><filter-video '
                             'ref="r9"/><filter-audio ref="r9"/></transition>')  # fmt: skip
    text = text.replace(
        '<clip name="in a clip" offset="3603s"',
        '<asset-clip ref="r2" offset="3601s" start="3605s" duration="10/25s" audioStart="3605s" '
        'audioDuration="8/25s"><timeMap><timept time="0s" value="0s"/><timept time="3605s" '
        'value="3605s"/></timeMap><marker start="90130/25s" value="five &amp; in"/>'
        '<chapter-marker start="9s" value="not seen"/></asset-clip>'
        '<transition name="Wipe" offset="90033/25s" duration="4/25s"/>'
        '<clip name="in a clip" offset="90035/25s"',
    )
    found = read_fcpxml(text)
    mixed, wiped = found.track("V1")[1:3]
    assert mixed.transition == Transition("dissolve", 12, 13)
    assert mixed.record == FrameRange(25, 35)
    assert mixed.source == FrameRange(90_125, 90_135)
    assert wiped.transition == Transition("dissolve", 2, 2)
    first, second = found.track("A1")[:2]
    assert (first.gain, first.transition) == (-3.0, None)
    assert (second.record, second.transition) == (FrameRange(25, 33), None)
    assert [(m.frame, m.text) for m in found.markers] == [(5, "wave"), (30, "five & in")]
    assert found.remarks == (
        "item 4 of the <spine>, <transition name='Wipe'>: 'Wipe' is read as a dissolve",
        "1 <adjust-conform> left aside",
        "1 <filter-video> left aside",
    )


def test_a_constant_speed_is_read_of_its_points() -> None:
    points = ('time="3600s" value="3600s"', 'time="3605s" value="3610s"')
    speed = f"<timeMap>{''.join(f'<timept {point}/>' for point in points)}</timeMap>"
    found = read_fcpxml(FINAL_CUT.replace("<note>the best take</note>", speed))
    first = found.track("V1")[0]
    assert (first.record.frames, first.source.frames, first.speed) == (25, 50, 2)
    assert first.source.start == 90_000 + 2 * 50


def test_a_fade_at_the_end_is_told() -> None:
    text = FINAL_CUT.replace("</spine>", MIX.format("90275", 25) + "</spine>", 1)
    assert "a fade to black over 25 frames, which is not kept" in read_fcpxml(text).remarks[0]


def test_a_file_that_final_cut_speeds_up_to_the_sequences_rate_is_refused() -> None:
    """24 frames a second play as 25 in a sequence of 25, unless the rate conform is off."""
    slow = '<format id="r8" frameDuration="1/24s"/>'
    text = FINAL_CUT.replace('format="r1" duration="100s"', 'format="r8" duration="100s"')
    text = text.replace("<resources>", f"<resources>{slow}")
    with pytest.raises(TimelineError, match=r"24\.000 frames a second and sped up .* 25\.000"):
        read_fcpxml(text)
    for conform in ("<conform-rate/>", '<conform-rate srcFrameRate="24" scaleEnabled="1"/>'):
        inner = STILL.replace("/>", f">{conform}</video>")
        with pytest.raises(TimelineError, match="switch its rate conform off"):
            read_fcpxml(text.replace(STILL, inner))
    inner = STILL.replace("/>", '><conform-rate srcFrameRate="24" scaleEnabled="0"/></video>')
    (still,) = (e for e in read_fcpxml(text.replace(STILL, inner)).edits if e.conform != 1)
    assert (still.conform, still.speed, still.record) == (Fraction(24, 25), 1, FrameRange(78, 128))
    assert still.source == FrameRange(120, 168)  # from second 5 on, for 2 seconds


def test_media_of_a_multiple_of_the_rate_plays_as_fast_without_being_told_to() -> None:
    fast = '<format id="r8" frameDuration="1/50s"/>'
    text = FINAL_CUT.replace('format="r1" duration="100s"', 'format="r8" duration="100s"')
    found = read_fcpxml(text.replace("<resources>", f"<resources>{fast}"))
    (still,) = (e for e in found.edits if e.conform != 1)
    assert (still.conform, still.source) == (2, FrameRange(250, 350))


def test_other_documents_are_refused() -> None:
    with pytest.raises(TimelineError, match="<html>, not of <fcpxml>"):
        read_fcpxml("<html/>")
    with pytest.raises(TimelineError, match="holds 0 projects"):
        read_fcpxml('<fcpxml version="1.10"/>')
    with pytest.raises(TimelineError, match="<project> lacks <sequence>"):
        read_fcpxml('<fcpxml version="1.10"><project/></fcpxml>')
    text = RESOLVE.replace("<asset-clip", "<gap").replace("<gap ref", "<gap name")
    with pytest.raises(TimelineError, match="holds no clip"):
        read_fcpxml(text)


@pytest.mark.parametrize(
    ("sources", "channels"), [('srcCh="1, 1"', 1), ('srcCh="2"', 1), ('srcCh="1, 2"', 2), ("", 2)]
)
def test_a_clip_has_the_channels_that_its_sound_names(sources: str, channels: int) -> None:
    found = read_fcpxml(FINAL_CUT.replace('srcCh="1, 2"', sources))
    inner = [edit.track for edit in found.edits if edit.record == FrameRange(75, 78)]
    assert inner == ["V1", "A1", "A2"][: 1 + channels]
