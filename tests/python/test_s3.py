"""Uploads to real S3 servers, through the gateway of s3_gateway.py, and previews in their buckets.

Neither server is S3 whole: moto holds to the rules of a multipart upload but looks neither at signatures nor at their
age; ministack does, and is lax about parts. So every test runs against both.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import porteur
from conftest import TESTS
from porteur.testing import Simulator
from preview_steps import webhook, worker_options
from s3_gateway import CHUNK_SIZE, CLIENT_ID, CLIENT_SECRET, KEY, REGION, Gateway, s3_client
from s3_proxy import Answer, Lost, Proxy, Request


@dataclass(frozen=True)
class Server:
    name: str
    url: str
    #: Whether a URL whose life is over is refused.
    looks_at_expiry: bool


@pytest.fixture(scope="module", params=["moto", "ministack"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    commands = {"moto": ["moto_server", "-H", "127.0.0.1", "-p", str(port)], "ministack": ["ministack"]}
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            installed(commands[request.param]), env=os.environ | settings, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        await_port(port, process, log)
        yield Server(request.param, f"http://127.0.0.1:{port}", looks_at_expiry=request.param == "ministack")
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A little over 23 MiB: four whole parts and a shorter one."""
    path = tmp_path_factory.mktemp("source") / "recording.bin"
    path.write_bytes(random.Random(7).randbytes((23 << 20) + 11))
    return path


@pytest.fixture
def bucket() -> str:
    return f"bucket-{uuid.uuid4()}"


def test_a_file_of_several_parts_arrives_byte_for_byte_with_two_parts_under_way_at_once(
    server: Server, bucket: str, source: Path
) -> None:
    together = threading.Barrier(2)

    def meet(request: Request) -> None:
        # Parts 1 and 2 are let through only when both are here.
        if request.part in (1, 2):
            together.wait(LIMIT)

    with Proxy(server.url, meet) as proxy, Gateway(server.url, bucket, storage_url=proxy.url) as gateway:
        file = client(gateway).upload(source, content_type="audio/wav", concurrency=3)
    assert sorted(proxy.stored) == [1, 2, 3, 4, 5]
    assert (file.name, file.size, len(file.checksums)) == ("recording.bin", source.stat().st_size, 5)
    assert objects(gateway) == [digest(source.read_bytes())]
    about = gateway.s3.head_object(Bucket=bucket, Key=gateway.sessions[0].key)
    assert about["ContentType"] == "audio/wav"


def test_an_empty_file_is_one_empty_part(server: Server, bucket: str) -> None:
    with Gateway(server.url, bucket) as gateway:
        file = client(gateway).upload(b"", name="empty.txt")
    assert (file.size, objects(gateway)) == (0, [digest(b"")])


def test_a_part_that_is_damaged_on_its_way_is_named_and_no_object_stays(
    server: Server, bucket: str, source: Path
) -> None:
    def damage(request: Request) -> None:
        if request.part == 3:
            request.body[1_000_000] ^= 1

    with (
        Proxy(server.url, damage) as proxy,
        Gateway(server.url, bucket, storage_url=proxy.url) as gateway,
        pytest.raises(porteur.ChecksumMismatch) as caught,
    ):
        client(gateway).upload(source)
    assert caught.value.details["chunks"] == "2", "chunks are counted from 0, parts from 1"
    assert objects(gateway) == []


def test_urls_that_ran_out_are_replaced_by_those_of_a_new_session(server: Server, bucket: str, source: Path) -> None:
    with (
        Proxy(server.url) as proxy,
        Gateway(server.url, bucket, storage_url=proxy.url, stale_sessions=1) as gateway,
    ):
        file = client(gateway).upload(source)
    assert file.size == source.stat().st_size
    assert objects(gateway) == [digest(source.read_bytes())]
    if server.looks_at_expiry:
        assert [session.completions for session in gateway.sessions] == [0, 1]
        assert proxy.refused and all(answer.status == 403 for answer in proxy.refused)
        assert sorted(proxy.stored) == [1, 2, 3, 4, 5], "nothing was stored by the URLs that had run out"
    else:
        # It takes what ran out, so there is nothing to notice: a client does not judge by its own clock.
        assert [session.completions for session in gateway.sessions] == [1]
        assert proxy.refused == []


def test_three_sessions_whose_urls_ran_out_are_enough(server: Server, bucket: str, source: Path) -> None:
    if not server.looks_at_expiry:
        pytest.skip(f"{server.name} takes URLs that ran out")
    with Gateway(server.url, bucket, stale_sessions=9) as gateway, pytest.raises(porteur.Expired):
        client(gateway).upload(source)
    assert len(gateway.sessions) == 3, "a session and two new ones"
    assert objects(gateway) == []


