"""Pictures made alike: upright, 4:2:0, of the size and the colour matrix of the render.

A picture of another shape than the render is fitted inside and padded with black, or fills it and
is cropped around a place of one's choice.
"""

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from editing.cut import Aspect, Reframe
from editing.finish.colours import Colours, scaler_name
from editing.finish.delivery import Fit
from editing.finish.planes import Planes, centred, cropped, packed, planes_of, to_frame
from editing.finish.tone_mapping import ToneMapper, peak_of

_SHAPES: dict[Aspect, Fraction] = {
    "16:9": Fraction(16, 9),
    "9:16": Fraction(9, 16),
    "1:1": Fraction(1),
}


class Conformer:
    """Makes the pictures of one file alike; keeps one scaler for all of them."""

    def __init__(
        self,
        size: tuple[int, int],
        rotation: int,
        *,
        fit: Fit = "pad",
        pixel_aspect: Fraction = Fraction(1),
        colours: Colours | None = None,
        matrix: int | None = None,
    ) -> None:
        """Conform to a size.

        Args:
            size: Even (width, height) in pixels.
            rotation: Degrees clockwise to turn the picture.
            fit: Whether another shape is cropped or padded.
            pixel_aspect: Width of the file's pixels as stored, divided by their height.
            colours: What the file's pictures mean; None leaves them as they are.
            matrix: Of the render's colours, a code point of H.273; None leaves it.
        """
        self.size, self.rotation, self.fit = size, rotation, fit
        self.pixel_aspect, self.colours, self.matrix = pixel_aspect, colours, matrix
        self._reformatter = VideoReformatter()
        self._tones: ToneMapper | None = None

    def conform(
        self,
        frame: VideoFrame,
        middle: tuple[float, float] = (0.5, 0.5),
        *,
        moving: bool = False,
    ) -> VideoFrame:
        """The picture, upright and of the size asked for; may be `frame` itself.

        Args:
            frame: As decoded.
            middle: Of what is shown, as shares of the upright picture's width and height.
            moving: Whether that changes from frame to frame; it then lies between pixels, else on
                the nearest one, which keeps the picture as sharp as it is.
        """
        stored = (round(frame.width * self.pixel_aspect), frame.height)
        upright = stored[::-1] if self.rotation % 180 else stored
        fill = self.fit == "crop"
        width, height = filling(upright, self.size) if fill else fitted(upright, self.size)
        scaled = self._scaled(frame, (height, width) if self.rotation % 180 else (width, height))
        if not self.rotation and (width, height) == self.size:
            return scaled
        turns = -(self.rotation // 90)  # np.rot90 turns anticlockwise
        turned = [np.rot90(plane, turns) for plane in planes_of(packed(scaled))]
        planes: Planes = (turned[0], turned[1], turned[2])
        if fill:
            left, top = _corner((width, height), self.size, middle, moving=moving)
            return to_frame(cropped(planes, self.size, left, top))
        return to_frame(centred(planes, self.size))

    def _scaled(self, frame: VideoFrame, target: tuple[int, int]) -> VideoFrame:
        """All of the picture in `target` (width, height), in the colours of the render."""
        limited = ColorRange.MPEG  # what the render says of itself; phones record the full range
        if self.colours is None or self.matrix is None:
            return self._reformatter.reformat(frame, *target, "yuv420p", dst_color_range=limited)
        if self.colours.beyond_hd:
            if self._tones is None:
                self._tones = ToneMapper(self.colours, peak_of(frame), self.matrix)
            return self._tones.map(frame, target)
        return self._reformatter.reformat(
            frame,
            *target,
            "yuv420p",
            src_colorspace=scaler_name(self.colours.matrix),
            dst_colorspace=scaler_name(self.matrix),
            dst_color_range=limited,
        )


def middle_at(reframe: Reframe | None, frame: int, frames: int) -> tuple[float, float]:
    """The middle of what a slot shows in its frame `frame`, of `frames`.

    It moves evenly, and goes on so in the frames of a transition beyond the slot.
    """
    if reframe is None:
        return 0.5, 0.5
    along = frame / (frames - 1) if frames > 1 else 0.0
    (x, y), (to_x, to_y) = reframe.start, reframe.end
    return x + (to_x - x) * along, y + (to_y - y) * along


def fitted(size: tuple[int, int], inside: tuple[int, int]) -> tuple[int, int]:
    """The largest even size of the shape of `size` inside another; all of it if near enough."""
    width, height = size
    scale = min(inside[0] / width, inside[1] / height)
    fits = [2 * round(width * scale / 2), 2 * round(height * scale / 2)]
    near = [b if b - 4 < a else a for a, b in zip(fits, inside, strict=True)]
    return max(2, near[0]), max(2, near[1])


def filling(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int]:
    """The smallest even size of the shape of `size` that covers another; just it if near enough."""
    width, height = size
    scale = max(target[0] / width, target[1] / height)
    fills = [2 * round(width * scale / 2), 2 * round(height * scale / 2)]
    near = [b if a - 4 < b else a for a, b in zip(fills, target, strict=True)]
    return max(target[0], near[0]), max(target[1], near[1])


def seen_size(size: tuple[int, int], rotation: int, pixel_aspect: Fraction) -> tuple[int, int]:
    """A film's size in square pixels.

    Args:
        size: As a viewer sees it, after `rotation`, if its pixels were square.
        rotation: Degrees.
        pixel_aspect: Width of the file's pixels as stored, divided by their height.
    """
    width, height = size
    if rotation % 180:
        return width, round(height * pixel_aspect)
    return round(width * pixel_aspect), height


def render_size(size: tuple[int, int], aspect: Aspect, height: int | None) -> tuple[int, int]:
    """The even size of a render.

    Args:
        size: Pixels of the first film, as seen.
        aspect: `source` keeps its shape; else the largest picture of that shape inside it.
        height: Pixels asked for; None is as the film gives.
    """
    if aspect == "source":
        return even_size(size, height)
    shape = _SHAPES[aspect]
    if height is None:
        height = min(size[1], int(size[0] / shape))
    return even_size((round(height * shape), height), None)


def even_size(size: tuple[int, int], height: int | None) -> tuple[int, int]:
    """The size of a render: `size`, or of that `height`; even, as 4:2:0 needs."""
    wide, high = size
    if height is not None:
        wide, high = round(wide * height / high), height
    return max(2, wide - wide % 2), max(2, high - high % 2)


def _corner(
    scaled: tuple[int, int], size: tuple[int, int], middle: tuple[float, float], *, moving: bool
) -> tuple[float, float]:
    """The upper left corner of a crop about a middle, within the picture."""
    corner = []
    for whole, part, share in zip(scaled, size, middle, strict=True):
        place = min(max(whole * share - part / 2, 0.0), float(whole - part))
        corner.append(place if moving else 2.0 * round(place / 2))
    return corner[0], corner[1]
