"""Pictures of a media file by the number of the decoded frame, whatever the file's index says.

Seeks to a keyframe before the frame and decodes up to it, and takes a frame only if its PTS is the
one that ingest noted; where a seek lands wrongly it goes back further, at last to the beginning.
A file whose times cannot be trusted, as those of many AVIs, is counted from its beginning.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from editing.errors import RenderError
from ingest.video import Damage, Streams, decode, open_streams

_NEAR = 250
"""Frames ahead that are reached by decoding on rather than by a seek."""
_SEEK_BACK_SECONDS = (0, 2, 10)
_PROBE = 24
"""Frames at the beginning of a file that show whether its times can be trusted."""


class PictureReader:
    """Decodes frames of one file by their number, quickest if they are asked for in order."""

    def __init__(self, path: Path | str, times: NDArray[np.int64]) -> None:
        """Open `path`; `times` is `(frames,)`, the PTS of every frame in decode order.

        Raises:
            UnreadableMedia: It cannot be opened.
        """
        self.path, self.times = path, times
        self.streams = self._open()
        self._decoded: Iterator[tuple[int, VideoFrame]] = self._counted()
        self._trusted = self._times_hold()
        self._at = -1
        self._frame: VideoFrame | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.streams.container.close()

    def frame(self, number: int) -> VideoFrame:
        """Decoded frame `number`.

        Raises:
            RenderError: The file has no such frame where ingest found one.
        """
        if self._frame is not None and self._at == number:
            return self._frame
        near = self._at < number <= self._at + _NEAR
        found = self._advance(number) if near else None
        for seconds in _SEEK_BACK_SECONDS:
            found = found or (self._advance(number) if self._seek(number, seconds) else None)
        if found is None:
            self._rewind()
            found = self._advance(number)
        if found is None:
            raise RenderError(
                f"{self.path} no longer decodes to its frame {number:,}.\n"
                "Ingest it again (reel ingest --force FILE) and make the cut again"
            )
        return found

    def _advance(self, number: int) -> VideoFrame | None:
        """Decode on to a frame; None if it does not come."""
        for at, frame in self._decoded:
            self._at, self._frame = at, frame
            if at >= number:
                return frame if at == number else None
        self._at, self._frame = -1, None
        return None

    def _seek(self, number: int, seconds: int) -> bool:
        """Go to a keyframe at least `seconds` before a frame; whether the file lets itself seek."""
        base = self.streams.video.time_base
        if base is None or not self._trusted:
            return False
        target = int(self.times[number]) - round(seconds / base)
        try:
            self.streams.container.seek(target, stream=self.streams.video)
        except (FFmpegError, OverflowError):
            return False
        self._decoded = self._recognised()
        return True

    def _rewind(self) -> None:
        self.streams.container.close()
        self.streams = self._open()
        self._decoded = self._counted()

    def _open(self) -> Streams:
        return replace(open_streams(self.path), audio=None)

    def _times_hold(self) -> bool:
        """Whether the first frames have the times that ingest noted; then rewinds."""
        beginning = list(islice(self._decoded, _PROBE))
        self._rewind()
        return all(
            number < len(self.times) and frame.pts == self.times[number]
            for number, frame in beginning
        )

    def _recognised(self) -> Iterator[tuple[int, VideoFrame]]:
        """Frames from here on, numbered by their PTS, as long as one follows the other."""
        last: int | None = None
        for frame in decode(self.streams, Damage()):
            if not isinstance(frame, VideoFrame):
                continue
            number = None if frame.is_corrupt else self._number_of(frame)
            if last is not None and number != last + 1:
                return
            if number is not None:
                yield number, frame
            last = number

    def _number_of(self, frame: VideoFrame) -> int | None:
        """The frame that ingest noted at this PTS."""
        if frame.pts is None:
            return None
        number = int(np.searchsorted(self.times, frame.pts))
        return number if number < len(self.times) and self.times[number] == frame.pts else None

    def _counted(self) -> Iterator[tuple[int, VideoFrame]]:
        """Frames from the file's beginning on, numbered as ingest counted them."""
        frames = (f for f in decode(self.streams, Damage()) if isinstance(f, VideoFrame))
        yield from enumerate(frames)
