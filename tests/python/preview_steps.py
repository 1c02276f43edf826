"""The steps of scenarios about previews; what they say is in tests/README.md."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import porteur
from porteur.testing import Simulator

SECRETS = {"good": "webhook-secret", "old": "webhook-secret-before", "wrong": "another secret"}
ATTACHMENT = "photo.png"


def worker_options(wish: dict[str, Any], simulator: Simulator, folder: Path) -> dict[str, Any]:
    """The keyword arguments for a scenario's ``config.previews``, whose durations are seconds by now."""
    wish = {"concurrency": 1, "allow_private": True, "webhook_secrets": [SECRETS["good"], SECRETS["old"]], **wish}
    wish["publish_to"] = simulator.url + wish.get("publish_to", "/cdn/{id}")
    if "background" in wish:
        wish["background"] = tuple(wish["background"])
    if "max_input_bytes" in wish:
        wish["limits"] = porteur.MediaLimits(max_input_bytes=wish.pop("max_input_bytes"))
    return {"queue": folder / "previews.db", "spool": folder / "spool", **wish}


def signed(body: bytes, secret: str) -> str:
    return "sha256=" + base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def data_of(wish: dict[str, Any], url: str) -> dict[str, Any]:
    """An attachment as a webhook names it."""
    name = wish.get("attachment", ATTACHMENT)
    data = {
        "conversationId": "conversation-1",
        "attachmentUrl": f"{url}/hosted/{name}",
        "fileName": name,
        "mimeType": "image/png",
        **wish.get("data", {}),
    }
    data.pop(wish.get("without", ""), None)
    return data


def webhook(wish: dict[str, Any], url: str) -> tuple[bytes, dict[str, str]]:
    """A body with its headers."""
    event = {"event": wish.get("event", "webchat:attachment"), "data": data_of(wish, url)}
    body = wish.get("body", json.dumps(event)).encode()
    secret = SECRETS.get(wish.get("signature", "good"))
    return body, {} if secret is None else {"x-hub-signature-256": signed(body, secret)}


class PreviewSteps:
    """What a scenario does with its worker."""

    simulator: Simulator
    finish: Callable[[Any], Any]
    worker: Any

    def webhook(self, wish: dict[str, Any]) -> Any:
        submitted = self.finish(self.worker.submit(*webhook(wish, self.simulator.url)))
        return SimpleNamespace(status=submitted.status, known=submitted.known, reason=submitted.reason)

    def answer(self, wish: dict[str, Any]) -> Any:
        return self.finish(self.worker.answer(*webhook(wish, self.simulator.url)))

    def handle(self, wish: dict[str, Any]) -> Any:
        return self.finish(self.worker.handle(data_of(wish, self.simulator.url), attempt=wish.get("attempt", 1)))

    def work(self, _: bool) -> Any:
        self.finish(self.worker.drain())
        stats, dead = self.worker.stats(), self.finish(self.worker.dead_letters())
        counts = {name: getattr(stats, name) for name in ("made", "retried", "given_back", "buried")}
        return SimpleNamespace(
            **counts,
            dead=[": ".join(letter.reason.split(": ")[:3]) for letter in dead],
            attempts=[letter.attempts for letter in dead],
            last=next(map(shown, self.worker.recent()), None),
        )

    def queue(self, _: bool) -> Any:
        return self.finish(self.worker.queue_stats())

    def redrive(self, key: str | bool) -> Any:
        return SimpleNamespace(jobs=self.finish(self.worker.redrive(None if key is True else key)))

    def purge(self, key: str | bool) -> Any:
        return SimpleNamespace(jobs=self.finish(self.worker.purge(None if key is True else key)))


def shown(outcome: porteur.PreviewOutcome) -> dict[str, Any]:
    names = "conversation file_name message linked_before format width height source_bytes"
    return {name: getattr(outcome, name) for name in names.split()}
