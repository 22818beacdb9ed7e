"""A change of a brief as options of `reel cut`, which give exactly that brief when used."""

from collections.abc import Sequence
from fractions import Fraction

from editing.cut import Act, Brief

_GRAIN = 1_000_000
"""Options take six decimals."""


def told_options(rate: Fraction, brief: Brief, changed: Brief) -> str:
    """What to say to `reel cut` to get a changed brief: `--length 12.5 --min-shot 0.75`."""
    told = [
        f"--{option} {words}"
        for option, words in (
            ("length", _seconds(changed.frames, rate, 0)),
            ("min-shot", _seconds(changed.min_shot, rate, -1)),
            ("max-shot", _seconds(changed.max_shot, rate, 1)),
            ("handles", _seconds(changed.handle, rate, 0)),
            ("spoiler-free", _decimal(changed.spoiler_free)),
            ("similarity", f"{min(1.0, changed.max_similarity):g}"),
            ("pacing", _decimal(changed.pacing)),
            ("acts", told_acts(changed.acts)),
            ("speech", changed.speech),
        )
        if getattr(changed, _FIELDS[option]) != getattr(brief, _FIELDS[option])
    ]
    if changed.music != brief.music:
        told.append("without --music")
    if changed.include != brief.include:
        left = len(brief.include) - len(changed.include)
        told.append(f"without {'any' if not changed.include else left} --include")
    if changed.exclude != brief.exclude:
        told.append("without --exclude and --rating")
    return " ".join(told) if told else "as it is"


def told_acts(acts: Sequence[Act]) -> str:
    """Acts as `--acts` takes them: `0.33:0.42,0.53:0.3,1:0.28:0.333333`; `even` for none."""
    words = [
        ":".join(_decimal(share) for share in (act.end, act.share, act.most)[: 2 + (act.most < 1)])
        for act in acts
    ]
    return ",".join(words) or "even"


_FIELDS = {
    "length": "frames",
    "min-shot": "min_shot",
    "max-shot": "max_shot",
    "handles": "handle",
    "spoiler-free": "spoiler_free",
    "similarity": "max_similarity",
    "pacing": "pacing",
    "acts": "acts",
    "speech": "speech",
}


def _seconds(frames: int, rate: Fraction, rounding: int) -> str:
    """Seconds that come back as so many frames: rounded down (-1), up (1) or to the nearest (0)."""
    exact = Fraction(frames) / rate * _GRAIN
    nearest = round(exact)
    if rounding < 0 and nearest > exact:
        nearest -= 1
    if rounding > 0 and nearest < exact:
        nearest += 1
    return _decimal(Fraction(nearest, _GRAIN))


def _decimal(number: Fraction) -> str:
    """Up to six decimals, no trailing zeros."""
    text = f"{round(number * _GRAIN) / _GRAIN:.6f}".rstrip("0").rstrip(".")
    return text or "0"
