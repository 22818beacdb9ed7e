"""Metrics against values derived by hand and against ir-measures; ties and k at their edges."""

from math import log2

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.metrics import METRICS, top_k

OFFICIAL = {
    "ndcg": ir_measures.nDCG,
    "recall": ir_measures.R,
    "hit_rate": ir_measures.Success,
    "mrr": ir_measures.RR,
    "map": ir_measures.AP,
}


def test_metrics_are_their_derivations() -> None:
    """Hits at ranks 2 and 4 of 5; three titles are relevant."""
    hits = np.array([[False, True, False, True, False]])
    values = {name: metric(hits, np.array([3]))[0] for name, metric in METRICS.items()}

    perfect = 1 / log2(2) + 1 / log2(3) + 1 / log2(4)
    assert values == pytest.approx(
        {
            "ndcg": (1 / log2(3) + 1 / log2(5)) / perfect,
            "recall": 2 / 3,
            "hit_rate": 1,
            "mrr": 1 / 2,
            "map": (1 / 2 + 2 / 4) / 3,
        }
    )


@given(
    st.lists(st.permutations(range(12)), min_size=1, max_size=5),
    st.sets(st.integers(0, 15), min_size=1, max_size=8),
    st.integers(1, 12),
)
def test_metrics_agree_with_ir_measures(
    rankings: list[list[int]], relevant: set[int], k: int
) -> None:
    """Titles 12 to 15 are relevant and ranked nowhere, as titles new in test are."""
    hits = np.array([[title in relevant for title in ranking[:k]] for ranking in rankings])
    ours = {name: m(hits, np.full(len(rankings), len(relevant))) for name, m in METRICS.items()}

    judged = {f"u{u}": {f"t{title}": 1 for title in relevant} for u in range(len(rankings))}
    run = {
        f"u{u}": {f"t{title}": float(-place) for place, title in enumerate(ranking)}
        for u, ranking in enumerate(rankings)
    }
    for name, measure in OFFICIAL.items():
        official = {r.query_id: r.value for r in ir_measures.iter_calc([measure @ k], judged, run)}
        assert [official[f"u{u}"] for u in range(len(rankings))] == pytest.approx(ours[name])


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.integers(1, 20)),
        elements=st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0]),
    ),
    st.integers(1, 25),
)
def test_top_k_is_the_start_of_a_stable_sort(scores: np.ndarray, k: int) -> None:
    """Ties, and there are many here, go to the lower number."""
    assert (top_k(scores, k) == np.argsort(-scores, axis=1, kind="stable")[:, :k]).all()


def test_a_score_that_is_not_a_number_has_no_rank() -> None:
    with pytest.raises(ValueError, match="NaN"):
        top_k(np.array([[0.0, np.nan]], np.float32), 1)


@pytest.mark.parametrize("k", [0, -1])
def test_a_list_of_no_titles_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match=f"k >= 1, got {k}"):
        top_k(np.zeros((1, 3), np.float32), k)
