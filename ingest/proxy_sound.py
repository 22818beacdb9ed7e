"""The sound of a review proxy, encoded while a film is decoded: each sample at its time."""

from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer

from ingest.media import Floats
from ingest.video import Streams

SAMPLE_RATE = 48_000
_AUDIO_BITS = 128_000
_MOST_WAITING = 60 * SAMPLE_RATE
"""Samples of sound that may come before the first picture."""
_SLACK = SAMPLE_RATE // 20
"""Samples; a smaller step in the times of the sound is rounding, a larger one a gap."""
_LONGEST_GAP = 600 * SAMPLE_RATE


class ProxySound:
    """The sound of a proxy: 48 kHz AAC, each sample at its time after the first picture."""

    def __init__(self, streams: Streams) -> None:
        self._channels = 0
        if streams.audio is not None:
            self._channels = 1 if streams.audio.codec_context.channels == 1 else 2
        self._layout = "mono" if self._channels == 1 else "stereo"
        self._stream: AudioStream | None = None
        self._output: OutputContainer | None = None
        self._resampler: av.AudioResampler | None = None
        self._arrangement: tuple[str, str, int] | None = None
        self._waiting: list[Floats] = []
        self._start: Fraction | None = None
        """Seconds, in the container's time, of the first sample that came."""
        self._come = 0
        """Samples that came, gaps filled."""
        self._skip = 0
        """Samples still to be left out, because they are before the first picture."""
        self._written = 0

    def begin(self, output: OutputContainer, first_picture: Fraction) -> None:
        """The first picture is here: what waited can go out."""
        self._output, self._first_picture = output, first_picture
        if self._channels:
            self._stream = output.add_stream("aac", rate=SAMPLE_RATE, layout=self._layout)
            self._stream.codec_context.bit_rate = _AUDIO_BITS * self._channels // 2
        if self._start is not None:
            self._place()

    def push(self, frame: AudioFrame) -> None:
        """Take the next frame, as decoded.

        Raises:
            ValueError: The sound lies too far from the picture.
        """
        if self._start is None:
            time = frame.time_base * frame.pts if frame.pts is not None and frame.time_base else 0
            self._start = Fraction(time)
            if self._output is not None:
                self._place()
        gap = self._gap(frame)
        if gap > 0:
            self._take(np.zeros((self._channels, gap), np.float32))
        for part in self._resampled(frame):
            self._take(np.nan_to_num(np.asarray(part.to_ndarray(), np.float32)))

    def finish(self) -> None:
        """Write the rest."""
        if self._resampler is not None:
            for part in self._resampler.resample(None):
                self._take(np.nan_to_num(np.asarray(part.to_ndarray(), np.float32)))
        if self._output is not None and self._stream is not None and self._written:
            self._output.mux(self._stream.encode(None))

    def _gap(self, frame: AudioFrame) -> int:
        """Samples of silence that the file leaves before a frame."""
        if frame.pts is None or frame.time_base is None or self._start is None:
            return 0
        gap = round((frame.pts * frame.time_base - self._start) * SAMPLE_RATE) - self._come
        return gap if _SLACK < gap < _LONGEST_GAP else 0

    def _place(self) -> None:
        """Now that the times of both are known: silence first, or leave out what is too early."""
        assert self._start is not None
        offset = round((self._start - self._first_picture) * SAMPLE_RATE)
        if abs(offset) > _LONGEST_GAP:
            raise ValueError(f"its sound begins {offset // SAMPLE_RATE} s from its picture")
        self._skip = max(0, -offset)
        waiting, self._waiting = self._waiting, []
        if offset > 0:
            self._write(np.zeros((self._channels, offset), np.float32))
        for samples in waiting:
            self._write(samples)

    def _resampled(self, frame: AudioFrame) -> list[AudioFrame]:
        """A frame as 48 kHz mono or stereo, whatever the file changes to midway."""
        arrangement = (frame.format.name, frame.layout.name, frame.sample_rate)
        rest: list[AudioFrame] = []
        if self._resampler is None or arrangement != self._arrangement:
            rest = self._resampler.resample(None) if self._resampler else []
            self._resampler = av.AudioResampler("fltp", self._layout, SAMPLE_RATE)
            self._arrangement = arrangement
        return rest + self._resampler.resample(frame)

    def _take(self, samples: Floats) -> None:
        self._come += samples.shape[1]
        if self._output is not None:
            self._write(samples)
            return
        self._waiting.append(samples)
        if sum(waiting.shape[1] for waiting in self._waiting) > _MOST_WAITING:
            raise ValueError("more than 60 s of its sound come before its picture")

    def _write(self, samples: Floats) -> None:
        skipped = min(self._skip, samples.shape[1])
        self._skip -= skipped
        heard = np.ascontiguousarray(samples[:, skipped:])
        if not heard.shape[1] or self._stream is None or self._output is None:
            return
        frame = AudioFrame.from_ndarray(heard, format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts = SAMPLE_RATE, self._written
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self._written += heard.shape[1]
        self._output.mux(self._stream.encode(frame))
