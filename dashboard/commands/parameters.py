"""Kinds of values that options take."""

import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from editing.cut import Act


SEED = click.IntRange(0, 2**32 - 1)
"""What every generator of chance takes."""


class FiniteRange(click.FloatRange):
    """A number within its range; nan, which compares with nothing, is in none."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number, as `click.FloatRange` gives it."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number that can be counted with.", param, ctx)
        return number


class ExactNumber(click.ParamType[Fraction]):
    """A decimal number above 0, or from 0 on, read exactly: `0.1` is a tenth."""

    name = "number"

    def __init__(self, most: int, *, zero: bool = False) -> None:
        self.most, self.zero = most, zero

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        """The number as a fraction."""
        if isinstance(value, Fraction):
            return value
        number = Fraction(value) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", str(value)) else None
        if number is None or not (number > 0 or (self.zero and number == 0)) or number > self.most:
            least = "from 0" if self.zero else "above 0"
            self.fail(f"{value!r} is not a number {least} and up to {self.most:,}", param, ctx)
        return number


class Acts(click.ParamType["tuple[Act, ...]"]):
    """Acts of a film, `END:SHARE` or `END:SHARE:MOST` each, or `even`."""

    name = "acts"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "tuple[Act, ...]":
        """The acts; none for `even`."""
        from editing.cut import Act

        if isinstance(value, tuple):
            return value
        acts = []
        for text in [] if value == "even" else str(value).split(","):
            if not re.fullmatch(r"\d(\.\d{1,6})?(:\d(\.\d{1,6})?){1,2}", text):
                self.fail(f"{text!r} is no act; write END:SHARE or END:SHARE:MOST", param, ctx)
            try:
                acts.append(Act(*(Fraction(share) for share in text.split(":"))))
            except ValueError as error:
                self.fail(str(error), param, ctx)
        return tuple(acts)
