import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.cut import Brief
from editing.cut_store import create_cut

SRT = "1\n00:00:00,250 --> 00:00:00,750\nHello\n"


@pytest.fixture
def cut(studio: Any) -> str:
    rng = np.random.default_rng(1)
    sound = 0.1 * np.convolve(rng.normal(size=4 * 48_000), np.ones(24) / 24, "same")
    media = studio.film("film.mov", 96, size=(320, 180), sound=sound)
    brief = Brief("trailer", 40, 1, 40, Fraction(1), 1.0)
    slots = (studio.slot(media, 5, 25), studio.slot(media, 60, 80))
    made = create_cut(
        studio.catalog,
        *(media,),
        **{"name": "A cut", "brief": brief, "slots": slots, "ranker": "linear 1", "author": "t"},
    )
    return str(made.id)


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(reel, [*words, "--workspace", str(folder / "workspace"), "--quiet"])


def test_what_is_rendered_by_a_delivery_file_is_verified_by_the_same(
    tmp_path: Path, cut: str
) -> None:
    (tmp_path / "words.srt").write_text(SRT)
    (tmp_path / "delivery.toml").write_text(
        'loudness = "r128"\nfade_out = 0.25\n[captions]\nfile = "words.srt"\n'
        '[leader]\nseconds = 0.5\ndate = "today"\n'
    )
    delivery = ("--delivery", str(tmp_path / "delivery.toml"))
    output = tmp_path / "out.mp4"
    made = run(tmp_path, "render", cut, "--output", str(output), *delivery)
    assert made.exit_code == 0, made.output
    assert "52 frames, 320x180, 48000 Hz sound at -23.0 LUFS" in made.stdout
    right = run(tmp_path, "verify", str(output), "--against", cut, *delivery, "--format", "json")
    assert right.exit_code == 0, right.output
    document = json.loads(right.stdout)
    assert document["passed"]
    assert (document["frames"], document["joins"]) == (52, 2)
    wrong = run(tmp_path, "verify", str(output), "--against", cut)
    assert wrong.exit_code == 1
    failed = [line.split()[1] for line in wrong.stdout.splitlines() if line.startswith("FAIL")]
    assert {"frame", "joins"} <= set(failed)


def test_options_go_before_the_delivery_file(tmp_path: Path, cut: str) -> None:
    (tmp_path / "delivery.toml").write_text("height = 90\n")
    made = run(
        *(tmp_path, "render", cut, "--output", str(tmp_path / "out.mp4"), "--format", "json"),
        *("--delivery", str(tmp_path / "delivery.toml"), "--height", "60", "--aspect", "1:1"),
    )
    assert made.exit_code == 0, made.output
    document = json.loads(made.stdout)
    assert (document["width"], document["height"], document["frames"]) == (60, 60, 40)


def test_a_render_that_is_interrupted_leaves_nothing(
    tmp_path: Path, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = iter([False] * 10 + [True] * 10)
    monkeypatch.setattr("dashboard.interrupts.Interrupts.asked", lambda self: next(asked))
    output = tmp_path / "renders" / "out.mp4"
    stopped = run(tmp_path, "render", cut, "--output", str(output))
    assert stopped.exit_code == 1
    assert list(output.parent.iterdir()) == []


def test_a_render_under_a_name_of_another_format_is_wrong_use(tmp_path: Path, cut: str) -> None:
    found = run(tmp_path, "render", cut, "--output", str(tmp_path / "trailer.mov"))
    assert found.exit_code == 2
    assert "a render is an MP4, and 'trailer.mov' does not end as one; say trailer.mp4" in " ".join(
        found.output.split()
    )
    assert not (tmp_path / "trailer.mov").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--burn",), "--burn, --captions-of and --language are for --captions"),
        (("--music-gain", "3"), "--music-gain is for --music"),
        (("--fade-in", "-1"), "is not a number above 0"),
        (("--height", "7"), "not in the range"),
    ],
)
def test_options_that_make_no_delivery_are_wrong_use(
    tmp_path: Path, cut: str, words: tuple[str, ...], message: str
) -> None:
    found = run(tmp_path, "render", cut, "--output", str(tmp_path / "out.mp4"), *words)
    assert found.exit_code == 2
    assert message in found.output
    assert not (tmp_path / "out.mp4").exists()
