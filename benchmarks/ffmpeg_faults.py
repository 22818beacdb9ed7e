"""What FFmpeg's own filters, at their defaults, report of a file: the row to compare with.

`blackdetect`, `freezedetect`, `idet` and `scdet` on the picture, `silencedetect` on the sound; as
kinds of faults where they mean one. This build of FFmpeg has no `cropdetect` or `blackframe`.
"""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.error import FFmpegError

_PICTURE = "blackdetect", "freezedetect", "idet", "scdet"
_INTERLACED = ("tff", "bff")
_SCENE = 10.0
"""`scdet`'s own threshold, in per cent."""
FLASH_FRAMES = 3


def filter_faults(path: Path, rate: Fraction) -> list[tuple[str, int]]:
    """Kinds and frames of what the filters report.

    A run of frames that `idet` calls interlaced is combing; two scene changes within 3 frames are a
    flash; a silence of 2 s, the default, is silence, and a shorter one is not reported at all.
    """
    found, scenes = list[tuple[str, int]](), list[int]()
    combed = False
    for number, told in enumerate(_metadata(path, "video")):
        if "lavfi.black_start" in told:
            found.append(("black", round(float(told["lavfi.black_start"]) * rate)))
        if "lavfi.freezedetect.freeze_start" in told:
            start = float(told["lavfi.freezedetect.freeze_start"])
            found.append(("freeze", round(start * rate) + 1))
        interlaced = told.get("lavfi.idet.single.current_frame") in _INTERLACED
        if interlaced and not combed:
            found.append(("combing", number))
        combed = interlaced
        if float(told.get("lavfi.scd.score", 0)) >= _SCENE and "lavfi.scd.time" in told:
            scenes.append(round(float(told["lavfi.scd.time"]) * rate))
    for first, second in pairwise(scenes):
        if second - first <= FLASH_FRAMES:
            found.append(("flash", first))
    for told in _metadata(path, "audio"):
        silent = told.get("lavfi.silence_start") or told.get("lavfi.silence_start.1")
        if silent is not None:
            found.append(("silence", int(float(silent) * rate)))
    return found


def _metadata(path: Path, kind: str) -> list[dict[str, str]]:
    """What the filters wrote on each frame."""
    told: list[dict[str, str]] = []
    with av.open(str(path), "r") as film:
        graph = av.filter.Graph()
        if kind == "video":
            source = graph.add_buffer(template=film.streams.video[0])
            names: tuple[str, ...] = _PICTURE
            sink = graph.add("buffersink")
        elif film.streams.audio:
            source = graph.add_abuffer(template=film.streams.audio[0])
            names = ("silencedetect",)
            sink = graph.add("abuffersink")
        else:
            return []
        chain = [source, *(graph.add(name) for name in names), sink]
        graph.link_nodes(*chain).configure()

        def drain() -> None:
            while True:
                try:
                    told.append(dict(graph.pull().metadata))
                except (FFmpegError, EOFError):
                    return

        for frame in film.decode(video=0) if kind == "video" else film.decode(audio=0):
            graph.push(frame)
            drain()
        graph.push(None)
        drain()
    return told
