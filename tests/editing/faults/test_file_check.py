"""Faults drawn into small films by hand are found at their very frame, and in clean ones none."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from editing.faults.file_check import CheckedFile, check_file
from ingest.errors import UnreadableMedia

from .conftest import FRAMES, HEIGHT, RATE, SAMPLE_RATE, Pictures, drifting, hum

AT = 30
Writer = Callable[..., Path]


def told(checked: CheckedFile) -> list[tuple[str, int]]:
    return [(fault.kind, fault.frame) for fault in checked.faults]


def flash(pictures: Pictures) -> None:
    pictures[AT : AT + 2] = drifting(2, seed=9)


def black(pictures: Pictures) -> None:
    pictures[AT : AT + 4] = [np.zeros_like(pictures[0])] * 4


def freeze(pictures: Pictures) -> None:
    pictures[AT : AT + 14] = [pictures[AT - 1]] * 14


def duplicate(pictures: Pictures) -> None:
    pictures[AT] = pictures[AT - 1]


def dropped(pictures: Pictures) -> None:
    pictures[AT:] = [*pictures[AT + 1 :], *drifting(1, start=2 * FRAMES)]


def jump(pictures: Pictures) -> None:
    """A still set with something that stands elsewhere from frame 30 on."""
    for number, picture in enumerate(pictures):
        picture[:] = drifting(1)[0]
        left = (20 if number < AT else 110) + number % 2
        cv2.rectangle(picture, (left, 30), (left + 40, 100), 240, -1)


def combing(pictures: Pictures) -> None:
    whole = [picture.copy() for picture in pictures]
    for number in range(AT, AT + 6):
        pictures[number][1::2] = whole[number + 2][1::2]


def bars(pictures: Pictures) -> None:
    for picture in pictures[AT:]:
        picture[: HEIGHT // 8] = picture[-HEIGHT // 8 :] = 0


def brighter(pictures: Pictures) -> None:
    for picture in pictures[AT:]:
        picture[:] = np.clip(picture * 1.2, 0, 255)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (flash, "flash"),
        (black, "black"),
        (freeze, "freeze"),
        (duplicate, "duplicate"),
        (dropped, "dropped"),
        (jump, "jump cut"),
        (combing, "combing"),
        (bars, "bars step"),
        (brighter, "exposure step"),
    ],
)
def test_a_fault_of_the_picture_is_found_at_its_frame(
    write_pictures: Writer, make: Callable[[Pictures], None], kind: str
) -> None:
    pictures = drifting()
    make(pictures)
    checked = check_file(write_pictures(pictures))
    assert (kind, AT) in told(checked)
    assert {k for k, _ in told(checked)} <= {kind, "dropped"}  # what is held then jumps ahead
    fault = next(fault for fault in checked.faults if fault.kind == kind)
    assert fault.remedy
    assert fault.unit
    assert checked.clock.timecode(fault.frame) == "00:00:01:06"


def test_a_clean_film_has_no_fault_and_a_cut_in_it_is_none(write_pictures: Writer) -> None:
    pictures = [*drifting(30), *drifting(30, seed=2, spot=12)]
    checked = check_file(write_pictures(pictures, hum()))
    assert told(checked) == []
    assert checked.joins == (30,)


SAMPLE = AT * SAMPLE_RATE // RATE + 500


def click(sound: np.ndarray) -> None:
    sound[SAMPLE : SAMPLE + 2] += 0.7


def dropout(sound: np.ndarray) -> None:
    sound[SAMPLE : SAMPLE + SAMPLE_RATE // 50] = 0


def clipping(sound: np.ndarray) -> None:
    piece = sound[SAMPLE : SAMPLE + 6000]
    piece[:] = np.clip(piece * 40, -1, 1)


def silence(sound: np.ndarray) -> None:
    sound[SAMPLE : SAMPLE + 55_000] = 0


@pytest.mark.parametrize(
    ("make", "kind"),
    [(click, "click"), (dropout, "dropout"), (clipping, "clipping"), (silence, "silence")],
)
def test_a_fault_of_the_sound_is_found_at_its_frame(
    write_pictures: Writer, make: Callable[[np.ndarray], None], kind: str
) -> None:
    sound = hum()
    make(sound)
    assert told(check_file(write_pictures(drifting(), sound))) == [(kind, AT)]


def test_the_sound_that_jumps_at_a_join_is_told_there(write_pictures: Writer) -> None:
    sound = hum()
    sound[AT * SAMPLE_RATE // RATE :] *= 0.1  # -20 dB
    checked = check_file(write_pictures([*drifting(30), *drifting(30, seed=2, spot=12)], sound))
    assert ("loudness step", AT) in told(checked)
    (fault,) = [fault for fault in checked.faults if fault.kind == "loudness step"]
    assert fault.value == pytest.approx(-20, abs=1)


def test_sound_that_ends_early_is_told(write_pictures: Writer) -> None:
    checked = check_file(write_pictures(drifting(), hum(48)))
    assert ("length", FRAMES - 1) in told(checked)
    fault = next(fault for fault in checked.faults if fault.kind == "length")
    assert fault.value == pytest.approx(-0.5, abs=0.01)


def test_what_is_no_media_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("no film")
    with pytest.raises(UnreadableMedia):
        check_file(text)


def test_the_command_tells_a_file_that_is_in_no_catalogue(
    write_pictures: Writer, tmp_path: Path
) -> None:
    pictures = drifting()
    flash(pictures)
    words = ["check", str(write_pictures(pictures)), "-w", str(tmp_path / "ws"), "-q"]
    result = CliRunner().invoke(reel, [*words, "--format", "json"])
    assert result.exit_code == 1, result.output
    (fault,) = json.loads(result.stdout)
    assert (fault["kind"], fault["frame"], fault["timecode"]) == ("flash", AT, "00:00:01:06")
    assert {"value", "threshold", "unit", "severity", "repair", "words"} <= fault.keys()
