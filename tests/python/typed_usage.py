"""What a type checker makes of the API; checked with `mypy --strict`, never run."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import assert_type

from numpy import uint8
from numpy.typing import NDArray
from PIL.Image import Image

import porteur
from porteur.testing import Simulator, messages


def blocking(simulator: Simulator, pieces: Iterator[bytes]) -> None:
    pace = porteur.Pace(attempts=2, budget=1)
    with porteur.Client("id", "secret", environment="eu-west-1", scopes=["files:upload"], pace=pace) as client:
        assert_type(client, porteur.Client)
        file = client.upload(Path("invoice.pdf"), content_type="application/pdf", journal="invoice.journal")
        assert_type(file, porteur.UploadedFile)
        client.upload(b"bytes", name="a", on_progress=print)
        client.upload(memoryview(b"bytes"), name="a", on_progress=lambda progress: progress.acknowledged)
        client.upload(io.BytesIO(b"bytes"), name="a")
        client.upload(pieces, name="a", size=3)
        guest = client.guest("en-US", metadata={"source": "here"})
        assert_type(guest, porteur.Guest)
        sent = client.send_as_guest(guest, to=["+15550100"], attachments=[file, ("id", "name")], send_as="client")
        assert_type(sent.id, str)
        client.send_as_guest(guest, to=["+15550100"], text="hello", send_as="somebody")  # type: ignore[arg-type]
        message = client.send("conversation-1", text="hello", sender="a", to=["b"], attachments=[file])
        assert_type(message, porteur.SentMessage)
        logo = porteur.Attachment("logo.png", data=b"bytes")
        client.send("conversation-1", json={"a": [1, None, {"b": 0.5}]}, sender="a", to=("b",), attachments=[logo])
        client.send("conversation-1", text="hello", to=["b"])  # type: ignore[call-arg]
        client.send("conversation-1", json={"a": {1, 2}}, sender="a", to=["b"])  # type: ignore[dict-item]
        outgoing: porteur.Outgoing = {"conversation": "conversation-1", "text": "hello", "sender": "a", "to": ["b"]}
        outcomes = client.send_many([outgoing, {"conversation": "c", **messages(42, 1)[0]}], concurrency=8)
        assert_type(outcomes, list[porteur.SentMessage | porteur.PorteurError])
        for made in messages(42, 3):
            client.send("conversation-1", **made)
        receipt = client.await_delivery(message, within=20, sla=10)
        assert_type(receipt.created, datetime)
        assert_type(receipt.sla, porteur.Sla | None)
        for entry in client.history("conversation-1", page_size=10):
            assert_type(entry, porteur.HistoryMessage)
        assert_type(client.record("note", {"n": 1, "tags": ["a"]}), porteur.AuditReceipt)
        heard = porteur.Audio("opus", 64, bit_depth=24)
        matrix = porteur.MediaMatrix(heard, video=porteur.Video("vp8", "1280x720", 30))
        outcome = client.transfer("interaction-1", "genesys://user/agent-9", media=[matrix, heard], within=5)
        assert_type(outcome, porteur.TransferOutcome)
        assert_type(outcome.callback_error, porteur.PorteurError | None)
        client.transfer("interaction-1", "genesys://user/agent-9", media=heard)  # type: ignore[arg-type]
        client.transfer("interaction-1")  # type: ignore[call-arg]
        porteur.Callback("https://example.com", method="GET")  # type: ignore[arg-type]
        with client.connect() as session:
            assert_type(session, porteur.Session)
            session.transfer("interaction-1", "genesys://user/agent-9", callback="https://example.com")
            wish: porteur.OutgoingTransfer = {"interaction": "i", "destination": "genesys://user/1", "media": [heard]}
            for gone in session.transfer_many([wish], concurrency=8):
                assert_type(gone, porteur.TransferOutcome | porteur.PorteurError)
            session.transfer_many([{"interaction": "i"}])  # type: ignore[typeddict-item]
            for event in session.events():
                assert_type(event, porteur.SessionEvent)
                assert_type(event.code, int | None)
        client.upload(7)  # type: ignore[arg-type]
        client.upload("path", "name")  # type: ignore[call-arg]
    assert_type(porteur.sha256_chunks("invoice.pdf", 5 << 20, whole=True).whole, str | None)
    assert_type(porteur.verify_audit("audit.log", "secret").findings, list[porteur.AuditFinding])
    porteur.Audit("audit.log", "secret", sync="sometimes")  # type: ignore[arg-type]
    assert_type(simulator.client(pace=pace), porteur.Client)
    assert_type(simulator.slept, list[float])


async def asynchronous(pieces: AsyncIterator[bytes]) -> None:
    async with porteur.AsyncClient.from_env(timeouts=porteur.Timeouts(stall=5), renew_before=60.0) as client:
        assert_type(client, porteur.AsyncClient)
        assert_type(await client.upload(pieces, name="a", size=3), porteur.UploadedFile)
        assert_type(await client.guest("en-US"), porteur.Guest)
        sent = await client.send("conversation-1", html="<p>hello</p>", sender="a", to=["b"])
        assert_type(await client.await_delivery(sent), porteur.Receipt)
        async for message in client.history("conversation-1"):
            assert_type(message, porteur.HistoryMessage)
        await client.flush_audit()
        assert_type(await client.attachment("attachment-1"), porteur.AttachmentInfo)
        made = await client.transform_attachment("a", target_format="webp", max_width=2, max_height=2)
        assert_type(made, porteur.TransformedAttachment)
        assert_type(made.times.upload, float)
        many = await client.transform_attachments([{"attachmentId": "a", "targetFormat": "png"}], concurrency=4)
        assert_type(many, list[porteur.TransformedAttachment | porteur.PorteurError])
        await client.transform_attachment("a", target_format="gif")  # type: ignore[arg-type]
        async with await client.connect() as session:
            assert_type(session, porteur.AsyncSession)
            callback = porteur.Callback("https://example.com", method="PUT")
            moved = await session.transfer("interaction-1", "genesys://user/agent-9", callback=callback)
            assert_type(moved, porteur.TransferOutcome)
            async for event in session.events():
                assert_type(event, porteur.SessionEvent)


def pictures(made: Iterator[bytes]) -> None:
    limits = porteur.MediaLimits(max_side=9000, isolation="everything", max_child_cpu=1)
    info = porteur.inspect(Path("photo.jpg"), limits=limits)
    assert_type(info, porteur.ImageInfo)
    assert_type(info.pdf_pages, int | None)
    out = porteur.transform(b"bytes", max_width=1920, max_height=1080, format="jpeg", quality=85, thumbnail=200)
    assert_type(out, porteur.Transformed)
    assert_type(out.bytes, bytes)
    assert_type(out.thumbnail, porteur.Thumbnail | None)
    assert_type(out.timings.decode, float)
    assert_type(out.to_pil(), Image)
    assert_type(out.to_numpy(), NDArray[uint8])
    porteur.transform(io.BytesIO(b"bytes"), cover=(10, 10), crop="top-left", background=(255, 255, 255), effort="fast")
    assert_type(porteur.preview("a.pdf", page=2, dpi=150), porteur.Transformed)
    for outcome in porteur.transform_many(made, max_width=300, threads=2):
        assert_type(outcome, porteur.Transformed | porteur.PorteurError)
        if isinstance(outcome, porteur.Media):
            assert_type(outcome.details, dict[str, str])
    porteur.transform("a.png", format="gif")  # type: ignore[arg-type]
    porteur.transform("a.png", 300)  # type: ignore[call-arg]
    porteur.transform("a.png", cover=(1, 2, 3))  # type: ignore[arg-type]
    porteur.MediaLimits(isolation="some")  # type: ignore[arg-type]


async def sign(id: str) -> str:
    return f"https://cdn.example.com/{id}"


async def previews(client: porteur.Client, awaited: porteur.AsyncClient, headers: list[tuple[bytes, bytes]]) -> None:
    worker = client.previews(publish_to="https://cdn.example.com/{id}", webhook_secrets=["secret"], max_width=200)
    assert_type(worker, porteur.PreviewWorker)
    assert_type(worker.submit(b"{}", {"X-Hub-Signature-256": "sha256="}), porteur.Submitted)
    assert_type(worker.answer(bytearray(b"{}"), headers).headers, dict[str, str])
    event = {"conversationId": "c", "attachmentUrl": "https://a/b.png", "mimeType": "image/png"}
    outcome = worker.handle(event, attempt=2)
    assert_type(outcome.bytes, bytes)
    assert_type(outcome.timings.fetch, float)
    assert_type(worker.stats(), porteur.PreviewStats)
    assert_type(worker.dead_letters(most=5), list[porteur.DeadLetter])
    assert_type(worker.redrive(), int)
    client.previews(publish_to=sign)  # type: ignore[arg-type]
    client.previews(publish_to=lambda id: f"https://cdn.example.com/{id}", limits=porteur.MediaLimits(max_side=9000))
    async with awaited.previews(publish_to=sign, store_options={}, spool=Path("spool")) as other:
        assert_type(other, porteur.AsyncPreviewWorker)
        assert_type(await other.submit(b"{}", headers), porteur.Submitted)
        assert_type(await other.queue_stats(), porteur.QueueStats)
        await other.run()
        await other.submit("{}", {})  # type: ignore[arg-type]


def errors() -> None:
    try:
        blocking(Simulator(chunk_size=8), iter([b"abc"]))
    except porteur.RateLimited as error:
        assert_type(error.retry_after, float | None)
    except ConnectionError as error:
        assert_type(error, ConnectionError)
