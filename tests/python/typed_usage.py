"""What a type checker makes of the API; checked with `mypy --strict`, never run."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import assert_type

import porteur
from porteur.testing import Simulator


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
        client.upload(7)  # type: ignore[arg-type]
        client.upload("path", "name")  # type: ignore[call-arg]
    assert_type(porteur.sha256_chunks("invoice.pdf", 5 << 20, whole=True).whole, str | None)
    assert_type(simulator.client(pace=pace), porteur.Client)
    assert_type(simulator.slept, list[float])


async def asynchronous(pieces: AsyncIterator[bytes]) -> None:
    async with porteur.AsyncClient.from_env(timeouts=porteur.Timeouts(stall=5), renew_before=60.0) as client:
        assert_type(client, porteur.AsyncClient)
        assert_type(await client.upload(pieces, name="a", size=3), porteur.UploadedFile)
        assert_type(await client.guest("en-US"), porteur.Guest)


def errors() -> None:
    try:
        blocking(Simulator(chunk_size=8), iter([b"abc"]))
    except porteur.RateLimited as error:
        assert_type(error.retry_after, float | None)
    except ConnectionError as error:
        assert_type(error, ConnectionError)
