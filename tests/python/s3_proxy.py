"""What can happen between a client and S3: a proxy that sees every request before the storage does.

The `Host` header goes through as it came, so a URL that is signed for the proxy's address stays valid.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """A request on its way; whoever meddles may change its body."""

    method: str
    #: With its query.
    target: str
    headers: list[tuple[str, str]]
    body: bytearray

    @property
    def part(self) -> int | None:
        """The number of the part that it puts, from 1."""
        number = parse_qs(urlsplit(self.target).query).get("partNumber")
        return int(number[0]) if self.method == "PUT" and number else None

    @property
    def completes(self) -> bool:
        """Whether it asks S3 to put the parts together."""
        query = parse_qs(urlsplit(self.target).query)
        return self.method == "POST" and "uploadId" in query


@dataclass(frozen=True)
class Answer:
    """What comes back, from the storage or in its place."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Lost(Exception):
    """Raised in place of an answer: the connection ends here."""


#: Sees a request first. An [Answer] is given in place of the storage's; `None` lets the request through.
Meddle = Callable[[Request], Answer | None]


class Proxy:
    """From `with` to its end."""

    def __init__(self, upstream: str, meddle: Meddle = lambda _: None) -> None:
        self.meddle = meddle
        #: The parts that the storage took, in the order of its answers.
        self.stored: list[int] = []
        #: The answers to parts that it did not take.
        self.refused: list[Answer] = []
        self._upstream = urlsplit(upstream).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=[POLL], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What a client takes for the storage."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def pass_on(self, request: Request) -> Answer:
        """Asks `meddle`, then the storage."""
        answer = self.meddle(request) or self._fetch(request)
        if request.part is not None:
            if answer.status == 200:
                self.stored.append(request.part)
            else:
                self.refused.append(answer)
        return answer

    def _fetch(self, request: Request) -> Answer:
        connection = http.client.HTTPConnection(self._upstream, timeout=UPSTREAM)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers:
                if name.lower() not in OF_THE_CONNECTION:
                    connection.putheader(name, value)
            connection.endheaders(bytes(request.body))
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body of an answer leave apart: without this the body waits for an acknowledgement.
        disable_nagle_algorithm = True

        def pass_on(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = bytearray(self.rfile.read(length))
            if len(body) < length:
                self.close_connection = True
                return
            try:
                answer = proxy.pass_on(Request(self.command, self.path, self.headers.items(), body))
            except (Lost, OSError):
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                if name.lower() not in OF_THE_CONNECTION | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_PUT = do_POST = do_DELETE = pass_on

        def log_message(self, format: str, *arguments: object) -> None:
            """What went on is told by the tests' own assertions."""

    return Handler


#: Headers that belong to one connection; a body's length is written anew.
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "expect"}
#: Seconds for the storage to answer.
UPSTREAM = 60.0
#: Seconds within which the server notices that it should end.
POLL = 0.05
