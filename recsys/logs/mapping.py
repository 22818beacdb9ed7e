"""Column maps: how another system's columns become those of the schema.

A map is a small TOML file. `[columns]` says for each of our columns where it comes from: a name,
a list of names of which the first present counts, or a table with `column` or `constant` and how
its values are written. `[files.SUFFIX]`, or `[files."NAME"]`, says how such files are laid out.
Maps for public data sets come with the package.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from math import isfinite
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from recsys.errors import UnusableMap
from recsys.viewing_log import CLICK, SCHEMA, TIMESTAMP, TITLE_SCHEMA

Unit = Literal["s", "ms", "us", "ns"]
PER_SECOND: dict[str, float] = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
ENCODINGS = ("utf-8", "latin-1", "cp1252")
"""Those in which a byte 10 is always the end of a line."""
OUR_COLUMNS = {**SCHEMA, **TITLE_SCHEMA}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of one of our columns come from, and how they are written."""

    columns: tuple[str, ...] = ()
    """Their names for it; the first that a file has counts."""
    constant: str | float | bool | None = None
    """The value of every row, in place of a column."""
    unit: Unit | None = None
    """Of a number of time; seconds if None, and of instants then told by their size."""
    format: str | None = None
    """Of a time written as text, in the letters of strftime."""
    zone: str | None = None
    """The zone of times that name none, `Europe/Berlin`; UTC if None."""
    true: tuple[str, ...] = ()
    """Of clicks: the values that are true."""
    false: tuple[str, ...] = ()
    """Of clicks: the values that are false; all that are not true, if none are named."""
    at_least: float | None = None
    """Of clicks: true from this number on."""
    at_most: str | None = None
    """Another of our columns; a larger value than that one's counts as equal to it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text files of a suffix are laid out."""

    separator: str = ","
    header: tuple[str, ...] = ()
    """The names of the columns where the files do not begin with them."""
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """How files of another system are read."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    """By our column; a column that is not here is taken from one of the same name."""
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    """By the file's name, `movies.dat`, or by its suffix without the point, `dat`."""

    def layout(self, name: str) -> Layout:
        """How a file of a name (`ratings.dat`) is laid out: with commas unless told."""
        suffix = name.rpartition(".")[2].lower()
        default = Layout(separator="\t" if suffix == "tsv" else ",")
        return self.layouts.get(name) or self.layouts.get(suffix, default)

    def source(self, ours: str) -> Source:
        """Where one of our columns comes from."""
        return self.sources.get(ours, Source(columns=(ours,)))

    def renamed(self, rename: Mapping[str, str]) -> "ColumnMap":
        """This map, with `{theirs: ours}` taking the place of what it says of those columns.

        A column that is renamed no longer goes by its own name.
        """
        sources = dict(self.sources)
        for ours in OUR_COLUMNS:
            told = self.source(ours)
            left = tuple(theirs for theirs in told.columns if theirs not in rename)
            if left != told.columns:
                sources[ours] = replace(told, columns=left)
        for theirs, ours in rename.items():
            if ours in OUR_COLUMNS:
                sources[ours] = Source(columns=(theirs,))
        return ColumnMap(sources, self.layouts)

    def fingerprint(self) -> str:
        """A text that is the same for equal maps, empty for one that changes nothing."""
        if not self.sources and not self.layouts:
            return ""
        parts = ({k: asdict(v) for k, v in p.items()} for p in (self.sources, self.layouts))
        return json.dumps(list(parts), sort_keys=True)


PLAIN = ColumnMap()
"""Every column has the schema's name."""


def built_in_maps() -> list[str]:
    """The names of the maps that come with the package."""
    files = resources.files("recsys.logs").joinpath("maps").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def read_map(name: str) -> ColumnMap:
    """A map by the name of a built-in one, or from a TOML file.

    Raises:
        UnusableMap: There is none of that name, or it is not written as a map is.
    """
    if name in built_in_maps():
        text = resources.files("recsys.logs").joinpath("maps", f"{name}.toml").read_text("utf-8")
        return parse_map(text, name)
    path = Path(name)
    if not path.is_file():
        known = ", ".join(built_in_maps())
        raise UnusableMap(name, f"no such file, and no built-in map; those are {known}")
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableMap(name, str(error)) from error
    return parse_map(text, name)


