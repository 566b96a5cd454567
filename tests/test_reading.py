"""The parts of a request: bodies that stall or end early, media types, revisions and moments."""

import socket
import struct
from collections.abc import Iterator
from types import SimpleNamespace

import msgspec
import pytest
from falcon import testing
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import SocketUnreader

from api.wire import times
from devices.problems import Refused
from devices.store.database import Store
from tests.conftest import Stores
from tests.door import Client, Door, move


@pytest.fixture
def door(stores: Stores) -> Iterator[Door]:
    """Demo books."""
    store: Store = stores.demo("sqlite")
    yield Door(store)
    stores.drop(store)


def sent_over(sent: bytes, length: int, client: Client, *, closed: bool) -> testing.Result:
    """The answer to a post whose body gunicorn's own reader takes from a socket: `sent`, then silence or the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50_000))
        theirs.sendall(sent)
        if closed:
            theirs.shutdown(socket.SHUT_WR)
        environ = {
            "wsgi.input": Body(LengthReader(SocketUnreader(ours), length)),
            "CONTENT_LENGTH": str(length),
        }
        headers = {**client.headers, "Idempotency-Key": "k"}
        return client.client.simulate_post("/v1/documents", headers=headers, extras=environ)


def test_a_body_that_stalls_is_told_so(door: Door) -> None:
    answer = sent_over(b'{"type": "mo', 200, door.sign_in("zhang"), closed=False)
    assert (answer.status_code, answer.json["code"]) == (408, "body_stalled")


def in_chunks(body: bytes, client: Client, *, limit: int | None = None) -> testing.Result:
    """The answer to a post whose body comes in chunks, without a length, as gunicorn's own reader hands it on."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50_000))
        theirs.sendall(body)
        message = SimpleNamespace(trailers=[], limit_request_fields=10)
        environ = {"wsgi.input": Body(ChunkedReader(message, SocketUnreader(ours))), "CONTENT_LENGTH": ""}
        headers = {**client.headers, "Idempotency-Key": "k", "Transfer-Encoding": "chunked"}
        if limit is not None:
            client.door.services.body_limit_bytes = limit
        return client.client.simulate_post("/v1/documents", headers=headers, extras=environ)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_a_body_in_chunks_is_read_to_its_end(door: Door) -> None:
    body = msgspec.json.encode(move())
    answer = in_chunks(chunk(body[:20]) + chunk(body[20:]) + chunk(b""), door.sign_in("zhang"))
    assert answer.status_code == 201, answer.text


def test_a_body_in_chunks_over_the_limit_is_refused(door: Door) -> None:
    answer = in_chunks(chunk(b" " * 600) + chunk(b" " * 600) + chunk(b""), door.sign_in("zhang"), limit=1000)
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [(b"zz\r\n{}\r\n", (400, "malformed_request")), (b"40\r\n{", (408, "body_stalled"))],
)
def test_a_body_in_chunks_that_are_none_or_stall_is_refused(
    door: Door, sent: bytes, refusal: tuple[int, str]
) -> None:
    answer = in_chunks(sent, door.sign_in("zhang"))
    assert (answer.status_code, answer.json["code"]) == refusal


