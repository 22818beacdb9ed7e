"""A cut as a playable MP4: H.264 and AAC, trimmed by the frame and by the sample, never by seconds.

The sound of frame `n` ends at sample `round((n + 1) / rate * sample_rate)`, so that picture and
sound end together whatever the rate. A file appears at the destination whole or not at all.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from editing.cut import Cut
from editing.errors import RenderError
from editing.finish.composer import Composer
from editing.finish.delivery import Delivery
from editing.finish.encoding import Encoder
from editing.finish.mastering import Master, SoundLevels
from editing.finish.mix import Mix
from editing.finish.programme import Programme, Timed
from editing.finish.source import Source, check_sources
from editing.finish.whole_file import whole_file
from ingest.media import MediaId

_SOUND_SHARE = 0.15
"""Of the progress, for the passes over the sound."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a render wrote."""

    path: Path
    frames: int
    """With slates."""
    width: int
    height: int
    sample_rate: int | None
    """None without sound, as where no source has any."""
    samples: int
    """Of sound, in each channel."""
    levels: SoundLevels | None = None
    """None where no loudness and no limit was asked for."""
    remarks: tuple[str, ...] = ()
    """What people should know of it."""


def render(
    cut: Cut,
    sources: Mapping[MediaId, Source],
    output: Path,
    *,
    delivery: Delivery | None = None,
    on_progress: Callable[[float], None] = lambda done: None,
) -> Rendered:
    """Write a cut to `output`.

    Args:
        cut: Any version of any cut.
        sources: Each film that a slot is taken from.
        output: An MP4; replaced if it exists.
        delivery: What the file is to be beyond the cut; None leaves everything as it is.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.

    Raises:
        RenderError: A film is gone or has changed, or the delivery does not fit the cut.
    """
    programme = Programme.of(cut, delivery or Delivery())
    check_sources([sources[media] for media in dict.fromkeys(s.media for s in cut.slots)], output)
    try:
        with whole_file(output) as temporary:
            return _write(programme, sources, temporary, output, on_progress)
    except (FFmpegError, OSError) as error:
        raise RenderError(f"{output} cannot be written: {error}") from error


def _write(
    programme: Programme,
    sources: Mapping[MediaId, Source],
    temporary: Path,
    output: Path,
    on_progress: Callable[[float], None],
) -> Rendered:
    cut, captions = programme.cut, programme.delivery.captions
    track = captions is not None and not captions.burnt
    with ExitStack() as stack:
        mix = stack.enter_context(Mix(programme, sources))
        composer = stack.enter_context(Composer(programme, sources))
        mastered = programme.delivery.peak_limit is not None and mix.sample_rate is not None
        share = _SOUND_SHARE if mastered else 0.0
        master = stack.enter_context(
            Master(mix, programme.delivery, output.parent, lambda done: on_progress(share * done))
        )
        encoder = stack.enter_context(
            Encoder(
                temporary,
                rate=cut.rate,
                size=composer.size,
                colours=composer.colours,
                sample_rate=mix.sample_rate,
                layout=mix.layout,
                language=captions.language if captions and track else None,
            )
        )
        waiting = list(programme.captions) if track else []
        loudest = 0.0
        for number in range(programme.frames):
            while waiting and waiting[0].start + programme.leader <= number:
                line = waiting.pop(0)
                shift = programme.leader
                encoder.caption(Timed(line.start + shift, line.end + shift, line.what))
            encoder.picture(composer.draw(number), number)
            if mix.sample_rate is not None:
                start = mix.sample_of(number)
                samples = master.read(start, mix.sample_of(number + 1) - start)
                loudest = max(loudest, float(np.abs(samples).max(initial=0)))
                encoder.sound(samples, start)
            on_progress(share + (1 - share) * (number + 1) / programme.frames)
        encoder.finish()
    length = mix.samples if mix.sample_rate else 0
    told = (*_clipping(loudest), *mix.remarks())
    return Rendered(
        output, programme.frames, *composer.size, mix.sample_rate, length, master.levels, told
    )


def _clipping(loudest: float) -> list[str]:
    if loudest <= 1:
        return []
    over = 20 * np.log10(loudest)
    return [
        f"its sound goes {over:.1f} dB over full scale, where players cut it off; a limit holds it "
        "back (--true-peak -1)"
    ]
