"""The command line of both apps."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chat2audio.http_server import HttpServer
from chat2audio.service import Face, create_app
from chat2audio.settings import Settings, SettingsError, load_settings
from llm.errors import TextError
from speakers.catalog import UnknownSpeaker
from tts.errors import BadVoice

if TYPE_CHECKING:
    from chat2audio.startup import Parts

log = logging.getLogger(__name__)

EXIT_FORCED = 1
PORT_SETTING = {"stream": "stream_port", "file": "file_port"}


def make_command(face: Face, doc: str) -> click.Command:
    """Returns the command that serves one face; `doc` is its help text."""

    @click.command(help=doc)
    @click.option("--host", help="Address to listen on, instead of the configured one.")
    @click.option("--port", type=click.IntRange(1, 65535), help="Port, instead of the configured one.")
    @click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Settings file; by default chat2audio.toml, if there is one.",
    )
    def command(host: str | None, port: int | None, config: Path | None) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        try:
            settings = read_settings(face, host=host, port=port, config=config)
            # Brings torch along: seconds that --help and wrong settings need not take.
            from chat2audio.startup import build

            was_forced = asyncio.run(serve(face, build(settings)))
        except (SettingsError, TextError, BadVoice) as error:
            raise click.ClickException(str(error)) from error
        if was_forced:
            sys.exit(EXIT_FORCED)

    return command


def read_settings(face: Face, *, host: str | None, port: int | None, config: Path | None) -> Settings:
    """Reads the settings; what the command line says counts like an environment variable.

    Raises:
        SettingsError: says what is wrong and what would be valid.
    """
    environ = dict(os.environ)
    if host is not None:
        environ["CHAT2AUDIO_SERVER__HOST"] = host
    if port is not None:
        environ[f"CHAT2AUDIO_SERVER__{PORT_SETTING[face].upper()}"] = str(port)
    return load_settings(config, environ=environ)


async def serve(face: Face, parts: Parts) -> bool:
    """Loads the models, prints what was loaded, and serves until a signal comes.

    Returns:
        True if a second signal ended it before the running replies were through.
    """
    from chat2audio.startup import banner

    app = create_app(
        face,
        settings=parts.settings,
        text_engine=parts.text_engine,
        speech_engine=parts.speech_engine,
        catalog=parts.catalog,
        reply_options=parts.reply_options,
    )
    server_settings = parts.settings.server
    port: int = getattr(server_settings, PORT_SETTING[face])
    # The app's lifespan starts the engines too (a second start does nothing). Started here, what is wrong
    # with a model reaches the console as one plain sentence.
    await parts.text_engine.start()
    await parts.speech_engine.start()
    await _warm_up(parts)
    host = f"[{server_settings.host}]" if ":" in server_settings.host else server_settings.host
    click.echo(banner(parts, f"http://{host}:{port}"))
    server = HttpServer(app, app.state.kitchen, host=server_settings.host, port=port)
    await server.serve()
    return server.was_forced


async def _warm_up(parts: Parts) -> None:
    """Makes the default speaker's voice ready, so that the first to ask need not wait for it."""
    name = parts.settings.server.default_speaker
    try:
        await parts.speech_engine.voice(parts.catalog.get(name).with_emotion())
    except (UnknownSpeaker, BadVoice) as error:
        # The others may be fine, and this one may be mended while the server runs.
        log.warning("default speaker: %s", error)
