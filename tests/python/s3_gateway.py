"""A platform whose storage is a real S3 server: every upload is a multipart upload of a bucket.

It speaks the token call and the calls of an upload as core/docs/platform.md has them, and answers with one presigned
URL a part. Checksums are believed only after the object's bytes were read back. For tests: it listens on loopback, has
one client, and keeps its sessions in memory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote_plus

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError


@dataclass
class Session:
    """One announced upload."""

    id: str
    key: str
    multipart_id: str
    name: str
    content_type: str
    size: int
    chunk_size: int
    #: How often its completion was asked for.
    completions: int = 0
    #: What the completion was answered with, once that is settled.
    answer: tuple[int, dict[str, Any]] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def chunks(self) -> int:
        """An empty file is one empty chunk."""
        return max(1, -(-self.size // self.chunk_size))


class Gateway:
    """The platform, from `with` to its end.

    `storage_url` is where the clients reach the storage, when that is not `s3_url` itself. The URLs of the first
    `stale_sessions` sessions ran out an hour ago.
    """

    def __init__(self, s3_url: str, bucket: str, *, storage_url: str | None = None, stale_sessions: int = 0) -> None:
        self.s3 = s3_client(s3_url)
        self.bucket = bucket
        self.storage_url = storage_url or s3_url
        self.stale_sessions = stale_sessions
        self.sessions: list[Session] = []
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    def __enter__(self) -> Gateway:
        self.s3.create_bucket(Bucket=self.bucket)
        threading.Thread(target=self._server.serve_forever, args=[POLL], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What a client takes for the platform."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def announce(self, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """`POST /api/v2/files/uploads`."""
        name, content_type, size = wish["fileName"], wish["contentType"], wish["totalSize"]
        with self.lock:
            number = len(self.sessions) + 1
            key = f"uploads/{number}/{name}"
            started = self.s3.create_multipart_upload(Bucket=self.bucket, Key=key, ContentType=content_type)
            session = Session(f"upload-{number}", key, started["UploadId"], name, content_type, size, CHUNK_SIZE)
            self.sessions.append(session)
        date = datetime.now(UTC)
        life = URL_LIFE
        if number <= self.stale_sessions:
            date, life = date - timedelta(hours=1), timedelta(seconds=1)
        parts = [
            self._presign(f"{quote(key)}?partNumber={part}&uploadId={quote(session.multipart_id, safe='')}", date, life)
            for part in range(1, session.chunks + 1)
        ]
        return 201, {
            "uploadId": session.id,
            "presignedUrl": self._presign(quote(key), date, life),
            "chunkSize": session.chunk_size,
            "maxChunks": MAX_PARTS,
            "partUrls": parts,
        }

    def complete(self, upload: str, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """`POST /api/v2/files/uploads/{uploadId}/complete`; the same answer again once it is settled."""
        session = next((session for session in self.sessions if session.id == upload), None)
        if session is None:
            return refusal(404, "not.found", f"there is no upload {upload}")
        with session.lock:
            session.completions += 1
            if session.answer is None:
                status, answer = self._complete(session, wish)
                if status < 500:
                    session.answer = status, answer
                return status, answer
            return session.answer

    def _complete(self, session: Session, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        checksums, named = wish["checksums"], wish.get("parts") or []
        if len(checksums) != session.chunks or len(named) != session.chunks:
            counts = f"{len(checksums)} checksums and {len(named)} parts"
            return refusal(400, "bad.request", f"expected {session.chunks} of each, got {counts}", "parts")
        parts = [{"PartNumber": part["partNumber"], "ETag": part["etag"]} for part in named]
        place = {"Bucket": self.bucket, "Key": session.key}
        try:
            # S3 may answer 200 and say in the body that it failed. botocore looks there and raises; what it lets
            # through without an ETag is no object either.
            made = self.s3.complete_multipart_upload(
                **place, UploadId=session.multipart_id, MultipartUpload={"Parts": parts}
            )
        except ClientError as error:
            code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
            if code in NAMED_WRONGLY:
                return refusal(400, "bad.request", f"the storage refused the parts: {code} {message}", "parts")
            return refusal(503, "service.unavailable", f"the storage did not put the parts together: {code} {message}")
        if "ETag" not in made:
            return refusal(503, "service.unavailable", "the storage did not put the parts together")
        wrong = self._wrong_chunks(session, checksums)
        if not wrong:
            return 200, {"fileId": f"file-{session.id}", "name": session.name}
        # Nobody may find an object whose bytes are not those that were meant.
        self.s3.delete_object(**place)
        numbers = ", ".join(map(str, wrong))
        message = f"the checksums do not match what is stored for chunks {numbers}"
        return refusal(400, "bad.request", message, *(f"checksums[{chunk}]" for chunk in wrong))

    def _wrong_chunks(self, session: Session, checksums: list[str]) -> list[int]:
        """The chunks, from 0, whose stored bytes are not those of the checksum."""
        body = self.s3.get_object(Bucket=self.bucket, Key=session.key)["Body"]
        stored = [checksum(body.read(session.chunk_size)) for _ in checksums]
        return [
            chunk for chunk, (is_there, meant) in enumerate(zip(stored, checksums, strict=True)) if is_there != meant
        ]

    def _presign(self, path: str, date: datetime, life: timedelta) -> str:
        request = AWSRequest(method="PUT", url=f"{self.storage_url}/{self.bucket}/{path}")
        _DatedAuth(date, life).add_auth(request)
        return str(request.url)


def s3_client(url: str) -> Any:
    """The bucket's owner. Answers at once when S3 fails: whether to try again is the client's decision here."""
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        proxies={},
    )
    return boto3.client(
        "s3",
        endpoint_url=url,
        config=config,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=KEY,
    )


def checksum(content: bytes) -> str:
    """As the contract writes it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def refusal(status: int, code: str, message: str, *fields: str) -> tuple[int, dict[str, Any]]:
    """An error in the platform's form, naming fields."""
    details = [{"errorCode": code, "fieldName": name} for name in fields]
    return status, {"code": code, "message": message, "status": status, "contextId": CONTEXT, "details": details}


