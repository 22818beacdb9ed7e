"""Trailers whose every edit is known: pieces of a film, changed as trailers change them.

A trailer is planned from a seed alone, then drawn frame by frame and encoded. What is varied is
listed at `Piece` and `Plan`; nothing of it is told to what is measured.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

RATES = (Fraction(24), Fraction(24), Fraction(25), Fraction(30000, 1001))
SHAPES = (16 / 9, 16 / 9, 1.85, 2.39)
"""Of the picture within the trailer's 16:9 frame; the film is cropped to it, and bars are added."""
HEIGHT, WIDTH = 360, 640
WORDS = ("THIS SUMMER", "FROM THE MAKERS OF", "ONE FOREST", "NO MERCY", "COMING SOON", "IN CINEMAS")


@dataclass(frozen=True, slots=True)
class Source:
    """A film that pieces are taken from."""

    path: Path
    frames: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a trailer from one source; frames are the trailer's, from the piece's first."""

    source: Source | None
    """None for a title card on black."""
    start: float
    """Seconds into the source."""
    frames: int
    speed: float = 1.0
    mirrored: bool = False
    zoom: float = 1.0
    """1.2 shows a window of 1 / 1.2 of the picture's width."""
    corner: tuple[float, float] = (0.5, 0.5)
    """Where the window lies in what the zoom leaves: 0 is left or top, 1 right or bottom."""
    gamma: float = 1.0
    gain: float = 1.0
    saturation: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    title: str = ""
    join: str = "cut"
    """How it begins: `cut`, `dissolve` (over the piece before it) or `fade` (through black)."""
    join_frames: int = 0
    """Of a dissolve, how many frames both show; of a fade, how long out, and then in."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A true edit, in frames."""

    first: int
    """Of the trailer."""
    last: int
    """Of the trailer, inclusive: the last in which any of it shows."""
    film_in: float
    film_out: float
    """Where the film has come to when the edit ends; with its fraction."""
    speed: float
    mirrored: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A trailer before it is drawn."""

    pieces: tuple[Piece, ...]
    starts: tuple[int, ...]
    """The trailer's frame that each piece begins at; dissolves overlap."""
    rate: Fraction
    shape: float
    crf: int
    film: Source
    edits: tuple[Edit, ...] = field(default=())

    @property
    def frames(self) -> int:
        return self.starts[-1] + self.pieces[-1].frames


def plan_trailer(film: Source, foreign: Sequence[Source], seed: int, pieces: int = 16) -> Plan:
    """Choose everything of a trailer from a seed."""
    rng = np.random.default_rng(seed)
    rate = RATES[rng.integers(len(RATES))]
    chosen: list[Piece] = []
    for number in range(pieces):
        kind = rng.random()
        if kind < 0.72:
            piece = _film_piece(film, rate, rng)
        elif kind < 0.86:
            piece = _film_piece(foreign[int(rng.integers(len(foreign)))], rate, rng)
        else:
            piece = Piece(None, 0.0, int(rng.integers(20, 50)), title=str(rng.choice(WORDS)))
        chosen.append(_joined(piece, chosen[-1] if number else None, rng))
    starts = [0]
    for before, piece in pairwise(chosen):
        overlap = piece.join_frames if piece.join == "dissolve" else 0
        starts.append(starts[-1] + before.frames - overlap)
    edits = tuple(
        _edit(piece, start, rate)
        for piece, start in zip(chosen, starts, strict=True)
        if piece.source == film
    )
    shape = SHAPES[rng.integers(len(SHAPES))]
    crf = int(rng.integers(24, 37))
    return Plan(tuple(chosen), tuple(starts), rate, shape, crf, film, edits)


def draw_trailer(plan: Plan, path: Path) -> None:
    """Encode a planned trailer as H.264."""
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=plan.rate)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.options = {"crf": str(plan.crf), "preset": "veryfast"}
        for picture in _pictures(plan):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            film.mux(video.encode(frame.reformat(format="yuv420p")))
        film.mux(video.encode(None))


def _film_piece(source: Source, rate: Fraction, rng: np.random.Generator) -> Piece:
    speed = 1.0 if rng.random() < 0.6 else float(np.exp(rng.uniform(np.log(0.5), np.log(2.0))))
    length = float(source.frames / source.rate)
    frames = int(np.clip(rng.lognormal(np.log(48), 0.6), 14, 160))
    frames = min(frames, int((length - 1) * rate / speed))
    used = speed * frames / float(rate)
    zoomed = rng.random() < 0.5
    return Piece(
        source,
        float(rng.uniform(0.2, length - used - 0.2)),
        frames,
        speed=speed,
        mirrored=rng.random() < 0.1,
        zoom=float(rng.uniform(1.02, 1.25)) if zoomed else 1.0,
        corner=(float(rng.random()), float(rng.random())) if zoomed else (0.5, 0.5),
        gamma=float(np.exp(rng.uniform(-0.35, 0.35))),
        gain=float(rng.uniform(0.75, 1.2)),
        saturation=float(rng.uniform(0.0, 1.4)),
        tint=(float(rng.uniform(0.85, 1.15)), 1.0, float(rng.uniform(0.85, 1.15))),
        title=str(rng.choice(WORDS)) if rng.random() < 0.25 else "",
    )


def _joined(piece: Piece, before: Piece | None, rng: np.random.Generator) -> Piece:
    kind = rng.random()
    longest = min(piece.frames, before.frames if before else 0) // 3
    if before is None or kind < 0.65 or longest < 4:
        return piece
    frames = int(rng.integers(4, min(24, longest) + 1))
    shown = piece.source is not None and before.source is not None
    join = "dissolve" if kind < 0.82 and shown else "fade"
    return replace(piece, join=join, join_frames=frames)


