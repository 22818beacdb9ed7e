"""The process that reads music from a browser: a file from outside has limits of its own.

`python -m dashboard.music_work FILE RATE` is started by `dashboard.brief_files`, not by people. It
writes JSON: `fingerprint` and `beats`, or `error`.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

from editing.errors import MusicError
from ingest.errors import UnreadableMedia
from ingest.limits import GIBIBYTE, Limits, apply_limits, die_with_parent, explain_error

LIMITS = Limits(seconds=120, memory=2 * GIBIBYTE, file_bytes=1 << 20)
"""Enough for half an hour of music, which is the longest that a cut takes."""


def main() -> None:
    """Read the music that the command line names."""
    from editing.music.track import read_music

    die_with_parent()
    apply_limits(LIMITS)
    path, rate = Path(sys.argv[1]), Fraction(sys.argv[2])
    try:
        music = read_music(path, rate)
    except UnreadableMedia as error:
        told: dict[str, object] = {"error": f"{path.name}: {error.reason}"}
    except MusicError as error:
        told = {"error": f"{error}"}
    except (MemoryError, OSError) as error:
        told = {"error": f"{path.name}: {explain_error(error, LIMITS) or error}"}
    else:
        told = {"fingerprint": music.fingerprint, "beats": music.beats}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
