"""Names for the colour codes of a video stream: ITU-T H.273, as FFmpeg spells them."""

from ingest.media import Colour

_PRIMARIES = {
    **{1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film"},
    **{9: "bt2020", 10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213"},
}
_TRANSFERS = {
    **{1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear"},
    **{9: "log100", 10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1"},
    **{14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67"},
}
_MATRICES = {
    **{0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco"},
    **{9: "bt2020nc", 10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc"},
    **{13: "chroma-derived-c", 14: "ictcp"},
}
_RANGES = {1: "tv", 2: "pc"}


def colour_of(primaries: int, transfer: int, matrix: int, value_range: int) -> Colour:
    """The names of H.273 code points; None for one that is unspecified or unknown.

    Args:
        primaries: Table 2 of H.273.
        transfer: Table 3.
        matrix: Table 4.
        value_range: FFmpeg's: 1 for limited, 2 for full.
    """
    return Colour(
        _PRIMARIES.get(primaries),
        _TRANSFERS.get(transfer),
        _MATRICES.get(matrix),
        _RANGES.get(value_range),
    )
