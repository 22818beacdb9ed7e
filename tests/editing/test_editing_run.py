from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from editing.assemble.brief import default_brief
from editing.cut_store import load_cut
from editing.errors import ModelError, TimelineError
from editing.rank.store import load_ranker
from editing.run import export_cut, footage_from_catalog, suggest_cut
from ingest.catalog import Catalog
from ingest.media import Media


def test_a_suggested_cut_is_kept_and_the_same_each_time(
    catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    film = make_film("film.mp4", 240, shots=(40,) * 6)
    brief = default_brief("trailer", Fraction(3), film.rate)
    done: list[float] = []
    cut = suggest_cut(catalog, film, brief, author="ana", on_progress=done.append)
    again = suggest_cut(catalog, film, brief)
    assert load_cut(catalog, cut.id) == cut
    assert cut.slots == again.slots
    assert (cut.frames, cut.version, cut.author, cut.name) == (72, 1, "ana", "film trailer")
    assert cut.ranker.startswith("linear ")
    assert done[-1] == 1.0
    assert all(a < b for a, b in pairwise(done))


def test_a_film_of_variable_rate_is_cut_on_its_grid(
    catalog: Catalog, make_film: Callable[..., Media], tmp_path: Path, read_numbers: Callable
) -> None:
    ticks = [n + 2 * (n >= 50) for n in range(120)]  # frame 49 is up for three
    film = make_film("film.mkv", 120, shots=(50, 70), ticks=ticks)
    footage = footage_from_catalog(catalog, film, load_ranker(catalog, "linear"))
    assert film.variable_rate
    assert footage.frames == 122
    assert [(span.start, span.end) for span in footage.fit] == [(0, 52), (52, 122)]


def test_a_ranker_that_was_never_trained_is_told(
    catalog: Catalog, make_film: Callable[..., Media]
) -> None:
    film = make_film("film.mp4", 48)
    brief = default_brief("trailer", Fraction(1), film.rate)
    with pytest.raises(ModelError, match="no lstm has been trained"):
        suggest_cut(catalog, film, brief, "lstm")


def test_an_export_never_overwrites_the_film(
    catalog: Catalog, make_film: Callable[..., Media], tmp_path: Path
) -> None:
    film = make_film("film.mp4", 48)
    cut = suggest_cut(catalog, film, default_brief("trailer", Fraction(1), film.rate))
    with pytest.raises(TimelineError, match="choose another name"):
        export_cut(catalog, cut, "edl", tmp_path / "film.mp4")
    with pytest.raises(TimelineError, match="cannot be written"):
        export_cut(catalog, cut, "edl", tmp_path / "film.mp4" / "cut.edl")
