"""A library of fifty small films of every kind, bad ones among them, and what ingest says of each.

    python benchmarks/library.py [--keep FOLDER] [--detector cascade] [--jobs 2]

The films are made here: containers, codecs, rates, layouts and names that libraries hold, and files
that are cut off, damaged, hostile or no films at all. `reel ingest` takes the folder as anybody
would; its report is compared with what is known of each file. Exit status 1 if any is otherwise.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

NTSC = Fraction(1001)


@dataclass(frozen=True)
class Film:
    """A film that is to be made: two scenes, and a tone."""

    video: str = "libx264"
    audio: str | None = "aac"
    layout: str = "stereo"
    rate: Fraction = Fraction(24)
    size: tuple[int, int] = (96, 64)
    frames: int = 36
    first: int = 0
    times: tuple[int, ...] = ()
    rotation: int = 0
    timecode: str = ""
    pixels: str = "yuv420p"
    muxing: dict[str, str] = field(default_factory=dict)
    coding: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it to `path`, in the container that the suffix names."""
        with av.open(str(path), "w", options=self.muxing) as film:
            if self.timecode:
                film.metadata["timecode"] = self.timecode
            video: Any = film.add_stream(self.video, rate=self.rate, options=self.coding)
            video.width, video.height, video.pix_fmt = *self.size, self.pixels
            video.codec_context.time_base = 1 / self.rate
            video.codec_context.bit_rate = 400_000
            if self.rotation:
                video.set_display_rotation(self.rotation)
            audio = (
                film.add_stream(self.audio, rate=48_000, layout=self.layout) if self.audio else None
            )
            for number in range(self.frames):
                frame = self._picture(number)
                frame.pts = self.first + (self.times[number] if self.times else number)
                frame.time_base = 1 / self.rate
                film.mux(video.encode(frame))
            film.mux(video.encode(None))
            if audio is not None:
                write_tone(film, audio, self.frames / self.rate)

    def _picture(self, number: int) -> av.VideoFrame:
        """Stripes that move, of other colours in the second half."""
        width, height = self.size
        colours = np.random.default_rng(2 * number // self.frames).integers(
            0, 255, (8, 3), np.uint8
        )
        stripes = colours[((np.arange(width) + number) * 8 // width) % 8]
        picture = np.broadcast_to(stripes, (height, width, 3))
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        return frame.reformat(format=self.pixels)


def write_tone(film: Any, audio: Any, seconds: Fraction) -> None:
    """A tone of 440 Hz on every channel, for the length of the film."""
    tone = 0.2 * np.sin(np.arange(round(seconds * 48_000)) * 2 * np.pi * 440 / 48_000)
    sound = av.AudioFrame.from_ndarray(tone.astype(np.float32)[None], "flt", "mono")
    sound.sample_rate, sound.pts = 48_000, 0
    codec = audio.codec_context
    fifo = av.AudioFifo()
    for block in av.AudioResampler(codec.format, codec.layout, 48_000).resample(sound):
        fifo.write(block)
    while (full := fifo.read(codec.frame_size or 1024, partial=False)) is not None:
        film.mux(audio.encode(full))
    film.mux(audio.encode(None))


GOOD: dict[str, Film] = {
    "h264.mp4": Film(),
    "faststart.mp4": Film(muxing={"movflags": "faststart"}),
    "fragments.mp4": Film(muxing={"movflags": "frag_keyframe+empty_moov"}),
    "UPPER.MP4": Film(frames=30),
    "phone.mp4": Film(rotation=90, frames=31),
    "10bit_pq.mp4": Film(pixels="yuv420p10le", coding={"color_trc": "smpte2084"}),
    "mpeg4.mov": Film("mpeg4", "pcm_s16le"),
    "mjpeg.mov": Film("mjpeg", "pcm_s24le", pixels="yuvj420p"),
    "prores.mov": Film("prores_ks", "pcm_s16le", pixels="yuv422p10le"),
    "h264.mkv": Film(audio="flac"),
    "lossless_odd_size.mkv": Film("ffv1", "flac", size=(97, 61), pixels="yuv444p"),
    "vp8.webm": Film("libvpx", "libopus"),
    "h264.ts": Film(),
    "mpeg2.ts": Film("mpeg2video", "mp2", rate=Fraction(25)),
    "camera.mts": Film(audio="ac3", rate=Fraction(50)),
    "mpeg2.mpg": Film("mpeg2video", "mp2", rate=Fraction(25)),
    "mpeg4.avi": Film("mpeg4", "libmp3lame"),
    "b_frames.avi": Film(audio="libmp3lame", coding={"bf": "3", "b-adapt": "0"}, frames=40),
    "broadcast.mxf": Film("mpeg2video", "pcm_s16le", "mono", Fraction(25)),
    "h264.flv": Film(),
    "vp8.ivf": Film("libvpx", None),
    "23.976.mov": Film(rate=24_000 / NTSC, timecode="10:00:00:00"),
    "29.97_drop.mov": Film(rate=30_000 / NTSC, timecode="01:00:00;02"),
    "59.94.mp4": Film(rate=60_000 / NTSC, frames=60),
    "variable.mkv": Film(audio=None, times=(*range(18), *range(30, 48))),
    "late_start.mkv": Film(first=48),
    "one_frame.mp4": Film(audio=None, frames=1),
    "tiny.mp4": Film(size=(16, 16)),
    "silent.mp4": Film(audio=None),
    "mono.mp4": Film(layout="mono", frames=37),
    "surround.mkv": Film(audio="ac3", layout="5.1", frames=38),
    "Ünïcode – names & spaces.mp4": Film(frames=39),
    "new\nline.mp4": Film(frames=41),
}
"""Films that are to be ingested."""


def cut_off(film: Film, suffix: str, share: float = 0.6) -> Callable[[Path], None]:
    """The beginning of a film."""

    def write(path: Path) -> None:
        whole = path.with_name(f"whole{suffix}.part")
        film.write(whole.with_suffix(suffix))
        content = whole.with_suffix(suffix).read_bytes()
        whole.with_suffix(suffix).unlink()
        size = round(share * len(content))
        path.write_bytes(content[: size + (size % 188 == 0)])

    return write


def only_sound(path: Path) -> None:
    """A film without a picture."""
    with av.open(str(path), "w") as film:
        write_tone(film, film.add_stream("aac", rate=48_000, layout="mono"), Fraction(1))


def vast_picture(path: Path) -> None:
    """A film whose every picture claims 20,000 by 8,000 pixels."""
    Film("mjpeg", None, frames=6, pixels="yuvj420p").write(path)
    claimed = (8_000).to_bytes(2) + (20_000).to_bytes(2)  # of the frame header, ITU-T T.81, B.2.2
    path.write_bytes(
        re.sub(rb"(\xff\xc0\0\x11\x08)....", rb"\1" + claimed, path.read_bytes(), flags=re.S)
    )


def says(text: str) -> Callable[[Path], None]:
    """A file of text; FILM stands for the path of a film beside it."""
    return lambda path: (
        path.write_text(text.replace("FILM", str(path.parent / "h264.mp4"))),
        None,
    )[1]


FAST = {"movflags": "faststart"}
BAD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "empty.mp4": (lambda path: path.touch(), "the file is empty"),
    "text.mp4": (says("this is no film\n" * 99), "not a media file"),
    "zeros.mov": (lambda path: path.write_bytes(bytes(100_000)), "not a media file"),
    "noise.mkv": (
        lambda path: path.write_bytes(np.random.default_rng(3).bytes(100_000)),
        "not a media file",
    ),
    "cut_off.mp4": (cut_off(Film(muxing=FAST), ".mp4"), "it is truncated"),
    "cut_off_index.mp4": (cut_off(Film(), ".mp4"), "cut off at its index"),
    "cut_off.mkv": (cut_off(Film(), ".mkv"), "it is truncated"),
    "cut_off.ts": (cut_off(Film(), ".ts"), "it is truncated"),
    "cut_off.avi": (cut_off(Film("mpeg4", None), ".avi"), "it is truncated"),
    "cut_off.flv": (cut_off(Film(), ".flv"), "it is truncated"),
    "playlist.mp4": (
        says("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nFILM\n#EXT-X-ENDLIST\n"),
        "not a media file",
    ),
    "list.mov": (says("ffconcat version 1.0\nfile 'FILM'\n"), "not a media file"),
    "session.ts": (
        says("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n"),
        "not a media file",
    ),
    "only_sound.mp4": (only_sound, "it holds no video, only sound"),
    "vast_picture.avi": (vast_picture, "none of its video can be decoded"),
    "narrow.mkv": (Film("mpeg4", None, size=(2048, 16)).write, "no picture is so narrow"),
    "loop.mp4": (lambda path: path.symlink_to(path), "symbolic links"),
    "dangling.mp4": (lambda path: path.symlink_to("gone"), "No such file"),
    "pipe.mp4": (os.mkfifo, "a pipe or a device"),
}
"""Files that are to fail, and what the reason must say."""


def write_library(folder: Path, names: set[str] | None = None) -> dict[str, str]:
    """Make the films in `folder`, all or those of `names`.

    Returns:
        Of each name what its reason must say; empty for those that are to be ingested.
    """
    wanted = {}
    for name, film in GOOD.items():
        if names is None or name in names:
            film.write(folder / name)
            wanted[name] = ""
    for name, (write, reason) in BAD.items():
        if names is None or name in names:
            write(folder / name)
            wanted[name] = reason
    if names is None:
        (folder / "folder.mp4").mkdir()
        shutil.copy(folder / "h264.mp4", folder / "folder.mp4" / "copy.mp4")
        wanted["copy.mp4"] = ""
        if os.geteuid():  # root may read anything
            Film().write(folder / "closed.mp4")
            (folder / "closed.mp4").chmod(0)
            wanted["closed.mp4"] = "ermission"
    return wanted


def unexpected(document: dict[str, Any], wanted: dict[str, str]) -> list[str]:
    """How a report in JSON differs from what is known of its files."""
    found = {os.path.basename(row["path"]): row for row in document["files"]}  # noqa: PTH119
    wrong = [f"{name!r} is not in the report" for name in wanted.keys() - found.keys()]
    wrong += [f"{name!r} is no file of the library" for name in found.keys() - wanted.keys()]
    for name in wanted.keys() & found.keys():
        row, reason = found[name], wanted[name]
        if row["status"] != "failed" if reason else row["status"] not in ("ingested", "known"):
            wrong.append(f"{name!r} is {row['status']}: {row['reason']}")
        elif not re.search(reason, row["reason"]):
            wrong.append(f"{name!r} failed for another reason: {row['reason']}")
    return wrong


def main() -> None:
    """Make the library, ingest it, and print what was said of each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="leave library and workspace in this folder")
    parser.add_argument("--detector", default="cascade")
    parser.add_argument("--jobs", default="2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = options.keep or Path(temporary)
        footage, report = place / "footage", place / "report.json"
        footage.mkdir(parents=True)
        wanted = write_library(footage)
        command = [sys.executable, "-m", "dashboard.cli", "ingest", str(footage), "--quiet"]
        command += ["--detector", options.detector, "--jobs", options.jobs]
        command += ["--workspace", str(place / "workspace"), "--report", str(report)]
        subprocess.run(command, check=False, capture_output=True)
        document = json.loads(report.read_text())
    print("| file | status | shots | s | reason or remarks |")
    print("|---|---|---|---|---|")
    for row in sorted(document["files"], key=lambda row: (row["status"], row["path"])):
        said = row["reason"] or "; ".join(row["warnings"])
        name = json.dumps(os.path.basename(row["path"]), ensure_ascii=False)[1:-1]  # noqa: PTH119
        print(
            f"| {name} | {row['status']} | {row['shots'] or ''} | {row['seconds']:.1f} | {said} |"
        )
    speed = document["times_real_time"]
    print(f"\n{document['counts']}, {document['seconds']:.0f} s, {speed:.2f} × real time")
    wrong = unexpected(document, wanted)
    print("\n".join(wrong) or "Every file came to what is known of it.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
