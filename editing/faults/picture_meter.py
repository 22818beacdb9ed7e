"""What the search for faults keeps of each picture of a programme: some twenty numbers.

A programme is what is seen from its first frame to its last: a cut slot after slot, or a file.
Pictures are looked at 256 pixels wide, but for combing, which only the stored rows show; a few are
held to be compared with the next ones, so memory is bounded whatever the length.
"""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from editing.faults.bars import Bars, bars_of, left_over
from editing.faults.features import agreeing_features
from editing.faults.leaps import BESIDE, displacement_ratio
from editing.faults.likeness import setup_likeness, steadiness
from editing.faults.pauses import WINDOW, changed_fields, pause_before
from editing.faults.written import besides_letters
from ingest.growing import GrowingArray
from ingest.letterbox import BAR_MEASURES
from ingest.media import Floats
from ingest.scaling import FrameScaler

Picture = NDArray[np.uint8]

LAGS = 4
"""A picture is compared with the four before it, so that one that comes back is known."""
COLUMNS = (
    *("luma", "brightest", "blue", "red"),
    *("step_1", "step_2", "step_3", "step_4"),
    *("fine", "block", "structure", "setup", "agreeing", "besides"),
    *("displacement", "steady", "paused", "paused_share", "comb"),
    *(*BAR_MEASURES, "filled_rows", "filled_columns", "left_rows", "left_columns"),
)
_TINY = (64, 36)
_PLANAR = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray")
_COMB_COLUMNS, _COMB_TILES = 240, (12, 12)
_COMB_LEVEL = 6
"""Of 255: rows that differ by less from both neighbours are not combed."""
_STARTLED, _STARTLED_STEP, _STARTLED_BLOCK = 1.7, 0.5, 15.0
"""A change of so many times the usual one, and so much, is looked at more closely."""
_SURE_SETUP = 0.85
"""Likeness by parts from which on nobody has to look for features that agree."""
_HELD = 0.4
"""Where a picture changes by less than this share of the change before, that one is looked at."""
_FURTHER, _FURTHER_LEAST = 1.2, 0.3
"""Where a picture changes by so many times as much as before and after, and so much of 255, things
may have moved further."""
_PAUSED, _PAUSED_BLOCK, _GOES_ON_BLOCK = 0.8, 0.7, 3.0
"""Where a picture changes by less than these shares of the change after, in the mean and in the
field that changes most, and the latter then by so much of 255, a pause may have ended."""


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """What was kept of every frame; distances are mean absolute differences, 0 to 255."""

    rows: Floats
    """`(frames, COLUMNS)`.

    - `luma`, `brightest`: mean, and brightest of 64 by 36 fields, 0 to 1.
    - `blue`, `red`: mean of the chroma, -0.5 to 0.5.
    - `step_k`: distance from the picture `k` frames before, of 64 by 36 fields in colour; NaN in
      the first frames.
    - `fine`, `block`: distance from the picture before at 256 pixels, of all and of the field of 8
      by 8 that changed most.
    - `structure`: correlation with the picture before, -1 to 1.
    - `setup`: how like the picture before it is if its parts may move, -1 to 1; NaN where nothing
      stands out.
    - `agreeing`: how many local features of both agree on one move of the camera; NaN where nothing
      stands out, the parts are alike anyhow, or there are too few.
    - `besides`: as `block`, of the fields beside letters that came or went; NaN where none did, or
      nothing stands out.
    - `displacement`: how far things moved since the frame before, by how far they move in the
      frames around; NaN where nothing stands out or moves.
    - `steady`: how like what changed just before is to what changed two frames earlier, -1 to 1:
      near 1 in a fade or dissolve; NaN but where a picture is held.
    - `paused`, `paused_share`: at the first of up to four frames that show the picture before them
      again, how many they are, and how much moves in them by what does beside them; else NaN.
    - `comb`: share of the pixels whose row differs from both neighbours as fields apart do, in the
      one of 12 by 12 tiles that has most of them.
    - `bar_top`, …: black bars as shares of the side; NaN for a picture that is all black.
    - `filled_rows`, `filled_columns`: which share of the line behind a pair of bars is lit.
    - `left_rows`, `left_columns`: what is left of the light where such a pair came or went since
      the frame before, 0 to 1; NaN where it is as deep as it was.
    """

    def __getitem__(self, name: str) -> Floats:
        """One of `COLUMNS`, `(frames,)`."""
        column: Floats = self.rows[:, COLUMNS.index(name)]
        return column

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def bars(self) -> Floats:
        """`(frames, 4)`: top, bottom, left, right."""
        first = COLUMNS.index(BAR_MEASURES[0])
        bars: Floats = self.rows[:, first : first + 4]
        return bars


