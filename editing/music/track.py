"""A piece of music as a brief has it: read from its file, its beats on the frames of a cut."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from editing.cut import Music
from editing.errors import MusicError
from editing.music.beats import find_beats
from ingest.errors import UnreadableMedia
from ingest.fingerprint import fingerprint_file
from ingest.media import Floats
from ingest.speech import VOICE_RATE
from ingest.video import open_container

_LONGEST_SECONDS = 1800


def read_music(path: Path, rate: Fraction) -> Music:
    """The beats of a piece of music, at `rate` frames per second; each at its nearest frame.

    Raises:
        MusicError: It has no beat, or is longer than half an hour.
        UnreadableMedia: It cannot be opened, or holds no sound.
    """
    moments = find_beats(_samples(path))
    frames = {max(0, round(Fraction(moment) * rate)) for moment in moments.tolist()}
    beats = tuple(sorted(frames - {0}))
    if len(beats) < 2:
        raise MusicError(f"{path.name} has no beat that could be followed; cut without --music")
    return Music(str(path.resolve()), fingerprint_file(path), beats)


def _samples(path: Path) -> Floats:
    """All of the first audio stream, mono at `VOICE_RATE`."""
    container = open_container(path)
    try:
        sounds = [s for s in container.streams.audio if s.codec_context is not None]
        if not sounds:
            raise UnreadableMedia(path, "it holds no sound")
        to_mono = av.AudioResampler("fltp", "mono", VOICE_RATE)
        parts, count = [np.zeros(0, np.float32)], 0
        for frame in container.decode(sounds[0]):
            for part in to_mono.resample(frame):
                parts.append(part.to_ndarray()[0])
                count += len(parts[-1])
            if count > _LONGEST_SECONDS * VOICE_RATE:
                minutes = _LONGEST_SECONDS // 60
                raise MusicError(f"{path.name} is longer than {minutes} minutes: no music of a cut")
        parts += [part.to_ndarray()[0] for part in to_mono.resample(None)]
    except av.error.FFmpegError as error:
        raise UnreadableMedia(path, error.strerror or str(error)) from error
    finally:
        container.close()
    return np.nan_to_num(np.concatenate(parts), posinf=0, neginf=0).astype(np.float32)