def test_a_body_over_the_limit_is_refused_unread_and_the_connection_closed(door: Door) -> None:
    headers = {"Content-Length": str(3 * 1024 * 1024)}
    answer = door.nobody().client.simulate_post("/v1/documents", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_a_body_in_another_encoding_is_refused(door: Door, encoding: str) -> None:
    answer = door.sign_in("zhang").post("/v1/documents", move(), Content_Encoding=encoding)
    assert (answer.status_code, answer.json["code"]) == (415, "wrong_encoding")


def test_who_asks_is_refused_before_what_they_send(door: Door) -> None:
    assert door.nobody().post("/v1/documents", b"{").status_code == 401
    assert door.token().post("/v1/documents", b"{").json["code"] == "scope_missing"
    assert door.sign_in("zhang").post("/v1/people", b"{").status_code == 403
    assert door.sign_in("zhang").post("/v1/documents", b"{").status_code == 400


def test_a_body_that_ends_early_is_refused(door: Door) -> None:
    answer = sent_over(b'{"type": "mo', 200, door.sign_in("zhang"), closed=True)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/v1/books/BJ01/spare/card?model=TCG-01&to=2026-11-30", "from")],
)
def test_a_missing_parameter_is_named(door: Door, path: str, name: str) -> None:
    answer = door.sign_in("zhang").get(path, Accept_Language="en")
    assert (answer.status_code, answer.json["code"]) == (400, "missing_parameter")
    assert name in answer.json["detail"]


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"]
)
def test_json_is_taken_whatever_it_is_called(door: Door, media_type: str) -> None:
    assert door.sign_in("zhang").post("/v1/documents", move(), Content_Type=media_type).status_code == 201


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_form_of_a_foreign_page_sends_is_refused(door: Door, media_type: str) -> None:
    answer = door.sign_in("zhang").post("/v1/documents", move(), Content_Type=media_type)
    assert (answer.status_code, answer.json["code"]) == (415, "wrong_media_type")


@pytest.mark.parametrize("seen", ['"²"', '"' + "9" * 5000 + '"', "*", "", '"1", "2"', "-1", '"x"'])
def test_a_revision_that_is_none_of_ours_does_not_match(door: Door, seen: str) -> None:
    answer = door.sign_in("admin").send(
        "PUT", "/v1/carriers/SF", {"code": "SF", "name": "顺丰"}, If_Match=seen
    )
    assert (answer.status_code, answer.json["code"]) == (412, "if_match_failed")


@pytest.mark.parametrize("origin", ["http://[", "null", "https://evil.example"])
def test_an_origin_that_is_not_ours_is_foreign(door: Door, origin: str) -> None:
    answer = door.sign_in("zhang").post("/v1/documents", move(), Origin=origin)
    assert (answer.status_code, answer.json["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize(
    ("text", "at_us"),
    [("1970-01-01T08:00:00+08:00", 0), ("2028-02-29T00:00:00.000001Z", 1_835_395_200_000_001)],
)
def test_a_moment_is_read_to_the_microsecond(text: str, at_us: int) -> None:
    assert times.moment(text) == at_us


@pytest.mark.parametrize("text", [
    "", "2026-11-24", "2026-11-24T10:00:00", "20261124T100000Z", "2026-W48-2T10:00:00Z", "2026-02-29T00:00:00Z",
    "2026-06-30T23:59:60Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z",
    "2026-11-24T24:00:01Z", "2026-11-24T10:00:00+24:00", "２０２６-11-24T10:00:00Z", "2026-11-24T10:00:00Z\n",
])  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="malformed_date"):
        times.moment(text)


@pytest.mark.parametrize(
    "query", ["from=2026-02-30&to=2026-12-01", "from=２０２６-11-01&to=2026-12-01", "from=20261101&to=x"]
)
def test_a_day_that_is_none_is_refused(door: Door, query: str) -> None:
    zhang = door.sign_in("zhang")
    for path in ("/v1/books/BJ01/spare/card?model=TCG-01&", "/v1/documents?"):
        answer = zhang.get(path + query)
        assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")
        assert answer.json["errors"][0]["name"] == "from"


LINE = b'"lines": [{"serial": "661565714358"}]'
BODY = b'{"type": "move", "site": "BJ01", "business_date": "2026-11-24", "bin": "M-02", ' + LINE + b"}"


@pytest.mark.parametrize(
    ("once", "twice", "key"),
    [
        (b'"bin"', b'"bin": "M-01", "bin"', "bin"),
        (b'"serial"', b'"s\\u0065rial": "661565714359", "serial"', "serial"),
    ],
)
def test_a_key_that_is_there_twice_is_refused(door: Door, once: bytes, twice: bytes, key: str) -> None:
    zhang = door.sign_in("zhang")
    answer = zhang.post("/v1/documents", BODY.replace(once, twice))
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_body")
    assert f"`{key}`" in answer.json["detail"]
    assert zhang.post("/v1/documents", BODY).status_code == 201
