"""Where a batch runs: in child processes of this machine, or on a Ray cluster.

One interface (`ingest.engines.executor`), a file for each engine; Ray is imported only by its own.
"""

from ingest.engines.executor import SILENT, Executor, Listener, Work
from ingest.limits import DEFAULT_LIMITS, Limits

ENGINES = ("local", "ray")


def make_executor(
    engine: str,
    work: Work,
    *,
    jobs: int = 1,
    limits: Limits = DEFAULT_LIMITS,
    listener: Listener = SILENT,
    cpus: float = 1.0,
    gpus: float = 0.0,
    address: str | None = None,
) -> Executor:
    """The engine of this name.

    Args:
        engine: One of `ENGINES`.
        work: What each task does, a module-level function.
        jobs: Tasks at a time on this machine; on Ray its resources decide.
        limits: What each task may use.
        listener: Told of beginnings and progress.
        cpus: On Ray, the processors that each task asks for.
        gpus: On Ray, the GPUs that each task asks for; may be a part of one.
        address: Of the Ray cluster; None for the one that Ray finds, or else a new one here.

    Raises:
        EngineUnavailable: Ray is not installed, or its cluster cannot be reached.
    """
    if engine == "ray":
        from ingest.engines.cluster import RayExecutor

        return RayExecutor(
            work, cpus=cpus, gpus=gpus, limits=limits, listener=listener, address=address
        )
    if engine == "local":
        from ingest.engines.local import LocalExecutor

        return LocalExecutor(work, jobs=jobs, limits=limits, listener=listener)
    raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
