"""What is special to Python about messages: cancelling, errors as values, JSON, dates."""

from __future__ import annotations

import asyncio
import json
import pickle
import signal
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import porteur
from conftest import TEXT, wait_for
from porteur.testing import Simulator, messages

CONVERSATION = "conversation-1"
ENDS: dict[str, Any] = {"sender": "agent@example.com", "to": ["customer@example.com"]}
READ = "GET /api/v2/conversations/conversation-1"

# The check of the message reads the conversation once; the first question about its delivery is never answered.
SILENT = {"on": READ, "nth": 2, "stall_ms": 1}


# Stopping


async def test_a_cancelled_task_asks_no_longer_for_a_delivery() -> None:
    with Simulator(faults=[SILENT]) as simulator:
        async with simulator.async_client() as client:
            sent = await client.send(CONVERSATION, text="hello", **ENDS)
            task = asyncio.create_task(client.await_delivery(sent, within=60))
            await asyncio.to_thread(wait_for, simulator, READ, 2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.await_delivery(sent)).message_id == sent.id
        assert len(simulator.state["conversations"][0]["messages"]) == 1


INTERRUPTED = """
import threading
from conftest import wait_for
from porteur.testing import Simulator

READ = "GET /api/v2/conversations/conversation-1"

with Simulator(faults=[{"on": READ, "nth": 2, "stall_ms": 1}]) as simulator:
    def report():
        wait_for(simulator, READ, 2)
        print("silent", flush=True)

    with simulator.client() as client:
        sent = client.send("conversation-1", text="hello", sender="agent@example.com", to=["customer@example.com"])
        threading.Thread(target=report).start()
        try:
            client.await_delivery(sent, within=60)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        print(client.await_delivery(sent).status, flush=True)
"""


def test_ctrl_c_stops_waiting_for_a_delivery_at_once() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "silent\n"
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - start < 1
        assert process.stdout.readline() == "delivered\n"
    assert process.returncode == 0


async def test_calls_of_a_closed_client_are_cancelled(simulator: Simulator) -> None:
    with simulator.client() as client:
        sent = client.send(CONVERSATION, text="hello", **ENDS)
    async with simulator.async_client() as asynchronous:
        pass
    for call in (
        lambda: client.send(CONVERSATION, text="hello", **ENDS),
        lambda: client.await_delivery(sent),
        lambda: next(client.history(CONVERSATION)),
    ):
        with pytest.raises(porteur.Cancelled):
            call()
    with pytest.raises(porteur.Cancelled):
        await asynchronous.send(CONVERSATION, text="hello", **ENDS)
    with pytest.raises(porteur.Cancelled):
        await asynchronous.await_delivery(sent)
    with pytest.raises(porteur.Cancelled):
        await anext(asynchronous.history(CONVERSATION))
    many: list[Any] = [{"conversation": CONVERSATION, "text": "hello", **ENDS}]
    outcomes = [*client.send_many(many), *await asynchronous.send_many(many)]
    assert [type(outcome) for outcome in outcomes] == [porteur.Cancelled] * 2


async def test_close_is_a_coroutine_that_does_nothing_before_it_is_awaited(simulator: Simulator) -> None:
    client = simulator.async_client()
    closing = client.close()
    assert asyncio.iscoroutine(closing)
    assert (await client.guest("en-US")).id == "guest-1"
    await closing
    await client.close()
    with pytest.raises(porteur.Cancelled):
        await client.guest("en-US")


# Errors as values


async def test_send_many_gives_errors_in_their_places(simulator: Simulator) -> None:
    def outgoing() -> Iterator[Any]:
        yield {"conversation": CONVERSATION, "text": "one", **ENDS}
        yield {"conversation": CONVERSATION, **ENDS}
        yield {"conversation": CONVERSATION, "json": {"share": float("nan")}, **ENDS}
        yield {"conversation": "conversation-9", "text": "four", **ENDS}
        yield {"conversation": CONVERSATION, "html": None, "text": "five", **ENDS}

    with simulator.client() as client:
        blocking = client.send_many(outgoing(), concurrency=2)
    async with simulator.async_client() as asynchronous:
        both = [blocking, await asynchronous.send_many(outgoing())]
    kinds = [porteur.SentMessage, porteur.InvalidInput, porteur.InvalidInput, porteur.NotFound, porteur.SentMessage]
    for outcomes in both:
        assert [type(outcome) for outcome in outcomes] == kinds
        fields = [outcome.details.get("field") for outcome in outcomes if isinstance(outcome, porteur.PorteurError)]
        assert fields == ["content", "json.share", None]
        assert [str(pickle.loads(pickle.dumps(outcome))) for outcome in outcomes] == [str(one) for one in outcomes]
    sent = [message["content"] for message in simulator.state["conversations"][0]["messages"]]
    assert sorted(sent) == ["five", "five", "one", "one"]


