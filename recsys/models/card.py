"""The card of a saved model: what it is, its settings, and what training has to say of it.

A card is JSON, and untrusted until it was read here.
"""

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from recsys.errors import UnusableModel

CARD = "card.json"
FORMAT = 1


def write_card(folder: Path, contents: Mapping[str, object]) -> None:
    """Write the card of a model into its folder.

    Args:
        folder: Of the model; it exists.
        contents: `model` and `config`, and whatever else there is to say, as plain values.
    """
    text = json.dumps({"format": FORMAT, **contents}, indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", "utf-8")


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a saved model.

    Raises:
        UnusableModel: There is none, or it is not one that this version wrote.
    """
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableModel(folder, f"its card cannot be read ({error})") from error
    if not isinstance(card, dict) or not isinstance(card.get("config"), dict):
        raise UnusableModel(folder, "its card does not tell a model's settings")
    if not isinstance(card.get("model"), str):
        raise UnusableModel(folder, "its card does not name a model")
    if card.get("format") != FORMAT:
        raise UnusableModel(folder, f"its format is {card.get('format')}, not {FORMAT}")
    if not isinstance(card.get("data", {}), dict):
        raise UnusableModel(folder, "its card does not say what it learned from")
    if type(card.get("seed", 0)) is not int:
        raise UnusableModel(folder, "its card has a seed that is no whole number")
    return dict(card)


def settings(config_type: type, told: Mapping[str, object]) -> Any:
    """The config of a model as its card tells it.

    Args:
        config_type: A dataclass whose fields are numbers, texts, truths, mappings or None.
        told: A value for each field; those left out have their defaults.

    Raises:
        TypeError: The config has no such field.
        ValueError: A value is not of its field's type, is not finite, or is out of its range.
    """
    kinds = get_type_hints(config_type)
    for name, value in told.items():
        if name in kinds and not _fits(value, kinds[name]):
            raise ValueError(f"{name} cannot be {value!r}")
    return config_type(**told)


def _fits(value: object, kind: Any) -> bool:
    if isinstance(kind, UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, get_origin(kind) or kind)
