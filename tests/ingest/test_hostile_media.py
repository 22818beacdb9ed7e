"""Files from outside: none reads another file or the network, takes too much, or ends a batch."""

import ctypes
import os
import resource
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ingest.batch import ingest_batch
from ingest.engines.local import LocalExecutor
from ingest.errors import UnreadableMedia
from ingest.limits import GIBIBYTE, Limits, explain_exit
from ingest.run import Settings
from ingest.video import Damage, decode, open_container, open_streams

FilmMaker = Callable[..., Path]
IN_OPEN = 0x20
SUFFIXES = (".mp4", ".mkv", ".ts", ".mov", ".avi", ".mxf")


class OpenWatch:
    """Tells whether any process opened one file since this was made (inotify)."""

    def __init__(self, path: Path) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.handle = self.libc.inotify_init1(os.O_NONBLOCK)
        assert self.libc.inotify_add_watch(self.handle, bytes(path), IN_OPEN) >= 0

    def was_opened(self) -> bool:
        try:
            return bool(os.read(self.handle, 4096))
        except BlockingIOError:
            return False


@pytest.fixture
def secret(make_film: FilmMaker, tmp_path: Path) -> Path:
    """A film that belongs to somebody else."""
    (tmp_path / "secret").mkdir()
    return make_film("secret/secret.mp4")


@pytest.fixture
def watch(secret: Path) -> Iterator[OpenWatch]:
    watch = OpenWatch(secret)
    yield watch
    os.close(watch.handle)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A server that nobody should call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def was_called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def playlist(target: str) -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n"


def concat_list(target: str) -> str:
    return f"ffconcat version 1.0\nfile '{target}'\n"


