"""Rankers on annotated videos: trained on each split's training videos, judged on its test videos.

A fifth of the training videos is held out to stop by, never a test video. However often a video is
tested, by several splits or seeds, it counts once, with the mean of its figures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import numpy as np

from editing.benchmark.annotated_video import AnnotatedVideo
from editing.benchmark.figures import (
    FIGURES,
    Doubles,
    Estimate,
    estimates,
    human_figures,
    random_figures,
    uniform_scores,
    video_figures,
)
from editing.benchmark.h5_dataset import read_h5
from editing.benchmark.splits import Coverage, VideoSplit, coverage, read_splits, resolve
from editing.errors import DatasetError, ModelError
from editing.rank.networks import NETWORKS
from editing.rank.scoring import LinearRanker
from editing.rank.supervised import SupervisedPlan, SupervisedTraining, train_supervised

MODELS = (*NETWORKS, "linear", "random", "uniform")
HUMAN = "human"
RANDOM_DRAWS = 20
HELD_OUT = 0.2

Progress = Callable[[float], None]
Scorer = Callable[[AnnotatedVideo], Doubles]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """One training of the benchmark."""

    model: str
    split: int
    seed: int
    epoch: int
    """The one that was kept, by validation."""
    validation_tau: float
    held_out: tuple[str, ...]
    """The videos that it was stopped by."""


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """A model on the test videos."""

    model: str
    estimates: dict[str, Estimate]
    """For each of `FIGURES`."""
    above_random: dict[str, Estimate]
    """For each of `FIGURES`: less that of random scores on the same videos and segments."""
    per_video: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What came of it."""

    models: list[ModelFigures]
    """As asked, then `human`; `random` is always there."""
    trainings: list[TrainingRecord] = field(default_factory=list)


def run_benchmark(
    videos: Mapping[str, AnnotatedVideo],
    splits: Sequence[VideoSplit],
    *,
    models: Sequence[str] = MODELS,
    seeds: Sequence[int] = (0,),
    plan: SupervisedPlan | None = None,
    share: float = 0.15,
    states: Path | None = None,
    on_progress: Progress = lambda done: None,
) -> Benchmark:
    """Train and judge `models` on `splits` of `videos`.

    Args:
        videos: By the keys that the splits use.
        splits: At least one.
        models: Of `MODELS`.
        seeds: Of the trainings; each network is trained once for each split and seed.
        plan: How long and how hard to train.
        share: Of a video's frames that a summary may have, for precision and F.
        states: A folder in which each training is kept, to go on from; None for nowhere.
        on_progress: Called with the share done, 0 to 1.

    Raises:
        ModelError: There is no such model, or a split has too little to train on and hold out.
    """
    unknown = [name for name in models if name not in MODELS]
    if unknown or not models or not seeds or not splits:
        raise ModelError(f"no benchmark of {list(models)}; there are {', '.join(MODELS)}")
    tested = list(dict.fromkeys(key for split in splits for key in split.test))
    found: dict[str, dict[str, list[Doubles]]] = {}
    steps = _Steps(sum(name in NETWORKS for name in models) * len(splits) * len(seeds), on_progress)
    trainings: list[TrainingRecord] = []
    for name in dict.fromkeys(models):
        figures = found.setdefault(name, {key: [] for key in tested})
        if name in NETWORKS:
            for number, split in enumerate(splits):
                for seed in seeds:
                    state = states and states / f"{name}-split{number}-seed{seed}.safetensors"
                    training, record = _train(
                        name, videos, split, number, seed, plan=plan, state=state, steps=steps
                    )
                    trainings.append(record)
                    for key in split.test:
                        scores = training.scores(videos[key].film())
                        figures[key].append(video_figures(videos[key], scores, share))
        elif name != "random":
            scorer = _SCORERS[name]
            for key in tested:
                figures[key].append(video_figures(videos[key], scorer(videos[key]), share))
    found["random"] = {
        key: [random_figures(videos[key], share, np.random.default_rng(n), RANDOM_DRAWS)]
        for n, key in enumerate(tested)
    }
    found[HUMAN] = {key: [human_figures(videos[key], share)] for key in tested}
    return Benchmark(_summary(found), trainings)


