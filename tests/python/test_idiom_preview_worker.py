"""What is special to Python about previews: blocks, Ctrl-C, tasks, forks, signers of the caller's, headers, values."""

from __future__ import annotations

import asyncio
import base64
import gc
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import porteur
from conftest import TESTS, Boom, counted, wait_for
from porteur.testing import Simulator
from preview_steps import data_of, signed, webhook, worker_options
from test_idiom_stopping import forking, in_a_child

PICTURE = str(TESTS / "media" / "formats" / "rgb.png")
PHOTO = {"name": "photo.png", "path": PICTURE}
# The host never answers: a job stays under way until somebody stops it.
STALLED = {"on": "GET /hosted", "stall_ms": 1}
GET, PUT, POST = "GET /hosted", "PUT /cdn", "POST /api/v2/conversations/messages"


def options(simulator: Simulator, folder: Path, **more: Any) -> dict[str, Any]:
    return {**worker_options({}, simulator, folder), **more}


def posted(simulator: Simulator) -> int:
    return len(simulator.state["conversations"][0]["posted"])


# Webhooks


def test_headers_are_taken_as_every_framework_has_them(tmp_path: Path) -> None:
    with Simulator() as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path))
        body, headers = webhook({}, simulator.url)
        [(name, value)] = headers.items()
        forms: list[Any] = [
            headers,
            {"X-Hub-Signature-256": value, "Cookie": "é"},
            [(name, value), ("accept", "*/*")],
            iter([(name, value)]),
            [(name.encode(), value.encode()), (b"cookie", b"\xff\xfe")],
            {name: value, "from": "surrogate \udcff"},
        ]
        for form in forms:
            assert worker.submit(body, form).status == "queued"
        for mutable in (bytearray(body), memoryview(body)):
            assert worker.submit(mutable, headers).known
        assert worker.queue_stats().waiting == 1
        with pytest.raises(TypeError, match="body: expected bytes, got str"):
            worker.submit(body.decode(), headers)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="headers"):
            worker.submit(body, {name: 5})  # type: ignore[arg-type]


def test_an_answer_has_what_a_framework_sends(tmp_path: Path) -> None:
    with Simulator() as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path))
        answer = worker.answer(*webhook({}, simulator.url))
        assert (answer.status, answer.body) == (200, '{"status":"queued"}')
        assert answer.headers == {"Content-Type": "application/json"}
        assert worker.answer(b"{}", {}).status == 401


def test_a_webhook_that_is_rejected_says_what_to_answer(tmp_path: Path) -> None:
    with Simulator() as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path))
        with pytest.raises(porteur.WebhookRejected) as caught:
            worker.submit(*webhook({"without": "mimeType"}, simulator.url))
        assert (caught.value.status, caught.value.details["field"], caught.value.retryable) == (400, "mimeType", False)


# Settings


def test_the_environment_says_where_previews_go_when_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator(hosted=[PHOTO]) as simulator, simulator.client() as client:
        settings = options(simulator, tmp_path)
        monkeypatch.setenv("CDN_PRESIGNED_URL_TEMPLATE", settings.pop("publish_to"))
        monkeypatch.setenv("PORTEUR_WEBHOOK_SECRET", "first, second")
        del settings["webhook_secrets"]
        worker = client.previews(**settings)
        body, _ = webhook({}, simulator.url)
        assert worker.submit(body, {"x-hub-signature-256": signed(body, "second")}).status == "queued"
        worker.drain()
        assert worker.stats().made == 1
        monkeypatch.delenv("CDN_PRESIGNED_URL_TEMPLATE")
        with pytest.raises(porteur.InvalidInput, match="CDN_PRESIGNED_URL_TEMPLATE"):
            client.previews(**settings)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("publish", {"publish_to": "ftp://cdn.example.com/{id}"}),
        ("publish", {"publish_to": "https://cdn.example.com/one"}),
        ("store", {"store": "file:///previews"}),
        ("concurrency", {"concurrency": 0}),
        ("cpus", {"cpus": 257}),
        ("visibility", {"visibility": -1.0}),
        ("max_attempts", {"max_attempts": -1}),
        ("queue", {"queue": "mysql://host/"}),
        ("max_width", {"max_width": 0}),
    ],
)
def test_a_setting_that_cannot_be_is_named(field: str, wrong: dict[str, Any], tmp_path: Path) -> None:
    with Simulator() as simulator, simulator.client() as client:
        with pytest.raises(porteur.InvalidInput) as caught:
            client.previews(**options(simulator, tmp_path, **wrong))
        assert caught.value.details["field"] == field