@dataclass(slots=True)
class _Seen:
    """One picture in the sizes that it is compared in."""

    tiny: Picture
    tiny_grey: Picture
    grey: Picture
    bars: Bars | None
    changes: Floats
    """`changed_fields` since the picture before it."""


class PictureMeter:
    """Takes the pictures of a programme in order."""

    def __init__(self) -> None:
        self._rows: GrowingArray[np.float32] = GrowingArray(np.float32)
        self._scalers: dict[tuple[int, int, str], FrameScaler] = {}
        self._size: tuple[int, int] | None = None
        self._comb = CombMeter()
        self._seen: deque[_Seen] = deque(maxlen=WINDOW)
        self._steps: deque[float] = deque(maxlen=12)
        self._blocks: deque[float] = deque(maxlen=12)

    @property
    def frames(self) -> int:
        """How many pictures were taken."""
        return len(self._rows) // len(COLUMNS)

    def push(self, frame: VideoFrame, *, join: bool = False) -> None:
        """Take the next picture; `join` where it is known to begin another piece."""
        now = self._look(frame)
        grey, tiny_grey = now.grey, now.tiny_grey
        ycc = cv2.cvtColor(now.tiny, cv2.COLOR_RGB2YCrCb).reshape(-1, 3).mean(axis=0) / 255
        row = dict.fromkeys(COLUMNS, float("nan"))
        row |= {"luma": float(grey.mean()) / 255, "brightest": float(tiny_grey.max()) / 255}
        row |= {"red": ycc[1] - 0.5, "blue": ycc[2] - 0.5, "comb": self._comb.measure(frame)}
        for lag, other in enumerate(self._last(LAGS)[::-1], start=1):
            row[f"step_{lag}"] = cv2.norm(now.tiny, other.tiny, cv2.NORM_L1) / now.tiny.size
        if self._seen:
            row |= self._compare(now, self._seen[-1], row["step_1"], join=join)
        if now.bars is not None:
            row |= dict(zip(BAR_MEASURES, now.bars.shares(grey), strict=True))
            row |= dict(zip(("filled_rows", "filled_columns"), now.bars.filled, strict=True))
        self._rows.extend([row[name] for name in COLUMNS])
        self._steps.append(row["step_1"])
        self._seen.append(now)
        self._look_for_leap()
        self._look_for_pause()

    def finish(self) -> PictureMeasures:
        """All that was kept."""
        return PictureMeasures(self._rows.values.reshape(-1, len(COLUMNS)))

    def _look(self, frame: VideoFrame) -> _Seen:
        key = (frame.width, frame.height, frame.format.name)
        if key not in self._scalers:
            self._scalers = {key: FrameScaler()}
        small = self._scalers[key].small(frame)
        size = (small.shape[1], small.shape[0])
        self._size = self._size or size
        if size != self._size:
            small = np.asarray(cv2.resize(small, self._size, interpolation=cv2.INTER_AREA))
        tiny = cv2.resize(small, _TINY, interpolation=cv2.INTER_AREA)
        grey, tiny_grey = (
            np.asarray(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), np.uint8) for p in (small, tiny)
        )
        changes = changed_fields(self._seen[-1].grey if self._seen else grey, grey)
        return _Seen(np.asarray(tiny), tiny_grey, grey, bars_of(grey), changes)

    def _compare(self, now: _Seen, last: _Seen, step: float, *, join: bool) -> dict[str, float]:
        """The columns that tell of the change since the picture before."""
        fine = cv2.norm(now.grey, last.grey, cv2.NORM_L1) / now.grey.size
        found = {"fine": fine, "block": float(now.changes.max())}
        match = cv2.matchTemplate(now.tiny_grey, last.tiny_grey, cv2.TM_CCOEFF_NORMED)
        found["structure"] = float(np.clip(np.nan_to_num(match[0, 0]), -1, 1))
        startled = (
            step > max(_STARTLED_STEP, _STARTLED * _usual(self._steps)),
            found["block"] > max(_STARTLED_BLOCK, _STARTLED * _usual(self._blocks)),
        )
        if join or any(startled):
            found["setup"] = setup_likeness(last.grey, now.grey)
            found["besides"] = besides_letters(last.grey, now.grey)
            if not found["setup"] >= _SURE_SETUP:
                found["agreeing"] = agreeing_features(last.grey, now.grey)
        if len(self._seen) >= LAGS and found["block"] <= _HELD * self._blocks[-1]:
            found["steady"] = steadiness([seen.grey for seen in self._last(LAGS)])
        if now.bars is not None and last.bars is not None:
            for name, sides in (("left_rows", False), ("left_columns", True)):
                found[name] = left_over(last.grey, now.grey, last.bars, now.bars, sides=sides)
        self._blocks.append(found["block"])
        return found

    def _look_for_leap(self) -> None:
        """Tell how far things had moved two frames before this one, if that stood out."""
        seen, after = self._last(sum(BESIDE) + 1), BESIDE[1]
        if len(seen) <= sum(BESIDE):
            return
        change = [float(one.changes.mean()) for one in seen]
        beside = max(np.median(change[-after - 4 : -after - 1]), np.median(change[-after:]))
        if change[-after - 1] > max(_FURTHER * beside, _FURTHER_LEAST):
            self._tell(after, displacement=displacement_ratio([one.grey for one in seen]))

    def _look_for_pause(self) -> None:
        """Tell of a pause that the frame before this one ended."""
        if len(self._seen) < LAGS:
            return
        held, after = (self._seen[at].changes for at in (-3, -2))
        paused = held.mean() <= _PAUSED * after.mean() and held.max() <= _PAUSED_BLOCK * after.max()
        if not paused or after.max() < _GOES_ON_BLOCK:
            return
        seen = self._last(WINDOW)
        pause = pause_before([one.grey for one in seen], [one.changes for one in seen])
        if pause is not None:
            self._tell(1 + pause.frames, paused=pause.frames, paused_share=pause.share)

    def _last(self, count: int) -> list[_Seen]:
        return list(self._seen)[-count:]

    def _tell(self, back: int, **values: float) -> None:
        """Put values into the row of the frame so many before the last one."""
        for name, value in values.items():
            place = (self.frames - 1 - back) * len(COLUMNS) + COLUMNS.index(name)
            self._rows.values[place] = value


