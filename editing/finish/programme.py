"""What each frame of a delivered file shows: pure arithmetic over a cut and its delivery.

A file is the leader, the cut and the end slate, one after the other. The render draws what this
says; the check of a delivered file compares with it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Generic, Literal, Self, TypeVar

from editing.assemble.brief import frames_in
from editing.captions.caption import Caption
from editing.captions.of_cut import captions_of_cut, frames_of
from editing.cut import Cut, Transition
from editing.errors import RenderError
from editing.finish.delivery import MAX_TEXT, Captions, Delivery, Slate, Title, frame_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Layer:
    """The picture of one slot within a frame."""

    slot: int
    """From 0."""
    frame: int
    """Of the cut's rate, from the slot's first; outside the slot within a transition."""
    share: Fraction
    """How much of the mix it is; the shares of a frame sum to 1."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What one frame shows."""

    layers: tuple[Layer, ...] = ()
    """Empty on a slate."""
    light: Fraction = Fraction(1)
    """Of the picture, 0 (black) to 1; below 1 in a dip."""
    fade: Fraction = Fraction(1)
    """Of all that is drawn, 0 (black) to 1; below 1 in a fade at either end."""
    titles: tuple[tuple[int, Fraction], ...] = ()
    """Which titles (from 0) are up, and how much of each shows, 0 to 1."""
    caption: int | None = None
    """Which burnt caption (from 0) is up."""
    slate: Slate | None = None


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """Something with frames of the cut."""

    start: int
    end: int
    what: T


@dataclass(frozen=True, slots=True)
class Programme:
    """A cut and its delivery in frames."""

    cut: Cut
    delivery: Delivery
    leader: int
    """Frames of the slate before the cut; 0 for none."""
    end: int
    """Frames of the slate after it; 0 for none."""
    starts: tuple[int, ...]
    """The cut's frame that each slot begins at."""
    titles: tuple[Timed[Title], ...]
    captions: tuple[Timed[str], ...]
    """Without overlaps, in order."""
    fade_in: int
    fade_out: int

    @classmethod
    def of(cls, cut: Cut, delivery: Delivery) -> Self:
        """Put a delivery on a cut's frames.

        Raises:
            RenderError: It does not fit the cut: no slots, transitions that meet, a title beyond
                the end.
        """
        if not cut.slots:
            raise RenderError(f"cut {cut.id} has no slots, so there is nothing to render")
        _check_transitions(cut)
        rate = cut.rate
        fades = [frames_in(delivery.fade_in, rate), frames_in(delivery.fade_out, rate)]
        if sum(fades) > cut.frames:
            raise RenderError(
                f"the fades in and out last {sum(fades)} frames together and the cut {cut.frames}"
            )
        return cls(
            cut=cut,
            delivery=delivery,
            leader=_frames_of(delivery.leader, rate),
            end=_frames_of(delivery.end, rate),
            starts=tuple(span.start for span in cut.record_ranges()),
            titles=tuple(
                _timed(title, number, cut) for number, title in enumerate(delivery.titles, 1)
            ),
            captions=on_frames(_of_cut(delivery.captions, cut), cut),
            fade_in=fades[0],
            fade_out=fades[1],
        )

    @property
    def frames(self) -> int:
        """How long the file is."""
        return self.leader + self.cut.frames + self.end

    def at(self, number: int) -> Moment:
        """What frame `number` of the file shows."""
        frame = number - self.leader
        if frame < 0:
            return Moment(slate=self.delivery.leader)
        if frame >= self.cut.frames:
            return Moment(slate=self.delivery.end)
        slot = self.slot_at(frame)
        layers, light = self._picture(frame, slot)
        return Moment(
            layers=layers,
            light=light,
            fade=self._fade(frame),
            titles=tuple(
                (i, _presence(t, frame, self.cut.rate))
                for i, t in enumerate(self.titles)
                if t.start <= frame < t.end
            ),
            caption=self._caption(frame),
        )

    def slot_at(self, frame: int) -> int:
        """The slot that frame `frame` of the cut lies in, from 0."""
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= frame else (low, middle)
        return low

    def slot_frame(self, slot: int, frame: int) -> int:
        """A frame of the cut counted from a slot's first; may lie outside the slot."""
        return frame - self.starts[slot]

    def joins(self) -> tuple[int, ...]:
        """The file's frames at which a slot begins, but for the first."""
        return tuple(self.leader + start for start in self.starts[1:])

    def _picture(self, frame: int, slot: int) -> tuple[tuple[Layer, ...], Fraction]:
        """The slots that a frame of the cut mixes, and the light left by a dip."""
        own = Layer(slot, self.slot_frame(slot, frame), Fraction(1))
        for join in (slot, slot + 1):
            change = self.cut.slots[join].transition if join < len(self.starts) else None
            if change is None:
                continue
            since = frame - (self.starts[join] - change.before)  # frames into the transition
            if not 0 <= since < change.frames:
                continue
            if change.kind == "dip" or not join:  # before the first slot there is black
                return (own,), _dip(change, since)
            new = Fraction(since + 1, change.frames + 1)
            sides = ((join - 1, 1 - new), (join, new))
            mixed = tuple(Layer(i, self.slot_frame(i, frame), share) for i, share in sides)
            return mixed, Fraction(1)
        return (own,), Fraction(1)

    def _caption(self, frame: int) -> int | None:
        """The burnt caption that is up in a frame of the cut."""
        if self.delivery.captions is None or not self.delivery.captions.burnt:
            return None
        last = bisect_right(self.captions, frame, key=lambda caption: caption.start) - 1
        return last if last >= 0 and frame < self.captions[last].end else None

    def _fade(self, frame: int) -> Fraction:
        left = self.cut.frames - 1 - frame
        into = Fraction(frame, self.fade_in) if frame < self.fade_in else Fraction(1)
        out = Fraction(left, self.fade_out) if left < self.fade_out else Fraction(1)
        return min(into, out)


