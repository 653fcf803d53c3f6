"""What a client is told when a request cannot be served: one JSON shape, for every status.

    {"error": {"message": "...", "type": "...", "code": "...", "param": null}, "detail": "..."}

The inner object is the one OpenAI clients read and the `error` event carries; `detail` repeats the message
for callers of the first chat2audio. A message says what would be valid and never repeats what was sent: the
sender knows it, and others who read logs and error pages need not.

| status | code | when |
|---|---|---|
| 400 | `invalid_json`, `invalid_value`, `prompt_too_long` | the request itself is wrong (422 is not used) |
| 401 | `invalid_api_key` | keys are configured and none of them came |
| 404 | `unknown_speaker`, `unknown_emotion`, `not_found` | no such speaker, emotion or path |
| 405, 406 | `method_not_allowed`, `not_acceptable` | |
| 408 | `request_timeout` | the body did not arrive in time |
| 409 | `bad_voice`, `bad_persona`, `adapter_unavailable` | its files are missing or damaged; see the log |
| 413, 414 | `request_too_large` | body or query too long |
| 500 | `internal_error` | ours; the log says why |
| 500 | `speech_failed`, `text_failed` | a model's output could not be used |
| 502 | `backend_failed` | the remote language model's server |
| 503 | `overloaded`, `shutting_down`, `engine_failed` | busy; comes with Retry-After |
| 504 | `timeout` | not finished within the server's time limit |
"""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from chat2audio.events import Failed

RETRY_AFTER_SEC = 2

# The status of a reply that failed before its first byte, by the code of its `Failed` event.
_STATUS_OF_CODE = {
    "timeout": 504,
    "overloaded": 503,
    "shutting_down": 503,
    "engine_failed": 503,
    "prompt_too_long": 400,
    "adapter_unavailable": 409,
    "backend_failed": 502,
}


class ApiError(Exception):
    """Ends a request with an HTTP error.

    Args:
        status: HTTP status.
        code: what happened, in a word for programs.
        message: what happened and what would be valid, for people.
        param: the field to blame, such as `history[2].content`, or None.
        headers: further response headers. 503 always gets Retry-After.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = dict(headers or {})
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_SEC))

    @classmethod
    def from_failed(cls, failed: Failed) -> ApiError:
        """The HTTP error of a reply that failed before anything of it was sent."""
        return cls(_STATUS_OF_CODE.get(failed.code, 500), failed.code, failed.message)

    def response(self) -> JSONResponse:
        body = {
            "error": error_object(self.status, self.code, self.message, self.param),
            "detail": self.message,
        }
        return JSONResponse(body, self.status, self.headers)


def error_object(status: int, code: str, message: str, param: str | None = None) -> dict[str, str | None]:
    """The inner object of the error shape; also the data of the `error` event."""
    return {"message": message, "type": _type_of(status), "code": code, "param": param}


def failed_object(failed: Failed) -> dict[str, str | None]:
    """The inner object for a reply that failed on its way."""
    return error_object(_STATUS_OF_CODE.get(failed.code, 500), failed.code, failed.message)


def _type_of(status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return "authentication_error"
    return "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"


def install_error_handlers(app: FastAPI) -> None:
    """Makes every error response of the app take the one shape."""
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unforeseen)


async def _on_api_error(request: Request, error: Exception) -> Response:
    return cast(ApiError, error).response()


async def _on_http_exception(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    phrase = HTTPStatus(error.status_code).phrase.lower()
    message = (
        f"{phrase}; this server answers POST and GET /chat2audio, GET /speakers, /healthz, /readyz and /"
    )
    code = phrase.replace(" ", "_")
    return ApiError(error.status_code, code, message, headers=dict(error.headers or {})).response()


async def _on_unforeseen(request: Request, error: Exception) -> Response:
    # Starlette raises the error again after this answer, so that the server logs it with its traceback.
    return ApiError(500, "internal_error", "the server failed to serve this request").response()
