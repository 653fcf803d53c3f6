"""The HTTP service: routes, guards and the life of the engines. `create_app` puts it together.

Two faces of one app: "stream" answers /chat2audio with events (or with bare audio, see
`chat2audio.negotiation`), "file" with one file. All else is the same.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles
from starlette.responses import JSONResponse, Response

from chat2audio.admission import Admission
from chat2audio.answers import (
    EXPOSED_HEADERS,
    Answer,
    TurnResponse,
    answer_with_audio,
    answer_with_events,
    answer_with_file,
)
from chat2audio.delivery import AudioWish, Kitchen, open_delivery
from chat2audio.drain import Drain
from chat2audio.engines import SpeechEngine, TextEngine
from chat2audio.errors import ApiError, install_error_handlers
from chat2audio.http_guards import ClientDisconnect, authorize, read_limited
from chat2audio.negotiation import file_format, negotiate
from chat2audio.reply import ReplyOptions
from chat2audio.schemas import ChatRequest, Limits, read_body, read_query
from chat2audio.settings import Settings
from chat2audio.turns import TurnMaker
from runtime.workers import Workers
from speakers.catalog import SpeakerCatalog

log = logging.getLogger(__name__)

Face = Literal["stream", "file"]
WEB_DIR = Path(__file__).resolve().parent.parent / "web"
# An engine thread that has not come round for so long hangs, or works on a step nobody can wait for.
STALE_HEARTBEAT_SEC = 15.0
# Compressing takes a small part of the time that making the sound does.
NUM_ENCODER_THREADS = 2


def create_app(
    face: Face,
    *,
    settings: Settings,
    text_engine: TextEngine,
    speech_engine: SpeechEngine,
    catalog: SpeakerCatalog,
    reply_options: ReplyOptions | None = None,
) -> FastAPI:
    """Makes the app. Its lifespan starts and stops the engines.

    Args:
        face: what POST and GET /chat2audio answer with: "stream" or "file".

    Returns:
        The app; `app.state.kitchen` holds what all turns share (places, drain, engines).
    """
    server = settings.server
    kitchen = Kitchen(
        text_engine=text_engine,
        speech_engine=speech_engine,
        options=reply_options or ReplyOptions(),
        admission=Admission(server.max_concurrent, server.max_waiting),
        drain=Drain(server.drain_timeout_sec),
        encoders=Workers("encoder", NUM_ENCODER_THREADS),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await text_engine.start()
        await speech_engine.start()
        try:
            yield
        finally:
            await speech_engine.stop()
            await text_engine.stop()
            kitchen.encoders.stop()

    app = FastAPI(title="chat2audio", lifespan=lifespan, redoc_url=None)
    app.state.kitchen = kitchen
    install_error_handlers(app)
    if server.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=server.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    service = Service(face, settings, kitchen, catalog)
    app.add_api_route("/chat2audio", service.post_chat, methods=["POST"], openapi_extra=_POST_DOCS)
    app.add_api_route("/chat2audio", service.get_chat, methods=["GET"], openapi_extra=_GET_DOCS)
    app.add_api_route("/speakers", service.speakers, methods=["GET"])
    app.add_api_route("/healthz", service.healthz, methods=["GET"])
    app.add_api_route("/readyz", service.readyz, methods=["GET"])
    if face == "stream":  # the page listens to events
        app.mount("/", StaticFiles(directory=WEB_DIR, html=True))
    return app


class Service:
    """The endpoints. Every one answers fast; the work is in the response, which the server runs."""

    def __init__(self, face: Face, settings: Settings, kitchen: Kitchen, catalog: SpeakerCatalog) -> None:
        self._face = face
        self._server = settings.server
        self._kitchen = kitchen
        self._catalog = catalog
        self._key_digests = settings.server.key_digests()
        self._limits = Limits(self._server.max_input_chars, self._server.default_speaker)
        self._turns = TurnMaker(catalog, settings.paths.prompts_dir, self._server.request_timeout_sec)

    async def post_chat(self, request: Request) -> Response:
        """One turn of conversation; the body is JSON in UTF-8."""
        authorize(request, self._key_digests)
        try:
            body = await read_limited(request, self._server.max_body_bytes)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is left to read it
        return self._answer(request, read_body(body, self._limits))

    async def get_chat(self, request: Request) -> Response:
        """The same with the fields in the query, for EventSource and audio players."""
        authorize(request, self._key_digests)
        query = request.scope["query_string"]
        if len(query) > self._server.max_body_bytes:
            message = f"the query is too long; at most {self._server.max_body_bytes} bytes are accepted"
            raise ApiError(414, "request_too_large", message)
        return self._answer(request, read_query(query, self._limits))

    def _answer(self, request: Request, chat: ChatRequest) -> Response:
        answer, audio = self._form(request, chat)
        turn = self._turns.make(chat)
        return TurnResponse(partial(open_delivery, self._kitchen, turn, audio), answer)

    def _form(self, request: Request, chat: ChatRequest) -> tuple[Answer, AudioWish]:
        """How the reply is to be sent and encoded."""
        if self._face == "file":
            name = file_format(request.headers, chat.format)
            return answer_with_file, AudioWish(name, chat.sample_rate, is_streamed=False)
        wish = negotiate(request.headers, chat.format)
        answer = answer_with_events if wish.wants_events else answer_with_audio
        return (
            partial(answer, send_timeout_sec=self._server.send_timeout_sec),
            AudioWish(wish.format, chat.sample_rate, is_streamed=True),
        )

    async def speakers(self, request: Request) -> Response:
        """The characters: `[{"name", "language", "description"}]`, and `emotions` where there are several."""
        authorize(request, self._key_digests)
        return JSONResponse(self._catalog.describe())

    async def healthz(self) -> Response:
        """200 as long as the event loop turns, also while the server is draining."""
        return JSONResponse({"status": "ok"})

    async def readyz(self) -> Response:
        """200 if a new request would be served now, else 503 with the reasons."""
        reasons = self._reasons_not_to_send_here()
        admission = self._kitchen.admission
        state = {"running": admission.num_running, "waiting": admission.num_waiting}
        if reasons:
            error = ApiError(503, "not_ready", "; ".join(reasons))
            return JSONResponse({"ready": False, "reasons": reasons, **state}, 503, error.headers)
        return JSONResponse({"ready": True, "reasons": [], **state})

    def _reasons_not_to_send_here(self) -> list[str]:
        kitchen = self._kitchen
        reasons = []
        if kitchen.drain.is_draining:
            reasons.append("the server is shutting down")
        for name, engine in (("text", kitchen.text_engine), ("speech", kitchen.speech_engine)):
            if not engine.is_ready:
                reasons.append(f"the {name} engine is not ready")
            elif engine.status().get("heartbeat_age_sec", 0.0) > STALE_HEARTBEAT_SEC:
                reasons.append(f"the {name} engine has been silent for more than {STALE_HEARTBEAT_SEC:g} s")
        if kitchen.admission.is_full:
            reasons.append("all places and the queue are full")
        return reasons


# The endpoints read bodies and queries themselves, with their own limits; this is what the docs page shows.
_SCHEMA: dict[str, Any] = ChatRequest.model_json_schema(ref_template="#/$defs/{model}")
_POST_DOCS = {"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}}
_GET_DOCS = {
    "parameters": [
        {"name": name, "in": "query", "required": name == "input", "schema": {"type": "string"}}
        for name in ChatRequest.model_fields
    ]
}