def dash_manifest(target: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4">'
        f'<Representation id="1" bandwidth="9"><BaseURL>{target}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )


def session_description(target: str) -> str:
    port = target.rsplit(":", 1)[-1].split("/", maxsplit=1)[0]
    head = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    return f"{head}m=video {port} RTP/AVP 96\n"


def presentation(target: str) -> str:
    return f'<?xml version="1.0"?><smil><body><video src="{target}"/></body></smil>'


BAITS = {
    f.__name__: f for f in (playlist, concat_list, dash_manifest, session_description, presentation)
}


@pytest.mark.parametrize("kind", BAITS)
def test_a_file_that_names_another_reads_neither_it_nor_the_network(
    kind: str, secret: Path, watch: OpenWatch, server: socket.socket, tmp_path: Path
) -> None:
    address = f"127.0.0.1:{server.getsockname()[1]}"
    targets = (str(secret), f"file:{secret}", f"http://{address}/a.ts", f"tcp://{address}")
    for number, target in enumerate(targets):
        for suffix in (*SUFFIXES, ".m3u8", ".mpd", ".sdp"):
            bait = tmp_path / f"bait{number}{suffix}"
            bait.write_text(BAITS[kind](target))
            with pytest.raises(UnreadableMedia, match="not a media file"):
                open_container(bait)
    assert not watch.was_opened()
    assert not was_called(server)


def test_the_bait_works_on_a_reader_without_the_lists(
    secret: Path, watch: OpenWatch, tmp_path: Path
) -> None:
    """Else the test above would show nothing."""
    (tmp_path / "bait.mp4").write_text(concat_list(str(secret)))
    options = {"protocol_whitelist": "file", "safe": "0"}
    av.open(str(tmp_path / "bait.mp4"), format="concat", options=options).close()
    assert watch.was_opened()


ADDRESSES = ["concat:{}|{}", "subfile,,start,0,end,0,,:{}", "crypto:{}", "file:{}"]


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_name_that_is_an_address_is_only_a_name(
    name: str, secret: Path, watch: OpenWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(secret.parent)
    address = name.format("secret.mp4", "secret.mp4")
    with pytest.raises(UnreadableMedia, match="no such file"):
        open_container(address)
    Path(address).write_text("a real file of that name")
    with pytest.raises(UnreadableMedia, match="not a media file"):
        open_container(address)
    assert not watch.was_opened()


def test_an_address_of_the_network_is_only_a_name(server: socket.socket) -> None:
    port = server.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}/a.mp4", f"tcp://127.0.0.1:{port}"):
        with pytest.raises(UnreadableMedia, match="no such file"):
            open_container(address)
    assert not was_called(server)


def mp4_with_external_data(film: Path, target: Path) -> bytes:
    """`film`, its picture's data said to be in `target`: a Macintosh alias in the box `dref`."""
    volume = b"x"
    path = volume + str(target).replace("/", ":").encode()
    path += b"\0" * (len(path) % 2)
    alias = bytes(10) + bytes([len(volume)]) + volume.ljust(27, b"\0") + bytes(12)
    alias += bytes([10]) + b"secret.mp4".ljust(63, b"\0") + bytes(16)
    alias += struct.pack(">HH", 1, 2) + bytes(16)  # levels up from here, and down to the target
    alias += struct.pack(">HH", 2, len(path)) + path + struct.pack(">HH", 0xFFFF, 0)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    content = b"\0\0\0\0" + struct.pack(">I", 1) + entry

    def rebuild(data: bytes, road: tuple[bytes, ...]) -> bytes:
        built, at, done = b"", 0, False
        while at < len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            body = data[at + 8 : at + size]
            if kind == road[0] and not done:
                done = True
                body = rebuild(body, road[1:]) if len(road) > 1 else content
            built += struct.pack(">I4s", len(body) + 8, kind) + body
            at += size
        return built

    return rebuild(film.read_bytes(), (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"))


def test_an_mp4_whose_data_is_said_to_be_in_another_file_does_not_read_it(
    make_film: FilmMaker, secret: Path, watch: OpenWatch, tmp_path: Path
) -> None:
    bait = tmp_path / "bait.mov"
    bait.write_bytes(mp4_with_external_data(make_film(sound_hz=None), secret))
    reckless = {"enable_drefs": "1", "use_absolute_path": "1"}
    av.open(str(bait), options=reckless).close()
    assert watch.was_opened(), "the bait works on a reader that allows it"
    while watch.was_opened():
        pass
    (report,) = ingest_batch([bait], tmp_path / "work", QUICK)
    assert not watch.was_opened()
    assert report.status == "failed"
    assert "none of its video can be decoded" in report.reason


QUICK = Settings(detector="content", timeout=600)


def write_raw_film(
    path: Path,
    size: tuple[int, int],
    *,
    sounds: int = 0,
    frames: int = 6,
    codec: str = "mpeg2video",
) -> Path:
    with av.open(str(path), "w") as film:
        video = film.add_stream(codec, rate=25)
        video.width, video.height = size
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for _ in range(sounds):
            film.add_stream("pcm_s16le", rate=8000, layout="mono")
        picture = np.zeros((size[1], size[0], 3), np.uint8)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


def test_a_picture_that_is_far_too_narrow_is_refused(tmp_path: Path) -> None:
    """Scaled to a height of 256 it would be 32,768 pixels wide for every 512 of its own."""
    film = write_raw_film(tmp_path / "narrow.mkv", (2048, 16))
    with pytest.raises(UnreadableMedia, match="2048x16: no picture is so narrow"):
        open_streams(film)


def test_a_picture_that_turns_narrow_on_the_way_is_refused(tmp_path: Path) -> None:
    film = write_raw_film(tmp_path / "a.mpg", (96, 64))
    film.write_bytes(
        film.read_bytes() + write_raw_film(tmp_path / "b.mpg", (1056, 16)).read_bytes()
    )
    streams = open_streams(film)
    with pytest.raises(UnreadableMedia, match="1056x16"):
        list(decode(streams, Damage()))
    streams.container.close()


def test_a_file_of_very_many_streams_is_refused(tmp_path: Path) -> None:
    film = write_raw_film(tmp_path / "many.mkv", (96, 64), sounds=300)
    with pytest.raises(UnreadableMedia, match="more than 256 streams"):
        open_streams(film)


def run_in_child(work: Any, *arguments: Any, limits: Limits) -> Any:
    executor = LocalExecutor(work, limits=limits)
    executor.submit("file", *arguments)
    (outcome,) = executor.as_completed()
    return outcome


def take_memory(library: str, _on_progress: object) -> dict[str, Any]:
    if library == "torch":
        import torch

        torch.ones(1 << 30)
    elif library == "cv2":
        import cv2

        cv2.resize(np.zeros((8, 8, 3), np.uint8), (32_000, 32_000))
    else:
        np.ones(1 << 29)
    return {}


@pytest.mark.parametrize("library", ["numpy", "torch", "cv2"])
def test_a_file_that_takes_too_much_memory_fails_with_that_reason(library: str) -> None:
    outcome = run_in_child(take_memory, library, limits=Limits(memory=GIBIBYTE))
    assert outcome.error == "it needs more memory than the limit of 1 GiB (see --memory)"


def write_much(path: str, _on_progress: object) -> dict[str, Any]:
    Path(path).write_bytes(bytes(1 << 21))
    return {}


def test_a_file_that_writes_too_much_fails_with_that_reason(tmp_path: Path) -> None:
    limits = Limits(file_bytes=1 << 20)
    outcome = run_in_child(write_much, str(tmp_path / "large"), limits=limits)
    assert "it made a file larger than the limit of" in outcome.error
    assert (tmp_path / "large").stat().st_size <= 1 << 20


def tell_limits(_on_progress: object) -> dict[str, Any]:
    kinds = {"cpu": resource.RLIMIT_CPU, "core": resource.RLIMIT_CORE}
    return {name: resource.getrlimit(kind)[0] for name, kind in kinds.items()}


def test_a_child_may_use_each_processor_for_its_time_and_dumps_no_core() -> None:
    outcome = run_in_child(tell_limits, limits=Limits(seconds=30))
    assert outcome.result == {"cpu": 30 * (os.cpu_count() or 1) + 1, "core": 0}
    assert "more CPU time than 30 s" in explain_exit(-signal.SIGXCPU, Limits(seconds=30))


def test_a_film_beyond_the_memory_limit_fails_alone(make_film: FilmMaker, tmp_path: Path) -> None:
    vast = write_raw_film(tmp_path / "vast.mkv", (8192, 8192), frames=1, codec="mjpeg")
    narrow = Settings(detector="content", memory=0.05)
    (failed,) = ingest_batch([vast], tmp_path / "work", narrow)
    assert "needs more memory than the limit of 0.05 GiB" in failed.reason
    (good,) = ingest_batch([make_film("good.mp4")], tmp_path / "work", QUICK)
    assert good.status == "ingested"
