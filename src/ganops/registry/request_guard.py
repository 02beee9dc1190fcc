"""Limits in front of MLflow's scoring server: on the size of a body, and on the depth of its JSON.

The server reads a body whole, whatever its size, parses it several times, and repeats it in its answer to a bad one.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# {"inputs": [{"n": 1}]} has three levels, and MLflow knows one form that has one more.
DEEPEST = 8
_BYTES_OF_A_REQUEST = 256
# A client that is still sending reads no answer: so many times the limit is read and discarded.
_PATIENCE = 64


def find_most_bytes(largest_request: int) -> int:
    """Return the bytes that a body needs at most: one request a sample, each with every field and some spaces."""
    return (largest_request + 4) * _BYTES_OF_A_REQUEST


@dataclass(frozen=True)
class RequestGuard:
    """An ASGI application that passes requests with small, flat bodies to another.

    A body of more than `most_bytes`, of stated length or in chunks, gets status 413; invalid JSON, or JSON deeper than
    DEEPEST levels, gets 400; another content type gets 415.
    """

    app: App
    most_bytes: int

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse one request, or pass it on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return await self.app(scope, receive, send)
        try:
            body = await self._read(_headers(scope), receive)
            _check_json(_headers(scope), body)
        except _Refused as refused:
            return await _answer(send, refused)
        await self.app(scope, _replay(body, receive), send)

    async def _read(self, headers: dict[str, str], receive: Receive) -> bytes:
        most_read = self.most_bytes * _PATIENCE
        stated = headers.get("content-length", "0")
        if not stated.isdigit() or int(stated) > most_read:
            raise self._too_large()
        body, count, more = bytearray(), 0, True
        while more and count <= most_read:
            message = await receive()
            part = message.get("body", b"")
            count += len(part)
            if count <= self.most_bytes:
                body += part
            more = message.get("more_body", False)
        if count > self.most_bytes:
            raise self._too_large()
        return bytes(body)

    def _too_large(self) -> "_Refused":
        return _Refused(413, f"The body is larger than {self.most_bytes:,} bytes. Ask for fewer samples in one call.")


@dataclass
class _Refused(Exception):
    status: int
    message: str


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _check_json(headers: dict[str, str], body: bytes) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Refused(415, "The Content-Type is not application/json.")
    if _depth(body) > DEEPEST:
        raise _Refused(400, f"The JSON is nested deeper than {DEEPEST} levels.")
    try:
        # Decoded here: json takes UTF-16 too, in which the bytes of other letters look like brackets and quotes.
        json.loads(body.decode("utf-8-sig"))
    except ValueError as error:
        raise _Refused(400, f"The body is not valid JSON: {error}.") from None


def _depth(body: bytes) -> int:
    """Count the levels of brackets outside of strings, without a parser, which would recurse as deep."""
    depth = deepest = 0
    inside = escaped = False
    for byte in body:
        if inside:
            inside = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _answer(send: Send, refused: _Refused) -> None:
    content = json.dumps({"error_code": "BAD_REQUEST", "message": refused.message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send(
        {"type": "http.response.start", "status": refused.status, "headers": [*headers, (b"connection", b"close")]}
    )
    await send({"type": "http.response.body", "body": content})
