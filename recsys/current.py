"""Which of a workspace's recommenders is in use: `current.json` in their folder names it."""

import json
from pathlib import Path

from recsys.atomic import whole_file
from recsys.errors import NoModel, UnusableModel
from recsys.models.model import Recommender
from recsys.models.registry import load_model

CURRENT = "current.json"


def current_folder(recommenders: Path) -> Path:
    """The folder of the recommender in use.

    Raises:
        NoModel: None was trained.
        UnusableModel: The pointer to it is damaged.
    """
    pointer = recommenders / CURRENT
    if not pointer.is_file():
        raise NoModel(recommenders)
    try:
        name = str(json.loads(pointer.read_text("utf-8"))["folder"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableModel(recommenders, f"{CURRENT} cannot be read ({error})") from error
    if Path(name).name != name:
        raise UnusableModel(recommenders, f"{CURRENT} points outside of it")
    return recommenders / name


def put_to_use(folder: Path) -> None:
    """Name a recommender as the one in use, at once or not at all.

    Args:
        folder: Of the recommender; it lies in the workspace's folder of recommenders.
    """
    with whole_file(folder.parent / CURRENT) as draft:
        draft.write_text(json.dumps({"folder": folder.name}), "utf-8")


def load_recommender(recommenders: Path) -> Recommender:
    """The recommender in use; NoModel if none was trained, UnusableModel if it is damaged."""
    return load_model(current_folder(recommenders))
