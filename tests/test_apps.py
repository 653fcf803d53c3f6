"""The two programs: what their command line says, and that they serve what was built until a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

import app_non_stream
import app_stream
from chat2audio import command
from chat2audio.settings import Settings
from llm.errors import BadModel
from tests.chat2audio.fakes import FakeCatalog, FakeSpeechEngine, FakeTextEngine, free_port, parse_events

ROOT = Path(__file__).parents[1]
APPS = {"stream": app_stream.main, "file": app_non_stream.main}
ASK = {"input": "你好"}


def fake_parts(**server: Any) -> Any:
    return SimpleNamespace(
        settings=Settings.model_validate({"server": server}),
        text_engine=FakeTextEngine(),
        speech_engine=FakeSpeechEngine(),
        catalog=FakeCatalog(),
        reply_options=None,
    )


def replace_startup(monkeypatch: pytest.MonkeyPatch, **names: Any) -> None:
    """Puts a module without models in the place of chat2audio.startup, which brings torch along."""
    monkeypatch.setitem(sys.modules, "chat2audio.startup", SimpleNamespace(**names))


@pytest.mark.parametrize("name", ["app_stream.py", "app_non_stream.py"])
def test_help_comes_without_loading_models(name: str) -> None:
    code = f"import runpy, sys; sys.argv = [{name!r}, '--help']\n" + (
        f"try:\n    runpy.run_path({name!r}, run_name='__main__')\n"
        "finally:\n    print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for option in ("--host", "--port", "--config", "POST /chat2audio"):
        assert option in result.stdout
    assert result.stdout.strip().endswith("False"), "torch was imported"


@pytest.mark.parametrize("face", APPS)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "192.0.2.1"], "api_keys"),
        (["--port", "70000"], "65535"),
        (["--config", "no-such-file.toml"], "no-such-file.toml"),
    ],
)
def test_wrong_options_are_told_in_plain_words(face: str, arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(APPS[face], arguments, env={"CHAT2AUDIO_CONFIG": ""})
    assert result.exit_code != 0
    assert words in result.output
    assert "Traceback" not in result.output


def test_a_wrong_settings_file_is_told_in_plain_words(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("[server]\nstream_prot = 8000\n")
    result = CliRunner().invoke(app_stream.main, ["--config", str(config)])
    assert result.exit_code == 1
    assert "stream_prot" in result.output


def test_a_model_that_cannot_be_loaded_is_told_in_plain_words(monkeypatch, tmp_path: Path) -> None:
    parts = fake_parts()

    async def start() -> None:
        raise BadModel("models/x: there is no config.json")

    parts.text_engine.start = start
    replace_startup(monkeypatch, build=lambda settings: parts, banner=None)
    config = tmp_path / "settings.toml"
    config.write_text("")
    result = CliRunner().invoke(app_stream.main, ["--config", str(config)])
    assert result.exit_code == 1
    assert "no config.json" in result.output
    assert "Traceback" not in result.output


def test_host_and_port_of_the_command_line_win(tmp_path: Path, monkeypatch) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('[server]\nhost = "127.0.0.1"\nstream_port = 1234\nfile_port = 1235\n')
    monkeypatch.setenv("CHAT2AUDIO_SERVER__STREAM_PORT", "1236")
    settings = command.read_settings("stream", host="::1", port=4321, config=config)
    assert (settings.server.host, settings.server.stream_port, settings.server.file_port) == (
        "::1",
        4321,
        1235,
    )
    settings = command.read_settings("file", host=None, port=4321, config=config)
    assert (settings.server.stream_port, settings.server.file_port) == (1236, 4321)


@pytest.mark.parametrize("face", APPS)
async def test_an_app_prints_its_banner_serves_and_ends_with_a_signal(face, monkeypatch, capsys) -> None:
    port = free_port()
    parts = fake_parts(**{command.PORT_SETTING[face]: port})
    replace_startup(monkeypatch, banner=lambda parts, url: f"banner {url}")
    made_ready: list[str] = []
    parts.speech_engine.voice_calls = made_ready
    serving = asyncio.create_task(command.serve(face, parts))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(1000):
            try:
                assert (await client.get("/readyz")).status_code == 200
                assert made_ready == ["Qinglan"], "the first to ask need not wait for the default voice"
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.01)
        response = await client.post("/chat2audio", json=ASK)
        assert "access-control-allow-origin" not in response.headers
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(serving, 10) is False
    assert capsys.readouterr().out == f"banner http://127.0.0.1:{port}\n"
    assert not parts.text_engine.is_ready
    assert not parts.speech_engine.is_ready
    if face == "stream":
        assert parse_events(response.text)[-1][0] == "done"
    else:
        assert response.headers["Content-Type"] == "audio/wav"


@pytest.mark.parametrize("name", ["Broken", "Nobody"])
async def test_a_default_speaker_of_no_use_keeps_nobody_from_the_others(name, caplog) -> None:
    await command._warm_up(fake_parts(default_speaker=name))
    assert "default speaker" in caplog.text
