"""Where a media file ought to end, by the structure of its own container.

Containers say how long their parts are; a part that reaches beyond the end of the file was cut off.
Only headers are read, and what is not understood says nothing: no format is parsed for its content.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MOST_PARTS = 4_000_000
"""Parts of a file that are looked at, before it is left at that."""
_TAIL = 512 << 10
"""Bytes at the end of a file in which its last page or packet is looked for."""

_MOST_INDEX = 1 << 20
"""Bytes that a segment index of 65,535 entries, the most there can be, does not come to."""

_FILM_BOXES = (b"mdat", b"moof", b"moov")

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_MATROSKA_NOTES = (0x1C53BB6B, 0x1254C367, 0x1941A469, 0x1043A770, 0xEC)
"""Cues, tags, attachments, chapters, and empty space."""
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d010201")


@dataclass(frozen=True, slots=True)
class CutOff:
    """A part of a file that reaches beyond the file's end."""

    reason: str
    """Which part, and by how much, in words."""
    pictures: bool = True
    """Whether pictures or sound may have been lost, or only an index or notes behind them."""


def cut_off_part(path: Path, container: str) -> CutOff | None:
    """Which part of the file at `path` reaches beyond its end; None if none is seen to.

    MP4 and MOV (boxes, and the segment index), Matroska and WebM (segment, clusters), AVI (the list
    `movi`), MXF (the footer), FLV (tags), ASF (the file's stated size), Ogg (pages), MPEG
    transport and program streams (a last packet that is cut in two), IVF (frames).

    Args:
        path: The file.
        container: FFmpeg's name of the format, or names with commas between them.
    """
    look = next((_LOOKS[name] for name in container.split(",") if name in _LOOKS), None)
    if look is None:
        return None
    with path.open("rb") as file:
        size = file.seek(0, 2)
        try:
            return look(file, size)
        except (struct.error, IndexError, ValueError):
            return None  # not built as its format says, so nothing can be told


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(max(0, at))
    return file.read(count)


def _beyond(what: str, end: int, size: int, *, pictures: bool = True) -> CutOff:
    count = end - size
    return CutOff(
        f"{what} ends {count:,} byte{'s' * (count != 1)} beyond the end of the file", pictures
    )


def fragment_seconds(path: Path) -> float | None:
    """How long a fragmented MP4 says it is in all (box `mehd`); None if it does not say."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        moov = next((box for box in _boxes(file, 0, size) if box[0] == b"moov"), None)
        if moov is None:
            return None
        scale = duration = 0
        for kind, start, end in _boxes(file, moov[1], min(moov[2], size)):
            if kind == b"mvhd":
                version = _read(file, start, 1)
                (scale,) = struct.unpack(
                    ">I", _read(file, start + (20 if version == b"\1" else 12), 4)
                )
            if kind == b"mvex":
                for inner, at, _ in _boxes(file, start, min(end, size)):
                    if inner == b"mehd":
                        wide = _read(file, at, 1) == b"\1"
                        form, width = (">Q", 8) if wide else (">I", 4)
                        (duration,) = struct.unpack(form, _read(file, at + 4, width))
    return duration / scale if scale and duration else None


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the content, and end of each box; the last may end beyond `end`."""
    for _ in range(_MOST_PARTS):
        head = _read(file, at, 16)
        if at + 8 > end or len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head[:8])
        start = at + 8
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack(">Q", head[8:])
            start = at + 16
        if length < start - at:  # 0: to the end of the file; else no box
            return
        yield kind, start, at + length
        at += length


def _look_mp4(file: BinaryIO, size: int) -> CutOff | None:
    for kind, start, end in _boxes(file, 0, size):
        if end > size:
            name = f"its box {kind.decode('latin-1')!r}"
            return _beyond(name, end, size, pictures=kind in _FILM_BOXES)
        if kind == b"sidx":
            listed = end + _segment_bytes(_read(file, start, min(end - start, _MOST_INDEX)))
            if listed > size:
                return _beyond("the last segment that its index lists", listed, size)
    return None


def _segment_bytes(sidx: bytes) -> int:
    """Bytes that a segment index speaks of, from its own end on (ISO/IEC 14496-12, 8.16.3)."""
    wide = sidx[0] == 1
    (first,) = struct.unpack_from(">Q" if wide else ">I", sidx, 20 if wide else 16)
    at = 28 if wide else 20
    (count,) = struct.unpack_from(">H", sidx, at + 2)
    total = int(first)
    for number in range(count):
        total += int(struct.unpack_from(">I", sidx, at + 4 + 12 * number)[0]) & 0x7FFFFFFF
    return total


def _look_matroska(file: BinaryIO, size: int) -> CutOff | None:
    at = segment_end = 0
    for _ in range(_MOST_PARTS):
        if at >= size:
            break
        head = _read(file, at, 12)
        kind_bytes = _vint_bytes(head[0], 4)
        length_bytes = _vint_bytes(head[kind_bytes], 8) if len(head) > kind_bytes else 8
        start = at + kind_bytes + length_bytes
        kind = int.from_bytes(head[:kind_bytes])
        if start > size:
            return _beyond("its last element", start, size)
        mask = (1 << 7 * length_bytes) - 1
        length = int.from_bytes(head[kind_bytes : kind_bytes + length_bytes]) & mask
        known = length != mask
        if kind == _SEGMENT or (kind == _CLUSTER and not known):  # what is in it follows
            segment_end = start + length if kind == _SEGMENT and known else segment_end
            length = 0
        elif not known:
            return None
        elif start + length > size:
            name = "its last cluster" if kind == _CLUSTER else "its last element"
            return _beyond(name, start + length, size, pictures=kind not in _MATROSKA_NOTES)
        at = start + length
    return _beyond("its segment", segment_end, size) if segment_end > size else None


