"""How well each ranker does what it was trained for, and how well that agrees with an editor.

    python benchmarks/ranking.py [--seeds 5]
    python benchmarks/ranking.py --workspace DIR [--film NAME --labels FILE]

Reward: the diversity-representativeness reward of a film's best-ranked tenth to half
(`editing/rank/reward.py`), on films that were neither trained on nor stopped by. Without a
workspace the films are synthetic; with one, each of its films is the test film in turn.
Labels: which shots of a film an editor used, `{"shots": [[first frame, last frame, 0 or 1], ...]}`;
networks are trained on that film alone, without the labels. Intervals are 95 % over seeds, so they
say how much luck is in the training, and nothing about other films.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from dashboard.settings import Workspace
from editing.rank.features import FeatureSpace
from editing.rank.film import Film, Ranker
from editing.rank.networks import NETWORKS, NetworkRanker
from editing.rank.reward import BUDGETS, Reward
from editing.rank.scoring import LinearRanker
from editing.rank.store import film_from_catalog
from editing.rank.training import one_thread, train_network
from ingest.catalog import Catalog
from ingest.media import Embeddings, Media, ShotMeasures

MIN_TEST_SHOTS = 20
SPEED_SHOTS = 2000
RANDOM_DRAWS = 50


@dataclass
class Row:
    """One ranker's figures; a number for each seed, or one where none is drawn."""

    figures: dict[str, list[float]] = field(default_factory=dict)

    def add(self, column: str, value: float) -> None:
        self.figures.setdefault(column, []).append(value)


Table = dict[str, Row]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="How many trainings of each network.")
    parser.add_argument("--workspace", type=Path, help="A workspace with ingested films.")
    parser.add_argument(
        "--film", default="bbb_first_part.mp4", help="Which film the labels are of."
    )
    parser.add_argument("--labels", type=Path, help="Which of its shots an editor used.")
    chosen = parser.parse_args()
    seeds = range(chosen.seeds)
    with one_thread():
        if chosen.workspace is None:
            films = [synthetic_film(seed) for seed in range(12)]
            print_table("Synthetic films: trained on 8, tested on 4", rewards(films, 4, seeds))
        else:
            with Catalog(Workspace(chosen.workspace).catalog) as catalog:
                on_footage(catalog, chosen.film, chosen.labels, seeds)


def on_footage(catalog: Catalog, film: str, labels: Path | None, seeds: Sequence[int]) -> None:
    media = {one.name: one for one in catalog.media()}
    films = {name: film_from_catalog(catalog, one) for name, one in media.items()}
    for name, test in films.items():
        others = [other for key, other in films.items() if key != name]
        if test.shots >= MIN_TEST_SHOTS and others:
            table = rewards([*others, test], 1, seeds)
            print_table(f"{name}, {test.shots} shots; trained on {len(others)} others", table)
    if labels is not None:
        used = used_shots(catalog, media[film], labels)
        title = f"{film}: the {used.sum()} of {len(used)} shots in the one trailer, by one editor"
        print_table(title, agreement(films[film], used, seeds))


def rewards(films: Sequence[Film], tests: int, seeds: Sequence[int]) -> Table:
    """Train on all films but the last `tests`, and judge on those."""
    training, test = films[:-tests], films[-tests:]
    judges = [Reward.of(film.embeddings.vectors) for film in test]
    table = {name: Row() for name in ("random", "uniform", "linear", *NETWORKS, "greedy")}
    for seed in seeds:
        draws = torch.Generator().manual_seed(seed)
        table["random"].add("reward", mean(j.of_random(draws, RANDOM_DRAWS) for j in judges))
    table["uniform"].add("reward", mean(j.of_uniform() for j in judges))
    table["greedy"].add("reward", mean(greedy_reward(j) for j in judges))
    for name, ranker, seconds in rankers(training, seeds):
        found = mean(
            j.of_ranking(ranker.score(f).values) for j, f in zip(judges, test, strict=True)
        )
        table[name].add("reward", found)
        add_costs(table[name], ranker, test[0], seconds)
    return table


def agreement(film: Film, used: NDArray[np.bool_], seeds: Sequence[int]) -> Table:
    """How far up the shots that an editor used are, by rankers that saw the film but no labels."""
    table = {name: Row() for name in ("random", "linear", *NETWORKS)}
    table["random"].add("precision", float(used.mean()))
    table["random"].add("AUC", 0.5)
    for name, ranker, _ in rankers([film], seeds):
        scores = ranker.score(film).values
        best = np.argsort(-scores, kind="stable")[: used.sum()]
        table[name].add("precision", float(used[best].mean()))
        table[name].add("AUC", float(roc_auc_score(used, scores)))
    return table


def rankers(films: Sequence[Film], seeds: Sequence[int]) -> Iterator[tuple[str, Ranker, float]]:
    """The linear scorer, then each network for each seed, with the CPU seconds it took to train."""
    yield "linear", LinearRanker(), 0.0
    for name in NETWORKS:
        for seed in seeds:
            start = time.process_time()
            made = train_network(name, films, seed=seed)
            seconds = time.process_time() - start
            yield name, NetworkRanker(name, str(seed), made.space, made.network), seconds


def add_costs(row: Row, ranker: Ranker, like: Film, seconds: float) -> None:
    film = synthetic_film(0, SPEED_SHOTS, FeatureSpace.of(like))
    start = time.process_time()
    ranker.score(film)
    row.add("shots/s", SPEED_SHOTS / (time.process_time() - start))
    row.add("training s", seconds)


def greedy_reward(reward: Reward) -> float:
    """The reward of picking, again and again, the shot that adds most: what could be had."""
    shots = len(reward.similarity)
    picked: list[int] = []
    while len(picked) < ceil(BUDGETS[-1] * shots):
        left = [i for i in range(shots) if i not in picked]
        picked.append(max(left, key=lambda i: reward(torch.tensor([*picked, i]))))
    return mean(reward(torch.tensor(picked[: ceil(shots * budget)])) for budget in BUDGETS)


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


def mean(values: Iterator[float]) -> float:
    return float(np.mean([*values]))


def print_table(title: str, table: Table) -> None:
    columns = list(dict.fromkeys(column for row in table.values() for column in row.figures))
    print(f"\n{title}\n{'':12}" + "".join(f"{column:>18}" for column in columns))
    for name, row in table.items():
        cells = [cell(row.figures.get(column, [])) for column in columns]
        print(f"{name:12}" + "".join(f"{text:>18}" for text in cells))


def cell(values: Sequence[float]) -> str:
    """Mean, and half the width of its 95 % interval where there are several values."""
    if not values:
        return "-"
    digits = 0 if values[0] >= 100 else 3
    text = f"{np.mean(values):.{digits}f}"
    if len(values) > 1:
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        text += f" ± {student.ppf(0.975, len(values) - 1) * error:.{digits}f}"
    return text


if __name__ == "__main__":
    main()
