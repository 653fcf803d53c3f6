"""The real hub's client against a server on this machine that speaks the hub's interface, ranges and all."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

import tts.fetch.__main__ as command
from tests.tts.fetch.fake_hub import git_sha1, sha256
from tts.fetch.downloading import FetchFailed, download
from tts.fetch.hub import HubError
from tts.fetch.hugging_face import HuggingFaceHub

REPO = "owner/models"
LARGE = bytes(range(256)) * 40
FILES = {"sub/large.pth": LARGE, "config.json": b'{"a": 1}'}


class Handler(BaseHTTPRequestHandler):
    """Answers as the hub does: listings, files with or without ranges, large ones from another address."""

    knows_ranges = True
    breaks_after: int | None = None
    sends: Mapping[str, bytes] = FILES
    ranges: list[str | None]

    def do_GET(self) -> None:
        if self.path.startswith(f"/api/models/{REPO}/tree/"):
            return self._answer(200, json.dumps([_listed(name) for name in FILES]).encode())
        name = self.path.removeprefix(f"/{REPO}/resolve/main/")
        if name not in FILES:
            return self._answer(
                404, b"", {"X-Error-Code": "EntryNotFound" if REPO in self.path else "RepoNotFound"}
            )
        if name.endswith(".pth") and "localhost" not in self.headers["Host"]:
            place = f"http://localhost:{self.server.server_address[1]}{self.path}"
            return self._answer(302, b"", {"Location": place})
        asked = self.headers.get("Range")
        type(self).ranges.append(asked)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and self.knows_ranges else 0
        return self._answer(206 if start else 200, self.sends[name][start:])

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.breaks_after is not None and status in (200, 206) and len(body) > self.breaks_after:
            body, type(self).breaks_after = body[: self.breaks_after], None
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def _listed(name: str) -> dict[str, object]:
    data = FILES[name]
    listed: dict[str, object] = {"type": "file", "path": name, "size": len(data), "oid": git_sha1(data)}
    if name.endswith(".pth"):
        listed["lfs"] = {"oid": sha256(data), "size": len(data), "pointerSize": 130}
    return listed


@pytest.fixture
def handler() -> type[Handler]:
    return type("OwnHandler", (Handler,), {"ranges": []})


@pytest.fixture
def hub(handler) -> Iterator[HuggingFaceHub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield HuggingFaceHub(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()


def test_listings_bring_the_checksums(hub) -> None:
    listing = hub.list_files(REPO)
    assert set(listing) == set(FILES)
    assert (listing["sub/large.pth"].sha256, listing["sub/large.pth"].git_sha1) == (sha256(LARGE), None)
    small = listing["config.json"]
    assert (small.sha256, small.git_sha1, small.num_bytes) == (None, git_sha1(FILES["config.json"]), 8)


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_broken_download_is_continued(hub, handler, tmp_path, knows_ranges) -> None:
    handler.knows_ranges, handler.breaks_after = knows_ranges, 4000
    remote = hub.list_files(REPO)["sub/large.pth"]
    words = download(hub, REPO, remote, tmp_path / "large.pth", wait=lambda _: None)
    assert words == "sha256 as the hub says"
    assert (tmp_path / "large.pth").read_bytes() == LARGE
    assert handler.ranges == [None, "bytes=4000-"]


@pytest.mark.parametrize("name", FILES)
def test_wrong_contents_are_refused_and_removed(hub, handler, tmp_path, name) -> None:
    handler.sends = {name: b"x" + data[1:] for name, data in FILES.items()}
    with pytest.raises(FetchFailed, match=rf"{name}: its checksum is \w+ instead of \w+; it was removed"):
        download(hub, REPO, hub.list_files(REPO)[name], tmp_path / "file", wait=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_the_command_fetches_a_whole_repository(hub, handler, tmp_path, monkeypatch) -> None:
    handler.breaks_after = 4000
    monkeypatch.setattr(command, "make_hub", lambda: hub)
    (tmp_path / "speakers").mkdir()
    config = tmp_path / "chat2audio.toml"
    config.write_text('[paths]\nmodels_dir = "models"\nspeakers_dir = "speakers"\n')
    options = ["--config", str(config), "--repository", REPO, "--download"]
    result = CliRunner().invoke(command.main, options)
    assert result.exit_code == 0, result.output
    assert "large.pth (sha256 as the hub says)" in result.stderr
    assert "config.json (git hash as the hub says)" in result.stderr
    for name, data in FILES.items():
        assert (tmp_path / "models/models" / name).read_bytes() == data
    assert sorted(handler.ranges, key=str) == [None, None, "bytes=4000-"]


def test_what_is_not_there_is_a_plain_error(hub) -> None:
    with pytest.raises(HubError, match=r"gone\.pth"), hub.read(REPO, "gone.pth", 0):
        pass
    with pytest.raises(HubError, match="other/models"):
        hub.list_files("other/models")
    with pytest.raises(HubError):
        hub.list_files("no repository at all")


def test_no_network_is_a_plain_error(monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
    hub = HuggingFaceHub("http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(HubError, match=f"{REPO}: the hub cannot be reached"):
        hub.list_files(REPO)


def test_offline_mode_is_heeded(monkeypatch, hub, tmp_path) -> None:
    remote = hub.list_files(REPO)["config.json"]
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="cannot be reached"):
        hub.list_files(REPO)
    named = r"^owner/models: config\.json: the hub cannot be reached .*; what is there is kept"
    with pytest.raises(FetchFailed, match=named):
        download(hub, REPO, remote, tmp_path / "config.json", wait=lambda _: None)
