"""A piece of music as a brief has it: read from its file, its beats on the frames of a cut."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from editing.cut import Music
from editing.errors import MusicError
from editing.finish.sound import SoundReader
from editing.music.beats import find_beats
from ingest.fingerprint import fingerprint_file
from ingest.media import Floats
from ingest.speech import VOICE_RATE

_LONGEST_SECONDS = 1800


def read_music(path: Path, rate: Fraction) -> Music:
    """The beats of a piece of music, at `rate` frames per second; each at its nearest frame.

    Raises:
        MusicError: It has no beat, or is longer than half an hour.
        UnreadableMedia: It cannot be opened, holds no sound, or none that decodes.
    """
    moments = find_beats(_samples(path))
    frames = {max(0, round(Fraction(moment) * rate)) for moment in moments.tolist()}
    beats = tuple(sorted(frames - {0}))
    if len(beats) < 2:
        raise MusicError(f"{path.name} has no beat that could be followed; cut without music")
    return Music(str(path.resolve()), fingerprint_file(path), beats)


def _samples(path: Path) -> Floats:
    """All of the first audio stream, mono at `VOICE_RATE`, placed as a render places it."""
    with SoundReader(path, first_picture=None, sample_rate=VOICE_RATE, layout="mono") as reader:
        parts = [reader.read(0, VOICE_RATE)[0]]
        while reader.end is None:
            parts.append(reader.read(len(parts) * VOICE_RATE, VOICE_RATE)[0])
            if len(parts) > _LONGEST_SECONDS:
                minutes = _LONGEST_SECONDS // 60
                raise MusicError(f"{path.name} is longer than {minutes} minutes: no music of a cut")
        sound = np.concatenate(parts)[: reader.end]
    return np.asarray(np.nan_to_num(sound, posinf=0, neginf=0), np.float32)
