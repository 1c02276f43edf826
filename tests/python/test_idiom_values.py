"""What is special to Python about values: pickling, errors, arguments that are wrong, settings, the log."""

from __future__ import annotations

import copy
import doctest
import errno
import gc
import io
import logging
import os
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import porteur
import porteur.testing
from conftest import TEXT
from porteur.errors import BY_CODE
from porteur.testing import Simulator

# Values


NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)

VALUES: list[Any] = [
    porteur.UploadedFile("file-1", "notes.txt", 19, ["00", "ff"]),
    porteur.UploadedFile("file-1", "notes.txt", 19, ["00", "ff"], "text/plain"),
    porteur.Guest("guest-1", "secret-token"),
    porteur.SentGuestMessage("message-1"),
    porteur.SentMessage("conversation-1", "sent-1"),
    porteur.SentMessage("conversation-1", "sent-1", status="queued", client_id="c", sender="a", to=["b"]),
    porteur.Receipt("sent-1", "conversation-1", "delivered", NOON, NOON + timedelta(seconds=2.25), 2.25),
    porteur.Receipt("sent-1", "conversation-1", "read", NOON, NOON, 0.1, porteur.Sla(2.0, 0.1, False)),
    porteur.Sla(0.5, 123456.789, True),
    porteur.HistoryMessage("message-1"),
    porteur.HistoryMessage(
        "message-1",
        sender="a",
        to=["b"],
        content_type="application/json",
        content={"a": [1, 2.5, None, "x"]},
        status="read",
        created=NOON,
        metadata={"tags": ["a"]},
    ),
    porteur.Attachment("notes.txt", data=b"\0bytes"),
    porteur.Attachment("notes.txt", url="https://example.com/notes.txt", content_type="text/plain"),
    porteur.Attachment("notes.txt", file_id="file-1"),
    porteur.AuditReceipt("log-1", 7),
    porteur.AuditReport(9, 2, 8, True, [porteur.AuditFinding("changed", 3, "log-1", 3, "so it is")]),
    porteur.AuditFinding("missing", 3, "log-1", 3, "so it is"),
    porteur.Progress(1, 2, 3),
    porteur.ChunkDigests(3, 2, ["00", "ff"], None),
    porteur.ChunkDigests(3, 2, ["00", "ff"], "aa"),
    porteur.ImageInfo("gif", 3, 2, orientation=6, frames=2, has_alpha=True, has_icc=True),
    porteur.StageTimes(0.25, 0.5, 0.125, 1e-6),
    porteur.Thumbnail(b"\0bytes", "webp", 3, 2),
    porteur.Transformed(
        b"\0bytes",
        "jpeg",
        3,
        2,
        source=porteur.ImageInfo("png", 3, 2, orientation=1, frames=1, has_alpha=False, has_icc=False, pdf_pages=3),
        timings=porteur.StageTimes(0.25, 0.5, 0.125, 0.0),
        thumbnail=porteur.Thumbnail(b"\0", "png", 1, 1),
    ),
    porteur.MediaLimits(max_input_bytes=1, max_side=2, isolation="everything", max_child_cpu=0.5, max_child_wall=1.25),
    porteur.Pace(attempts=7, base=0.25, cap=2.0, budget=9.0, per_minute=6, burst=2, breaker_after=3, breaker_pause=4.0),
    porteur.Timeouts(
        connect=1.5, token=2.5, call=3.5, stall=4.5, audit=5.5, ping=6.5, callback=7.5, download=8.5, publish=10.5
    ),
    porteur.Timeouts(download_stall=9.5),
    porteur.Limits(max_chunk_bytes=5, max_bandwidth_kbps=6, codecs=["a"], max_fps=7),
    porteur.Audio("opus", 64),
    porteur.Audio("opus", 64, bit_depth=24),
    porteur.Video("vp8", "1280x720", 30),
    porteur.MediaMatrix(porteur.Audio("opus", 64)),
    porteur.MediaMatrix(porteur.Audio("opus", 64, bit_depth=8), video=porteur.Video("vp8", "1280x720", 30)),
    porteur.Callback("https://example.com/hook?key=1", method="PUT"),
    porteur.TransferOutcome("frame-1", "i", status="done", codec="opus", media=1, latency=0.25, retries=2),
    porteur.TransferOutcome(
        "frame-1",
        "i",
        status="transfer_initiated",
        codec="opus",
        media=0,
        latency=123456.789,
        retries=0,
        callback_error=porteur.NotFound("so it is", status=404, details={"what": "callback"}),
    ),
    porteur.SessionEvent("closed"),
    porteur.SessionEvent("disconnected", code=1008, reason="too much"),
    porteur.SessionEvent("frame", frame={"a": [1, 2.5, None, "x"]}),
    porteur.SessionEvent("missed", count=1 << 40),
    porteur.Submitted("queued", id="id", known=True),
    porteur.Submitted("ignored", reason="not an attachment event"),
    porteur.WebhookAnswer(503, {"Retry-After": "5"}, "{}"),
    porteur.PreviewTimes(0.25, 0.5, 0.125, 1e-6),
    porteur.PreviewOutcome(
        "id",
        "conversation-1",
        file_name="photo.png",
        url="https://cdn.example.com/id",
        message="posted-1",
        linked_before=True,
        bytes=b"\0RIFF",
        format="webp",
        width=48,
        height=32,
        source_bytes=131,
        timings=porteur.PreviewTimes(0.25, 0.5, 0.125, 1e-6),
    ),
    porteur.PreviewStats(
        running=1,
        made=2,
        retried=3,
        given_back=4,
        buried=5,
        bytes_fetched=6,
        times=porteur.PreviewTimes(1, 2, 3, 4),
        paused=1.5,
    ),
    porteur.QueueStats(waiting=1, taken=2, delayed=3, dead=4, remembered=5, oldest=1.5),
    porteur.DeadLetter(7, "key", body=b"{}", reason="gone", attempts=5, enqueued_at=NOON, died_at=NOON),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_the_same_after_pickling_and_copying(value: Any) -> None:
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert type(again) is type(value)
    assert copy.copy(value) == value
    assert copy.deepcopy(value) == value
    assert value != object()


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_cannot_be_changed(value: Any) -> None:
    with pytest.raises(AttributeError):
        value.id = "another"


def test_values_differ_in_every_field() -> None:
    assert porteur.Guest("a", "b") != porteur.Guest("a", "c")
    assert porteur.Pace(attempts=2) != porteur.Pace(attempts=3)
    assert porteur.UploadedFile("a", "b", 1, ["00"]) != porteur.UploadedFile("a", "b", 1, ["01"])
    assert porteur.UploadedFile("a", "b", 1, ["00"]) != porteur.UploadedFile("a", "b", 1, ["00"], "text/plain")
    assert porteur.SentMessage("a", "b") != porteur.SentMessage("a", "b", client_id="c")
    assert porteur.HistoryMessage("a", content={"b": 1}) != porteur.HistoryMessage("a", content={"b": 2})
    assert porteur.Attachment("a", data=b"b") != porteur.Attachment("a", data=b"c")
    assert porteur.Limits(codecs=["a"]) != porteur.Limits(codecs=["b"])
    assert porteur.Callback("https://a", method="PUT") != porteur.Callback("https://a")
    assert porteur.SessionEvent("frame", frame={"a": 1}) != porteur.SessionEvent("frame", frame={"a": 2})

    def transferred(error: porteur.PorteurError | None) -> porteur.TransferOutcome:
        return porteur.TransferOutcome(
            "a", "b", status="c", codec="d", media=0, latency=0, retries=0, callback_error=error
        )

    assert transferred(porteur.NotFound("a")) == transferred(porteur.NotFound("a"))
    assert transferred(porteur.NotFound("a")) != transferred(porteur.NotFound("b"))
    assert transferred(porteur.NotFound("a")) != transferred(None)


def test_what_is_not_given_is_the_default_of_the_core() -> None:
    assert porteur.Pace(attempts=2) == porteur.Pace(
        attempts=2, base=0.5, cap=30, budget=120, per_minute=300, burst=30, breaker_after=5, breaker_pause=30
    )
    assert porteur.Timeouts() == porteur.Timeouts(
        connect=5, token=10, call=15, stall=30, audit=10, ping=3, callback=5
    )
    assert porteur.UploadedFile("a", "b", 1, ["00"]).content_type == "application/octet-stream"
    assert porteur.Limits() == porteur.Limits(
        max_chunk_bytes=64 << 20, max_bandwidth_kbps=128, codecs=["opus", "g722", "pcmu"], max_fps=30
    )
    assert porteur.Audio("opus", 64) == porteur.Audio("opus", 64, bit_depth=16)
    assert porteur.Callback("https://example.com") == porteur.Callback("https://example.com", method="POST")
    assert porteur.MediaLimits() == porteur.MediaLimits(
        max_input_bytes=25 << 20,
        max_pixels=100_000_000,
        max_side=16_384,
        max_output_side=4_096,
        max_allocation=256 << 20,
        max_frames=256,
        max_frame_pixels=200_000_000,
        max_scans=100,
        max_profile_bytes=1 << 20,
        max_metadata_bytes=1 << 20,
        isolation="pdf",
        max_child_memory=512 << 20,
        max_child_cpu=2,
        max_child_wall=10,
    )


def test_neither_a_guest_nor_a_client_shows_its_secret() -> None:
    assert "secret-token" not in repr(porteur.Guest("guest-1", "secret-token"))
    assert "secret" not in repr(porteur.Client("id", "secret"))
    assert "secret" not in repr(porteur.AsyncClient("id", "secret"))
    assert "secret" not in repr(porteur.Callback("https://example.com/hook?key=secret"))


def test_a_guest_and_a_message_carry_what_was_said(simulator: Simulator) -> None:
    with simulator.client() as client:
        file = client.upload(TEXT, name="notes.txt")
        guest = client.guest("en-US", metadata={"source": "tests"})
        again = porteur.Guest(guest.id, guest.token)
        client.send_as_guest(again, to=["+15550100"], text="hello", attachments=[file, (file.id, "another.txt")])
    [message] = simulator.state["messages"]
    assert (message["guest_id"], message["to"], message["text"]) == (guest.id, ["+15550100"], "hello")
    assert [attachment["name"] for attachment in message["attachments"]] == ["notes.txt", "another.txt"]
    assert simulator.state["guests"][0]["metadata"] == {"source": "tests"}


# Errors

CLASSES: list[type[porteur.PorteurError]] = [porteur.PorteurError, *BY_CODE.values()]


@pytest.mark.parametrize(
    "error",
    [
        cls("so it is", retryable=True, retry_after=1.5, status=503, request_id="abc", details={"field": "x"})
        for cls in CLASSES
    ],
    ids=lambda error: error.code,
)
def test_errors_are_the_same_after_pickling(error: porteur.PorteurError) -> None:
    error.add_note("seen in a worker")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), again.args) == (str(error), error.args)
        assert again.__dict__ == error.__dict__
        assert again.__notes__ == ["seen in a worker"]


