"""Sound of a media file by the sample, placed by its PTS against the first picture.

Begins decoding half a second early, because a codec's first block after a seek is not whole; where
the file has no sound there is silence.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from ingest.errors import UnreadableMedia
from ingest.media import Floats
from ingest.video import open_container, open_streams

_SEEK_BACK = (Fraction(1, 2), Fraction(3), Fraction(15))
"""Seconds before the wanted sample to begin decoding at; further if the first lands past it."""
_JUMP = Fraction(1, 20)
"""Seconds; a smaller step in the PTS is rounding, a larger one a gap."""


def unheard_sounds(path: Path | str) -> list[str]:
    """What of a file's sound is not heard, for people: all streams but the first that decodes.

    Raises:
        UnreadableMedia: It cannot be opened.
    """
    with open_container(path) as container:
        heard = _first_sound(container)
        others = [_named(sound) for sound in container.streams.audio if sound is not heard]
    if heard is None or not others:
        return []
    return [
        f"{Path(path).name} has {len(others) + 1} streams of sound, and one is heard; not "
        f"{', '.join(others)}"
    ]


def _first_sound(container: InputContainer) -> AudioStream | None:
    return next((s for s in container.streams.audio if s.codec_context is not None), None)


def _named(sound: AudioStream) -> str:
    """A stream by its number in the file, and what it says of itself."""
    context = sound.codec_context
    count = context.layout.nb_channels if context is not None else 0
    channels = {0: "", 1: "mono", 2: "stereo"}.get(count, f"{count} channels")
    told = [context.name if context is not None else "", channels]
    told += [sound.metadata.get(name, "") for name in ("language", "title", "name")]
    plain = ("".join(filter(str.isprintable, one))[:40] for one in told)
    return f"stream {sound.index} ({', '.join(one for one in plain if one not in ('', 'und'))})"


class SoundReader:
    """Decodes one file's sound at a sample rate and layout of one's choice."""

    def __init__(
        self, path: Path | str, *, first_picture: Fraction | None, sample_rate: int, layout: str
    ) -> None:
        """Open `path`.

        Args:
            path: The file.
            first_picture: Seconds, in the container's time, of the first video frame; None for a
                file of sound, whose samples are counted from its first.
            sample_rate: Samples per second to give.
            layout: `mono` or `stereo`.

        Raises:
            UnreadableMedia: It cannot be opened, or is to hold sound and has none.
        """
        self.path, self.first_picture = path, first_picture or Fraction(0)
        self._sound_only = first_picture is None
        self.sample_rate, self.layout = sample_rate, layout
        self.channels = {"mono": 1, "stereo": 2}[layout]
        self._head = self._tail = 0
        """The samples that are kept: the first, and one after the last."""
        self.damaged = 0
        """Packets that did not decode."""
        self._container, self._audio = self._open()
        self._begin(whole=True)
        if self._sound_only:
            self._find_beginning()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._container.close()

    def read(self, start: int, samples: int) -> Floats:
        """`(channels, samples)` from sample `start` on, counted from the first picture."""
        before = start < self._head and not self._whole
        beyond = start > self._tail + self.sample_rate and not self._ended
        if before or beyond:
            self._seek(start)
        while self._tail < start + samples and self._decode_more():
            self._forget_before(start)
        return self._take(start, samples)

    @property
    def end(self) -> int | None:
        """One after its last sample; None until that has been decoded."""
        return self._tail if self._ended else None

    def _take(self, start: int, samples: int) -> Floats:
        taken = np.zeros((self.channels, samples), np.float32)
        at = self._head
        for part in self._kept:
            first, last = max(start, at), min(start + samples, at + part.shape[1])
            if first < last:
                taken[:, first - start : last - start] = part[:, first - at : last - at]
            at += part.shape[1]
        return taken

    def _open(self) -> tuple[InputContainer, AudioStream | None]:
        if not self._sound_only:
            streams = open_streams(self.path)
            return streams.container, streams.audio
        container = open_container(self.path)
        sound = _first_sound(container)
        if sound is None:
            container.close()
            raise UnreadableMedia(self.path, "it holds no sound")
        return container, sound

    def _find_beginning(self) -> None:
        """Count the samples of a file of sound from its first."""
        if not self._decode_more():
            self._container.close()
            raise UnreadableMedia(self.path, "its sound does not decode")
        self.first_picture = Fraction(self._head, self.sample_rate)
        self._tail, self._head = self._tail - self._head, 0
        if self._due is not None:
            self._due -= self.first_picture

    def _begin(self, *, whole: bool) -> None:
        """Forget what was decoded; the next frame that comes says where it belongs."""
        self._frames = self._decode()
        self._resampler: av.AudioResampler | None = None
        self._arrangement: tuple[str, str, int] | None = None
        self._kept: list[NDArray[np.float32]] = []
        self._head = self._tail = 0
        self._due: Fraction | None = None  # when the next frame should begin
        self._whole = whole  # nothing comes before what is kept
        self._ended = False

    def _decode(self) -> Iterator[AudioFrame]:
        """Frames from here on; a damaged packet is left out."""
        if self._audio is None:
            return
        packets = self._container.demux(self._audio)
        while True:
            try:
                yield from next(packets).decode()
            except StopIteration:
                return
            except EOFError:
                return
            except (FFmpegError, ValueError):
                self.damaged += 1
                continue

    def _seek(self, start: int) -> None:
        """Decode from a place before sample `start`, further back until that is so."""
        for back in _SEEK_BACK:
            seconds = self.first_picture + Fraction(start, self.sample_rate) - back
            if self._seek_to(seconds) and self._decode_more() and self._head <= start:
                return
        self._container.close()
        self._container, self._audio = self._open()
        self._begin(whole=True)

    def _seek_to(self, seconds: Fraction) -> bool:
        """Go to a time in the container; whether the file lets itself seek."""
        audio = self._audio
        if audio is None or audio.time_base is None:
            return False
        try:
            self._container.seek(round(seconds / audio.time_base), stream=audio)
        except (FFmpegError, OverflowError):
            return False
        self._begin(whole=False)
        return True

    def _decode_more(self) -> bool:
        """Decode one frame more; False at the end of the sound."""
        frame = next(self._frames, None)
        if frame is None:
            if self._resampler is not None and not self._ended:
                self._keep(self._resampler.resample(None))
            self._ended = True
            return False
        self._place(frame)
        self._keep(self._resampled(frame))
        return True

    def _resampled(self, frame: AudioFrame) -> list[AudioFrame]:
        """A frame as it is wanted, whatever the file changes to midway."""
        arrangement = (frame.format.name, frame.layout.name, frame.sample_rate)
        rest: list[AudioFrame] = []
        if self._resampler is None or arrangement != self._arrangement:
            rest = self._resampler.resample(None) if self._resampler else []
            self._resampler = av.AudioResampler("fltp", self.layout, self.sample_rate)
            self._arrangement = arrangement
        return rest + self._resampler.resample(frame)

    def _place(self, frame: AudioFrame) -> None:
        """Say which sample the frame begins with; put silence into a gap before it."""
        begins = self._due or Fraction(0)
        if frame.pts is not None and frame.time_base is not None:
            begins = frame.pts * frame.time_base - self.first_picture
        if self._due is None:
            self._head = self._tail = round(begins * self.sample_rate)
        elif begins - self._due > _JUMP:
            gap = round((begins - self._due) * self.sample_rate)
            nothing = np.zeros((self.channels, 1), np.float32)  # a gap of hours takes no memory
            self._kept.append(np.broadcast_to(nothing, (self.channels, gap)))
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
