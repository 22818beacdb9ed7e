"""What one file may use of the machine: limits that the kernel keeps, set in a child process.

A file from outside can ask for any amount of memory or time; whoever asks for too much fails alone.
"""

import ctypes
import errno
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

GIBIBYTE = 1 << 30

_THREAD_BYTES = 72 << 20
"""Addresses that a thread takes without using them: glibc's arena of 64 MiB and a stack of 8."""
_GRACE_SECONDS = 5
"""CPU seconds between the signal that ends a process by name and the one that always ends it."""
_PR_SET_PDEATHSIG = 1
_OUT_OF_MEMORY = (
    "can't allocate memory",
    "Insufficient memory",
    "can't start new thread",
    "Resource temporarily unavailable",
)
"""How torch, OpenCV, Python and OpenVINO say that an allocation, or a thread's stack, failed,
beside `MemoryError`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may use."""

    seconds: float = 6 * 3600
    """Of the clock; and as many seconds of each processor."""
    memory: int = 6 * GIBIBYTE
    """Bytes beyond what the process has when it begins."""
    file_bytes: int = 16 * GIBIBYTE
    """The largest file that may be written."""

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.memory <= 0 or self.file_bytes <= 0:
            raise ValueError(f"limits must be positive, got {self}")


DEFAULT_LIMITS = Limits()


def apply_limits(limits: Limits) -> None:
    """Bind this process to `limits`, for good; it dumps no core."""
    processors = os.cpu_count() or 1
    addresses, data = _bytes_in_use()
    cpu_seconds = int(limits.seconds * processors) + 1
    _lower(resource.RLIMIT_DATA, data + limits.memory)
    _lower(resource.RLIMIT_AS, addresses + limits.memory + 2 * processors * _THREAD_BYTES)
    _lower(resource.RLIMIT_CPU, cpu_seconds, _GRACE_SECONDS)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_CORE, 0)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, so that no orphan works on."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def explain_error(error: BaseException, limits: Limits) -> str | None:
    """For people: which limit this exception comes from; None if from none."""
    if isinstance(error, MemoryError) or any(text in str(error) for text in _OUT_OF_MEMORY):
        size = limits.memory / GIBIBYTE
        return f"it needs more memory than the limit of {size:g} GiB (see --memory)"
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return _too_large(limits)
    return None


def explain_exit(code: int | None, limits: Limits) -> str:
    """For people: how a process ended that said nothing, by its exit code."""
    if code is None or code >= 0:
        return f"its process died (exit status {code})"
    if -code == signal.SIGXCPU:
        return f"it used more CPU time than {limits.seconds:g} s of each processor (see --timeout)"
    if -code == signal.SIGXFSZ:
        return _too_large(limits)
    return f"its process died (killed by signal {-code})"


def _too_large(limits: Limits) -> str:
    return f"it made a file larger than the limit of {limits.file_bytes / GIBIBYTE:g} GiB"


def _bytes_in_use() -> tuple[int, int]:
    """How much this process has: of addresses in all, and of memory of its own."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(pages[0]) * resource.getpagesize(), int(pages[5]) * resource.getpagesize()


def _lower(kind: int, value: int, grace: int = 0) -> None:
    hard = resource.getrlimit(kind)[1]
    most = value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)
    resource.setrlimit(kind, (min(value, most), most))
