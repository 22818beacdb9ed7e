"""The value types of footage: a media file, its shots, and the transitions between them.

Frames are counted from 0 in decode order; a frame's time is its presentation timestamp (PTS).
No I/O: `video.py` opens files, `catalog.py` keeps what was found.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, NewType

import numpy as np
from numpy.typing import NDArray

from ingest.timecode import FrameRange

MediaId = NewType("MediaId", int)
Floats = NDArray[np.float32]
TransitionKind = Literal["start", "cut", "gradual"]

DEFAULT_MODEL = "efficientnet-lite0"
"""Which model's embeddings are meant where none is named."""


@dataclass(frozen=True, slots=True)
class Audio:
    """The sound of a media file: its first readable audio stream."""

    sample_rate: int
    """Samples per second and channel."""
    channels: int
    samples: int
    """Samples per channel that were decoded."""
    offset: Fraction
    """Seconds from the first frame of the picture to the first sample; below 0 if sound leads."""
    integrated_lufs: float | None
    """Integrated loudness, EBU R128; None where everything is below the gate."""
    layout: str | None = None
    """FFmpeg's name of the channel layout: `mono`, `stereo`, `5.1(side)`, …"""
    true_peak_dbtp: float | None = None
    """The greatest true peak, dB relative to full scale, BS.1770-4 annex 2; None for silence."""
    range_lu: float | None = None
    """Loudness range, EBU Tech 3342; None where everything is below the gate."""


@dataclass(frozen=True, slots=True)
class Colour:
    """How the numbers of a picture stand for colours, as the file says; None where it does not.

    Names are FFmpeg's, of the code points of ITU-T H.273.
    """

    primaries: str | None = None
    """Which red, green and blue: `bt709`, `bt2020`, …"""
    transfer: str | None = None
    """Which curve from light to numbers: `bt709`, `smpte2084` (PQ), `arib-std-b67` (HLG), …"""
    matrix: str | None = None
    """How luma and chroma are made of red, green and blue: `bt709`, `bt2020nc`, …"""
    range: str | None = None
    """`tv` (luma from 16 to 235 of 255) or `pc` (from 0 to 255)."""

    @property
    def high_dynamic_range(self) -> bool:
        """Whether the curve is one of those of HDR."""
        return self.transfer in ("smpte2084", "arib-std-b67")


