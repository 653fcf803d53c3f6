"""Names -> things: from a request to the `Turn` that the reply path works on."""

from __future__ import annotations

import logging
import secrets
import time
from pathlib import Path

from chat2audio.errors import ApiError
from chat2audio.reply import Turn
from chat2audio.schemas import ChatRequest
from llm.messages import Message
from prompts.persona import BadPersona, Persona, load_persona
from speakers.catalog import SpeakerCatalog, UnknownSpeaker
from speakers.speaker import BadSpeaker, Speaker

log = logging.getLogger(__name__)

SEED_BITS = 32  # of seeds we draw: short enough to be copied by hand, and exact in JavaScript
NEUTRAL_PROMPT = {"zh": "你是{name}。{description}", "en": "You are {name}. {description}"}


class TurnMaker:
    """Looks up speaker and persona. Persona files are read again when they change.

    Args:
        catalog: the speakers.
        prompts_dir: where `Speaker.persona` is looked for.
        timeout_sec: time from the request to its deadline.
    """

    def __init__(self, catalog: SpeakerCatalog, prompts_dir: Path, timeout_sec: float) -> None:
        self._catalog = catalog
        self._prompts_dir = prompts_dir
        self._timeout_sec = timeout_sec
        self._personas: dict[Path, tuple[tuple[int, int], Persona]] = {}

    def make(self, request: ChatRequest) -> Turn:
        """Resolves a request.

        Raises:
            ApiError: 404 for an unknown speaker or emotion, naming the known ones; 409 for a broken persona
                file.
        """
        speaker = self._speaker(request.speaker, request.emotion)
        return Turn(
            id=f"c2a_{secrets.token_hex(8)}",
            text=request.input,
            speaker=speaker,
            persona=self._persona(speaker, request.prompt),
            history=tuple(Message(message.role, message.content) for message in request.history),
            seed=secrets.randbits(SEED_BITS) if request.seed is None else request.seed,
            deadline=time.monotonic() + self._timeout_sec,
        )

    def _speaker(self, name: str, emotion: str | None) -> Speaker:
        try:
            speaker = self._catalog.get(name)
        except UnknownSpeaker:
            known = ", ".join(self._catalog.names()) or "none"
            message = f"there is no such speaker; known speakers: {known}"
            raise ApiError(404, "unknown_speaker", message, param="speaker") from None
        try:
            return speaker.with_emotion(emotion)
        except BadSpeaker:
            known = ", ".join(speaker.emotion_names())
            message = f"{speaker.name} has no such emotion; known emotions: {known}"
            raise ApiError(404, "unknown_emotion", message, param="emotion") from None

    def _persona(self, speaker: Speaker, prompt: str | None) -> Persona:
        if prompt is not None:
            return Persona.from_prompt(speaker.name, prompt, speaker.language)
        if speaker.persona is None:
            words = NEUTRAL_PROMPT[speaker.language].format(
                name=speaker.name, description=speaker.description
            )
            return Persona.from_prompt(speaker.name, words, speaker.language)
        try:
            return self._loaded(self._prompts_dir / speaker.persona)
        except BadPersona as error:
            log.error("speaker %s: %s", speaker.name, error)
            message = (
                f"the persona of {speaker.name} is missing or damaged, see the server's log; "
                "another speaker, or a request with its own prompt, can be served"
            )
            raise ApiError(409, "bad_persona", message, param="speaker") from error

    def _loaded(self, path: Path) -> Persona:
        try:
            stat = path.stat()
        except OSError as error:
            raise BadPersona(f"{path}: cannot be read: {error.strerror}") from error
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._personas.get(path)
        if known is None or known[0] != stamp:
            known = self._personas[path] = (stamp, load_persona(path))
        return known[1]
