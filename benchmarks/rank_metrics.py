"""The metrics of rankers against published figures: what people agree on, and a known prediction.

    python -m benchmarks.rank_metrics --bench FOLDER

FOLDER holds TVSum/ydata-tvsum50.mat, SumMe/GT/*.mat and QVHighlights/{highlight_val_release.jsonl,
sample_val_preds.jsonl,sample_val_preds_metrics_raw.json}, as their authors give them out. What is
not there is left out, and said. Exit status 1 if a figure differs in its last published digit.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from editing.benchmark.summaries import human_f_scores
from editing.rank.metrics import (
    average_precision,
    hit_at_one,
    human_kendall_tau,
    human_spearman_rho,
)

EVERY = 15
"""Frames between those at which Otani et al. (CVPR 2019) compare annotators of TVSum."""
CLIP_SECONDS = 2
MIN_SALIENCY = {"Fair": 2, "Good": 3, "VeryGood": 4}


@dataclass(frozen=True)
class Check:
    """A published figure and ours."""

    what: str
    published: float
    ours: float
    digits: int
    source: str

    @property
    def agrees(self) -> bool:
        return f"{self.published:.{self.digits}f}" == f"{self.ours:.{self.digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bench", type=Path, required=True, help="The folder of annotations.")
    bench = parser.parse_args().bench
    checks: list[Check] = []
    for part, read in (("TVSum", tvsum), ("SumMe", summe), ("QVHighlights", qvhighlights)):
        if (bench / part).is_dir():
            checks += read(bench / part)
        else:
            print(f"{part}: not in {bench}, left out", file=sys.stderr)
    print(f"{'':44}{'published':>10}{'ours':>10}  source")
    for check in checks:
        numbers = f"{check.published:>10.{check.digits}f}{check.ours:>10.{check.digits}f}"
        print(f"{check.what:44}{numbers}  {check.source}{'' if check.agrees else '  DIFFERS'}")
    if not checks or not all(check.agrees for check in checks):
        sys.exit(1)


def tvsum(folder: Path) -> Iterator[Check]:
    """How well 20 annotators agree on 50 videos: each pair by itself."""
    source = "Otani et al., CVPR 2019"
    annotators = list(tvsum_annotators(folder / "ydata-tvsum50.mat"))
    tau = float(np.mean([human_kendall_tau(rows) for rows in annotators]))
    rho = float(np.mean([human_spearman_rho(rows) for rows in annotators]))
    yield Check("TVSum, people, Kendall's tau", 0.177, tau, 3, source)
    yield Check("TVSum, people, Spearman's rho", 0.204, rho, 3, source)


def tvsum_annotators(path: Path) -> Iterator[NDArray[np.float64]]:
    """Each video's importance by annotator, `(20, every 15th frame)`, from a MATLAB v7.3 file."""
    with h5py.File(path, "r") as file:
        for reference in file["tvsum50"]["user_anno"][:, 0]:
            yield np.asarray(file[reference][:, ::EVERY], np.float64)


def summe(folder: Path) -> Iterator[Check]:
    """How well each of about 16 users' summaries does against those of the others, 25 videos."""
    source = "Otani et al., CVPR 2019"
    figures = np.array([human_f_scores(kept) for kept in summe_summaries(folder / "GT")])
    mean, best = figures.mean(axis=0)
    yield Check("SumMe, people, F, mean of the others", 0.311, float(mean), 3, source)
    yield Check("SumMe, people, F, best of the others", 0.543, float(best), 3, source)


def summe_summaries(folder: Path) -> Iterator[NDArray[np.bool_]]:
    """Each video's summaries, `(users, frames)`."""
    for path in sorted(folder.glob("*.mat")):
        yield loadmat(path)["user_score"].T > 0


def qvhighlights(folder: Path) -> Iterator[Check]:
    """The highlight metrics of the sample predictions, in percent, to two digits."""
    path = folder / "sample_val_preds_metrics_raw.json"
    published = json.loads(path.read_text(encoding="utf-8"))["brief"]
    predictions = {row["qid"]: row for row in json_lines(folder / "sample_val_preds.jsonl")}
    truth = json_lines(folder / "highlight_val_release.jsonl")
    rows = [(np.array(predictions[t["qid"]]["pred_saliency_scores"]), saliency(t)) for t in truth]
    for name, least in MIN_SALIENCY.items():
        # Scores and clips may differ in number by rounding: missing ones are 0, as in the original.
        precisions = [
            average_precision(fitted(scores, annotator.size), annotator >= least)
            for scores, annotators in rows
            for annotator in annotators
        ]
        hits = [hit_at_one(scores, annotators >= least) for scores, annotators in rows]
        for metric, values in (("mAP", precisions), ("Hit1", hits)):
            known = published[f"HL-min-{name}-{metric}"]
            what = f"QVHighlights val, sample, {metric}, {name}"
            yield Check(what, known, 100 * float(np.mean(values)), 2, "Lei et al., NeurIPS 2021")


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def saliency(row: dict[str, Any]) -> NDArray[np.float64]:
    """How salient each annotator finds each clip, `(3, clips)`, 0 to 4; 0 outside the moments."""
    full = np.zeros((3, int(row["duration"] / CLIP_SECONDS)))
    full[:, row["relevant_clip_ids"]] = np.array(row["saliency_scores"]).T
    return full


def fitted(scores: NDArray[np.float64], clips: int) -> NDArray[np.float64]:
    """The scores of the first `clips` clips, with 0 for those without."""
    return np.pad(scores[:clips], (0, max(0, clips - len(scores))))


if __name__ == "__main__":
    main()
