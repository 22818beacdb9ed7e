"""How long the assembly of a long film takes, and how near to the best its cuts are.

    python -m benchmarks.assembly [--shots 2000] [--length 150] [--seeds 5]

Films are planted: shots of log-normal length in scenes of three set-ups, as fiction is shot; of
half of the shots, what is said in them. Printed for each brief is the median and the worst of the
seeds: CPU seconds of the process, all threads together, and the optimality gap.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from editing.assemble.assembly import assemble
from editing.assemble.brief import default_brief
from editing.assemble.footage import Footage
from editing.cut import Act, Brief, Exclusion, Music
from editing.rank.film import ShotScores
from ingest.media import MediaId
from ingest.timecode import FrameRange

RATE = Fraction(24)
_SETUPS, _SCENE, _DIM = 3, 20, 64


def main() -> None:
    """Print a row for each brief."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=int, default=2000)
    parser.add_argument("--length", type=int, default=150, help="seconds of the cut")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    films = [planted_film(options.shots, seed) for seed in range(options.seeds)]
    print(f"{options.shots:,} shots, {options.length} s, {options.seeds} seeds")
    print("| brief | CPU s, median | worst | gap, median | worst | slots |")
    print("|---|---|---|---|---|---|")
    for name, brief_of in briefs(options.length):
        seconds, gaps, slots = [], [], []
        for film in films:
            brief = brief_of(film)
            began = time.process_time()
            found = assemble(film, brief)
            seconds.append(time.process_time() - began)
            gaps.append(found.gap)
            slots.append(len(found.slots))
            if sum(slot.source.frames for slot in found.slots) != brief.frames:
                raise SystemExit(f"{name}: a cut has another length than its brief")
        print(
            f"| {name} | {np.median(seconds):.1f} | {max(seconds):.1f} | {np.median(gaps):.1e} "
            f"| {max(gaps):.1e} | {np.median(slots):.0f} |",
            flush=True,
        )


def briefs(length: int) -> Iterator[tuple[str, Callable[[Footage], Brief]]]:
    """What is asked, of a film."""

    def trailer(film: Footage) -> Brief:
        return default_brief("trailer", Fraction(length), RATE)

    def plain(film: Footage) -> Brief:
        return replace(trailer(film), acts=(), pacing=Fraction(1), speech="ignore")

    yield "trailer without acts, pacing and speech", plain
    yield "trailer as it is by default", trailer
    yield "rough cut", lambda film: default_brief("rough", Fraction(length), RATE)
    yield "no speech cut, `--speech strict`", lambda film: replace(trailer(film), speech="strict")
    yield "six acts, each with a budget", lambda film: replace(trailer(film), acts=six_acts())
    yield "a tenth of the film excluded", lambda film: replace(trailer(film), exclude=tenth(film))
    yield "on the beats of music", lambda film: replace(trailer(film), music=metronome(length))
    yield (
        "all of these together",
        lambda film: replace(
            trailer(film),
            speech="strict",
            acts=six_acts(),
            exclude=tenth(film),
            music=metronome(length),
        ),
    )


def six_acts() -> tuple[Act, ...]:
    """Six equal parts with falling shares, and little more than those at most."""
    shares = [Fraction(n, 100) for n in (22, 20, 18, 16, 13, 11)]
    return tuple(
        Act(Fraction(part + 1, 6), share, share + Fraction(2, 100))
        for part, share in enumerate(shares)
    )


def tenth(film: Footage) -> tuple[Exclusion, ...]:
    """Fifty ranges, evenly spaced."""
    starts = range(0, film.frames - film.frames // 500, film.frames // 50)
    return tuple(
        Exclusion(FrameRange(start, start + film.frames // 500), "planted") for start in starts
    )


def metronome(length: int) -> Music:
    """128 beats a minute, from the first third of a second on."""
    moments = np.arange(1 / 3, length + 60, 60 / 128)
    return Music("metronome", "0", tuple(round(moment * 24) for moment in moments))


def planted_film(shots: int, seed: int) -> Footage:
    """A film whose cuts, likeness and speech are drawn as those of fiction roughly are."""
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.lognormal(np.log(80), 0.6, shots), 8, 600).astype(int)
    ends = np.cumsum(lengths)
    setups = rng.normal(size=(shots // 5 + _SETUPS, _DIM))
    which = np.arange(shots) // _SCENE * _SETUPS + rng.integers(0, _SETUPS, shots)
    vectors = setups[which % len(setups)] + 0.2 * rng.normal(size=(shots, _DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    values = rng.normal(size=shots)
    spoken = rng.random(shots) < 0.5
    starts = (ends - lengths + rng.uniform(0, 0.5, shots) * lengths) / 24
    voiced = np.stack([starts, starts + rng.uniform(0.2, 0.5, shots) * lengths / 24], axis=1)
    return Footage(
        media=MediaId(1),
        rate=RATE,
        frames=int(ends[-1]),
        fit=tuple(FrameRange(int(e - n), int(e)) for n, e in zip(lengths, ends, strict=True)),
        interest=rng.normal(size=int(ends[-1])),
        vectors=vectors.astype(np.float32),
        scores=ShotScores(values, ("drawn",), values[:, None]),
        voiced=voiced[spoken],
        sounding=True,
    )


if __name__ == "__main__":
    main()
