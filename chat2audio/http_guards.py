"""What stands between the network and a request: the key, the size and the time of the body, the hang-up."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Coroutine, Sequence
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from chat2audio.errors import ApiError

BODY_TIMEOUT_SEC = 10.0


def authorize(request: Request, key_digests: Sequence[bytes]) -> None:
    """Checks `Authorization: Bearer <key>` in constant time; without configured keys anything goes.

    Args:
        key_digests: SHA-256 of each valid key.

    Raises:
        ApiError: 401.
    """
    if not key_digests:
        return
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    # Headers come decoded as Latin-1, which gives every byte back.
    digest = hashlib.sha256(key.strip().encode("latin-1")).digest()
    # All keys are compared, so that the time does not tell which of them was close.
    matches = [hmac.compare_digest(digest, valid) for valid in key_digests]
    if scheme.lower() != "bearer" or not any(matches):
        raise ApiError(
            401,
            "invalid_api_key",
            "this server needs a key: send the header Authorization: Bearer <key>",
            headers={"WWW-Authenticate": "Bearer"},
        )


async def read_limited(request: Request, max_bytes: int, *, timeout_sec: float = BODY_TIMEOUT_SEC) -> bytes:
    """Reads the body, never more than allowed and no longer than allowed.

    Raises:
        ApiError: 413 as soon as it is too long, declared or not; 408 if it does not arrive in time.
        ClientDisconnect: the client is gone.
    """
    too_large = ApiError(
        413,
        "request_too_large",
        f"the body is too long; at most {max_bytes} bytes are accepted",
        # The rest of the body is still on its way; nobody is going to read it.
        headers={"Connection": "close"},
    )
    declared = request.headers.get("Content-Length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 12 or int(declared) > max_bytes):
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_sec):
            async for piece in request.stream():
                body += piece
                if len(body) > max_bytes:
                    raise too_large
    except TimeoutError:
        message = f"the body did not arrive within {timeout_sec:g} s"
        raise ApiError(408, "request_timeout", message, headers={"Connection": "close"}) from None
    return bytes(body)


async def until_disconnect(receive: Receive, work: Coroutine[Any, Any, None]) -> bool:
    """Runs `work`, and cancels it when the client hangs up. To be used after the body has been read.

    Returns:
        True if the work came to its end, False if the client left before.
    """
    worker = asyncio.ensure_future(work)
    watcher = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({worker, watcher}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        worker.cancel()
        watcher.cancel()
        # Nothing of the request may outlive it: its places and engines are free when this returns.
        await asyncio.gather(worker, watcher, return_exceptions=True)
    if worker.cancelled():
        return False
    worker.result()
    return True


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


__all__ = ["ClientDisconnect", "authorize", "read_limited", "until_disconnect"]
