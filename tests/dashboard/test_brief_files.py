"""Music and rating rules from a browser: what is kept, under which name, and what is refused."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.brief_files import (
    MOST_RULES_MB,
    MUSIC_SUFFIXES,
    keep_music,
    keep_rules,
    music_names,
    plain_name,
    ratings_in,
    read_workspace_music,
    rules_file,
    rules_names,
)
from dashboard.people import NotAllowed, Person
from dashboard.settings import Workspace
from editing.errors import MusicError, RatingsError

ANA, VIC = Person("Ana", "editor"), Person("Vic", "viewer")
RULES = b'[ratings]\nG = ["violence"]\nPG = []\n[[scene]]\nlabels = ["violence"]\nshots = [2]\n'


@pytest.fixture(scope="module")
def drums(tmp_path_factory: pytest.TempPathFactory, make_drums: Callable[..., Path]) -> bytes:
    """Eight seconds of WAV with a drum every half second, the first after 0.3 s."""
    return make_drums(tmp_path_factory.mktemp("music") / "drums.wav").read_bytes()


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def test_uploaded_music_is_kept_and_its_beats_are_read_at_the_films_rate(
    own: Workspace, drums: bytes
) -> None:
    name = keep_music(ANA, own, "my song.WAV", drums)

    assert (name, music_names(own)) == ("my song.wav", ["my song.wav"])
    assert (own.music / name).read_bytes() == drums
    music = read_workspace_music(own, name, Fraction(24))
    assert Path(music.path) == (own.music / name).resolve()
    halves = {round((0.3 + 0.5 * n) * 24) for n in range(16)}
    assert all(any(abs(beat - half) <= 1 for half in halves) for beat in music.beats)
    assert len(music.beats) >= 10


def test_the_same_content_is_kept_once_and_another_of_that_name_beside_it(
    own: Workspace, tmp_path: Path, drums: bytes, make_drums: Callable[..., Path]
) -> None:
    other = make_drums(tmp_path / "other.wav", seed=2).read_bytes()

    assert keep_music(ANA, own, "song.wav", drums) == "song.wav"
    assert keep_music(ANA, own, "song.wav", drums) == "song.wav"
    assert keep_music(ANA, own, "song.wav", other) == "song (2).wav"
    assert (own.music / "song.wav").read_bytes() == drums
    assert sorted(path.name for path in own.music.iterdir()) == ["song (2).wav", "song.wav"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/cron.d/x.wav", "x.wav"),
        ("..\\..\\boot.WAV", "boot.wav"),
        ("/etc/passwd.wav", "passwd.wav"),
        (".hidden.wav", "hidden.wav"),
        ("....wav", "file.wav"),
        ("<script>alert(1)</script>.wav", "script_.wav"),
        ("a\x00b\n\u202ec.wav", "a_b__c.wav"),
        ("x" * 300 + ".mp3", "x" * 80 + ".mp3"),
        ("Żółć 7.flac", "Żółć 7.flac"),
        ("𠀀" * 80 + ".flac", "𠀀" * 50 + ".flac"),
    ],
)
def test_a_name_becomes_plain(name: str, kept: str) -> None:
    assert plain_name(name, MUSIC_SUFFIXES) == kept


@given(st.text(max_size=200))
def test_no_name_leaves_its_folder(text: str) -> None:
    name = plain_name(text + ".wav", MUSIC_SUFFIXES)
    assert Path(name).name == name
    assert not name.startswith(".")
    assert name.isprintable()
    assert len(name) <= 84
    assert len(name.encode()) <= 210


@pytest.mark.parametrize("name", ["song.exe", "song", "song.wav.html", "wav", "song.wav/", ""])
def test_another_kind_of_file_is_refused(own: Workspace, drums: bytes, name: str) -> None:
    with pytest.raises(MusicError, match=r"files end in \.wav"):
        keep_music(ANA, own, name, drums)
    assert not own.music.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"RIFF\xff\xff\xff\xffWAVE" + bytes(64),
    ],
)
def test_what_is_no_music_is_refused_and_nothing_is_left(own: Workspace, data: bytes) -> None:
    with pytest.raises(MusicError, match=r"^song\.wav") as refused:
        keep_music(ANA, own, "song.wav", data)
    assert f"{own.root}" not in f"{refused.value}"
    assert list(own.music.iterdir()) == []


def test_uploads_of_one_name_at_once_each_appear_whole_and_once(
    own: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight at once of two contents: no name is empty at any moment, no content is kept twice."""
    other = RULES + b"# another\n"
    seen: list[bytes] = []
    moved = Path.rename

    def slowly(draft: Path, place: Path) -> Path:
        time.sleep(0.02)
        seen.extend(path.read_bytes() for path in own.rating_rules.glob("*.toml"))
        return moved(draft, place)

    monkeypatch.setattr(Path, "rename", slowly)
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda data: keep_rules(ANA, own, "a.toml", data), [RULES, other] * 4))

    assert set(kept) == {"a.toml", "a (2).toml"}
    files = [path.read_bytes() for path in own.rating_rules.iterdir()]
    assert sorted(files) == sorted([RULES, other])
    assert set(seen) <= {RULES, other}


