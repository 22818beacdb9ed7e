"""What a business adds to a ranking: rules, each of which leaves its name where it acted.

Rules act in one order, whatever the order of the file: what may not be shown goes first, then
scores are changed, then places are given. A ranking without rules comes back as it was.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from recsys.errors import UnusableRules
from recsys.viewing_log import RELEASED

KINDS = ("exclude", "available", "fresh", "boost", "include", "cap")
"""In the order in which they act."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; which fields count depends on its kind."""

    kind: str
    """`exclude` titles; `available` in regions and between dates only; `fresh`, not older than some
    days; `boost` by places; `include` at a place or above; `cap` titles of one group."""
    name: str
    """Stands beside each recommendation that the rule touched."""
    items: tuple[str, ...] = ()
    """The titles it is about; none means those of `where`, or all."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Values of columns of the table of titles, such as `genre`, all of which must hold."""
    regions: tuple[str, ...] = ()
    """For `available`: regions where the titles may be shown; none means everywhere."""
    since: date | None = None
    """For `available`: the first day."""
    until: date | None = None
    """For `available`: the last day."""
    days: float | None = None
    """For `fresh`: the most since the day in the title's column `released`."""
    places: int = 0
    """For `boost`: how many places up, or down if negative."""
    rank: int = 1
    """For `include`: the place, from 1, that the titles have at worst."""
    group: str | None = None
    """For `cap`: the column of the table of titles that tells groups apart."""
    most: int | None = None
    """For `cap`: how many titles of one group a list may have."""

    def __post_init__(self) -> None:
        wrong = self._fault()
        if wrong:
            raise ValueError(f"rule {self.name!r}: {wrong}")

    def _fault(self) -> str | None:
        if self.kind not in KINDS:
            return f"kind is one of {', '.join(KINDS)}, not {self.kind!r}"
        if self.kind == "cap" and (not self.group or self.most is None or self.most < 0):
            return "a cap needs group, a column of the titles, and most, 0 or above"
        if self.kind == "fresh" and (self.days is None or self.days < 0):
            return "fresh needs days, 0 or above"
        if self.kind == "include" and (not self.items or self.rank < 1):
            return "include needs items, and rank 1 or above"
        if self.since and self.until and self.since > self.until:
            return f"since {self.since} is after until {self.until}"
        return None


@dataclass(frozen=True, slots=True)
class Placed:
    """One place of a list after the rules."""

    item: str
    score: float
    """As the model gave it."""
    rules: tuple[str, ...]
    """Names of the rules that touched this title or its place."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where and when a list is shown."""

    day: date = field(default_factory=lambda: datetime.now(UTC).date())
    region: str | None = None
    """None is unknown: a title that is limited to regions is then not shown."""


def read_rules(file: Path) -> list[Rule]:
    """Read rules from a TOML file of `[[rule]]` tables with the fields of `Rule`.

    Raises:
        UnusableRules: The file cannot be read, or a rule is not one.
    """
    try:
        contents = tomllib.loads(file.read_text("utf-8"))
        other = sorted(set(contents) - {"rule"})
        tables = contents.get("rule", [])
        if other or not isinstance(tables, list):
            raise ValueError(f"it holds [[rule]] tables and nothing else, not {other or '[rule]'}")
        return [_rule(table, number) for number, table in enumerate(tables, start=1)]
    except (OSError, ValueError, TypeError) as error:
        raise UnusableRules(file, str(error)) from error


def apply_rules(
    scores: Mapping[str, float],
    rules: Sequence[Rule],
    titles: Mapping[str, Mapping[str, Any]],
    occasion: Occasion,
    k: int,
) -> list[Placed]:
    """The first k places of a ranking after the rules.

    Args:
        scores: Of items, by item, best first; more than k, so that others can move up.
        rules: In any order.
        titles: The columns of the table of titles, by item; an item without some is touched by no
            rule that asks for them, but for `fresh`, which leaves out what has no day.
        occasion: Where and when the list is shown.
        k: At most so many come back.
    """
    ordered = sorted(rules, key=lambda rule: KINDS.index(rule.kind))
    place = {item: float(number) for number, item in enumerate(scores)}
    touched: dict[str, list[str]] = {item: [] for item in scores}
    left = list(scores)
    for rule in ordered:
        if rule.kind in ("exclude", "available", "fresh"):
            left = [item for item in left if not _barred(rule, item, titles, occasion)]
        elif rule.kind == "boost":
            for item in left:
                if rule.places and _about(rule, item, titles):
                    place[item] -= rule.places + 0.5 * np.sign(rule.places)  # past, not beside
                    touched[item].append(rule.name)
    left.sort(key=lambda item: place[item])
    for rule in (rule for rule in ordered if rule.kind == "include"):
        _raise(rule, left, touched)
    for rule in (rule for rule in ordered if rule.kind == "cap"):
        left = _capped(rule, left, titles, touched, k)
    return [Placed(item, float(scores[item]), tuple(touched[item])) for item in left[:k]]


