"""Which frames of a delivered file are compared, and with what they might be confused.

At every join the two frames before it and the two from it on, all frames of a transition, the
first and the last frame of the cut and of a slate, and the middle of every slot, title and caption.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from editing.finish.programme import Layer, Moment, Programme

Kind = Literal["joins", "slots", "slate", "titles", "captions"]
_BESIDE = 2
"""Frames on either side of a join."""
_ONE_OR_MORE = "a frame or more"
"""A shift by several frames is most like that by one, among those that are compared."""
_LONGEST = 48
"""Frames of a transition that are compared together."""


@dataclass(frozen=True, slots=True)
class Window:
    """A run of frames that are compared together."""

    kind: Kind
    first: int
    moments: tuple[Moment, ...]
    """What each frame should show."""
    rivals: tuple[tuple[str, tuple[Moment, ...]], ...]
    """What they would show instead if something were wrong, by what that is."""
    name: str
    """For people."""

    @property
    def end(self) -> int:
        """One after its last frame."""
        return self.first + len(self.moments)


def windows(programme: Programme, *, every_frame: bool = False) -> list[Window]:
    """All windows of a programme, by their last frame.

    Args:
        programme: What the file should show.
        every_frame: Whether frames between the joins are compared too.
    """
    found = [*_joins(programme), *_slates(programme), *_texts(programme)]
    found += _every(programme) if every_frame else _middles(programme)
    return sorted(found, key=lambda window: (window.end, window.first))


def _joins(programme: Programme) -> Iterator[Window]:
    last = programme.frames - 1
    for number, join in enumerate(programme.joins(), 1):
        change = programme.cut.slots[number].transition
        before = change.before if change else 0
        after = change.after if change else 0
        first, end = max(0, join - before - _BESIDE), min(last, join + after + _BESIDE - 1)
        frames = range(first, min(end, first + _LONGEST) + 1)
        name = f"the join of slots {number} and {number + 1}"
        yield _window(programme, "joins", frames, name, join=number)
    edges = ([programme.leader] if programme.leader else []) + (
        [programme.frames - programme.end] if programme.end else []
    )
    for edge in edges:
        frames = range(max(0, edge - _BESIDE), min(last, edge + _BESIDE - 1) + 1)
        yield _window(programme, "joins", frames, "the join of a slate and the cut")


def _middles(programme: Programme) -> Iterator[Window]:
    cut = programme.cut
    for number, start in enumerate(programme.starts):
        middle = programme.leader + start + cut.slots[number].source.frames // 2
        name = f"the middle of slot {number + 1}"
        yield _window(programme, "slots", range(middle, middle + 1), name)
    first, last = programme.leader, programme.leader + cut.frames - 1
    yield _window(programme, "slots", range(first, first + 1), "the first frame")
    yield _window(programme, "slots", range(last, last + 1), "the last frame")


def _every(programme: Programme) -> Iterator[Window]:
    for frame in range(programme.leader, programme.leader + programme.cut.frames):
        yield _window(programme, "slots", range(frame, frame + 1), f"frame {frame}")


def _slates(programme: Programme) -> Iterator[Window]:
    spans = [(0, programme.leader, "the leader")]
    spans.append((programme.frames - programme.end, programme.frames, "the end slate"))
    for first, end, name in spans:
        for frame in sorted({first, (first + end) // 2, end - 1}) if first < end else ():
            moment = programme.at(frame)
            yield Window("slate", frame, (moment,), (), name)


def _texts(programme: Programme) -> Iterator[Window]:
    for i, title in enumerate(programme.titles):
        frame = programme.leader + (title.start + title.end) // 2
        moment = programme.at(frame)
        without = replace(moment, titles=tuple(one for one in moment.titles if one[0] != i))
        rivals = (("is not there", (without,)),)
        yield Window("titles", frame, (moment,), rivals, f"title {i + 1}")
    captions = programme.delivery.captions
    for i, line in enumerate(programme.captions if captions and captions.burnt else ()):
        frame = programme.leader + (line.start + line.end) // 2
        moment = programme.at(frame)
        rivals = (("is not there", (replace(moment, caption=None),)),)
        yield Window("captions", frame, (moment,), rivals, f"caption {i + 1}")


def _window(
    programme: Programme, kind: Kind, frames: Sequence[int], name: str, join: int | None = None
) -> Window:
    moments = tuple(programme.at(frame) for frame in frames)
    rivals = []
    for by, words in ((1, f"is early, by {_ONE_OR_MORE}"), (-1, f"is late, by {_ONE_OR_MORE}")):
        if frames[0] + by >= 0 and frames[-1] + by < programme.frames:
            rivals.append((words, tuple(programme.at(frame + by) for frame in frames)))
    if join is not None:
        sides = ((join - 1, "what comes before it"), (join, "what comes after it"))
        for slot, side in sides:
            for by, words in ((1, "late"), (-1, "early")):
                shifted = tuple(_shifted(moment, slot, by) for moment in moments)
                told = f"has {side} too {words} in the film, by {_ONE_OR_MORE}"
                rivals.append((told, shifted))
        if programme.cut.slots[join].transition is None:
            rivals += _moved_join(programme, moments, join)
    return Window(kind, frames[0], moments, tuple(rivals), name)


def _shifted(moment: Moment, slot: int, by: int) -> Moment:
    """A moment with the frame of one slot another one."""
    return replace(
        moment,
        layers=tuple(
            replace(layer, frame=layer.frame + by) if layer.slot == slot else layer
            for layer in moment.layers
        ),
    )


def _moved_join(
    programme: Programme, moments: tuple[Moment, ...], join: int
) -> Iterator[tuple[str, tuple[Moment, ...]]]:
    """The same with a hard join one frame to the side."""
    length = programme.cut.slots[join - 1].source.frames
    share = moments[0].layers[0].share
    for words, slot, at, layer in (
        ("late", join, 0, Layer(join - 1, length, share)),
        ("early", join - 1, length - 1, Layer(join, -1, share)),
    ):
        yield (
            f"comes {words}, by {_ONE_OR_MORE}",
            tuple(
                replace(m, layers=(layer,))
                if [(one.slot, one.frame) for one in m.layers] == [(slot, at)]
                else m
                for m in moments
            ),
        )
