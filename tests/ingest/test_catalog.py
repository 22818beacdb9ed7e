"""The catalogue: whole or not at all, safe under several writers, and honest about damage."""

import multiprocessing
import sqlite3
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import inspect, text

from ingest import tables
from ingest.catalog import Catalog
from ingest.commit import add_embeddings, commit_analysis
from ingest.database import migrations, open_database
from ingest.errors import CatalogError, NotIngested, UnknownMedia
from ingest.media import (
    Analysis,
    Audio,
    Curves,
    Embeddings,
    Media,
    MediaId,
    Shot,
    ShotMeasures,
    Transition,
)
from ingest.timecode import FrameRange


def analysis(fingerprint: str = "ab", shots: int = 2) -> Analysis:
    """A film of ten frames a shot at 29.97, with sound."""
    rate, frames = Fraction(30000, 1001), 10 * shots
    media = Media(
        id=MediaId(0),
        path=f"/films/{fingerprint}.mp4",
        fingerprint=fingerprint,
        size_bytes=7,
        container="mp4",
        codec="h264",
        width=16,
        height=8,
        rotation=90,
        rate=rate,
        variable_rate=False,
        time_base=Fraction(1, 30000),
        start_pts=5,
        frames=frames,
        start_timecode="01:00:00;00",
        audio=Audio(48000, 2, 1000, Fraction(1, 3), -23.5),
        warnings=("a remark",),
        duration=frames / rate,
    )
    cuts = [Transition("start", 0, 0, 1.0)] + [
        Transition("cut", 10 * n, 10 * n, 0.5) for n in range(1, shots)
    ]
    spans = [FrameRange(10 * n, 10 * n + 10) for n in range(shots)]
    return Analysis(
        media=media,
        detector="content",
        shots=tuple(Shot(MediaId(0), n, spans[n], cuts[n]) for n in range(shots)),
        frame_times=np.arange(frames) * 1001 + 5,
        measures=ShotMeasures(("luma", "motion"), np.ones((shots, 2), np.float32)),
        curves=Curves(("luma",), np.ones((frames, 1), np.float32), np.zeros(3, np.float32)),
        embeddings=(Embeddings("tiny", "1", np.eye(shots, 4, dtype=np.float32)),),
        transition_scores=np.zeros(frames, np.float32),
        thumbnails=(b"jpeg",) * shots,
    )


def test_what_is_committed_comes_back_the_same(tmp_path: Path) -> None:
    given = analysis()
    with Catalog(tmp_path) as catalog:
        media = commit_analysis(catalog, given, version="1")
        assert media == catalog.media()[0]
        assert (media.rate, media.audio, media.warnings) == (
            given.media.rate,
            given.media.audio,
            given.media.warnings,
        )
        assert [(s.span, s.transition_in) for s in catalog.shots(media.id)] == [
            (s.span, s.transition_in) for s in given.shots
        ]
        assert catalog.measures(media.id).names == ("luma", "motion")
        np.testing.assert_array_equal(catalog.frame_times(media.id), given.frame_times)
        np.testing.assert_array_equal(
            catalog.embeddings(media.id).vectors, given.embeddings[0].vectors
        )
        assert catalog.thumbnail(media, 1).read_bytes() == b"jpeg"


def test_a_commit_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog:
        commit_analysis(catalog, analysis(), version="1")
        broken = analysis(shots=3)
        twice = (broken.shots[0], broken.shots[0])
        with pytest.raises(Exception, match="UNIQUE"):
            commit_analysis(
                catalog,
                Analysis(**{f: getattr(broken, f) for f in broken.__slots__} | {"shots": twice}),
                version="2",
            )
        (media,) = catalog.media()
        assert (media.frames, len(catalog.shots(media.id))) == (20, 2)
        assert catalog.ingest_version(media.id) == ("content", "1")
        assert len(catalog.frame_times(media.id)) == 20


def count_up(folder: str, times: int) -> None:
    with Catalog(Path(folder)) as catalog:
        for _ in range(times):
            with catalog.transaction() as connection:
                (count,) = connection.execute(text("SELECT MAX(version) FROM cut_version")).one()
                connection.execute(text("UPDATE cut_version SET version = :v"), {"v": count + 1})


def test_four_writers_lose_no_update(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog:
        commit_analysis(catalog, analysis(), version="1")
        with catalog.transaction() as connection:
            connection.execute(text("INSERT INTO cut VALUES (1, 1, 'n', 'trailer', 'now')"))
            connection.execute(
                text("INSERT INTO cut_version VALUES (1, 0, 'a', '', '{}', '24', 1, 'r', 'now', 0)")
            )
        context = multiprocessing.get_context("forkserver")
        writers = [context.Process(target=count_up, args=(str(tmp_path), 50)) for _ in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        with catalog.reading() as connection:
            assert connection.scalar(text("SELECT version FROM cut_version")) == 200


def test_the_tables_in_code_are_those_that_the_migrations_make(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    made = inspect(engine)
    for table in tables.metadata.sorted_tables:
        columns = {c["name"]: c["nullable"] for c in made.get_columns(table.name)}
        assert columns.keys() == {c.name for c in table.columns}, table.name
        for column in table.columns:
            if not column.primary_key:
                assert columns[column.name] == column.nullable, f"{table.name}.{column.name}"
    engine.dispose()


def test_migrations_are_numbered_without_a_gap_and_run_once(tmp_path: Path) -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))
    for _ in range(2):
        engine = open_database(f"sqlite:///{tmp_path / 'new.sqlite'}")
        engine.dispose()


def test_a_catalogue_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog, catalog.transaction() as connection:
        connection.execute(text("INSERT INTO schema_version VALUES (9999)"))
    with pytest.raises(CatalogError, match="version 9999"):
        Catalog(tmp_path)


def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"this is not a database" * 100)
    with pytest.raises(CatalogError, match="cannot be used as a catalogue"):
        Catalog(tmp_path)


