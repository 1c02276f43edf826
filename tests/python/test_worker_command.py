"""`porteur worker` as a service: its webhook, its page, its figures, its end. tests/all.sh names the command."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import TESTS, wait_for
from porteur.testing import Simulator

COMMAND = os.environ.get("PORTEUR_COMMAND", "")
SECRET = "webhook-secret"

pytestmark = pytest.mark.skipif(not COMMAND, reason="PORTEUR_COMMAND names no command")


class Worker:
    """The command with a platform of its own, which hosts a picture, also for the patient, and a text."""

    def __init__(self, folder: Path) -> None:
        picture = str(TESTS / "media" / "landscape.jpg")
        hosted = [{"name": name, "path": picture} for name in ("a.jpg", "slow.jpg", "never.jpg")]
        hosted += [{"name": "b.jpg", "text": "no picture"}]
        faults = [{"on": "GET /hosted/slow.jpg", "slow_ms": 300}, {"on": "GET /hosted/never.jpg", "stall_ms": 1}]
        self.simulator = Simulator(clock="system", hosted=hosted, faults=faults)
        environment = {
            "GENESYS_BASE_URL": self.simulator.url,
            "GENESYS_CLIENT_ID": self.simulator.client_id,
            "GENESYS_CLIENT_SECRET": self.simulator.client_secret,
            "PORTEUR_WEBHOOK_SECRET": SECRET,
        }
        options = ["--listen", "127.0.0.1:0", "--status", "127.0.0.1:0", "--allow-private"]
        options += ["--publish-to", f"{self.simulator.url}/cdn/{{id}}", "--spool", str(folder / "spool")]
        command = [COMMAND, "worker", *options, "--queue", str(folder / "previews.db")]
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.webhook = self.process.stdout.readline().removeprefix("webhooks on ").strip()
        self.page = self.process.stdout.readline().removeprefix("status on ").strip()

    def post(self, name: str, *, secret: str = SECRET, padding: int = 0) -> int:
        data = {
            "conversationId": "conversation-1",
            "attachmentUrl": f"{self.simulator.url}/hosted/{name}",
            "fileName": f"<i>{name}",
            "mimeType": "image/jpeg",
        }
        body = json.dumps({"event": "webchat:attachment", "data": data, "padding": "x" * padding}).encode()
        signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        return asked(self.webhook, body, {"X-Hub-Signature-256": f"sha256={signature}"})[0]

    def shown(self, part: str) -> str:
        """The page, as soon as it shows this."""
        while part not in (text := asked(self.page)[1]):
            assert self.process.poll() is None, "the worker ended"
            time.sleep(0.02)
        return text


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(tmp_path)
    # Which waits for its end, and closes what it had opened.
    with worker.process:
        yield worker
        worker.process.kill()
    worker.simulator.stop()


def test_a_signed_webhook_becomes_a_picture_on_the_page_and_an_unsigned_one_does_not(worker: Worker) -> None:
    assert worker.post("a.jpg", secret="guessed") == 401
    assert worker.post("a.jpg", padding=70_000) == 413
    assert worker.post("a.jpg") == 200
    page = worker.shown("/previews/")
    assert "&lt;i&gt;a.jpg" in page
    assert "<i>" not in page
    [message] = worker.simulator.state["conversations"][0]["posted"]
    status, metrics = asked(f"{worker.page}metrics")
    assert status == 200
    assert "porteur_previews_made_total 1" in metrics
    assert f"{message['metadata']['previewId']}" in page
    assert asked(f"{worker.page}healthz") == (200, "ok\n")


def test_a_dead_letter_is_tried_again_by_the_button_on_the_page_and_by_no_other(worker: Worker) -> None:
    assert worker.post("b.jpg") == 200
    key = worker.shown("try again").partition('value="')[2].partition('"')[0]
    form = urllib.parse.urlencode({"key": key}).encode()
    elsewhere = {"Origin": "https://evil.example"}
    assert asked(f"{worker.page}redrive", form, elsewhere)[0] == 403
    assert asked(f"{worker.page}purge", form, {"Host": "evil.example"})[0] == 403
    assert asked(f"{worker.page}redrive", form, {"Origin": worker.page.rstrip("/")})[0] == 200
    worker.shown("try again")
    assert asked(f"{worker.page}purge", form)[0] == 200
    assert "None." in worker.shown("None.")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium")
def test_a_browser_shows_the_pictures(worker: Worker) -> None:
    assert worker.post("a.jpg") == 200
    worker.shown("/previews/")
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        options += ["--virtual-time-budget=2000", f"--user-data-dir={profile}", f"--screenshot={profile}/page.png"]
        shot = subprocess.run(["chromium", *options, worker.page], capture_output=True, check=False)
        assert shot.returncode == 0, shot.stderr.decode()
        pixels = Path(profile, "page.png").stat().st_size
    assert pixels > 10_000, "an empty page has fewer bytes"


def test_a_service_that_is_told_to_end_finishes_its_job_first(worker: Worker) -> None:
    assert worker.post("slow.jpg") == 200
    wait_for(worker.simulator, "GET /hosted", 1)
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(30) == 0
    assert len(worker.simulator.state["conversations"][0]["posted"]) == 1


def test_a_service_that_is_told_twice_gives_its_job_back(worker: Worker, tmp_path: Path) -> None:
    assert worker.post("never.jpg") == 200
    wait_for(worker.simulator, "GET /hosted", 1)
    worker.process.send_signal(signal.SIGTERM)
    # It was heard when webhooks are refused; this one is the same job.
    with pytest.raises(urllib.error.URLError):
        while True:
            worker.post("never.jpg")
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(30) == 0
    stats = [COMMAND, "queue", "stats", "--queue", str(tmp_path / "previews.db")]
    assert "waiting 1" in subprocess.run(stats, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def asked(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