def _edit(piece: Piece, start: int, rate: Fraction) -> Edit:
    assert piece.source is not None
    at = float(int(piece.start * float(piece.source.rate)))  # the first frame that is shown
    used = piece.frames * piece.speed * float(piece.source.rate / rate)
    return Edit(start, start + piece.frames - 1, at, at + used, piece.speed, piece.mirrored)


def _pictures(plan: Plan) -> Iterator[Picture]:
    """Every frame of a trailer, `(HEIGHT, WIDTH, 3)` RGB."""
    waiting: dict[int, NDArray[np.float32]] = {}
    for number, (piece, start) in enumerate(zip(plan.pieces, plan.starts, strict=True)):
        after = plan.pieces[number + 1] if number + 1 < len(plan.pieces) else None
        for index, picture in enumerate(_piece_pictures(piece, plan)):
            weight = _weight(piece, after, index)
            at = start + index
            shown = (weight * picture).astype(np.float32)
            waiting[at] = waiting[at] + shown if at in waiting else shown
        done = plan.starts[number + 1] if after else plan.frames
        for at in sorted(key for key in waiting if key < done):
            yield np.clip(np.round(waiting.pop(at)), 0, 255).astype(np.uint8)


def _weight(piece: Piece, after: Piece | None, index: int) -> np.float32:
    """How much of a piece shows in its frame `index`: less than 1 in a dissolve or a fade."""
    weight = 1.0
    if piece.join != "cut" and index < piece.join_frames:
        weight = (index + 1) / (piece.join_frames + 1)
    left = piece.frames - 1 - index
    if after is not None and after.join != "cut" and left < after.join_frames:
        weight *= (left + 1) / (after.join_frames + 1)
    return np.float32(weight)


def _piece_pictures(piece: Piece, plan: Plan) -> Iterator[Picture]:
    if piece.source is None:
        card = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        _write(card, piece.title, HEIGHT // 2)
        for _ in range(piece.frames):
            yield card
        return
    seconds = piece.start + piece.speed * np.arange(piece.frames) / float(plan.rate)
    wanted = np.minimum(
        (seconds * float(piece.source.rate)).astype(np.int64), piece.source.frames - 1
    )
    shown = dict(_read(piece.source, int(wanted[0]), int(wanted[-1])))
    for index in wanted:
        yield _changed(shown[int(index)], piece, plan.shape)


def _changed(picture: Picture, piece: Piece, shape: float) -> Picture:
    """One frame of the film as the trailer shows it."""
    if piece.mirrored:
        picture = picture[:, ::-1]
    height, width = picture.shape[:2]
    window = _window(width, height, shape, piece)
    left, top, wide, high = window
    inside = picture[top : top + high, left : left + wide]
    inner = round(WIDTH / shape / 2) * 2 if shape > WIDTH / HEIGHT else HEIGHT
    scaled = cv2.resize(inside, (WIDTH, inner), interpolation=cv2.INTER_AREA).astype(np.float32)
    graded = 255 * (scaled / 255) ** piece.gamma * piece.gain
    grey = graded.mean(axis=2, keepdims=True)
    graded = (grey + piece.saturation * (graded - grey)) * np.array(piece.tint)
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    bar = (HEIGHT - inner) // 2
    out[bar : bar + inner] = np.clip(graded, 0, 255).astype(np.uint8)
    if piece.title:
        _write(out, piece.title, round(HEIGHT * 0.75))
    return out


def _window(width: int, height: int, shape: float, piece: Piece) -> tuple[int, int, int, int]:
    """Left, top, width and height of the part of the film's picture that is shown."""
    wide, high = (width, width / shape) if width / height < shape else (height * shape, height)
    wide, high = wide / piece.zoom, high / piece.zoom
    left, top = (width - wide) * piece.corner[0], (height - high) * piece.corner[1]
    return round(left), round(top), round(wide), round(high)


def _write(picture: Picture, text: str, line: int) -> None:
    size = 1.4
    (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, size, 3)
    at = ((WIDTH - wide) // 2, line)
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_DUPLEX, size, (250, 250, 250), 3, cv2.LINE_AA)


def _read(source: Source, first: int, last: int) -> Iterator[tuple[int, Picture]]:
    """Frames `first` to `last` of a film of a constant rate."""
    with av.open(str(source.path)) as film:
        video = film.streams.video[0]
        video.thread_type = "AUTO"
        base = video.time_base
        assert base is not None
        begin = video.start_time or 0
        wanted = begin + int(Fraction(max(0, first - 1)) / source.rate / base)
        film.seek(wanted, stream=video, backward=True)
        for frame in film.decode(video):
            assert frame.pts is not None
            index = round((frame.pts - begin) * base * source.rate)
            if index > last:
                return
            if index >= first:
                picture = frame.to_ndarray(format="rgb24", width=WIDTH * 2, height=HEIGHT * 2)
                yield index, picture.astype(np.uint8)


def join_films(parts: Sequence[Source], path: Path) -> Source:
    """Encode films one after the other as one, at 25 frames a second, frame for frame."""
    rate, count = Fraction(25), 0
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.options = {"crf": "18", "preset": "veryfast"}
        for part in parts:
            for _, picture in _read(part, 0, part.frames - 1):
                small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
                frame = av.VideoFrame.from_ndarray(small.astype(np.uint8), format="rgb24")
                film.mux(video.encode(frame.reformat(format="yuv420p")))
                count += 1
        film.mux(video.encode(None))
    return Source(path, count, rate)
