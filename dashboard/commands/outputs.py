"""Where commands write what they are asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.console import Console


@contextmanager
def telling_new_folder(output: Path | None, console: Console) -> Iterator[None]:
    """Say so if the folder of `output` was not there and is once it is written.

    A folder that is missing is made, as batch jobs need it; one that was only mistyped is to be
    seen.
    """
    missing = output is not None and not output.parent.exists()
    yield
    if missing and output is not None and output.parent.is_dir():
        console.say(f"made the folder {output.parent}")
