"""How much memory ingest takes of a film of ten minutes and of one of three hours.

    python benchmarks/memory.py [--minutes 10 180] [--detector cascade]

A sample is joined to itself without being decoded until it lasts that long, and `reel ingest` takes
it as anybody would. Peaks are the kernel's own, of the process that reads the film and of the
largest of all; the total counts memory that processes share once (PSS) and is looked at every
quarter of a second. CPU seconds are those of all the processes together.
"""

import argparse
import ctypes
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_SECONDS = 0.25
MEBIBYTE = 1 << 20


@dataclass(slots=True)
class Cost:
    """What one run took."""

    largest: int = 0
    """Bytes; the peak of the process that took the most."""
    total: int = 0
    """Bytes; the peak of all the processes at one moment."""
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    status: int = 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--footage", type=Path, default=Path("data/sample/big_buck_bunny_first_half.mp4")
    )
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 180])
    parser.add_argument("--detector", nargs="+", default=["cascade"])
    options = parser.parse_args()
    header = ("film", "size", "detector", "largest process, MiB", "all processes, MiB", "CPU s")
    print("|", " | ".join((*header, "× real time")), "|")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for minutes in options.minutes:
            film = Path(folder) / f"{minutes:g}_minutes.mp4"
            frames, size = join_to_itself(options.footage, film, Fraction(minutes) * 60)
            for detector in options.detector:
                cost = measure(
                    [
                        *(sys.executable, "-m", "dashboard.cli", "ingest", "--quiet", str(film)),
                        *("--detector", detector, "--workspace", f"{folder}/{minutes}-{detector}"),
                    ]
                )
                if cost.status:
                    sys.exit(f"ingest of {film.name} ended with exit status {cost.status}")
                print(
                    f"| {minutes:g} min, {frames:,} frames | {size} | {detector} "
                    f"| {cost.largest / MEBIBYTE:.0f} | {cost.total / MEBIBYTE:.0f} "
                    f"| {cost.cpu_seconds:.0f} | {60 * minutes / cost.seconds:.1f} |",
                    flush=True,
                )
            film.unlink()


def join_to_itself(source: Path, target: Path, seconds: Fraction) -> tuple[int, str]:
    """Copy the packets of a film again and again, each time later; gives frames and size."""
    frames = 0
    with av.open(str(target), "w") as long:
        start = Fraction(0)
        streams: dict[str, Any] = {}
        while start < seconds:
            with av.open(str(source)) as film:
                picture, sound = film.streams.video[0], film.streams.audio[0]
                size = f"{picture.width}x{picture.height}"
                if not streams:
                    streams = {s.type: long.add_stream_from_template(s) for s in (picture, sound)}
                end = start
                for packet in film.demux(picture, sound):
                    if packet.dts is None or packet.pts is None or packet.duration is None:
                        continue
                    base = packet.time_base
                    if start + packet.pts * base >= seconds:
                        continue
                    if packet.stream is picture:
                        frames += 1
                        end = max(end, start + (packet.pts + packet.duration) * base)
                    shift = round(start / base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.type]
                    long.mux(packet)
            start = end
            if end >= seconds - Fraction(1, 10):
                break
    return frames, size


def measure(command: list[str]) -> Cost:
    """Run a command and all that it begins, and watch what they take until the last has ended."""
    # Processes that outlive their parent become ours, so that none goes uncounted.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    began, cost = time.monotonic(), Cost()
    main_process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            cost.total = max(cost.total, memory_of_session(main_process.pid))
            time.sleep(_LOOK_SECONDS)
            continue
        cost.largest = max(cost.largest, used.ru_maxrss * 1024)
        cost.cpu_seconds += used.ru_utime + used.ru_stime
        if pid == main_process.pid:
            cost.status = main_process.returncode = os.waitstatus_to_exitcode(status)
            cost.seconds = time.monotonic() - began
    return cost


def memory_of_session(session: int) -> int:
    """Bytes that the processes of a session hold, what several share counted once."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) == session:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, IndexError):
            continue  # it has ended
    return total * 1024


if __name__ == "__main__":
    main()
