"""Transfers with porteur: `python transfer_porteur.py TRANSFERS SOCKETS IN_FLIGHT check|unchecked`, through asyncio."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import porteur
from harness import percentile


async def main(transfers: int, sockets: int, in_flight: int, check: bool) -> None:
    pace = porteur.Pace(per_minute=FAST, burst=FAST)
    async with porteur.AsyncClient.from_env(pace=pace) as client:
        sessions = [await client.connect() for _ in range(sockets)]
        started, worked = time.perf_counter(), time.process_time()
        wishes: list[porteur.OutgoingTransfer] = [
            {"interaction": "interaction-1", "destination": "genesys://user/agent-9", "check": check}
        ] * (transfers // sockets)
        many = (session.transfer_many(wishes, concurrency=in_flight // sockets) for session in sessions)
        outcomes = [outcome for made in await asyncio.gather(*many) for outcome in made]
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    took = sorted(outcome.latency for outcome in outcomes if not isinstance(outcome, porteur.PorteurError))
    times = {"p50_ms": percentile(took, 50) * 1e3, "p99_ms": percentile(took, 99) * 1e3}
    told = {"seconds": seconds, "cpu": cpu, "transfers": len(took), **times}
    print(json.dumps(told))


#: A million a minute and at once.
FAST = 1_000_000

if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "check"))
