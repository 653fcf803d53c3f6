"""Every setting of the server: its name, default, limits and meaning.

`load_settings` reads them from chat2audio.toml (or the file CHAT2AUDIO_CONFIG names) and then from
environment variables: CHAT2AUDIO_SERVER__STREAM_PORT=9000 sets `stream_port` of `[server]`. Without either
the built-in demo runs. chat2audio.example.toml shows the settings most people change.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError, model_validator

from chat2audio.settings_sections import (
    LLMSettings,
    PathSettings,
    Section,
    ServerSettings,
    TextSettings,
    TTSSettings,
)
from chat2audio.settings_sources import SettingsError, explain, read_sources

__all__ = ["LLMSettings", "ServerSettings", "Settings", "SettingsError", "TTSSettings", "load_settings"]

CONFIG_FILE = "chat2audio.toml"
ROOT = Path(__file__).resolve().parent.parent


class Settings(Section):
    """All settings. `Settings()` holds the defaults; `load_settings` reads what people set."""

    server: ServerSettings = ServerSettings()
    llm: LLMSettings = LLMSettings()
    tts: TTSSettings = TTSSettings()
    text: TextSettings = TextSettings()
    paths: PathSettings = PathSettings()

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.llm.backend == "openai" and not self.llm.openai.model:
            raise ValueError('llm.openai.model must be set when llm.backend is "openai"')
        return self


def load_settings(
    path: str | Path | None = None, *, environ: Mapping[str, str] | None = None, root: Path = ROOT
) -> Settings:
    """Read the settings; environment variables win over the file, the file over the defaults.

    Relative paths in the file start at the file's folder, those of the environment at the working directory,
    and the defaults at the project's root; the result holds absolute ones.

    Args:
        path: the file; by default the one CHAT2AUDIO_CONFIG names, else chat2audio.toml in `root` if there.
        environ: the environment; by default the process's.
        root: the project's root.

    Raises:
        SettingsError: one line for each fault, with the file or variable, the key, the reason and what is
        valid.
    """
    environ = os.environ if environ is None else environ
    named = path or environ.get("CHAT2AUDIO_CONFIG")
    default = root / CONFIG_FILE
    file = Path(named) if named else (default if default.exists() else None)
    values, origins = read_sources(Settings, file=file, environ=environ, root=root)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(explain(Settings, error, origins))) from None
