"""Whether the order head learns a hidden order of trailers, on generated films never seen.

    python -m benchmarks.trailer_order [--trailers 2 5 10] [--seeds 5]

Every trailer has 14 of a generated film's 40 shots, from dark to bright. Printed is the share of
next shots that are guessed in 12 trailers of other films, mean and 95 % interval over seeds, beside
film order and chance.
"""

import argparse

import numpy as np
import torch
from scipy.stats import t as student

from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import NetworkRanker, config_for, new_network
from editing.rank.order_training import ORDER_PLAN, train_order
from editing.rank.ordering import chance_of, next_shot_share, order_head
from editing.rank.trailer_order import TrailerOrder, film_order_share
from ingest.measures import SHOT_MEASURES
from ingest.media import Embeddings, ShotMeasures
from ingest.threads import one_thread

SHOTS, SHOWN, UNSEEN = 40, 14, 12


def main() -> None:
    """Print a row for each number of trailers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trailers", type=int, nargs="+", default=[2, 5, 10])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    print("| trailers learned from | head | film order | chance |")
    print("|---|---|---|---|")
    for trailers in options.trailers:
        with one_thread():
            rows = np.array([shares(trailers, seed) for seed in range(options.seeds)])
        means = rows.mean(axis=0)
        spread = rows[:, 0].std(ddof=1) / options.seeds**0.5
        half = spread * student.ppf(0.975, options.seeds - 1)
        print(f"| {trailers} | {means[0]:.3f} ± {half:.3f} | {means[1]:.3f} | {means[2]:.3f} |")


def shares(trailers: int, seed: int) -> tuple[float, float, float]:
    """The share of next shots guessed by a head that learned, by film order and by chance."""
    known = [trailer_of(1000 * seed + number) for number in range(trailers)]
    unseen = [trailer_of(1000 * seed + 500 + number) for number in range(UNSEEN)]
    space = FeatureSpace.of(known[0].film)
    weights = torch.Generator().manual_seed(seed)
    network = new_network("transformer", config_for("transformer", space), weights)
    start = NetworkRanker("transformer", "new", space, network)
    learned = train_order(start, start, known, seed=seed, plan=ORDER_PLAN)
    head = order_head(learned.network)
    guessed = [next_shot_share(head, space.encode(o.film)[list(o.shots)][None]) for o in unseen]
    return float(np.mean(guessed)), film_order_share(unseen), chance_of(SHOWN)


def trailer_of(seed: int) -> TrailerOrder:
    """A generated film, and a trailer of some of its shots from dark to bright."""
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(SHOTS, 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    measures = chance.normal(size=(SHOTS, len(SHOT_MEASURES))).astype(np.float32)
    film = Film(
        Embeddings("generated", "1", vectors.astype(np.float32)),
        ShotMeasures(SHOT_MEASURES, measures),
        np.full(SHOTS, 2.0, np.float32),
        (np.arange(SHOTS) / SHOTS).astype(np.float32),
    )
    shown = chance.choice(SHOTS, SHOWN, replace=False)
    brightness = film.measures.column("luma")[shown]
    return TrailerOrder(film, tuple(int(shot) for shot in shown[np.argsort(brightness)]))


if __name__ == "__main__":
    main()
