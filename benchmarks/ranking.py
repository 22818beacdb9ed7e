"""How well each ranker does what it was taught, in one table; and how it agrees with an editor.

    python -m benchmarks.ranking --workspace DIR [--seeds 5] [--without NAME] [--only WHAT]
    python -m benchmarks.ranking --workspace DIR --film NAME --labels FILE
    python -m benchmarks.ranking --timing [--only WHAT]

Films are made of second-long pieces of the ingested ones (`footage_pieces.py`, `planted_truth.py`);
the pieces of test films are never among those of the others. `reward` is the
diversity-representativeness reward of a film's best-ranked tenth to half. `tau, context` and
`tau, own` are Kendall's tau with a hidden function of each shot among its neighbours, and of the
shot alone: only the rows called "from labels" saw labels. Differences (`- random`, `- uniform`,
`- linear`: the one that learned from the same labels) are taken seed by seed. Intervals are 95 %
over seeds: other films, hidden functions and first weights. Settings were chosen on seeds 0 to 3.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from benchmarks.footage_pieces import film_in_pieces
from benchmarks.planted_truth import (
    Doubles,
    Truth,
    film_of,
    fitted_linear,
    likeness_columns,
    own_columns,
    pools_of,
    worth,
)
from dashboard.settings import Workspace
from editing.rank.features import FeatureSpace
from editing.rank.film import Film, Ranker
from editing.rank.metrics import kendall_tau
from editing.rank.networks import NETWORKS, NetworkRanker
from editing.rank.plan import ObjectiveName
from editing.rank.reward import Reward
from editing.rank.scoring import LinearRanker
from editing.rank.store import film_from_catalog
from editing.rank.supervised import Labelled, SupervisedPlan, train_supervised
from editing.rank.training import OBJECTIVES, plan_for, train_network
from ingest.catalog import Catalog
from ingest.media import Embeddings, Media, ShotMeasures
from ingest.threads import one_thread

FILMS, VALIDATION, TEST, SHOTS = 24, 6, 10, 60
SPEED_SHOTS = 2000
FIRST_SEED = 100
RANDOM_DRAWS = 50
LABEL_PLAN = SupervisedPlan(loss="ranking")
TRUTHS: tuple[Truth, ...] = ("context", "own")
LABELS = "labels"
KINDS = (*OBJECTIVES, LABELS)
"""What `--only` takes."""
LINEAR = "linear from labels"
Scorer = Callable[[Film], Doubles]


@dataclass
class Row:
    """One ranker's figures; a number for each seed."""

    figures: dict[str, list[float]] = field(default_factory=dict)

    def add(self, column: str, value: float) -> None:
        self.figures.setdefault(column, []).append(value)


Table = dict[str, Row]


@dataclass(frozen=True, slots=True)
class Material:
    """The films of one seed, and what is hidden in them."""

    seed: int
    training: list[Film]
    validation: list[Film]
    test: list[Film]
    judges: list[Reward]

    def labels(self, films: Sequence[Film], truth: Truth) -> list[Doubles]:
        return [worth(film, truth, self.seed) for film in films]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workspace", type=Path, help="A workspace with ingested films.")
    parser.add_argument("--seeds", type=int, default=5, help="How many times all is done.")
    parser.add_argument("--only", action="append", choices=KINDS, help="Learn only in this way.")
    parser.add_argument(
        "--film", default="bbb_first_part.mp4", help="Which film the labels are of."
    )
    parser.add_argument(
        "--without", action="append", default=[], help="Not this file: it was cut from another."
    )
    parser.add_argument("--labels", type=Path, help="Which of its shots an editor used.")
    parser.add_argument("--timing", action="store_true", help="Learn from 20 films of 1,000 shots.")
    chosen = parser.parse_args()
    with one_thread():
        if chosen.timing:
            print_table("20 films of 1,000 shots, without labels", timing(chosen.only or KINDS))
            return
        if chosen.workspace is None:
            parser.error("name a workspace with ingested films, or --timing")
        with Catalog(Workspace(chosen.workspace).catalog) as catalog:
            media = {one.name: one for one in catalog.media()}
            if chosen.labels is None:
                footage = [
                    film_in_pieces(catalog, one)
                    for name, one in media.items()
                    if name not in chosen.without
                ]
                seeds = range(FIRST_SEED, FIRST_SEED + chosen.seeds)
                table = planted(footage, seeds, chosen.only or KINDS)
                print_table(f"{FILMS} films of {SHOTS} pieces, tested on {TEST} others", table)
            else:
                used = used_shots(catalog, media[chosen.film], chosen.labels)
                title = f"{chosen.film}: the {used.sum()} of {len(used)} shots in the one trailer"
                film = film_from_catalog(catalog, media[chosen.film])
                print_table(title, agreement(film, used, range(chosen.seeds)))