def _rule(table: object, number: int) -> Rule:
    if not isinstance(table, dict):
        raise ValueError(f"rule {number} is not a table")
    unknown = sorted(set(table) - set(WANTED))
    if unknown:
        raise ValueError(f"rule {number} has unknown fields: {', '.join(unknown)}")
    if "kind" not in table:
        raise ValueError(f"rule {number} has no kind; it is one of {', '.join(KINDS)}")
    for name, value in table.items():
        told, fits = WANTED[name]
        if not fits(value):
            raise ValueError(f"rule {number}: {name} is {told}, not {value!r}")
    values = {"name": f"rule {number}", **table}
    for name in ("items", "regions"):
        values[name] = tuple(str(value) for value in values.get(name, ()))
    if "where" in values:
        values["where"] = {column: str(value) for column, value in values["where"].items()}
    return Rule(**values)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, float) and isfinite(value))


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(one) or _is_whole(one) for one in value)


def _is_where(value: object) -> bool:
    plain = (str, int, float, date)
    return isinstance(value, dict) and all(isinstance(one, plain) for one in value.values())


WANTED: dict[str, tuple[str, Callable[[object], bool]]] = {
    "kind": ("text", _is_text),
    "name": ("text", _is_text),
    "items": ("a list of ids", _is_list),
    "where": ("a table of columns and values", _is_where),
    "regions": ("a list of names", _is_list),
    "since": ("a day such as 2025-06-10, without quotes", _is_day),
    "until": ("a day such as 2025-06-10, without quotes", _is_day),
    "days": ("a number", _is_number),
    "places": ("a whole number", _is_whole),
    "rank": ("a whole number", _is_whole),
    "group": ("text", _is_text),
    "most": ("a whole number", _is_whole),
}
"""What a field of a `[[rule]]` table holds, in words and as a check."""


def _about(rule: Rule, item: str, titles: Mapping[str, Mapping[str, Any]]) -> bool:
    if rule.items and item not in rule.items:
        return False
    facts = titles.get(item, {})
    return all(str(facts.get(column)) == value for column, value in rule.where.items())


def _barred(
    rule: Rule, item: str, titles: Mapping[str, Mapping[str, Any]], occasion: Occasion
) -> bool:
    if not _about(rule, item, titles):
        return False
    if rule.kind == "exclude":
        return True
    if rule.kind == "available":
        elsewhere = bool(rule.regions) and occasion.region not in rule.regions
        early = rule.since is not None and occasion.day < rule.since
        late = rule.until is not None and occasion.day > rule.until
        return elsewhere or early or late
    released = titles.get(item, {}).get(RELEASED)
    if isinstance(released, datetime):
        released = released.date()
    if not isinstance(released, date) or rule.days is None:
        return True
    return (occasion.day - released).days > rule.days


def _raise(rule: Rule, left: list[str], touched: Mapping[str, list[str]]) -> None:
    """Move the rule's titles up to its rank, in the rule's order, if they are lower."""
    for shift, item in enumerate(item for item in rule.items if item in touched):
        target = rule.rank - 1 + shift
        if item in left and left.index(item) > target:
            left.remove(item)
            left.insert(target, item)
            touched[item].append(rule.name)


def _capped(
    rule: Rule,
    left: Sequence[str],
    titles: Mapping[str, Mapping[str, Any]],
    touched: Mapping[str, list[str]],
    k: int,
) -> list[str]:
    """Without the titles above the cap; those that come into the first k for it are marked."""
    counts: dict[Any, int] = {}
    kept = []
    for item in left:
        value = titles.get(item, {}).get(rule.group or "")
        if value is not None and rule.most is not None and _about(rule, item, titles):
            counts[value] = counts.get(value, 0) + 1
            if counts[value] > rule.most:
                continue
        kept.append(item)
    before = set(left[:k])
    for item in kept[:k]:
        if item not in before:
            touched[item].append(rule.name)
    return kept
