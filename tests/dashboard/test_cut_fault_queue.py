"""Decodes of cuts go on one after the other, leave no process, and can be tried again."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard import cut_fault_queue as queue

WORKER = """
import json, os, pathlib, sys, time
task = json.loads(sys.stdin.readline())
place = pathlib.Path(task["place"])
with open(place.parent / "log", "a") as log:
    print("begun", place.name, os.getpid(), file=log, flush=True)
    time.sleep(task["seconds"])
    if task.get("grief"):
        os._exit(3)
    place.write_text("{}")
    print("ended", place.name, os.getpid(), file=log)
print(json.dumps({"answer": None}))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of answers whose tasks only wait, and say when."""
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER, "utf-8")
    monkeypatch.setattr(queue, "_LINE", (sys.executable, f"{worker}"))
    return tmp_path / "checks"


def until(come_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not come_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def told(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "log").read_text("utf-8").splitlines()]


def test_of_three_that_are_asked_for_at_once_one_goes_on_and_two_wait(folder: Path) -> None:
    places = [folder / f"{number}-1-a.json" for number in (1, 2, 3)]
    for place in (*places, *places):  # asked for twice, worked on once
        queue.begin(place, {"seconds": 0.3})
    until(lambda: queue.stage_of(places[0]) == "running")
    assert [queue.stage_of(place) for place in places[1:]] == ["waiting", "waiting"]

    until(lambda: all(place.is_file() for place in places))
    until(lambda: all(queue.stage_of(place) == "none" for place in places))

    said = told(folder)
    assert [line[:2] for line in said] == [
        [what, place.name] for place in places for what in ("begun", "ended")
    ]
    for pid in {int(line[2]) for line in said}:  # waited for: not even a zombie is left
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_came_to_grief_is_told_and_the_next_goes_on(folder: Path) -> None:
    bad, good = folder / "1-1-a.json", folder / "2-1-a.json"
    queue.begin(bad, {"seconds": 0, "grief": True})
    queue.begin(good, {"seconds": 0})
    until(good.is_file)
    assert queue.stage_of(bad) == "broken"
    assert queue.why_broken(bad) == "its process died (exit status 3)"

    queue.begin(bad, {"seconds": 0})
    until(bad.is_file)
    until(lambda: queue.stage_of(bad) == "none")


def test_answers_are_bounded_and_what_was_killed_long_ago_is_removed(folder: Path) -> None:
    folder.mkdir()
    for number in range(queue.KEPT + 5):
        old = folder / f"{number}-1-a.json"
        old.write_text("{}")
        os.utime(old, (number, number))
    for name in ("7-1-a.json.123.draft", "7-1-a.progress"):
        (folder / name).write_text("0.5")
        os.utime(folder / name, (0, 0))
    (folder / "8-1-a.progress").write_text("0.5")  # of another server, that still goes on
    last = folder / "last-1-a.json"

    queue.begin(last, {"seconds": 0})
    until(last.is_file)

    kept = {path.name for path in folder.glob("*.json")}
    assert kept == {f"{number}-1-a.json" for number in range(5, queue.KEPT + 5)} | {last.name}
    assert {path.name for path in folder.iterdir()} - kept == {"8-1-a.progress", "log"}


def test_a_decode_ends_with_the_server_that_began_it(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, f"{tmp_path / 'checks' / '1-1-a.json'}"],
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    child = int(json.loads(server.stdout.readline()))
    server.kill()
    server.wait()
    server.stdout.close()

    until(lambda: not is_there(child))


SERVER = """
import json, pathlib, subprocess, sys, time
from dashboard import cut_fault_queue as queue
code = (
    "import time, dashboard.cut_fault_work as w\\n"
    "w.work = lambda task, report: (report(0.0), time.sleep(600))\\n"
    "w.answer_parent(w.work_on_file, w.DEFAULT_LIMITS)"
)
queue._LINE = (sys.executable, "-c", code)
begun = []
start = subprocess.Popen.__init__
def noted(self, *args, **more):
    start(self, *args, **more)
    begun.append(self.pid)
subprocess.Popen.__init__ = noted
place = pathlib.Path(sys.argv[1])
queue.begin(place, {})
while not place.with_suffix(".progress").is_file():
    time.sleep(0.05)
print(json.dumps(begun[0]), flush=True)
time.sleep(600)
"""


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and is nobody's does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
