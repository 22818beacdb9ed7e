"""XML that is not trusted: entities are off, nothing outside is fetched, and size is bounded."""

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from editing.errors import TimelineError

_MAX_CHARACTERS = 64_000_000
_MAX_ELEMENTS = 4_000_000
_MAX_DEPTH = 200


def parse_xml(text: str) -> Element:
    """Parse XML with entities off. A document type is allowed, and nothing inside it is.

    Raises:
        TimelineError: It is not well formed, declares or uses an entity, declares attributes, or
            is too long, too deep or of too many elements.
    """
    if len(text) > _MAX_CHARACTERS:
        raise TimelineError(f"an XML document of {len(text):,} characters is too long")
    builder = _BoundedBuilder()
    parser = expat.ParserCreate("utf-8")  # whatever the text says that it was
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.tree.data
    parser.EntityDeclHandler = _refuse_entity
    parser.ExternalEntityRefHandler = _refuse_entity
    parser.SkippedEntityHandler = _refuse_unknown_entity
    parser.AttlistDeclHandler = _refuse_attributes  # defaults can be repeated into gigabytes
    try:
        parser.Parse(text.encode("utf-8"), True)
        return builder.tree.close()
    except (expat.ExpatError, AssertionError, UnicodeEncodeError) as error:
        raise TimelineError(f"not an XML document: {error}") from error


class _BoundedBuilder:
    """Builds the tree as far as its bounds."""

    def __init__(self) -> None:
        self.tree = TreeBuilder()
        self.elements = self.depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise TimelineError(f"<{tag[:40]}> lies in more than {_MAX_DEPTH} other elements")
        if self.elements > _MAX_ELEMENTS:
            raise TimelineError(f"an XML document of more than {_MAX_ELEMENTS:,} elements")
        self.tree.start(tag, attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.tree.end(tag)


def _refuse_entity(name: str | None, *_rest: object) -> NoReturn:
    raise TimelineError(f"the XML declares an entity, {name!r}; such files are refused")


def _refuse_unknown_entity(name: str, *_rest: object) -> NoReturn:
    raise TimelineError(f"the XML uses an entity that it does not declare, {name!r}")


def _refuse_attributes(element: str, *_rest: object) -> NoReturn:
    raise TimelineError(f"the XML declares attributes of <{element}>; such files are refused")
