"""`reel learn align`, and what it keeps in the catalogue."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.align.alignment import align_files
from editing.align.store import alignments_of, save_alignment, trailer_labels
from ingest.catalog import Catalog

Clip = np.ndarray


@pytest.fixture
def film(write: Callable, film_clip: Clip, tmp_path: Path) -> Path:
    return write(tmp_path / "film.mp4", film_clip)


@pytest.fixture
def trailer(write: Callable, film_clip: Clip, tmp_path: Path) -> Path:
    return write(tmp_path / "trailer.mp4", np.concatenate([film_clip[100:140], film_clip[20:50]]))


def run(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(
        reel, ["learn", "align", "--workspace", str(tmp_path / "workspace"), *words]
    )


def test_a_film_outside_the_catalogue_is_aligned_and_nothing_is_kept(
    film: Path, trailer: Path, tmp_path: Path
) -> None:
    result = run(tmp_path, str(film), str(trailer), "--format", "json")

    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert [one["source"] for one in document["edits"]] == [[100, 140], [20, 50]]
    assert "shots" not in document["edits"][0]
    assert "not in the catalogue" in result.stderr


def test_a_film_of_the_catalogue_gives_shots_and_keeps_labels(
    film: Path, trailer: Path, tmp_path: Path, commit: Callable
) -> None:
    media = commit(film, (80, 80, 80))

    for _ in range(2):  # the second time it replaces the first
        result = run(tmp_path, str(media.id), str(trailer), "--format", "json")

    assert result.exit_code == 0, result.stderr
    assert [one["shots"] for one in json.loads(result.stdout)["edits"]] == [[1], [0]]
    assert "kept with film.mp4" in result.stderr
    with Catalog(tmp_path / "workspace" / "catalog") as catalog:
        (kept,) = alignments_of(catalog, media)
        ((labels, weights),) = trailer_labels(catalog, media)
    assert kept.trailer_path == str(trailer)
    np.testing.assert_allclose(labels, [30 / 80, 40 / 80, 0], atol=0.02)
    assert (weights > 0.5).all()


def test_csv_has_a_row_for_every_stretch_of_the_trailer(
    film: Path, trailer: Path, tmp_path: Path
) -> None:
    output = tmp_path / "edits.csv"

    result = run(tmp_path, str(film), str(trailer), "--format", "csv", "--output", str(output))

    assert result.exit_code == 0
    assert result.stdout == ""
    rows = list(csv.DictReader(io.StringIO(output.read_text())))
    assert [(row["first"], row["last"], row["kind"]) for row in rows] == [
        ("0", "39", "film"),
        ("40", "69", "film"),
    ]
    assert [(row["film_in"], row["film_out"]) for row in rows] == [("100", "140"), ("20", "50")]


def test_an_unrelated_trailer_gives_an_empty_list_and_says_so(
    film: Path, write: Callable, scene: Callable, tmp_path: Path
) -> None:
    other = write(tmp_path / "other.mp4", scene(50, 48))

    result = run(tmp_path, str(film), str(other), "--format", "json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["edits"] == []
    assert "other.mp4 shows nothing that could be found in film.mp4" in result.stderr


def test_files_without_a_picture_are_refused_by_name(
    film: Path, make_sound: Callable, tmp_path: Path
) -> None:
    sound = make_sound(tmp_path / "sound.wav")

    for words in ((str(film), str(sound)), (str(sound), str(film))):
        result = run(tmp_path, *words)
        assert result.exit_code == 1
        assert "sound.wav: it holds no video, only sound" in str(result.exception)


def test_what_is_read_is_never_written_to(film: Path, trailer: Path, tmp_path: Path) -> None:
    before = film.read_bytes()

    result = run(tmp_path, str(film), str(trailer), "--output", str(film))

    assert result.exit_code == 2
    assert "name another file" in result.stderr
    assert film.read_bytes() == before


def test_a_film_that_is_nowhere_is_unknown(film: Path, tmp_path: Path) -> None:
    result = run(tmp_path, "nowhere.mp4", str(film))

    assert result.exit_code == 1
    assert "no media 'nowhere.mp4'" in str(result.exception)


def test_an_alignment_of_another_film_is_not_kept(
    film: Path, trailer: Path, commit: Callable, tmp_path: Path
) -> None:
    media = commit(film, (80, 80, 80))
    made = align_files(trailer, trailer)

    with (
        Catalog(tmp_path / "workspace" / "catalog") as catalog,
        pytest.raises(ValueError, match="not of film"),
    ):
        save_alignment(catalog, media, "trailer.mp4", made)
