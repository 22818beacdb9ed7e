"""Training without labels: a network learns to select diverse, representative shots.

Policy gradient on the reward of DR-DSN (`reward.py`). Two things differ from Zhou et al. (2018):
selections have a set size, as a cut has, where theirs draw each shot by itself and are pulled
towards half the film (eq. 10); and what a reward is compared with is the other episodes' mean,
where theirs is a moving average. Same films and seed, same network, on one machine.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
import torch
from torch import Tensor

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import Network, config_for, new_network
from editing.rank.reward import BUDGETS, Reward
from editing.rank.scoring import LinearRanker

MIN_SHOTS = 5
"""A shorter film has too few shots to choose between; it is left out of training."""
_SHOTS_TO_HOLD_OUT = 20
_HELD_OUT = 0.2

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How long and how hard to train."""

    steps: int = 1000
    """At most; each learns from one film, or from one piece of a long one, in turn."""
    patience: int = 700
    """Stop when the validation reward has not risen for so many steps: rewards this noisy first
    fall and then stand still for long."""
    check_every: int = 5
    """Steps between looks at the validation reward."""
    smoothing: int = 10
    """Looks whose mean decides: one alone may be lucky where little was held out."""
    repeats: int = 4
    """Selections of each size (`BUDGETS`) drawn in a step; at least 2, to compare them."""
    learning_rate: float = 2e-3
    warm_up: int = 100
    """Steps over which the learning rate rises to its full height."""
    weight_decay: float = 1e-5
    longest_gradient: float = 5.0
    """A longer one is cut to this norm."""
    window: int = 512
    """Shots; a longer film is trained on in equal pieces no longer than this."""

    def __post_init__(self) -> None:
        counts = (self.steps, self.patience, self.check_every, self.smoothing, self.warm_up)
        if min(counts) < 1 or self.repeats < 2 or self.window < MIN_SHOTS:
            raise ValueError(f"no training can follow {self}")


@dataclass(frozen=True, slots=True)
class Split:
    """What to train on, and what to stop by."""

    training: tuple[Film, ...]
    validation: tuple[Film, ...]
    held_out: str
    """What `validation` is, in words for people."""


@dataclass(frozen=True, slots=True)
class Training:
    """A trained network and how it did."""

    network: Network
    space: FeatureSpace
    config: dict[str, int]
    step: int
    """The one around which validation was best, from 1; `network` is as it was after it."""
    validation: dict[str, float]
    """Mean reward of what was held out: `reward` of this network; of the others that it should
    beat, `untrained`, `random`, `uniform` and `linear`."""
    held_out: str
    """What the validation figures are on, in words for people."""


def train_network(
    name: str,
    films: Sequence[Film],
    *,
    seed: int,
    plan: TrainingPlan | None = None,
    on_progress: Progress | None = None,
) -> Training:
    """Train the network `name` (`lstm`, `transformer`) on the shots of `films`, without labels.

    Raises:
        ModelError: No film has `MIN_SHOTS` shots, or the films have different features.
    """
    plan = plan or TrainingPlan()
    generator = torch.Generator().manual_seed(seed)
    split = split_films(films, generator)
    space = FeatureSpace.of(split.training[0])
    config = config_for(name, space)
    with one_thread():
        network = new_network(name, config, generator)
        examples = _examples(split.training, space, plan.window)
        held_out = _examples(split.validation, space, plan.window)
        figures = _baselines(split.validation, held_out, generator, plan.window)
        figures["untrained"] = _mean_reward(network, held_out)
        best, step, figures["reward"] = _fit(
            network,
            examples,
            held_out,
            plan=plan,
            generator=generator,
            on_progress=on_progress or (lambda done: None),
        )
    return Training(best, space, config, step, figures, split.held_out)


def split_films(films: Sequence[Film], generator: torch.Generator) -> Split:
    """Hold out a fifth of the films; of a single film, a fifth of its shots, in one piece.

    Raises:
        ModelError: No film has `MIN_SHOTS` shots.
    """
    usable = [film for film in films if film.shots >= MIN_SHOTS]
    if not usable:
        raise ModelError(
            f"training needs a film of at least {MIN_SHOTS} shots, and these have "
            f"{', '.join(str(film.shots) for film in films) or 'none: there is no film'}.\n"
            "Ingest a longer film, or use the linear scorer, which is not trained"
        )
    if len(usable) > 1:
        order = torch.randperm(len(usable), generator=generator).tolist()
        count = ceil(_HELD_OUT * len(usable))
        held = tuple(usable[i] for i in order[:count])
        return Split(tuple(usable[i] for i in order[count:]), held, f"{count} held-out films")
    return _split_shots(usable[0], generator)


def _split_shots(film: Film, generator: torch.Generator) -> Split:
    if film.shots < _SHOTS_TO_HOLD_OUT:
        return Split((film,), (film,), "the training shots themselves: too few to hold any out")
    count = int(_HELD_OUT * film.shots)
    start = int(torch.randint(film.shots - count + 1, (1,), generator=generator))
    sides = [(0, start), (start + count, film.shots)]
    training = tuple(film.part(a, b) for a, b in sides if b - a >= MIN_SHOTS)
    where = f"shots {start} to {start + count - 1} of the one film, held out"
    return Split(training, (film.part(start, start + count),), where)