@dataclass(frozen=True, slots=True)
class Material:
    """Annotated videos and how they are split."""

    videos: dict[str, AnnotatedVideo]
    """By `key`, or by `file/key` where there are several files."""
    splits: list[VideoSplit]
    coverage: Coverage
    """Of the videos in the files of which any is tested."""


def read_material(datasets: Sequence[Path], splits_file: Path) -> Material:
    """Read `.h5` files and the splits of their videos.

    Raises:
        DatasetError: A file is not as it should be, two have one name, a video of the splits is
            not there, or the features of two videos differ in size.
    """
    files: dict[str, dict[str, AnnotatedVideo]] = {}
    for path in datasets:
        if path.stem in files:
            raise DatasetError(path, "", "another data set has the same file name; rename one")
        files[path.stem] = read_h5(path)
    one = len(files) == 1
    videos = {
        key if one else f"{stem}/{key}": video
        for stem, content in files.items()
        for key, video in content.items()
    }
    (first, first_video), *others = videos.items()
    for key, video in others:
        if video.features.shape[1] != first_video.features.shape[1]:
            raise DatasetError(
                *(datasets[0], f"{key}/features"),
                f"{video.features.shape[1]} numbers a step, and {first} has "
                f"{first_video.features.shape[1]}; all videos need the same features",
            )
    splits = resolve(splits_file, read_splits(splits_file), files)
    tested = {key.rpartition("/")[0] for split in splits for key in split.test}
    among = [key for key in videos if one or key.rpartition("/")[0] in tested]
    return Material(videos, splits, coverage(splits, among))


def held_out_keys(split: VideoSplit, seed: int) -> tuple[str, ...]:
    """The training videos to stop by: a fifth of them, drawn by `seed`.

    Raises:
        ModelError: The split trains on fewer than two videos.
    """
    if len(split.train) < 2:
        raise ModelError(
            f"a split trains on {len(split.train)} video, and one has to be held out to stop by.\n"
            "Use splits with at least two train_keys"
        )
    order = np.random.default_rng(seed).permutation(len(split.train))
    return tuple(split.train[i] for i in sorted(order[: ceil(HELD_OUT * len(split.train))]))


@dataclass(slots=True)
class _Steps:
    """Turns the progress of each training into that of the whole."""

    total: int
    report: Progress
    done: int = 0

    def within(self, share: float) -> None:
        self.report((self.done + share) / self.total)


def _train(
    name: str,
    videos: Mapping[str, AnnotatedVideo],
    split: VideoSplit,
    number: int,
    seed: int,
    *,
    plan: SupervisedPlan | None,
    state: Path | None,
    steps: _Steps,
) -> tuple[SupervisedTraining, TrainingRecord]:
    held_out = held_out_keys(split, seed)
    labelled = [videos[key].labelled() for key in split.train if key not in held_out]
    training = train_supervised(
        [one.film for one in labelled],
        [one.labels for one in labelled],
        [one.weights for one in labelled],
        validation=[videos[key].labelled() for key in held_out],
        name=name,
        seed=seed,
        plan=plan,
        state_file=state,
        on_progress=steps.within,
    )
    steps.done += 1
    tau = training.validation["tau"]
    return training, TrainingRecord(name, number, seed, training.step, tau, held_out)


_SCORERS: dict[str, Scorer] = {
    "linear": lambda video: LinearRanker().score(video.film()).values,
    "uniform": lambda video: uniform_scores(video.steps),
}


def _summary(found: Mapping[str, Mapping[str, list[Doubles]]]) -> list[ModelFigures]:
    means = {
        name: {key: np.mean(rows, axis=0) for key, rows in figures.items()}
        for name, figures in found.items()
    }
    chance = means["random"]
    summary = []
    for name, rows in means.items():
        above = [row - chance[key] for key, row in rows.items()]
        summary.append(
            ModelFigures(
                model=name,
                estimates=_named(estimates([*rows.values()], np.random.default_rng(0))),
                above_random=_named(estimates(above, np.random.default_rng(0))),
                per_video={
                    key: dict(zip(FIGURES, map(float, row), strict=True))
                    for key, row in rows.items()
                },
            )
        )
    return summary


def _named(values: Sequence[Estimate]) -> dict[str, Estimate]:
    return dict(zip(FIGURES, values, strict=True))
