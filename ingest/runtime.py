"""Networks on OpenVINO where it is installed, else on torch: the same numbers, for less.

A network is converted once and kept in the user's cache folder, under a name that tells its own
version and OpenVINO's. `REELROOM_RUNTIME=torch` or `openvino` decides; otherwise OpenVINO is taken
if it is there and the cache can be written. A film's networks run on one thread: cores are for
films (`reel ingest --jobs`).
"""

import functools
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import EngineUnavailable
from ingest.quantisation import quantise

RUNTIMES = ("openvino", "torch")
VARIABLE = "REELROOM_RUNTIME"

_MARK, _LEFT_SECONDS = "-converting-", 3600
"""What the folder of a conversion under way is called by, and when it is none any more."""

_DIGEST = "network.sha256"

Compiled = Callable[..., tuple[NDArray[np.float32], ...]]
"""Takes a batch, and what else the network takes; gives its outputs."""


def chosen_runtime() -> str:
    """One of `RUNTIMES`.

    Raises:
        EngineUnavailable: The environment asks for one that there is not.
    """
    wanted = os.environ.get(VARIABLE, "")
    installed = find_spec("openvino") is not None
    if not wanted:
        return "openvino" if installed and _cache_error() is None else "torch"
    if wanted not in RUNTIMES:
        advice = f"Set {VARIABLE} to one of {', '.join(RUNTIMES)}, or to nothing."
        raise EngineUnavailable(wanted, "there is no such runtime for networks", advice)
    if wanted == "openvino" and not installed:
        advice = "Install it: pip install 'reelroom[openvino]'"
        raise EngineUnavailable(wanted, "it is not installed", advice)
    if wanted == "openvino" and (error := _cache_error()):
        advice = "Set XDG_CACHE_HOME to a folder that can be written."
        raise EngineUnavailable(wanted, f"its cache cannot be written: {error}", advice)
    return wanted


def compile_for_openvino(
    name: str,
    make: Callable[[], Any],
    *,
    bfloat16: bool = False,
    ceilings: Sequence[float] = (),
) -> Compiled:
    """A network as OpenVINO runs it on this processor.

    Args:
        name: Of the network and its version; what was converted under it before is taken.
        make: Gives a torch module and an example of its input, or of several; the first axis of
            the first may be of any length later. Called only if the network is not in the cache.
        bfloat16: Let it compute in bfloat16, where the processor has that; else in float32.
        ceilings: Let convolutions compute in 8 bits, with these ranges for
            `ingest.quantisation.quantise`.
    """
    import openvino

    core = _core()
    release = openvino.__version__.split("-")[0]
    folder = cache_folder() / f"{name}{'-int8' * bool(ceilings)}-openvino-{release}"
    if not _is_whole(folder):
        _convert(make, folder, ceilings)
    network = core.read_model(folder / "network.xml")
    supported = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 and supported else "f32",
        "INFERENCE_NUM_THREADS": 1,
    }
    compiled = core.compile_model(network, "CPU", settings)

    def run(*inputs: NDArray[Any]) -> tuple[NDArray[np.float32], ...]:
        found = compiled(inputs, share_outputs=False)  # or the next batch would write over them
        return tuple(found[i] for i in range(len(compiled.outputs)))

    return run


@functools.cache
def _core() -> Any:
    """OpenVINO itself, kept until the process ends.

    It gives the thread that begins it a stack for signals, and frees that stack in whichever
    thread lets go of it last: if in another one, the next signal would crash the process.
    """
    import openvino

    return openvino.Core()


def cache_folder() -> Path:
    """Where converted networks are kept: `$XDG_CACHE_HOME/reelroom`, by default in `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reelroom"


def _cache_error() -> str | None:
    """Why nothing can be kept in the cache folder; None if it can."""
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # there may be no home
        return str(error)
    return None if os.access(folder, os.W_OK) else f"no permission to write {folder}"


def _remove_leftovers(folder: Path) -> None:
    """Remove what conversions left that were killed; none takes nearly so long."""
    for left in folder.glob(f".*{_MARK}*"):
        with suppress(OSError):  # somebody else has just removed it
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    """Whether a converted network is there as it was written: weights cut short would compute."""
    try:
        return (folder / _DIGEST).read_text() == _digest(folder)
    except (OSError, UnicodeDecodeError):
        return False


def _digest(folder: Path) -> str:
    """SHA-256 of a converted network, hex."""
    content = sha256()
    for name in ("network.xml", "network.bin"):
        content.update((folder / name).read_bytes())
    return content.hexdigest()


def _convert(make: Callable[[], Any], folder: Path, ceilings: Sequence[float]) -> None:
    """Convert a torch module and put it into `folder`, whole or not at all."""
    import openvino
    import torch

    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder.parent)
    writing = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}{_MARK}"))
    try:
        module, example = make()
        first, *rest = example if isinstance(example, tuple) else (example,)
        shapes = [[-1, *first.shape[1:]], *(list(one.shape) for one in rest)]
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that tracing is old, and that it keeps what it saw
            traced = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
            network = openvino.convert_model(traced, example_input=example, input=shapes)
        if ceilings:
            quantise(network, ceilings)
        openvino.save_model(network, writing / "network.xml", compress_to_fp16=False)
        (writing / _DIGEST).write_text(_digest(writing))
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # somebody else has put it there meanwhile
            writing.rename(folder)
    finally:
        shutil.rmtree(writing, ignore_errors=True)
