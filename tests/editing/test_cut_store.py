from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from threading import Barrier, Thread

import pytest

from editing.cut import Alternate, Brief, Cut, Reason, Reframe, Slot, SlotSound, Transition
from editing.cut_store import (
    create_cut,
    cut_versions,
    find_cut,
    list_cuts,
    load_cut,
    save_version,
)
from editing.errors import StaleCut, UnknownCut
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

BRIEF = Brief("trailer", 20, 5, 15, Fraction(9, 10), 0.9, handle=2)


@pytest.fixture
def film(make_film: Callable[..., Media]) -> Media:
    return make_film("film.mp4", 30, shots=(10, 20), rate=Fraction(24000, 1001))


@pytest.fixture
def cut(catalog: Catalog, film: Media) -> Cut:
    """Two slots of ten frames."""
    slots = [
        Slot(
            film.id,
            shot,
            FrameRange(shot * 10, shot * 10 + 10),
            0.1 + 0.2,
            (Reason("motion", 0.1), Reason("light", 0.2)),
            (Alternate(1 - shot, FrameRange(3, 13), -0.25),),
            locked=bool(shot),
        )
        for shot in (0, 1)
    ]
    return create_cut(
        catalog, film, name="first", brief=BRIEF, slots=slots, ranker="linear 1", author="ana"
    )


def test_a_cut_comes_back_as_it_was_kept(catalog: Catalog, cut: Cut) -> None:
    assert load_cut(catalog, cut.id) == cut
    assert (cut.version, cut.rate, cut.frames) == (1, Fraction(24000, 1001), 20)


def test_how_a_slot_is_joined_framed_and_heard_comes_back(catalog: Catalog, cut: Cut) -> None:
    joined = replace(
        cut.slots[1],
        transition=Transition("dissolve", 2, 3),
        sound=SlotSound(lead=-2, fade_ms=8, gain=-1.5),
        reframe=Reframe((0.25, 0.5), (0.3, 0.5)),
        note="is this her best take?",
    )
    kept = save_version(
        catalog, replace(cut, slots=(cut.slots[0], joined)), expected_version=cut.version
    )
    assert load_cut(catalog, cut.id) == kept
    assert load_cut(catalog, cut.id).slots[1] == joined


def test_a_change_is_a_new_version_and_the_old_one_stays(catalog: Catalog, cut: Cut) -> None:
    shorter = replace(cut, slots=cut.slots[:1], author="ben", note="dropped the second")
    kept = save_version(catalog, shorter, expected_version=1)
    assert (kept.version, kept.author) == (2, "ben")
    assert load_cut(catalog, cut.id) == kept
    assert load_cut(catalog, cut.id, 1) == cut
    assert [row[:3] for row in cut_versions(catalog, cut.id)] == [
        (1, "ana", ""),
        (2, "ben", "dropped the second"),
    ]


def test_a_change_to_an_old_version_is_refused(catalog: Catalog, cut: Cut) -> None:
    save_version(catalog, cut, expected_version=1)
    with pytest.raises(StaleCut, match="made to version 1, and the latest is 2"):
        save_version(catalog, cut, expected_version=1)
    assert load_cut(catalog, cut.id).version == 2


def test_of_editors_who_save_at_once_one_is_kept(catalog: Catalog, cut: Cut) -> None:
    start, refused = Barrier(4), list[StaleCut]()

    def save(author: str) -> None:
        start.wait()
        try:
            save_version(catalog, replace(cut, author=author), expected_version=1)
        except StaleCut as error:
            refused.append(error)

    editors = [Thread(target=save, args=(name,)) for name in "abcd"]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert len(refused) == 3
    assert len(cut_versions(catalog, cut.id)) == 2


def test_the_list_has_the_latest_version_of_each(catalog: Catalog, film: Media, cut: Cut) -> None:
    save_version(catalog, replace(cut, slots=cut.slots[:1], note="short"), expected_version=1)
    create_cut(
        catalog, film, name="second", brief=BRIEF, slots=cut.slots, ranker="lstm 2", author="eva"
    )
    first, second = list_cuts(catalog)
    assert (first.version, first.slots, first.frames, first.note) == (2, 1, 10, "short")
    assert (second.version, second.slots, second.name) == (1, 2, "second")
    assert (second.media, second.ranker) == (film.id, "lstm 2")


def test_a_cut_is_named_by_its_number_and_a_version(catalog: Catalog, cut: Cut) -> None:
    save_version(catalog, cut, expected_version=1)
    assert find_cut(catalog, f"{cut.id}").version == 2
    assert find_cut(catalog, f"{cut.id}@1") == cut


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("99", "none of that number"),
        ("1@7", "its latest version is 2"),
        ("1@", "by its number"),
        ("@1", "by its number"),
        ("one", "by its number"),
        ("-1", "by its number"),
    ],
)
def test_a_cut_that_is_not_there_is_told(catalog: Catalog, cut: Cut, wanted: str, why: str) -> None:
    save_version(catalog, cut, expected_version=1)
    with pytest.raises(UnknownCut, match=why):
        find_cut(catalog, wanted)