def _vint_bytes(first: int, most: int) -> int:
    """How many bytes a variable-size integer has, by its first byte (RFC 8794, 4)."""
    count = 9 - first.bit_length()
    if count > most:
        raise ValueError(f"no element begins with {first:#x}")
    return count


def _look_avi(file: BinaryIO, size: int) -> CutOff | None:
    at = 0
    for _ in range(_MOST_PARTS):
        head = _read(file, at, 12)
        if len(head) < 8:
            return None
        kind, length = struct.unpack("<4sI", head[:8])
        if kind == b"RIFF":
            at += 12
            continue
        end = at + 8 + length
        if kind == b"LIST" and head[8:] == b"movi" and end > size:
            return _beyond("its list of pictures and sounds", end, size)
        if not kind.isascii() or (kind == b"LIST" and length == 0):
            return None
        at = end + length % 2
    return None


def _look_flv(file: BinaryIO, size: int) -> CutOff | None:
    """Each tag is followed by its size; where the last does not fit, tags are walked to be sure."""
    (last,) = struct.unpack(">I", _read(file, size - 4, 4))
    if 11 <= last <= size - 13:
        head = _read(file, size - 4 - last, 4)
        if int.from_bytes(head[1:4]) == last - 11:
            return None
    (at,) = struct.unpack(">I", _read(file, 5, 4))
    at += 4
    for _ in range(_MOST_PARTS):
        head = _read(file, at, 4)
        if not head or head[0] & 0x1F not in (8, 9, 18):
            return None
        end = at + 11 + int.from_bytes(head[1:4]) + 4
        if len(head) < 4 or end > size:
            return _beyond("its last tag", max(end, size + 1), size)
        at = end
    return None


def _look_asf(file: BinaryIO, size: int) -> CutOff | None:
    head = _read(file, 0, 30)
    if head[:16] != _ASF_HEADER:
        return None
    header = _read(file, 30, min(struct.unpack("<Q", head[16:24])[0], _TAIL))
    at = header.index(_ASF_FILE)
    (stated,) = struct.unpack_from("<Q", header, at + 40)
    (flags,) = struct.unpack_from("<I", header, at + 88)
    broadcast = bool(flags & 1)  # then the size is not valid
    return None if broadcast or stated <= size else _beyond("what its header states", stated, size)


def _look_ogg(file: BinaryIO, size: int) -> CutOff | None:
    start = max(0, size - _TAIL)
    tail = _read(file, start, _TAIL)
    at = tail.rfind(b"OggS\0")
    if at < 0:
        return None
    segments = tail[at + 27 : at + 27 + tail[at + 26]] if at + 26 < len(tail) else b""
    whole = at + 26 < len(tail) and len(segments) == tail[at + 26]
    end = start + at + 27 + len(segments) + sum(segments)
    return _beyond("its last page", max(end, size + 1), size) if not whole or end > size else None


def _look_ts(file: BinaryIO, size: int) -> CutOff | None:
    head = _read(file, 0, 8 * 204)
    for length in (188, 192, 204):
        for first in range(length):
            if all(head[first + n * length : first + n * length + 1] == b"G" for n in range(5)):
                rest = (size - first) % length
                begun = _read(file, size - rest, 1) if rest else b""
                if 0 < rest < 188 and begun == b"G":
                    return _beyond("its last packet", size - rest + 188, size)
                return None
    return None


def _look_ps(file: BinaryIO, size: int) -> CutOff | None:
    """The last packets, from a pack header on; a PES packet states its length."""
    start = max(0, size - _TAIL)
    tail = _read(file, start, _TAIL)
    at = tail.find(b"\0\0\1\xba")
    while 0 <= at < len(tail):
        if tail[at : at + 3] != b"\0\0\1" or at + 3 >= len(tail):
            return None
        code = tail[at + 3]
        if code == 0xB9:
            at += 4
        elif code == 0xBA:
            at += 14 + (tail[at + 13] & 7) if tail[at + 4] >> 6 == 1 else 12
        elif code >= 0xBB:
            at += 6 + struct.unpack_from(">H", tail, at + 4)[0]
        else:
            return None
    return _beyond("its last packet", start + at, size) if at > len(tail) else None


def _look_ivf(file: BinaryIO, size: int) -> CutOff | None:
    (stated,) = struct.unpack("<I", _read(file, 24, 4))  # frames; 0 where it was not known
    at, frames = 32, 0
    while at < size and frames < _MOST_PARTS:
        head = _read(file, at, 12)
        end = at + 12 + int.from_bytes(head[:4], "little")
        if len(head) < 12 or end > size:
            return _beyond("its last frame", max(end, size + 1), size)
        at, frames = end, frames + 1
    if frames < stated < _MOST_PARTS:
        return CutOff(f"its header counts {stated:,} frames, and {frames:,} are there")
    return None


def _look_mxf(file: BinaryIO, size: int) -> CutOff | None:
    head = _read(file, 0, 66_000)
    at = head.index(_MXF_PARTITION)
    value = at + 17 + (head[at + 16] & 0x7F if head[at + 16] & 0x80 else 0)
    (footer,) = struct.unpack_from(">Q", head, value + 24)
    return _beyond("its footer", footer + 1, size) if footer >= size else None


_LOOKS: dict[str, Callable[[BinaryIO, int], CutOff | None]] = {
    **dict.fromkeys(("mov", "mp4"), _look_mp4),
    **dict.fromkeys(("matroska", "webm"), _look_matroska),
    **{"avi": _look_avi, "flv": _look_flv, "asf": _look_asf, "ogg": _look_ogg},
    **{"mpegts": _look_ts, "mpeg": _look_ps, "mxf": _look_mxf, "ivf": _look_ivf},
}
