"""The reliability of probabilities as a picture: an SVG of what was said against what came."""

from math import log10

from recsys.response import Reliability

SIDE, EDGE = 360, 50
"""Pixels of the square, and of the margin around it."""


def reliability_plot(reliability: Reliability) -> str:
    """An SVG: a dot for each bin, predicted across and observed up, both in powers of ten.

    On the line both are equal; below it the probabilities promise too much.
    """
    values = [value for one in reliability.bins for value in (one.predicted, one.observed)]
    low = min(log10(value) for value in values) - 0.2
    high = max(log10(value) for value in values) + 0.2

    def place(value: float) -> float:
        return (log10(value) - low) / (high - low) * SIDE

    ticks = [10.0**power for power in range(-6, 1) if low <= power <= high]
    within = "" if reliability.days is None else f" within {reliability.days:.0f} days"
    parts = [
        f'<rect x="{EDGE}" y="{EDGE}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>',
        f'<line x1="{EDGE}" y1="{EDGE + SIDE}" x2="{EDGE + SIDE}" y2="{EDGE}" stroke="#bbb"/>',
        _text(EDGE + SIDE / 2, EDGE + SIDE + 38, f"predicted chance of a play{within}"),
        _text(EDGE + SIDE / 2, EDGE - 14, "observed share"),
    ]
    for tick in ticks:
        parts.append(_text(EDGE + place(tick), EDGE + SIDE + 18, f"{tick:g}"))
        parts.append(_text(EDGE - 22, EDGE + SIDE - place(tick) + 4, f"{tick:g}"))
    for one in reliability.bins:
        x, y = EDGE + place(one.predicted), EDGE + SIDE - place(one.observed)
        told = f"{one.predicted:.4f} predicted, {one.observed:.4f} observed, {one.plays} plays"
        dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#2a6f97">'
        parts.append(f"{dot}<title>{told}</title></circle>")
    size = SIDE + 2 * EDGE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
    return "\n".join([head, *parts, "</svg>\n"])


def _text(x: float, y: float, text: str) -> str:
    style = 'font-family="sans-serif" font-size="12" text-anchor="middle"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{text}</text>'
