"""Behaviour: every file in `tests/scenarios`, with the blocking client and with the one for asyncio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

import porteur
from conftest import TESTS
from porteur.testing import Simulator, messages
from preview_steps import PreviewSteps, worker_options

Item = TypeVar("Item")

SCENARIOS = sorted((TESTS / "scenarios").glob("*.json"))


@pytest.mark.parametrize("style", ["blocking", "asyncio"])
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, style: str, tmp_path: Path) -> None:
    scenario = json.loads(path.read_text())
    with Simulator(**scenario.get("platform", {})) as simulator, asyncio.Runner() as loop:
        config = scenario.get("config", {})
        previews = config.pop("previews", None)
        options = client_options(config, simulator, tmp_path)
        if style == "blocking":
            client: Any = simulator.client(**options)
            run = Run(simulator, client, lambda result: result, pieces, read, tmp_path)
        else:
            client = simulator.async_client(**options)
            run = Run(simulator, client, loop.run, async_pieces, async_read, tmp_path)
        if previews is not None:
            run.worker = client.previews(**worker_options(seconds(previews), simulator, tmp_path))
        outcome = run.steps(scenario["steps"])
        told = "fails" in scenario["steps"][-1]
        failures = list(differences(scenario["expect"], outcome, told, simulator))
        assert not failures, "\n".join([scenario["name"], *failures, "journal:", *requests(simulator.journal)])


class Run(PreviewSteps):
    """One client on its way through the steps of a scenario."""

    def __init__(
        self,
        simulator: Simulator,
        client: Any,
        finish: Callable[[Any], Any],
        stream: Callable[[bytes], Any],
        read: Callable[[Any, int | None], Any],
        folder: Path,
    ) -> None:
        self.simulator = simulator
        self.client = client
        self.finish = finish
        self.stream = stream
        self.read = read
        self.folder = folder
        self.file: porteur.UploadedFile | None = None
        self.speaker: porteur.Guest | None = None
        self.sent: porteur.SentMessage | None = None
        self.session: Any = None
        self.happened: Any = None
        self.worker: Any = None

    def steps(self, steps: list[dict[str, Any]]) -> Any:
        """The result or the error of the last step that is a call."""
        last: Any = None
        for number, step in enumerate(steps, 1):
            code = step.get("fails")
            [(verb, wish)] = [(verb, wish) for verb, wish in step.items() if verb != "fails"]
            try:
                outcome = getattr(self, verb)(wish)
            except porteur.PorteurError as error:
                outcome = error
            failed = outcome.code if isinstance(outcome, porteur.PorteurError) else None
            if number < len(steps) or code is not None:
                assert failed == code, f"step {number}: {outcome!r}"
            if verb not in ("fault", "advance_ms", "close", "close_session"):
                last = outcome
        return last

    def upload(self, wish: dict[str, Any]) -> Any:
        data = bytes(wish["zeros"]) if "zeros" in wish else wish.get("text", "").encode()
        options = only(wish, "name", "content_type", "concurrency")
        if wish.get("journal"):
            options["journal"] = self.folder / "journal"
        source: Any = data
        match wish.get("from", "bytes"):
            case "path":
                source = self.folder / "source"
                source.write_bytes(data)
            case "stream":
                source = self.stream(data)
                options["size"] = wish.get("size", len(data))
        self.file = self.finish(self.client.upload(source, **options))
        return self.file

    def upload_path(self, kind: str) -> Any:
        path = {"missing": self.folder / "missing", "directory": self.folder}[kind]
        return self.finish(self.client.upload(path))

    def guest(self, wish: dict[str, Any]) -> Any:
        self.speaker = self.finish(self.client.guest(wish["language"], **only(wish, "metadata")))
        return self.speaker

    def send_as_guest(self, wish: dict[str, Any]) -> Any:
        options = only(wish, "text", "send_as")
        if wish.get("attach"):
            options["attachments"] = [self.file]
        return self.finish(self.client.send_as_guest(self.speaker, to=wish["to"], **options))

    def send(self, wish: dict[str, Any]) -> Any:
        outgoing = self.outgoing(wish)
        self.sent = self.finish(self.client.send(outgoing.pop("conversation"), **outgoing))
        return self.sent

    def send_many(self, wish: dict[str, Any]) -> Any:
        return self.send_all([self.outgoing(message) for message in wish["messages"]], wish)

    def generated(self, wish: dict[str, Any]) -> Any:
        made = messages(wish["seed"], wish["count"])
        return self.send_all([{"conversation": CONVERSATION, **message} for message in made], wish)

    def send_all(self, outgoing: list[dict[str, Any]], wish: dict[str, Any]) -> Any:
        outcomes = self.finish(self.client.send_many(outgoing, **only(wish, "concurrency")))
        self.sent = next((one for one in reversed(outcomes) if isinstance(one, porteur.SentMessage)), self.sent)
        names = [f"error:{one.code}" if isinstance(one, porteur.PorteurError) else one.id for one in outcomes]
        return SimpleNamespace(sent=names)

    def outgoing(self, wish: dict[str, Any]) -> dict[str, Any]:
        """A message of a scenario as `send_many` takes it."""
        wish = {"conversation": CONVERSATION, "sender": SENDER, "to": [RECIPIENT], **wish}
        files: list[Any] = [self.file] if wish.pop("attach", False) else []
        return {**wish, "attachments": files + [attachment(file) for file in wish.get("attachments", [])]}

    def await_delivery(self, wish: dict[str, Any]) -> Any:
        options = seconds(wish)
        message = options.pop("message", None)
        sent = self.sent if message is None else porteur.SentMessage(message["conversation"], message["id"])
        receipt = self.finish(self.client.await_delivery(sent, **options))
        value = SimpleNamespace(status=receipt.status, elapsed_ms=round(receipt.elapsed * 1000))
        if receipt.sla is not None:
            value.sla_violated = receipt.sla.violated
        return value

    def history(self, wish: dict[str, Any]) -> Any:
        history = self.client.history(wish.get("conversation", CONVERSATION), **only(wish, "page_size", "page_token"))
        return SimpleNamespace(ids=[message.id for message in self.finish(self.read(history, wish.get("take")))])

    def attachment(self, id: str) -> Any:
        return self.finish(self.client.attachment(id))

    def transform_attachment(self, directive: dict[str, Any]) -> Any:
        done = self.finish(self.client.transform_attachment(directive))
        names = ("id", "source_id", "name", "thumbnail_id", "format", "width", "height", "original_size")
        error = done.callback_error
        return SimpleNamespace(
            **{name: getattr(done, name) for name in names}, callback_error=None if error is None else error.code
        )

    def transform_attachments(self, wish: dict[str, Any]) -> Any:
        done = self.finish(self.client.transform_attachments(wish["directives"], **only(wish, "concurrency")))
        names = [f"error:{one.code}" if isinstance(one, porteur.PorteurError) else one.name for one in done]
        return SimpleNamespace(names=names)

    def record(self, wish: dict[str, Any]) -> Any:
        return self.finish(self.client.record(wish["kind"], wish.get("fields", {})))

    def flush_audit(self, _: bool) -> None:
        self.finish(self.client.flush_audit())

    def verify_audit(self, wish: dict[str, Any]) -> Any:
        path = self.folder / {"missing": "missing.log", "other": "other.log"}.get(wish.get("path", ""), LOG)
        if path.name == "other.log":
            path.write_text("This is a text,\nand no log.\n")
        report = porteur.verify_audit(path, wish.get("secret", SECRET))
        facts = {name: getattr(report, name) for name in ("entries", "logs", "signed", "torn")}
        return SimpleNamespace(**facts, intact=report.is_intact)

    def connect(self, _: bool) -> None:
        self.session = self.finish(self.client.connect())
        self.happened = self.session.events()

    def transfer(self, wish: dict[str, Any]) -> Any:
        options = self.transferring(wish)
        through: Any = self.session or self.client
        outcome = self.finish(through.transfer(options.pop("interaction"), options.pop("destination"), **options))
        names = ("id", "interaction", "status", "codec", "media", "retries")
        error = outcome.callback_error
        return SimpleNamespace(
            **{name: getattr(outcome, name) for name in names}, callback_error=None if error is None else error.code
        )

    def transfer_many(self, wish: dict[str, Any]) -> Any:
        transfers = [self.transferring(one) for one in wish["transfers"]]
        outcomes = self.finish(self.session.transfer_many(transfers, **only(wish, "concurrency")))
        codecs = [f"error:{one.code}" if isinstance(one, porteur.PorteurError) else one.codec for one in outcomes]
        return SimpleNamespace(codecs=codecs)

    def transferring(self, wish: dict[str, Any]) -> dict[str, Any]:
        """A transfer of a scenario as `transfer_many` takes it."""
        options = seconds({"interaction": INTERACTION, "destination": DESTINATION, **wish})
        if "media" in options:
            options["media"] = [matrix(**medium) for medium in options["media"]]
        if callback := options.get("callback"):
            options["callback"] = told(callback, self.simulator)
        return options

    def events(self, count: int) -> Any:
        return SimpleNamespace(events=[word(event) for event in self.finish(self.read(self.happened, count))])

    def close_session(self, _: bool) -> None:
        self.finish(self.session.close())

    def fault(self, fault: dict[str, Any]) -> None:
        self.simulator.add_fault(**fault)

    def advance_ms(self, wait: int) -> None:
        self.simulator.advance(wait / 1000)

    def close(self, _: bool) -> None:
        self.finish(self.client.close())


def client_options(config: dict[str, Any], simulator: Simulator, folder: Path) -> dict[str, Any]:
    """The keyword arguments for a scenario's `config`: durations become seconds."""
    config = seconds(config)
    options = {name: config.pop(name) for name in DIRECT if name in config}
    if audit := config.pop("audit", None):
        settings = {} if audit is True else seconds(audit)
        if settings.pop("endpoint", True):
            settings["endpoint"] = f"{simulator.url}/audit"
        options["audit"] = porteur.Audit(folder / LOG, SECRET, **settings)
    if callback := config.pop("attachment_callback", None):
        options["attachment_callback"] = told(callback, simulator)
    limits = {name: config.pop(name) for name in ("max_chunk_bytes",) if name in config}
    if "max_input_bytes" in config:
        limits["media"] = porteur.MediaLimits(max_input_bytes=config.pop("max_input_bytes"))
    if limits:
        options["limits"] = porteur.Limits(**limits)
    if config:
        options["pace"] = porteur.Pace(**config)
    return options


