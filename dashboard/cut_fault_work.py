"""The process that decodes a cut to look for its faults, or to repair them, while a page goes on.

`dashboard.cut_fault_queue` starts it; people do not.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from dashboard.child import Task, answer_parent
from editing.cut_store import load_cut
from editing.errors import EditingError, StaleCut
from editing.faults.of_cut import check_cut, repair_cut
from ingest.catalog import Catalog
from ingest.errors import IngestError
from ingest.limits import DEFAULT_LIMITS

Answer = dict[str, Any]


def work(task: Answer, on_progress: Callable[[float], None]) -> Answer:
    """What a task came to, as JSON holds it.

    Args:
        task: `catalog`, `cut`, `version`; of a repair also `author`, and `onto`, the version that
            it is kept after.
        on_progress: Called with the share done, 0 to 1.

    Returns:
        `faults`, `decoded` and `missing`; of a repair also `version`, `repairs` and `undone`; or
        `refused`, why not, and `latest` where a newer version is in the way.
    """
    with Catalog(Path(task["catalog"])) as catalog:
        cut = load_cut(catalog, task["cut"], task["version"])
        try:
            if "author" not in task:
                checked = check_cut(catalog, cut, on_progress=on_progress)
                return _faults(checked.faults) | {
                    "decoded": checked.decoded,
                    "missing": checked.missing,
                }
            done = repair_cut(
                *(catalog, cut),
                author=task["author"],
                on_progress=on_progress,
                expected_version=task["onto"],
            )
        except StaleCut as error:
            return {"refused": f"{error}", "latest": error.latest}
        except (EditingError, IngestError) as error:
            return {"refused": f"{error}"}
    told = {"version": done.cut.version if done.repairs else None, "note": done.cut.note}
    told["repairs"] = [repair.words for repair in done.repairs]  # type: ignore[assignment]
    told["undone"] = [repair.words for repair in done.undone]  # type: ignore[assignment]
    left = done.left
    return told | _faults(left.faults) | {"decoded": left.decoded, "missing": left.missing}


def _faults(faults: Any) -> Answer:
    return {"faults": [asdict(replace(fault, value=float(fault.value))) for fault in faults]}


def work_on_file(task: Task) -> None:
    """Work on one task, and write down at its `place` how far it is and what it came to."""
    place = Path(task["place"])

    def report(done: float) -> None:
        _write(place.with_suffix(".progress"), f"{done:.3f}")

    try:
        _write(place, json.dumps(work(task, report)))
    finally:
        place.with_suffix(".progress").unlink(missing_ok=True)


def _write(place: Path, text: str) -> None:
    draft = place.with_suffix(f"{place.suffix}.{os.getpid()}.draft")
    try:
        draft.write_text(text, "utf-8")
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


if __name__ == "__main__":
    answer_parent(work_on_file, DEFAULT_LIMITS)
