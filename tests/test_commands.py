"""The command as a whole: every command has help, shared options, and its place in the docs."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dashboard.cli import reel

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


ALL = dict(commands(reel))


@pytest.mark.parametrize("name", ALL)
def test_a_command_and_each_of_its_options_has_help(name: str) -> None:
    command = ALL[name]
    assert command.help, f"reel {name} has no help"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"reel {name} {parameter.opts[0]} has no help"
    result = CliRunner().invoke(reel, [*name.split(), "--help"])
    assert result.exit_code == 0


@pytest.mark.parametrize("name", ALL)
def test_a_command_takes_a_workspace_and_can_be_quiet(name: str) -> None:
    options = {o for p in ALL[name].params for o in p.opts}
    assert {"--workspace", "--quiet"} <= options


@pytest.mark.parametrize("name", ALL)
def test_a_command_stands_in_the_docs(name: str) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCS)
    assert f"reel {name}" in text, f"no page of docs/ names `reel {name}`"


def documented() -> Iterator[tuple[str, str]]:
    for page in DOCS:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("reel "):
                    yield page.name, line


@pytest.mark.parametrize(("page", "line"), list(documented()))
def test_a_documented_command_is_one_that_exists(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in ALL), None)
    if name is None:
        assert words in (["--help"], ["--version"]), f"{page}: no such command: {line}"
        return
    command = ALL[name]
    rest = words[len(name.split()) :]
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
    unknown = [w for w in rest if w.startswith("-") and w.split("=")[0] not in known]
    assert not unknown, f"{page}: {line}: no option {unknown}"


def run_reel(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashboard.cli", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_exit_statuses_tell_success_failure_and_wrong_use(tmp_path: Path) -> None:
    assert run_reel("media", cwd=tmp_path).returncode == 0
    failed = run_reel("shots", "nowhere.mp4", cwd=tmp_path)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "no media 'nowhere.mp4'" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert run_reel("shots", cwd=tmp_path).returncode == 2
    assert run_reel("ingest", "--detector", "psychic", "x.mp4", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("words", [("check",), ("repair",), ("logs", "import")])
def test_a_name_that_no_file_can_have_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    failed = run_reel(*words, "x" * 300, cwd=tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.startswith("reel: ")
    assert "File name too long: 'xxx" in failed.stderr


def test_help_is_quick_because_nothing_heavy_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys, dashboard.cli; "
        "heavy = {'torch', 'av', 'polars', 'streamlit', 'cv2', 'sklearn'} & sys.modules.keys(); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
