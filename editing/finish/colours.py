"""How the numbers of pictures stand for colours, and what a render's are to stand for.

Codes are those of ITU-T H.273. What a film does not say is what players take for granted of a
picture of its size, and the render says it, so that it looks the same at any size.
"""

from dataclasses import dataclass
from pathlib import Path

from av.video.frame import VideoFrame

from editing.errors import RenderError

_UNSPECIFIED, _RGB = 2, 0
_PQ, _HLG = 16, 18
_WIDE = (9, 11, 12)
"""BT.2020, and both P3."""
_MATRICES = (1, 4, 5, 6, 7, 9)
"""That FFmpeg's scaler converts between."""
_PRIMARIES = {4: 4}
"""Of a matrix, where they are not of its own number."""
_TRANSFERS = {4: 6, 5: 6, 9: 14}
"""Of a matrix, where a film says nothing: the same curve under three numbers."""
_HD_WIDTH, _SD_HEIGHT = 1280, 576


@dataclass(frozen=True, slots=True)
class Colours:
    """What the numbers of a film mean; nothing is left unsaid."""

    matrix: int
    """Of luma and chroma."""
    primaries: int
    transfer: int

    @property
    def high_dynamic_range(self) -> bool:
        """Whether its curve is PQ or HLG (ITU-R BT.2100)."""
        return self.transfer in (_PQ, _HLG)

    @property
    def beyond_hd(self) -> bool:
        """Whether it holds more light or colour than BT.709 can."""
        return self.high_dynamic_range or self.primaries in _WIDE


HD = Colours(1, 1, 1)
"""ITU-R BT.709."""


def colours_of(frame: VideoFrame, path: Path | str) -> Colours:
    """What the numbers of a film's picture mean.

    A picture of 1280 columns or more, or of more than 576 rows, is BT.709 unless it says otherwise,
    and a smaller one BT.601, as players have it.

    Raises:
        RenderError: It is of a matrix that cannot be converted, as ICtCp.
    """
    high = int(frame.width) >= _HD_WIDTH or int(frame.height) > _SD_HEIGHT
    usual = 1 if high else 6
    matrix = int(frame.colorspace)
    if frame.format.is_rgb or matrix in (_UNSPECIFIED, _RGB):
        matrix = 9 if int(frame.color_primaries) == 9 else usual
    if matrix not in _MATRICES:
        raise RenderError(
            f"{path} has colours of matrix {matrix} of ITU-T H.273, which cannot be converted.\n"
            "Make a copy of it in BT.709, and cut that"
        )
    primaries, transfer = int(frame.color_primaries), int(frame.color_trc)
    if primaries == _UNSPECIFIED:
        primaries = _PRIMARIES.get(matrix, matrix)
    if transfer == _UNSPECIFIED:
        transfer = _TRANSFERS.get(matrix, matrix)
    return Colours(matrix, primaries, transfer)


def colours_of_render(first: Colours) -> Colours:
    """Those of the first film, but BT.709 where that holds more than BT.709 can."""
    return HD if first.beyond_hd else first


def scaler_name(matrix: int) -> int:
    """A matrix as FFmpeg's scaler numbers it: as H.273, but the two of 601 are one."""
    return 5 if matrix == 6 else matrix