@pytest.mark.parametrize(
    ("second", "place"),
    [
        ("hello", r"messages\[1\]: expected a dict, got str"),
        ({"text": "hello", **ENDS}, r"messages\[1\]: the key 'conversation' is missing"),
        ({"conversation": CONVERSATION, "text": "hello", "to": ["a"]}, r"messages\[1\]: the key 'sender' is missing"),
        ({"conversation": CONVERSATION, "text": "hello", "chek": False, **ENDS}, r"messages\[1\]: .* 'chek'"),
        ({"conversation": CONVERSATION, "text": 7, **ENDS}, r"messages\[1\].text: "),
        ({"conversation": CONVERSATION, "json": {"a": b"bytes"}, **ENDS}, r"json.a: expected .* got bytes"),
    ],
    ids=repr,
)
def test_something_that_is_no_message_is_a_type_error_before_anything_is_sent(
    simulator: Simulator, second: Any, place: str
) -> None:
    first: Any = {"conversation": CONVERSATION, "text": "hello", **ENDS}
    with simulator.client() as client, pytest.raises(TypeError, match=place):
        client.send_many([first, second])
    assert simulator.journal == []


def test_send_many_takes_its_messages_and_leaves_them_as_they_are(simulator: Simulator) -> None:
    outgoing: list[Any] = [{"conversation": CONVERSATION, **message} for message in messages(42, 5)]
    before = [dict(message) for message in outgoing]
    with simulator.client() as client:
        outcomes = client.send_many(outgoing)
    assert all(isinstance(outcome, porteur.SentMessage) for outcome in outcomes)
    assert outgoing == before


def test_an_unconfirmed_message_is_sent_again_under_the_id_that_its_error_names() -> None:
    lost = {"on": f"POST /api/v2/conversations/{CONVERSATION}/messages", "times": 4, "drop": "after"}
    with Simulator(faults=[lost]) as simulator, simulator.client() as client:
        with pytest.raises(ConnectionError) as raised:
            client.send(CONVERSATION, text="hello", **ENDS)
        error = pickle.loads(pickle.dumps(raised.value))
        assert isinstance(error, porteur.Unconfirmed)
        assert error.retryable
        sent = client.send(CONVERSATION, text="hello", client_id=error.details["client_id"], **ENDS)
        assert [message["id"] for message in simulator.state["conversations"][0]["messages"]] == [sent.id]


def test_a_delivery_that_is_late_or_failed_names_its_message() -> None:
    deliveries = [{"outcome": "never"}, {"outcome": "failed"}]
    with Simulator(deliveries=deliveries) as simulator, simulator.client() as client:
        late, failed = (client.send(CONVERSATION, text="hello", **ENDS) for _ in range(2))
        with pytest.raises(TimeoutError) as raised:
            client.await_delivery(late, within=6, sla=5)
        error = pickle.loads(pickle.dumps(raised.value))
        assert isinstance(error, porteur.DeliveryTimeout)
        assert (error.details["message_id"], error.details["sla_violation"]) == (late.id, "true")
        with pytest.raises(porteur.DeliveryFailed) as refused:
            client.await_delivery(failed)
        again = pickle.loads(pickle.dumps(refused.value))
        assert (again.details["message_id"], again.details["status"]) == (failed.id, "failed")


# Values


