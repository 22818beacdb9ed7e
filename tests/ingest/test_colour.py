"""Names of colour codes, as the file says them and as FFmpeg spells them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ingest.analysis import analyse
from ingest.colour import colour_of
from ingest.media import Colour, Floats


class NoModel:
    name, version = "none", "1"

    def embed(self, pictures: list[np.ndarray]) -> Floats:
        return np.ones((len(pictures), 1), np.float32)


def test_codes_have_the_names_of_h_273() -> None:
    assert colour_of(1, 1, 1, 1) == Colour("bt709", "bt709", "bt709", "tv")
    hdr = colour_of(9, 16, 9, 1)
    assert hdr == Colour("bt2020", "smpte2084", "bt2020nc", "tv")
    assert hdr.high_dynamic_range


def test_what_is_not_said_has_no_name() -> None:
    assert colour_of(2, 2, 2, 0) == colour_of(99, 99, 99, 99) == Colour()
    assert not Colour().high_dynamic_range


def test_the_colour_of_a_file_is_read_from_its_stream(tmp_path: Path) -> None:
    path = tmp_path / "pq.mp4"
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        codec = video.codec_context
        codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range = 9, 16, 9, 1
        for index in range(3):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 24)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    found = analyse(path, detector="content", model=NoModel())
    assert found.media.colour == Colour("bt2020", "smpte2084", "bt2020nc", "tv")