def told(callback: dict[str, Any], simulator: Simulator) -> porteur.Callback:
    url = simulator.url + callback["path"] if "path" in callback else callback["url"]
    return porteur.Callback(url, **only(callback, "method"))


def attachment(wish: dict[str, Any]) -> porteur.Attachment:
    options = only(wish, "url", "file_id", "content_type")
    if "text" in wish or "zeros" in wish:
        options["data"] = bytes(wish["zeros"]) if "zeros" in wish else wish["text"].encode()
    return porteur.Attachment(wish["filename"], **options)


def matrix(audio: dict[str, Any], video: dict[str, Any] | None = None) -> porteur.Audio | porteur.MediaMatrix:
    heard = porteur.Audio(**audio)
    return heard if video is None else porteur.MediaMatrix(heard, video=porteur.Video(**video))


def word(event: porteur.SessionEvent) -> str:
    """An event as scenarios write it."""
    frame = None
    if event.kind == "frame":
        frame = json.dumps(event.frame, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    more = next((more for more in (event.code, frame, event.count) if more is not None), None)
    return event.kind if more is None else f"{event.kind} {more}"


def seconds(options: dict[str, Any]) -> dict[str, Any]:
    """A copy in which whole milliseconds are seconds, and lose the unit in their name."""
    return {
        name.removesuffix("_ms"): value / 1000 if name.endswith("_ms") else value for name, value in options.items()
    }


def only(wish: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: wish[name] for name in names if name in wish}


def pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 5):
        yield data[start : start + 5]


