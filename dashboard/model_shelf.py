"""Every trained model of a workspace, rankers and recommenders alike, for commands and pages."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from dashboard.settings import Workspace
from dashboard.wording import first_line, moment
from editing.rank.versions import put_in_force, ranker_versions
from ingest.catalog import Catalog
from recsys.versions import kept_recommenders, use_recommender


@dataclass(frozen=True, slots=True)
class KeptModel:
    """One model."""

    kind: Literal["ranker", "recommender"]
    name: str
    """What `promote_model` takes: `transformer@VERSION`, or the folder of a recommender."""
    trained_at: str
    """UTC, ISO 8601; empty if it is not known."""
    learned_from: str
    """In words for people."""
    in_use: bool
    problem: str
    """Why it cannot be used; empty if nothing is known against it."""
    card: Mapping[str, Any]

    def as_json(self) -> dict[str, object]:
        """Plain values, without the card."""
        values = asdict(self)
        del values["card"]
        return values

    def as_row(self) -> tuple[str, ...]:
        """The cells of a table: `in use, kind, name, trained, learned from, remarks`."""
        trained = moment(self.trained_at) if self.trained_at else "-"
        used = "yes" if self.in_use else ""
        return (used, self.kind, self.name, trained, self.learned_from, first_line(self.problem))


def kept_models(workspace: Workspace) -> list[KeptModel]:
    """Rankers, then recommenders, each the latest first. Looking makes nothing."""
    rankers = _rankers(workspace) if workspace.catalog.is_dir() else []
    return rankers + _recommenders(workspace)


def promote_model(workspace: Workspace, name: str) -> str:
    """Use a model from now on.

    Returns:
        What was done, for people.

    Raises:
        ModelError, UnknownVersion, UnusableModel: There is no such model, or it is damaged; what
            was in use stays so.
    """
    if "@" in name:
        with Catalog(workspace.catalog) as catalog:
            card = put_in_force(catalog, name)
        return f"{card.name} is version {card.version} from now on"
    used = use_recommender(workspace.recommenders, name)
    return f"recommendations come from {used.name} from now on"


def _rankers(workspace: Workspace) -> list[KeptModel]:
    with Catalog(workspace.catalog) as catalog:
        versions = ranker_versions(catalog)
    found = []
    for version in versions:
        card = version.card
        films = f"{len(card.trained_on)} film{'s' * (len(card.trained_on) != 1)}"
        found.append(
            KeptModel(
                kind="ranker",
                name=f"{card.name}@{card.version}",
                trained_at=card.trained_at,
                learned_from="; ".join([films, *card.learned_from]),
                in_use=version.in_force,
                problem="",
                card=asdict(card),
            )
        )
    return found


def _recommenders(workspace: Workspace) -> list[KeptModel]:
    found = []
    for one in kept_recommenders(workspace.recommenders):
        data = one.card.get("data")
        rows = f"{data['rows']:,} rows" if isinstance(data, dict) and "rows" in data else ""
        simulated = isinstance(data, dict) and bool(data.get("simulated"))
        found.append(
            KeptModel(
                kind="recommender",
                name=one.name,
                trained_at=one.trained_at,
                learned_from=rows + ", simulated" * simulated,
                in_use=one.in_use,
                problem=one.problem,
                card=one.card,
            )
        )
    return found
