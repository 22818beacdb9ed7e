"""The signed route, over real HTTP on the loopback."""

import http.client
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from dashboard import media_server
from dashboard.media_server import (
    WINDOW_SECONDS,
    Grant,
    Refused,
    footage_route,
    media_link,
    proxy_link,
    read_token,
    render_link,
    sign,
    thumbnail_link,
    thumbnails_link,
)
from dashboard.settings import Workspace
from ingest.catalog import Catalog
from ingest.media import MediaId


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    port: int

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask for exactly this path: nothing is tidied up on the way."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()


@pytest.fixture
def site(workspace: Workspace) -> Iterator[Site]:
    app = Starlette(routes=[footage_route(workspace)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Site(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    thread.join()


@pytest.fixture
def film(workspace: Workspace) -> Path:
    with Catalog(workspace.catalog) as catalog:
        return Path(catalog.get_media(1).path)


def test_a_film_is_served_whole(site: Site, film: Path) -> None:
    answer = site.get(media_link(1))

    assert answer.status == 200
    assert answer.body == film.read_bytes()
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "private" in answer.headers["cache-control"]


def test_a_proxy_is_served_where_there_is_one(site: Site, workspace: Workspace) -> None:
    assert site.get(proxy_link(1)).status == 404
    with Catalog(workspace.catalog) as catalog:
        draft = catalog.proxy_draft(catalog.get_media(1).fingerprint)
        draft.write_bytes(b"proxy")
        catalog.add_proxy(MediaId(1), draft)

    answer = site.get(proxy_link(1))

    assert (answer.status, answer.body) == (200, b"proxy")
    assert answer.headers["content-type"] == "video/mp4"


def test_a_part_of_a_film_is_served_by_range(site: Site, film: Path) -> None:
    answer = site.get(media_link(1), Range="bytes=100-199")

    assert answer.status == 206
    assert answer.body == film.read_bytes()[100:200]
    assert answer.headers["content-range"] == f"bytes 100-199/{film.stat().st_size}"


def test_a_range_beyond_the_end_is_refused(site: Site) -> None:
    assert site.get(media_link(1), Range="bytes=99999999-").status == 416


@pytest.mark.parametrize(
    "wanted",
    [
        *("bytes=", "bytes=-", "bytes=x-y", "bytes=5-2", "bytes=-0", "bytes=--5", "items=0-1"),
        *("bytes=0-0,5-6", "bytes=-99999999", "bytes=9" + "9" * 400 + "-", "bytes=0x10-", "0-5"),
        *("bytes=0-" + ",0-" * 500, "bytes=" + ",".join(f"{n}-{n}" for n in range(1500))),
    ],
)
def test_a_range_that_is_none_gives_no_more_than_the_film(
    site: Site, film: Path, wanted: str
) -> None:
    began = time.process_time()
    answer = site.get(media_link(1), Range=wanted)

    assert answer.status in {200, 206, 400, 416}
    if answer.status in {200, 206}:
        assert len(answer.body) <= film.stat().st_size + 200 * 1500  # with a head for each part
    assert time.process_time() - began < 2
    assert site.get(media_link(1), Range="bytes=0-9").body == film.read_bytes()[:10]


def test_a_large_file_is_never_whole_in_memory(site: Site, workspace: Workspace) -> None:
    with (workspace.renders / "large.mp4").open("wb") as sparse:
        sparse.truncate(300 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("GET", render_link("large.mp4"))
    answer, size = connection.getresponse(), 0
    while block := answer.read(1 << 20):
        size += len(block)
    connection.close()

    assert size == 300 << 20
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert growth < 100 << 10  # kB: less than 100 MB


def test_thumbnails_and_renders_are_served(site: Site, workspace: Workspace) -> None:
    picture = site.get(thumbnail_link(1, 0))
    assert picture.status == 200
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.body[:2] == b"\xff\xd8"

    render = site.get(render_link("trailer-1.mp4"))
    assert render.body == (workspace.renders / "trailer-1.mp4").read_bytes()


def test_one_link_gives_every_thumbnail_of_a_film_and_nothing_else(site: Site) -> None:
    link = thumbnails_link(1)

    assert site.get(f"{link}3").headers["content-type"] == "image/jpeg"
    assert site.get(f"{link}99").status == 404
    for beyond in ("", "-1", "3/4", "..%2f..%2fcatalog.sqlite", "3.jpg", "9" * 20):
        assert site.get(f"{link}{beyond}").status in {400, 403, 404}
    assert site.get(f"{thumbnail_link(1, 0)}/3").status == 403  # that link is of one alone


def test_what_is_no_video_is_not_served_as_a_page(site: Site, workspace: Workspace) -> None:
    (workspace.renders / "page.html").write_text("<script>alert(1)</script>")

    answer = site.get(render_link("page.html"))

    assert answer.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_link_works_for_one_to_two_hours(site: Site) -> None:
    link = sign(Grant("media", "1"), clock=lambda: 10 * WINDOW_SECONDS + 7)
    token = link.removeprefix(media_server.PREFIX)

    read_token(token, clock=lambda: 12 * WINDOW_SECONDS - 1)
    with pytest.raises(Refused, match="expired"):
        read_token(token, clock=lambda: 12 * WINDOW_SECONDS)
    assert site.get(link).status == 403


def test_a_link_stays_the_same_within_an_hour() -> None:
    grant = Grant("media", "1")

    assert sign(grant, clock=lambda: 3600.0) == sign(grant, clock=lambda: 7199.0)
    assert sign(grant, clock=lambda: 3600.0) != sign(grant, clock=lambda: 7200.0)


def test_a_link_signed_with_another_key_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(media_server, "_KEY", b"another server's key")
        forged = media_link(1)

    assert site.get(forged).status == 403
    assert site.get(media_link(1)).status == 200


def test_a_changed_link_is_refused(site: Site) -> None:
    payload, _, signature = media_link(1).removeprefix(media_server.PREFIX).partition(".")
    other, _, _ = media_link(2).removeprefix(media_server.PREFIX).partition(".")

    assert site.get(f"{media_server.PREFIX}{other}.{signature}").status == 403
    assert site.get(f"{media_server.PREFIX}{payload}.").status == 403
    assert site.get(f"{media_server.PREFIX}{payload}.{signature[:-2]}").status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/footage/",
        "/footage/etc/passwd",
        "/footage/../../../../etc/passwd",
        "/footage/..%2f..%2f..%2fetc%2fpasswd",
        "/footage//etc/passwd",
        "/footage/%00",
        "/footage/%C3%A9.%C3%A9",
    ],
)
def test_a_path_is_never_taken_from_the_browser(site: Site, path: str) -> None:
    assert site.get(path).status in {400, 403, 404}


@pytest.mark.parametrize("name", ["../log.parquet", "/etc/passwd", "..", ".", "", "sub/film.mp4"])
def test_even_a_signed_name_cannot_leave_the_renders(
    site: Site, workspace: Workspace, name: str
) -> None:
    (workspace.renders / "sub").mkdir()
    (workspace.renders / "sub" / "film.mp4").write_bytes(b"film")

    assert site.get(render_link(name)).status == 404


def test_a_link_out_of_the_renders_is_not_followed(site: Site, workspace: Workspace) -> None:
    (workspace.renders / "secret.mp4").symlink_to("/etc/passwd")

    assert site.get(render_link("secret.mp4")).status == 404


@pytest.mark.parametrize("name", ["99", "x", "", "1/2"])
def test_a_media_that_is_not_in_the_catalogue_is_not_there(site: Site, name: str) -> None:
    assert site.get(sign(Grant("media", name))).status == 404


def test_a_file_that_took_the_place_of_a_film_is_not_served(
    site: Site, workspace: Workspace
) -> None:
    impostor = workspace.root / "impostor.mp4"
    impostor.write_bytes(b"something else")
    with Catalog(workspace.catalog) as catalog:
        catalog.move_media(catalog.get_media(1).id, impostor)

    assert site.get(media_link(1)).status == 404


def test_only_reading_is_allowed(site: Site) -> None:
    assert site.get(media_link(1), method="HEAD").status == 200
    assert site.get(media_link(1), method="POST").status == 405
    assert site.get(media_link(1), method="DELETE").status == 405
