import pytest

from editing.errors import TimelineError
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.fcpxml_reader import read_fcpxml
from editing.interchange.xml_text import parse_xml

LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10)
)  # ten thousand million times "ha"


@pytest.mark.parametrize(("read", "root"), [(read_fcpxml, "fcpxml"), (read_fcp7xml, "xmeml")])
def test_an_xml_bomb_does_not_go_off(read: object, root: str) -> None:
    assert callable(read)
    with pytest.raises(TimelineError, match="declares an entity, 'l0'"):
        read(f"<!DOCTYPE {root} [{LAUGHS}]><{root}>&l9;</{root}>")
    with pytest.raises(TimelineError, match="100,000,000 characters is too long"):
        read(" " * 100_000_000)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "declares an entity"),
        ('<!DOCTYPE a [<!ENTITY % x SYSTEM "http://x/"> %x;]><a/>', "declares an entity"),
        ('<!DOCTYPE a SYSTEM "a.dtd"><a>&x;</a>', "uses an entity that it does not declare, 'x'"),
        ('<!DOCTYPE a [<!ATTLIST b c CDATA "long">]><a><b/><b/></a>', "declares attributes of <b>"),
        ("<a>" * 201 + "</a>" * 201, "<a> lies in more than 200 other elements"),
        ("<a>&x;</a>", "not an XML document"),
        ("<a>\ud800</a>", "not an XML document"),
        ("<a/><a/>", "not an XML document"),
        ("", "not an XML document"),
    ],
)
def test_what_a_text_could_do_harm_with_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(TimelineError, match=complaint):
        parse_xml(text)


def test_elements_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("editing.interchange.xml_text._MAX_ELEMENTS", 10)
    parse_xml("<a>" + "<b/>" * 9 + "</a>")
    with pytest.raises(TimelineError, match="more than 10 elements"):
        parse_xml("<a>" + "<b/>" * 10 + "</a>")


def test_plain_documents_are_parsed() -> None:
    text = '<?xml version="1.0" encoding="latin-1"?><!DOCTYPE a SYSTEM "a.dtd"><a b="é">&amp;ü</a>'
    root = parse_xml(text)
    assert (root.tag, root.get("b"), root.text) == ("a", "é", "&ü")
