"""Facts and embeddings of titles, from whatever kind of table."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from recsys.errors import MissingColumns, UnreadableLog
from recsys.rules import Occasion, Rule, apply_rules
from recsys.title_facts import read_embeddings, read_facts

FACTS = {"item": ["a", "b", "c"], "released": ["2025-06-10", "2025-06-01T20:15:00", None]}
TEXTS = {
    "facts.csv": "item,released\na,2025-06-10\nb,2025-06-01T20:15:00\nc,\n",
    "facts.jsonl": "".join(
        json.dumps(dict(zip(FACTS, row, strict=True))) + "\n"
        for row in zip(*FACTS.values(), strict=True)
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_day_of_release_is_read_from_text(tmp_path: Path, name: str) -> None:
    """`fresh` once left out every title whose facts came from a text file."""
    file = tmp_path / name
    file.write_text(TEXTS[name])
    facts = {row["item"]: row for row in read_facts(file).iter_rows(named=True)}
    assert [row["released"] for row in facts.values()] == [
        date(2025, 6, 10),
        date(2025, 6, 1),
        None,
    ]
    rule = Rule("fresh", "new", days=5)
    occasion = Occasion(date(2025, 6, 12))
    placed = apply_rules({"c": 3.0, "b": 2.0, "a": 1.0}, [rule], facts, occasion, 3)
    assert [entry.item for entry in placed] == ["a"]


@pytest.mark.parametrize("value", [2024, 1749513600.0, True, [2025]])
def test_a_release_that_is_no_text_is_no_day(tmp_path: Path, value: object) -> None:
    """`fresh` would leave out every title of such a table, and say nothing."""
    pl.DataFrame({"item": ["a"], "released": [value]}).write_parquet(tmp_path / "facts.parquet")
    with pytest.raises(UnreadableLog, match=r"released .*and not a day such as"):
        read_facts(tmp_path / "facts.parquet")


def test_a_table_may_have_no_day_of_release_at_all(tmp_path: Path) -> None:
    pl.DataFrame({"item": ["a"], "released": [None]}).write_parquet(tmp_path / "facts.parquet")
    assert read_facts(tmp_path / "facts.parquet")["released"].to_list() == [None]


@pytest.mark.parametrize("text", ["soon", "10.06.2025", "2025-13-01", "2025-06-10x", "2025"])
def test_a_release_that_is_no_day_is_told_with_its_row(tmp_path: Path, text: str) -> None:
    file = tmp_path / "facts.csv"
    file.write_text(f"item,released\na,2025-06-10\nb,{text}\n")
    with pytest.raises(UnreadableLog, match=f"row 2 has released '{text}', and not a day"):
        read_facts(file)


def test_items_are_those_of_the_log_however_they_are_written(tmp_path: Path) -> None:
    """A table that once held a gap stores item 17 as 17.0."""
    pl.DataFrame({"item": [17.0, 18.0], "studio": ["A", "B"]}).write_parquet(tmp_path / "f.parquet")
    assert read_facts(tmp_path / "f.parquet")["item"].to_list() == ["17", "18"]
    vectors = pl.DataFrame({"item": [17.0], "vector": [[1.0, 2.0]]})
    vectors.write_parquet(tmp_path / "e.parquet")
    assert read_embeddings(tmp_path / "e.parquet")["item"].to_list() == ["17"]


def test_embeddings_are_read_from_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "embeddings.jsonl"
    file.write_text('{"item": "a", "vector": [1, 0.5]}\n{"item": 7, "vector": [-2.5, 1e-3]}\n')
    assert read_embeddings(file).rows() == [
        ("a", [1.0, 0.5]),
        ("7", pytest.approx([-2.5, 1e-3])),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"item": "b", "vector": "wide"}', "does not hold lists of numbers"),
        ('{"item": "b", "vector": {"x": 1}}', "does not hold lists of numbers"),
        ('{"item": "b", "vector": [1, 2, 3]}', "not all of one length"),
        ('{"item": "b"}', "not all of one length"),
        ('{"item": "b", "vector": [1, null]}', "not of finite numbers"),
    ],
)
def test_embeddings_that_are_none_are_told(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "embeddings.jsonl"
    file.write_text(f'{{"item": "a", "vector": [1, 2]}}\n{line}\n')
    with pytest.raises(UnreadableLog, match=told):
        read_embeddings(file)


def test_a_table_without_items_is_told(tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("title,released\nA,2025-06-10\n")
    with pytest.raises(MissingColumns):
        read_facts(tmp_path / "facts.csv")