def on_frames(lines: Sequence[Caption], cut: Cut) -> tuple[Timed[str], ...]:
    """Captions on the frames of a cut; where several are up at once they are shown as one.

    Raises:
        RenderError: One begins after the cut's end, or more are up at once than can be shown.
    """
    spans = []
    for number, line in enumerate(lines, 1):
        found = frames_of(line, cut.rate)
        if found is None:
            continue  # shorter than a frame, between two of them
        if found.start >= cut.frames:
            raise RenderError(
                f"caption {number} begins at {float(line.start):.3f} s, after the cut's end at "
                f"{float(cut.frames / cut.rate):.3f} s; captions are to be those of the cut"
            )
        spans.append(Timed(found.start, min(cut.frames, found.end), line.text))
    begins, ends = _by_frame(spans, "start"), _by_frame(spans, "end")
    up: list[int] = []
    """Which are up, in their order."""
    shown = []
    for start, end in pairwise(sorted(begins.keys() | ends.keys())):
        up = sorted({*up, *begins.get(start, ())} - {*ends.get(start, ())})
        text = "\n".join(spans[i].what for i in up)
        if len(text) > MAX_TEXT:
            raise RenderError(
                f"{len(up)} captions are up at {float(start / cut.rate):.3f} s, {len(text):,} "
                f"characters at once; at most {MAX_TEXT:,} are shown"
            )
        if up:
            shown.append(Timed(start, end, text))
    return tuple(shown)


def _by_frame(spans: Sequence[Timed[str]], edge: Literal["start", "end"]) -> dict[int, list[int]]:
    """Which spans begin or end at a frame."""
    found: dict[int, list[int]] = {}
    for number, span in enumerate(spans):
        found.setdefault(getattr(span, edge), []).append(number)
    return found


def _of_cut(captions: Captions | None, cut: Cut) -> Sequence[Caption]:
    if captions is None:
        return ()
    if captions.of == "cut":
        return captions.lines
    return captions_of_cut(cut, {cut.media: captions.lines})


def _frames_of(slate: Slate | None, rate: Fraction) -> int:
    return 0 if slate is None else max(1, frames_in(slate.seconds, rate))


def _timed(title: Title, number: int, cut: Cut) -> Timed[Title]:
    try:
        start, end = frame_of(title.start, cut.rate), frame_of(title.end, cut.rate)
    except ValueError as error:
        raise RenderError(f"title {number}: {error}") from error
    if not 0 <= start < end <= cut.frames:
        raise RenderError(
            f"title {number} is to be up from frame {start} to {end}, and the cut has frames 0 to "
            f"{cut.frames}"
        )
    return Timed(start, end, title)


def _presence(title: Timed[Title], frame: int, rate: Fraction) -> Fraction:
    """How much of a title shows, 0 to 1: evenly more at its beginning, less at its end."""
    frames = min(frames_in(title.what.fade, rate), (title.end - title.start) // 2)
    near = min(frame - title.start, title.end - 1 - frame)
    return Fraction(near + 1, frames + 1) if near < frames else Fraction(1)


def _dip(change: Transition, since: int) -> Fraction:
    """The light of a frame of a dip: black on either side of the join."""
    if since < change.before:
        return Fraction(change.before - 1 - since, change.before)
    return Fraction(since - change.before, change.after)


def _check_transitions(cut: Cut) -> None:
    """Refuse transitions that would meet within one slot."""
    for number, slot in enumerate(cut.slots):
        after = slot.transition.after if slot.transition else 0
        following = cut.slots[number + 1].transition if number + 1 < len(cut.slots) else None
        before = following.before if following else 0
        if after + before > slot.source.frames:
            raise RenderError(
                f"slot {number + 1} has {slot.source.frames} frames, and the transitions at its "
                f"ends take {after} and {before} of them"
            )
