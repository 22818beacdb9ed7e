"""What a render costs, whether its frames are right, and what memory it takes at two lengths.

    python benchmarks/render.py [--footage FILM] [--seconds 30 150] [--runs 3] [--moviepy PYTHON]

The same random cut of the film (2 s a slot, 640x360, x264 veryfast, crf 18, AAC) by what `reel
render` calls, plain and with everything (-23 LUFS, dissolves, a title, burnt captions, slates), and
by a reference that works as MoviePy does: pictures fetched by seconds in floats, as RGB arrays, by
a reader for each slot. With --moviepy, an interpreter that has MoviePy 2 runs that as well.
Each is a process of its own on one processor; they run in turn, A B C A B C. CPU seconds are those
of the process and its children; a frame is right if none within 3 of the one asked for is more like
it.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from editing.captions.caption import Caption
from editing.cut import Brief, Cut, CutId, Slot, Transition
from editing.finish.delivery import Captions, Delivery, Slate, Title
from editing.finish.render import render
from editing.finish.source import Source
from editing.frame_grid import FrameGrid
from ingest.fingerprint import fingerprint_file
from ingest.media import Audio, Media, MediaId
from ingest.rates import frame_rate
from ingest.timecode import FrameRange

_HEIGHT = 360
_SMALL = (96, 54)
_MOVIEPY = """
import json, sys
from moviepy import VideoFileClip, concatenate_videoclips
film, output, spans, rate = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), float(sys.argv[4])
clip = VideoFileClip(film).resized(height=360)
parts = [clip.subclipped(a / rate, b / rate) for a, b in spans]
concatenate_videoclips(parts).write_videofile(
    output, fps=rate, codec="libx264", preset="veryfast", audio_codec="aac", threads=1, logger=None,
    ffmpeg_params=["-crf", "18"])
"""

Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    cpu_seconds: float
    mebibytes: float
    """The peak of the largest process."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    sample = Path("data/sample/big_buck_bunny_first_half.mp4")
    parser.add_argument("--footage", type=Path, default=sample)
    parser.add_argument("--seconds", type=int, nargs="+", default=[30, 150])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--moviepy", help="a Python interpreter that has MoviePy 2")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    source = look_at(options.footage)
    if options.only:
        programs = {"plain": plain, "everything": everything, "by seconds": by_seconds}
        programs[options.only](source, spans_of(source, options.seconds[0]), options.output)
        return
    names = ["plain", "everything", "by seconds", *(["moviepy"] if options.moviepy else [])]
    print(
        "| cut | by | CPU s, median (least to most) | × real time on one core | peak MiB | ", end=""
    )
    print("frames | right |\n|---|---|---|---|---|---|---|")
    for seconds in options.seconds:
        measure(source, seconds, names, options)


def measure(source: Source, seconds: int, names: list[str], options: argparse.Namespace) -> None:
    """Run every program in turn, and print a row for each."""
    spans = spans_of(source, seconds)
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    right: dict[str, tuple[int, int] | None] = dict.fromkeys(names)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.runs):
            for name in names:
                output = Path(folder) / f"{names.index(name)}.mp4"
                costs[name].append(run(command(name, source, seconds, output, options)))
                if right[name] is None and name != "everything":  # its pictures are mixed
                    right[name] = frames_right(source, spans, output)
    length = sum(end - start for start, end in spans) / source.media.rate
    for name in names:
        cpu = sorted(cost.cpu_seconds for cost in costs[name])
        middle, found = statistics.median(cpu), right[name]
        peak = max(cost.mebibytes for cost in costs[name])
        told = f"{found[0]:,} | {found[1]:,}" if found else "- | -"
        print(
            f"| {seconds} s | {name} | {middle:.1f} ({cpu[0]:.1f} to {cpu[-1]:.1f}) "
            f"| {float(length) / middle:.1f} | {peak:.0f} | {told} |",
            flush=True,
        )