def test_an_upload_that_was_killed_long_ago_is_removed_by_the_next(own: Workspace) -> None:
    dead, going = own.rating_rules / ".incoming-dead", own.rating_rules / ".incoming-going"
    for half in (dead, going):
        half.mkdir(parents=True)
    os.utime(dead, (0, 0))

    keep_rules(ANA, own, "house.toml", RULES)

    assert {path.name for path in own.rating_rules.iterdir()} == {".incoming-going", "house.toml"}


@pytest.mark.parametrize(
    "data", [b"x = " + b"[" * 100_000, b"x = " + b"9" * 5000, b"\xff", b"\x00", b"PK\x03\x04"]
)
def test_rules_that_are_none_are_refused_in_words(own: Workspace, data: bytes) -> None:
    with pytest.raises(RatingsError, match=r"^bad\.toml cannot be read"):
        keep_rules(ANA, own, "bad.toml", data)
    assert list(own.rating_rules.iterdir()) == []


def test_rules_are_kept_if_they_are_some(own: Workspace) -> None:
    assert keep_rules(ANA, own, "house.toml", RULES) == "house.toml"
    assert rules_names(own) == ["house.toml"]
    assert ratings_in(own, "house.toml") == ["G", "PG"]

    with pytest.raises(RatingsError, match=r"^other\.toml: \[ratings\] names labels"):
        keep_rules(ANA, own, "other.toml", b"x = 1")
    with pytest.raises(RatingsError, match=f"at most {MOST_RULES_MB} MB"):
        keep_rules(ANA, own, "large.toml", b"#" * ((MOST_RULES_MB << 20) + 1))
    assert rules_names(own) == ["house.toml"]


@pytest.mark.parametrize(
    "name", ["../catalog/catalog.toml", "/etc/passwd", "gone.toml", "", ".", "link.toml"]
)
def test_only_what_lies_in_the_folder_itself_is_found(own: Workspace, name: str) -> None:
    keep_rules(ANA, own, "house.toml", RULES)
    (own.root / "outside.toml").write_bytes(RULES)
    (own.rating_rules / "link.toml").symlink_to(own.root / "outside.toml")

    assert rules_names(own) == ["house.toml"]
    with pytest.raises(RatingsError, match="upload it, or choose another"):
        rules_file(own, name)


def test_a_viewer_keeps_nothing(own: Workspace, drums: bytes) -> None:
    with pytest.raises(NotAllowed, match="Vic is a viewer"):
        keep_music(VIC, own, "song.wav", drums)
    with pytest.raises(NotAllowed, match="Vic is a viewer"):
        keep_rules(VIC, own, "house.toml", RULES)
    assert not own.root.exists()
