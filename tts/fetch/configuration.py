"""The settings file and the speakers folder -> what they take of model files.

The one file below chat2audio that reads its settings: this command looks at a whole configuration, and
nothing imports it.
"""

from __future__ import annotations

from pathlib import Path

from chat2audio.settings import load_settings
from speakers.catalog import SpeakerCatalog
from tts.fetch.needs import Configuration


def read_configuration(config: Path | None) -> Configuration:
    """Return what is configured, by the same rules as the servers.

    Args:
        config: settings file; by default the one the servers would take.

    Raises:
        chat2audio.settings.SettingsError: says what is wrong and what would be valid.
    """
    settings = load_settings(config)
    paths, llm = settings.paths, settings.llm
    catalog = SpeakerCatalog(paths.speakers_dir, paths.models_dir, roots=paths.voice_roots)
    return Configuration(
        pretrained=settings.tts.pretrained(),
        speakers=tuple(map(catalog.get, catalog.names())),
        models_dir=paths.models_dir,
        problems=tuple(catalog.problems().values()),
        language_model=llm.model if llm.backend == "local" else None,
        use_bert=settings.tts.use_bert,
    )
