"""The process that reads music from a browser: a file from outside has limits of its own.

`dashboard.brief_files` starts it; people do not. Its task is a `path` and a `rate`, its answer
`fingerprint` and `beats`, or `error`.
"""

from fractions import Fraction
from pathlib import Path

from dashboard.child import Task, answer_parent
from editing.errors import MusicError
from ingest.errors import UnreadableMedia
from ingest.limits import GIBIBYTE, Limits, explain_error

LIMITS = Limits(seconds=120, memory=2 * GIBIBYTE, file_bytes=1 << 20)
"""Enough for half an hour of music, which is the longest that a cut takes."""


def work(task: Task) -> Task:
    """Read the music that a task names."""
    from editing.music.track import read_music

    path, rate = Path(task["path"]), Fraction(task["rate"])
    try:
        music = read_music(path, rate)
    except UnreadableMedia as error:
        return {"error": f"{path.name}: {error.reason}"}
    except MusicError as error:
        return {"error": f"{error}"}
    except (MemoryError, OSError) as error:
        return {"error": f"{path.name}: {explain_error(error, LIMITS) or error}"}
    return {"fingerprint": music.fingerprint, "beats": music.beats}


if __name__ == "__main__":
    answer_parent(work, LIMITS)
