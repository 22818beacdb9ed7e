"""Frames that an earlier event has shown: by hand, against all pairs, and of very many events."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from editing.faults.repeated_frames import Repeat, Shown, repeated_frames
from ingest.media import MediaId
from ingest.timecode import FrameRange

FILM, OTHER = MediaId(1), MediaId(2)


def events(*shown: tuple[int, int] | tuple[int, int, MediaId]) -> list[Shown]:
    """Events one after the other, from first frame, one after the last, and film."""
    found, at = list[Shown](), 0
    for number, (start, end, *film) in enumerate(shown):
        frames = FrameRange(start, end)
        record = FrameRange(at, at + frames.frames)
        found.append(Shown(number, film[0] if film else FILM, record, frames, frames))
        at = record.end
    return found


def told(repeats: list[Repeat]) -> list[tuple[int, int, int, str, bool]]:
    return [(r.event, r.frames.start, r.frames.end, r.words, r.at_join) for r in repeats]


def test_a_run_is_told_once_with_all_that_showed_its_frames() -> None:
    """Event 3 shows 40 to 59: 50 and 51 were last shown by event 2, the others by event 1."""
    assert told(list(repeated_frames(events((0, 100), (50, 52), (40, 60))))) == [
        (1, 50, 52, "event 1 has shown", True),
        (2, 40, 60, "events 1 and 2 have shown", True),
    ]


def test_frames_apart_are_told_apart_and_those_of_another_film_not_at_all() -> None:
    found = repeated_frames(events((0, 10), (20, 30), (0, 99, OTHER), (5, 25)))
    assert told(list(found)) == [
        (3, 5, 10, "event 1 has shown", False),
        (3, 20, 25, "event 2 has shown", False),
    ]


def test_many_that_showed_a_run_are_counted() -> None:
    *_, last = repeated_frames(events(*((n, n + 1) for n in range(51)), (0, 51)))
    assert last.words == "events 1, 2, 3 and 48 more have shown"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=12))
def test_all_frames_of_all_earlier_events_are_found(shown: list[tuple[int, int]]) -> None:
    made = events(*((start, start + frames) for start, frames in shown))
    found = [(r.event, n) for r in repeated_frames(made) for n in _numbers(r.frames)]
    seen, wanted = set[int](), []
    for event in made:
        wanted += [(event.event, n) for n in _numbers(event.frames) if n in seen]
        seen |= set(_numbers(event.frames))
    assert found == wanted
    for one, other in pairwise(repeated_frames(made)):
        assert (one.event, one.frames.end) < (other.event, other.frames.start)


def test_the_work_grows_with_the_events_and_not_with_their_pairs() -> None:
    """10,000 short events, each then within all of 10,000 long ones: 100 million pairs."""
    short = [(2 * n, 2 * n + 1) for n in range(10_000)]
    long = [(0, 20_000)] * 10_000
    found = list(repeated_frames(events(*short, *long)))
    assert sum(len(repeat.earlier) for repeat in found) == 10_000 + 9_999


def _numbers(frames: FrameRange) -> range:
    return range(frames.start, frames.end)
