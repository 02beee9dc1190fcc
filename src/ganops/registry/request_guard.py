"""Limit the size of a request body, and the depth of its JSON, before MLflow's scoring server.

The server reads a body of any size, parses it several times, and repeats it in the response to a bad one.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# {"inputs": [{"n": 1}]} has three levels; another form that MLflow accepts has four.
DEEPEST = 8
_BYTES_PER_REQUEST = 256
_MOST_BODY_BYTES = 2**26
# A client that is still sending reads no response: up to this many times the limit is read and discarded.
_MOST_DISCARDED = 64


def find_most_bytes(largest_request: int, condition_bytes: int = 0) -> int:
    """Return the most bytes that a body needs: one request per sample, each with every field and some spaces.

    Args:
        largest_request: samples per call.
        condition_bytes: of the pictures that a request may hold, see `requests.count_condition_bytes`.
    """
    return min((largest_request + 4) * (_BYTES_PER_REQUEST + condition_bytes), _MOST_BODY_BYTES)


@dataclass(frozen=True)
class RequestGuard:
    """An ASGI application that passes requests with small, flat bodies to another.

    A body of more than `most_bytes`, of stated length or in chunks, gets status 413; invalid JSON, or JSON deeper than
    DEEPEST levels, gets 400; another content type gets 415.
    """

    app: App
    most_bytes: int

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Reject one request, or pass it on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return await self.app(scope, receive, send)
        try:
            body = await self._read(_headers(scope), receive)
            _check_json(_headers(scope), body)
        except _Rejected as rejected:
            return await _respond(send, rejected)
        await self.app(scope, _replay(body, receive), send)

    async def _read(self, headers: dict[str, str], receive: Receive) -> bytes:
        most_read = self.most_bytes * _MOST_DISCARDED
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

    def _too_large(self) -> "_Rejected":
        return _Rejected(413, f"The body is larger than {self.most_bytes:,} bytes. Request fewer samples per call.")


@dataclass
class _Rejected(Exception):
    status: int
    message: str


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _check_json(headers: dict[str, str], body: bytes) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Rejected(415, "The Content-Type is not application/json.")
    if _depth(body) > DEEPEST:
        raise _Rejected(400, f"The JSON is nested deeper than {DEEPEST} levels.")
    try:
        # json accepts UTF-16 too, in which bytes of other letters look like brackets and quotes.
        json.loads(body.decode("utf-8-sig"))
    except ValueError as error:
        raise _Rejected(400, f"The body is not valid JSON: {error}.") from None


def _depth(body: bytes) -> int:
    """Count the levels of brackets outside strings, without a parser, which would recurse."""
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
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


async def _respond(send: Send, rejected: _Rejected) -> None:
    content = json.dumps({"error_code": "BAD_REQUEST", "message": rejected.message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send(
        {"type": "http.response.start", "status": rejected.status, "headers": [*headers, (b"connection", b"close")]}
    )
    await send({"type": "http.response.body", "body": content})
