import socket
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

import dashboard.components
from dashboard.commands.app import dashboard_command
from dashboard.server import is_free, script_path, server_options
from dashboard.theme import theme_options
from dashboard.views import PAGES


def test_a_port_in_use_is_told_with_another_to_try(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        asked = ["--port", f"{port}", "--workspace", f"{tmp_path}"]
        result = CliRunner().invoke(dashboard_command, asked)

        assert not is_free(port)
    assert result.exit_code == 1
    assert f"port {port} is in use" in result.stderr
    assert "--port" in result.stderr
    assert is_free(port)


@pytest.mark.parametrize("port", ["0", "65536", "web"])
def test_a_port_that_is_none_is_wrong_use(port: str) -> None:
    assert CliRunner().invoke(dashboard_command, ["--port", port]).exit_code == 2


def test_the_server_is_private() -> None:
    options = server_options(8501)

    assert options["server.address"] == "127.0.0.1"
    assert options["server.enableXsrfProtection"] is True
    assert options["browser.gatherUsageStats"] is False
    assert options["client.showErrorDetails"] == "none"


def test_every_option_is_one_that_streamlit_knows() -> None:
    from streamlit import config

    known = set(config._config_options_template)

    assert set(server_options(8501) | theme_options()) <= known


def test_what_the_pages_need_lies_beside_them() -> None:
    parts = {part.name for part in files(dashboard.components).iterdir()}

    assert script_path().is_file()
    scripts = {path.name for path in (script_path().parent / "views").glob("*.py")}
    assert scripts - {"__init__.py"} == {view.file for view in PAGES}
    assert {f"{name}.{end}" for name in ("player", "sheet") for end in ("html", "css", "js")} < (
        parts
    )


def test_no_module_hides_another_when_its_folder_is_on_the_path() -> None:
    """Streamlit puts the folder of `app.py` first on the import path."""
    import sys

    folder = script_path().parent
    names = {path.stem for path in folder.iterdir() if path.suffix in ("", ".py")}

    assert not names & {"ingest", "editing", "recsys", "pages"}
    assert not names & set(sys.stdlib_module_names)
