"""Errors of recsys survive a trip between processes, and say what to do."""

import pickle
from pathlib import Path

import pytest

from recsys import errors

HERE = Path("here")
EXAMPLES = [
    errors.UnreadableLog(HERE, "the file is empty"),
    errors.MissingColumns(HERE, ["user"], ["uid"], {"uid": "user"}),
    errors.MissingColumns(HERE, ["user"], [], {}),
    errors.UnusableMap("theirs.toml", "not TOML"),
    errors.ForgottenUser("u"),
    errors.NoUsableRows("the log", "it is empty"),
    errors.NoTimeOrder("the log"),
    errors.NoLog(HERE),
    errors.NoModel(HERE),
    errors.UnusableRules(HERE, "not TOML"),
    errors.UnusableModel(HERE, "its card is gone"),
    errors.UnknownModel("magic", ["ease"]),
    errors.UnknownTitle("Alfa", ["Alpha"]),
    errors.UnknownVersion("ease-1", ["ease-2"]),
    errors.CatalogueTooLarge("ease", 30_000, 20_000),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling_with_its_message(error: errors.RecsysError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_every_error_is_in_the_tree_and_in_the_examples() -> None:
    kinds = {kind.__name__ for kind in errors.RecsysError.__subclasses__()}
    assert kinds == {type(error).__name__ for error in EXAMPLES}
    assert all(kind in str(errors.__doc__) for kind in kinds)
