"""Exports stay, byte for byte, what other systems were seen to read."""

import runpy
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
RECIPE = runpy.run_path(str(GOLDEN / "make_golden.py"))


@pytest.mark.parametrize("name", RECIPE["GOLDEN"])
def test_an_export_is_the_golden_one(name: str) -> None:
    write = RECIPE["GOLDEN"][name]
    cut = RECIPE["CUTS"][name.partition(".")[0]]()
    assert write(cut).encode() == (GOLDEN / name).read_bytes()
