"""A window of another shape follows what is salient, evenly or not at all, in decoded films."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from editing.cut import Reframe, Slot
from editing.errors import RenderError
from editing.frame_grid import FrameGrid
from editing.reframe.slots import Footing, reframed, window_of
from ingest.errors import UnreadableMedia
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange

WIDE, HIGH, FRAMES = 320, 180, 72
FILM = MediaId(1)


def blob(number: int, middle: float) -> np.ndarray:
    """A bright, flickering disc on a grey wall, its middle at a share of the width."""
    rows, columns = np.mgrid[:HIGH, :WIDE]
    inside = (columns - middle * WIDE) ** 2 + (rows - HIGH / 2) ** 2 < 24**2
    picture = np.full((HIGH, WIDE), 90, np.uint8)
    picture[inside] = 230 - 60 * (number % 2)
    return np.repeat(picture[..., None], 3, axis=2)


@pytest.fixture
def film(tmp_path: Path) -> Footing:
    """24 frames with the disc at .2, 24 on its way from .3 to .7, 24 with it at .8."""
    path = tmp_path / "disc.mp4"
    middles = [0.2] * 24 + list(np.linspace(0.3, 0.7, 24)) + [0.8] * 24
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        stream.options = {"crf": "12", "preset": "ultrafast"}
        for number, middle in enumerate(middles):
            frame = av.VideoFrame.from_ndarray(blob(number, middle), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with av.open(str(path)) as opened:
        times = np.array([frame.pts for frame in opened.decode(video=0)], np.int64)
        base = opened.streams.video[0].time_base
    media = Media(
        *(FILM, str(path), "0", 0, "mp4", "h264", WIDE, HIGH, 0, Fraction(24), False, base),
        *(int(times[0]), FRAMES, None, None),
    )
    return Footing(media, FrameGrid(times - times[0], Fraction(24), base, False), times)


def slot(start: int, end: int, reframe: Reframe | None = None) -> Slot:
    return Slot(FILM, start // 24, FrameRange(start, end), 1.0, (), reframe=reframe)


def test_the_window_stands_on_what_stands_and_moves_with_what_moves(film: Footing) -> None:
    done: list[float] = []
    slots = [slot(2, 22), slot(24, 48), slot(50, 70)]
    left, moving, right = (s.reframe for s in reframed(slots, {FILM: film}, "9:16", done.append))
    assert left is not None and moving is not None and right is not None
    assert left.start == left.end
    assert left.start[0] == pytest.approx(0.2, abs=0.06)
    assert right.start[0] == pytest.approx(0.8, abs=0.06)
    assert moving.start[0] < moving.end[0]  # as fast as an operator may, and with the disc
    assert abs((moving.start[0] + moving.end[0]) / 2 - 0.5) < 0.08
    assert {left.start[1], moving.start[1], right.end[1]} == {0.5}
    assert done[-1] == 1.0


def test_the_window_lies_within_the_picture(film: Footing) -> None:
    for aspect in ("9:16", "1:1"):
        axis, share = window_of((WIDE, HIGH), aspect) or (0, 0.0)
        found = reframed([slot(40, 56)], {FILM: film}, aspect)
        for one in found:
            assert one.reframe is not None
            for middle in (one.reframe.start, one.reframe.end):
                assert share / 2 - 1e-9 <= middle[axis - 1] <= 1 - share / 2 + 1e-9


def test_what_has_its_window_keeps_it_and_the_own_shape_needs_none(film: Footing) -> None:
    own = Reframe((0.4, 0.5), (0.6, 0.5))
    assert reframed([slot(0, 24, own)], {FILM: film}, "9:16")[0].reframe == own
    assert reframed([slot(0, 24)], {FILM: film}, "16:9")[0].reframe is None
    assert reframed([slot(0, 24)], {FILM: film}, "source")[0].reframe is None


def test_a_cut_is_framed_the_same_each_time(film: Footing) -> None:
    slots = [slot(30, 40)]
    assert reframed(slots, {FILM: film}, "1:1") == reframed(slots, {FILM: film}, "1:1")


def test_a_film_that_is_gone_or_shorter_is_an_error(film: Footing) -> None:
    with pytest.raises((RenderError, UnreadableMedia)):
        longer = Footing(film.media, film.grid, np.append(film.times, film.times[-1] + 512))
        longer = Footing(
            film.media,
            FrameGrid(longer.times - longer.times[0], Fraction(24), film.grid.time_base, False),
            longer.times,
        )
        reframed([slot(60, 73)], {FILM: longer}, "9:16")
    Path(film.media.path).unlink()
    with pytest.raises(UnreadableMedia):
        reframed([slot(0, 24)], {FILM: film}, "9:16")


@pytest.mark.parametrize(
    ("size", "aspect", "window"),
    [
        ((1920, 1080), "9:16", (1, 81 / 256)),
        ((1920, 1080), "1:1", (1, 9 / 16)),
        ((1920, 1080), "16:9", None),
        ((1920, 800), "16:9", (1, 20 / 27)),
        ((1080, 1920), "16:9", (0, 81 / 256)),
        ((1080, 1920), "source", None),
    ],
)
def test_which_side_is_cut(
    size: tuple[int, int], aspect: str, window: tuple[int, float] | None
) -> None:
    assert window_of(size, aspect) == (window and (window[0], pytest.approx(window[1])))  # type: ignore[arg-type]
