"""Sign-in by OpenID Connect: a real provider on the loopback, the real server, a real browser."""

import base64
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

import dashboard
from dashboard.settings import Workspace

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
jose = pytest.importorskip("joserfc.jwt", reason="needs reelroom[sign-in]")
from joserfc.jwk import RSAKey  # noqa: E402 - only where it is installed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


class Provider(ThreadingHTTPServer):
    """Signs in whoever comes as the person whom the test names, without asking."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.claims: dict[str, object] = {}
        self.nonces: dict[str, str] = {}

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        site = self.server.site
        if parts.path == "/.well-known/openid-configuration":
            self._say(
                {
                    "issuer": site,
                    "authorization_endpoint": f"{site}/authorize",
                    "token_endpoint": f"{site}/token",
                    "jwks_uri": f"{site}/keys",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )
        elif parts.path == "/keys":
            self._say({"keys": [self.server.key.as_dict(private=False)]})
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            code = f"code-{len(self.server.nonces)}"
            self.server.nonces[code] = asked.get("nonce", "")
            back = urlencode({"code": code, "state": asked["state"]})
            self.send_response(302)
            self.send_header("location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        code = parse_qs(body)["code"][0]
        now = int(time.time())
        claims = {
            **{"iss": self.server.site, "aud": "reel", "sub": "1", "iat": now, "exp": now + 600},
            **self.server.claims,
        }
        if self.server.nonces[code]:
            claims["nonce"] = self.server.nonces[code]
        token = jose.encode({"alg": "RS256", "kid": "one"}, claims, self.server.key)
        self._say({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def _say(self, values: dict[str, object]) -> None:
        body = json.dumps(values).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", f"{len(body)}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def url(
    built: Workspace, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """`reel dashboard --sign-in`, for ana, who edits, and ben, who runs things."""
    folder = tmp_path_factory.mktemp("sign-in")
    copy = folder / "workspace"
    shutil.copytree(built.root, copy)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as probe:
        port = probe.server_address[1]
    site = f"http://127.0.0.1:{port}"
    (folder / "sign-in.toml").write_text(
        f"""
[auth]
redirect_uri = "{site}/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "reel"
client_secret = "secret"
server_metadata_url = "{provider.site}/.well-known/openid-configuration"

[roles]
"ana@example.org" = "editor"
"ben@example.org" = "admin"
"vic@example.org" = "viewer"
"""
    )
    words = ["--port", f"{port}", "--workspace", f"{copy}", "--sign-in", "sign-in.toml"]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", "dashboard", *words],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(Path(dashboard.__file__).parents[1])},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            _wait_for(f"{site}/_stcore/health", server)
            yield site
        finally:
            server.terminate()
            server.wait(timeout=20)
    # Streamlit logs a traceback of its own where a browser leaves in the middle of a message.
    own = f'File "{Path(dashboard.__file__).parent}'
    assert own not in (folder / "log.txt").read_text()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None and time.monotonic() < deadline, "the server did not start"
        try:
            with urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)


@pytest.fixture
def page(url: str) -> Iterator["sync_api.Page"]:
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        opened = chromium.new_page(viewport={"width": 1280, "height": 720})
        opened.goto(url)
        yield opened
        chromium.close()


def heading(page: "sync_api.Page", title: str) -> None:
    page.get_by_role("heading", name=title, exact=True).wait_for(timeout=60_000)


def sign_in(page: "sync_api.Page") -> None:
    page.get_by_role("button", name="Sign in").click(timeout=60_000)


def test_nothing_is_shown_before_signing_in(page: "sync_api.Page") -> None:
    heading(page, "Reelroom")
    page.get_by_role("button", name="Sign in").wait_for(timeout=60_000)
    assert page.get_by_text("harbour.mp4").count() == 0


def test_whoever_signs_in_is_who_the_provider_says_with_the_role_of_the_file(
    page: "sync_api.Page", url: str, provider: Provider
) -> None:
    provider.claims = {"email": "ana@example.org", "email_verified": True, "name": "Ana"}
    sign_in(page)
    heading(page, "Library")
    page.goto(f"{url}/system")
    page.get_by_text("You are Ana (ana@example.org), editor.").wait_for(timeout=60_000)
    page.goto(f"{url}/models")
    button = page.get_by_role("button", name="In use")
    button.wait_for(timeout=60_000)
    page.get_by_text("Choosing another model is for admins.").wait_for(timeout=60_000)


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"email": "eve@example.org", "email_verified": True}, "has no role"),
        ({"email": "ben@example.org", "email_verified": False}, "no verified e-mail address"),
    ],
)
def test_a_stranger_is_let_in_nowhere(
    page: "sync_api.Page", provider: Provider, claims: dict[str, object], told: str
) -> None:
    provider.claims = claims
    sign_in(page)
    page.get_by_text(told).wait_for(timeout=60_000)
    assert page.get_by_text("harbour.mp4").count() == 0


def answer_to(url: str, path: str) -> tuple[int, bytes]:
    """The status of exactly this path, and what comes, for somebody who is not signed in."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_no_film_picture_or_render_is_had_without_a_link_of_somebody_who_is_signed_in(
    page: "sync_api.Page", url: str, provider: Provider
) -> None:
    page.get_by_role("button", name="Sign in").wait_for(timeout=60_000)
    assert "/footage/" not in page.content()
    for kind, name in (("media", "1"), ("thumbnail", "1/0"), ("render", "trailer-1.mp4")):
        grant = json.dumps([kind, name, 9**12]).encode()
        text = base64.urlsafe_b64encode(grant).decode().rstrip("=")
        for signature in ("", "AAAA", text):
            assert answer_to(url, f"/footage/{text}.{signature}")[0] == 403
    for path in ("/footage/1", "/media/1", "/media/../catalog/catalog.sqlite"):
        assert answer_to(url, path)[0] in {400, 403, 404}
    for path in ("/catalog/catalog.sqlite", "/renders/trailer-1.mp4", "/app/static/film.mp4"):
        status, body = answer_to(url, path)
        assert status in {403, 404} or b"<!DOCTYPE html>" in body

    provider.claims = {"email": "vic@example.org", "email_verified": True, "name": "Vic"}
    sign_in(page)
    heading(page, "Library")
    picture = page.locator(".card img").first
    picture.wait_for(timeout=60_000)
    link = urlsplit(picture.evaluate("(image) => image.src")).path
    status, body = answer_to(url, link)
    assert (status, body[:2]) == (200, b"\xff\xd8")
    assert answer_to(url, link[:-4])[0] == 403


def test_a_viewer_sees_a_cut_and_changes_nothing(
    page: "sync_api.Page", url: str, provider: Provider
) -> None:
    provider.claims = {"email": "vic@example.org", "email_verified": True, "name": "Vic"}
    sign_in(page)
    heading(page, "Library")
    page.get_by_role("link", name="Review").click()
    heading(page, "Review: harbour trailer")
    page.get_by_role("button", name="Lock", exact=True).click()
    page.get_by_text("is a viewer; to make edit takes an editor").wait_for(timeout=60_000)
    page.get_by_text("Version 1 by reel").wait_for(timeout=60_000)
    for name in ("Render again", "OTIO", "EDL"):
        sync_api.expect(page.get_by_role("button", name=name)).to_be_disabled()
