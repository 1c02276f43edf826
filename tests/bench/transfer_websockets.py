"""The same frames with Python's websockets: `python transfer_websockets.py TRANSFERS SOCKETS IN_FLIGHT`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import uuid
from typing import Any

from harness import percentile
from websockets.asyncio.client import ClientConnection, connect


async def main(transfers: int, sockets: int, in_flight: int) -> None:
    url = os.environ["GENESYS_BASE_URL"].replace("http", "ws", 1) + "/api/v2/websocket"
    headers = {"Authorization": "Bearer gateway"}
    lines = [Line(await connect(url, additional_headers=headers)) for _ in range(sockets)]
    started, worked = time.perf_counter(), time.process_time()
    took: list[float] = []
    left = iter(range(transfers))

    async def work(line: Line) -> None:
        for _ in left:
            begun = time.perf_counter()
            await line.transfer()
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(work(lines[number % sockets]) for number in range(in_flight)))
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    took.sort()
    times = {"p50_ms": percentile(took, 50) * 1e3, "p99_ms": percentile(took, 99) * 1e3}
    told = {"seconds": seconds, "cpu": cpu, "transfers": len(took), **times}
    print(json.dumps(told))


class Line:
    """A socket whose answers are matched to frames by id, as a client has to."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.waiting: dict[str, asyncio.Future[Any]] = {}
        self.reader = asyncio.create_task(self.read())

    async def read(self) -> None:
        async for text in self.socket:
            answer = json.loads(text)
            self.waiting.pop(answer["id"]).set_result(answer)

    async def transfer(self) -> None:
        frame_id = str(uuid.uuid4())
        answered = self.waiting[frame_id] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"type": "interaction.transfer", "id": frame_id, **FRAME}))
        answer = await answered
        assert answer["status"] == "codec_negotiated", answer


FRAME = {
    "interaction_id": "interaction-1",
    "destination_uri": "genesys://user/agent-9",
    "media_matrix": {"audio": {"codec": "opus", "bandwidth_kbps": 64, "bit_depth": 16}},
    "timestamp": "2026-01-01T00:00:00.000Z",
    "triggers": {"codec_negotiation": True, "format_verification": True},
}

if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4])))
