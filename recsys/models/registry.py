"""The recommenders by name; the module of a model is imported when the model is asked for."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

from recsys.errors import UnknownModel, UnusableModel
from recsys.models.card import read_card, settings
from recsys.models.model import Recommender

_PLACES = {
    "popularity": ("recsys.models.popularity", "PopularityModel"),
    "transitions": ("recsys.models.transitions", "TransitionsModel"),
    "knn": ("recsys.models.neighbours", "NeighboursModel"),
    "ease": ("recsys.models.ease", "EaseModel"),
    "als": ("recsys.models.als", "AlsModel"),
    "sasrec": ("recsys.models.sequence", "SequenceModel"),
    "stack": ("recsys.models.boosting", "StackModel"),
}
MODELS = tuple(_PLACES)
"""The names, simplest first."""
_PLACES["content"] = ("recsys.models.content", "ContentModel")  # around one of them
SYNONYMS = {
    "ials": "als",
    "neighbours": "knn",
    "pop": "popularity",
    "sequence": "sasrec",
    "markov": "transitions",
}


def canonical_name(name: str) -> str:
    """The name a model is known by.

    Raises:
        UnknownModel: There is none of that name.
    """
    lower = name.strip().lower()
    lower = SYNONYMS.get(lower, lower)
    if lower not in MODELS:
        raise UnknownModel(name, MODELS)
    return lower


def model_type(name: str) -> type[Recommender]:
    """The class of the model of that name."""
    module, attribute = _PLACES[name if name in _PLACES else canonical_name(name)]
    found: type[Recommender] = getattr(import_module(module), attribute)
    return found


def make_model(name: str, seed: int = 0, **config: Any) -> Recommender:
    """A model that has learned nothing yet.

    Args:
        name: One of `MODELS`.
        seed: For those models that start from chance.
        config: Fields of the model's config dataclass.

    Raises:
        UnknownModel: There is none of that name.
        TypeError: The model has no such field.
    """
    kind = model_type(name)
    if any(field.name == "seed" for field in fields(kind.config_type)):
        config["seed"] = seed
    return kind(kind.config_type(**config))


def check_settings(name: str, told: Mapping[str, Any]) -> None:
    """Check the settings of a model on which another one is built.

    Raises:
        UnknownModel: There is none of that name.
        TypeError: The model has no such field, or these are no settings at all.
        ValueError: A value is not of its field's type, or is out of its range.
    """
    if not isinstance(told, Mapping):
        raise TypeError(f"the settings of {name} cannot be {told!r}")
    settings(model_type(name).config_type, told)


def make_like(folder: Path, seed: int = 0) -> Recommender:
    """A model in the settings of a saved one, that has learned nothing yet.

    Args:
        folder: Of the saved model, of which only the card is read.
        seed: Takes the place of the saved model's.

    Raises:
        UnusableModel: There is no card, or its settings are none of that model.
        UnknownModel: This version has no model of that name.
    """
    card = read_card(folder)
    try:
        kind = model_type(str(card["model"]))
        told = {**card["config"], **({"seed": seed} if "seed" in card["config"] else {})}
        return kind(settings(kind.config_type, told))
    except (TypeError, ValueError) as error:
        raise UnusableModel(folder, f"its settings cannot be used ({error})") from error


def load_model(folder: Path) -> Recommender:
    """Read the model that was saved in a folder, whichever it is.

    Raises:
        UnusableModel: The folder is damaged.
        UnknownModel: This version has no model of that name.
    """
    return model_type(str(read_card(folder)["model"])).load(folder)
