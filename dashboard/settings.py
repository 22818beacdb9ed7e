"""Where a workspace keeps what it knows: one folder, with a fixed place for each kind of thing.

Settings are read here, at the edge; the other packages take plain arguments.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """One folder of work: a catalogue, the arrays beside it, viewing logs, models and renders."""

    root: Path

    @property
    def catalog(self) -> Path:
        """The folder of the catalogue: its database, arrays, thumbnails and rankers."""
        return self.root / "catalog"

    def use_catalog(self, url: str) -> None:
        """Keep the catalogue's rows in PostgreSQL at `url`, from now on.

        Raises:
            CatalogError: It is no address that can be kept, or the catalogue is elsewhere already.
        """
        from ingest.database import name_url

        name_url(self.catalog, url)

    @property
    def logs(self) -> Path:
        """The imported viewing log, as Parquet."""
        return self.root / "logs"

    @property
    def recommenders(self) -> Path:
        """Trained recommenders, a folder for each."""
        return self.root / "recommenders"

    @property
    def music(self) -> Path:
        """Music that briefs of the dashboard may name."""
        return self.root / "music"

    @property
    def rating_rules(self) -> Path:
        """Rating rules that briefs of the dashboard may name."""
        return self.root / "ratings"

    @property
    def renders(self) -> Path:
        """Rendered cuts and exported timelines, unless a command names another file."""
        return self.root / "renders"
