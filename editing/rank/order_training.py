"""Teaching a Transformer's order head the order of trailers; what it scores stays as it was.

Stopped by trailers that were held out. With a single trailer nothing can be held out: the head then
takes few steps, and has no figures.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from editing.rank.checkpoint import Card
from editing.rank.features import FeatureSpace
from editing.rank.networks import Network, NetworkRanker, compute_device, network_from
from editing.rank.ordering import OrderObjective, order_head
from editing.rank.plan import FINE_TUNING, Progress, TrainingPlan
from editing.rank.trailer_order import TrailerOrder, film_order_share, split_orders
from editing.rank.training import Keeping, Training, fit
from ingest.threads import one_thread

ORDER_OBJECTIVE = "which shot comes next, as trailers show them; the scores are those before"
"""What a card says that such a training taught."""
ORDER_PLAN = FINE_TUNING
UNCHECKED_STEPS = 60
"""Of a training with nothing to stop it by: few, as not to learn one trailer by heart."""


def order_plan(trailers: int) -> TrainingPlan:
    """How long and how hard to learn from so many trailers; of one none can be held out."""
    if trailers > 1:
        return ORDER_PLAN
    return replace(ORDER_PLAN, steps=UNCHECKED_STEPS, patience=UNCHECKED_STEPS)


def before_trailers(cards: Sequence[Card], version: str) -> tuple[str, str]:
    """Where to begin, if `version` is to learn orders: as it was before trailers taught it any.

    Args:
        cards: Of every version that is known.
        version: The one that is asked for.

    Returns:
        The version with the same scores that is no result of learning orders, and the one, most
        often the same, that has its order head as no trailer taught it.
    """
    known = {card.version: card for card in cards}
    while version in known and known[version].objective == ORDER_OBJECTIVE:
        version = known[version].started_from
    head, ancestor = version, known.get(version)
    while ancestor is not None and ancestor.started_from:
        if ancestor.objective == ORDER_OBJECTIVE:
            head = ancestor.started_from
        ancestor = known.get(ancestor.started_from)
    return version, head


def train_order(
    start: NetworkRanker,
    head_of: NetworkRanker,
    orders: Sequence[TrailerOrder],
    *,
    seed: int,
    plan: TrainingPlan,
    state_folder: Path | None = None,
    on_progress: Progress = lambda done: None,
) -> Training:
    """Teach the order of trailers to a copy of `start`, of which only the order head moves.

    Args:
        start: A Transformer with an order head; it stays as it is.
        head_of: Has the head to begin with, as it was before trailers taught it: trailers that
            are held out now may have been learned from earlier. Often `start` itself.
        orders: To learn from and to hold out.
        seed: Of what is held out and of all that is drawn.
        plan: How long and how hard; for one trailer without patience (`order_plan`).
        state_folder: Where the training is kept on its way, to go on from; None for nowhere.
        on_progress: Called with the share done, 0 to 1.

    Returns:
        The network, with figures on held-out trailers: the share of next shots guessed by its
        head, `order`; by the head that it began with, `untrained order`; by film order,
        `order as in the film`; and by chance, `order by chance`. None if nothing was held out.

    Raises:
        ModelError: There are no orders, a film has other features than `start`, it has no order
            head, or the state that was kept is damaged.
    """
    generator, device = torch.Generator().manual_seed(seed), compute_device()
    split = split_orders(orders, generator)
    judged = split.validation or split.training
    with one_thread():
        network = _copy(start, head_of).to(device)
        training = [_encoded(start.space, order, device) for order in split.training]
        held_out = [_encoded(start.space, order, device) for order in judged]
        objective = OrderObjective.of_sequences(
            network, training, held_out, plan=plan, generator=generator
        )
        before = objective.figures()
        settings = {"start": start.version, "head": head_of.version, "seed": seed}
        keep = Keeping(state_folder, settings, [*training, *held_out])
        fitted = fit(
            objective,
            plan=plan,
            seed=seed,
            generator=generator,
            keep=keep.of("trailers' order", plan),
            on_progress=on_progress,
        )
        figures = objective.figures() | {
            "untrained order": before["order"],
            "order as in the film": film_order_share(judged),
        }
    validation = figures if split.validation else {}
    return Training(
        network.cpu(), start.space, start.config, fitted.step, validation, split.held_out
    )


def _copy(start: NetworkRanker, head_of: NetworkRanker) -> Network:
    """A copy of the network of `start` with the order head of `head_of`."""
    network = network_from(start.name, start.config, _weights(start.network))
    order_head(network).load_state_dict(_weights(order_head(head_of.network)))
    return network


def _weights(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}


def _encoded(space: FeatureSpace, order: TrailerOrder, device: torch.device) -> Tensor:
    """`(shots, columns)`, in the trailer's order."""
    return space.encode(order.film)[list(order.shots)].to(device)
