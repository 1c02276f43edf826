"""The services in `examples/python` as they are written there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest
import requests
import uvicorn
from celery.contrib.testing.worker import start_worker

from conftest import TESTS, counted, wait_for
from porteur.testing import Simulator
from preview_steps import SECRETS, data_of, webhook

EXAMPLES = TESTS.parent / "examples" / "python"
PHOTO = {"name": "photo.png", "path": str(TESTS / "media" / "formats" / "rgb.png")}
GET, PUT, POST = "GET /hosted", "PUT /cdn", "POST /api/v2/conversations/messages"


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Simulator]:
    with Simulator(hosted=[PHOTO], clock="system") as simulator:
        environment = {
            "GENESYS_CLIENT_ID": "simulator",
            "GENESYS_CLIENT_SECRET": "simulator-secret",
            "GENESYS_BASE_URL": simulator.url,
            "CDN_PRESIGNED_URL_TEMPLATE": f"{simulator.url}/cdn/{{id}}",
            "PORTEUR_WEBHOOK_SECRET": SECRETS["good"],
            "PORTEUR_QUEUE": str(tmp_path / "previews.db"),
            "PREVIEWS_ALLOW_PRIVATE": "1",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield simulator
        assert simulator.violations == []


@pytest.fixture
def celery(monkeypatch: pytest.MonkeyPatch, simulator: Simulator) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(EXAMPLES)
    recipe = import_module("celery_previews")
    yield recipe
    # The next test has another platform.
    recipe.worker.cache_clear()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The URL of an application, in a server of its own."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, ws="none", log_level="warning"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        os.sched_yield()
    yield "http://127.0.0.1:{}".format(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    thread.join()


def test_fastapi_takes_webhooks_and_makes_previews(monkeypatch: pytest.MonkeyPatch, simulator: Simulator) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    with served(import_module("fastapi_previews").app) as service:
        body, headers = webhook({}, simulator.url)
        answer = requests.post(f"{service}/webhooks/genesys/attachments", data=body, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"status": "queued"})
        assert answer.headers["content-type"] == "application/json"
        refused = requests.post(f"{service}/webhooks/genesys/attachments", data=body + b" ", headers=headers)
        assert (refused.status_code, refused.json()["status"]) == (401, "rejected")
        while requests.get(f"{service}/previews").json()["made"] < 1:
            os.sched_yield()
    assert (counted(simulator, PUT), posted(simulator)) == (1, 1)


def test_celery_tries_again_what_may_help_and_links_once(celery: ModuleType, simulator: Simulator) -> None:
    simulator.add_fault(on=POST, drop="after")
    task = celery.preview.apply(args=[data_of({}, simulator.url)])
    assert task.get() == f"{simulator.url}/cdn/{task.get().rsplit('/', 1)[1]}"
    assert counted(simulator, POST) == 1
    assert counted(simulator, PUT) == 2


def test_celery_gives_up_at_once_what_no_attempt_mends(celery: ModuleType, simulator: Simulator) -> None:
    task = celery.preview.apply(args=[data_of({"data": {"mimeType": "image/jpeg"}}, simulator.url)])
    assert task.failed()
    assert (type(task.result).__name__, counted(simulator, GET)) == ("Media", 1)


def test_a_celery_worker_makes_previews_of_tasks_from_its_broker(celery: ModuleType, simulator: Simulator) -> None:
    with start_worker(celery.app, pool="threads", concurrency=2, perform_ping_check=False):
        celery.preview.delay(data_of({}, simulator.url))
        wait_for(simulator, POST, 1)
    assert (counted(simulator, PUT), posted(simulator)) == (1, 1)


def posted(simulator: Simulator) -> int:
    return len(simulator.state["conversations"][0]["posted"])
