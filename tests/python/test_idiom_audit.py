"""What is special to Python about the audit trail: `with` that drains it, JSON, settings, forks."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import porteur
from porteur.testing import Simulator
from test_idiom_stopping import forking, in_a_child

CONVERSATION = "conversation-1"
ENDS: dict[str, Any] = {"sender": "agent@example.com", "to": ["customer@example.com"]}
SECRET = "simulator-audit-secret"


def audit(simulator: Simulator, folder: Path, **options: Any) -> porteur.Audit:
    return porteur.Audit(folder / "audit.log", SECRET, endpoint=f"{simulator.url}/audit", **options)


async def test_async_with_drains_the_audit_log(simulator: Simulator, tmp_path: Path) -> None:
    async with simulator.async_client(audit=audit(simulator, tmp_path)) as client:
        receipts = [await client.record("note", {"n": n, "tags": ("a", None)}) for n in range(3)]
        assert [receipt.sequence for receipt in receipts] == [1, 2, 3]
    entries = simulator.state["audit"]
    assert [(entry["kind"], entry["n"], entry["tags"]) for entry in entries] == [
        ("note", n, ["a", None]) for n in range(3)
    ]
    assert {entry["log"] for entry in entries} == {receipt.log for receipt in receipts}


def test_with_drains_the_audit_log_and_the_file_verifies(simulator: Simulator, tmp_path: Path) -> None:
    with simulator.client(audit=audit(simulator, tmp_path)) as client:
        sent = client.send(CONVERSATION, text="hello", **ENDS)
        client.flush_audit()
        client.await_delivery(sent)
    statuses = [entry["status"] for entry in simulator.state["audit"]]
    assert statuses == ["sending", "queued", "delivered"]
    report = porteur.verify_audit(tmp_path / "audit.log", SECRET)
    assert (report.entries, report.logs, report.signed, report.torn, report.findings) == (3, 1, 3, False, [])
    assert report.is_intact


def test_what_was_changed_in_the_log_is_found_and_named(simulator: Simulator, tmp_path: Path) -> None:
    with simulator.client(audit=audit(simulator, tmp_path)) as client:
        receipt = client.record("note", {"amount": 100})
        client.record("note", {"amount": 200})
    path = tmp_path / "audit.log"
    path.write_text(path.read_text().replace('"amount":100', '"amount":999'))
    report = porteur.verify_audit(str(path), SECRET)
    assert not report.is_intact
    assert ("changed", receipt.log, 1) in [(one.kind, one.log, one.sequence) for one in report.findings]
    assert pickle.loads(pickle.dumps(report)) == report


@pytest.mark.parametrize(
    ("fields", "error", "place"),
    [
        ({"a": {"b": {1, 2}}}, TypeError, r"fields\.a\.b: .* got set"),
        ({"a": float("nan")}, ValueError, r"fields\.a: expected a finite number"),
        ({7: "a"}, TypeError, "expected keys of str"),
        (["a"], TypeError, "fields"),
    ],
    ids=repr,
)
def test_a_field_that_json_cannot_express_is_named(
    simulator: Simulator, tmp_path: Path, fields: Any, error: type[Exception], place: str
) -> None:
    with simulator.client(audit=audit(simulator, tmp_path)) as client, pytest.raises(error, match=place):
        client.record("note", fields)
    assert simulator.state["audit"] == []


def test_a_client_without_an_audit_log_says_so(simulator: Simulator) -> None:
    with simulator.client() as client:
        client.flush_audit()
        with pytest.raises(porteur.InvalidInput) as raised:
            client.record("note", {})
    assert raised.value.details["field"] == "audit"


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("sync", {"sync": "sometimes"}),
        ("when_full", {"when_full": "drop"}),
        ("limit_bytes", {"limit_bytes": -1}),
        ("batch", {"batch": -1}),
        ("batch", {"batch": 0}),
        ("every", {"every": float("nan")}),
        ("drain", {"drain": -1}),
        ("secret", {"secret": ""}),
        ("endpoint", {"endpoint": "http://example.com/audit"}),
    ],
    ids=repr,
)
def test_an_audit_setting_that_cannot_be_is_named(tmp_path: Path, field: str, options: dict[str, Any]) -> None:
    with pytest.raises(porteur.InvalidInput) as raised:
        audit = porteur.Audit(tmp_path / "audit.log", options.pop("secret", SECRET), **options)
        porteur.Client("id", "secret", audit=audit)
    assert raised.value.details["field"] == field


def test_the_settings_of_an_audit_can_be_read(tmp_path: Path) -> None:
    defaults = porteur.Audit("audit.log", SECRET)
    assert (defaults.file, defaults.endpoint, defaults.sync, defaults.when_full) == (
        Path("audit.log"),
        None,
        "batch",
        "wait",
    )
    assert (defaults.limit_bytes, defaults.batch, defaults.every, defaults.drain) == (64 << 20, 50, 5.0, 10.0)
    audit = porteur.Audit(
        tmp_path,
        SECRET,
        endpoint="https://example.com",
        sync="entry",
        limit_bytes=1,
        when_full="fail",
        batch=2,
        every=3,
        drain=4,
    )
    assert (audit.file, audit.endpoint, audit.sync, audit.when_full) == (
        tmp_path,
        "https://example.com",
        "entry",
        "fail",
    )
    assert (audit.limit_bytes, audit.batch, audit.every, audit.drain) == (1, 2, 3.0, 4.0)


@forking
def test_the_entries_of_a_forked_child_form_a_chain_of_their_own(simulator: Simulator, tmp_path: Path) -> None:
    with simulator.client(audit=audit(simulator, tmp_path)) as client:
        client.record("note", {"by": "parent"})

        def child() -> None:
            with client:
                assert [client.record("note", {"by": "child"}).sequence for _ in range(2)] == [1, 2]

        in_a_child(child)
        assert client.record("note", {"by": "parent"}).sequence == 2
    chains: dict[str, list[int]] = {}
    authors: dict[str, set[str]] = {}
    for entry in simulator.state["audit"]:
        chains.setdefault(entry["log"], []).append(entry["sequence"])
        authors.setdefault(entry["log"], set()).add(entry["by"])
    assert sorted(map(sorted, chains.values())) == [[1, 2], [1, 2]]
    assert sorted(authors.values(), key=min) == [{"child"}, {"parent"}]
    report = porteur.verify_audit(tmp_path / "audit.log", SECRET)
    assert (report.entries, report.logs, report.is_intact) == (4, 2, True)