@dataclass(frozen=True, slots=True)
class Media:
    """One footage file as ingest found it."""

    id: MediaId
    path: str
    """Where the file was when it was last ingested."""
    fingerprint: str
    """Hex; the same for the same content whatever its name or folder."""
    size_bytes: int
    container: str
    codec: str
    width: int
    """Pixels, as stored: before `rotation`."""
    height: int
    rotation: int
    """Degrees clockwise to turn the picture for display: 0, 90, 180 or 270."""
    rate: Fraction
    """Frames per second: exact for a constant rate, the nominal grid for a variable one."""
    variable_rate: bool
    time_base: Fraction
    """Seconds per PTS tick."""
    start_pts: int
    """PTS of the first frame; not always 0."""
    frames: int
    """Frames that decode, counted, not taken from a header."""
    start_timecode: str | None
    """Embedded source timecode of the first frame, if the file carries one."""
    audio: Audio | None
    warnings: tuple[str, ...] = ()
    """What was wrong with the file but did not stop it, for people."""
    duration: Fraction | None = None
    """Seconds from the first frame to the end of the last; None for `frames / rate`."""
    colour: Colour | None = None
    """None for a media that was ingested before this was read."""

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.replace("\\", "/").rsplit("/", 1)[-1]

    @property
    def seconds(self) -> Fraction:
        """How long the picture lasts."""
        return self.frames / self.rate if self.duration is None else self.duration

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height in pixels as a viewer sees them, after rotation."""
        return (self.height, self.width) if self.rotation % 180 else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Transition:
    """How one shot gives way to the next."""

    kind: TransitionKind
    """`start` for the first shot of a film, which nothing precedes."""
    first_frame: int
    """The first frame in which the new shot shows: the cut, or where a gradual one begins."""
    last_frame: int
    """The last frame that still mixes; equal to `first_frame` for a cut."""
    confidence: float
    """0 to 1."""

    def __post_init__(self) -> None:
        if not 0 <= self.first_frame <= self.last_frame:
            raise ValueError(f"need 0 <= first <= last, got {self.first_frame}, {self.last_frame}")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"a confidence lies in [0, 1], got {self.confidence}")


@dataclass(frozen=True, slots=True)
class Shot:
    """One unbroken run of frames, as a detector found it."""

    media: MediaId
    index: int
    """Position within its media, from 0."""
    span: FrameRange
    """Frames in decode order, end exclusive. The shots of a media tile it."""
    transition_in: Transition


@dataclass(frozen=True, slots=True)
class ShotMeasures:
    """Named numbers of each shot. A measure that does not exist for a shot is NaN."""

    names: tuple[str, ...]
    values: Floats
    """`(shots, names)`."""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"{self.values.shape = } does not fit {len(self.names)} names")

    def column(self, name: str) -> Floats:
        """One measure of every shot, `(shots,)`."""
        column: Floats = self.values[:, self.names.index(name)]
        return column


@dataclass(frozen=True, slots=True)
class Embeddings:
    """One vector of unit length per shot, all by one version of one model."""

    model: str
    version: str
    vectors: Floats
    """`(shots, dim)`, rows of unit length."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """Picture signatures over a film, for telling the same picture in another file."""

    frames: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """`(n,)`, rising: which frames; those that are too flat or dark to tell are left out."""
    values: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """`(n,)`, 64 bits each; alike pictures differ in few of them."""

    def __post_init__(self) -> None:
        if self.frames.shape != self.values.shape or self.frames.ndim != 1:
            raise ValueError(f"{self.frames.shape = } does not fit {self.values.shape = }")


@dataclass(frozen=True, slots=True)
class Curves:
    """Measures over film time, before they are averaged per shot."""

    frame_names: tuple[str, ...] = ()
    frame_values: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    """`(frames, frame_names)`."""
    loudness: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """`(blocks,)`, LUFS; momentary loudness (400 ms) every 100 ms, -inf for digital silence."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound of a film over time. Time 0 is the first sample; all are empty without sound."""

    levels: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """`(steps,)`, LUFS of each 100 ms, -inf for digital silence; longer blocks are means of it."""
    true_peaks: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """`(steps,)`, dBTP of each 100 ms, over all channels."""
    voice: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """`(chunks,)`, how likely somebody speaks, 0 to 1; a chunk is 512 samples at 16 kHz, 32 ms."""
    voiced: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    """`(stretches, 2)`, where somebody speaks: samples at 16 kHz, first and one after the last."""
    onsets: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """`(n,)`, onset strength, 0 or more: value `k` is of the moment `k / 50` s."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one pass over a file found, before it has an id in a catalogue."""

    media: Media
    """Its `id` is not yet one of the catalogue's."""
    detector: str
    shots: tuple[Shot, ...]
    frame_times: NDArray[np.int64]
    """`(frames,)`, PTS of every frame in decode order."""
    measures: ShotMeasures
    curves: Curves
    embeddings: tuple[Embeddings, ...]
    transition_scores: NDArray[np.float32]
    """`(frames,)`, the detector's score that a transition happens at each frame."""
    thumbnails: tuple[bytes, ...]
    """A JPEG for each shot."""
    sound: Sound = field(default_factory=Sound)
    picture_frames: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """`(shots,)`, the frame that each thumbnail and embedding was made of; empty if not known."""
    signatures: Signatures = field(default_factory=Signatures)
    proxy: Path | None = None
    """A review proxy beside its place in the catalogue, which takes it over; None for none."""
