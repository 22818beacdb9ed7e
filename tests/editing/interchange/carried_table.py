"""Writes the table of what each format carries into docs/formats.md, from what round trips find.

python tests/editing/interchange/carried_table.py
"""

import sys
from collections.abc import Mapping
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs" / "formats.md"
_BEGIN = "<!-- carried: tests/editing/interchange/carried_table.py -->\n"
_END = "<!-- carried end -->\n"
_HEADS = {"otio": "OTIO", "edl": "EDL", "fcp7": "FCP7 XML", "fcpxml": "FCPXML"}
_ASPECTS = {
    "marker": ("marker",),
    "gain": ("gain",),
    "crossfade of sound": ("crossfade",),
    "reel names": ("reel",),
    "file paths": ("path",),
}
_NOTES = {
    ("otio", "mono"): "one track, count in metadata",
    ("otio", "stereo"): "one track, count in metadata",
    ("otio", "four channels"): "one track, count in metadata",
    ("otio", "gain"): "in metadata",
    ("otio", "dip to black"): "as a custom transition",
    ("edl", "dip to black"): "two dissolves, reel BL",
    ("edl", "dissolves of odd and uneven frames"): "by a comment",
    ("fcp7", "dip to black"): "two fades",
    ("fcp7", "dissolves of odd and uneven frames"): "by cutPointTicks",
}

Found = Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]
"""Of each format, probe and rate: what was lost."""


def table(found: Found) -> str:
    """The table in Markdown: `yes` where nothing of it was lost at any rate."""
    lines = [
        f"| | {' | '.join(_HEADS[name] for name in found)} |",
        "|---|" + "---|" * len(found),
    ]
    for probe in next(iter(found.values())):
        cells = [_cell(name, probe, of_format[probe]) for name, of_format in found.items()]
        lines.append(f"| {probe} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(format_name: str, probe: str, lost: Mapping[str, tuple[str, ...]]) -> str:
    aspects = _ASPECTS.get(probe, ("picture", "sound", "timeline"))
    where = [rate for rate, told in lost.items() if set(aspects) & set(told)]
    if len(where) == len(lost):
        return "no"
    note = _NOTES.get((format_name, probe))
    told = f"yes: {note}" if note else "yes"
    return f"not at {', '.join(where)}" if where else told


def main() -> None:
    """Write the table between its marks."""
    sys.path.insert(0, str(Path(__file__).parent))
    from probes import FORMATS, ODD_PROBES, PROBES, RATES
    from test_round_trips import outcome

    found = {
        name: {
            probe: {rate: outcome(name, rate)[probe] for rate in RATES}
            for probe in PROBES | ODD_PROBES
        }
        for name in FORMATS
    }
    text = DOCS.read_text(encoding="utf-8")
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    DOCS.write_text(before + _BEGIN + table(found) + _END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
