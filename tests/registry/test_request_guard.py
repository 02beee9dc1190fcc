"""What the guard in front of the scoring server lets through, of whole bodies and of bodies in chunks."""

import asyncio
import json
from typing import Any

import pytest

from ganops.games.request import LatentRequest
from ganops.registry.request_guard import DEEPEST, Message, RequestGuard, find_most_bytes

MOST = 1000
JSON = [(b"content-type", b"application/json; charset=utf-8")]


def ask(parts: list[bytes], headers: list[tuple[bytes, bytes]] = JSON, **changed: Any) -> tuple[int, bytes, int]:
    """Status, body, and how many bytes the guard has taken of the request; what lies behind it echoes."""
    waiting, sent, taken = list(parts), list[Message](), 0

    async def receive() -> Message:
        nonlocal taken
        part = waiting.pop(0)
        taken += len(part)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    async def echo(scope: Message, receive: Any, send: Any) -> None:
        message = await receive()
        assert not message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": message["body"]})

    scope = {"type": "http", "method": "POST", "headers": headers, **changed}
    asyncio.run(RequestGuard(echo, MOST)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"], taken


def padded(count: int) -> bytes:
    return b'{"inputs": []}'.ljust(count)


@pytest.mark.parametrize("size", [1, 7, 5000])
def test_a_body_up_to_the_limit_is_handed_on_whole(size: int) -> None:
    body = padded(MOST)
    chunks = [body[first : first + size] for first in range(0, MOST, size)]
    assert ask(chunks) == (200, body, MOST)


@pytest.mark.parametrize("size", [1, 7, 5000])
@pytest.mark.parametrize("length", [[], [(b"content-length", b"1001")]])
def test_one_byte_more_is_413_with_or_without_a_stated_length(size: int, length: list[tuple[bytes, bytes]]) -> None:
    body = padded(MOST + 1)
    chunks = [body[first : first + size] for first in range(0, MOST + 1, size)]
    status, answer, _ = ask(chunks, [*JSON, *length])
    assert status == 413 and "1,000 bytes" in json.loads(answer)["message"]


def test_an_endless_body_is_neither_read_to_the_end_nor_kept() -> None:
    status, _, taken = ask([b" " * 1000] * 100_000)
    assert status == 413 and taken <= 65 * MOST
    assert ask([], [*JSON, (b"content-length", b"40000000")])[::2] == (413, 0)
    assert ask([], [*JSON, (b"content-length", b"-1")])[::2] == (413, 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * DEEPEST + b"]" * DEEPEST, 200),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), 400),
        (b'{"a":' * 100 + b"1" + b"}" * 100, 400),
        (b"[" * 900, 400),
        (b'["' + b"[" * 500 + b'"]', 200),
        (('["Ģ", ' + "[" * 100 + "]" * 100 + "]").encode("utf-16"), 400),  # a byte of Ģ looks like a quote
        (b"\xef\xbb\xbf[1]", 200),
        (b'["\\"' + b"[" * 100 + b'"]', 200),
        (b'["\\\\", ' + b"[" * 10 + b"]" * 11, 400),
        (b'{"inputs": [', 400),
        (b"", 400),
        (b"\xff", 400),
        (b"9" * 900, 200),
    ],
)
def test_json_is_whole_and_flat(body: bytes, status: int) -> None:
    assert ask([body])[0] == status


@pytest.mark.parametrize("kind", [[], [(b"content-type", b"application/x-parquet")], [(b"content-type", b"text/csv")]])
def test_what_is_no_json_is_415(kind: list[tuple[bytes, bytes]]) -> None:
    assert ask([b"{}"], kind)[0] == 415


def test_what_is_no_post_goes_by() -> None:
    assert ask([b""], [], method="GET")[0] == 200


def test_the_longest_call_fits() -> None:
    request = LatentRequest(n=1, seed=2**63 - 1, class_label=10**9, truncation=0.12345678901234567)
    body = json.dumps({"inputs": [request.model_dump()] * 256}, indent=4)
    assert len(body) < find_most_bytes(256) < 100_000
