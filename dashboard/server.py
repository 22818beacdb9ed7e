"""Runs the dashboard: Streamlit's server with the route for footage, on the loopback only.

Streamlit reads its options once, so they are all given here and none depends on the folder that
`reel` is started in.
"""

import os
import socket
from importlib.resources import files
from pathlib import Path

import streamlit as st

import dashboard
from dashboard.media_server import footage_route
from dashboard.settings import Workspace
from dashboard.sources import WORKSPACE_VARIABLE
from dashboard.theme import theme_options

HOST = "127.0.0.1"


def serve(workspace: Workspace, port: int) -> None:
    """Serve the dashboard of a workspace until interrupted."""
    os.environ[WORKSPACE_VARIABLE] = str(workspace.root.resolve())
    app = st.App(script_path(), routes=[footage_route(workspace)])
    app.run(config=server_options(port) | theme_options())


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
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 200,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",  # tracebacks go to the log, never to a page
        "client.showErrorLinks": False,
        "client.toolbarMode": "viewer",
        "logger.hideWelcomeMessage": True,
        "runner.magicEnabled": False,
    }
