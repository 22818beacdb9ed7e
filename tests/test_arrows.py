"""The four packages import one way only, and none has a cycle among its modules."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "ingest": set(),
    "editing": {"ingest"},
    "recsys": set(),  # sees footage only as a table of item features it is handed
    "dashboard": {"ingest", "editing", "recsys"},
}


def imported_modules(file: Path) -> set[str]:
    """Full names of all modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file}: relative imports hide the arrows"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_follow_the_arrows(package: str) -> None:
    forbidden = MAY_IMPORT.keys() - MAY_IMPORT[package] - {package}
    for file in (ROOT / package).rglob("*.py"):
        wrong = {name.split(".")[0] for name in imported_modules(file)} & forbidden
        assert not wrong, f"{file.relative_to(ROOT)} may not import {sorted(wrong)}"


def test_no_module_imports_itself_through_others() -> None:
    files = {module_name(f): f for p in MAY_IMPORT for f in (ROOT / p).rglob("*.py")}
    graph = {name: imported_modules(file) & files.keys() - {name} for name, file in files.items()}
    done: set[str] = set()

    def visit(name: str, road: tuple[str, ...]) -> None:
        assert name not in road, f"a cycle: {' -> '.join([*road, name])}"
        if name not in done:
            for other in graph[name]:
                visit(other, (*road, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_only_one_module_opens_media_for_reading() -> None:
    for package in MAY_IMPORT:
        for file in (ROOT / package).rglob("*.py"):
            if file.name == "video.py":
                continue
            text = file.read_text(encoding="utf-8")
            for reader in ("VideoCapture", "open_video(", '"ffmpeg"', '"ffprobe"', "torchcodec"):
                assert reader not in text, f"{file}: {reader}"
            for line in text.splitlines():
                opens = "av.open(" in line
                assert not opens or '"w"' in line or "'w'" in line, f"{file}: {line.strip()}"


def test_nothing_is_unpickled() -> None:
    for package in MAY_IMPORT:
        for file in (ROOT / package).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert "import pickle" not in text, file
            assert "allow_pickle=True" not in text, file
            loads = re.search(r"(?<!safetensors\.)torch\.load\(", text)
            assert not loads or "weights_only=True" in text, file


def test_no_grab_bag_modules() -> None:
    banned = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "types"}
    names = {f.stem: f for package in MAY_IMPORT for f in (ROOT / package).rglob("*.py")}
    assert not banned & names.keys()
