"""How well each detector finds the shots of the films whose cuts are known.

    python benchmarks/shots.py [--footage ../shared/data/footage]

Hard cuts: a hit is within one frame of a known cut, each of which counts once; a report inside a
gradual transition, or where the ground truth is in doubt, counts neither way. Gradual transitions:
found if any reported one overlaps it. Flashes: how many were taken for a cut.
The detectors run at their defaults, in the one decode that ingest makes; nothing is tuned here.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.analysis import analyse
from ingest.detectors import DETECTORS
from ingest.media import Shot, Transition

FILMS = ("bbb_first_part", "montage_dev", "bbb_trailer_moviepy")
TOLERANCE = 1


@dataclass(frozen=True, slots=True)
class Score:
    """What one detector found of one film."""

    hits: int
    false: list[int]
    missed: list[int]
    gradual: str
    flashes: str

    @property
    def f1(self) -> float:
        return 2 * self.hits / (2 * self.hits + len(self.false) + len(self.missed))


def score(shots: tuple[Shot, ...], truth: dict[str, Any]) -> Score:
    """Hold the transitions between `shots` against the ground truth of a film."""
    found = [shot.transition_in for shot in shots[1:]]
    gradual = [(first, last) for first, last, _ in truth["gradual"]]
    doubtful = gradual + [(a, b) for a, b, *_ in truth.get("ambiguous", [])]
    flashes = [(first, last) for first, last, _ in truth.get("distractors", [])]
    left, hits, false = list(truth["hard"]), 0, []
    for cut in (t.first_frame for t in found if t.kind == "cut"):
        near = [known for known in left if abs(known - cut) <= TOLERANCE]
        if near:
            left.remove(near[0])
            hits += 1
        elif not any(a - TOLERANCE <= cut <= b + TOLERANCE for a, b in doubtful):
            false.append(cut)
    seen = sum(any(_overlaps(t, span) for t in found) for span in gradual)
    taken = sum(any(a <= cut <= b + 1 for cut in false) for a, b in flashes)
    return Score(hits, false, left, f"{seen}/{len(gradual)}", f"{taken}/{len(flashes)}")


def _overlaps(transition: Transition, span: tuple[int, int]) -> bool:
    return transition.first_frame <= span[1] and span[0] <= transition.last_frame


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, default=Path("../shared/data/footage"))
    parser.add_argument("--detectors", nargs="*", default=DETECTORS)
    options = parser.parse_args()
    print("| film | detector | F1 | hits | false | missed | gradual | flashes as cuts | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for film in FILMS:
        truth = json.loads((options.footage / "gt" / f"{film}.json").read_text())
        for detector in options.detectors:
            began = time.process_time()
            found = analyse(options.footage / f"{film}.mp4", detector=detector)
            spent = time.process_time() - began
            s = score(found.shots, truth)
            print(
                f"| {film} | {detector} | {s.f1:.3f} | {s.hits} | {len(s.false)} | {len(s.missed)} "
                f"| {s.gradual} | {s.flashes} | {spent:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
