"""The recommender of a network of sequences; the network itself is in `sequence_network`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recsys.context import Context
from recsys.interactions import Floats, Interactions, Ints, newest_part
from recsys.metrics import ndcg, top_k
from recsys.models.model import Progress, Recommender, State, quiet
from recsys.models.sequence_batches import padded
from recsys.models.sequence_inputs import INPUTS, inputs_of, kept_rows, table_rows
from recsys.models.sequence_network import SequenceConfig
from recsys.models.sequence_training import new_network, training, untrained

WORTH_THREADS = 8
"""Histories from which on several threads are faster than one."""


class SequenceModel(Recommender):
    """Predicts the next title from the order of those before it."""

    name = "sasrec"
    config_type = SequenceConfig
    reads_context = True

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        """Find the best weights against held-out newest plays, then go on from them with all."""
        self.validation: list[float] = []
        self.network = untrained(self.config, interactions)
        most = self.config.epochs
        if self.config.validation_share:
            past, future = newest_part(interactions, self.config.validation_share)
            if future.starts[-1]:
                self._search(past, future, on_progress)
                self._train_further(interactions)
                return
        for epoch, network in enumerate(training(self.network, interactions, self.config), 1):
            on_progress(epoch / most)
            if epoch == most:
                self.network = network
                break
        self.epochs = most

    def settled(self) -> dict[str, Any]:
        """The number of epochs that was best."""
        return {"epochs": self.epochs, "validation_share": 0.0}

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> "SequenceModel":
        """Goes on from these weights for `further_epochs`; new titles begin where all began."""
        other = type(self)(self.config)
        other._remember(interactions)
        other.epochs, other.validation = self.epochs, list(self.validation)
        other.network = untrained(self.config, interactions)
        number = {item: place for place, item in enumerate(self.items)}
        shared = [place for place, item in enumerate(other.items) if item in number]
        known = [number[other.items[place]] for place in shared]
        state = {name: tensor.cpu() for name, tensor in self.network.state_dict().items()}
        for name, grown in other.network.state_dict().items():
            if name in ("item_embedding.weight", "item_bias"):
                kept = grown.cpu().clone()
                kept[shared] = state[name][known]
                state[name] = kept
            elif name == "told":
                kept = grown.cpu().clone()
                if name in state:  # the log may not have told any times before
                    before, after = kept_rows(self.devices, other.devices)
                    kept[after] = state[name][before]
                state[name] = kept
        state = {name: state[name] for name in other.network.state_dict()}
        other.network.load_state_dict(state)
        other._train_further(interactions)
        on_progress(1.0)
        return other

    def _search(self, past: Interactions, future: Interactions, on_progress: Progress) -> None:
        self.epochs = 0
        best: dict[str, Tensor] = {}
        for network in training(untrained(self.config, past), past, self.config):
            self.network = network
            self.validation.append(self._validate(past, future))
            epoch = len(self.validation)
            if self.validation[-1] > max(self.validation[:-1], default=-1.0):
                self.epochs = epoch
                best = {name: tensor.clone() for name, tensor in network.state_dict().items()}
            on_progress(epoch / self.config.epochs)
            if epoch == self.config.epochs or epoch - self.epochs >= self.config.patience:
                break
        self.network.load_state_dict(best)

    def _train_further(self, interactions: Interactions) -> None:
        epochs = range(self.config.further_epochs)
        trained = training(self.network, interactions, self.config, rate=0.3)
        for _, network in zip(epochs, trained, strict=False):
            self.network = network

    def _validate(self, past: Interactions, future: Interactions, users: int = 2500) -> float:
        """NDCG@10 of the held-out plays, over all items not yet watched."""
        rows = zip(past.histories(), future.histories(), past.contexts(), strict=True)
        judged = [row for row in rows if len(row[0]) and len(row[1])][:users]
        hits = np.zeros((len(judged), 10), np.bool_)
        for begin in range(0, len(judged), 512):  # a table of scores for all would be large
            batch = judged[begin : begin + 512]
            scores = self._score_within([seen for seen, *_ in batch], [told for *_, told in batch])
            for row, (seen, *_) in enumerate(batch):
                scores[row, seen] = -np.inf
            for row, best in enumerate(top_k(scores, 10)):
                hits[begin + row, : len(best)] = np.isin(best, batch[row][1])
        return float(ndcg(hits, np.array([len(to_come) for _, to_come, _ in judged])).mean())

    def represent(self, histories: Sequence[Ints]) -> Floats:
        """The network's vector at the newest title of each history, `(histories, D)`."""
        return self._vectors(histories, [Context()] * len(histories)).cpu().numpy()

    def _vectors(self, histories: Sequence[Ints], contexts: Sequence[Context]) -> Tensor:
        """`(histories, D)`, on the network's device."""
        self.network.eval()
        length, vectors = self.config.max_length, []
        with torch.inference_mode(), _threads_for(len(histories)):
            for begin in range(0, len(histories), 256):
                rows = slice(begin, begin + 256)
                items = [torch.from_numpy(history[-length:]) for history in histories[rows]]
                pairs = zip(contexts[rows], histories[rows], strict=True)
                told = [inputs_of(context, len(history))[-length:] for context, history in pairs]
                vectors.append(self.network.newest(*self._padded(items, told)))
            return torch.cat(vectors)

    def _padded(self, items: Sequence[Tensor], told: Sequence[Ints]) -> tuple[Tensor, Tensor]:
        device = self.network.turns.device
        rows = torch.tensor(INPUTS)
        inputs = [torch.from_numpy(one) + rows for one in told]
        return padded(items, len(self.items)).to(device), padded(inputs, 0).to(device)

    def _score(self, histories: Sequence[Ints]) -> Floats:
        return self._score_within(histories, [Context()] * len(histories))

    def _score_within(self, histories: Sequence[Ints], contexts: Sequence[Context]) -> Floats:
        vectors = self._vectors(histories, contexts)
        with torch.inference_mode(), _threads_for(len(histories)):
            return np.asarray(self.network.scores(vectors).cpu().numpy(), np.float32)

    def _state(self) -> State:
        return {name: tensor.cpu().numpy() for name, tensor in self.network.state_dict().items()}

    def _restore(self, state: State) -> None:
        self.epochs, self.validation = self.config.epochs, []
        inputs = table_rows(len(self.devices)) if "told" in state else 0
        self.network = new_network(self.config, len(self.items), inputs)
        self.network.load_state_dict({name: torch.tensor(array) for name, array in state.items()})


@contextmanager
def _threads_for(histories: int) -> Iterator[None]:
    """One thread for a few histories: several would wait for each other longer than they work."""
    threads = torch.get_num_threads()
    if histories >= WORTH_THREADS or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