def read(all: Iterator[Item], most: int | None) -> list[Item]:
    """The first items, or all of them."""
    return list(islice(all, most))


async def async_read(all: AsyncIterator[Item], most: int | None) -> list[Item]:
    found: list[Item] = []
    while (most is None or len(found) < most) and (item := await anext(all, None)) is not None:
        found.append(item)
    return found


async def async_pieces(data: bytes) -> AsyncIterator[bytes]:
    for piece in pieces(data):
        yield piece


def differences(expect: dict[str, Any], outcome: Any, told: bool, simulator: Simulator) -> Iterator[str]:
    """Each expectation that does not hold, as a line. `told` is a last step that had to fail, and did."""
    unknown = expect.keys() - {"value", "error", "slept_ms", "requests", "counts", "state", "violations"}
    assert not unknown, f"unknown expectations: {unknown}"
    failed = isinstance(outcome, porteur.PorteurError)
    if failed != ("error" in expect) and not (failed and told):
        yield f"outcome: {outcome!r} {getattr(outcome, 'details', '')}"
        return
    for name, value in {} if failed else expect.get("value", {}).items():
        if not holds(value, getattr(outcome, name, None)):
            yield f"{name}: {getattr(outcome, name, None)!r}, expected {value!r}"
    if failed:
        yield from error_differences(expect.get("error", {}), outcome)
    slept = [round(wait * 1000) for wait in simulator.slept]
    if "slept_ms" in expect and not (
        len(slept) == len(expect["slept_ms"]) and all(map(within, slept, expect["slept_ms"]))
    ):
        yield f"slept_ms: {slept}, expected {expect['slept_ms']}"
    seen = requests(simulator.journal)
    if "requests" in expect and seen != expect["requests"]:
        yield "requests, expected:\n  " + "\n  ".join(expect["requests"])
    for prefix, count in expect.get("counts", {}).items():
        counted = sum(request.startswith(prefix) for request in seen)
        if counted != count:
            yield f"{prefix}: {counted} times, expected {count}"
    if not holds(expect.get("state", {}), simulator.state):
        yield f"state: {simulator.state}, expected {expect['state']}"
    violations, parts = simulator.violations, expect.get("violations", [])
    if len(violations) != len(parts) or not all(part in text for part, text in zip(parts, violations, strict=False)):
        yield f"violations: {violations}, expected {parts}"