def test_after_a_killed_process_only_the_missing_parts_are_sent(
    server: Server, bucket: str, source: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    arrived, over = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        # Part 3 of the first process never gets through.
        if request.part == 3 and not over.is_set():
            arrived.set()
            over.wait(LIMIT)
            raise Lost

    with Proxy(server.url, hold) as proxy, Gateway(server.url, bucket, storage_url=proxy.url) as gateway:
        first = subprocess.Popen([sys.executable, "-c", UPLOAD, gateway.url, str(source), str(journal)])
        try:
            assert arrived.wait(LIMIT), "part 3 did not come"
        finally:
            first.kill()
            first.wait()
            over.set()
        assert first.returncode == -signal.SIGKILL
        assert proxy.stored == [1, 2]
        file = client(gateway).upload(source, journal=journal)
    assert sorted(proxy.stored[2:]) == [3, 4, 5]
    assert len(gateway.sessions) == 1
    assert file.size == source.stat().st_size and objects(gateway) == [digest(source.read_bytes())]
    assert not journal.exists()


def test_a_completion_that_fails_inside_a_200_is_not_taken_for_a_file(
    server: Server, bucket: str, source: Path
) -> None:
    failures = [Answer(200, [("Content-Type", "application/xml")], FAILED_AFTER_ALL)]

    def fail_once(request: Request) -> Answer | None:
        return failures.pop() if request.completes and failures else None

    with Proxy(server.url, fail_once) as proxy, Gateway(proxy.url, bucket) as gateway:
        client(gateway).upload(source)
    assert [session.completions for session in gateway.sessions] == [2]
    assert objects(gateway) == [digest(source.read_bytes())]


def client(gateway: Gateway) -> porteur.Client:
    return porteur.Client(CLIENT_ID, CLIENT_SECRET, base_url=gateway.url)


def objects(gateway: Gateway) -> list[str]:
    """The SHA-256 of every object of the bucket, read by other means than ours."""
    listed = gateway.s3.list_objects_v2(Bucket=gateway.bucket).get("Contents", [])
    bodies = [gateway.s3.get_object(Bucket=gateway.bucket, Key=found["Key"])["Body"].read() for found in listed]
    return [digest(body) for body in bodies]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("way", ["store", "presigned"])
def test_a_preview_is_an_object_of_its_bucket(server: Server, bucket: str, tmp_path: Path, way: str) -> None:
    s3 = s3_client(server.url)
    s3.create_bucket(Bucket=bucket)
    store = {
        "store": f"s3://{bucket}/previews",
        "store_options": {
            "aws_endpoint": server.url,
            "aws_allow_http": "true",
            "aws_region": REGION,
            "aws_access_key_id": KEY,
            "aws_secret_access_key": KEY,
        },
        "public_url": f"{server.url}/{bucket}/previews/{{id}}.webp",
    }

    def sign(name: str) -> str:
        target = {"Bucket": bucket, "Key": f"previews/{name}.webp", "ContentType": "image/webp"}
        return str(s3.generate_presigned_url("put_object", Params=target, ExpiresIn=60))

    ways: dict[str, dict[str, Any]] = {"store": store, "presigned": {"publish_to": sign}}
    photo = {"name": "photo.png", "path": str(TESTS / "media" / "form.png")}
    with Simulator(hosted=[photo]) as simulator, simulator.client() as client:
        settings = worker_options({}, simulator, tmp_path)
        del settings["publish_to"]
        worker = client.previews(**settings, **ways[way])
        worker.submit(*webhook({}, simulator.url))
        worker.drain()
        [made] = worker.recent()
        [message] = simulator.state["conversations"][0]["posted"]
    stored = s3.get_object(Bucket=bucket, Key=f"previews/{made.id}.webp")
    assert (stored["Body"].read(), stored["ContentType"]) == (made.bytes, "image/webp")
    assert message["text"] == f"Preview generated: {server.url}/{bucket}/previews/{made.id}.webp"


def installed(command: list[str]) -> list[str]:
    """The command with its path: from this Python's own packages before anybody else's."""
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which(command[0], path=here)
    if found is None:
        pytest.fail(f"there is no {command[0]}: pip install -r tests/python/requirements.txt")
    return [found, *command[1:]]


def await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Connects until somebody listens, the process ends, or time is up."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
    pytest.fail(f"nobody listens on port {port}:\n{log.read_text()}")


UPLOAD = f"""
import sys, porteur
_, url, source, journal = sys.argv
porteur.Client({CLIENT_ID!r}, {CLIENT_SECRET!r}, base_url=url).upload(source, journal=journal, concurrency=1)
"""

FAILED_AFTER_ALL = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>"""

#: Seconds for what happens at once unless something is broken.
LIMIT = 30.0

assert CHUNK_SIZE == 5 << 20, "the tests count parts of 5 MiB"
