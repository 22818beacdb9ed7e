"""The Ray engine: a node may die in the middle; nothing is lost and nothing is done twice."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.batch import Machines, Watcher, ingest_batch
from ingest.catalog import Catalog
from ingest.engines import make_executor
from ingest.errors import EngineUnavailable
from ingest.jobs import JobStore
from ingest.run import Settings

FilmMaker = Callable[..., Path]
QUICK = Settings(detector="content", timeout=600)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head that takes no files, and two nodes of one processor each."""
    pytest.importorskip("ray", reason="needs reelroom[ray]")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    monkeypatch.setenv("RAY_health_check_period_ms", "500")
    monkeypatch.setenv("RAY_health_check_failure_threshold", "4")
    import ray
    from ray.cluster_utils import Cluster

    memory = {"object_store_memory": 80 << 20}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **memory})
    cluster.nodes = [cluster.add_node(num_cpus=1, **memory) for _ in range(2)]
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_a_node_that_dies_in_the_middle_loses_nothing(
    cluster: Any, make_film: FilmMaker, tmp_path: Path
) -> None:
    films = [make_film(f"{n}.mp4", (12, 12 + n)) for n in range(5)]
    begun = threading.Event()
    killer = threading.Thread(
        target=lambda: begun.wait(600) and cluster.remove_node(cluster.nodes[0])
    )
    killer.start()

    def on_progress(_path: str, _done: float) -> None:
        begun.set()

    reports = []
    batch = ingest_batch(
        [*films, tmp_path / "gone.mp4"],
        tmp_path / "work",
        QUICK,
        Machines(engine="ray"),
        watcher=Watcher(on_progress=on_progress),
    )
    for report in batch:
        reports.append(report)
        begun.set()
    killer.join(600)
    assert len(cluster.list_all_nodes()) == 2, "the head and the node that is left"
    assert sorted(r.path for r in reports) == sorted(map(str, [*films, tmp_path / "gone.mp4"]))
    assert {r.path for r in reports if r.status == "failed"} == {str(tmp_path / "gone.mp4")}
    with Catalog(tmp_path / "work") as catalog:
        assert sorted(m.path for m in catalog.media()) == sorted(map(str, films))
        states = [job.state for job in JobStore(catalog).all()]
    assert sorted(states) == ["done"] * 5 + ["failed"]


def test_without_ray_the_engine_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'reelroom\[ray\]'"):
        make_executor("ray", print)


def test_the_local_engine_does_not_import_ray(make_film: FilmMaker, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ingest.batch import *\n"
        "if __name__ == '__main__':\n"
        f" (r,) = ingest_batch([Path({str(make_film())!r})], Path('work'), "
        "Settings(detector='content'))\n"
        " sys.exit(r.reason if r.status != 'ingested' else 'ray' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
