"""Loudness in two passes: the mix is measured and kept, then made as loud as it is to be.

The second pass is tried on the encoder first: what AAC gives back has other peaks than what it is
given, so gain and ceiling are set by the decoded sound. Between the passes the mix lies in a
nameless file beside the output, 4 bytes a sample.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from editing.errors import RenderError
from editing.finish.delivery import Delivery
from editing.finish.limiter import Limiter
from editing.finish.mix import Mix
from editing.finish.sound_format import audio_frame, set_encoder
from editing.finish.sound_meter import ProgrammeMeter
from ingest.media import Floats

_SECOND_PASSES = 8
_NEAR = 0.05
"""LU from the target that is near enough."""
_MARGIN = 0.3
"""Decibels under the limit that the first try stays; AAC seldom adds more."""


@dataclass(frozen=True, slots=True)
class SoundLevels:
    """How loud a programme is."""

    loudness: float | None
    """LUFS; None for silence."""
    true_peak: float | None
    """dBTP, of the sound as AAC gives it back; None for silence."""
    held_back: float = 0.0
    """Decibels by which the limiter held it back at most."""


class Master:
    """The sound of a programme as it goes into the file."""

    def __init__(
        self,
        mix: Mix,
        delivery: Delivery,
        folder: Path,
        on_progress: Callable[[float], None] = lambda done: None,
    ) -> None:
        """Measure and plan, if the delivery asks for a loudness or a limit.

        Args:
            mix: The sound, before mastering.
            delivery: What it is to be.
            folder: For the mix between the passes.
            on_progress: Called with the share done, 0 to 1.

        Raises:
            RenderError: The loudness cannot be had within the limit of the true peak.
            OSError: There is no room for the mix.
        """
        self.mix = mix
        self.levels: SoundLevels | None = None
        """None where nothing was asked for."""
        self._limiter: Limiter | None = None
        self._target, self._limit = delivery.target, delivery.peak_limit
        if mix.sample_rate is None or self._limit is None:
            return
        self._spool = TemporaryFile(dir=folder, buffering=1 << 20)  # noqa: SIM115 (closed in __exit__)
        try:
            self._plan(mix.sample_rate, on_progress)
        except BaseException:
            self._spool.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._limiter is not None:
            self._spool.close()

    def read(self, start: int, samples: int) -> Floats:
        """`(channels, samples)` of the file from sample `start` on."""
        if self._limiter is None:
            return self.mix.read(start, samples)
        return self._limiter.apply(self._kept(start, samples), start)

    def _plan(self, sample_rate: int, on_progress: Callable[[float], None]) -> None:
        assert self._limit is not None
        meter = ProgrammeMeter(sample_rate, self.mix.channels, hops=True)
        for start, samples in self._blocks():
            mixed = self.mix.read(start, samples)
            self._spool.write(mixed.T.tobytes())
            meter.push(mixed)
            on_progress(0.5 * (start + samples) / self.mix.samples)
        loudness, _ = meter.finish()
        peaks = meter.hop_peaks()
        wanted = self._target.lufs if self._target and loudness is not None else None
        gain = 0.0 if wanted is None or loudness is None else wanted - loudness
        ceiling = self._limit - _MARGIN
        for tried in range(_SECOND_PASSES):
            self._limiter = Limiter(
                peaks, sample_rate, gain=10 ** (gain / 20), ceiling=10 ** (ceiling / 20)
            )
            self.levels = self._tried(sample_rate)
            on_progress(0.5 + 0.5 * (tried + 1) / _SECOND_PASSES)
            off = wanted - self.levels.loudness if wanted and self.levels.loudness else 0.0
            over = max(0.0, (self.levels.true_peak or -np.inf) - self._limit)
            if abs(off) <= _NEAR and not over:
                return
            gain, ceiling = gain + off, ceiling - over - (0.05 if over else 0.0)
        self._told(wanted)

    def _told(self, wanted: float | None) -> None:
        """After the last try: refuse what is not as it was asked for."""
        assert self.levels is not None
        assert self._limit is not None
        peak, loudness = self.levels.true_peak, self.levels.loudness
        near = self._target.tolerance / 2 if self._target else 0.0
        loud = wanted is None or (loudness is not None and abs(loudness - wanted) <= near)
        if loud and (peak is None or peak <= self._limit):
            return
        raise RenderError(
            f"this sound cannot be brought to {wanted} LUFS with a true peak of {self._limit} "
            f"dBTP: the limiter came to {loudness} LUFS and {peak:.2f} dBTP.\n"
            "Ask for less loudness (--loudness), or mix it with fewer peaks"
        )

    def _tried(self, sample_rate: int) -> SoundLevels:
        """What AAC gives back of the sound as it is planned."""
        meter = ProgrammeMeter(sample_rate, self.mix.channels)
        for decoded in _through_aac(self._limited(), sample_rate, self.mix.layout):
            meter.push(decoded)
        loudness, peak = meter.finish()
        assert self._limiter is not None
        return SoundLevels(loudness, peak, self._limiter.deepest)

    def _limited(self) -> Iterator[Floats]:
        for start, samples in self._blocks():
            yield self.read(start, samples)

    def _kept(self, start: int, samples: int) -> Floats:
        """Of the mix, from the file."""
        channels = self.mix.channels
        self._spool.seek(4 * channels * start)
        content = self._spool.read(4 * channels * samples)
        return np.frombuffer(content, np.float32).reshape(-1, channels).T

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """The whole sound in pieces of a second: first sample, samples."""
        step = self.mix.sample_rate or 1
        for start in range(0, self.mix.samples, step):
            yield start, min(step, self.mix.samples - start)


def _through_aac(sound: Iterator[Floats], sample_rate: int, layout: str) -> Iterator[Floats]:
    """Sound encoded and decoded again."""
    encoder = av.AudioCodecContext.create("aac", "w")
    set_encoder(encoder, sample_rate, layout)
    encoder.open()
    decoder = av.AudioCodecContext.create("aac", "r")
    decoder.extradata = encoder.extradata
    done = 0

    def frames() -> Iterator[AudioFrame | None]:
        nonlocal done
        fifo = av.AudioFifo()
        for samples in sound:
            fifo.write(audio_frame(samples, done, sample_rate, layout))
            done += samples.shape[1]
            yield from fifo.read_many(encoder.frame_size or 1024)
        rest = fifo.read()
        if rest is not None:
            yield rest
        yield None

    packets = (packet for frame in frames() for packet in encoder.encode(frame))
    came = (decoded for packet in packets for decoded in decoder.decode(packet))
    for number, decoded in enumerate(chain(came, _rest(decoder))):
        if number:  # the first frame is what the encoder primes itself with
            yield np.asarray(decoded.to_ndarray(), np.float32)


def _rest(decoder: AudioCodecContext) -> Iterator[AudioFrame]:
    """What a decoder still holds, once it is asked for."""
    yield from decoder.decode(None)
