"""A question that takes long to answer from a viewing log, and where its answer is kept."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["figures", "segments", "campaign", "evaluation"]

REFUSED = "refused.json"
"""In the folder of an answer: why there is none."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to work out."""

    kind: Kind
    item: str = ""
    """Of a campaign: the title."""
    recommender: str = ""
    """Of a campaign: the folder of the recommender that says which model to fit."""
    days: int = 14
    """Within which a first play is a response; of segments and campaigns."""
    models: tuple[str, ...] = ()
    """Of an evaluation."""
    k: int = 10
    """Of an evaluation: ranks that count."""

    @property
    def name(self) -> str:
        """The same for the same question."""
        told = json.dumps(asdict(self), sort_keys=True).encode()
        return f"{self.kind}-{hashlib.sha256(told).hexdigest()[:16]}"


def progress_file(place: Path) -> Path:
    """What tells how far the answer is that will be at `place`."""
    return place.with_name(f"{place.name}.progress")