def test_the_database_is_in_wal_mode_and_durable(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog, catalog.reading() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog:
        writer = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        assert catalog.media() == []
        writer.execute("ROLLBACK")
        writer.close()


def test_embeddings_of_a_model_that_was_not_run_are_not_there(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog:
        media = commit_analysis(catalog, analysis(), version="1")
        assert catalog.embeddings(media.id, "tiny").model == "tiny"
        with pytest.raises(NotIngested, match="embeddings clip"):
            catalog.embeddings(media.id, "clip")


def test_a_damaged_array_is_a_clear_error(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog:
        media = commit_analysis(catalog, analysis(), version="1")
        (array,) = tmp_path.rglob("embeddings-*.npy")
        array.write_bytes(b"damage")
        with pytest.raises(CatalogError, match="missing or damaged"):
            catalog.embeddings(media.id)


def test_an_unknown_media_names_what_was_asked(tmp_path: Path) -> None:
    with (
        Catalog(tmp_path) as catalog,
        pytest.raises(UnknownMedia, match="no media '7' among the 0"),
    ):
        catalog.get_media(7)


def test_which_embeddings_are_meant_is_never_guessed(tmp_path: Path) -> None:
    """The only ones; among several those of the default model; else none."""

    def by(*models: str) -> Analysis:
        vectors = np.eye(2, 4, dtype=np.float32)
        return replace(analysis(), embeddings=tuple(Embeddings(m, "1", vectors) for m in models))

    with Catalog(tmp_path) as catalog:
        media = commit_analysis(catalog, by("zebra"), version="1")
        assert catalog.embeddings(media.id).model == "zebra"
        commit_analysis(catalog, by("ape", "zebra"), version="2")
        with pytest.raises(NotIngested, match=r"efficientnet-lite0 \(but by ape, zebra\)"):
            catalog.embeddings(media.id)
        assert catalog.embeddings(media.id, "ape").model == "ape"
        commit_analysis(catalog, by("ape", "zebra", "efficientnet-lite0"), version="3")
        assert catalog.embeddings(media.id).model == "efficientnet-lite0"
        assert catalog.embedding_models(media.id) == dict.fromkeys(
            ("ape", "efficientnet-lite0", "zebra"), "1"
        )


def test_embeddings_by_other_models_stay_as_long_as_they_are_of_the_same_pictures(
    tmp_path: Path,
) -> None:
    pictures = replace(analysis(), picture_frames=np.array([4, 14]))
    with Catalog(tmp_path) as catalog:
        media = commit_analysis(catalog, pictures, version="1")
        add_embeddings(catalog, media.id, Embeddings("clip", "1", np.eye(2, 3, dtype=np.float32)))
        commit_analysis(catalog, pictures, version="1")
        assert set(catalog.embedding_models(media.id)) == {"clip", "tiny"}
        assert catalog.embeddings(media.id, "clip").vectors.shape == (2, 3)
        others = replace(pictures, picture_frames=np.array([4, 15]))
        commit_analysis(catalog, others, version="1")
        assert set(catalog.embedding_models(media.id)) == {"tiny"}
        assert not list(tmp_path.rglob("embeddings-clip*"))


def test_thumbnails_of_an_analysis_that_is_not_committed_replace_none(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog:
        media = commit_analysis(catalog, analysis(), version="1")
        newer = replace(analysis(), thumbnails=(b"newer", b"jpegs"))
        twice = replace(newer, shots=(newer.shots[0], newer.shots[0]))
        with pytest.raises(Exception, match="UNIQUE"):
            commit_analysis(catalog, twice, version="2")
        assert [catalog.thumbnail(media, n).read_bytes() for n in (0, 1)] == [b"jpeg", b"jpeg"]
        assert len(catalog.sweep(older_than=-1)) > 2  # the newer ones, which no row names
        assert catalog.thumbnail(media, 1).read_bytes() == b"jpeg"
        commit_analysis(catalog, newer, version="2")
        assert catalog.thumbnail(media, 1).read_bytes() == b"jpegs"
        assert len(list(tmp_path.rglob("*.jpg"))) == 2, "the older ones are gone"


def test_thumbnails_from_before_their_folder_was_named_are_found_and_replaced(
    tmp_path: Path,
) -> None:
    with Catalog(tmp_path) as catalog:
        media = commit_analysis(catalog, analysis(), version="1")
        first = catalog.thumbnail(media, 0).parent
        for path in first.iterdir():
            path.replace(first.parent / path.name)
        with catalog.transaction() as connection:
            connection.execute(tables.media.update().values(thumbnails=None))
        assert catalog.thumbnail(media, 1).read_bytes() == b"jpeg"
        assert catalog.sweep(older_than=-1) == []
        commit_analysis(catalog, replace(analysis(), thumbnails=(b"a", b"b")), version="1")
        assert catalog.thumbnail(media, 1).read_bytes() == b"b"
        assert len(list(tmp_path.rglob("*.jpg"))) == 2
