"""Copies of real footage with faults at known frames, from which cuts are then made.

Each stretch of a film is written several times: once flawed here and there (black, frozen, doubled,
combed frames; clicks, dropouts, silence, clipping), once as another reel of the same pictures
(barred, brighter, tinted, or with a sound that ends early), and once with words said over it.
What was done is kept beside each copy as JSON, so that nothing is written twice.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from benchmarks.footage_stretches import Samples, Stretch, Yuv, write

PIECE_SECONDS = 2.4
MARGIN = 14
"""Frames from a fault to the ends of its piece."""
IN_PICTURE = ("black", "freeze", "duplicate", "combing", "flash")
IN_SOUND = ("dropout", "click", "silence", "clipping", "join click")
REELS = ("letterbox", "exposure step", "colour step", "length")
_LEAST_MOTION = {"freeze": 0.7, "duplicate": 0.7, "combing": 1.5}
"""Mean change from frame to frame, of 255, without which nobody could see the fault."""
_AUDIBLE = 0.004


@dataclass(frozen=True, slots=True)
class Flaw:
    """A fault of a copy; frames are the copy's."""

    kind: str
    frame: int
    frames: int
    strength: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames of one shot that a slot can be of."""

    start: int
    end: int
    shot: int
    """Of the stretch, from 0: pieces of one shot are of one set-up."""
    flaw: Flaw | None = None


@dataclass(slots=True)
class Copy:
    """One copy of a stretch, and what is known of it."""

    name: str
    kind: str
    """`flawed`, `spoken`, or one of `REELS`."""
    frames: int
    sounding: bool
    pieces: list[Piece] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """First frames of new shots."""
    said: list[tuple[float, float]] = field(default_factory=list)
    """From when to when somebody speaks, in seconds."""
    sound_end: float = float("inf")
    """Seconds; there is no sound from here on."""

    def save(self, path: Path) -> None:
        """Keep it as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "Copy":
        """What `save` kept."""
        kept = json.loads(path.read_text())
        kept["pieces"] = [
            Piece(p["start"], p["end"], p["shot"], Flaw(**p["flaw"]) if p["flaw"] else None)
            for p in kept["pieces"]
        ]
        kept["said"] = [(start, end) for start, end in kept["said"]]
        return cls(**kept)


def write_copies(
    stretch: Stretch, other: Stretch, speech: Sequence[Samples], folder: Path, seed: int
) -> list[Path]:
    """Write the copies of a stretch that are not there yet; gives the paths of all.

    Args:
        stretch: Decoded.
        other: Its last picture, upside down, is what flashes up.
        speech: Utterances at the stretch's sample rate, trimmed to where they are heard.
        folder: Where to.
        seed: Of places and strengths.
    """
    rng = np.random.default_rng([seed, *stretch.name.encode()])
    reel = REELS[int(rng.integers(len(REELS) if stretch.sound.shape[1] else len(REELS) - 1))]
    makers: dict[str, Callable[[], tuple[Stretch, Copy]]] = {
        "flawed": lambda: _flawed(stretch, other, rng),
        reel: lambda: _reel(stretch, reel, rng),
    }
    if speech:
        makers["spoken"] = lambda: _spoken(stretch, speech, rng)
    written = []
    for kind, make in makers.items():
        path = folder / f"{stretch.name.replace('#', '-')}-{seed}-{kind.replace(' ', '-')}.mp4"
        made, copy = make()
        if not path.exists():
            write(made, path, crf=int(rng.choice([18, 23])), sound_codec="aac")
            copy.save(path.with_suffix(".json"))
        written.append(path)
    return written


