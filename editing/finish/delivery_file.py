"""A delivery as a TOML file: untrusted, so every field is checked and every unknown one refused.

Files that it names (music, captions, a font) lie in its own folder or below.
"""

import datetime
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from editing.captions.reading import read_captions
from editing.errors import RenderError
from editing.finish.delivery import LOUDNESS, Captions, Delivery, Music, Slate, Title

_MOST_BYTES = 1_000_000
_MOST_TITLES = 1_000
_MOST_DECIMALS = 12
_ASPECTS = ("source", "16:9", "9:16", "1:1")
Made = TypeVar("Made")


def read_delivery(path: Path) -> Delivery:
    """Read a delivery.

    Raises:
        RenderError: It cannot be read, or a field is not as it should be; names the field.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise RenderError(f"{path} is larger than a delivery ever is, {_MOST_BYTES:,} bytes")
        document = tomllib.loads(path.read_bytes().decode("utf-8"), parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:  # tomllib's and UTF-8's are ValueErrors
        raise RenderError(f"{path} is no delivery that can be read: {error}") from error
    return _Table(path, "", document).delivery()


class _Table:
    """One table of the file; what is taken out of it is checked."""

    def __init__(self, path: Path, name: str, values: Mapping[str, Any]) -> None:
        self.path, self.name = path, name
        self.values = dict(values)

    def delivery(self) -> Delivery:
        tables = {
            "leader": self._table("leader", _Table.slate),
            "end": self._table("end", _Table.slate),
            "music": self._table("music", _Table.music),
            "captions": self._table("captions", _Table.captions),
        }
        titles = self.values.pop("title", [])
        if not isinstance(titles, list) or len(titles) > _MOST_TITLES:
            raise self._wrong("title", f"up to {_MOST_TITLES:,} [[title]] tables")
        return self._made(
            Delivery,
            height=self._take("height", int),
            aspect=self._choice("aspect", _ASPECTS),
            fit=self._choice("fit", ("crop", "pad")),
            deinterlace=self._take("deinterlace", bool),
            loudness=self._choice("loudness", tuple(LOUDNESS)),
            true_peak=self._number("true_peak"),
            fade_in=self._seconds("fade_in"),
            fade_out=self._seconds("fade_out"),
            join_fade=self._seconds("join_fade"),
            without_music=self._take("without_music", bool),
            font=self._file("font"),
            titles=tuple(
                self._sub(f"title {number}", title, _Table.title)
                for number, title in enumerate(titles, 1)
            ),
            **tables,
        )

    def title(self) -> Title:
        return self._made(
            Title,
            text=self._needed("text", self._text),
            start=self._needed("start", self._time),
            end=self._needed("end", self._time),
            place=self._choice("place", ("upper", "middle", "lower")),
            card=self._take("card", bool),
            fade=self._seconds("fade"),
        )

    def slate(self) -> Slate:
        lines = self.values.pop("lines", [])
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise self._wrong("lines", "a list of texts")
        return self._made(
            Slate,
            seconds=self._needed("seconds", self._seconds),
            facts=self._take("facts", bool),
            date=self._date("date"),
            lines=tuple(lines),
        )

    def music(self) -> Music:
        return self._made(
            Music,
            path=self._needed("file", self._file),
            gain=self._number("gain"),
            start=self._seconds("start"),
            fade_out=self._seconds("fade_out"),
        )

    def captions(self) -> Captions:
        path = self._needed("file", self._file)
        return self._made(
            Captions,
            lines=tuple(read_captions(path)),
            of=self._choice("of", ("cut", "film")),
            burnt=self._take("burnt", bool),
            language=self._text("language"),
        )

    def _made(self, kind: Callable[..., Made], **fields: Any) -> Made:
        """A value of the fields that are there; refuses what is left over."""
        if self.values:
            raise RenderError(f"{self._where(next(iter(self.values)))}: there is no such field")
        try:
            return kind(**{name: value for name, value in fields.items() if value is not None})
        except ValueError as error:
            raise RenderError(f"{self._where('')}: {error}") from error

    def _sub(self, name: str, values: Any, read: Callable[["_Table"], Made]) -> Made:
        if not isinstance(values, dict):
            raise self._wrong(name, "a table")
        return read(_Table(self.path, f"{self.name}{name}.", values))

    def _table(self, name: str, read: Callable[["_Table"], Made]) -> Made | None:
        values = self.values.pop(name, None)
        return None if values is None else self._sub(name, values, read)

    def _needed(self, name: str, take: Callable[[str], Made | None]) -> Made:
        if name not in self.values:
            raise RenderError(f"{self._where(name)} is missing")
        taken = take(name)
        assert taken is not None
        return taken

    def _take(self, name: str, kind: type[Made]) -> Made | None:
        value = self.values.pop(name, None)
        if value is not None and type(value) is not kind:
            raise self._wrong(name, {int: "a whole number", bool: "true or false"}[kind])
        return value

    def _text(self, name: str) -> str | None:
        value = self.values.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def _date(self, name: str) -> str | None:
        value = self.values.pop(name, None)
        if type(value) is datetime.date:  # written without quotes
            return str(value.isoformat())
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "a date or a text")
        return None if value is None else str(value)

    def _choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        value = self.values.pop(name, None)
        if value is not None and value not in choices:
            raise self._wrong(name, "one of " + ", ".join(choices))
        return None if value is None else str(value)

    def _number(self, name: str) -> float | None:
        value = self.values.pop(name, None)
        if value is None:
            return None
        if type(value) is not int and not (isinstance(value, Decimal) and value.is_finite()):
            raise self._wrong(name, "a number")
        return float(value)

    def _seconds(self, name: str) -> Fraction | None:
        value = self.values.pop(name, None)
        if value is None:
            return None
        fits = type(value) is int or (isinstance(value, Decimal) and value.is_finite())
        if not fits or not 0 <= value <= 86_400 or not _few_decimals(value):
            raise self._wrong(name, "a number of seconds from 0 to 86,400, of 12 decimals or fewer")
        return Fraction(value)

    def _time(self, name: str) -> Fraction | str | None:
        """Seconds, or a timecode, which is read when the cut's rate is known."""
        if isinstance(self.values.get(name), str):
            return str(self.values.pop(name))
        return self._seconds(name)

    def _file(self, name: str) -> Path | None:
        value = self._text(name)
        if value is None:
            return None
        folder = self.path.parent.resolve()
        path = (folder / value).resolve() if "\0" not in value else folder
        if not path.is_relative_to(folder) or not path.is_file():
            raise self._wrong(name, "a file in the folder of the delivery, or below it")
        return path

    def _wrong(self, name: str, expected: str) -> RenderError:
        return RenderError(f"{self._where(name)} is to be {expected}")

    def _where(self, name: str) -> str:
        return f"{self.path}, {(self.name + name).rstrip('.') or 'as a whole'}"


def _few_decimals(value: int | Decimal) -> bool:
    """Whether a number stays small as an exact fraction: 1e-99999999 would take minutes."""
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return isinstance(exponent, int) and exponent >= -_MOST_DECIMALS