@dataclass(frozen=True, slots=True)
class _Example:
    """A run of shots to select from."""

    encoded: Tensor
    """`(shots, columns)`."""
    reward: Reward


def _windows(film: Film, longest: int) -> list[Film]:
    pieces = ceil(film.shots / longest)
    edges = [film.shots * i // pieces for i in range(pieces + 1)]
    return [film.part(a, b) for a, b in pairwise(edges)]


def _examples(films: Sequence[Film], space: FeatureSpace, longest: int) -> list[_Example]:
    windows = [window for film in films for window in _windows(film, longest)]
    return [_Example(space.encode(w), Reward.of(w.embeddings.vectors)) for w in windows]


def _fit(
    network: Network,
    examples: Sequence[_Example],
    held_out: Sequence[_Example],
    *,
    plan: TrainingPlan,
    generator: torch.Generator,
    on_progress: Progress,
) -> tuple[Network, int, float]:
    """The network as it was after its best step, that step, and its validation reward."""
    optimizer = torch.optim.Adam(
        network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
    )
    warmer = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda done: min(1.0, (done + 1) / plan.warm_up)
    )
    best, best_step, best_mean = network, 0, -np.inf
    rewards: list[float] = []
    turns = _turns(examples, generator)
    for step in range(1, plan.steps + 1):
        example = next(turns)
        optimizer.zero_grad()
        scores = network(example.encoded[None])[0]  # (shots,)
        policy_loss(scores, example.reward, plan.repeats, generator).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), plan.longest_gradient)
        optimizer.step()
        warmer.step()
        if step % plan.check_every and step < plan.steps:
            continue
        rewards.append(_mean_reward(network, held_out))
        recent = rewards[-plan.smoothing :]
        if float(np.mean(recent)) > best_mean and _full(recent, step, plan):
            best, best_step, best_mean = copy.deepcopy(network), step, float(np.mean(recent))
        on_progress(step / plan.steps)
        if best_step and step - best_step >= plan.patience:
            break
    on_progress(1.0)
    return best, best_step, _mean_reward(best, held_out)


def _full(recent: Sequence[float], step: int, plan: TrainingPlan) -> bool:
    """Whether there are looks enough to judge by; at the last step any number is."""
    return len(recent) == plan.smoothing or step == plan.steps


def _turns(examples: Sequence[_Example], generator: torch.Generator) -> Iterator[_Example]:
    """Every example once in a random order, then again in another, without end."""
    while True:
        for i in torch.randperm(len(examples), generator=generator).tolist():
            yield examples[i]


def policy_loss(scores: Tensor, reward: Reward, repeats: int, generator: torch.Generator) -> Tensor:
    """What to descend so that selections with more reward become likelier.

    Its gradient is that of Zhou et al. (2018, eq. 8): minus the mean over episodes of
    `(reward - baseline) * gradient of log(probability of the selection)`, with the mean reward of
    the other episodes of its size as baseline (Kool et al., "Buy 4 REINFORCE Samples, Get a
    Baseline for Free!", 2019). A selection is drawn shot by shot, each with probability
    softmax(score) among those left: adding Gumbel noise to the scores and sorting does just that
    (Kool et al., "Stochastic Beams", ICML 2019).

    Args:
        scores: `(shots,)`, with a gradient.
        reward: Of the same shots.
        repeats: Selections of each size; the sizes are `BUDGETS` of the shots.
        generator: Draws the noise.
    """
    shots = len(scores)
    counts = torch.tensor([ceil(share * shots) for share in BUDGETS]).repeat(repeats)  # (E,)
    uniform = torch.rand(len(counts), shots, generator=generator).clamp(1e-9, 1 - 1e-7)
    order = (scores.detach() - (-uniform.log()).log()).argsort(dim=1, descending=True)  # (E, T)
    ordered = scores[order]  # (E, T)
    left = ordered.flip(1).logcumsumexp(dim=1).flip(1)  # (E, T): log sum over those not yet drawn
    picked = torch.arange(shots) < counts[:, None]  # (E, T)
    log_probability = ((ordered - left) * picked).sum(dim=1)  # (E,)
    rewards = torch.tensor([reward(o[:n]) for o, n in zip(order, counts.tolist(), strict=True)])
    by_size = rewards.view(repeats, len(BUDGETS))
    gain = (by_size - by_size.mean(dim=0)) * repeats / (repeats - 1)  # less the others' mean
    return -(gain.flatten() * log_probability).mean()


def _mean_reward(network: Network, examples: Sequence[_Example]) -> float:
    with torch.inference_mode():
        return float(
            np.mean([e.reward.of_ranking(network(e.encoded[None])[0].numpy()) for e in examples])
        )


def _baselines(
    films: Sequence[Film], examples: Sequence[_Example], generator: torch.Generator, longest: int
) -> dict[str, float]:
    windows = [window for film in films for window in _windows(film, longest)]
    linear = LinearRanker()
    pairs = list(zip(windows, examples, strict=True))
    return {
        "random": float(np.mean([e.reward.of_random(generator) for e in examples])),
        "uniform": float(np.mean([e.reward.of_uniform() for e in examples])),
        "linear": float(np.mean([e.reward.of_ranking(linear.score(w).values) for w, e in pairs])),
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, so that sums do not depend on how many cores there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
