"""Faults of the sound within a programme and at its joins, from what was measured of it. Pure."""

from collections.abc import Iterator

import numpy as np

from editing.faults.finding import Fault, Kind
from editing.faults.programme import Programme
from editing.faults.sound_events import SoundEvent
from editing.faults.sound_meter import LEVELS_A_SECOND, SoundMeasures
from editing.faults.wording import runs

CLICK_DB, JOIN_CLICK_DB = 14.0, 11.0
"""dB by which something like a click stands out, within a piece and at a join."""
DROPOUT_DB = 21.0
"""dB by which a gap lies below the sound on both sides."""
_GONE_DB = 40.0
"""Below which a gap is no piece's own quiet, wherever it is."""
CLIPPED_SAMPLES = 4
"""Samples of one flat top."""
_CLICK_SECONDS = 0.015
SILENCE_DBFS, SILENCE_SECONDS = -60.0, 1.0
NO_SOUND, _SMEARED = -90.0, 3
"""dBFS; what is louder is a quiet room or a rest, which are meant. A lossy code may smear sound
into so many fiftieths of a second of a silence."""
_TRAIN_SECONDS, _TRAIN_DB, _ALONE_DB = 0.3, 14.0, 32.0
"""A click with another of so many dB so near is steps, twigs or rain, unless it is far louder."""
_AT_JOIN = 0.6
"""Frames around a join in which a click is the join's."""


def sound_faults(programme: Programme) -> list[Fault]:
    """All faults of a programme's sound, in order; none where it has no sound."""
    sound = programme.sound
    if sound is None:
        return []
    silences = list(_silences(sound))
    edges = [edge for span in silences for edge in span]
    found = [_silence(programme, *span) for span in silences]
    gaps = [event for event in sound.events if event.kind == "gap" and event.value >= DROPOUT_DB]
    gaps = [
        gap
        for gap in gaps
        if gap.end - gap.start < SILENCE_SECONDS and not _of_a_quiet_piece(programme, gap)
    ]
    for gap in gaps:
        milliseconds = (gap.end - gap.start) * 1000
        words = f"the sound is gone for {milliseconds:.0f} ms"
        found.append(_at(programme, "dropout", gap, (gap.value, DROPOUT_DB, "dB"), words))
        edges += [gap.start, gap.end]
    for event in sound.events:
        if event.kind == "clipping" and event.value >= CLIPPED_SAMPLES:
            words = f"the tops of the sound are cut off, for {event.value:.0f} samples"
            found.append(
                _at(programme, "clipping", event, (event.value, CLIPPED_SAMPLES, "samples"), words)
            )
            if event.end - event.start > _CLICK_SECONDS:  # else it may be the click itself
                edges += [event.start, event.end]
    for event in sound.events:
        near_edge = any(abs(event.start - edge) < 0.03 for edge in edges)
        if event.kind == "click" and not near_edge and not _in_train(sound, event, edges):
            found += _click(programme, event)
    return sorted(found, key=lambda fault: (fault.frame, fault.kind))


def _of_a_quiet_piece(programme: Programme, gap: SoundEvent) -> bool:
    """Whether a gap with some sound in it begins or ends at a join: one side is quiet there."""
    rate = float(programme.rate)
    return gap.value < _GONE_DB and any(
        abs(moment * rate - join) <= _AT_JOIN
        for moment in (gap.start, gap.end)
        for join in programme.joins
    )


def _in_train(sound: SoundMeasures, click: SoundEvent, edges: list[float]) -> bool:
    """Whether a click is one of several, as natural sounds are."""
    return click.value < _ALONE_DB and any(
        other.kind == "click"
        and other.value >= _TRAIN_DB
        and 0.004 < abs(other.start - click.start) <= _TRAIN_SECONDS
        and not any(abs(other.start - edge) < 0.03 for edge in edges)
        for other in sound.events
    )


def _click(programme: Programme, event: SoundEvent) -> Iterator[Fault]:
    frame = event.start * float(programme.rate)
    join = next((j for j in programme.joins if abs(j - frame) <= _AT_JOIN), None)
    least = CLICK_DB if join is None else JOIN_CLICK_DB
    if event.value < least:
        return
    if join is None:
        words = f"a click {event.value:.0f} dB above the sound around it"
        yield _at(programme, "click", event, (event.value, least, "dB"), words)
    else:
        words = f"a click at the join, {event.value:.0f} dB above the sound around it"
        piece = programme.piece_of(join)
        yield Fault("click", piece, join, event.value, least, "dB", words)


def _silences(sound: SoundMeasures) -> Iterator[tuple[float, float]]:
    """Where nothing is heard between what is: from when to when, in seconds."""
    level = sound.level
    for start, end in runs(np.asarray(level < SILENCE_DBFS)):
        if end - start < SILENCE_SECONDS * LEVELS_A_SECOND:
            continue
        lost = [(start + a, start + b) for a, b in runs(np.asarray(level[start:end] < NO_SOUND))]
        for a, b in lost:
            first = start if a - start <= _SMEARED else a
            last = end if end - b <= _SMEARED else b
            long = last - first >= SILENCE_SECONDS * LEVELS_A_SECOND
            if long and first > 0 and last < len(level):
                yield first / LEVELS_A_SECOND, last / LEVELS_A_SECOND


def _silence(programme: Programme, start: float, end: float) -> Fault:
    event = SoundEvent("gap", start, end, end - start)
    words = f"silence for {end - start:.1f} s"
    return _at(programme, "silence", event, (end - start, SILENCE_SECONDS, "s"), words)


def _at(
    programme: Programme,
    kind: Kind,
    event: SoundEvent,
    measured: tuple[float, float, str],
    words: str,
) -> Fault:
    """A fault at the frame in which an event begins, from value, threshold and unit."""
    rate, (value, threshold, unit) = float(programme.rate), measured
    frame = min(programme.frames - 1, int(event.start * rate + 1e-6))
    frames = max(1, int(event.end * rate) - frame + 1)
    piece = programme.piece_of(frame)
    return Fault(kind, piece, frame, value, threshold, unit, words, frames=frames)