VALUES: list[Any] = [
    {"nothing": None, "yes": True, "no": False, "whole": 7, "negative": -(1 << 63), "largest": (1 << 64) - 1},
    {"fraction": 0.1, "small": 5e-324, "text": "ünïcödé \U0001f680 \0", "empty": {}, "": []},
    [1, [2, [3, {"deep": [None]}]]],
    {"number": 1.0, "list": ["a", {"b": ["c"]}]},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_json_comes_back_as_it_was_sent(simulator: Simulator, value: Any) -> None:
    with simulator.client() as client:
        client.send(CONVERSATION, json=value, **ENDS)
        [message] = client.history(CONVERSATION)
    assert simulator.state["conversations"][0]["messages"][0]["content"] == value
    assert message.content == value
    assert json.dumps(message.content, sort_keys=True) == json.dumps(value, sort_keys=True)
    assert message.content_type == "application/json"
    again = pickle.loads(pickle.dumps(message))
    assert again == message
    # What was read cannot be changed by what was done with it.
    assert message.content is not message.content


def test_tuples_and_mappings_are_json_too(simulator: Simulator) -> None:
    value: Any = OrderedDict(a=(1, 2), b=MappingProxyType({"c": 3}))
    with simulator.client() as client:
        client.send(CONVERSATION, json=value, **ENDS)
        assert next(client.history(CONVERSATION)).content == {"a": [1, 2], "b": {"c": 3}}


def circular() -> list[Any]:
    circle: list[Any] = []
    circle.append(circle)
    return circle


@pytest.mark.parametrize(
    ("value", "error", "place"),
    [
        ({"a": [1, float("nan")]}, ValueError, r"json\.a\[1\]: expected a finite number, got nan"),
        ([float("-inf")], ValueError, r"json\[0\]: expected a finite number, got -inf"),
        ([1 << 64], ValueError, r"json\[0\]: expected a whole number of at most 64 bits"),
        (["\ud800"], ValueError, r"json\[0\]: expected text"),
        ({"a": b"bytes"}, TypeError, r"json\.a: .* got bytes"),
        ({"a": {"b": {1}}}, TypeError, r"json\.a\.b: .* got set"),
        ({1: 2}, TypeError, r"json: expected keys of str, got int"),
        ([datetime.now(UTC)], TypeError, r"json\[0\]: .* got datetime"),
        (circular(), ValueError, r"levels"),
        ("text", ValueError, r"content: expected a JSON object or array, got a string"),
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "replace").decode(),
)
def test_what_json_cannot_express_is_named_by_its_place(
    simulator: Simulator, value: Any, error: type[Exception], place: str
) -> None:
    with simulator.client() as client, pytest.raises(error, match=place):
        client.send(CONVERSATION, json=value, **ENDS)
    assert simulator.journal == []


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"text": "hello", "sender": "a"},
        {"text": "hello", "to": ["a"]},
        {"text": "hello", "sender": "a", "to": "b"},
        {"text": b"hello", **ENDS},
        {"text": "hello", "attachments": ["file-1"], **ENDS},
        {"text": "hello", "check": "yes", **ENDS},
        {"text": "hello", "unheard_of": 1, **ENDS},
    ],
    ids=repr,
)
def test_a_message_of_another_type_is_a_type_error(simulator: Simulator, options: dict[str, Any]) -> None:
    with simulator.client() as client, pytest.raises(TypeError):
        client.send(CONVERSATION, **options)
    assert simulator.journal == []


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("within", {"within": -1}),
        ("interval", {"interval": 0}),
        ("interval", {"interval": float("nan")}),
        ("backoff", {"backoff": 0.5}),
        ("sla", {"sla": float("inf")}),
    ],
    ids=repr,
)
def test_a_wait_that_cannot_be_names_its_field(simulator: Simulator, field: str, options: dict[str, Any]) -> None:
    with simulator.client() as client, pytest.raises(porteur.InvalidInput) as raised:
        client.await_delivery(porteur.SentMessage(CONVERSATION, "sent-1"), **options)
    assert raised.value.details["field"] == field


@pytest.mark.parametrize("options", [{"page_size": 0}, {"page_size": 101}, {"page_size": -1}], ids=repr)
def test_a_page_size_that_cannot_be_is_named(simulator: Simulator, options: dict[str, Any]) -> None:
    with simulator.client() as client, pytest.raises(porteur.InvalidInput) as raised:
        next(client.history(CONVERSATION, **options))
    assert raised.value.details["field"] == "page_size"


