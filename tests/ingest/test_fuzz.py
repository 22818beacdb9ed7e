"""Damaged films: whatever bytes a file holds, it is ingested or refused for a reason.

Each mutant of a tiny film is analysed whole in a child process, with a stub for the network.
"""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ingest.engines.local import LocalExecutor
from ingest.limits import GIBIBYTE, Limits

MUTANTS_EACH = 10
SEED = 20261121
LIMITS = Limits(seconds=120, memory=2 * GIBIBYTE)

FILMS = {
    "film.mp4": ("libx264", "aac"),
    "film.mov": ("mjpeg", "pcm_s16le"),
    "film.mkv": ("libx264", "flac"),
    "film.avi": ("mpeg4", "libmp3lame"),
    "film.ts": ("mpeg2video", "mp2"),
    "film.flv": ("flv", "libmp3lame"),
    "film.webm": ("libvpx", "libopus"),
}

EXPLAINED = re.compile(
    r"/\S+/mutant\.\w+: (not a media file|it holds no|its |none of|it is truncated|it has more)"
    r"|it needs more memory|it took longer|it used more CPU|its process died \(killed by signal"
)


def write_tiny_film(path: Path, video_codec: str, audio_codec: str) -> Path:
    """Twelve frames, two scenes, and half a second of a tone."""
    with av.open(str(path), "w") as film:
        video = film.add_stream(video_codec, rate=25)
        video.width, video.height = 64, 48
        video.pix_fmt = "yuvj420p" if video_codec == "mjpeg" else "yuv420p"
        audio = film.add_stream(audio_codec, rate=48000 if audio_codec == "libopus" else 44100)
        for number in range(12):
            picture = np.full((48, 64, 3), 10 * number + 100 * (number // 6), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        rate, layout = audio.codec_context.sample_rate, audio.codec_context.layout.name
        resampler = av.AudioResampler(audio.codec_context.format, layout, rate)
        tone = np.sin(np.arange(rate // 2) / 20).astype(np.float32)[None]
        sound = av.AudioFrame.from_ndarray(tone, "flt", "mono")
        sound.sample_rate, sound.pts = rate, 0
        fifo = av.AudioFifo()
        for block in resampler.resample(sound):
            fifo.write(block)
        size = audio.codec_context.frame_size or 1024
        while (block := fifo.read(size, partial=False)) is not None:
            film.mux(audio.encode(block))
        film.mux(audio.encode(None))
    return path


def flip_bits(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 40)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def zero_block(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    size = min(len(data) - start, rng.randint(1, 512))
    data[start : start + size] = bytes(size)


def truncate(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(1, len(data)) :]


def change_header(data: bytearray, rng: random.Random) -> None:
    """Four bytes near an end, where headers and indexes are, become an extreme number."""
    extreme = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rng.getrandbits(32)))
    for _ in range(rng.randint(1, 4)):
        near = rng.randrange(min(1024, len(data) - 4))
        at = near if rng.random() < 0.5 else len(data) - 4 - near
        data[at : at + 4] = extreme.to_bytes(4, rng.choice(("big", "little")))


def repeat_block(data: bytearray, rng: random.Random) -> None:
    start, at = rng.randrange(len(data)), rng.randrange(len(data))
    data[at:at] = data[start : start + rng.randint(1, 2048)]


MUTATIONS: list[Callable[[bytearray, random.Random], None]] = [
    *(flip_bits, zero_block, truncate, change_header, repeat_block)
]


class StubModel:
    name, version = "stub", "1"

    def embed(self, pictures: list[np.ndarray]) -> np.ndarray:
        return np.ones((len(pictures), 1), np.float32)


def analyse_in_child(path: str, on_progress: Callable[[float], None]) -> dict[str, Any]:
    from ingest.analysis import analyse

    analysis = analyse(Path(path), detector="content", model=StubModel(), on_progress=on_progress)
    assert analysis.shots[0].span.start == 0
    assert analysis.shots[-1].span.end == analysis.media.frames == len(analysis.frame_times)
    assert (np.diff(analysis.frame_times) > 0).all()
    return {"frames": analysis.media.frames}


@pytest.mark.parametrize("name", FILMS)
def test_a_mutant_is_analysed_or_refused_for_a_reason(name: str, tmp_path: Path) -> None:
    original = write_tiny_film(tmp_path / name, *FILMS[name]).read_bytes()
    rng = random.Random(f"{SEED} {name}")
    executor = LocalExecutor(analyse_in_child, jobs=2, limits=LIMITS)
    executor.submit("unharmed", str(tmp_path / name))
    for number in range(MUTANTS_EACH):
        data = bytearray(original)
        mutations = rng.choices(MUTATIONS, k=rng.randint(1, 3))
        for mutate in mutations:
            mutate(data, rng)
        path = tmp_path / str(number) / f"mutant{Path(name).suffix}"
        path.parent.mkdir()
        path.write_bytes(data)
        executor.submit(f"{number}: {', '.join(m.__name__ for m in mutations)}", str(path))
    outcomes = {outcome.name: outcome for outcome in executor.as_completed()}
    assert outcomes["unharmed"].result == {"frames": 12}, outcomes["unharmed"].error
    unexplained = {
        outcome.name: outcome.error
        for outcome in outcomes.values()
        if outcome.error and not EXPLAINED.match(outcome.error)
    }
    assert not unexplained
    assert len(outcomes) == MUTANTS_EACH + 1
