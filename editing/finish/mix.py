"""The sound of a programme by the sample: slots with their leads, crossfades and gains, and music.

Sample `s` of the cut belongs to frame `n` if it lies from `round(n / rate * sample_rate)` up to the
same of `n + 1`, so that picture and sound end together whatever the rate. A crossfade is of equal
power, except where the sound of a film runs on across the join: there it is even.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import numpy as np

from editing.errors import RenderError
from editing.finish.pool import Pool
from editing.finish.programme import Programme
from editing.finish.sound import SoundReader, unheard_sounds
from editing.finish.source import Source, is_file_of
from ingest.media import Floats, MediaId

AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000)


@dataclass(frozen=True, slots=True)
class Heard:
    """Where a slot is heard, in samples of the cut."""

    start: int
    """The middle of the crossfade at its beginning."""
    end: int
    """The middle of that at its end."""
    half_in: int
    """Samples on either side of `start` that the crossfade takes."""
    half_out: int
    even_in: bool
    """Whether the sound runs on across its beginning."""
    even_out: bool
    offset: int
    """Added to a sample of the cut it gives that of the film."""
    gain: float


class Mix:
    """Mixes a programme's sound, quickest if asked for in order."""

    def __init__(self, programme: Programme, sources: Mapping[MediaId, Source]) -> None:
        """Open what is needed.

        Raises:
            RenderError: Leads leave nothing of a slot's sound, or the music is not what was meant.
            UnreadableMedia: A film or the music cannot be opened.
        """
        self.programme, self.sources = programme, sources
        self.sample_rate, self.layout = self._arrangement()
        self.channels = 1 if self.layout == "mono" else 2
        if not self.sample_rate:
            return
        self._heard = tuple(self._slot(i) for i in range(len(programme.cut.slots)))
        with ExitStack() as stack:
            self._readers: Pool[tuple[MediaId, int], SoundReader] = stack.enter_context(
                Pool(self._reader)
            )
            self._music = self._opened_music(stack)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.sample_rate:
            self._stack.close()

    def sample_of(self, frame: int) -> int:
        """The first sample of a frame, both counted from the cut, or both from the file."""
        return round(Fraction(frame) / self.programme.cut.rate * (self.sample_rate or 0))

    @property
    def samples(self) -> int:
        """Of the whole file, in each channel."""
        return self.sample_of(self.programme.frames)

    def remarks(self) -> list[str]:
        """What people should know of the films' sound and of the music, once all was read."""
        used = dict.fromkeys(slot.media for slot in self.programme.cut.slots)
        told = [one for media in used for one in unheard_sounds(self.sources[media].media.path)]
        music = self.programme.delivery.music
        if music is None or not self.sample_rate or self._music is None:
            return told
        told += unheard_sounds(music.path)
        if self._music.damaged:
            told.append(f"{self._music.damaged} packets of the music do not decode, and are silent")
        if self._music.end is not None:
            end = self._music.end - round(music.start * self._rate)
            left = (self.sample_of(self.programme.cut.frames) - end) / self._rate
            if left > 0:
                told.append(f"the music ends {left:.2f} s before the cut, and silence follows it")
        return told

    def read(self, start: int, samples: int) -> Floats:
        """`(channels, samples)` of the file from sample `start` on."""
        mixed = np.zeros((self.channels, samples), np.float32)
        before = self.sample_of(self.programme.leader)
        length = self.sample_of(self.programme.leader + self.programme.cut.frames) - before
        first, last = max(start - before, 0), min(start + samples - before, length)
        if first < last:
            at = first + before - start
            mixed[:, at : at + last - first] = self._of_cut(first, last)
        return mixed

    def _of_cut(self, first: int, last: int) -> Floats:
        """The cut's samples `first` to `last - 1`."""
        mixed = np.zeros((self.channels, last - first), np.float32)
        for number, heard in enumerate(self._heard):
            start = max(first, heard.start - heard.half_in)
            end = min(last, heard.end + heard.half_out)
            slot = self.programme.cut.slots[number]
            if start >= end or self.sources[slot.media].media.audio is None:
                continue
            reader = self._readers.get((slot.media, number % 2))
            sound = reader.read(start + heard.offset, end - start)
            mixed[:, start - first : end - first] += sound * _weights(heard, start, end)
        self._add_music(mixed, first)
        return mixed * self._fades(first, last)

    def _slot(self, number: int) -> Heard:
        cut, programme = self.programme.cut, self.programme
        slot = cut.slots[number]
        start, start_fade, start_even = self._join(number)
        end, end_fade, end_even = self._join(number + 1)
        if not start < end:
            raise RenderError(f"the leads of its sound leave nothing of slot {number + 1}")
        record = self.sample_of(programme.starts[number])
        return Heard(
            start=start,
            end=end,
            half_in=start_fade,
            half_out=end_fade,
            even_in=start_even,
            even_out=end_even,
            offset=self.sources[slot.media].first_sample(slot, self._rate) - record,
            gain=10 ** (slot.sound.gain / 20),
        )

    def _join(self, number: int) -> tuple[int, int, bool]:
        """Where the sound of slot `number` begins, half its crossfade, and whether it runs on."""
        cut = self.programme.cut
        if number == 0:
            return 0, 0, True
        if number == len(cut.slots):
            return self.sample_of(cut.frames), 0, True
        slot, before = cut.slots[number], cut.slots[number - 1]
        at = self.sample_of(self.programme.starts[number] - slot.sound.lead)
        asked = Fraction(slot.sound.fade_ms, 1000) or self.programme.delivery.join_fade
        apart = self._film_sample(number) - self._film_sample(number - 1)
        runs_on = slot.media == before.media and abs(apart) <= 1
        return at, round(asked / 2 * self._rate), runs_on

    def _film_sample(self, number: int) -> int:
        """The film's sample that a slot's sound would have at the cut's first."""
        slot = self.programme.cut.slots[number]
        first = self.sources[slot.media].first_sample(slot, self._rate)
        return first - self.sample_of(self.programme.starts[number])

    def _fades(self, first: int, last: int) -> Floats:
        """The gain of the fades at both ends of the cut, `(samples,)`."""
        into = self.sample_of(self.programme.fade_in)
        out = self.sample_of(self.programme.fade_out)
        at = np.arange(first, last) + 0.5
        end = self.sample_of(self.programme.leader + self.programme.cut.frames)
        end -= self.sample_of(self.programme.leader)
        gain = np.ones(last - first)
        if into:
            gain = np.minimum(gain, at / into)
        if out:
            gain = np.minimum(gain, (end - at) / out)
        return np.clip(gain, 0, 1).astype(np.float32)

    def _add_music(self, mixed: Floats, first: int) -> None:
        music = self.programme.delivery.music
        if music is None or self._music is None:
            return
        offset = round(music.start * self._rate)
        sound = self._music.read(first + offset, mixed.shape[1])
        gain = np.full(mixed.shape[1], 10 ** (music.gain / 20))
        if music.fade_out:
            end = self.sample_of(self.programme.cut.frames)
            left = end - np.arange(first, first + mixed.shape[1]) - 0.5
            gain *= np.clip(left / float(music.fade_out * self._rate), 0, 1)
        mixed += sound * gain.astype(np.float32)

    def _opened_music(self, stack: ExitStack) -> SoundReader | None:
        music = self.programme.delivery.music
        if music is None:
            return None
        if not music.path.is_file():
            raise RenderError(f"the music {music.path} is gone; put it back, or name another file")
        if music.fingerprint and not is_file_of(music.path, None, music.fingerprint):
            raise RenderError(
                f"the music {music.path} is not the file that the cut was made to; its beats may "
                "lie elsewhere. Name it as --music to take it all the same"
            )
        reader = stack.enter_context(
            SoundReader(music.path, first_picture=None, sample_rate=self._rate, layout=self.layout)
        )
        begins = round(music.start * self._rate)
        reader.read(begins, 1)
        if reader.end is not None and reader.end <= begins:
            raise RenderError(
                f"the music {music.path} lasts {reader.end / self._rate:.2f} s, and is to begin at "
                f"its {float(music.start):g} s"
            )
        return reader

    @property
    def _rate(self) -> int:
        assert self.sample_rate
        return self.sample_rate

    def _reader(self, key: tuple[MediaId, int]) -> SoundReader:
        media = self.sources[key[0]].media
        return SoundReader(
            media.path,
            first_picture=media.start_pts * media.time_base,
            sample_rate=self._rate,
            layout=self.layout,
        )

    def _arrangement(self) -> tuple[int | None, str]:
        """Sample rate and layout: the sources' own if all agree, else 48 kHz stereo; None: mute."""
        used = dict.fromkeys(slot.media for slot in self.programme.cut.slots)
        sounds = [self.sources[m].media.audio for m in used]
        rates = {sound.sample_rate for sound in sounds if sound}
        music = self.programme.delivery.music is not None
        if not rates:
            return (48_000 if music else None), "stereo"
        rate = rates.pop() if len(rates) == 1 else 48_000
        mono = not music and all(sound.channels == 1 for sound in sounds if sound)
        return (rate if rate in AAC_RATES else 48_000), "mono" if mono else "stereo"


def _weights(heard: Heard, start: int, end: int) -> Floats:
    """The gain of a slot in samples `start` to `end - 1` of the cut, `(samples,)`."""
    gain = np.full(end - start, heard.gain)
    at = np.arange(start, end) + 0.5
    if heard.half_in:
        ramp = (at - heard.start + heard.half_in) / (2 * heard.half_in)
        gain *= _ramp(ramp, even=heard.even_in)
    else:
        gain[at < heard.start] = 0
    if heard.half_out:
        ramp = (heard.end + heard.half_out - at) / (2 * heard.half_out)
        gain *= _ramp(ramp, even=heard.even_out)
    else:
        gain[at > heard.end] = 0
    return gain.astype(np.float32)


def _ramp(along: np.ndarray[tuple[int], np.dtype[np.float64]], *, even: bool) -> Floats:
    """0 to 1 along a crossfade: even, or so that the squares of both sides sum to 1."""
    share = np.clip(along, 0, 1)
    return np.asarray(share if even else np.sin(share * np.pi / 2), np.float32)
