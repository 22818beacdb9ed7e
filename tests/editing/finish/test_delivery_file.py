from fractions import Fraction
from pathlib import Path

import pytest

from editing.errors import RenderError
from editing.finish.delivery import Delivery, Slate, Title
from editing.finish.delivery_file import read_delivery

WHOLE = """
height = 720
aspect = "9:16"
fit = "pad"
loudness = "r128"
true_peak = -2
fade_in = 0.1
fade_out = 1

[[title]]
text = "Summer"
start = 2.5
end = "00:00:04:12"
place = "lower"
card = true
fade = 0.25

[leader]
seconds = 3
date = 2026-11-21

[end]
seconds = 2
facts = false
lines = ["in cinemas"]

[music]
file = "theme.wav"
gain = -9.5
start = 4

[captions]
file = "words.srt"
burnt = true
language = "eng"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "delivery.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "theme.wav").write_bytes(b"RIFF")
    (tmp_path / "words.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    return tmp_path


def test_every_field_is_read_and_numbers_stay_exact(folder: Path) -> None:
    found = read_delivery(written(folder, WHOLE))
    assert (found.height, found.aspect, found.fit, found.loudness) == (720, "9:16", "pad", "r128")
    assert (found.true_peak, found.fade_in, found.fade_out) == (-2.0, Fraction(1, 10), 1)
    assert found.peak_limit == -2.0
    assert found.titles == (
        Title("Summer", Fraction(5, 2), "00:00:04:12", "lower", True, Fraction(1, 4)),
    )
    assert found.leader == Slate(Fraction(3), date="2026-11-21")
    assert found.end == Slate(Fraction(2), facts=False, lines=("in cinemas",))
    assert found.music is not None
    assert (found.music.path.name, found.music.gain, found.music.start) == ("theme.wav", -9.5, 4)
    assert found.captions is not None
    assert (found.captions.burnt, found.captions.language) == (True, "eng")
    assert [line.text for line in found.captions.lines] == ["Hello"]


def test_an_empty_file_leaves_everything_as_it_is(folder: Path) -> None:
    assert read_delivery(written(folder, "")) == Delivery()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("heigth = 720", "heigth: there is no such field"),
        ("height = '720'", "height is to be a whole number"),
        ("height = true", "height is to be a whole number"),
        ("height = 9000", "a height lies from 16 to 8640"),
        ("aspect = '4:3'", "aspect is to be one of source, 16:9"),
        ("loudness = -23", "loudness is to be one of none, r128"),
        ("true_peak = 3", "a true-peak limit lies from -20 to 0 dB"),
        ("true_peak = nan", "true_peak is to be a number"),
        ("fade_in = inf", "fade_in is to be a number of seconds"),
        ("fade_in = -1", "fade_in is to be a number of seconds"),
        ("title = 3", "title is to be up to 1,000"),
        ("[[title]]\ntext = 'x'\nstart = 1", r"title 1.end is missing"),
        ("[[title]]\ntext = ' '\nstart = 1\nend = 2", "title 1: a title has no text"),
        ('[[title]]\ntext = "a\\u0007"\nstart = 1\nend = 2', "control character"),
        ("[leader]\nseconds = 0", "leader: a slate lasts longer than 0 s"),
        ("leader = 'yes'", "leader is to be a table"),
        ("[end]\nseconds = 1\nlines = 'x'", "end.lines is to be a list of texts"),
        ("[music]\nfile = '/etc/hostname'", "music.file is to be a file in the folder"),
        ("[music]\nfile = '../x.wav'", "music.file is to be a file in the folder"),
        ("[music]\ngain = 1", "music.file is missing"),
        ("[music]\nfile = 'theme.wav'\ngain = 90", "the gain of music lies from -60 to 20"),
        ("[captions]\nfile = 'words.srt'\nlanguage = 'english'", "three letters"),
        ("height = ", "is no delivery that can be read"),
        ("x = " + "[" * 5000, "is no delivery that can be read"),
    ],
)
def test_a_field_that_is_wrong_is_named(folder: Path, text: str, message: str) -> None:
    with pytest.raises(RenderError, match=message):
        read_delivery(written(folder, text))


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "words.srt").symlink_to(folder / "words.srt")
    with pytest.raises(RenderError, match=r"captions\.file is to be a file in the folder"):
        read_delivery(written(inner, "[captions]\nfile = 'words.srt'"))


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    with pytest.raises(RenderError, match="larger than a delivery"):
        read_delivery(written(folder, "#" * 1_000_001))
