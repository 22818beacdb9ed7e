"""Faults planted in real footage: which, where, and how strong.

A stretch of a film is changed picture by picture and sample by sample; it is written again as a
delivered file would be, so that what is looked for has gone through a lossy encoder.
"""

from collections.abc import Callable

import numpy as np

from benchmarks.footage_stretches import Plant, Samples, Stretch, Yuv
from benchmarks.picture_changes import barred, change, differs, gained, motion, resized, tinted
from benchmarks.sample_changes import eased, rms, runs_over

PICTURE_KINDS = (
    *("flash", "black", "freeze", "duplicate", "dropped", "jump cut"),
    *("letterbox", "combing", "exposure step", "colour step"),
)
SOUND_KINDS = ("click", "dropout", "clipping", "silence", "loudness step", "word")
_SHORTENING = ("dropped", "jump cut")
"""Kinds that move what follows: planted first, so that sound is planted at joins as they end up."""
_MARGIN = 14
"""Frames from a planted fault to the nearest cut, and half of what is between two faults."""
SEEN = 1.5
"""A jump cut changes the picture so many times as much as the motion on both sides does: where it
changes no more, it shows nothing that the next frame would not have shown."""


class Planter:
    """Plants faults in one stretch; the same for the same seed."""

    def __init__(self, stretch: Stretch, other: Stretch, speech: list[Samples], seed: int) -> None:
        """Plant in a copy of `stretch`; pictures that do not belong come from `other`."""
        self.rng = np.random.default_rng(seed)
        self.made = Stretch(
            *(stretch.name, stretch.rate, list(stretch.pictures), stretch.sound.copy()),
            *(stretch.sample_rate, list(stretch.cuts), list(stretch.mixed)),
            own=list(stretch.own),
        )
        size = stretch.pictures[0].shape[::-1]
        self.other = [resized(p, size) for p in other.pictures[:: max(1, other.frames // 12)]]
        self.speech = speech
        self.taken_pictures = [
            (own.frame, own.frame + own.frames)
            for own in stretch.own
            if own.kind in PICTURE_KINDS and own.verdict == "fault"
        ]
        self.taken_sound = [
            (self._sample_of(own.frame), self._sample_of(own.frame + own.frames))
            for own in stretch.own
            if own.kind in SOUND_KINDS
        ]
        self._moving = motion(stretch.pictures)

    def plant_all(
        self, each: int = 1, of: tuple[str, ...] = (*PICTURE_KINDS, *SOUND_KINDS)
    ) -> Stretch:
        """Plant up to `each` of the kinds `of`, where there is room; gives what was made."""
        kinds = [kind for kind in of for _ in range(each)]
        drawn = [str(kind) for kind in self.rng.permutation(kinds)]
        for kind in sorted(drawn, key=lambda kind: kind not in _SHORTENING):
            make = getattr(self, "_" + kind.replace(" ", "_"))
            for _ in range(12):
                plant = make()
                if plant is not None:
                    self.made.plants.append(plant)
                    break
        made = self.made  # it may have become shorter than its sound
        made.sound = made.sound[:, : round(made.frames / made.rate * made.sample_rate)]
        kept = (
            plant
            for plant in made.plants
            if plant.kind in PICTURE_KINDS or plant.frame + plant.frames < made.frames
        )
        made.plants = sorted(kept, key=lambda plant: plant.frame)
        return made

    # Pictures

    def _inside(self, frames: int, *, moving: float = 0.0) -> int | None:
        """A free place for `frames` frames within a shot; None if this try finds none."""
        made = self.made
        if made.frames < frames + 2 * _MARGIN + 2:
            return None
        at = int(self.rng.integers(_MARGIN, made.frames - frames - _MARGIN))
        start, end = at - _MARGIN, at + frames + _MARGIN
        near_cut = any(start < cut < end for cut in made.cuts)
        mixed = any(a < end and start < b for a, b in made.mixed)
        taken = any(a < end + _MARGIN and start - _MARGIN < b for a, b in self.taken_pictures)
        if near_cut or mixed or taken:
            return None
        if np.median(self._moving[at - 4 : at + frames + 4]) < moving:
            return None
        if np.mean(made.pictures[at][: made.pictures[at].shape[0] * 2 // 3]) < 30:
            return None
        self.taken_pictures.append((at, at + frames))
        return at

    def _flash(self) -> Plant | None:
        frames = int(self.rng.integers(1, 4))
        at = self._inside(frames)
        if at is None:
            return None
        strength = str(self.rng.choice(["other picture", "white", "bright by half"]))
        for i in range(at, at + frames):
            if strength == "other picture":
                self.made.pictures[i] = self.other[at % len(self.other)]
            else:
                self.made.pictures[i] = gained(
                    self.made.pictures[i], 1.5 if strength == "bright by half" else 6.0
                )
        return Plant("flash", at, frames, f"{strength}, {frames}")

    def _black(self) -> Plant | None:
        frames = int(self.rng.choice([1, 2, 5, 12, 24]))
        at = self._inside(frames)
        if at is None:
            return None
        level = int(self.rng.choice([16, 16, 18]))
        for i in range(at, at + frames):
            black = np.full_like(self.made.pictures[i], 128)
            black[: black.shape[0] * 2 // 3] = level
            self.made.pictures[i] = black
        return Plant("black", at, frames, f"{frames} at {level}")

    def _freeze(self) -> Plant | None:
        frames = int(self.rng.choice([0.6, 1.0, 2.0]) * self.made.rate)
        at = self._held(frames)
        if at is None:
            return None
        return Plant("freeze", at, frames, f"{float(frames / self.made.rate):.1f} s")

    def _duplicate(self) -> Plant | None:
        frames = int(self.rng.integers(1, 3))
        at = self._held(frames)
        if at is None:
            return None
        return Plant("duplicate", at, frames, f"{frames}")

    def _held(self, frames: int) -> int | None:
        """Show a picture again instead of `frames` others, within a motion that it stops.

        The picture before it, the first that it replaces and the first behind them each differ
        from the one before: where a film holds a picture itself, a repeat shows nothing.
        """
        at, pictures = self._inside(frames, moving=0.7), self.made.pictures
        if at is None:
            return None
        beside = (at - 1, at, at + frames)
        if not all(differs(pictures[i - 1], pictures[i]) for i in beside):
            self.taken_pictures.pop()
            return None
        pictures[at : at + frames] = [pictures[at - 1]] * frames
        return at

    def _dropped(self) -> Plant | None:
        frames = int(self.rng.integers(1, 4))
        at = self._inside(frames, moving=1.5)
        if at is None:
            return None
        made = self.made
        made.pictures[at : at + frames] = []
        self._shift(at, frames)
        return Plant("dropped", at, frames, f"{frames}")

    def _jump_cut(self) -> Plant | None:
        frames = int(self.rng.choice([0.5, 1.0, 2.0]) * self.made.rate)
        at = self._inside(frames, moving=0.4)
        if at is None:
            return None
        made = self.made
        jump = change(made.pictures[at - 1], made.pictures[at + frames])
        beside = [*self._moving[at - 4 : at], *self._moving[at + frames + 1 : at + frames + 5]]
        if jump < SEEN * float(np.median(beside)):
            self.taken_pictures.pop()
            return None
        made.pictures[at : at + frames] = []
        self._shift(at, frames)
        return Plant("jump cut", at, 1, f"{float(frames / made.rate):.1f} s gone")

    def _shift(self, at: int, frames: int) -> None:
        """Take the sound of removed frames out too, and tell what lies behind them where it is."""
        self._cut_sound(self._sample_of(at), self._sample_of(at + frames))

        def moved(frame: int) -> int:
            return frame - frames if frame > at else frame

        made = self.made
        made.cuts = [moved(cut) for cut in made.cuts]
        made.mixed = [(moved(a), moved(b)) for a, b in made.mixed]
        self.taken_pictures = [
            (moved(a), moved(b)) if a != at else (at - 1, at + 1) for a, b in self.taken_pictures
        ]
        made.plants = [Plant(p.kind, moved(p.frame), p.frames, p.strength) for p in made.plants]
        made.own = [own.moved(moved(own.frame) - own.frame) for own in made.own]
        self._moving = np.delete(self._moving, slice(at, at + frames))

    def _cut_sound(self, start: int, end: int) -> None:
        """Take samples out, with a crossfade of 10 ms, as an editor would."""
        sound, fade = self.made.sound, min(start, self.made.sample_rate // 100)
        if sound.shape[1] < end:
            return
        rising = np.linspace(0, 1, fade, dtype=np.float32)
        mixed = sound[:, start - fade : start] * (1 - rising) + sound[:, end - fade : end] * rising
        self.made.sound = np.concatenate([sound[:, : start - fade], mixed, sound[:, end:]], axis=1)
        self.taken_sound = [
            (a, b) if a < start else (a - (end - start), b - (end - start))
            for a, b in self.taken_sound
        ]

    def _letterbox(self) -> Plant | None:
        frames = int(self.rng.choice([1.0, 1.6]) * self.made.rate)
        at = self._inside(frames)
        if at is None:
            return None
        share = float(self.rng.choice([0.04, 0.08, 0.128]))
        sides = bool(self.rng.random() < 0.25)
        for i in range(at, at + frames):
            self.made.pictures[i] = barred(self.made.pictures[i], share, sides=sides)
        return Plant("letterbox", at, frames, f"{'sides' if sides else 'top'} {share:.0%}")

    def _combing(self) -> Plant | None:
        frames = int(self.rng.choice([4, 12]))
        at = self._inside(frames, moving=1.5)
        if at is None:
            return None
        pictures = self.made.pictures
        whole = [p.copy() for p in pictures[at : at + frames + 1]]
        for i in range(frames):
            rows = whole[i].shape[0] * 2 // 3
            combed = whole[i].copy()
            combed[1:rows:2] = whole[i + 1][1:rows:2]
            pictures[at + i] = combed
        return Plant("combing", at, frames, f"{frames}")

    def _exposure_step(self) -> Plant | None:
        gain = float(self.rng.choice([0.75, 0.85, 1.2, 1.35]))
        return self._stepped("exposure step", lambda p: gained(p, gain), f"x{gain}")

    def _colour_step(self) -> Plant | None:
        shift = int(self.rng.choice([8, 14, 20])) * int(self.rng.choice([-1, 1]))
        return self._stepped("colour step", lambda p: tinted(p, shift), f"{shift:+}")

    def _stepped(self, kind: str, change: Callable[[Yuv], Yuv], strength: str) -> Plant | None:
        """From a place within a shot to the shot's end."""
        at = self._inside(24)
        if at is None:
            return None
        made = self.made
        end = min([cut for cut in made.cuts if cut > at], default=made.frames)
        ends = [a for a, _ in (*made.mixed, *self.taken_pictures) if a > at]
        if ends and min(ends) < end:
            self.taken_pictures.pop()
            return None
        for i in range(at, end):
            made.pictures[i] = change(made.pictures[i])
        self.taken_pictures[-1] = (at, end)
        return Plant(kind, at, end - at, strength)

    # Sound

    def _audible(self, seconds: float, *, at: int | None = None) -> int | None:
        """The first sample of a free place with sound around it, at a frame if one is given."""
        made = self.made
        rate, count = made.sample_rate, int(seconds * made.sample_rate)
        room = int(0.4 * rate)
        if made.sound.shape[1] < count + 2 * room:
            return None
        if at is None:
            first = int(self.rng.integers(room, made.sound.shape[1] - count - room))
        else:
            first = round(at / made.rate * rate)
        around = made.sound[:, max(0, first - room) : first + count + room]
        short = made.sound[:, max(0, first - rate // 20) : first + rate // 20]
        taken = any(a - room < first + count and first < b + room for a, b in self.taken_sound)
        if taken or not room <= first < made.sound.shape[1] - count - room:
            return None
        if min(rms(around), rms(short)) < 0.004:
            return None
        self.taken_sound.append((first, first + count))
        return first

    def _frame_of(self, sample: int) -> int:
        return int(sample * self.made.rate / self.made.sample_rate)

    def _sample_of(self, frame: int) -> int:
        return round(frame / self.made.rate * self.made.sample_rate)

    def _click(self) -> Plant | None:
        at = self._cut() if self.rng.random() < 0.4 else None
        first = self._audible(0.01, at=at)
        if first is None:
            return None
        sound = self.made.sound
        local = rms(sound[:, first - 2000 : first + 2000])
        strength = float(self.rng.choice([12, 18, 24]))
        height = min(0.95, local * 10 ** (strength / 20))
        shape = str(self.rng.choice(["impulse", "step"]))
        if shape == "impulse":
            sound[:, first : first + 2] += height * float(self.rng.choice([-1, 1]))
        else:  # a jump that dies away as a coupling capacitor lets it
            fall = np.exp(-np.arange(self.made.sample_rate // 20) / (self.made.sample_rate * 0.008))
            sound[:, first : first + len(fall)] += (height * fall).astype(np.float32)
        np.clip(sound, -1, 1, out=sound)
        return Plant("click", self._frame_of(first), 1, f"{shape} {strength:.0f} dB")

    def _dropout(self) -> Plant | None:
        seconds = float(self.rng.choice([0.02, 0.04, 0.1]))
        first = self._audible(seconds)
        if first is None:
            return None
        self.made.sound[:, first : first + int(seconds * self.made.sample_rate)] = 0
        frame = self._frame_of(first)
        return Plant(
            "dropout", frame, 1 + int(seconds * self.made.rate), f"{seconds * 1000:.0f} ms"
        )

    def _clipping(self) -> Plant | None:
        first = self._audible(0.4)
        if first is None:
            return None
        piece = slice(first, first + int(0.4 * self.made.sample_rate))
        over = float(self.rng.choice([4, 8]))
        peak = float(np.abs(self.made.sound[:, piece]).max())
        whole = self.made.sound[:, piece]
        swell = eased(whole.shape[1], self.made.sample_rate // 20)
        driven = whole * (1 + (10 ** (over / 20) / peak - 1) * swell)
        cut_off = runs_over(np.abs(driven).max(axis=0) >= 1, 4)
        if not cut_off:
            self.taken_sound.pop()
            return None
        self.made.sound[:, piece] = np.clip(driven, -1, 1)
        frame, last = (self._frame_of(first + at) for at in (cut_off[0][0], cut_off[-1][1]))
        return Plant("clipping", frame, 1 + last - frame, f"{over:.0f} dB over")

    def _silence(self) -> Plant | None:
        seconds = float(self.rng.choice([1.5, 2.5]))
        first = self._audible(seconds)
        if first is None:
            return None
        count = int(seconds * self.made.sample_rate)
        self.made.sound[:, first : first + count] = 0
        frame = self._frame_of(first)
        return Plant("silence", frame, 1 + int(seconds * self.made.rate), f"{seconds} s")

    def _loudness_step(self) -> Plant | None:
        cut = self._cut()
        first = None if cut is None else self._audible(1.0, at=cut)
        if first is None or cut is None:
            return None
        count = int(1.0 * self.made.sample_rate)
        gain = float(self.rng.choice([-20, -16, 16]))
        piece = self.made.sound[:, first : first + count]
        quiet, loud = rms(self.made.sound[:, first - count // 2 : first]), rms(piece)
        target = quiet * 10 ** (gain / 20)
        if loud <= 0 or target < 0.002 or target > 0.25:
            self.taken_sound.pop()
            return None
        back = np.minimum(1, np.arange(count, 0, -1) / (self.made.sample_rate // 10))
        louder = 1 + (target / loud - 1) * back.astype(np.float32)  # its end is no second fault
        self.made.sound[:, first : first + count] = np.clip(piece * louder, -1, 1)
        return Plant("loudness step", cut, int(self.made.rate), f"{gain:+.0f} dB")

    def _word(self) -> Plant | None:
        cut = self._cut()
        first = None if cut is None or not self.speech else self._audible(0.5, at=cut)
        if first is None or cut is None:
            return None
        said = self.speech[int(self.rng.integers(len(self.speech)))]
        length = min(len(said), int(0.6 * self.made.sample_rate), first)
        cut_at = int(self.rng.integers(length, max(length + 1, len(said) - length)))
        snr = float(self.rng.choice([6, 12, 20]))
        ends = bool(self.rng.random() < 0.5)
        word = said[cut_at - length : cut_at] if ends else said[cut_at : cut_at + length]
        place = slice(first - len(word), first) if ends else slice(first, first + len(word))
        reach = 2 * self.made.sample_rate // 5
        if any(
            a - reach < place.stop and place.start < b + reach for a, b in self.taken_sound[:-1]
        ):
            self.taken_sound.pop()
            return None
        bed = self.made.sound[:, place]
        if bed.shape[1] != len(word) or rms(word[-800:] if ends else word[:800]) < rms(said) / 2:
            self.taken_sound.pop()
            return None
        self.taken_sound[-1] = (place.start, place.stop)
        scale = max(rms(bed), 0.01) * 10 ** (snr / 20) / rms(word)
        swell = eased(2 * len(word), self.made.sample_rate // 20)  # only the cut is a fault
        word = word * (swell[: len(word)] if ends else swell[len(word) :])
        self.made.sound[:, place] = np.clip(
            bed + word * min(scale, 0.7 / np.abs(word).max()), -1, 1
        )
        return Plant("word", cut, 1, f"{'ends' if ends else 'begins'} at the cut, {snr:.0f} dB")

    def _cut(self) -> int | None:
        """A hard cut of the film, or of what was planted: a dissolve or fade ends with no join."""
        jumps = [p.frame for p in self.made.plants if p.kind == "jump cut"]
        soft = {last + 1 for _, last in self.made.mixed}
        cuts = [c for c in {*self.made.cuts, *jumps} - soft if 10 < c < self.made.frames - 10]
        return int(self.rng.choice(sorted(cuts))) if cuts else None