def test_a_folder_is_an_object_store(tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO]) as simulator, simulator.client() as client:
        settings = options(simulator, tmp_path, store=(tmp_path / "store").as_uri())
        (tmp_path / "store").mkdir()
        settings["public_url"] = "https://cdn.example.com/{id}.webp"
        del settings["publish_to"]
        outcome = client.previews(**settings).handle(data_of({}, simulator.url))
        assert outcome.url == f"https://cdn.example.com/{outcome.id}.webp"
        assert (tmp_path / "store" / f"{outcome.id}.webp").read_bytes() == outcome.bytes


# Signers


@pytest.mark.parametrize("style", ["blocking", "asyncio", "coroutine"])
def test_a_function_makes_the_url_for_each_attempt(style: str, tmp_path: Path) -> None:
    asked: list[tuple[str, int]] = []

    with Simulator(hosted=[PHOTO], faults=[{"on": PUT, "status": 403}]) as simulator:

        def sign(id: str) -> str:
            asked.append((id, threading.get_ident()))
            return f"{simulator.url}/cdn/{id}?signature={len(asked)}"

        async def sign_later(id: str) -> str:
            await asyncio.sleep(0)
            return sign(id)

        if style == "blocking":
            with simulator.client() as client:
                worker = client.previews(**options(simulator, tmp_path, publish_to=sign))
                assert worker.submit(*webhook({}, simulator.url)).status == "queued"
                worker.drain()
                stats, recent = worker.stats(), worker.recent()
        else:

            async def main() -> tuple[porteur.PreviewStats, list[porteur.PreviewOutcome]]:
                async with simulator.async_client() as client:
                    to = sign if style == "asyncio" else sign_later
                    worker = client.previews(**options(simulator, tmp_path, publish_to=to))
                    assert (await worker.submit(*webhook({}, simulator.url))).status == "queued"
                    await worker.drain()
                    return worker.stats(), worker.recent()

            stats, recent = asyncio.run(main())
        assert (stats.made, stats.retried) == (1, 1)
        assert [id for id, _ in asked] == [recent[0].id] * 2
        assert recent[0].url == f"{simulator.url}/cdn/{recent[0].id}"
        on_the_loop = asked[0][1] == threading.get_ident()
        assert on_the_loop == (style == "coroutine")


def test_what_a_function_raises_is_the_failure_of_its_job(tmp_path: Path) -> None:
    def sign(id: str) -> str:
        raise Boom("the vault is sealed")

    with Simulator(hosted=[PHOTO]) as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path, publish_to=sign, max_attempts=2))
        worker.submit(*webhook({}, simulator.url))
        worker.drain()
        [letter] = worker.dead_letters()
        assert "Boom: the vault is sealed" in letter.reason
        assert letter.attempts == 2
        with pytest.raises(Boom, match="sealed"):
            worker.handle(data_of({}, simulator.url))


async def test_what_a_coroutine_raises_is_raised_by_handle(tmp_path: Path) -> None:
    async def sign(id: str) -> str:
        await asyncio.sleep(0)
        raise Boom

    with Simulator(hosted=[PHOTO]) as simulator:
        async with simulator.async_client() as client:
            worker = client.previews(**options(simulator, tmp_path, publish_to=sign))
            with pytest.raises(Boom):
                await worker.handle(data_of({}, simulator.url))


@pytest.mark.parametrize("wrong", [None, 5, b"https://cdn.example.com/"])
def test_a_function_that_returns_no_url_is_told_so(wrong: Any, tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO]) as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path, publish_to=lambda id: wrong))
        with pytest.raises(TypeError, match="publish_to: expected a function that returns a URL"):
            worker.handle(data_of({}, simulator.url))


def test_a_coroutine_function_wants_a_loop(tmp_path: Path) -> None:
    async def sign(id: str) -> str:
        return id

    with Simulator(hosted=[PHOTO]) as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path, publish_to=sign))
        with pytest.raises(TypeError, match="AsyncClient"):
            worker.handle(data_of({}, simulator.url))


# Stopping


def test_stop_ends_run_and_a_block_stops_its_worker(tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO]) as simulator, simulator.client() as client, ThreadPoolExecutor(1) as pool:
        with client.previews(**options(simulator, tmp_path)) as worker:
            running = pool.submit(worker.run)
            worker.submit(*webhook({}, simulator.url))
            wait_for(simulator, POST, 1)
        running.result(10)
        assert posted(simulator) == 1
        assert worker.queue_stats().waiting == 0


def test_a_closed_client_ends_run(tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO], faults=[STALLED]) as simulator, ThreadPoolExecutor(1) as pool:
        client = simulator.client()
        worker = client.previews(**options(simulator, tmp_path))
        worker.submit(*webhook({}, simulator.url))
        running = pool.submit(worker.run)
        wait_for(simulator, GET, 1)
        client.close()
        running.result(10)
        with pytest.raises(porteur.Cancelled):
            worker.handle(data_of({}, simulator.url))


