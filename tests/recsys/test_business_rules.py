"""Business rules change what they say and nothing else, and each leaves its name where it acted."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import UnusableRules
from recsys.rules import KINDS, Occasion, Placed, Rule, apply_rules, read_rules

SCORES = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "e": 0.5}
TITLES: dict[str, dict[str, Any]] = {
    "a": {"genre": "Drama", "released": date(2025, 1, 1)},
    "b": {"genre": "Drama", "released": date(2025, 6, 1)},
    "c": {"genre": "Comedy", "released": date(2025, 5, 1)},
    "d": {"genre": "Drama", "released": None},
    "e": {"genre": "Comedy", "released": date(2025, 6, 9)},
}
TODAY = Occasion(date(2025, 6, 10), "NL")


def placed(*rules: Rule, k: int = 3, occasion: Occasion = TODAY) -> list[Placed]:
    return apply_rules(SCORES, rules, TITLES, occasion, k)


def order(*rules: Rule, k: int = 3, occasion: Occasion = TODAY) -> str:
    return "".join(entry.item for entry in placed(*rules, k=k, occasion=occasion))


def marked(*rules: Rule, k: int = 3) -> dict[str, tuple[str, ...]]:
    return {entry.item: entry.rules for entry in placed(*rules, k=k) if entry.rules}


def test_without_rules_the_ranking_is_the_models() -> None:
    assert placed() == [Placed("a", 0.9, ()), Placed("b", 0.8, ()), Placed("c", 0.7, ())]


def test_an_excluded_title_or_genre_is_gone() -> None:
    assert order(Rule("exclude", "no a", items=("a",))) == "bcd"
    assert order(Rule("exclude", "no drama", where={"genre": "Drama"})) == "ce"


def test_a_boost_moves_a_title_past_so_many_others() -> None:
    up = Rule("boost", "up", items=("d",), places=2)
    down = Rule("boost", "down", items=("a",), places=-1)
    assert order(up, k=5) == "adbce"
    assert marked(up, k=5) == {"d": ("up",)}
    assert order(down, k=5) == "bacde"
    assert [entry.score for entry in placed(up, k=2)] == [0.9, 0.6]  # scores stay the model's


def test_included_titles_take_their_place_at_worst() -> None:
    rule = Rule("include", "ours", items=("e", "d"), rank=2)
    assert order(rule, k=4) == "aedb"
    assert marked(rule, k=4) == {"e": ("ours",), "d": ("ours",)}
    assert marked(Rule("include", "high already", items=("a",), rank=3)) == {}


def test_a_cap_lets_in_the_next_of_other_groups_and_marks_them() -> None:
    rule = Rule("cap", "one drama", group="genre", most=1)
    assert order(rule, k=2) == "ac"
    assert marked(rule, k=2) == {"c": ("one drama",)}


def test_fresh_leaves_out_what_is_old_and_what_has_no_day() -> None:
    assert order(Rule("fresh", "40 days", days=40), k=5) == "bce"


@pytest.mark.parametrize(
    ("region", "day", "shown"),
    [("NL", 10, True), ("DE", 10, False), (None, 10, False), ("NL", 9, False), ("NL", 21, False)],
)
def test_a_title_is_available_in_its_regions_from_its_first_to_its_last_day(
    region: str | None, day: int, shown: bool
) -> None:
    window = {"since": date(2025, 6, 10), "until": date(2025, 6, 20)}
    rule = Rule("available", "licence", items=("a",), regions=("NL", "BE"), **window)  # type: ignore[arg-type]
    assert ("a" in order(rule, occasion=Occasion(date(2025, 6, day), region))) is shown


rules = st.one_of(
    st.builds(Rule, st.just("exclude"), st.just("x"), items=st.tuples(st.sampled_from("abcde"))),
    st.builds(
        Rule,
        st.just("boost"),
        st.just("x"),
        items=st.tuples(st.sampled_from("abcde")),
        places=st.integers(-5, 5),
    ),
    st.builds(
        Rule,
        st.just("include"),
        st.just("x"),
        items=st.tuples(st.sampled_from("abcde")),
        rank=st.integers(1, 6),
    ),
    st.builds(Rule, st.just("cap"), st.just("x"), group=st.just("genre"), most=st.integers(0, 3)),
)


@given(st.lists(rules, max_size=5), st.integers(1, 6), st.randoms())
def test_no_title_comes_twice_and_none_that_is_excluded(
    asked: list[Rule], k: int, chance: Any
) -> None:
    found = placed(*asked, k=k)
    items = [entry.item for entry in found]
    barred = {item for rule in asked if rule.kind == "exclude" for item in rule.items}
    assert len(items) == len(set(items)) <= k
    assert not barred & set(items)
    assert all(entry.score == SCORES[entry.item] for entry in found)
    kinds = [rule for kind in KINDS for rule in asked if rule.kind == kind]
    chance.shuffle(kinds)
    by_kind = [rule for kind in KINDS for rule in kinds if rule.kind == kind]
    assert placed(*by_kind, k=k) == placed(*kinds, k=k)  # only the order within a kind counts


def test_rules_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        '[[rule]]\nkind = "available"\nname = "licence"\nitems = [7]\nregions = ["NL"]\n'
        'until = 2025-06-20\n[[rule]]\nkind = "cap"\ngroup = "genre"\nmost = 2\n'
    )
    first, second = read_rules(file)
    assert (first.items, first.regions, first.until) == (("7",), ("NL",), date(2025, 6, 20))
    assert (second.name, second.most) == ("rule 2", 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[rule]]\nkind = "hide"', "kind is one of exclude"),
        ('[[rule]]\nkind = "cap"', "a cap needs group"),
        ('[[rule]]\nkind = "exclude"\nitem = "a"', "unknown fields: item"),
        ('[[rule]]\nkind = "include"', "include needs items"),
        ('[[rule]]\nkind = "available"\nsince = 2025-02-01\nuntil = 2025-01-01', "is after until"),
        ("[[rule]", "no usable rules"),
        ('[rule]\nkind = "exclude"', "tables and nothing else"),
        ('rule = ["exclude"]', "rule 1 is not a table"),
        ('days = 3\n[[rule]]\nkind = "fresh"\ndays = 3', "not .'days'."),
        ('[[rule]]\nname = "nothing"', "rule 1 has no kind"),
        ("[[rule]]\nkind = 3", "rule 1: kind is text, not 3"),
        ('[[rule]]\nkind = "exclude"\nitems = "t001"', "items is a list of ids, not 't001'"),
        ('[[rule]]\nkind = "exclude"\nwhere = "Drama"', "where is a table"),
        ('[[rule]]\nkind = "available"\nuntil = "2025-01-01"', "until is a day"),
        ('[[rule]]\nkind = "available"\nsince = 2025-01-01T10:00:00', "since is a day"),
        ('[[rule]]\nkind = "fresh"\ndays = "3"', "days is a number, not '3'"),
        ('[[rule]]\nkind = "fresh"\ndays = nan', "days is a number, not nan"),
        ('[[rule]]\nkind = "boost"\nplaces = 1.5', "places is a whole number, not 1.5"),
        ('[[rule]]\nkind = "cap"\ngroup = "genre"\nmost = true', "most is a whole number"),
    ],
)
def test_a_file_that_holds_no_rules_says_why(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(UnusableRules, match=reason):
        read_rules(file)
