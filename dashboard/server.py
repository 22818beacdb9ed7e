"""Runs the dashboard: Streamlit's server with the route for footage, on the loopback only.

Streamlit reads its options once, so they are all given here and none depends on the folder that
`reel` is started in.
"""

import os
import socket
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

import dashboard
from dashboard import warm_up
from dashboard.health import health_route
from dashboard.media_server import footage_route
from dashboard.people import SIGN_IN_VARIABLE, UnusableSignIn, read_sign_in
from dashboard.settings import Workspace
from dashboard.sources import WORKSPACE_VARIABLE
from dashboard.theme import theme_options

HOST = "127.0.0.1"


def serve(
    workspace: Workspace, port: int, *, sign_in: Path | None = None, host: str = HOST
) -> None:
    """Serve the dashboard of a workspace until interrupted.

    Args:
        workspace: What is shown.
        port: To listen on.
        sign_in: A file as `dashboard.people.read_sign_in` takes it; without one whoever reaches
            the port may do everything.
        host: The address to listen on; another than the loopback only with a sign-in.

    Raises:
        UnusableSignIn: The file is of no use, or another address was asked for without one.
    """
    if sign_in is None and host != HOST:
        raise UnusableSignIn(f"to listen on {host} takes a sign-in: reel dashboard --sign-in FILE")
    os.environ[WORKSPACE_VARIABLE] = str(workspace.root.resolve())
    options = server_options(port) | theme_options()
    os.environ.pop(SIGN_IN_VARIABLE, None)
    if sign_in is not None:
        os.environ[SIGN_IN_VARIABLE] = str(sign_in.resolve())
        options |= _shared_options(sign_in, host)
    app = st.App(script_path(), routes=[footage_route(workspace), health_route(workspace)])
    warm_up.want()
    app.run(config=options)


def _shared_options(sign_in: Path, host: str) -> dict[str, object]:
    """What differs where people sign in: who they are, and under which name they come."""
    known = urlsplit(read_sign_in(sign_in).redirect_uri).hostname
    return {
        "server.address": host,
        "server.allowedHosts": [HOST, "localhost", *([known] if known else [])],
        "secrets.files": [str(sign_in.resolve())],
    }


def script_path() -> Path:
    """Where Streamlit finds the pages, in a checkout and in an installed wheel alike."""
    return Path(str(files(dashboard))) / "app.py"


def is_free(port: int) -> bool:
    """Whether a server can listen on this port of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def server_options(port: int) -> dict[str, object]:
    """Streamlit's options for a private server: loopback, no statistics, forgery protection on."""
    return {
        "server.address": HOST,
        "server.port": port,
        "server.headless": True,
        "server.allowedHosts": [HOST, "localhost"],  # refuses a rebound DNS name
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.enableAgentApi": False,  # pages are for people; programs have the commands
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 200,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",  # tracebacks go to the log, never to a page
        "client.showErrorLinks": False,
        "client.toolbarMode": "viewer",
        "logger.hideWelcomeMessage": True,
        "runner.magicEnabled": False,
    }
