"""A training that was cut off goes on to the very network that it would have come to."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from editing.errors import ModelError
from editing.rank.film import Film
from editing.rank.plan import ObjectiveName, TrainingPlan
from editing.rank.training import OBJECTIVES, Training, train_network, turn

PLAN = TrainingPlan(steps=12, check_every=2, smoothing=2, keep_every=2, order_steps=20)


class Cut(Exception):
    """What ends a training before its time."""


def same(one: Training, other: Training) -> bool:
    mine, theirs = one.network.state_dict(), other.network.state_dict()
    return one.validation == other.validation and all(torch.equal(mine[k], theirs[k]) for k in mine)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_training_cut_off_and_taken_up_again_ends_like_one_that_was_not(
    objective: ObjectiveName, planted: Callable[..., Film], tmp_path: Path
) -> None:
    films = [planted(20, seed=seed) for seed in range(3)]

    def train(until: float, folder: Path | None) -> Training:
        def heard(done: float) -> None:
            if done >= until:
                raise Cut

        return train_network(
            "transformer",
            films,
            seed=4,
            objective=objective,
            plan=PLAN,
            state_folder=folder,
            on_progress=heard,
        )

    whole = train(2.0, None)
    for until in (0.4, 0.6, 0.95):  # twice on the way, once while the order is learned
        with pytest.raises(Cut):
            train(until, tmp_path)
        assert list(tmp_path.glob("*.safetensors"))

    assert same(whole, train(2.0, tmp_path))


def test_a_killed_training_goes_on(planted: Callable[..., Film], tmp_path: Path) -> None:
    """Killed as by a power cut, at whatever step it was just then."""
    code = """
import sys, time
from pathlib import Path
from tests_films import films
from editing.rank.training import train_network
from editing.rank.plan import TrainingPlan
plan = TrainingPlan(steps=12, check_every=2, smoothing=2, keep_every=1, order_steps=0)
train_network("lstm", films(), seed=4, plan=plan, state_folder=Path(sys.argv[1]),
              on_progress=lambda done: time.sleep(0.3))
"""
    source = """
import numpy as np
from editing.rank.film import Film
from ingest.media import Embeddings, ShotMeasures


def films():
    made = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(20, 8)).astype(np.float32)
        measures = ShotMeasures(("luma",), rng.normal(size=(20, 1)).astype(np.float32))
        place = (np.arange(20) / 20).astype(np.float32)
        seconds = np.full(20, 2, np.float32)
        made.append(Film(Embeddings("e", "1", vectors), measures, seconds, place))
    return made
"""
    (tmp_path / "tests_films.py").write_text(source)
    (tmp_path / "train.py").write_text(code)
    kept = tmp_path / "kept"
    command = [sys.executable, str(tmp_path / "train.py"), str(kept)]
    process = subprocess.Popen(command, env={"PYTHONPATH": str(Path(__file__).parents[3])})
    deadline = time.monotonic() + 120
    while not list(kept.glob("reward.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -9

    namespace: dict[str, Callable[[], list[Film]]] = {}
    exec(source, namespace)
    plan = replace(PLAN, keep_every=1, order_steps=0)
    films = namespace["films"]()
    again = train_network("lstm", films, seed=4, plan=plan, state_folder=kept)
    assert same(train_network("lstm", films, seed=4, plan=plan), again)


def test_what_another_training_kept_is_refused(
    planted: Callable[..., Film], tmp_path: Path
) -> None:
    films = [planted(20, seed=seed) for seed in range(3)]
    train_network("lstm", films, seed=1, plan=PLAN, state_folder=tmp_path)

    with pytest.raises(ModelError, match="cannot go on from"):
        train_network("lstm", films, seed=2, plan=PLAN, state_folder=tmp_path)
    with pytest.raises(ModelError, match="cannot go on from"):
        train_network("lstm", films[1:], seed=1, plan=PLAN, state_folder=tmp_path)


def test_damaged_state_is_refused_and_says_what_to_do(
    planted: Callable[..., Film], tmp_path: Path
) -> None:
    train_network("lstm", [planted(20)], seed=1, plan=PLAN, state_folder=tmp_path)
    (kept,) = tmp_path.glob("*.safetensors")
    kept.write_bytes(kept.read_bytes()[:1000])

    with pytest.raises(ModelError, match="Remove the file to start again"):
        train_network("lstm", [planted(20)], seed=1, plan=PLAN, state_folder=tmp_path)


def test_every_example_has_one_turn_before_any_has_two() -> None:
    laps = [[turn(step, 5, seed=3) for step in range(1 + 5 * lap, 6 + 5 * lap)] for lap in range(4)]

    assert all(sorted(lap) == [0, 1, 2, 3, 4] for lap in laps)
    assert len({tuple(lap) for lap in laps}) > 1
