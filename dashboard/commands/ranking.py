"""Commands that judge what scores the shots: `reel rank`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboard.commands.parameters import FiniteRange
from dashboard.console import (
    Console,
    NamedPath,
    format_option,
    print_json,
    print_table,
    shared_options,
)
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.benchmark.figures import Estimate
    from editing.benchmark.run import Benchmark, Material, ModelFigures

MODELS = ("lstm", "transformer", "linear", "random", "uniform")


class Names(click.ParamType[tuple[str, ...]]):
    """Some of a set of names, with commas between them."""

    name = "names"

    def __init__(self, known: tuple[str, ...]) -> None:
        self.known = known

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names, each once."""
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(str(value).split(",")))
        for name in names:
            if name not in self.known:
                self.fail(f"{name!r} is none of {', '.join(self.known)}", param, ctx)
        return names


class Seeds(click.ParamType[tuple[int, ...]]):
    """Whole numbers of at least 0, with commas between them."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The numbers, each once."""
        if isinstance(value, tuple):
            return value
        seeds = []
        for text in str(value).split(","):
            digits = text.isascii() and text.isdigit() and len(text) <= 10
            if not digits or int(text) >= 2**31:
                self.fail(f"{text!r} is not a whole number from 0 to {2**31 - 1:,}", param, ctx)
            seeds.append(int(text))
        return tuple(dict.fromkeys(seeds))


_FILE = NamedPath(exists=True, dir_okay=False, path_type=Path)


@click.group("rank")
def rank_group() -> None:
    """Judge what scores the shots."""


@rank_group.command("benchmark")
@click.option(
    "--dataset",
    "datasets",
    type=_FILE,
    multiple=True,
    required=True,
    help="An .h5 file of annotated videos, in the layout of SumMe and TVSum (repeatable).",
)
@click.option(
    "--splits", type=_FILE, required=True, help="A JSON list of train_keys and test_keys."
)
@click.option(
    "--models",
    type=Names(MODELS),
    default=",".join(MODELS),
    show_default=True,
    help="Which to judge; random and the annotators themselves are always shown.",
)
@click.option(
    "--seeds",
    type=Seeds(),
    default="0",
    show_default=True,
    help="A network is trained once for each split and seed.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1, 10_000),
    default=40,
    show_default=True,
    help="At most; held-out training videos say when to stop.",
)
@click.option(
    "--loss",
    type=click.Choice(["regression", "ranking"]),
    default="regression",
    show_default=True,
    help="Learn each step's importance, or which of two steps matters more.",
)
@click.option(
    "--budget",
    type=FiniteRange(0, 1, min_open=True),
    default=0.15,
    show_default=True,
    help="Share of a video that a summary may have.",
)
@click.option(
    "--keep",
    type=NamedPath(file_okay=False, path_type=Path),
    help="Keep each training in this folder, and go on from what is there.",
)
@format_option("table", "json")
@shared_options
def benchmark_command(
    output_format: str, workspace: Workspace, console: Console, **options: Any
) -> None:
    """Train rankers on annotated videos, and say how well they agree with the annotators.

    Networks learn from each split's training videos, a fifth of which is held out to stop by; the
    test videos are seen once, at the end. Intervals are 95 %, by a bootstrap over test videos.
    """
    from editing.benchmark.run import read_material, run_benchmark
    from editing.rank.supervised import SupervisedPlan

    material = read_material(options["datasets"], options["splits"])
    if warning := material.coverage.warning():
        console.warn(warning)
    with console.progress("Training and judging") as on_progress:
        benchmark = run_benchmark(
            material.videos,
            material.splits,
            models=options["models"],
            seeds=options["seeds"],
            plan=SupervisedPlan(epochs=options["epochs"], loss=options["loss"]),
            share=options["budget"],
            states=options["keep"],
            on_progress=on_progress,
        )
    if output_format == "json":
        print_json(_document(material, benchmark, options))
        return
    _print_figures(benchmark, options["budget"])
    console.say(
        f"{material.coverage.tested} test videos; the intervals are over them and say nothing of "
        "luck in training. F tells little but by how far it is above random's, in brackets"
    )
    if any(video.user_scores is None for video in material.videos.values()):
        console.say(
            "some videos have no user_scores: there tau and rho are against which frames each "
            "user kept"
        )


def _print_figures(benchmark: "Benchmark", budget: float) -> None:
    share = f"{budget:.0%}"
    header = (
        "model",
        "videos",
        "tau",
        "rho",
        f"precision at {share}",
        "F, mean of users",
        "F, best",
    )
    print_table(header, [_row(figures) for figures in benchmark.models])


def _row(figures: "ModelFigures") -> tuple[object, ...]:
    cells = [_cell(figures.estimates[name]) for name in ("tau", "rho", "precision")]
    beside = [
        f"{_number(figures.estimates[name].mean)} ({figures.above_random[name].mean:+.3f})"
        for name in ("f_mean", "f_max")
    ]
    return (figures.model, figures.estimates["tau"].videos, *cells, *beside)


def _cell(estimate: "Estimate") -> str:
    if math.isnan(estimate.low):
        return _number(estimate.mean)
    return f"{estimate.mean:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _document(
    material: "Material", benchmark: "Benchmark", options: dict[str, Any]
) -> dict[str, object]:
    coverage = material.coverage
    return {
        "datasets": [str(path) for path in options["datasets"]],
        "splits": str(options["splits"]),
        "settings": {
            **{"seeds": options["seeds"], "epochs": options["epochs"], "loss": options["loss"]},
            "budget": options["budget"],
        },
        "coverage": {
            **{"splits": coverage.splits, "videos": coverage.videos, "tested": coverage.tested},
            **{"repeated": coverage.repeated, "folds": coverage.folds},
            "warning": coverage.warning(),
        },
        "models": [
            {
                "model": figures.model,
                "figures": _estimates(figures.estimates),
                "above_random": _estimates(figures.above_random),
                "per_video": {
                    key: {name: _or_none(value) for name, value in row.items()}
                    for key, row in figures.per_video.items()
                },
            }
            for figures in benchmark.models
        ],
        "trainings": [
            {
                **{"model": one.model, "split": one.split, "seed": one.seed, "epoch": one.epoch},
                **{"validation_tau": one.validation_tau, "held_out": one.held_out},
            }
            for one in benchmark.trainings
        ],
    }


def _estimates(estimates: "dict[str, Estimate]") -> dict[str, object]:
    return {
        name: {
            **{"mean": _or_none(one.mean), "low": _or_none(one.low), "high": _or_none(one.high)},
            "videos": one.videos,
        }
        for name, one in estimates.items()
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