def parse_map(text: str, name: str) -> ColumnMap:
    """A map from TOML; `name` is for errors.

    Raises:
        UnusableMap: It is not TOML, or says what a map cannot say.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnusableMap(name, f"not TOML ({error})") from error
    _only(told, ("columns", "files"), "", name)
    columns, files = told.get("columns", {}), told.get("files", {})
    if not isinstance(columns, dict) or not isinstance(files, dict):
        raise UnusableMap(name, "[columns] and [files.SUFFIX] must be tables")
    for ours in columns:
        if ours not in OUR_COLUMNS:
            raise UnusableMap(name, f"{ours} is none of our columns: {', '.join(OUR_COLUMNS)}")
    return ColumnMap(
        sources={ours: _source(ours, value, name) for ours, value in columns.items()},
        layouts={suffix: _layout(suffix, value, name) for suffix, value in files.items()},
    )


def _source(ours: str, value: Any, name: str) -> Source:
    if isinstance(value, str | list):
        return Source(columns=_names(value, ours, name))
    if not isinstance(value, dict):
        raise UnusableMap(name, f"{ours} needs a column's name, a list of names, or a table")
    _only(value, ("column", *Source.__slots__[1:]), f"{ours}.", name)
    if ("column" in value) == ("constant" in value):
        raise UnusableMap(name, f"{ours} needs either a column or a constant")
    constant = value.get("constant")
    if not isinstance(constant, str | int | float | bool | None) or _no_number(constant):
        raise UnusableMap(name, f"{ours}.constant must be one text, number, true or false")
    for key in ("unit", "format", "zone", "at_most"):
        if not isinstance(value.get(key, ""), str):
            raise UnusableMap(name, f"{ours}.{key} must be text")
    source = Source(
        columns=_names(value["column"], ours, name) if "column" in value else (),
        constant=constant,
        unit=value.get("unit"),
        format=value.get("format"),
        zone=value.get("zone"),
        true=_values(value.get("true", [])),
        false=_values(value.get("false", [])),
        at_least=value.get("at_least"),
        at_most=value.get("at_most"),
    )
    _check_source(ours, source, name)
    return source


def _check_source(ours: str, source: Source, name: str) -> None:
    timed, clicked = ours == TIMESTAMP, ours == CLICK
    if source.unit is not None:
        if source.unit not in PER_SECOND:
            raise UnusableMap(name, f"{ours}.unit {source.unit!r} is none of s, ms, us, ns")
        if not timed and not ours.endswith("_seconds"):
            raise UnusableMap(name, f"{ours} is no time, so it has no unit")
    if (source.format or source.zone) and not timed:
        raise UnusableMap(name, f"only {TIMESTAMP} has a format and a zone, not {ours}")
    if (source.true or source.false or source.at_least is not None) and not clicked:
        raise UnusableMap(name, f"only {CLICK} is told by true, false and at_least, not {ours}")
    if source.at_most is not None:
        if source.at_most not in SCHEMA:
            raise UnusableMap(name, f"{ours}.at_most {source.at_most!r} is none of our columns")
        if not (OUR_COLUMNS[ours].is_float() and SCHEMA[source.at_most].is_float()):
            reason = f"{ours}.at_most {source.at_most!r}: both columns must hold numbers"
            raise UnusableMap(name, reason)
    if isinstance(source.at_least, bool) or not isinstance(source.at_least, int | float | None):
        raise UnusableMap(name, f"{ours}.at_least must be a number")
    if _no_number(source.at_least):
        raise UnusableMap(name, f"{ours}.at_least must be a number")
    if source.zone is not None:
        try:
            ZoneInfo(source.zone)
        except (ValueError, OSError, KeyError, TypeError) as error:
            raise UnusableMap(name, f"there is no time zone {source.zone!r}") from error


def _no_number(value: Any) -> bool:
    """Whether it is TOML's `nan` or `inf`."""
    return isinstance(value, float) and not isfinite(value)


def _layout(suffix: str, value: Any, name: str) -> Layout:
    where = f"files.{suffix}"
    if not isinstance(value, dict):
        raise UnusableMap(name, f"{where} must be a table")
    _only(value, Layout.__slots__, f"{where}.", name)
    separator, encoding = value.get("separator", ","), value.get("encoding", "utf-8")
    if not isinstance(separator, str) or not 1 <= len(separator.encode()) <= 4:
        raise UnusableMap(name, f"{where}.separator must be 1 to 4 bytes of text")
    if set(separator) & set('"\r\n') or not separator.isascii():
        raise UnusableMap(name, f"{where}.separator may not hold quotes or ends of lines")
    if encoding not in ENCODINGS:
        raise UnusableMap(name, f"{where}.encoding must be one of {', '.join(ENCODINGS)}")
    header = _names(value.get("header", []), f"{where}.header", name)
    if len(set(header)) < len(header):
        raise UnusableMap(name, f"{where}.header names a column twice")
    return Layout(separator, header, encoding)


def _names(value: Any, where: str, name: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        raise UnusableMap(name, f"{where} must name columns")
    return tuple(names)


def _values(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)


def _only(told: Mapping[str, Any], known: Sequence[str], where: str, name: str) -> None:
    for key in told:
        if key not in known:
            raise UnusableMap(name, f"{where}{key} is not understood; known: {', '.join(known)}")
