"""Films with several streams of sound: one is heard, and the others are named."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.cut import Brief, Cut
from editing.cut_store import create_cut
from editing.finish.sound import unheard_sounds
from editing.run import render_cut

TOLD = (
    "two.mov has 3 streams of sound, and one is heard; not stream 2 (pcm_s16le, mono, Director), "
    "stream 3 (pcm_s16le, stereo)"
)


def with_more_sound(film: Path, path: Path) -> Path:
    """A film with its picture and sound as they are, and two silences after them."""
    with av.open(str(film)) as source, av.open(str(path), "w") as out:
        copies = {s.index: out.add_stream_from_template(s) for s in source.streams}
        more = [
            (out.add_stream("pcm_s16le", rate=48_000, layout=layout), layout)
            for layout in ("mono", "stereo")
        ]
        more[0][0].metadata["title"] = "Director\n"
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
        for stream, layout in more:
            samples = np.zeros((1, 96_000 * (1 + (layout == "stereo"))), np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return path


@pytest.fixture
def film(studio: Any) -> Path:
    one = studio.film("one.mov", 48, sound=studio.tone(440, 2))
    return with_more_sound(Path(one.path), studio.folder / "two.mov")


@pytest.fixture
def cut(studio: Any, film: Path) -> Cut:
    media = studio.add_film(film)
    return create_cut(
        studio.catalog,
        media,
        name="A cut",
        brief=Brief("trailer", 40, 1, 40, Fraction(1), 1.0),
        slots=(studio.slot(media, 0, 20), studio.slot(media, 24, 44)),
        ranker="linear 1",
        author="t",
    )


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(reel, [*words, "-w", str(folder / "workspace")])


def test_streams_that_are_not_heard_are_named(film: Path, studio: Any) -> None:
    assert unheard_sounds(film) == [TOLD]
    assert unheard_sounds(studio.folder / "one.mov") == []


def test_a_render_says_which_sounds_are_not_in_it(studio: Any, cut: Cut) -> None:
    made = render_cut(studio.catalog, cut, studio.folder / "out.mp4")
    assert made.remarks == (TOLD,)
    assert np.abs(studio.decoded(made.path).sound).max() > 0.2  # the first stream's tone
    said = run(studio.folder, "render", f"{cut.id}", "--output", str(studio.folder / "out.mp4"))
    assert TOLD in said.stderr


def test_a_check_of_a_cut_a_file_or_a_timeline_says_which_sounds_it_did_not_hear(
    studio: Any, cut: Cut, film: Path
) -> None:
    timeline = studio.folder / "cut.otio"
    run(studio.folder, "export", f"{cut.id}", "--to", "otio", "--output", str(timeline))
    for target in (f"{cut.id}", str(film), str(timeline)):
        assert TOLD in run(studio.folder, "check", target).stderr, target
    assert TOLD not in run(studio.folder, "check", f"{cut.id}", "--no-decode").stderr


@pytest.mark.parametrize("words", [("export", "--to", "edl"), ("render",)])
def test_a_folder_that_is_made_for_what_is_written_is_told(
    studio: Any, cut: Cut, words: tuple[str, ...]
) -> None:
    command, *options = words
    output = studio.folder / "new" / "er" / "out.mp4"
    arguments = (command, f"{cut.id}", *options, "--output", str(output))
    told = f"made the folder {output.parent}"
    first = run(studio.folder, *arguments)
    assert first.exit_code == 0, first.output
    assert told in first.stderr
    assert told not in first.stdout
    assert told not in run(studio.folder, *arguments).stderr
