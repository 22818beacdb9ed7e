"""The settings of a brief that can be changed one at a time, and how far.

What changes only the sound (`lead`, `fade_ms`) is none: it never changes which shots are chosen.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, cast

import numpy as np

from editing.assemble.brief import in_words
from editing.assemble.footage import Footage
from editing.assemble.problem import part_edges
from editing.cut import Act, Brief, Speech

STEPS = 12
"""Of each setting and direction, each one longer than the last; a change further away is not looked
for."""
_SIMILARITY_STEP = Fraction(1, 50)
_STEEPEST = Fraction(8)
"""Pacing that is looked for: slots 8 times as long at one end as at the other."""
_SHARE = Fraction(1, 20)
_THOUSANDTH = Fraction(1, 1000)
_SPEECH: tuple[Speech, ...] = ("ignore", "avoid", "strict")


@dataclass(frozen=True, slots=True)
class Setting:
    """One number of a brief, and the steps in which it is changed."""

    name: str
    value: Fraction
    step: Fraction
    least: Fraction
    most: Fraction
    grain: Fraction
    """Values are multiples of it."""
    put: Callable[[Fraction], Brief]
    words: Callable[[Fraction], str]

    def away(self, direction: int) -> Iterator[Fraction]:
        """Values further and further from the present one, within the bounds."""
        for count in range(1, STEPS + 1):
            value = self.value + direction * count * (count + 1) // 2 * self.step
            if not self.least <= value <= self.most:
                edge = self.least if direction < 0 else self.most
                if edge != self.value:
                    yield edge
                return
            yield value


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that a brief has, or has another way."""

    name: str
    before: str
    after: str
    brief: Brief


def settings_of(footage: Footage, brief: Brief, shot: int) -> list[Setting]:
    """The numbers of a brief that which shots are chosen depends on; of its acts, `shot`'s own."""
    rate, one = footage.rate, Fraction(1)
    half_second, longest = Fraction(max(1, round(rate / 2))), Fraction(footage.frames)

    def frames(value: Fraction) -> str:
        return in_words(int(value), rate)

    def number(name: str, label: str, least: int, most: Fraction) -> Setting:
        return Setting(
            *(label, Fraction(getattr(brief, name)), half_second, Fraction(least), most, one),
            lambda value: replace(brief, **cast(Any, {name: int(value)})),
            frames,
        )

    similarity = Fraction(brief.max_similarity).limit_denominator(1000)
    return [
        number("frames", "length of the cut", 1, longest),
        number("min_shot", "shortest slot", 1, Fraction(brief.max_shot)),
        number("max_shot", "longest slot", brief.min_shot, longest),
        Setting(
            *("share of the film that may be shown", brief.spoiler_free, _SHARE, _SHARE, one),
            _THOUSANDTH,
            lambda value: replace(brief, spoiler_free=value),
            _decimals,
        ),
        Setting(
            *("similarity of two shots, at most", similarity, _SIMILARITY_STEP),
            *(Fraction(0), one, _THOUSANDTH),
            lambda value: replace(brief, max_similarity=float(value)),
            _decimals,
        ),
        Setting(
            *("pacing", brief.pacing, Fraction(1, 4), 1 / _STEEPEST),
            *(max(_STEEPEST, brief.pacing), Fraction(1, 100)),
            lambda value: replace(brief, pacing=value),
            lambda value: f"{float(value):g}",
        ),
        *_act_settings(footage, brief, shot),
    ]


def switches_of(brief: Brief) -> list[Switch]:
    """What a brief has that can be left out, or had another way."""
    found = []
    if brief.acts:
        without = replace(brief, acts=())
        found.append(Switch("acts", f"{len(brief.acts)}", "none, the film evenly", without))
    if brief.music is not None:
        name = brief.music.path.replace("\\", "/").rsplit("/", 1)[-1]
        found.append(Switch("music", name, "none", replace(brief, music=None)))
    found += [
        Switch("speech at the ends of slots", brief.speech, other, replace(brief, speech=other))
        for other in _SPEECH
        if other != brief.speech
    ]
    return found


def _act_settings(footage: Footage, brief: Brief, shot: int) -> Iterator[Setting]:
    """The share and the cap of the act that a shot lies in."""
    span = footage.shot_spans[shot]
    if not brief.acts or span is None:
        return
    middle = (span.start + span.end) // 2
    found = int(np.searchsorted(part_edges(footage, brief), middle, side="right")) - 1
    place = min(max(found, 0), len(brief.acts) - 1)
    act, zero, one = brief.acts[place], Fraction(0), Fraction(1)
    if len(brief.acts) > 1:
        yield Setting(
            *(f"share of act {place + 1}", act.share, _SHARE, zero, one, _THOUSANDTH),
            lambda value: replace(brief, acts=_with_share(brief.acts, place, value)),
            _decimals,
        )
    if act.most < 1:
        yield Setting(
            *(f"share of act {place + 1}, at most", act.most, _SHARE, zero, one, _THOUSANDTH),
            lambda value: replace(brief, acts=_with_act(brief.acts, place, most=value)),
            _decimals,
        )


def _with_share(acts: tuple[Act, ...], place: int, share: Fraction) -> tuple[Act, ...]:
    """Acts of which one has another share; the others share the rest as they did, or evenly."""
    others = 1 - acts[place].share
    even = (1 - share) / (len(acts) - 1)
    return tuple(
        replace(act, share=share)
        if number == place
        else replace(act, share=act.share / others * (1 - share) if others else even)
        for number, act in enumerate(acts)
    )


def _with_act(acts: tuple[Act, ...], place: int, *, most: Fraction) -> tuple[Act, ...]:
    return (*acts[:place], replace(acts[place], most=most), *acts[place + 1 :])


def _decimals(value: Fraction) -> str:
    return f"{float(value):.3f}"
