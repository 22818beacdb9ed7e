"""The rules of a business that a workspace keeps, and what they change in a list.

They are written as for `reel recsys recommend --rules`; `recsys.rules` says what each does.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from dashboard.people import Person, needs
from dashboard.settings import Workspace
from recsys.atomic import whole_file
from recsys.errors import UnusableRules
from recsys.rules import Occasion, Rule, apply_rules, read_rules

FILE = "rules.toml"
LONGEST = 100_000
"""Characters."""
EXAMPLE = """\
# Each [[rule]] has a kind: exclude, available, fresh, boost, include or cap.

[[rule]]
name = "at most two of a genre"
kind = "cap"
group = "genre"
most = 2
"""
CHANGES = pl.Schema(
    {
        "before": pl.Int64(),
        "after": pl.Int64(),
        "item": pl.String(),
        "title": pl.String(),
        "rules": pl.String(),
    }
)


def rules_text(workspace: Workspace) -> str:
    """The rules that are kept; an example where none are."""
    file = workspace.root / FILE
    return file.read_text("utf-8") if file.is_file() else EXAMPLE


def parse_rules(text: str) -> list[Rule]:
    """The rules that a text says.

    Raises:
        UnusableRules: It is too long, no TOML, or a rule is not one.
    """
    if len(text) > LONGEST:
        raise UnusableRules(Path(FILE), f"it has more than {LONGEST:,} characters")
    with TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        file.write_text(text, "utf-8")
        try:
            return read_rules(file)
        except UnusableRules as error:
            raise UnusableRules(Path(FILE), f"{error.args[1]}") from error


@needs("editor")
def save_rules(person: Person, workspace: Workspace, text: str) -> int:
    """Keep rules for this workspace; those that were kept are replaced. Returns how many.

    Raises:
        NotAllowed: The person is no editor.
        UnusableRules: The text says no rules; nothing was changed.
    """
    rules = parse_rules(text)
    with whole_file(workspace.root / FILE) as draft:
        draft.write_text(text, "utf-8")
    return len(rules)


def changes(
    scores: Mapping[str, float],
    rules: Sequence[Rule],
    titles: Mapping[str, Mapping[str, Any]],
    occasion: Occasion,
    k: int,
) -> pl.DataFrame:
    """What rules do to the first k places of a ranking, and which rule did it.

    A title that left the list is put down to each rule that alone takes it out of the ranking.

    Args:
        scores: Of items, best first; all of them.
        rules: In any order.
        titles: The columns of the table of titles, by item.
        occasion: Where and when the list is shown.
        k: Places.

    Returns:
        With the columns of `CHANGES`: those of the list after, in order, then those that left it.
    """
    before = {item: rank for rank, item in enumerate(list(scores)[:k], 1)}
    placed = apply_rules(scores, rules, titles, occasion, k)
    alone = [
        (
            rule.name,
            {one.item for one in apply_rules(scores, [rule], titles, occasion, len(scores))},
        )
        for rule in rules
    ]
    after = {one.item for one in placed}
    rows = [
        (before.get(one.item), rank, one.item, ", ".join(one.rules))
        for rank, one in enumerate(placed, 1)
    ] + [
        (rank, None, item, ", ".join(name for name, left in alone if item not in left))
        for item, rank in before.items()
        if item not in after
    ]
    return pl.DataFrame(
        [
            {
                "before": was,
                "after": now,
                "item": item,
                "title": titles.get(item, {}).get("title") or item,
                "rules": touched,
            }
            for was, now, item, touched in rows
        ],
        schema=CHANGES,
    )