def test_a_missing_file_is_an_os_error_with_its_number_and_name(simulator: Simulator, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pdf"
    with simulator.client() as client, pytest.raises(OSError) as raised:
        client.upload(missing)
    for error in (raised.value, pickle.loads(pickle.dumps(raised.value))):
        assert isinstance(error, porteur.File)
        assert (error.errno, error.filename) == (errno.ENOENT, str(missing))
        assert error.strerror == os.strerror(errno.ENOENT)
        assert str(missing) in str(error)


def test_an_error_of_the_platform_has_all_facts_and_no_stranger_as_its_cause() -> None:
    fault = {"on": "POST /api/v2/files/uploads", "status": 429, "retry_after": 600}
    with Simulator(faults=[fault]) as simulator, simulator.client() as client:
        with pytest.raises(porteur.RateLimited) as raised:
            client.upload(TEXT, name="notes.txt")
        error = raised.value
        assert (error.code, error.retryable, error.retry_after, error.status) == ("rate_limited", True, 600.0, 429)
        assert error.request_id is not None
        assert error.request_id in str(error)
        assert error.details["attempts"] == "1"
        assert error.__cause__ is None
        assert error.__context__ is None


# Arguments


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("client_id", {"client_id": ""}),
        ("client_secret", {"client_secret": ""}),
        ("environment", {"environment": "nowhere", "base_url": None}),
        ("base_url", {"base_url": "ftp://example.com"}),
        ("base_url", {"base_url": "http://example.com"}),
        ("base_url", {"base_url": "http://example.com", "allow_plain_http": False}),
        ("renew_before", {"renew_before": -1}),
        ("renew_before", {"renew_before": float("nan")}),
        ("attempts", {"pace": lambda: porteur.Pace(attempts=0)}),
        ("attempts", {"pace": lambda: porteur.Pace(attempts=-1)}),
        ("burst", {"pace": lambda: porteur.Pace(burst=1 << 40)}),
        ("budget", {"pace": lambda: porteur.Pace(budget=float("inf"))}),
        ("breaker_pause", {"pace": lambda: porteur.Pace(breaker_pause=-0.1)}),
        ("stall", {"timeouts": lambda: porteur.Timeouts(stall=-1)}),
        ("audit", {"timeouts": lambda: porteur.Timeouts(audit=-1)}),
        ("callback", {"timeouts": lambda: porteur.Timeouts(callback=-1)}),
        ("max_chunk_bytes", {"limits": lambda: porteur.Limits(max_chunk_bytes=-1)}),
        ("max_fps", {"limits": lambda: porteur.Limits(max_fps=1 << 40)}),
    ],
)
@pytest.mark.parametrize("style", [porteur.Client, porteur.AsyncClient])
def test_a_setting_that_cannot_be_is_named(style: Any, field: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as raised:
        options = {name: value() if callable(value) else value for name, value in options.items()}
        style(**{"client_id": "id", "client_secret": "secret", "base_url": "https://example.com", **options})
    assert isinstance(raised.value, porteur.InvalidInput)
    assert raised.value.details["field"] == field


@pytest.mark.parametrize(
    "options",
    [
        {"scopes": "one string"},
        {"scopes": [1]},
        {"allow_plain_http": "yes"},
        {"renew_before": "soon"},
        {"pace": {"attempts": 3}},
        {"timeouts": 3},
        {"limits": 3},
        {"audit": "audit.log"},
        {"transfer_callback": 3},
        {"environment": 3},
        {"base_url": 3},
        {"unheard_of": 3},
    ],
    ids=repr,
)
def test_a_setting_of_another_type_is_a_type_error(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        porteur.Client("id", "secret", **options)


@pytest.mark.parametrize(
    ("field", "source", "options"),
    [
        ("name", TEXT, {}),
        ("name", TEXT, {"name": " "}),
        ("content_type", TEXT, {"name": "a", "content_type": "words"}),
        ("concurrency", TEXT, {"name": "a", "concurrency": 0}),
        ("concurrency", TEXT, {"name": "a", "concurrency": 65}),
        ("concurrency", TEXT, {"name": "a", "concurrency": -1}),
        ("size", TEXT, {"name": "a", "size": 3}),
        ("size", "some/path", {"size": 3}),
        ("size", [TEXT], {"name": "a"}),
        ("size", [TEXT], {"name": "a", "size": -1}),
        ("size", [TEXT], {"name": "a", "size": 3}),
        ("size", [TEXT], {"name": "a", "size": 300}),
    ],
    ids=repr,
)
async def test_an_upload_that_cannot_be_names_its_field(
    simulator: Simulator, field: str, source: Any, options: dict[str, Any]
) -> None:
    with simulator.client() as client, pytest.raises(porteur.InvalidInput) as raised:
        client.upload(source, **options)
    assert raised.value.details["field"] == field
    async with simulator.async_client() as asynchronous:
        with pytest.raises(porteur.InvalidInput) as raised:
            await asynchronous.upload(source, **options)
    assert raised.value.details["field"] == field
    assert simulator.state["files"] == []


@pytest.mark.parametrize(
    ("source", "options"),
    [
        (None, {}),
        (7, {}),
        (object(), {}),
        (TEXT, {"name": 7}),
        (TEXT, {"name": "a", "content_type": 7}),
        (TEXT, {"name": "a", "concurrency": "many"}),
        (TEXT, {"name": "a", "journal": 7}),
        (TEXT, {"name": "a", "on_progress": "print"}),
        (TEXT, {"name": "a", "unheard_of": 7}),
        ([TEXT], {"name": "a", "size": "long"}),
    ],
    ids=repr,
)
def test_an_upload_of_another_type_is_a_type_error(simulator: Simulator, source: Any, options: dict[str, Any]) -> None:
    with simulator.client() as client, pytest.raises(TypeError):
        client.upload(source, **options)
    assert simulator.journal == []


def test_options_have_to_be_named() -> None:
    with pytest.raises(TypeError):
        porteur.Client("id", "secret", "mypurecloud.com")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        porteur.Client("id", "secret").upload("path", "name")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        porteur.Pace(3)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("to", {"to": [], "text": "hello"}),
        ("to", {"to": [" "], "text": "hello"}),
        ("text", {"to": ["+15550100"]}),
        ("send_as", {"to": ["+15550100"], "text": "hello", "send_as": "somebody"}),
        ("attachments", {"to": ["+15550100"], "attachments": [("", "name")]}),
        ("guest", {"to": ["+15550100"], "text": "hello", "guest": porteur.Guest("", "token")}),
    ],
    ids=repr,
)
def test_a_message_that_cannot_be_names_its_field(simulator: Simulator, field: str, options: dict[str, Any]) -> None:
    guest = options.pop("guest", porteur.Guest("guest-1", "token"))
    with simulator.client() as client, pytest.raises(porteur.InvalidInput) as raised:
        client.send_as_guest(guest, **options)
    assert raised.value.details["field"] == field