def planted(footage: Sequence[Film], seeds: Sequence[int], kinds: Sequence[str]) -> Table:
    """Every model, taught in each of those ways, on films made of `footage`."""
    pools = pools_of([film for film in footage if film.shots > 1])
    table: Table = {}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        training = [film_of(pools.training, SHOTS, rng) for _ in range(FILMS)]
        validation = [film_of(pools.validation, SHOTS, rng) for _ in range(VALIDATION)]
        test = [film_of(pools.test, SHOTS, rng) for _ in range(TEST)]
        judges = [Reward.of(film.embeddings.vectors) for film in test]
        material = Material(seed, training, validation, test, judges)
        baselines(material, table)
        for name in NETWORKS:
            for objective in (one for one in OBJECTIVES if one in kinds):
                without_labels(material, name, objective, table)
            if LABELS in kinds:
                from_labels(material, name, table)
    return table


def baselines(material: Material, table: Table) -> None:
    rng = np.random.default_rng(material.seed)
    generator = torch.Generator().manual_seed(material.seed)
    row = judge(material, table, "random", lambda film: rng.random(film.shots), reward=False)
    draws = [judged.of_random(generator, RANDOM_DRAWS) for judged in material.judges]
    row.add("reward", float(np.mean(draws)))
    row = judge(material, table, "uniform", uniform_scores, reward=False)
    row.add("reward", float(np.mean([judged.of_uniform() for judged in material.judges])))
    row = judge(material, table, "linear", lambda film: LinearRanker().score(film).values)
    row.add("shots/s", speed(LinearRanker(), material.test[0]))
    for truth in TRUTHS:
        learned, held = (
            list(zip(films, material.labels(films, truth), strict=True))
            for films in (material.training, material.validation)
        )
        for name, columns in ((LINEAR, own_columns), (f"{LINEAR}, likeness", likeness_columns)):
            start = time.process_time()
            weights, _ = fitted_linear(learned, held, columns)
            seconds = time.process_time() - start
            scorer = lambda film, w=weights, c=columns: c(film) @ w  # noqa: E731
            row = judge(material, table, name, scorer, (truth,), reward=False)
            row.add("training s", seconds)


def without_labels(material: Material, name: str, objective: ObjectiveName, table: Table) -> None:
    start = time.process_time()
    films = [*material.training, *material.validation]
    plan = replace(plan_for(objective), order_steps=0)
    made = train_network(name, films, seed=material.seed, objective=objective, plan=plan)
    seconds = time.process_time() - start
    ranker = NetworkRanker(name, "", made.space, made.network)
    row = judge(material, table, f"{name}, {objective}", network_scores(ranker))
    for other in ("random", "uniform"):
        row.add(f"- {other}", row.figures["reward"][-1] - table[other].figures["reward"][-1])
    row.add("training s", seconds)
    row.add("shots/s", speed(ranker, material.test[0]))


def from_labels(material: Material, name: str, table: Table) -> None:
    for truth in TRUTHS:
        start = time.process_time()
        held = [
            Labelled(film, labels, np.ones(film.shots))
            for film, labels in zip(
                material.validation, material.labels(material.validation, truth), strict=True
            )
        ]
        made = train_supervised(
            material.training,
            material.labels(material.training, truth),
            validation=held,
            name=name,
            seed=material.seed,
            plan=LABEL_PLAN,
        )
        seconds = time.process_time() - start
        ranker = NetworkRanker(name, "", made.space, made.network)
        scorer = network_scores(ranker)
        row = judge(material, table, f"{name} from labels", scorer, (truth,), reward=False)
        tau = f"tau, {truth}"
        row.add(f"{truth} - linear", row.figures[tau][-1] - table[LINEAR].figures[tau][-1])
        row.add("training s", seconds)


def judge(
    material: Material,
    table: Table,
    name: str,
    scorer: Scorer,
    truths: Sequence[Truth] = TRUTHS,
    *,
    reward: bool = True,
) -> Row:
    """Add the figures of one scorer on the test films."""
    row = table.setdefault(name, Row())
    scores = [scorer(film) for film in material.test]
    if reward:
        rewards = [j.of_ranking(s) for j, s in zip(material.judges, scores, strict=True)]
        row.add("reward", float(np.mean(rewards)))
    for truth in truths:
        labels = material.labels(material.test, truth)
        taus = [kendall_tau(s, known[None]) for s, known in zip(scores, labels, strict=True)]
        row.add(f"tau, {truth}", float(np.mean(taus)))
    return row


def network_scores(ranker: NetworkRanker) -> Scorer:
    """The network's scores without their parts, which only cost time here."""

    def scores(film: Film) -> Doubles:
        with torch.inference_mode():
            found: Doubles = ranker.network(ranker.space.encode(film)[None])[0].double().numpy()
        return found

    return scores


