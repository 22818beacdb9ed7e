"""Training without labels: step by step, stopped by held-out films, kept on the way.

What a step learns is the objective's: `policy.py`, `adversarial.py`, `actor_critic.py`, and for the
Transformer's order head `ordering.py`. Same films, plan and seed, same network, on one machine;
also if the training was cut off and went on from the state that was kept.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from torch import Tensor, nn

from editing.errors import ModelError
from editing.rank.actor_critic import ActorCriticObjective
from editing.rank.adversarial import AdversarialObjective
from editing.rank.examples import Example, baseline_rewards, examples_of, mean_reward, split_films
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import Network, compute_device, config_for, new_network
from editing.rank.ordering import OrderObjective
from editing.rank.plan import Objective, ObjectiveName, Progress, TrainingPlan
from editing.rank.policy import RewardObjective
from editing.rank.training_state import (
    TrainingState,
    identity,
    optimizer_tensors,
    read_state,
    restore_optimizer,
    write_state,
)
from editing.rank.transformer import ShotTransformer
from ingest.threads import one_thread

OBJECTIVES: tuple[ObjectiveName, ...] = get_args(ObjectiveName)
_MAKERS: dict[ObjectiveName, Callable[..., Objective]] = {
    "reward": RewardObjective,
    "adversarial": AdversarialObjective,
    "actor-critic": ActorCriticObjective,
}
_PLANS: dict[ObjectiveName, TrainingPlan] = {
    "reward": TrainingPlan(),
    "adversarial": TrainingPlan(steps=400, patience=250, learning_rate=1e-3),
    "actor-critic": TrainingPlan(steps=400, patience=250, learning_rate=1e-3),
}


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
    beat, `untrained`, `random`, `uniform` and `linear`. With an order head, the share of next shots
    that it guesses among those left, `order`, and by chance, `order by chance`."""
    held_out: str
    """What the validation figures are on, in words for people."""


def plan_for(objective: ObjectiveName) -> TrainingPlan:
    """How long and how hard to train towards `objective` if nothing else is said."""
    return _PLANS[objective]


def train_network(
    name: str,
    films: Sequence[Film],
    *,
    seed: int,
    objective: ObjectiveName = "reward",
    plan: TrainingPlan | None = None,
    state_folder: Path | None = None,
    on_progress: Progress = lambda done: None,
) -> Training:
    """Train the network `name` (`lstm`, `transformer`) on the shots of `films`, without labels.

    Args:
        name: Which network.
        films: All of one feature space.
        seed: Of the first weights, of what is held out and of all that is drawn.
        objective: `reward`, `adversarial` or `actor-critic`.
        plan: How long and how hard; `plan_for(objective)` if None.
        state_folder: Where the training is kept on its way, to go on from; None for nowhere.
        on_progress: Called with the share done, 0 to 1; an exception from it ends the training.

    Raises:
        ModelError: No film has `MIN_SHOTS` shots, the films have different features, there is no
            such objective, or `state_folder` holds something else than this training.
    """
    if objective not in OBJECTIVES:
        raise ModelError(f"nothing is taught by {objective!r}; there are {', '.join(OBJECTIVES)}")
    plan = plan or plan_for(objective)
    generator, device = torch.Generator().manual_seed(seed), compute_device()
    split = split_films(films, generator)
    space = FeatureSpace.of(split.training[0])
    config = config_for(name, space)
    with one_thread():
        network = new_network(name, config, generator).to(device)
        training = examples_of(split.training, space, plan.window, device)
        held_out = examples_of(split.validation, space, plan.window, device)
        figures = baseline_rewards(split.validation, held_out, generator, plan.window)
        figures["untrained"] = mean_reward(network, held_out)
        settings = {"network": name, "config": config, "seed": seed}
        keep = Keeping(state_folder, settings, [e.encoded for e in (*training, *held_out)])
        made = _MAKERS[objective](network, training, held_out, plan=plan, generator=generator)
        ordered = _has_order(network) and plan.order_steps > 0
        share = 0.8 if ordered else 1.0
        fitted = fit(
            made,
            plan=plan,
            seed=seed,
            generator=generator,
            keep=keep.of(objective, plan),
            on_progress=lambda done: on_progress(share * done),
        )
        figures["reward"] = fitted.figure
        if ordered:
            figures |= _teach_order(
                network,
                training,
                held_out,
                plan=plan.for_order(),
                seed=seed,
                keep=keep,
                on_progress=lambda done: on_progress(share + (1 - share) * done),
            )
    return Training(network.cpu(), space, config, fitted.step, figures, split.held_out)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training came to; the objective's network is as it was after the best step."""

    step: int
    """From 1."""
    figure: float
    """The objective's, of the network as it was then."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a training is kept, and which one it is."""

    file: Path
    of: str


