"""Pictures of HDR and of wide gamut in BT.709: a table of colours, laid over each picture.

Light up to about half of what an SDR display gives stays as it is; what is brighter is bent into
the rest by the curve of ITU-R BT.2390-10, 5.4.1 (the EETF), on the greatest of R, G and B, so that
hues stay. Diffuse white, 203 cd/m2 (ITU-R BT.2408), comes out just below SDR's white. Colours that
BT.709 has not are cut off at its edge. Only the static picture is mapped: nothing of Dolby Vision
or HDR10+ is read.
"""

import struct
import tempfile
from pathlib import Path

import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from editing.finish.colours import Colours, scaler_name
from editing.finish.filters import buffer_of

Doubles = NDArray[np.float64]

SDR_WHITE = 203.0
"""cd/m2 that SDR's white stands for."""
_USUAL_PEAK = 1000.0
"""cd/m2 of the display that HDR was graded on, where the film does not say."""
_POINTS = 33
"""Of the table, along each of R, G and B."""
_GAMMA = 2.4
"""Of an SDR display: ITU-R BT.1886 with a black of 0."""
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073
_WHITE = (0.3127, 0.3290)
_CORNERS = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""x and y of red, green and blue: BT.709, BT.2020 and P3, whose white is taken for D65."""
_LUMINANCE_RATIOS = 8
"""Ratios before those of the luminance in FFmpeg's AVMasteringDisplayMetadata."""


class ToneMapper:
    """Makes the pictures of one film BT.709, at a size; keeps one graph of filters for them."""

    def __init__(self, colours: Colours, peak: float, matrix: int) -> None:
        """Map from what a film's numbers mean.

        Args:
            colours: The film's.
            peak: cd/m2 of its brightest white; see `peak_of`.
            matrix: Of the pictures that come out, a code of H.273; their light is BT.709's.
        """
        self.colours, self.peak, self.matrix = colours, peak, matrix
        self._graph: Graph | None = None
        self._of: tuple[object, ...] = ()

    def map(self, frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
        """A picture in BT.709, `yuv420p` of the limited range, of (width, height)."""
        of = (frame.width, frame.height, frame.format.name, int(frame.color_range), size)
        if self._graph is None or of != self._of:
            self._graph, self._of = self._made(frame, size), of
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _made(self, frame: VideoFrame, size: tuple[int, int]) -> Graph:
        graph, (width, height) = Graph(), size
        with tempfile.TemporaryDirectory(prefix="reel-") as folder:
            table = Path(folder) / "table.cube"
            table.write_text(cube(self.colours, self.peak), encoding="ascii")
            scale = {"w": str(width), "h": str(height), "flags": "bilinear"}
            steps = [
                buffer_of(graph, frame),
                graph.add("scale", **scale, in_color_matrix=_filter_name(self.colours.matrix)),
                graph.add("format", "gbrp12"),
                graph.add("lut3d", file=str(table), interp="tetrahedral"),
                graph.add("scale", out_color_matrix=_filter_name(self.matrix), out_range="tv"),
                graph.add("format", "yuv420p"),
                graph.add("buffersink"),
            ]
            graph.link_nodes(*steps).configure()
        return graph


def peak_of(frame: VideoFrame) -> float:
    """cd/m2 of the display that a film was graded on: as its first picture says, or 1000."""
    told = frame.side_data.get("MASTERING_DISPLAY_METADATA")
    content = bytes(told) if isinstance(told, SideData) else b""
    if len(content) < 8 * (_LUMINANCE_RATIOS + 2):
        return _USUAL_PEAK
    ratios = struct.unpack_from(f"={2 * (_LUMINANCE_RATIOS + 2)}i", content)
    over, under = ratios[-2:]
    peak = over / under if under else 0.0
    return peak if SDR_WHITE <= peak <= 10_000 else _USUAL_PEAK


def cube(colours: Colours, peak: float) -> str:
    """The table as a file of LUTs has it: red counts fastest."""
    steps = np.linspace(0, 1, _POINTS)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    mapped = to_hd(np.stack([red, green, blue], axis=-1).reshape(-1, 3), colours, peak)
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in mapped.tolist())
    return f"LUT_3D_SIZE {_POINTS}\n{rows}\n"


def to_hd(signal: Doubles, colours: Colours, peak: float) -> Doubles:
    """R, G and B, `(n, 3)` from 0 to 1, as BT.709 has them on an SDR display.

    Args:
        signal: As a film has them.
        colours: What they mean there.
        peak: cd/m2 of the film's brightest white, if it is HDR.
    """
    if colours.transfer == 16:
        light = pq_light(signal)
    elif colours.transfer == 18:
        light = _hlg_light(signal)
        peak = _USUAL_PEAK
    else:
        light, peak = SDR_WHITE * signal**_GAMMA, SDR_WHITE
    brightest = light.max(axis=1, keepdims=True)
    light = light * eetf(brightest, peak) / np.maximum(brightest, 1e-9)
    own = light @ (np.linalg.inv(_to_xyz(1)) @ _to_xyz(colours.primaries)).T
    shown: Doubles = np.clip(own / SDR_WHITE, 0, 1) ** (1 / _GAMMA)
    return shown


def pq_light(signal: Doubles) -> Doubles:
    """cd/m2 of a signal from 0 to 1, by the PQ curve (SMPTE ST 2084)."""
    root = signal ** (1 / _M2)
    light: Doubles = 10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    return light


def pq_signal(light: Doubles) -> Doubles:
    """The signal, 0 to 1, of so many cd/m2."""
    power = (np.maximum(light, 0) / 10_000) ** _M1
    signal: Doubles = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return signal


def eetf(light: Doubles, peak: float, target: float = SDR_WHITE) -> Doubles:
    """Light of a display of `peak` cd/m2, bent to one of `target`, whose black is 0 as well.

    BT.2390-10, 5.4.1: in PQ, as shares of the peak's; a Hermite spline from the knee on.
    """
    if peak <= target:
        return np.minimum(light, target)
    top = float(pq_signal(np.array(peak)))
    most = float(pq_signal(np.array(target))) / top
    knee = 1.5 * most - 0.5
    share = np.minimum(pq_signal(light) / top, 1)
    t = np.maximum(share - knee, 0) / (1 - knee)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * most
    )
    return pq_light(np.where(share < knee, share, bent) * top)


def _hlg_light(signal: Doubles) -> Doubles:
    """cd/m2 on a display of 1000 (BT.2100, table 5: inverse OETF, then OOTF with gamma 1.2)."""
    low = signal**2 / 3
    high = (np.exp((signal - _HLG_C) / _HLG_A) + _HLG_B) / 12
    scene = np.where(signal <= 0.5, low, high)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    light: Doubles = _USUAL_PEAK * np.maximum(luminance, 1e-9)[:, None] ** 0.2 * scene
    return light


def _to_xyz(primaries: int) -> Doubles:
    """From linear R, G and B to X, Y and Z (SMPTE RP 177); BT.709's for any not known here."""
    corners = _CORNERS.get(primaries, _CORNERS[1])
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in corners]).T
    x, y = _WHITE
    white = np.array([x / y, 1.0, (1 - x - y) / y])
    whole: Doubles = columns * np.linalg.solve(columns, white)
    return whole


def _filter_name(matrix: int) -> str:
    """A matrix as the filter `scale` names it."""
    return {1: "bt709", 4: "fcc", 5: "bt470", 7: "smpte240m", 9: "bt2020"}[scaler_name(matrix)]
