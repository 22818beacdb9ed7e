"""A segment's taste points to what its users watch more of than others do."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from recsys.audience.taste import segment_taste
from recsys.errors import NoUsableRows

LogOf = Callable[[Sequence[tuple[str, str, int]]], pl.DataFrame]
DARK, LIGHT, BOTH = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.7, 0.7, 0.0]


def titles() -> pl.DataFrame:
    return pl.DataFrame({"item": ["night", "day"], "vector": [DARK, LIGHT]})


def test_the_taste_is_the_difference_of_two_means(log_of: LogOf) -> None:
    """Six users watch the one, six the other: from the middle, the taste is half of (1, -1)."""
    log = log_of([(f"u{n}", "night" if n < 6 else "day", 1) for n in range(12)])
    taste = segment_taste(log, titles(), {f"u{n}" for n in range(6)})
    assert taste.centre == pytest.approx([0.5, 0.5, 0])
    assert taste.direction == pytest.approx([2**-0.5, -(2**-0.5), 0], abs=1e-6)
    assert (taste.viewers, taste.known) == (6, 2)
    dark, light, both = taste.fit(np.array([DARK, LIGHT, BOTH], np.float32))
    assert (dark, light, both) == (pytest.approx(1), pytest.approx(-1), pytest.approx(0, abs=1e-6))
    vectors = np.array([DARK, LIGHT], np.float32)
    assert taste.fit_of_cut(vectors, np.array([3.0, 1.0])) == pytest.approx(0.5)


def test_of_shots_it_is_the_seconds_that_count(log_of: LogOf) -> None:
    """All watch one film; the first six leave before its second half, which is light."""
    log = log_of([(f"u{n}", "film", 1) for n in range(12)]).with_columns(
        from_seconds=pl.lit(0.0),
        to_seconds=pl.Series([10.0] * 6 + [20.0] * 6),
    )
    shots = pl.DataFrame(
        {
            "item": ["film", "film"],
            "from_seconds": [0.0, 10.0],
            "to_seconds": [10.0, 20.0],
            "vector": [DARK, LIGHT],
        }
    )
    taste = segment_taste(log, shots, {f"u{n}" for n in range(6)})
    assert taste.centre == pytest.approx([0.75, 0.25, 0])  # (1 + 1 / 2) / 2
    assert taste.fit(np.array([DARK], np.float32))[0] > 0.99


def test_a_taste_that_is_everyones_or_rests_on_nobody_is_refused(log_of: LogOf) -> None:
    log = log_of([(f"u{n}", item, 1) for n in range(12) for item in ("night", "day")])
    with pytest.raises(NoUsableRows, match="just what everyone watches"):
        segment_taste(log, titles(), {f"u{n}" for n in range(6)})
    with pytest.raises(NoUsableRows, match="2 of its users"):
        segment_taste(log, titles(), {"u0", "u1", "somebody"})


def test_embeddings_of_another_kind_are_refused(log_of: LogOf) -> None:
    log = log_of([(f"u{n}", "night" if n < 6 else "day", 1) for n in range(12)])
    taste = segment_taste(log, titles(), {f"u{n}" for n in range(6)})
    with pytest.raises(ValueError, match="does not fit a taste of dimension 3"):
        taste.fit(np.ones((1, 4), np.float32))