class _DatedAuth(S3SigV4QueryAuth):  # type: ignore[misc]  # botocore ships no types
    """Signs as of `date` and not as of now."""

    def __init__(self, date: datetime, life: timedelta) -> None:
        super().__init__(Credentials(KEY, KEY), "s3", REGION, expires=int(life.total_seconds()))
        self.date = date

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        request.context["timestamp"] = self.date.strftime("%Y%m%dT%H%M%SZ")
        super()._modify_request_before_signing(request)


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body of an answer leave apart: without this the body waits for an acknowledgement.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = self.answer(body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.send_header("ININ-Correlation-Id", CONTEXT)
            self.end_headers()
            self.wfile.write(text)

        def answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
            match self.path.strip("/").split("/"):
                case ["oauth", "token"]:
                    return self.token(body)
                case ["api", *_] if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    return refusal(401, "bad.credentials", "the token is not ours")
                case ["api", "v2", "files", "uploads"]:
                    return gateway.announce(json.loads(body))
                case ["api", "v2", "files", "uploads", upload, "complete"]:
                    return gateway.complete(upload, json.loads(body))
            return refusal(404, "not.found", f"there is no {self.path}")

        def token(self, body: bytes) -> tuple[int, dict[str, Any]]:
            scheme, _, pair = self.headers.get("Authorization", "").partition(" ")
            named = [unquote_plus(part) for part in base64.b64decode(pair).decode().split(":")]
            granted = parse_qs(body.decode()).get("grant_type") == ["client_credentials"]
            if scheme != "Basic" or named != [CLIENT_ID, CLIENT_SECRET] or not granted:
                return 401, {"error": "invalid_client"}
            return 200, {"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600}

        def log_message(self, format: str, *arguments: object) -> None:
            """What went on is told by the tests' own assertions."""

    return Handler


CLIENT_ID = "client"
CLIENT_SECRET = "client-secret"

#: Bytes. S3 takes no smaller part, but for the last one.
CHUNK_SIZE = 5 << 20
#: S3 takes no more.
MAX_PARTS = 10_000
URL_LIFE = timedelta(hours=1)

#: The key and the secret of the servers that stand in for S3.
KEY = "test"
REGION = "us-east-1"
TOKEN = "token-1"
CONTEXT = "s3-gateway"
#: S3's words for parts that are not what was said of them.
NAMED_WRONGLY = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "NoSuchUpload", "MalformedXML"}
#: Seconds within which the server notices that it should end.
POLL = 0.05
