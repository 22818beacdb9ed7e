"""What a render writes over a picture is no fault of it: titles and captions come and go."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from editing.captions.caption import Caption
from editing.faults.file_check import check_file
from editing.finish.delivery import Captions, Delivery, Title
from editing.run import render_cut

FRAMES, RATE, SIZE = 96, 24, (360, 640)


def walk(path: Path) -> Path:
    """Soft hills, past which the camera goes by a pixel a frame."""
    rng = np.random.default_rng(4)
    spots = rng.uniform(60, 190, (9, 24)).astype(np.float32)
    hills = cv2.resize(spots, (960, SIZE[0]), interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=RATE, options={"crf": "16"})
        video.width, video.height, video.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
        for number in range(FRAMES):
            shown = np.clip(hills[:, number : number + SIZE[1]], 16, 235).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="gray")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


def moment(frame: int) -> Fraction:
    return Fraction(frame, RATE)


@pytest.mark.parametrize(
    "written",
    [
        Delivery(titles=(Title("Coming this summer", moment(30), moment(60)),)),
        Delivery(titles=(Title("Soon", moment(30), moment(60), place="lower"),)),
        Delivery(
            captions=Captions(
                (
                    Caption(moment(24), moment(48), "I told you so.\nNobody ever listens."),
                    Caption(moment(60), moment(80), "Yes."),
                ),
                burnt=True,
            )
        ),
    ],
    ids=["title", "one word", "captions"],
)
def test_letters_that_come_and_go_in_a_render_are_no_jump_cut(
    studio: Any, tmp_path: Path, written: Delivery
) -> None:
    media = studio.add_film(walk(tmp_path / "walk.mp4"))
    cut = studio.cut(studio.slot(media, 0, FRAMES))
    made = render_cut(studio.catalog, cut, tmp_path / "made.mp4", delivery=written)
    assert [(fault.kind, fault.frame) for fault in check_file(made.path).faults] == []


def test_a_jump_under_a_title_that_stays_is_still_told(studio: Any, tmp_path: Path) -> None:
    media = studio.add_film(walk(tmp_path / "walk.mp4"))
    cut = studio.cut(studio.slot(media, 0, 24), studio.slot(media, 60, 96))
    title = Delivery(titles=(Title("Coming this summer", moment(6), moment(50)),))
    made = render_cut(studio.catalog, cut, tmp_path / "made.mp4", delivery=title)
    assert ("jump cut", 24) in [(fault.kind, fault.frame) for fault in check_file(made.path).faults]