def pieces_of(stretch: Stretch) -> list[Piece]:
    """The shots of a stretch in pieces of about `PIECE_SECONDS`, without what is mixed."""
    found, length, hard = [], round(PIECE_SECONDS * stretch.rate), hard_cuts(stretch)
    edges = sorted({0, *stretch.cuts, stretch.frames, *(a for a, _ in stretch.mixed)})
    for start, end in pairwise(edges):
        shot = sum(cut <= start for cut in hard)
        if any(a < end and start <= b for a, b in stretch.mixed):
            continue
        count = max(1, (end - start) // length)
        if end - start < 2 * MARGIN + 8:
            continue
        marks = [start + (end - start) * i // count for i in range(count + 1)]
        found += [Piece(a, b, shot) for a, b in pairwise(marks)]
    return found


def hard_cuts(stretch: Stretch) -> list[int]:
    """First frames of new shots; what a gradual transition parts is told as one shot."""
    return [cut for cut in stretch.cuts if not any(b + 1 == cut for _, b in stretch.mixed)]


def _copied(stretch: Stretch) -> Stretch:
    return Stretch(
        *(stretch.name, stretch.rate, list(stretch.pictures), stretch.sound.copy()),
        *(stretch.sample_rate, list(stretch.cuts), list(stretch.mixed)),
    )


def _flawed(stretch: Stretch, other: Stretch, rng: np.random.Generator) -> tuple[Stretch, Copy]:
    made = _copied(stretch)
    copy = Copy(stretch.name, "flawed", made.frames, bool(made.sound.shape[1]))
    copy.cuts = hard_cuts(stretch)
    kinds = list(rng.permutation([*IN_PICTURE, *(IN_SOUND if copy.sounding else ())]))
    for number, piece in enumerate(pieces_of(stretch)):
        flaw = None
        if number % 3 != 0:  # every third piece stays as it is
            for place in range(len(kinds)):
                flaw = _plant(str(kinds[place]), piece, made, other, rng)
                if flaw:
                    kinds.append(kinds.pop(place))
                    break
        copy.pieces.append(Piece(piece.start, piece.end, piece.shot, flaw))
    return made, copy


def _plant(
    kind: str, piece: Piece, made: Stretch, other: Stretch, rng: np.random.Generator
) -> Flaw | None:
    if kind in IN_SOUND:
        return _plant_in_sound(kind, piece, made, rng)
    rate, room = float(made.rate), piece.end - piece.start - 2 * MARGIN
    frames = {
        "black": int(rng.choice([1, 2, 5, 12])),
        "freeze": round(float(rng.choice([0.6, 1.0])) * rate),
        "duplicate": int(rng.integers(1, 3)),
        "combing": int(rng.choice([4, 12])),
        "flash": int(rng.integers(1, 4)),
    }[kind]
    if frames >= room:
        return None
    at = piece.start + MARGIN + int(rng.integers(room - frames))
    pictures = made.pictures
    luma = slice(0, pictures[0].shape[0] * 2 // 3)
    around = range(at - 3, min(at + frames + 3, piece.end - 1))
    moved = [
        cv2.norm(pictures[i][luma], pictures[i + 1][luma], cv2.NORM_L1) / pictures[i][luma].size
        for i in around
    ]
    if np.median(moved) < _LEAST_MOTION.get(kind, 0.0) or np.mean(pictures[at][luma]) < 30:
        return None
    originals = [pictures[i].copy() for i in range(at, at + frames + 1)]
    for i in range(frames):
        if kind == "black":
            pictures[at + i] = np.full_like(pictures[at], 128)
            pictures[at + i][luma] = 16
        elif kind == "combing":
            combed = originals[i].copy()
            combed[luma][1::2] = originals[i + 1][luma][1::2]
            pictures[at + i] = combed
        elif kind == "flash":
            pictures[at + i] = _upside_down(other.pictures[-1], pictures[at].shape)
        else:
            pictures[at + i] = pictures[at - 1]
    return Flaw(kind, at, frames, f"{frames}")


def _plant_in_sound(
    kind: str, piece: Piece, made: Stretch, rng: np.random.Generator
) -> Flaw | None:
    rate, sound = made.sample_rate, made.sound
    seconds = {"dropout": float(rng.choice([0.02, 0.04, 0.1])), "silence": 1.4}.get(kind, 0.4)
    margin = MARGIN if kind != "silence" else 6
    room = piece.end - piece.start - 2 * margin - int(seconds * made.rate) - 1
    if kind == "join click":
        at = piece.start
    elif room < 1:
        return None
    else:
        at = piece.start + margin + int(rng.integers(room))
    first, count = round(at / made.rate * rate), int(seconds * rate)
    near, wide = rate // 20, int(0.4 * rate)
    if first < wide or first + count + wide > sound.shape[1]:
        return None
    sides = [sound[:, first - near : first], sound[:, first + count : first + count + near]]
    if min(_rms(side) for side in sides) < _AUDIBLE:
        return None
    strength, local = "", _rms(sound[:, first - near : first + near])
    if kind in ("dropout", "silence"):
        sound[:, first : first + count] = 0
        strength = f"{seconds * 1000:.0f} ms"
    elif kind == "clipping":
        gain = 10 ** (float(rng.choice([4, 8])) / 20) / float(
            np.abs(sound[:, first:][:, :count]).max()
        )
        sound[:, first : first + count] = np.clip(sound[:, first : first + count] * gain, -1, 1)
    else:
        decibels = float(rng.choice([18, 24]))
        height = min(0.95, local * 10 ** (decibels / 20))
        if kind == "click":
            sound[:, first : first + 2] += height
        else:  # what a sudden offset is once a coupling capacitor has let it through
            fall = np.exp(-np.arange(rate // 20) / (rate * 0.008))
            sound[:, first : first + len(fall)] += (height * fall).astype(np.float32)
        np.clip(sound, -1, 1, out=sound)
        strength = f"{decibels:.0f} dB"
    frames = 1 + int(seconds * made.rate) if kind in ("dropout", "silence", "clipping") else 1
    return Flaw("click" if kind == "join click" else kind, at, frames, f"{kind} {strength}")


def _reel(stretch: Stretch, kind: str, rng: np.random.Generator) -> tuple[Stretch, Copy]:
    """The whole stretch in another look, or with a sound that ends before its picture."""
    made = _copied(stretch)
    copy = Copy(stretch.name, kind, made.frames, bool(made.sound.shape[1]), pieces_of(stretch))
    copy.cuts = hard_cuts(stretch)
    if kind == "length":
        kept = int(made.sound.shape[1] * 0.55)
        made.sound = made.sound[:, :kept]
        copy.sound_end = kept / made.sample_rate
        return made, copy
    share, gain = float(rng.choice([0.06, 0.1, 0.128])), float(rng.choice([0.7, 0.8, 1.25, 1.4]))
    shift = int(rng.choice([-16, 12, 20]))
    change: dict[str, Callable[[Yuv], Yuv]] = {
        "letterbox": lambda p: _barred(p, share),
        "exposure step": lambda p: _gained(p, gain),
        "colour step": lambda p: _tinted(p, shift),
    }
    made.pictures = [change[kind](picture) for picture in made.pictures]
    return made, copy


def _spoken(
    stretch: Stretch, speech: Sequence[Samples], rng: np.random.Generator
) -> tuple[Stretch, Copy]:
    """Utterances every 2.5 s or so over the stretch's own sound, or over a hum if it is silent."""
    made, rate = _copied(stretch), stretch.sample_rate
    count = round(made.frames / made.rate * rate)
    if not made.sound.shape[1]:
        made.sound = rng.normal(0, 0.002, (2, count)).astype(np.float32)
    copy = Copy(stretch.name, "spoken", made.frames, True, pieces_of(stretch))
    copy.cuts = hard_cuts(stretch)
    at = int(0.8 * rate)
    snr = float(rng.choice([10, 16, 22]))
    while True:
        word = speech[int(rng.integers(len(speech)))]
        if at + len(word) + rate // 2 > made.sound.shape[1]:
            return made, copy
        bed = made.sound[:, at : at + len(word)]
        scale = max(_rms(bed), 0.01) * 10 ** (snr / 20) / _rms(word)
        bed[:] = np.clip(bed + word * min(scale, 0.7 / np.abs(word).max()), -1, 1)
        copy.said.append((at / rate, (at + len(word)) / rate))
        at += len(word) + int(rng.uniform(1.0, 1.6) * rate)


def _upside_down(picture: Yuv, shape: tuple[int, ...]) -> Yuv:
    """A picture that is of no set-up nearby, even if the film has but one."""
    bgr = cv2.flip(cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420), 0)
    scaled = cv2.resize(bgr, (shape[1], shape[0] * 2 // 3), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_BGR2YUV_I420), np.uint8)


def _barred(picture: Yuv, share: float) -> Yuv:
    rows, changed = picture.shape[0] * 2 // 3, picture.copy()
    depth = round(rows * share) // 4 * 4
    changed[:depth], changed[rows - depth : rows] = 16, 16
    chroma = changed[rows:].reshape(2, rows // 2, picture.shape[1] // 2)
    chroma[:, : depth // 2], chroma[:, rows // 2 - depth // 2 :] = 128, 128
    return changed


def _gained(picture: Yuv, gain: float) -> Yuv:
    rows, changed = picture.shape[0] * 2 // 3, picture.copy()
    luma = 16 + (picture[:rows].astype(np.float32) - 16) * gain
    changed[:rows] = np.clip(luma, 16, 235).astype(np.uint8)
    return changed


def _tinted(picture: Yuv, shift: int) -> Yuv:
    rows, changed = picture.shape[0] * 2 // 3, picture.astype(np.int16)
    half = (picture.shape[0] - rows) // 2
    changed[rows : rows + half] += shift
    changed[rows + half :] -= shift
    return np.asarray(np.clip(changed, 16, 240), np.uint8)


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) if samples.size else 0.0