async def test_a_cancelled_run_gives_its_jobs_back(tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO], faults=[STALLED]) as simulator:
        async with simulator.async_client() as client:
            worker = client.previews(**options(simulator, tmp_path, max_attempts=1))
            await worker.submit(*webhook({}, simulator.url))
            task = asyncio.create_task(worker.run())
            await asyncio.to_thread(wait_for, simulator, GET, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            stats = await worker.queue_stats()
            assert (stats.waiting, stats.taken) == (1, 0)
            # The attempt did not count, and the worker runs again.
            await worker.drain()
            assert worker.stats().made == 1


async def test_a_task_that_is_cancelled_before_it_ran_takes_nothing(tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO]) as simulator:
        async with simulator.async_client() as client:
            worker = client.previews(**options(simulator, tmp_path))
            task = asyncio.create_task(worker.run())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            worker.run().close()
            await worker.drain()


INTERRUPTED = """
import sys, threading
from pathlib import Path
from conftest import wait_for
from porteur.testing import Simulator
from preview_steps import webhook, worker_options

photo = {"name": "photo.png", "path": sys.argv[2]}
with Simulator(hosted=[photo], faults=[{"on": "GET /hosted", "slow_ms": 300}]) as simulator:
    with simulator.client() as client:
        worker = client.previews(**worker_options({}, simulator, Path(sys.argv[1])))
        worker.submit(*webhook({}, simulator.url))

        def report():
            wait_for(simulator, "GET /hosted", 1)
            print("working", flush=True)

        threading.Thread(target=report).start()
        try:
            worker.run()
        except KeyboardInterrupt:
            print("interrupted", worker.stats().made, worker.queue_stats().waiting, flush=True)
"""


def test_ctrl_c_finishes_the_job_under_way(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path), PICTURE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted 1 0\n"
    assert process.returncode == 0


# Processes

KILLED = """
import sys
from pathlib import Path
import porteur
from preview_steps import webhook, worker_options
from types import SimpleNamespace

url, folder = sys.argv[1:]
client = porteur.Client("simulator", "simulator-secret", base_url=url)
worker = client.previews(**worker_options({"visibility": 1.0}, SimpleNamespace(url=url), Path(folder)))
worker.submit(*webhook({}, url))
worker.run()
"""


def test_the_job_of_a_process_that_was_killed_is_done_by_the_next_one(tmp_path: Path) -> None:
    with Simulator(clock="system", hosted=[PHOTO], faults=[STALLED]) as simulator:
        command = [sys.executable, "-c", KILLED, simulator.url, str(tmp_path)]
        with subprocess.Popen(command, cwd=Path(__file__).parent) as process:
            wait_for(simulator, GET, 1)
            process.kill()
        with porteur.Client("simulator", "simulator-secret", base_url=simulator.url) as client:
            worker = client.previews(**options(simulator, tmp_path))
            assert worker.submit(*webhook({}, simulator.url)).known
            worker.drain()
            assert (worker.stats().made, posted(simulator)) == (1, 1)


@forking
def test_a_child_of_a_process_that_only_opened_its_queue_has_a_worker_of_its_own(tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO]) as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path))

        def work() -> None:
            worker.submit(*webhook({}, simulator.url))
            worker.drain()
            assert worker.stats().made == 1

        in_a_child(work)
        assert posted(simulator) == 1


@forking
def test_a_child_of_a_process_that_used_its_queue_is_told_so(tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO]) as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path))
        worker.submit(*webhook({}, simulator.url))

        def work() -> None:
            with pytest.raises(porteur.PorteurError, match="fork"):
                worker.drain()

        in_a_child(work)
        worker.drain()
        assert posted(simulator) == 1


# Values

MADE = porteur.PreviewOutcome(
    "id",
    "conversation-1",
    file_name="photo.png",
    url="https://cdn.example.com/id",
    message="posted-1",
    linked_before=False,
    bytes=b"RIFF",
    format="webp",
    width=48,
    height=32,
    source_bytes=131,
    timings=porteur.PreviewTimes(0.1, 0.2, 0.3, 0.4),
)

def test_an_outcome_is_bytes_and_base64_and_does_not_show_the_strangers_name() -> None:
    assert base64.b64decode(MADE.base64()) == MADE.bytes == b"RIFF"
    assert MADE.content_type == "image/webp"
    assert "photo.png" not in repr(MADE)


def test_a_worker_cannot_be_pickled(tmp_path: Path) -> None:
    with Simulator() as simulator, simulator.client() as client:
        worker = client.previews(**options(simulator, tmp_path))
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(worker)


def test_a_worker_outlives_its_client_when_that_is_forgotten(tmp_path: Path) -> None:
    with Simulator(hosted=[PHOTO]) as simulator:
        worker = simulator.client().previews(**options(simulator, tmp_path))
        gc.collect()
        assert worker.handle(data_of({}, simulator.url)).message == "posted-1"
