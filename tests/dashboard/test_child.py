"""A child is handed a task and heard; it never outlives its server; how it died is told."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.child import Child, ChildFailed
from ingest.limits import GIBIBYTE, Limits

ANSWER = "from dashboard.child import answer_parent\nimport os, sys, time\n"
LIMITS = Limits(seconds=60, memory=GIBIBYTE // 4, file_bytes=1 << 20)


def line(work: str, limits: str = "None") -> list[str]:
    """A command whose process works on its task so: an expression of `task`."""
    code = f"{ANSWER}from ingest.limits import Limits\n"
    return [sys.executable, "-c", f"{code}answer_parent(lambda task: {work}, {limits})"]


def why(*words: str, limits: Limits | None = None) -> str:
    with pytest.raises(ChildFailed) as failed:
        Child(line(*words), {}, limits).result()
    return failed.value.reason


def until(come_true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not come_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and is nobody's does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize("task", [{"n": 1}, {"text": "ä" * 300_000}], ids=["short", "long"])
def test_a_task_is_handed_over_and_its_answer_comes_back_whole(task: dict[str, object]) -> None:
    child = Child(line("[task, print('noise')]"), task)

    assert child.result() == [task, None]
    assert child.ended and child.failure == ""
    with pytest.raises(ProcessLookupError):  # waited for: not even a zombie is left
        os.kill(child.pid, 0)


def test_a_child_goes_on_when_the_thread_that_started_it_has_ended() -> None:
    begun: list[Child] = []
    thread = threading.Thread(target=lambda: begun.append(Child(line("time.sleep(1) or 7"), {})))
    thread.start()
    thread.join()

    assert begun[0].result() == 7


def test_how_a_child_died_is_told() -> None:
    assert why("os.kill(os.getpid(), 11)") == "its process died (killed by signal 11)"
    assert why("os._exit(3)") == "its process died (exit status 3)"
    assert why("1 / 0") == "its process died (exit status 1)"
    with pytest.raises(ChildFailed, match="no process can be started"):
        Child(["/there/is/no/such/program"], {})


def test_a_child_that_is_ended_says_so() -> None:
    child = Child(line("time.sleep(600)"), {})
    assert not child.ended
    child.stop()

    with pytest.raises(ChildFailed, match="killed by signal 9"):
        child.result()


def test_which_limit_a_child_met_is_told(tmp_path: Path) -> None:
    short = Limits(seconds=1, memory=LIMITS.memory, file_bytes=LIMITS.file_bytes)
    assert why("time.sleep(600)", limits=short) == "it took longer than 1 s, and was ended"
    memory = why("len(bytearray(1 << 29))", repr(LIMITS), limits=LIMITS)
    assert "more memory than the limit of 0.25 GiB" in memory
    much = f"open({str(tmp_path / 'much')!r}, 'wb').truncate(1 << 22)"
    assert "a file larger than the limit" in why(much, repr(LIMITS), limits=LIMITS)


SERVER = """
import sys, time
from dashboard.child import Child
child = Child([sys.executable, "-c", sys.argv[1]], {})
print(child.pid, flush=True)
time.sleep(600)
"""
WORKS = {
    "sleeping": "time.sleep(600)",
    "busy": "[0 for _ in iter(int, 1)]",
    "deaf": "[__import__('signal').signal(2, 1), time.sleep(600)]",
}


@pytest.mark.parametrize("wait", [0.0, 2.0], ids=["as it starts", "at work"])
@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_a_child_ends_with_a_server_that_is_killed(work: str, wait: float) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER, line(work)[2]], stdout=subprocess.PIPE)
    assert server.stdout is not None
    child = int(json.loads(server.stdout.readline()))
    time.sleep(wait)
    assert is_there(child)
    server.kill()
    server.wait()
    server.stdout.close()

    until(lambda: not is_there(child), 30)


def test_a_child_clears_away_what_it_began_when_the_server_is_killed(tmp_path: Path) -> None:
    draft = tmp_path / "draft"
    code = (
        f"{ANSWER}import pathlib\ndraft = pathlib.Path({f'{draft}'!r})\n"
        "def work(task):\n"
        "    draft.touch()\n"
        "    try:\n"
        "        time.sleep(600)\n"
        "    finally:\n"
        "        draft.unlink()\n"
        "answer_parent(work)"
    )
    server = subprocess.Popen([sys.executable, "-c", SERVER, code], stdout=subprocess.PIPE)
    assert server.stdout is not None
    until(draft.exists)
    server.kill()
    server.wait()
    server.stdout.close()

    until(lambda: not draft.exists(), 30)
