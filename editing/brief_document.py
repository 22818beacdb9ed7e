"""A brief as plain data that JSON holds, and back again, for the catalogue and for scripts.

Shares are written as exact fractions, `9/10`. Briefs of older catalogues lack what was added later
and get its default, which switches it off.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from editing.cut import Act, Brief, Exclusion, Music
from ingest.timecode import FrameRange


def brief_document(brief: Brief) -> dict[str, Any]:
    """Everything that a brief says."""
    music = brief.music
    return {
        "kind": brief.kind,
        "frames": brief.frames,
        "min_shot": brief.min_shot,
        "max_shot": brief.max_shot,
        "spoiler_free": str(brief.spoiler_free),
        "max_similarity": brief.max_similarity,
        "handle": brief.handle,
        "aspect": brief.aspect,
        "acts": [[str(act.end), str(act.share), str(act.most)] for act in brief.acts],
        "pacing": str(brief.pacing),
        "include": [[span.start, span.end] for span in brief.include],
        "exclude": [[one.span.start, one.span.end, one.reason] for one in brief.exclude],
        "speech": brief.speech,
        "music": music
        and {"path": music.path, "fingerprint": music.fingerprint, "beats": list(music.beats)},
        "lead": brief.lead,
        "fade_ms": brief.fade_ms,
        "order": brief.order,
    }


def brief_from_document(document: Mapping[str, Any]) -> Brief:
    """The brief that `brief_document` wrote."""
    given = dict(document)
    given["spoiler_free"] = Fraction(given["spoiler_free"])
    if "acts" in given:
        given["acts"] = tuple(Act(*(Fraction(share) for share in act)) for act in given["acts"])
    if "pacing" in given:
        given["pacing"] = Fraction(given["pacing"])
    if "include" in given:
        given["include"] = tuple(FrameRange(*span) for span in given["include"])
    if "exclude" in given:
        given["exclude"] = tuple(
            Exclusion(FrameRange(start, end), reason) for start, end, reason in given["exclude"]
        )
    if given.get("music"):
        music = given["music"]
        given["music"] = Music(music["path"], music["fingerprint"], tuple(music["beats"]))
    return Brief(**given)
