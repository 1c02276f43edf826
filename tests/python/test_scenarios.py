"""Behaviour: every file in `tests/scenarios`, with the blocking client and with the one for asyncio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import porteur
from conftest import TESTS
from porteur.testing import Simulator

SCENARIOS = sorted((TESTS / "scenarios").glob("*.json"))


@pytest.mark.parametrize("style", ["blocking", "asyncio"])
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, style: str, tmp_path: Path) -> None:
    scenario = json.loads(path.read_text())
    with Simulator(**scenario.get("platform", {})) as simulator, asyncio.Runner() as loop:
        options = client_options(scenario.get("config", {}))
        if style == "blocking":
            client: Any = simulator.client(**options)
            run = Run(simulator, client, lambda result: result, pieces, tmp_path)
        else:
            client = simulator.async_client(**options)
            run = Run(simulator, client, loop.run, async_pieces, tmp_path)
        outcome = run.steps(scenario["steps"])
        failures = list(differences(scenario["expect"], outcome, simulator))
        assert not failures, "\n".join([scenario["name"], *failures, "journal:", *requests(simulator.journal)])


class Run:
    """One client on its way through the steps of a scenario."""

    def __init__(
        self,
        simulator: Simulator,
        client: Any,
        finish: Callable[[Any], Any],
        stream: Callable[[bytes], Any],
        folder: Path,
    ) -> None:
        self.simulator = simulator
        self.client = client
        self.finish = finish
        self.stream = stream
        self.folder = folder
        self.file: porteur.UploadedFile | None = None
        self.speaker: porteur.Guest | None = None

    def steps(self, steps: list[dict[str, Any]]) -> Any:
        """The result or the error of the last step."""
        outcome: Any = None
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
        return outcome

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

    def fault(self, fault: dict[str, Any]) -> None:
        self.simulator.add_fault(**fault)

    def advance_ms(self, wait: int) -> None:
        self.simulator.advance(wait / 1000)

    def close(self, _: bool) -> None:
        self.client.close()


def client_options(config: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments for a scenario's `config`: durations become seconds."""
    config = {
        name.removesuffix("_ms"): value / 1000 if name.endswith("_ms") else value for name, value in config.items()
    }
    options = {name: config.pop(name) for name in DIRECT if name in config}
    if "max_chunk_bytes" in config:
        options["limits"] = porteur.Limits(max_chunk_bytes=config.pop("max_chunk_bytes"))
    if config:
        options["pace"] = porteur.Pace(**config)
    return options


def only(wish: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: wish[name] for name in names if name in wish}


def pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 5):
        yield data[start : start + 5]


async def async_pieces(data: bytes) -> AsyncIterator[bytes]:
    for piece in pieces(data):
        yield piece


def differences(expect: dict[str, Any], outcome: Any, simulator: Simulator) -> Iterator[str]:
    """Each expectation that does not hold, as a line."""
    unknown = expect.keys() - {"value", "error", "slept_ms", "requests", "counts", "state", "violations"}
    assert not unknown, f"unknown expectations: {unknown}"
    failed = isinstance(outcome, porteur.PorteurError)
    if failed != ("error" in expect):
        yield f"outcome: {outcome!r} {getattr(outcome, 'details', '')}"
        return
    for name, value in expect.get("value", {}).items():
        if getattr(outcome, name) != value:
            yield f"{name}: {getattr(outcome, name)!r}, expected {value!r}"
    if failed:
        yield from error_differences(expect["error"], outcome)
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


# What a client takes by itself; the rest of a scenario's `config` is its pace.
DIRECT = ("scopes", "client_secret", "renew_before", "base_url")
