"""What is special to Python when something stops: Ctrl-C, cancelled tasks, forks, and the end of the process."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import porteur
from conftest import TEXT, counted, wait_for
from porteur.testing import Simulator

# The third chunk is never answered: the client waits until somebody stops it.
STALLED = {"on": "PUT /storage", "nth": 3, "stall_ms": 1}

# Forking a process that has threads is what these tests are about.
forking = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


# Ctrl-C


INTERRUPTED = """
import sys, threading
from conftest import TEXT, counted, wait_for
from porteur.testing import Simulator

with Simulator(chunk_size=8, faults=[{"on": "PUT /storage", "nth": 3, "stall_ms": 1}]) as simulator:
    def report():
        wait_for(simulator, "PUT /storage", 3)
        print("stalled", flush=True)

    with simulator.client() as client:
        threading.Thread(target=report).start()
        try:
            client.upload(TEXT, name="notes.txt", journal=sys.argv[1])
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        file = client.upload(TEXT, name="notes.txt", journal=sys.argv[1])
        print(simulator.file(file.id) == TEXT, counted(simulator, "PUT /storage"), flush=True)
"""


def test_ctrl_c_stops_a_stalled_upload_at_once_and_the_journal_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "journal")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stalled\n"
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - start < 1
        # Two chunks were stored before; only the third one is sent again.
        assert process.stdout.readline() == "True 4\n"
    assert process.returncode == 0


# Cancelled tasks


@pytest.mark.parametrize("multipart", [False, True])
async def test_a_cancelled_task_has_stopped_its_upload_and_the_journal_goes_on(multipart: bool, tmp_path: Path) -> None:
    with Simulator(chunk_size=8, multipart=multipart, faults=[STALLED]) as simulator:
        async with simulator.async_client() as client:

            def upload() -> asyncio.Task[porteur.UploadedFile]:
                call = client.upload(TEXT, name="notes.txt", concurrency=1, journal=tmp_path / "journal")
                return asyncio.create_task(call)

            task = upload()
            await asyncio.to_thread(wait_for, simulator, "PUT /storage", 3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The journal is locked while an upload uses it: nothing uses it any more.
            file = await upload()
            assert simulator.file(file.id) == TEXT
            assert counted(simulator, "PUT /storage") == 4


async def test_a_task_that_is_cancelled_before_it_ran_sends_nothing(simulator: Simulator) -> None:
    async with simulator.async_client() as client:
        task = asyncio.create_task(client.guest("en-US"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert simulator.journal == []


async def test_a_call_that_is_not_awaited_sends_nothing(simulator: Simulator) -> None:
    async with simulator.async_client() as client:
        call = client.guest("en-US")
        assert asyncio.iscoroutine(call)
        call.close()
    assert simulator.journal == []


async def test_a_timeout_of_asyncio_stops_an_upload() -> None:
    with Simulator(chunk_size=8, faults=[STALLED]) as simulator:
        async with simulator.async_client() as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.upload(TEXT, name="notes.txt")


async def test_a_cancelled_upload_stops_the_iterator_it_reads(simulator: Simulator) -> None:
    waiting, closed = asyncio.Event(), asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield TEXT[:10]
            waiting.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with simulator.async_client() as client:
        task = asyncio.create_task(client.upload(pieces(), name="notes.txt", size=len(TEXT)))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert closed.is_set()


async def test_an_upload_that_fails_stops_the_iterator_it_reads() -> None:
    closed = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield TEXT[:10]
            await asyncio.Event().wait()
        finally:
            closed.set()

    with Simulator(chunk_size=8, faults=[{"on": "PUT /storage", "status": 400}]) as simulator:
        async with simulator.async_client() as client:
            with pytest.raises(porteur.PorteurError):
                await client.upload(pieces(), name="notes.txt", size=len(TEXT))
    assert closed.is_set()


async def test_many_calls_wait_side_by_side(simulator: Simulator) -> None:
    async with simulator.async_client() as client:
        files = await asyncio.gather(*(client.upload(TEXT, name=f"{n}.txt") for n in range(20)))
    assert [file.name for file in files] == [f"{n}.txt" for n in range(20)]
    assert counted(simulator, "POST /oauth/token") == 1


def test_a_client_serves_one_event_loop_after_another(simulator: Simulator) -> None:
    client = simulator.async_client()
    ids = [asyncio.run(client.guest("en-US")).id for _ in range(3)]
    assert ids == ["guest-1", "guest-2", "guest-3"]


# Forks


def in_a_child(work: Callable[[], None]) -> None:
    """Runs `work` in a forked child, which has to come back without an exception."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(20)
    hangs = child.is_alive()
    child.kill()
    assert not hangs
    assert child.exitcode == 0


@forking
def test_a_client_that_was_used_before_a_fork_works_in_both_processes(simulator: Simulator) -> None:
    with simulator.client() as client:
        client.guest("en-US")
        in_a_child(lambda: print(client.upload(TEXT, name="child.txt")))
        client.upload(TEXT, name="parent.txt")
    assert [file["name"] for file in simulator.state["files"]] == ["child.txt", "parent.txt"]


@forking
def test_an_async_client_that_was_used_before_a_fork_works_in_both_processes(simulator: Simulator) -> None:
    client = simulator.async_client()
    asyncio.run(client.guest("en-US"))
    in_a_child(lambda: print(asyncio.run(client.guest("de-DE"))))
    asyncio.run(client.guest("fr-FR"))
    assert [guest["language"] for guest in simulator.state["guests"]] == ["en-US", "de-DE", "fr-FR"]


@forking
def test_a_client_that_was_closed_before_a_fork_is_closed_in_the_child(simulator: Simulator) -> None:
    with simulator.client() as client:
        client.guest("en-US")

    def use() -> None:
        with pytest.raises(porteur.Cancelled):
            client.guest("de-DE")

    in_a_child(use)
    assert len(simulator.state["guests"]) == 1


@forking
def test_a_child_forgets_the_simulator_of_its_parent_without_waiting_for_it(simulator: Simulator) -> None:
    held = [Simulator()]
    held[0].client().guest("en-US")

    def forget() -> None:
        held.clear()
        gc.collect()

    in_a_child(forget)
    assert held[0].state["guests"][0]["language"] == "en-US"
    held[0].stop()


def refused() -> None:
    with Simulator(scopes=["files:upload"]) as simulator, simulator.client(client_secret="wrong") as client:
        client.guest("en-US")


def test_an_error_comes_whole_out_of_a_worker_process() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        error = pool.submit(refused).exception(20)
    assert isinstance(error, porteur.Unauthenticated)
    assert (error.code, error.status) == ("unauthenticated", 401)
    assert error.request_id is not None
    assert error.request_id in str(error)


# The end of the process


ABANDONED = """
import asyncio, threading
from conftest import TEXT, wait_for
from porteur.testing import Simulator

fault = {"on": "PUT /storage", "times": 9, "stall_ms": 1}
simulator = Simulator(chunk_size=8, faults=[fault])
client = simulator.client()
threading.Thread(target=client.upload, args=(TEXT,), kwargs={"name": "notes.txt"}, daemon=True).start()
wait_for(simulator, "PUT /storage", 1)

async def main():
    upload = asyncio.create_task(simulator.async_client().upload(TEXT, name="notes.txt"))
    await asyncio.to_thread(wait_for, simulator, "PUT /storage", 2)

asyncio.run(main())
print("done", flush=True)
"""


def test_a_process_ends_quietly_in_the_middle_of_its_uploads() -> None:
    command = [sys.executable, "-c", ABANDONED]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=Path(__file__).parent)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "done\n", "")
