"""What is special to Python while a call runs: the GIL, buffers, iterators, callbacks, closing."""

from __future__ import annotations

import asyncio
import io
import mmap
import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import porteur
from conftest import TEXT, Boom, counts_while, wait_for
from porteur.testing import Simulator

# The GIL


def test_other_threads_run_while_chunks_are_hashed() -> None:
    data = bytes(64 << 20)
    # One chunk on one thread takes tens of milliseconds: with the GIL held nothing would be counted.
    assert counts_while(lambda: porteur.sha256_chunks(data, len(data), threads=1)) > 1000


def test_other_threads_run_while_an_upload_waits() -> None:
    with Simulator(faults=[{"on": "PUT /storage", "slow_ms": 50}]) as simulator, simulator.client() as client:
        assert counts_while(lambda: client.upload(bytes(1 << 20), name="zeros.bin")) > 1000


# Bytes


MEMORY = """
import resource
import porteur
from porteur.testing import Simulator

MIB = 1 << 20
data = b"x" * (64 * MIB)
with Simulator(keep_bytes=False, chunk_size=1 << 20) as simulator, simulator.client() as client:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client.upload(data, name="x.bin")
    porteur.sha256_chunks(data, 5 * MIB)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_bytes_are_uploaded_and_hashed_without_a_copy() -> None:
    outcome = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    grown_kib = int(outcome.stdout)
    # A copy would be 64 MiB; the simulator holds 16 chunks of 1 MiB.
    assert grown_kib < 32 << 10


def test_a_bytearray_is_copied_once() -> None:
    data = bytearray(32 << 20)
    tracemalloc.start()
    porteur.sha256_chunks(data, 1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(data) <= peak < 1.5 * len(data)


def test_a_bytearray_that_changes_during_the_upload_is_uploaded_as_it_was(simulator: Simulator) -> None:
    data = bytearray(TEXT)

    def change(_: porteur.Progress) -> None:
        data[:] = b"?" * len(data)

    with simulator.client() as client:
        file = client.upload(data, name="notes.txt", on_progress=change)
    assert data == b"?" * len(TEXT)
    assert simulator.file(file.id) == TEXT


def test_every_kind_of_source_arrives_as_the_same_bytes(simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(TEXT)
    with simulator.client() as client, open(path, "rb") as opened, open(path, "rb") as mapped:
        with mmap.mmap(mapped.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
            sources: list[Any] = [TEXT, bytearray(TEXT), memoryview(TEXT), mapping, opened, io.BytesIO(TEXT)]
            files = [client.upload(source, name="notes.txt") for source in sources]
        files += [client.upload(path), client.upload(str(path)), client.upload(Fspath(path))]
        files.append(client.upload([TEXT[:3], bytearray(TEXT[3:])], name="notes.txt", size=len(TEXT)))
        files.append(client.upload(memoryview(TEXT)[::2], name="notes.txt"))
    expected = [TEXT] * 10 + [TEXT[::2]]
    assert [simulator.file(file.id) for file in files] == expected
    assert {file.name for file in files} == {"notes.txt"}


class Fspath:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


def test_a_file_object_is_read_from_where_it_stands(simulator: Simulator) -> None:
    source = io.BytesIO(TEXT)
    source.seek(10)
    with simulator.client() as client:
        file = client.upload(source, name="notes.txt")
    assert simulator.file(file.id) == TEXT[10:]


def test_a_file_object_that_cannot_seek_needs_a_size(simulator: Simulator) -> None:
    reader, writer = os.pipe()
    os.write(writer, TEXT)
    os.close(writer)
    with simulator.client() as client, open(reader, "rb") as source:
        with pytest.raises(porteur.InvalidInput) as raised:
            client.upload(source, name="notes.txt")
        assert raised.value.details["field"] == "size"
        assert isinstance(raised.value.__cause__, OSError)
        file = client.upload(source, name="notes.txt", size=len(TEXT))
    assert simulator.file(file.id) == TEXT


# Iterators


def test_an_iterator_is_asked_on_another_thread_and_closed_afterwards(simulator: Simulator) -> None:
    threads, closed = set(), threading.Event()

    def pieces() -> Iterator[bytes]:
        try:
            for start in range(0, len(TEXT), 5):
                threads.add(threading.current_thread())
                yield TEXT[start : start + 5]
        finally:
            closed.set()

    with simulator.client() as client:
        file = client.upload(pieces(), name="notes.txt", size=len(TEXT))
    assert simulator.file(file.id) == TEXT
    assert threading.main_thread() not in threads
    assert closed.is_set()


async def test_an_async_iterator_is_asked_on_the_loop_of_the_caller(simulator: Simulator) -> None:
    tasks = []

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(TEXT), 5):
            await asyncio.sleep(0)
            tasks.append(asyncio.get_running_loop())
            yield TEXT[start : start + 5]

    async with simulator.async_client() as client:
        file = await client.upload(pieces(), name="notes.txt", size=len(TEXT))
    assert simulator.file(file.id) == TEXT
    assert set(tasks) == {asyncio.get_running_loop()}


async def test_an_async_client_takes_ordinary_iterators_and_file_objects_too(simulator: Simulator) -> None:
    async with simulator.async_client() as client:
        files = [
            await client.upload(iter([TEXT]), name="notes.txt", size=len(TEXT)),
            await client.upload(io.BytesIO(TEXT), name="notes.txt"),
        ]
    assert [simulator.file(file.id) for file in files] == [TEXT, TEXT]


def failing(error: BaseException) -> Iterator[bytes]:
    yield TEXT[:10]
    raise error


async def failing_async(error: BaseException) -> AsyncIterator[bytes]:
    yield TEXT[:10]
    raise error


@pytest.mark.parametrize("multipart", [False, True])
def test_what_an_iterator_raises_arrives_as_the_same_object_and_nothing_is_completed(multipart: bool) -> None:
    error = Boom("from the source")
    with Simulator(chunk_size=8, multipart=multipart) as simulator, simulator.client() as client:
        with pytest.raises(Boom) as raised:
            client.upload(failing(error), name="notes.txt", size=len(TEXT))
        assert raised.value is error
        assert simulator.state["files"] == []


async def test_what_an_async_iterator_raises_arrives_as_the_same_object(simulator: Simulator) -> None:
    error = Boom("from the source")
    async with simulator.async_client() as client:
        with pytest.raises(Boom) as raised:
            await client.upload(failing_async(error), name="notes.txt", size=len(TEXT))
    assert raised.value is error
    assert simulator.state["files"] == []


@pytest.mark.parametrize("piece", ["text", 7, None])
def test_an_iterator_of_something_else_than_bytes_is_a_type_error(simulator: Simulator, piece: Any) -> None:
    with simulator.client() as client, pytest.raises(TypeError, match="expected pieces of bytes"):
        client.upload(iter([piece]), name="notes.txt", size=4)
    assert simulator.state["files"] == []


def test_a_text_file_is_a_type_error(simulator: Simulator) -> None:
    with simulator.client() as client, pytest.raises(TypeError, match="expected pieces of bytes, got str"):
        client.upload(io.StringIO("text"), name="notes.txt")  # type: ignore[arg-type]


def test_an_async_iterator_cannot_be_read_by_a_blocking_client(simulator: Simulator) -> None:
    with simulator.client() as client, pytest.raises(TypeError, match="AsyncClient"):
        client.upload(failing_async(Boom()), name="notes.txt", size=4)  # type: ignore[arg-type]
    assert simulator.journal == []


# Progress


@pytest.mark.parametrize("multipart", [False, True])
def test_progress_reaches_the_total_and_never_goes_back(multipart: bool) -> None:
    seen: list[porteur.Progress] = []
    with Simulator(chunk_size=8, multipart=multipart) as simulator, simulator.client() as client:
        client.upload(TEXT, name="notes.txt", on_progress=seen.append)
    assert seen[-1] == porteur.Progress(len(TEXT), len(TEXT), len(TEXT))
    acknowledged = [progress.acknowledged for progress in seen]
    assert acknowledged == sorted(acknowledged)


def test_what_on_progress_raises_arrives_as_the_same_object(simulator: Simulator) -> None:
    error = Boom("from the callback")

    def fail(_: porteur.Progress) -> None:
        raise error

    with simulator.client() as client, pytest.raises(Boom) as raised:
        client.upload(TEXT, name="notes.txt", on_progress=fail)
    assert raised.value is error
    assert simulator.state["files"] == []


@pytest.mark.parametrize("multipart", [False, True])
@pytest.mark.parametrize("_again", range(10))
async def test_an_exception_at_the_last_progress_keeps_the_upload_from_being_completed(
    multipart: bool, _again: int
) -> None:
    error = Boom("at the very end")

    def fail(progress: porteur.Progress) -> None:
        if progress.acknowledged == progress.total:
            raise error

    with Simulator(chunk_size=8, multipart=multipart) as simulator:
        with simulator.client() as client, pytest.raises(Boom) as raised:
            client.upload(TEXT, name="notes.txt", on_progress=fail)
        assert raised.value is error
        async with simulator.async_client() as asynchronous:
            with pytest.raises(Boom) as raised:
                await asynchronous.upload(TEXT, name="notes.txt", on_progress=fail)
        assert raised.value is error
        assert not [entry for entry in simulator.journal if entry["path"].endswith("/complete")]


def test_a_callback_and_an_iterator_may_use_the_client_themselves(simulator: Simulator) -> None:
    guests = []
    with simulator.client() as client:

        def pieces() -> Iterator[bytes]:
            guests.append(client.guest("en-US"))
            yield TEXT

        client.upload(
            pieces(), name="notes.txt", size=len(TEXT), on_progress=lambda _: guests.append(client.guest("de-DE"))
        )
    assert {guest["language"] for guest in simulator.state["guests"]} == {"en-US", "de-DE"}


# Closing


def test_with_closes_the_client_and_later_calls_are_cancelled(simulator: Simulator) -> None:
    with simulator.client() as client:
        guest = client.guest("en-US")
    for call in (
        lambda: client.upload(TEXT, name="notes.txt"),
        lambda: client.guest("en-US"),
        lambda: client.send_as_guest(guest, to=["+15550100"], text="hello"),
    ):
        with pytest.raises(porteur.Cancelled):
            call()


async def test_async_with_closes_the_client_and_later_calls_are_cancelled(simulator: Simulator) -> None:
    async with simulator.async_client() as client:
        guest = await client.guest("en-US")
    with pytest.raises(porteur.Cancelled):
        await client.upload(TEXT, name="notes.txt")
    with pytest.raises(porteur.Cancelled):
        await client.guest("en-US")
    with pytest.raises(porteur.Cancelled):
        await client.send_as_guest(guest, to=["+15550100"], text="hello")


def test_close_ends_a_call_of_another_thread() -> None:
    with Simulator(chunk_size=8, faults=[{"on": "PUT /storage", "nth": 2, "stall_ms": 1}]) as simulator:
        client = simulator.client()
        outcomes = []

        def upload() -> None:
            try:
                client.upload(TEXT, name="notes.txt")
            except porteur.PorteurError as error:
                outcomes.append(error)

        thread = threading.Thread(target=upload)
        thread.start()
        wait_for(simulator, "PUT /storage", 2)
        client.close()
        thread.join(10)
        assert [type(outcome) for outcome in outcomes] == [porteur.Cancelled]


def test_a_stopped_simulator_says_so() -> None:
    with Simulator() as simulator:
        pass
    with pytest.raises(porteur.Cancelled):
        _ = simulator.journal
    assert simulator.url in repr(simulator)