def fit(
    objective: Objective,
    *,
    plan: TrainingPlan,
    seed: int,
    generator: torch.Generator,
    keep: Kept | None = None,
    on_progress: Progress = lambda done: None,
) -> Fitted:
    """Take steps until the plan ends it or validation no longer rises; keep the best.

    Args:
        objective: What a step learns. All that it draws comes from `generator`.
        plan: How many steps, and how often to look.
        seed: Of the order in which the examples have their turns.
        generator: Its state is kept with the rest.
        keep: Where to go on from and to keep the state; None for nowhere.
        on_progress: Called with the share done, 0 to 1.

    Raises:
        ModelError: What is kept is damaged or of another training.
    """
    course = _Course(objective, generator)
    state = None if keep is None else read_state(keep.file, keep.of)
    if state is None:
        state = course.state(None, np.nan, 0, plan)
    else:
        course.restore(state)
    while not state.finished:
        first = len(state.validation) * plan.check_every + 1
        last = min(first + plan.check_every - 1, plan.steps)
        losses = [course.step(step, plan, seed) for step in range(first, last + 1)]
        state = course.state(state, float(np.mean(losses)), last, plan)
        if keep is not None and (state.finished or not len(state.validation) % plan.keep_every):
            write_state(keep.file, state, keep.of)
        on_progress(last / plan.steps)
    on_progress(1.0)
    objective.network.load_state_dict(dict(state.best))
    return Fitted(state.best_epoch, objective.figure())


@dataclass(slots=True)
class _Course:
    """An objective on its way, to and from what is kept of it."""

    objective: Objective
    generator: torch.Generator

    def step(self, step: int, plan: TrainingPlan, seed: int) -> float:
        for optimizer in self.objective.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = plan.learning_rate * min(1.0, step / plan.warm_up)
        return self.objective.learn(turn(step, self.objective.examples, seed))

    def state(
        self, before: TrainingState | None, loss: float, step: int, plan: TrainingPlan
    ) -> TrainingState:
        """What to keep after `step`; `before` is what was kept one look ago."""
        network = self.objective.network
        if before is None:
            return self._now(_copy(network), 0, [], [], finished=False)
        figures = [*before.validation, self.objective.figure()]
        best, best_step = before.best, before.best_epoch
        enough = len(figures) >= plan.smoothing or step >= plan.steps
        if enough and (not best_step or _recent(figures, step, plan) > self._best(before, plan)):
            best, best_step = _copy(network), step
        stop = step >= plan.steps or (best_step > 0 and step - best_step >= plan.patience)
        return self._now(best, best_step, [*before.losses, loss], figures, finished=stop)

    def restore(self, state: TrainingState) -> None:
        """Make the objective what it was when `state` was kept."""
        for name, module in self.objective.modules.items():
            module.load_state_dict(_under(name, state.network))
        for name, optimizer in self.objective.optimizers.items():
            restore_optimizer(optimizer, _under(name, state.optimizer))
        self.generator.set_state(state.generator)

    def _best(self, state: TrainingState, plan: TrainingPlan) -> float:
        looks = -(-state.best_epoch // plan.check_every)
        return _recent(state.validation[:looks], state.best_epoch, plan)

    def _now(
        self,
        best: object,
        best_step: int,
        losses: list[float],
        figures: list[float],
        *,
        finished: bool,
    ) -> TrainingState:
        modules, optimizers = self.objective.modules, self.objective.optimizers
        return TrainingState(
            network={f"{n}/{k}": v for n, m in modules.items() for k, v in _copy(m).items()},
            best=best,  # type: ignore[arg-type]
            optimizer={
                f"{n}/{k}": v.detach().cpu().clone()
                for n, o in optimizers.items()
                for k, v in optimizer_tensors(o).items()
            },
            generator=self.generator.get_state(),
            best_epoch=best_step,
            losses=losses,
            validation=figures,
            finished=finished,
        )


def turn(step: int, examples: int, seed: int) -> int:
    """Which example has its turn at `step`, from 1: each once in a random order, then again."""
    lap, place = divmod(step - 1, examples)
    name = hashlib.sha256(f"{seed} {lap}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(name[:7]))
    return int(torch.randperm(examples, generator=generator)[place])


def _recent(figures: Sequence[float], step: int, plan: TrainingPlan) -> float:
    """The mean of the last looks, of which there are fewer only at the last step."""
    return float(np.mean(figures[-plan.smoothing :]))


def _copy(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}


def _under(name: str, tensors: object) -> dict[str, Tensor]:
    start = f"{name}/"
    items = dict(tensors).items()  # type: ignore[call-overload]
    return {key.removeprefix(start): value for key, value in items if key.startswith(start)}


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where the states of one training are kept, if anywhere."""

    folder: Path | None
    settings: dict[str, object]
    content: Sequence[Tensor]

    def of(self, name: str, plan: TrainingPlan) -> Kept | None:
        """For the part of the training called `name`."""
        if self.folder is None:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.settings | {"objective": name, "plan": asdict(plan)}
        of = identity(settings, (tensor.cpu() for tensor in self.content))
        return Kept(self.folder / f"{name}.safetensors", of)


def _has_order(network: Network) -> bool:
    return isinstance(network, ShotTransformer) and network.order is not None


def _teach_order(
    network: Network,
    training: Sequence[Example],
    held_out: Sequence[Example],
    *,
    plan: TrainingPlan,
    seed: int,
    keep: Keeping,
    on_progress: Progress,
) -> dict[str, float]:
    """Teach the order head the order of the films themselves; its figures on what was held out."""
    generator = torch.Generator().manual_seed(seed)
    objective = OrderObjective.of_films(
        network,
        [example.encoded for example in training],
        [example.encoded for example in held_out],
        plan=plan,
        generator=generator,
    )
    fit(
        objective,
        plan=plan,
        seed=seed,
        generator=generator,
        keep=keep.of("order", plan),
        on_progress=on_progress,
    )
    return objective.figures()