def command(
    name: str, source: Source, seconds: int, output: Path, options: argparse.Namespace
) -> list[str]:
    """The command line of a program."""
    if name == "moviepy":
        spans = json.dumps(spans_of(source, seconds))
        rate = str(float(source.media.rate))
        return [options.moviepy, "-c", _MOVIEPY, source.media.path, str(output), spans, rate]
    return [
        *(sys.executable, __file__, "--footage", source.media.path, "--seconds", str(seconds)),
        *("--only", name, "--output", str(output)),
    ]


def run(words: list[str]) -> Cost:
    """Run a command on one processor."""
    processor = min(os.sched_getaffinity(0))
    root = Path(__file__).parents[1]
    process = subprocess.Popen(
        words,
        preexec_fn=lambda: os.sched_setaffinity(0, {processor}),  # noqa: PLW1509
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{words[:3]} ended with status {status}")
    process.returncode = 0
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def plain(source: Source, spans: Spans, output: Path) -> None:
    """Hard cuts only."""
    render(cut_of(source, spans), {source.media.id: source}, output, delivery=Delivery(_HEIGHT))


def everything(source: Source, spans: Spans, output: Path) -> None:
    """With loudness, dissolves, a title, captions drawn in and slates."""
    captions = tuple(
        Caption(Fraction(n), Fraction(n) + Fraction(3, 2), f"caption {n}")
        for n in range(0, sum(e - s for s, e in spans) // 24 - 2, 2)
    )
    delivery = Delivery(
        _HEIGHT,
        loudness="r128",
        fade_out=Fraction(1),
        titles=(Title("A TITLE", Fraction(2), Fraction(4), fade=Fraction(1, 2)),),
        captions=Captions(captions, burnt=True),
        leader=Slate(Fraction(2)),
        end=Slate(Fraction(2)),
    )
    cut = cut_of(source, spans, Transition("dissolve", 6, 6))
    render(cut, {source.media.id: source}, output, delivery=delivery)


def by_seconds(source: Source, spans: Spans, output: Path) -> None:
    """As MoviePy works: a picture is what is up at a time in seconds, and is an array of RGB."""
    rate = float(source.media.rate)
    width = round(source.media.width * _HEIGHT / source.media.height / 2) * 2
    with av.open(str(output), "w") as made:
        video = made.add_stream("libx264", rate=source.media.rate)
        video.width, video.height, video.pix_fmt = width, _HEIGHT, "yuv420p"
        video.options = {"crf": "18", "preset": "veryfast"}
        audio = made.add_stream("aac", rate=44_100, layout="stereo")
        number = done = 0
        for first, stop in spans:
            start, end = first / rate, stop / rate
            for picture in pictures_from(source.media.path, start, end, rate, (width, _HEIGHT)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, 1 / source.media.rate
                made.mux(video.encode(frame))
                number += 1
            samples = sound_from(source.media.path, start, end)
            block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            block.sample_rate, block.pts, block.time_base = 44_100, done, Fraction(1, 44_100)
            done += samples.shape[1]
            made.mux(audio.encode(block))
        made.mux(video.encode(None))
        made.mux(audio.encode(None))


def pictures_from(
    path: str, start: float, end: float, rate: float, size: tuple[int, int]
) -> Iterator[Any]:
    """The picture at every `1 / rate` from one second to another, `(height, width, 3)`."""
    with av.open(path) as film:
        video: Any = film.streams.video[0]
        film.seek(int(max(0.0, start - 1) / video.time_base), stream=video)
        wanted = [start + n / rate for n in range(int((end - start) * rate))]
        for frame in film.decode(video):
            while wanted and int(rate * wanted[0] + 1e-5) <= round(frame.time * rate):
                yield frame.reformat(*size, "rgb24").to_ndarray()
                wanted.pop(0)
            if not wanted:
                return


def sound_from(path: str, start: float, end: float) -> NDArray[np.float32]:
    """Stereo sound from one second to another."""
    parts: list[Any] = []
    first = None
    resampler = av.AudioResampler("fltp", "stereo", 44_100)
    with av.open(path) as film:
        audio: Any = film.streams.audio[0]
        film.seek(int(max(0.0, start - 0.5) / audio.time_base), stream=audio)
        for frame in film.decode(audio):
            first = frame.time if first is None else first
            parts += [part.to_ndarray() for part in resampler.resample(frame)]
            if frame.time > end + 0.5:
                break
    whole = np.concatenate(parts, axis=1)
    at = int((start - (first or 0.0)) * 44_100)
    return np.ascontiguousarray(whole[:, at : at + int((end - start) * 44_100)], np.float32)


def frames_right(source: Source, spans: Spans, output: Path) -> tuple[int, int]:
    """How many frames a file has, and how many of them are the ones asked for."""
    film = pictures_of_film(source.media.path)
    asked = [frame for start, end in spans for frame in range(start, end)]
    came = small_pictures(output)
    right = 0
    for picture, frame in zip(came, asked, strict=False):
        near = range(max(0, frame - 3), min(len(film), frame + 4))
        off = {n: float(np.mean((film[n].astype(float) - picture) ** 2)) for n in near}
        right += off[frame] <= min(off.values()) + 0.05  # stills are as like as their neighbours
    return len(came), right


@lru_cache(maxsize=1)
def pictures_of_film(path: str) -> NDArray[np.uint8]:
    """The same of the film, decoded once."""
    return small_pictures(Path(path))


def small_pictures(path: Path) -> NDArray[np.uint8]:
    """`(frames, height, width)` of luma, small."""
    with av.open(str(path)) as film:
        film.streams.video[0].thread_type = "AUTO"
        frames = film.decode(video=0)
        return np.array([f.reformat(*_SMALL, "yuv420p").to_ndarray()[: _SMALL[1]] for f in frames])


def spans_of(source: Source, seconds: int) -> Spans:
    """Slots of two seconds from anywhere in the film, the same for every program."""
    chance, length = random.Random(seconds), round(2 * source.media.rate)
    starts = [chance.randrange(24, source.grid.frames - length - 24) for _ in range(seconds // 2)]
    return [(start, start + length) for start in starts]


def cut_of(source: Source, spans: Spans, transition: Transition | None = None) -> Cut:
    """The cut that the spans make; every third join has the transition."""
    slots = tuple(
        Slot(
            *(source.media.id, number, FrameRange(*span), 0.0, ()),
            transition=transition if number % 3 == 1 else None,
        )
        for number, span in enumerate(spans)
    )
    frames = sum(end - start for start, end in spans)
    brief = Brief("trailer", frames, 1, frames, Fraction(1), 1.0)
    return Cut(
        *(CutId(1), 1, source.media.id, "A cut", "trailer", brief, source.media.rate, slots),
        *("none", "benchmark", "", ""),
    )


def look_at(path: Path) -> Source:
    """A film as ingest would describe it, as far as a render asks."""
    with av.open(str(path)) as film:
        video: Any = film.streams.video[0]
        sound = film.streams.audio[0]
        base, size = video.time_base, (video.width, video.height)
        audio = Audio(sound.sample_rate, sound.channels, 0, Fraction(0), None)
        times = np.sort([p.pts for p in film.demux(video) if p.pts is not None])
    rate, variable = frame_rate(times, base, None)
    facts: tuple[Any, ...] = (
        *(MediaId(1), str(path.resolve()), fingerprint_file(path), path.stat().st_size),
        *("mp4", "h264", *size, 0, rate, variable, base, int(times[0]), len(times), None, audio),
    )
    media = Media(*facts)
    return Source(media, FrameGrid(times - times[0], rate, base, variable), times)


if __name__ == "__main__":
    main()