def test_every_kind_of_attachment_arrives(simulator: Simulator) -> None:
    data = bytearray(TEXT)
    with simulator.client() as client:
        file = client.upload(TEXT, name="notes.pdf", content_type="application/pdf")
        bytes_, buffer = porteur.Attachment("bytes.txt", data=TEXT), porteur.Attachment("buffer.txt", data=data)
        attachments: list[porteur.UploadedFile | porteur.Attachment] = [
            file,
            bytes_,
            buffer,
            porteur.Attachment("photo", url="https://example.com/photo", content_type="image/png"),
            porteur.Attachment("again.bin", file_id=file.id),
        ]
        # A buffer is copied: what becomes of it later is not sent.
        data[:] = bytes(len(data))
        client.send(CONVERSATION, text="hello", attachments=attachments, **ENDS)
    assert file.content_type == "application/pdf"
    assert (bytes_.data, buffer.data) == (TEXT, TEXT)
    stored = simulator.state["conversations"][0]["messages"][0]["attachments"]
    names = [(one["filename"], one["type"]) for one in stored]
    assert names == [
        ("notes.pdf", "application/pdf"),
        ("bytes.txt", "text/plain"),
        ("buffer.txt", "text/plain"),
        ("photo", "image/png"),
        ("again.bin", "application/octet-stream"),
    ]


@pytest.mark.parametrize("options", [{}, {"data": b"x", "url": "https://example.com"}, {"url": "a", "file_id": "b"}])
def test_an_attachment_is_one_thing(options: dict[str, Any]) -> None:
    with pytest.raises(porteur.InvalidInput) as raised:
        porteur.Attachment("notes.txt", **options)
    assert raised.value.details["field"] == "attachments"


@pytest.mark.parametrize("data", ["text", 7, [1, 2]], ids=repr)
def test_the_data_of_an_attachment_are_bytes(data: Any) -> None:
    with pytest.raises(TypeError, match="data: expected bytes"):
        porteur.Attachment("notes.txt", data=data)


def test_neither_an_attachment_nor_an_audit_shows_what_is_secret(tmp_path: Path) -> None:
    signed = porteur.Attachment("a.pdf", url="https://example.com/a.pdf?signature=hush")
    assert "hush" not in repr(signed)
    assert "hush" not in repr(porteur.Attachment("a.txt", data=b"hush"))
    audit = porteur.Audit(tmp_path / "audit.log", "hush", endpoint="https://example.com/audit?key=hush")
    assert "hush" not in repr(audit)
    assert "hush" not in repr(porteur.Client("id", "secret", audit=audit))
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(audit)


async def test_dates_are_aware_and_the_time_between_them_is_in_seconds() -> None:
    delivery = {"outcome": "read", "after_ms": 1500}
    with Simulator(deliveries=[delivery]) as simulator:
        async with simulator.async_client() as client:
            sent = await client.send(CONVERSATION, text="hello", **ENDS)
            receipt = await client.await_delivery(sent, sla=1)
            [message] = [message async for message in client.history(CONVERSATION)]
    assert (receipt.created.tzinfo, receipt.delivered.tzinfo) == (UTC, UTC)
    assert receipt.delivered - receipt.created == timedelta(seconds=1.5)
    assert (receipt.status, receipt.elapsed) == ("read", 1.5)
    assert receipt.sla == porteur.Sla(1.0, 1.5, True)
    assert message.created == receipt.created
    for value in (sent, receipt, message):
        assert pickle.loads(pickle.dumps(value)) == value


def test_a_date_keeps_its_microseconds_and_has_to_say_where_it_is() -> None:
    here = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=2)))
    message = porteur.HistoryMessage("message-1", created=here)
    assert message.created == here
    assert message.created.tzinfo is UTC
    with pytest.raises(TypeError):
        porteur.HistoryMessage("message-1", created=datetime(2026, 1, 1))


def test_a_message_that_was_sent_elsewhere_can_be_waited_for(simulator: Simulator) -> None:
    with simulator.client() as client:
        sent = client.send(CONVERSATION, text="hello", **ENDS)
        elsewhere = porteur.SentMessage(CONVERSATION, sent.id)
        assert (elsewhere.status, elsewhere.client_id, elsewhere.sender, elsewhere.to) == ("", "", "", [])
        assert client.await_delivery(elsewhere).status == "delivered"
    assert (sent.status, sent.sender, sent.to) == ("queued", "agent@example.com", ["customer@example.com"])
    assert elsewhere != sent