@pytest.mark.parametrize(
    "options",
    [{}, {"to": "+15550100"}, {"to": [7]}, {"to": ["a"], "attachments": [7]}, {"to": ["a"], "send_as": 7}],
    ids=repr,
)
def test_a_message_of_another_type_is_a_type_error(simulator: Simulator, options: dict[str, Any]) -> None:
    with simulator.client() as client, pytest.raises(TypeError):
        client.send_as_guest(porteur.Guest("guest-1", "token"), **options)


@pytest.mark.parametrize(
    ("field", "arguments"),
    [("chunk_size", (TEXT, 0)), ("chunk_size", (TEXT, -1)), ("threads", (TEXT, 8, 0)), ("threads", (TEXT, 8, -1))],
    ids=repr,
)
def test_a_digest_that_cannot_be_names_its_field(field: str, arguments: Any) -> None:
    source, chunk_size, *threads = arguments
    with pytest.raises(porteur.InvalidInput) as raised:
        porteur.sha256_chunks(source, chunk_size, **({"threads": threads[0]} if threads else {}))
    assert raised.value.details["field"] == field


def test_digests_are_of_paths_and_bytes_only() -> None:
    with pytest.raises(TypeError, match="expected a path or bytes"):
        porteur.sha256_chunks(io.BytesIO(TEXT), 8)  # type: ignore[arg-type]