def error_differences(expect: dict[str, Any], error: porteur.PorteurError) -> Iterator[str]:
    facts: dict[str, Any] = {
        "code": error.code,
        "retryable": error.retryable,
        "status": error.status,
        "retry_after_ms": None if error.retry_after is None else round(error.retry_after * 1000),
        "request_id": error.request_id is not None,
        "message": error.message,
    }
    for name, value in expect.items():
        if name == "details":
            for detail, text in value.items():
                if error.details.get(detail) != text:
                    yield f"details: {detail} is {error.details.get(detail)!r}, expected {text!r}"
        elif not (value in facts[name] if name == "message" else within(facts[name], value)):
            yield f"{name}: {facts[name]!r}, expected {value!r}"


def within(value: Any, expected: Any) -> bool:
    """A pair of numbers is a range."""
    if isinstance(expected, list):
        low, high = expected
        return value is not None and bool(low <= value <= high)
    return bool(value == expected)


def holds(expected: Any, found: Any) -> bool:
    """Objects have the expected members and perhaps more; lists are as long."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            name in found and holds(expected[name], found[name]) for name in expected
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(holds, expected, found))
    return bool(expected == found)


def requests(journal: list[dict[str, Any]]) -> list[str]:
    return [f"{entry['method']} {entry['path']} {entry['status']}" for entry in journal]


# The simulator's own conversation and who takes part in it.
CONVERSATION = "conversation-1"
SENDER = "agent@example.com"
RECIPIENT = "customer@example.com"

# The simulator's own interaction, and where it goes.
INTERACTION = "interaction-1"
DESTINATION = "genesys://user/agent-9"

# The audit log in the scenario's folder, and the secret that the simulator takes by default.
LOG = "audit.log"
SECRET = "simulator-audit-secret"

# What a client takes by itself; the rest of a scenario's `config` is its pace.
DIRECT = ("scopes", "client_secret", "renew_before", "base_url")
