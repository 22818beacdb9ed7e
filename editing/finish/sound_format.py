"""How the sound of a delivered file is coded: AAC, and samples as frames of FFmpeg."""

from fractions import Fraction

import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from ingest.media import Floats

_BITS = {"mono": 96_000, "stereo": 192_000}


def set_encoder(context: AudioCodecContext, sample_rate: int, layout: str) -> None:
    """Set an AAC encoder: 192 kbit/s in stereo, half of it in mono."""
    context.sample_rate, context.layout, context.format = sample_rate, layout, "fltp"
    context.time_base = Fraction(1, sample_rate)
    context.bit_rate = _BITS[layout]


def audio_frame(samples: Floats, start: int, sample_rate: int, layout: str) -> AudioFrame:
    """Samples `(channels, n)` that begin at sample `start`."""
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate, frame.pts = sample_rate, start
    frame.time_base = Fraction(1, sample_rate)
    return frame