def uniform_scores(film: Film) -> Doubles:
    """Shots at even distances first: the order of van der Corput's sequence."""
    order = [int(f"{i:020b}"[::-1], 2) / 2**20 * film.shots for i in range(4 * film.shots)]
    picked = list(dict.fromkeys(int(place) for place in order))
    scores = np.empty(film.shots)
    scores[picked] = -np.arange(film.shots)
    return scores


def speed(ranker: Ranker, like: Film) -> float:
    """Shots a CPU second, scored with their reasons."""
    film = synthetic_film(0, SPEED_SHOTS, FeatureSpace.of(like))
    start = time.process_time()
    ranker.score(film)
    return SPEED_SHOTS / (time.process_time() - start)


def timing(kinds: Sequence[str]) -> Table:
    """CPU seconds to learn from 20 films of 1,000 shots with 1,280 numbers and 18 measures each."""
    measures = tuple(f"measure {i}" for i in range(18))
    space = FeatureSpace("synthetic", "1", 1280, measures)
    films = [synthetic_film(seed, 1000, space) for seed in range(20)]
    table: Table = {}
    for name in NETWORKS:
        for objective in (one for one in OBJECTIVES if one in kinds):
            start = time.process_time()
            train_network(name, films, seed=0, objective=objective)
            table.setdefault(f"{name}, {objective}", Row()).add(
                "training s", time.process_time() - start
            )
    return table


def agreement(film: Film, used: NDArray[np.bool_], seeds: Sequence[int]) -> Table:
    """How far up the shots that an editor used are, by rankers that saw the film but no labels."""
    table: Table = {"random": Row()}
    table["random"].add("precision", float(used.mean()))
    table["random"].add("AUC", 0.5)
    for name, ranker in rankers([film], seeds):
        scores = ranker.score(film).values
        best = np.argsort(-scores, kind="stable")[: used.sum()]
        row = table.setdefault(name, Row())
        row.add("precision", float(used[best].mean()))
        row.add("AUC", float(roc_auc_score(used, scores)))
    return table


def rankers(films: Sequence[Film], seeds: Sequence[int]) -> Iterator[tuple[str, Ranker]]:
    """The linear scorer, then every network and objective for each seed."""
    yield "linear", LinearRanker()
    for name in NETWORKS:
        for objective in OBJECTIVES:
            plan = replace(plan_for(objective), order_steps=0)
            for seed in seeds:
                made = train_network(name, films, seed=seed, objective=objective, plan=plan)
                ranker = NetworkRanker(name, str(seed), made.space, made.network)
                yield f"{name}, {objective}", ranker


def synthetic_film(seed: int, shots: int = 80, space: FeatureSpace | None = None) -> Film:
    """Eight scenes, one of them half the film; a shot is its scene's axis plus some noise."""
    space = space or FeatureSpace("synthetic", "1", 128, ("motion", "luma", "loudness"))
    rng = np.random.default_rng(seed)
    scene = np.where(rng.random(shots) < 0.5, 0, rng.integers(0, 8, shots))
    dim, names = space.embedding_dim, space.measures
    vectors = np.eye(8, dim)[scene] + 0.3 * rng.normal(size=(shots, dim)) / np.sqrt(dim)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Film(
        Embeddings(space.embedding_model, space.embedding_version, vectors.astype(np.float32)),
        ShotMeasures(names, rng.normal(size=(shots, len(names))).astype(np.float32)),
        rng.lognormal(1, 0.5, shots).astype(np.float32),
        (np.arange(shots) / shots).astype(np.float32),
    )


def used_shots(catalog: Catalog, media: Media, labels: Path) -> NDArray[np.bool_]:
    """`(shots,)`: whether the labelled shot that overlaps each shot most was used."""
    known = json.loads(labels.read_text(encoding="utf-8"))["shots"]
    used = []
    for span in (shot.span for shot in catalog.shots(media.id)):
        overlap = [min(span.end, last + 1) - max(span.start, first) for first, last, _ in known]
        used.append(bool(known[int(np.argmax(overlap))][2]))
    return np.array(used)


def print_table(title: str, table: Table) -> None:
    columns = list(dict.fromkeys(column for row in table.values() for column in row.figures))
    print(f"\n{title}\n{'':30}" + "".join(f"{column:>18}" for column in columns))
    for name, row in table.items():
        cells = [cell(row.figures.get(column, [])) for column in columns]
        print(f"{name:30}" + "".join(f"{text:>18}" for text in cells))


def cell(values: Sequence[float]) -> str:
    """Mean, and half the width of its 95 % interval where there are several values."""
    if not values:
        return "-"
    digits = 0 if abs(values[0]) >= 100 else 3
    text = f"{np.mean(values):.{digits}f}"
    if len(values) > 1:
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        text += f" ± {student.ppf(0.975, len(values) - 1) * error:.{digits}f}"
    return text


if __name__ == "__main__":
    main()
