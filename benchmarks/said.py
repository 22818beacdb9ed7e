"""What people say in a film: utterances, trimmed to where they are heard."""

from collections.abc import Sequence

import numpy as np

from benchmarks.footage_stretches import Samples
from editing.finish.sound import SoundReader
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.speech import VOICE_RATE

_STEP_SECONDS, _FLOOR_DB = 0.02, 22.0
"""An utterance begins and ends where it is no more than so many dB below its mean."""
_LEAST, _MOST = 0.5, 1.6
"""Seconds of an utterance."""


def utterances(catalog: Catalog, media: Media) -> list[tuple[Samples, int]]:
    """Mono sound of what is said in a film, in pieces of a few words, and their sample rate."""
    assert media.audio is not None
    rate = media.audio.sample_rate
    voiced = catalog.sound(media.id).voiced / VOICE_RATE + float(media.audio.offset)
    found = []
    first = media.start_pts * media.time_base
    with SoundReader(media.path, first_picture=first, sample_rate=rate, layout="mono") as reader:
        for start, end in voiced:
            whole = reader.read(int(start * rate), int((end - start) * rate))[0]
            found += [(piece, rate) for piece in _pieces(whole, rate)]
    return found


def resampled(said: Sequence[tuple[Samples, int]], rate: int) -> list[Samples]:
    """Utterances at another rate, by straight lines between the samples."""
    made = []
    for samples, own in said:
        at = np.arange(0, len(samples) - 1, own / rate)
        made.append(np.interp(at, np.arange(len(samples)), samples).astype(np.float32))
    return made


def _pieces(samples: Samples, rate: int) -> list[Samples]:
    """Speech cut where it is quietest, then trimmed."""
    step = int(_STEP_SECONDS * rate)
    levels = _levels(samples, step)
    pieces, start = [], 0
    least, most = int(_LEAST / _STEP_SECONDS), int(_MOST / _STEP_SECONDS)
    while len(levels) - start > least:
        room = levels[start + least : start + most]
        end = start + least + int(np.argmin(room)) if len(room) else len(levels)
        piece = _trimmed(samples[start * step : end * step], step)
        if len(piece) >= 0.4 * rate:
            pieces.append(piece)
        start = end
    return pieces


def _trimmed(samples: Samples, step: int) -> Samples:
    levels = _levels(samples, step)
    heard = np.flatnonzero(levels >= levels.max(initial=-120) - _FLOOR_DB)
    if not len(heard):
        return samples[:0]
    kept = samples[heard[0] * step : (heard[-1] + 1) * step].copy()
    fade = np.linspace(0, 1, min(step, len(kept)), dtype=np.float32)
    kept[: len(fade)] *= fade  # else its own edges click
    kept[len(kept) - len(fade) :] *= fade[::-1]
    return kept


def _levels(samples: Samples, step: int) -> Samples:
    whole = samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64)
    return np.asarray(10 * np.log10((whole**2).mean(axis=1) + 1e-12), np.float32)
