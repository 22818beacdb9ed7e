"""Another model's embeddings of a known film: of the same pictures, and nothing else changes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ingest.analysis import analyse
from ingest.catalog import Catalog
from ingest.errors import UnreadableMedia
from ingest.media import Embeddings
from ingest.reembed import embed_again

FilmMaker = Callable[..., Path]


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
        media = catalog.commit_analysis(found, version="1")
        frames = catalog.picture_frames(media.id).tolist()
        catalog.add_embeddings(media.id, embed_again(film, frames, Pixels("b")))
        assert [catalog.embeddings(media.id, name).model for name in ("a", "b")] == ["a", "b"]
        newer = Embeddings("b", "2", np.eye(2, dtype=np.float32))
        catalog.add_embeddings(media.id, newer)
        assert catalog.embeddings(media.id, "b").version == "2"
        assert len(list(tmp_path.rglob("embeddings-b-*.npy"))) == 1
        with pytest.raises(ValueError, match="3 vectors do not fit 2 shots"):
            catalog.add_embeddings(media.id, Embeddings("c", "1", np.eye(3, dtype=np.float32)))


def test_sound_and_colour_come_back_from_the_catalogue(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    found = analyse(make_film("tone.mp4", (48,)), detector="content", model=Pixels("a"))
    with Catalog(tmp_path / "catalog") as catalog:
        media = catalog.commit_analysis(found, version="1")
        sound = catalog.sound(media.id)
        for name in ("levels", "true_peaks", "voice", "voiced", "onsets"):
            np.testing.assert_array_equal(getattr(sound, name), getattr(found.sound, name))
        assert media.colour == found.media.colour
        assert media.audio == found.media.audio
        assert media.audio is not None
        assert media.audio.layout == "mono"
        tone = sound.true_peaks[2:-2]  # at its ends the codec overshoots
        np.testing.assert_allclose(tone, -12.04, atol=0.5)  # 20 log10(0.25)
