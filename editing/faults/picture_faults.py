"""Faults of the picture within a programme, from what was measured of each frame. Pure.

Every rule holds a frame against those around it, so that dark, pale, still and restless footage
are judged alike; the thresholds stand beside each rule.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from editing.faults.finding import Fault, Kind
from editing.faults.leaps import NEAREST
from editing.faults.picture_meter import PictureMeasures
from editing.faults.programme import Programme
from editing.faults.still_faults import NEAR_BLACK, still_faults
from editing.faults.wording import counted, runs
from ingest.media import Floats

FLASH_FRAMES = 3
_FLASH_STEP, _FLASH_RATIO, _FLASH_RETURN = 5.0, 3.0, 0.5
"""A flash changes the picture by so much of 255 and so many times the usual; what is left of the
change after it is no more than this share."""
_FLASH_CUT_STEP, _FLASH_CUT_RATIO = 12.0, 5.0
_OTHER_SETUP, _OTHER_STRUCTURE = 0.68, 0.5
"""The same where another picture comes after it than came before. It is then of neither shot: less
like both, by parts that may move and as a whole; what only moves fast is not."""

_BLACK_SPOT = 0.11
"""Brightness of the brightest of 64 by 36 fields of a black frame, 0 to 1."""
_ABRUPT_SHARE = 0.6
"""A picture is gone at once if its last frame has this share of its brightness yet."""

_DISPLACED_PEAK = 4.0
"""Where things have moved further and the picture changes so many times as much as just before and
after, it is a jump cut."""
COMBED, _COMBED_LEAST, _COMBED_RISE, _COMBED_EDGE = 0.1, 0.05, 2.0, 0.025
"""Share of the pixels of one tile that are combed; less is enough where it is so many times what it
is in the frames of the shot on both sides. Frames beside them are combed from the last on."""
_BESIDE = 4
"""Frames on either side of weak combing."""

BARS_STEP, _BARS_FILLED, _BARS_LEFT = 0.02, 0.2, 0.4
"""Bars come or go by so much of the side, with so much of the line behind them lit; and no more
than the last is left of the light that was there, which tells them from a fade."""
_BARS_WINDOW, _BARS_WIDEST = 8, 0.36
EXPOSURE_RATIO, _EXPOSURE_STEP = 0.06, 0.012
COLOUR_STEP = 0.012
_SAME_STRUCTURE = 0.88
_LEVEL_WINDOW, _LEVEL_RATIO, _LEVEL_ALONE = 5, 4.0, 1.7


def picture_faults(programme: Programme) -> list[Fault]:
    """All faults of the picture that its frames show, in order.

    Args:
        programme: With at least one frame.
    """
    seen = programme.pictures
    if len(seen) < 2:
        return []
    black = list(_black(programme))
    flashes = [f for f in _flashes(programme) if not _meets(f, black)]
    still = [f for f in still_faults(programme) if not _meets(f, black)]
    busy = [*black, *flashes, *still]
    bars = [f for f in _bars(programme) if not _meets(f, [*black, *flashes])]
    dropped = [f for f in _dropped(programme) if not _meets(f, [*busy, *bars], reach=2)]
    levels = [f for f in _level_steps(programme) if not _meets(f, [*busy, *bars], reach=2)]
    found = [*busy, *bars, *dropped, *levels, *_combing(programme)]
    return sorted(found, key=lambda fault: (fault.frame, fault.kind))


def usual(values: Floats, at: int, until: int, *, reach: int = 8) -> float:
    """Median of the `reach` values before frame `at` and from frame `until` on; 0 for none."""
    around = np.concatenate([values[max(0, at - reach) : at], values[until : until + reach]])
    known = around[np.isfinite(around)]
    return float(np.median(known)) if len(known) else 0.0


def _fault(
    programme: Programme,
    kind: Kind,
    span: tuple[int, int],
    measured: tuple[float, float, str],
    words: str,
) -> Fault:
    """A fault from its first frame and how many it has, and from value, threshold and unit."""
    (frame, frames), (value, threshold, unit) = span, measured
    piece = programme.piece_of(frame)
    return Fault(kind, piece, int(frame), float(value), threshold, unit, words, frames=int(frames))


def _meets(fault: Fault, others: list[Fault], *, reach: int = 1) -> bool:
    return any(
        fault.frame < other.frame + other.frames + reach
        and other.frame < fault.frame + fault.frames + reach
        for other in others
    )


def _flashes(programme: Programme) -> Iterator[Fault]:
    """A picture of 1 to 3 frames between others that it is not of."""
    seen = programme.pictures
    step = np.nan_to_num(seen["step_1"])
    at = 1
    while at < len(seen) - 1:
        found = next((k for k in range(1, FLASH_FRAMES + 1) if _is_flash(seen, step, at, k)), 0)
        if found:
            words = f"{counted(found, 'frame')} of another picture"
            yield _fault(programme, "flash", (at, found), (found, FLASH_FRAMES, "frames"), words)
        at += found + 1 if found else 1


def _is_flash(seen: PictureMeasures, step: Floats, at: int, frames: int) -> bool:
    end = at + frames
    if end >= len(seen):
        return False
    change = float(min(step[at], step[end]))
    if change < _FLASH_STEP or step[at + 1 : end].max(initial=0) > change / 2:
        return False
    around = max(usual(step, at, end + 1), 0.5)
    across = float(seen[f"step_{frames + 1}"][end])
    if across <= _FLASH_RETURN * change:
        return change >= _FLASH_RATIO * max(around, across / (frames + 1))
    alone = all(_is_other_shot(seen, i) for i in (at, end))
    return alone and change >= max(_FLASH_CUT_STEP, _FLASH_CUT_RATIO * around)


def _is_other_shot(seen: PictureMeasures, at: int) -> bool:
    """Whether a picture shows nothing of the one before it, wherever that might have moved."""
    setup, structure = (float(np.nan_to_num(seen[name][at])) for name in ("setup", "structure"))
    return setup < _OTHER_SETUP and structure < _OTHER_STRUCTURE


def _black(programme: Programme) -> Iterator[Fault]:
    """Black that comes and goes at once; what fades, begins or ends a programme is meant."""
    seen = programme.pictures
    luma = seen["luma"]
    dark = (luma < NEAR_BLACK) & (seen["brightest"] < _BLACK_SPOT)
    for start, end in runs(dark):
        if start == 0 or end == len(seen):
            continue
        before, after = luma[max(0, start - 6) : start], luma[end : end + 6]
        cut_off = before[-1] >= _ABRUPT_SHARE * np.median(before) and before[-1] > NEAR_BLACK
        comes_back = after[0] >= _ABRUPT_SHARE * np.median(after) and after[0] > NEAR_BLACK
        if cut_off and comes_back:
            words = f"{counted(end - start, 'black frame')} between pictures"
            value = float(luma[start:end].max())
            yield _fault(
                programme, "black", (start, end - start), (value, NEAR_BLACK, "of 1"), words
            )


def _dropped(programme: Programme) -> Iterator[Fault]:
    """Where an even motion jumps ahead by a frame or more."""
    seen = programme.pictures
    step = np.nan_to_num(seen["step_1"])
    beside = np.maximum(np.append(step[1:], 0), np.append(0, step[:-1]))
    ratio = np.nan_to_num(seen["displacement"])
    further = (ratio >= NEAREST) & (step < _DISPLACED_PEAK * beside)
    written = np.isfinite(seen["besides"])  # letters that come or go move nothing
    for start, end in runs(further & ~written):
        value = float(ratio[start:end].max())
        missing = max(1, round(value) - 1)
        words = f"about {counted(missing, 'frame')} missing: things jump {value:.1f} times as far"
        yield _fault(programme, "dropped", (start, 1), (value, NEAREST, "times"), words)


def _combing(programme: Programme) -> Iterator[Fault]:
    """Two moments in alternate rows: interlaced pictures in what is shown row after row."""
    comb = np.nan_to_num(programme.pictures["comb"])
    for start, end in runs(comb >= _COMBED_EDGE):
        value = float(comb[start:end].max())
        least = COMBED if value >= COMBED else _risen(programme, comb, start, end)
        if value >= least:
            words = f"{counted(end - start, 'frame')} with alternate rows of two moments"
            measured = (value, least, "of 1")
            yield _fault(programme, "combing", (start, end - start), measured, words)


def _risen(programme: Programme, comb: Floats, start: int, end: int) -> float:
    """From where on frames are combed that stand between others of their shot that are not.

    What is finely striped all the shot long is no fault, nor what is combed for one frame only: for
    those it is more than there can be.
    """
    first, stop = programme.piece(start)[0], programme.piece(end - 1)[1]
    beside = [comb[max(first, start - _BESIDE) : start], comb[end : min(stop, end + _BESIDE)]]
    lasting = int((comb[start:end] >= _COMBED_LEAST).sum()) > 1
    if not lasting or not all(len(side) >= _BESIDE for side in beside):
        return float("inf")
    return _COMBED_RISE * max(_COMBED_EDGE, *(float(np.median(side)) for side in beside))


def _bars(programme: Programme) -> Iterator[Fault]:
    """Where black bars come or go."""
    seen = programme.pictures
    pairs = ((0, "above and below", "rows"), (2, "at the sides", "columns"))
    for first, words, name in pairs:
        pair = seen.bars[:, first : first + 2]
        apart = np.abs(pair[:, 0] - pair[:, 1])
        depth = np.where(apart <= BARS_STEP, pair.min(axis=1), 0.0)
        depth = np.where(np.isfinite(apart) & (depth <= _BARS_WIDEST), depth, np.nan)
        filled = np.nan_to_num(seen[f"filled_{name}"])
        at_once = seen[f"left_{name}"] <= _BARS_LEFT
        for at, step in _bar_steps(depth, filled):
            if at_once[at]:
                sign = "come" if step > 0 else "go"
                told = f"black bars {words} {sign}: {abs(step):.0%} of the side each"
                yield _fault(programme, "bars step", (at, 1), (step, BARS_STEP, "of 1"), told)


def _bar_steps(depth: NDArray[np.floating], filled: Floats) -> Iterator[tuple[int, float]]:
    """Frames from which bars are there that were not, or the other way round."""
    for at in range(1, len(depth)):
        now, last = depth[at], depth[at - 1]
        if not abs(now - last) >= BARS_STEP:  # also where either is not known
            continue
        grows = now > last
        span = slice(at, at + _BARS_WINDOW) if grows else slice(max(0, at - _BARS_WINDOW), at)
        known = depth[span][np.isfinite(depth[span])]
        lit = filled[span]
        if len(known) < min(_BARS_WINDOW, 3) or float(np.median(lit)) < _BARS_FILLED:
            continue
        without = last if grows else now
        if known.min() - without >= BARS_STEP and known.max() - known.min() <= BARS_STEP:
            step = float(known.min() - without)
            yield at, step if grows else -step


def _level_steps(programme: Programme) -> Iterator[Fault]:
    """Where a picture goes on and its brightness or colour is another from one frame on."""
    seen = programme.pictures
    structure = np.nan_to_num(seen["structure"])
    looked_at: tuple[tuple[str, Kind], ...] = (
        *(("luma", "exposure step"), ("blue", "colour step"), ("red", "colour step")),
    )
    for name, kind in looked_at:
        values = seen[name].astype(np.float64)
        for at in range(2, len(seen) - 2):
            step = values[at] - values[at - 1]
            least = _EXPOSURE_STEP if kind == "exposure step" else COLOUR_STEP
            if abs(step) < least or structure[at] < _SAME_STRUCTURE:
                continue
            before = values[max(0, at - _LEVEL_WINDOW) : at]
            after = values[at : at + _LEVEL_WINDOW]
            lasting = float(np.median(after) - np.median(before))
            drift = max(float(np.abs(np.diff(part)).max(initial=0)) for part in (before, after))
            if (
                abs(lasting) < 0.7 * abs(step)
                or lasting * step < 0
                or abs(step) < _LEVEL_RATIO * drift
            ):
                continue
            if kind == "exposure step":
                if float(seen["step_1"][at]) > _LEVEL_ALONE * 255 * abs(step):
                    continue  # more than the light has changed
                share = lasting / max(float(np.median(before)), 0.02)
                if abs(share) >= EXPOSURE_RATIO:
                    words = f"the brightness changes by {share:+.0%} within a shot"
                    yield _fault(
                        programme,
                        "exposure step",
                        (at, 1),
                        (share, EXPOSURE_RATIO, "of itself"),
                        words,
                    )
            else:
                words = f"the colour changes by {lasting:+.3f} ({name}) within a shot"
                yield _fault(programme, kind, (at, 1), (lasting, COLOUR_STEP, "of 1"), words)
