"""Saved models are not believed before they were checked."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from recsys.errors import UnusableModel
from recsys.interactions import Interactions
from recsys.models.card import read_card, write_card
from recsys.models.registry import load_model, make_like, make_model
from recsys.simulate import simulate


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    return Interactions.from_log(simulate(0, users=40, titles=8, days=20).log)


@pytest.fixture
def saved(interactions: Interactions, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    make_model(request.param, 5).fit(interactions).save(tmp_path, {"seed": 5})
    return tmp_path


def change_card(folder: Path, **changes: object) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


@pytest.mark.parametrize("saved", ["als"], indirect=True)
def test_a_model_like_a_saved_one_has_its_settings_and_another_seed(saved: Path) -> None:
    change_card(saved, config={**read_card(saved)["config"], "reg": 3.0, "epochs": 4})
    like = make_like(saved, 9)
    assert (like.config.reg, like.config.epochs, like.config.seed) == (3.0, 4, 9)


@pytest.mark.parametrize("saved", ["popularity"], indirect=True)
def test_a_model_without_chance_has_no_seed(saved: Path) -> None:
    assert make_like(saved, 9).config == load_model(saved).config


@pytest.mark.parametrize(
    ("saved", "field", "value"),
    [
        ("als", "decay", None),
        ("als", "alpha", "4"),
        ("als", "epochs", True),
        ("als", "embedding_size", 1e308),
        ("ease", "decay", 10**9),
        ("ease", "reg", float("inf")),
        ("knn", "decay", {}),
        ("knn", "decay", 0),
        ("transitions", "window", 2.5),
        ("popularity", "window_days", []),
        ("popularity", "windows", 3),
    ],
    indirect=["saved"],
)
def test_settings_that_are_none_are_told(saved: Path, field: str, value: Any) -> None:
    change_card(saved, config={**read_card(saved)["config"], field: value})
    for read in (load_model, make_like):
        with pytest.raises(UnusableModel, match=field):
            read(saved)


@pytest.mark.parametrize("within", [{"decay": None}, {"decay": 7}, {"depth": 1}, None])
@pytest.mark.parametrize("model", ["content", "stack"])
def test_settings_of_the_models_within_another_are_told_too(
    tmp_path: Path, model: str, within: object
) -> None:
    config = {
        "content": {"base": "ease", "base_config": within},
        "stack": {"bases": {"ease": within}},
    }
    write_card(tmp_path, {"model": model, "config": config[model]})
    for read in (load_model, make_like):
        with pytest.raises(UnusableModel, match=r"decay|depth|None"):
            read(tmp_path)


@pytest.mark.parametrize("saved", ["popularity"], indirect=True)
@pytest.mark.parametrize(
    "changes", [{"config": []}, {"config": None}, {"model": 3}, {"data": -1}, {"seed": "x"}]
)
def test_a_card_of_another_shape_is_told(saved: Path, changes: dict[str, Any]) -> None:
    change_card(saved, **changes)
    with pytest.raises(UnusableModel, match="its card"):
        load_model(saved)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("saved", ["als", "ease"], indirect=True)
def test_numbers_that_no_training_comes_to_are_told(saved: Path, value: float) -> None:
    """They would make scores that have no rank."""
    arrays = load_file(saved / "arrays.safetensors")
    name = max(arrays, key=lambda one: arrays[one].size)
    arrays[name].ravel()[0] = value
    save_file(arrays, saved / "arrays.safetensors")
    with pytest.raises(UnusableModel, match=f"{name} holds what is no number"):
        load_model(saved)
