"""Another model's embeddings of a known film: of the same pictures, and nothing else changes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.analysis import analyse
from ingest.catalog import Catalog
from ingest.commit import add_embeddings, commit_analysis
from ingest.errors import ModelUnusable, UnreadableMedia
from ingest.features import make_image_model
from ingest.media import DEFAULT_MODEL, Embeddings
from ingest.reembed import embed_again
from ingest.run import Settings, ingest_file

FilmMaker = ModelMaker = Callable[..., Path]


class Pixels:
    """Every pixel of a picture's middle row as its vector: no other picture has the same."""

    version = "1"

    def __init__(self, name: str) -> None:
        self.name = name

    def embed(self, pictures: list[np.ndarray]) -> np.ndarray:
        rows = np.stack([p[len(p) // 2].ravel().astype(np.float32) for p in pictures])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("rotation", [0, 90])
def test_the_pictures_are_those_of_the_first_pass(make_film: FilmMaker, rotation: int) -> None:
    lengths = (20, 3, 30, 14)
    film = make_film("four.mp4", lengths, size=(256, 144), rotation=rotation)
    first = analyse(film, detector="content", model=Pixels("a"))
    again = embed_again(film, first.picture_frames.tolist(), Pixels("b"))
    np.testing.assert_array_equal(again.vectors, first.embeddings[0].vectors)
    for frame, shot in zip(first.picture_frames, first.shots, strict=True):
        assert shot.span.start <= frame < shot.span.end


def test_a_film_that_became_shorter_is_refused(make_film: FilmMaker) -> None:
    with pytest.raises(UnreadableMedia, match="ends before frame 90"):
        embed_again(make_film("short.mp4", (24,)), [3, 90], Pixels("b"))


def test_models_stand_side_by_side_in_the_catalogue(make_film: FilmMaker, tmp_path: Path) -> None:
    film = make_film("two.mp4", (24, 24))
    with Catalog(tmp_path / "catalog") as catalog:
        found = analyse(film, detector="content", model=Pixels("a"))
        media = commit_analysis(catalog, found, version="1")
        frames = catalog.picture_frames(media.id).tolist()
        add_embeddings(catalog, media.id, embed_again(film, frames, Pixels("b")))
        assert [catalog.embeddings(media.id, name).model for name in ("a", "b")] == ["a", "b"]
        newer = Embeddings("b", "2", np.eye(2, dtype=np.float32))
        add_embeddings(catalog, media.id, newer)
        assert catalog.embeddings(media.id, "b").version == "2"
        assert len(list(tmp_path.rglob("embeddings-b-*.npy"))) == 1
        with pytest.raises(ValueError, match="3 vectors do not fit 2 shots"):
            add_embeddings(catalog, media.id, Embeddings("c", "1", np.eye(3, dtype=np.float32)))


def test_sound_and_colour_come_back_from_the_catalogue(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    found = analyse(make_film("tone.mp4", (48,)), detector="content", model=Pixels("a"))
    with Catalog(tmp_path / "catalog") as catalog:
        media = commit_analysis(catalog, found, version="1")
        sound = catalog.sound(media.id)
        for name in ("levels", "true_peaks", "voice", "voiced", "onsets"):
            np.testing.assert_array_equal(getattr(sound, name), getattr(found.sound, name))
        assert media.colour == found.media.colour
        assert media.audio == found.media.audio
        assert media.audio is not None
        assert media.audio.layout == "mono"
        tone = sound.true_peaks[2:-2]  # at its ends the codec overshoots
        np.testing.assert_allclose(tone, -12.04, atol=0.5)  # 20 log10(0.25)


QUICK = Settings(detector="content")


def test_another_model_computes_only_the_embeddings_of_a_known_film(
    make_film: FilmMaker,
    tiny_model: ModelMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    film, clip = make_film("two.mp4", (24, 24)), str(tiny_model(tmp_path / "tiny"))
    with Catalog(tmp_path / "catalog") as catalog:
        first = ingest_file(film, catalog, QUICK)
        analysed = catalog.media()
        monkeypatch.setattr(
            "ingest.analysis.analyse", lambda *a, **k: pytest.fail("analysed again")
        )
        done = ingest_file(film, catalog, replace(QUICK, embedding=clip))
        assert (done.status, done.remarks) == ("known", ("embeddings by tiny added",))
        assert catalog.media() == analysed
        models = catalog.embedding_models(first.media.id)
        assert models == {DEFAULT_MODEL: "1", "tiny": make_image_model(clip).version}
        assert catalog.embeddings(first.media.id, "tiny").vectors.shape == (2, 12)
        assert catalog.embeddings(first.media.id).model == DEFAULT_MODEL
        assert ingest_file(film, catalog, replace(QUICK, embedding=clip)).remarks == ()
        assert ingest_file(film, catalog, QUICK).remarks == ()


def test_a_model_of_the_same_name_with_other_weights_is_computed_again(
    make_film: FilmMaker, tiny_model: ModelMaker, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    film, folder = make_film("two.mp4", (24, 24)), tiny_model(tmp_path / "tiny")
    settings = replace(QUICK, embedding=str(folder))
    with Catalog(tmp_path / "catalog") as catalog:
        media = ingest_file(film, catalog, settings).media
        assert set(catalog.embedding_models(media.id)) == {"tiny"}  # and not the default model
        before = catalog.embeddings(media.id)
        weights = load_file(folder / "model.safetensors")
        weights["visual_projection.weight"][0] *= -1
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        assert ingest_file(film, catalog, settings).remarks == ("embeddings by tiny added",)
        after = catalog.embeddings(media.id)
        assert before.version != after.version
        assert not np.allclose(before.vectors, after.vectors)


def test_a_model_that_is_not_there_fails_before_anything_is_computed(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    settings = replace(QUICK, embedding=str(tmp_path / "empty"))
    with Catalog(tmp_path / "catalog") as catalog:
        with pytest.raises(ModelUnusable):
            ingest_file(make_film(), catalog, settings)
        assert catalog.media() == []
