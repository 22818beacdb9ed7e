"""Sound of a media file by the sample, placed by its PTS against the first picture.

Begins decoding half a second early, because a codec's first block after a seek is not whole; where
the file has no sound there is silence.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from numpy.typing import NDArray

from ingest.media import Floats
from ingest.video import Streams, open_streams

_SEEK_BACK = (Fraction(1, 2), Fraction(3), Fraction(15))
"""Seconds before the wanted sample to begin decoding at; further if the first lands past it."""
_JUMP = Fraction(1, 20)
"""Seconds; a smaller step in the PTS is rounding, a larger one a gap."""


class SoundReader:
    """Decodes one file's sound at a sample rate and layout of one's choice."""

    def __init__(
        self, path: Path | str, *, first_picture: Fraction, sample_rate: int, layout: str
    ) -> None:
        """Open `path`.

        Args:
            path: The file.
            first_picture: Seconds, in the container's time, of the first video frame.
            sample_rate: Samples per second to give.
            layout: `mono` or `stereo`.

        Raises:
            UnreadableMedia: It cannot be opened.
        """
        self.path, self.first_picture = path, first_picture
        self.sample_rate, self.layout = sample_rate, layout
        self.channels = {"mono": 1, "stereo": 2}[layout]
        self.streams: Streams = open_streams(path)
        self._begin(whole=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.streams.container.close()

    def read(self, start: int, samples: int) -> Floats:
        """`(channels, samples)` from sample `start` on, counted from the first picture."""
        before = start < self._head and not self._whole
        beyond = start > self._tail + self.sample_rate and not self._ended
        if before or beyond:
            self._seek(start)
        while self._tail < start + samples and self._decode_more():
            self._forget_before(start)
        return self._take(start, samples)

    def _take(self, start: int, samples: int) -> Floats:
        taken = np.zeros((self.channels, samples), np.float32)
        first, last = max(start, self._head), min(start + samples, self._tail)
        if first < last:
            kept = np.concatenate(self._kept, axis=1)
            taken[:, first - start : last - start] = kept[:, first - self._head : last - self._head]
        return taken

    def _begin(self, *, whole: bool) -> None:
        """Forget what was decoded; the next frame that comes says where it belongs."""
        self._frames = self._decode()
        self._resampler = av.AudioResampler("fltp", self.layout, self.sample_rate)
        self._kept: list[NDArray[np.float32]] = []
        self._head = self._tail = 0
        self._due: Fraction | None = None  # when the next frame should begin
        self._whole = whole  # nothing comes before what is kept
        self._ended = False

    def _decode(self) -> Iterator[AudioFrame]:
        """Frames from here on; a damaged packet is left out."""
        if self.streams.audio is None:
            return
        packets = self.streams.container.demux(self.streams.audio)
        while True:
            try:
                yield from next(packets).decode()
            except StopIteration:
                return
            except EOFError:
                return
            except (FFmpegError, ValueError):
                continue

    def _seek(self, start: int) -> None:
        """Decode from a place before sample `start`, further back until that is so."""
        for back in _SEEK_BACK:
            seconds = self.first_picture + Fraction(start, self.sample_rate) - back
            if self._seek_to(seconds) and self._decode_more() and self._head <= start:
                return
        self.streams.container.close()
        self.streams = open_streams(self.path)
        self._begin(whole=True)

    def _seek_to(self, seconds: Fraction) -> bool:
        """Go to a time in the container; whether the file lets itself seek."""
        audio = self.streams.audio
        if audio is None or audio.time_base is None:
            return False
        try:
            self.streams.container.seek(round(seconds / audio.time_base), stream=audio)
        except (FFmpegError, OverflowError):
            return False
        self._begin(whole=False)
        return True

    def _decode_more(self) -> bool:
        """Decode one frame more; False at the end of the sound."""
        frame = next(self._frames, None)
        if frame is None:
            if self._due is not None and not self._ended:
                self._keep(self._resampler.resample(None))
            self._ended = True
            return False
        self._place(frame)
        self._keep(self._resampler.resample(frame))
        return True

    def _place(self, frame: AudioFrame) -> None:
        """Say which sample the frame begins with; put silence into a gap before it."""
        begins = self._due or Fraction(0)
        if frame.pts is not None and frame.time_base is not None:
            begins = frame.pts * frame.time_base - self.first_picture
        if self._due is None:
            self._head = self._tail = round(begins * self.sample_rate)
        elif begins - self._due > _JUMP:
            gap = round((begins - self._due) * self.sample_rate)
            self._kept.append(np.zeros((self.channels, gap), np.float32))
            self._tail += gap
        else:
            begins = self._due
        self._due = begins + Fraction(frame.samples, frame.sample_rate)

    def _keep(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            samples = np.asarray(frame.to_ndarray(), dtype=np.float32)  # (channels, samples)
            self._kept.append(samples)
            self._tail += samples.shape[1]

    def _forget_before(self, start: int) -> None:
        while self._kept and self._head + self._kept[0].shape[1] <= start:
            self._head += self._kept.pop(0).shape[1]
            self._whole = False
