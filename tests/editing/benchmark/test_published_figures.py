"""The metrics give the published figures on the published annotations, to their last digit."""

from pathlib import Path

import pytest

from benchmarks.rank_metrics import qvhighlights, summe, tvsum


@pytest.mark.parametrize("part", [tvsum, summe, qvhighlights])
def test_known_annotations_give_the_published_figures(part, shared_data: Path) -> None:
    folder = {tvsum: "TVSum", summe: "SumMe", qvhighlights: "QVHighlights"}[part]
    checks = list(part(shared_data / "bench" / folder))

    assert checks
    for check in checks:
        assert check.agrees, f"{check.what}: published {check.published}, ours {check.ours}"
