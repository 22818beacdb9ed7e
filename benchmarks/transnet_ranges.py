"""The ranges that TransNetV2's convolutions in 8 bits reach to: `ingest.transnet_volumes.CEILINGS`.

    python benchmarks/transnet_ranges.py [--footage ../shared/data/footage]

Runs the network in float32 over the beginning of each film, and prints the greatest value that
goes into each cell but the first.
"""

import argparse
from pathlib import Path

import numpy as np
import openvino
from av.video.frame import VideoFrame

from ingest.quantisation import quantised_inputs
from ingest.runtime import cache_folder, compile_for_openvino
from ingest.scaling import FrameScaler
from ingest.transnet import VERSION, WINDOW, shrink, to_convert
from ingest.video import Damage, decode, open_streams

_WINDOWS = 10
"""Of each film."""


def main() -> None:
    """Print the greatest values, film by film and of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, default=Path("../shared/data/footage"))
    options = parser.parse_args()
    compile_for_openvino(VERSION, to_convert)  # which puts it into the cache
    (file,) = cache_folder().glob(f"{VERSION}-openvino-*/network.xml")
    core = openvino.Core()
    network = core.read_model(file)
    inputs = [source for source, _ in quantised_inputs(network)]
    model = openvino.Model(inputs, network.get_parameters(), "ranges")
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    most = np.zeros(len(inputs))
    for film in sorted(options.footage.glob("*.*")):
        if film.suffix not in (".mp4", ".webm", ".mkv", ".mov"):
            continue
        for window in windows(film):
            found = compiled(window)
            most = np.maximum(most, [found[i].max() for i in range(len(inputs))])
        print(film.name, most.round(2).tolist())


def windows(film: Path) -> list[np.ndarray]:
    """The beginning of a film in windows, `(frames, 27, 48, 3)`."""
    streams = open_streams(film)
    pictures, scaler = [], FrameScaler()
    for frame in decode(streams, Damage()):
        if isinstance(frame, VideoFrame):
            pictures.append(shrink(scaler.small(frame)))
        if len(pictures) == _WINDOWS * WINDOW:
            break
    return [np.stack(pictures[i : i + WINDOW]) for i in range(0, len(pictures), WINDOW)]


if __name__ == "__main__":
    main()
