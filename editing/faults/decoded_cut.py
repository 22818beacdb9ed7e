"""A cut measured as it would be rendered: every frame and sample decoded once, nothing written.

The pictures and the sound are those that the render composes, but without what only a delivery
adds: titles, music, loudness, and the short crossfade that hides clicks at joins.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

from editing.cut import Cut
from editing.errors import RenderError
from editing.faults.picture_meter import PictureMeter
from editing.faults.programme import Programme
from editing.faults.sound_meter import SoundMeasures, SoundMeter
from editing.finish.composer import Composer
from editing.finish.delivery import Delivery
from editing.finish.mix import Mix
from editing.finish.programme import Programme as Composition
from editing.finish.source import Source, check_sources
from ingest.media import MediaId

Progress = Callable[[float], None]

_PICTURES = 0.9
"""The share of the work that the pictures are."""


def measure_cut(
    cut: Cut, sources: Mapping[MediaId, Source], on_progress: Progress = lambda done: None
) -> Programme:
    """Decode a cut from its films and measure it.

    Args:
        cut: Any version of any cut, with at least one slot.
        sources: Each film that a slot is taken from.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.

    Raises:
        RenderError: A film is gone or has changed, or lacks frames that the cut asks for.
        UnreadableMedia: A film cannot be opened.
    """
    if not cut.slots:
        raise RenderError(f"cut {cut.id} has no slots, so there is nothing to look at")
    check_sources(sources.values())
    composition = Composition.of(cut, Delivery(join_fade=Fraction(0), aspect="source"))
    joins, blended = _joins(cut, composition.starts, sources)
    pictures = PictureMeter()
    with Composer(composition, sources) as composer:
        for frame in range(composition.frames):
            pictures.push(composer.draw(frame), join=frame in joins)
            on_progress(_PICTURES * (frame + 1) / composition.frames)
    sound = _measure_sound(composition, sources, on_progress)
    on_progress(1.0)
    return Programme(cut.rate, pictures.finish(), sound, joins, True, blended)


def _joins(
    cut: Cut, starts: tuple[int, ...], sources: Mapping[MediaId, Source]
) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Where a new piece begins to be seen, and which frames transitions mix."""
    joins: list[int] = []
    blended: list[tuple[int, int]] = []
    for number in range(1, len(cut.slots)):
        before, slot, start = cut.slots[number - 1], cut.slots[number], starts[number]
        if slot.transition is not None:
            blended.append((start - slot.transition.before, start + slot.transition.after))
        elif before.media != slot.media or slot.source.start != sources[slot.media].grid_frame(
            before, before.source.frames, cut.rate
        ):
            joins.append(start)
    return tuple(joins), tuple(blended)


def _measure_sound(
    composition: Composition, sources: Mapping[MediaId, Source], on_progress: Progress
) -> SoundMeasures | None:
    with Mix(composition, sources) as mix:
        if not mix.sample_rate:
            return None
        meter = SoundMeter(mix.sample_rate, mix.channels)
        for start in range(0, mix.samples, mix.sample_rate):
            count = min(mix.sample_rate, mix.samples - start)
            meter.push(mix.read(start, count))
            on_progress(_PICTURES + (1 - _PICTURES) * (start + count) / mix.samples)
    return meter.finish()