def _usual(values: deque[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else 0.0


class CombMeter:
    """Tells how much of a picture shows two moments in alternate rows."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def measure(self, frame: VideoFrame) -> float:
        """The share of the pixels that are combed, less what texture makes, of the worst tile.

        A row of the other field differs from both of its neighbours to the same side, but not from
        the rows two away, which are of its own field; a texture does both. 0 to 1.
        """
        luma = self._luma(frame)
        apart = max(1, luma.shape[1] // _COMB_COLUMNS)
        rows = luma[:, ::apart].astype(np.int16)
        if len(rows) < 16:
            return 0.0
        middle = rows[2:-2]
        near = _between(middle, rows[1:-3], rows[3:-1])
        far = _between(middle, rows[:-4], rows[4:])
        excess = (near & ~far).astype(np.float32) - (far & ~near).astype(np.float32)
        tiles = cv2.resize(excess, _COMB_TILES, interpolation=cv2.INTER_AREA)
        return max(0.0, float(tiles.max()))

    def _luma(self, frame: VideoFrame) -> Picture:
        if frame.format.name not in _PLANAR:
            frame = self._reformatter.reformat(frame, format="gray")
        plane = frame.planes[0]
        stored = np.frombuffer(memoryview(plane), np.uint8)
        rows = stored.reshape(plane.height, plane.line_size)
        return np.asarray(rows[:, : plane.width])


def _between(
    row: NDArray[np.int16], above: NDArray[np.int16], below: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Where a row is brighter than both others, or darker than both, by the level of combing."""
    lower = np.minimum(row - above, row - below)
    upper = np.maximum(row - above, row - below)
    return np.asarray((lower > _COMB_LEVEL) | (upper < -_COMB_LEVEL))
