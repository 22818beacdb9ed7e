from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from dashboard import film_queries, queries
from dashboard.film_queries import FilmFilter
from dashboard.settings import Workspace
from dashboard.sources import folder_state, open_catalog, tree_state
from dashboard.wording import clock, rate_label, signed, sound_label
from ingest.media import Audio, Media, MediaId

FILM = Media(
    id=MediaId(1),
    path="/films/a.mp4",
    fingerprint="f",
    size_bytes=1,
    container="mov",
    codec="h264",
    width=160,
    height=90,
    rotation=0,
    rate=Fraction(30000, 1001),
    variable_rate=False,
    time_base=Fraction(1, 1000),
    start_pts=0,
    frames=100,
    start_timecode=None,
    audio=None,
)
TONE = Audio(sample_rate=48000, channels=2, samples=1, offset=Fraction(0), integrated_lufs=-23.1)


def test_a_films_timecode_counts_on_from_its_own() -> None:
    numbering = queries.numbering_of(replace(FILM, start_timecode="00:00:59;29"))

    assert numbering.drop
    assert numbering.timecode(0) == "00:00:59;29"
    assert numbering.timecode(1) == "00:01:00;02"  # drop-frame skips ;00 and ;01


@pytest.mark.parametrize("written", [None, "rubbish", "00:01:00;00"])
def test_without_a_usable_timecode_frames_count_from_zero(written: str | None) -> None:
    numbering = queries.numbering_of(replace(FILM, start_timecode=written))

    assert numbering.timecode(30) == "00:00:01:00"


@pytest.mark.parametrize(
    ("start_pts", "offset", "picture_start"),
    [
        (0, None, Fraction(0)),
        (41, None, Fraction(41, 1000)),  # the browser's clock is the file's own
        (41, Fraction(-41, 1000), Fraction(41, 1000)),
        (0, Fraction(-1, 2), Fraction(1, 2)),  # sound before 0 moves all to 0
        (-500, None, Fraction(0)),
    ],
)
def test_the_first_frame_is_found_on_the_browsers_clock(
    start_pts: int, offset: Fraction | None, picture_start: Fraction
) -> None:
    audio = None if offset is None else replace(TONE, offset=offset)

    assert queries.picture_start(replace(FILM, start_pts=start_pts, audio=audio)) == picture_start


def test_curves_are_averaged_to_few_points(workspace: Workspace) -> None:
    curves = queries.film_curves(workspace.catalog, 1, state="", points=10)

    assert set(curves["measure"]) == {
        *("luma", "contrast", "colourfulness", "motion", "sharpness", "loudness")
    }
    assert curves.filter(measure="luma").height == 10
    assert curves.filter(measure="luma")["from"].max() == pytest.approx(16 * 0.9, abs=0.1)


def test_the_state_of_a_folder_changes_with_its_files(tmp_path: Path) -> None:
    assert folder_state(tmp_path / "missing") == ""
    empty = folder_state(tmp_path)
    (tmp_path / "a").write_text("1")
    one = folder_state(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b").write_text("2")

    assert len({empty, one}) == 2
    assert folder_state(tmp_path) == one
    assert tree_state(tmp_path) != one
    (tmp_path / "catalog.sqlite-shm").write_text("readers change this")
    assert folder_state(tmp_path) == one


def test_a_catalogue_is_opened_once_and_again_when_replaced(workspace: Workspace) -> None:
    first = open_catalog(workspace.catalog)
    assert open_catalog(workspace.catalog) is first

    database = workspace.catalog / "catalog.sqlite"
    copy = database.read_bytes()
    (workspace.catalog / "new.sqlite").write_bytes(copy)
    (workspace.catalog / "new.sqlite").replace(database)

    assert open_catalog(workspace.catalog) is not first


def test_words_for_people() -> None:
    assert clock(Fraction(3725)) == "1:02:05"
    assert rate_label(Fraction(24000, 1001)) == "23.976 fps"
    assert rate_label(Fraction(30000, 1001), variable=True) == "29.97 fps, variable"
    assert sound_label(TONE) == "stereo, 48 kHz, −23.1 LUFS"
    assert sound_label(None) == "none"
    assert signed(-0.05) == "−0.050"


def films_by(workspace: Workspace, wanted: FilmFilter, order: str = "name") -> list[str]:
    state = folder_state(workspace.catalog)
    total, rows = film_queries.film_page(
        workspace.catalog, wanted, order, start=0, count=10, state=state
    )
    assert total == len(rows)
    return [row.media.name for row in rows]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (FilmFilter(), ["harbour.mp4", "silent.mp4"]),
        (FilmFilter(text="SIL"), ["silent.mp4"]),
        (FilmFilter(length="under 10 minutes"), ["harbour.mp4", "silent.mp4"]),
        (FilmFilter(length="over an hour"), []),
        (FilmFilter(picture="below 720 lines"), ["harbour.mp4", "silent.mp4"]),
        (FilmFilter(picture="720 lines"), []),
        (FilmFilter(rate="24"), ["harbour.mp4", "silent.mp4"]),
        (FilmFilter(rate="25"), []),
        (FilmFilter(having=("sound", "a timecode", "a cut")), ["harbour.mp4"]),
        (FilmFilter(having=("warnings",)), ["silent.mp4"]),
        (FilmFilter(lacking=("sound",)), ["silent.mp4"]),
        (FilmFilter(having=("a review proxy",)), []),
    ],
)
def test_films_are_found_by_what_they_are(
    workspace: Workspace, wanted: FilmFilter, found: list[str]
) -> None:
    assert films_by(workspace, wanted) == found


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("name", "harbour.mp4"),
        ("longest", "harbour.mp4"),
        ("shortest", "silent.mp4"),
        ("most shots", "harbour.mp4"),
        ("largest file", "harbour.mp4"),
    ],
)
def test_films_are_sorted_by_the_database(workspace: Workspace, order: str, first: str) -> None:
    assert films_by(workspace, FilmFilter(), order)[0] == first


def test_pages_of_films_follow_each_other(workspace: Workspace) -> None:
    state = folder_state(workspace.catalog)
    pages = [
        film_queries.film_page(
            workspace.catalog, FilmFilter(), "name", start=start, count=1, state=state
        )
        for start in (0, 1, 2)
    ]

    assert [total for total, _ in pages] == [2, 2, 2]
    names = [[row.media.name for row in rows] for _, rows in pages]
    assert names == [["harbour.mp4"], ["silent.mp4"], []]


def test_names_are_sorted_without_their_folders(workspace: Workspace) -> None:
    """`/z/a.mp4` comes before `/a/z.mp4`."""
    with open_catalog(workspace.catalog).transaction() as connection:
        for number, path in ((1, "/z/a.mp4"), (2, "/a/z.mp4")):
            connection.exec_driver_sql("UPDATE media SET path = ? WHERE id = ?", (path, number))

    assert films_by(workspace, FilmFilter()) == ["a.mp4", "z.mp4"]


def test_a_poster_is_of_a_shot_that_the_film_has(workspace: Workspace) -> None:
    media = open_catalog(workspace.catalog).get_media(1)

    assert 0 <= film_queries.poster(workspace.catalog, 1, media.fingerprint, 8) < 8
    assert film_queries.poster(workspace.catalog, 99, "not there", 8) == 4