def test_a_misspelt_setting_of_the_simulator_is_refused() -> None:
    with pytest.raises(porteur.InvalidInput, match="chunksize"):
        Simulator(chunksize=8)
    with Simulator() as simulator, pytest.raises(porteur.InvalidInput, match="stauts"):
        simulator.add_fault(on="* /", stauts=500)


# The environment and the log


def test_the_environment_is_read_and_arguments_go_before_it(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("GENESYS_")]:
        monkeypatch.delenv(name)
    with pytest.raises(porteur.InvalidInput, match="GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET"):
        porteur.Client.from_env()
    monkeypatch.setenv("GENESYS_CLIENT_ID", simulator.client_id)
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", simulator.client_secret)
    monkeypatch.setenv("GENESYS_BASE_URL", "https://example.invalid")
    with porteur.Client.from_env(base_url=simulator.url) as client:
        assert client.guest("en-US").id == "guest-1"


def test_events_are_logged_below_the_logger_porteur(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    with simulator.client() as client:
        with caplog.at_level(logging.DEBUG, logger="porteur"):
            file = client.upload(TEXT, name="notes.txt")
        assert any(record.levelno == logging.INFO and file.id in record.getMessage() for record in caplog.records)
        assert any(record.levelno == logging.DEBUG for record in caplog.records)
        assert all(record.name.split(".")[0] == "porteur" for record in caplog.records)
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="porteur"):
            client.upload(TEXT, name="notes.txt")
        assert caplog.records == []


def test_a_client_and_a_simulator_can_be_forgotten(simulator: Simulator) -> None:
    client = simulator.client()
    client.guest("en-US")
    del client
    abandoned = Simulator()
    assert abandoned.client().guest("en-US").id == "guest-1"
    del abandoned
    gc.collect()


def test_the_examples_of_the_manual_run() -> None:
    outcome = doctest.testmod(porteur.testing)
    assert outcome.attempted > 0
    assert outcome.failed == 0
