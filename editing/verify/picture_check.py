"""The pictures of a delivered file beside those that the cut asks for."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from av.video.reformatter import VideoReformatter

from editing.errors import RenderError
from editing.finish.colours import Colours, scaler_name
from editing.finish.composer import Composer
from editing.finish.conform import even_size
from editing.finish.programme import Moment, Programme
from editing.finish.source import Source
from editing.verify.delivered import BLACK_LEVEL, Seen, is_black, seen
from editing.verify.finding import Check
from editing.verify.likeness import Likeness, compare
from editing.verify.windows import Kind, Window, windows
from ingest.media import MediaId

_HEIGHT = 360
"""Pixels of the pictures that are compared, at most."""
_KEPT = 24
"""Pictures of slots that are kept for several comparisons."""
_BLACK_SLACK = 0.05
"""By how much more of the range an expected picture may be above black to count as black."""
_RUNS_LOOKED_AT = 50
_MOST_OFF = 8.0
"""Levels of 255 by which the chroma of a field of a picture may be off: an encoder's error is one
or two, averaged over a field."""
_SDR_CURVES = (1, 6, 14, 15)
"""One curve under several numbers (ITU-T H.273)."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A window and how it compares."""

    window: Window
    likeness: Likeness


class PictureCheck:
    """Takes the pictures of a file in order."""

    def __init__(
        self,
        programme: Programme,
        sources: Mapping[MediaId, Source],
        *,
        every_frame: bool = False,
    ) -> None:
        """Prepare to compare; pictures are to be given in `size`.

        Raises:
            RenderError: A text cannot be drawn.
            UnreadableMedia: A film cannot be opened.
        """
        self.programme = programme
        self._composer = Composer(programme, sources, keep=_KEPT)
        self._reformatter = VideoReformatter()
        self._waiting = windows(programme, every_frame=every_frame)[::-1]
        self._recent: dict[int, Seen] = {}
        self.compared: list[Compared] = []
        self._off: tuple[float, Window] | None = None
        """Where the chroma is furthest off, of pictures that are right otherwise."""
        self._black: list[list[int]] = []
        """Runs of black frames: the first, and one after the last."""

    @property
    def full_size(self) -> tuple[int, int]:
        """(width, height) that the file should have."""
        return self._composer.size

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in which pictures are compared."""
        wide, high = self._composer.size
        return even_size((wide, high), min(_HEIGHT, high))

    def close(self) -> None:
        """Let go of the films."""
        self._composer.__exit__(None, None, None)

    def push(self, number: int, picture: Seen) -> None:
        """Take the next picture."""
        if is_black(picture.luma):
            if self._black and self._black[-1][1] == number:
                self._black[-1][1] += 1
            else:
                self._black.append([number, number + 1])
        self._recent[number] = picture
        while self._waiting and self._waiting[-1].end <= number + 1:
            self._compare(self._waiting.pop())
        needed = min((window.first for window in self._waiting[-64:]), default=number)
        for old in [n for n in self._recent if n < needed]:
            del self._recent[old]

    def finish(self, told: Colours | None, *, full_range: bool) -> list[Check]:
        """What was found, after the last picture.

        Args:
            told: What the file says that its numbers mean; None where it has no picture.
            full_range: Whether it says that black is 0 and white 255.
        """
        missing = self._waiting
        checks = [self._summary(kind, missing) for kind in ("joins", "slots")]
        checks.append(self._colours(told, full_range=full_range))
        delivery = self.programme.delivery
        if delivery.leader or delivery.end:
            checks.append(self._summary("slate", missing))
        if self.programme.titles:
            checks.append(self._summary("titles", missing))
        if delivery.captions is not None and delivery.captions.burnt:
            checks.append(self._summary("captions", missing))
        checks.append(self._black_check())
        return checks

    @property
    def joins(self) -> int:
        """How many were compared."""
        return sum(one.window.kind == "joins" for one in self.compared)

    @property
    def untold(self) -> int:
        """Of them, where neighbouring frames are too alike."""
        return sum(one.window.kind == "joins" and one.likeness.untold for one in self.compared)

    def _compare(self, window: Window) -> None:
        rivals = [moments for _, moments in window.rivals]
        runs = [window.moments, *rivals]
        self._composer.fetch(
            layer
            for moments in runs
            for moment in moments
            for layer in moment.layers
            if self._exists(moment)
        )
        drawn = {
            name: [self._seen(moment).luma for moment in moments]
            for name, moments in window.rivals
            if all(self._exists(moment) for moment in moments)
        }
        expected = [self._seen(moment) for moment in window.moments]
        delivered = [self._recent[n] for n in range(window.first, window.end)]
        found = compare(
            *([one.luma for one in delivered], [one.luma for one in expected]),
            list(drawn.items()),
        )
        self.compared.append(Compared(window, found))
        if window.kind == "slots" and found.right:
            pairs = zip(delivered, expected, strict=True)
            off = max(float(np.abs(came.chroma - e.chroma).max()) for came, e in pairs)
            if self._off is None or off > self._off[0]:
                self._off = off, window

    def _exists(self, moment: Moment) -> bool:
        """Whether the films have the frames of a moment."""
        cut, sources = self.programme.cut, self._composer.sources
        for layer in moment.layers:
            slot = cut.slots[layer.slot]
            try:
                sources[slot.media].decoded_frame(slot, layer.frame, cut.rate)
            except RenderError:
                return False
        return True

    def _seen(self, moment: Moment) -> Seen:
        return seen(self._composer.drawn(moment), self.size, self._reformatter)

    def _colours(self, told: Colours | None, *, full_range: bool) -> Check:
        """Whether the file says what its numbers mean, and its chroma is the films'."""
        asked = self._composer.colours
        wanted = f"{_in_words(asked, full_range=False)}, as the films have them"
        if told is None:
            return Check("colours", False, "no picture", wanted, 0)
        if full_range or _meaning(told) != _meaning(asked):
            words = f"the file says {_in_words(told, full_range=full_range)}"
            return Check("colours", False, words, wanted, 0)
        if self._off is None:
            return Check("colours", None, "no picture is right, so none was compared", wanted)
        off, window = self._off
        words = f"off by at most {off:.1f} levels of 255"
        if off > _MOST_OFF:
            return Check("colours", False, f"{words}, in {window.name}", wanted, window.first)
        return Check("colours", True, words, wanted)

    def _summary(self, kind: Kind, missing: list[Window]) -> Check:
        found = [one for one in self.compared if one.window.kind == kind]
        lost = sorted((w for w in missing if w.kind == kind), key=lambda window: window.first)
        text = kind not in ("joins", "slots")
        wrong = [o for o in found if not (o.likeness.written if text else o.likeness.right)]
        total = len(found) + len(lost)
        wanted = "as the cut has them" if kind in ("joins", "slots") else "as asked for"
        if wrong:
            first = min(wrong, key=lambda one: one.window.first)
            words = f"{len(wrong)} of {total} wrong; first: {_words(first)}"
            return Check(kind, False, words, wanted, first.window.first)
        if lost:
            words = f"{len(lost)} of {total} not there; first: {lost[0].name}"
            return Check(kind, False, words, wanted, lost[0].first)
        if not found:
            return Check(kind, None, "none", wanted)
        worst = min(one.likeness.psnr for one in found)
        words = f"{total} right, the worst at {worst:.1f} dB"
        untold = sum(one.likeness.untold for one in found)
        if untold:
            words += f"; at {untold} a frame is too like the next to tell a shift"
        return Check(kind, True, words, wanted)

    def _black_check(self) -> Check:
        wanted = "only where the cut is black"
        for first, end in self._black[:_RUNS_LOOKED_AT]:
            for frame in sorted({first, (first + end) // 2, end - 1}):
                if frame >= self.programme.frames:
                    break
                expected = self._seen(self.programme.at(frame)).luma
                if not is_black(expected, level=BLACK_LEVEL + _BLACK_SLACK):
                    words = f"{end - first} black frames where there should be a picture"
                    return Check("black", False, words, wanted, frame)
        frames = sum(end - first for first, end in self._black)
        return Check("black", True, f"{frames} black frames, as the cut has them", wanted)


def _meaning(colours: Colours) -> tuple[int, int, int]:
    sdr = colours.transfer in _SDR_CURVES
    matrix = scaler_name(colours.matrix)
    return matrix, scaler_name(colours.primaries), 1 if sdr else colours.transfer


def _in_words(colours: Colours, *, full_range: bool) -> str:
    codes = f"{colours.matrix}, {colours.primaries}, {colours.transfer}"
    return f"matrix, primaries and curve {codes}, {'full' if full_range else 'limited'} range"


def _words(one: Compared) -> str:
    likeness, name = one.likeness, one.window.name
    if likeness.rival is not None:
        return f"{name} {likeness.rival}"
    if likeness.right:
        return f"{name} has other letters ({likeness.block_psnr:.1f} dB where it is worst)"
    return (
        f"{name} shows another picture ({likeness.psnr:.1f} dB, correlation "
        f"{likeness.correlation:.2f})"
    )
