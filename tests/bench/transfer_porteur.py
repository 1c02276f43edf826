"""Transfers with porteur: `python transfer_porteur.py TRANSFERS SOCKETS IN_FLIGHT check|unchecked`, through asyncio."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import porteur


async def main(transfers: int, sockets: int, in_flight: int, check: bool) -> None:
    pace = porteur.Pace(per_minute=FAST, burst=FAST)
    async with porteur.AsyncClient.from_env(pace=pace) as client:
        sessions = [await client.connect() for _ in range(sockets)]
        started, worked = time.perf_counter(), time.process_time()
        took: list[float] = []
        left = iter(range(transfers))

        async def work(session: porteur.AsyncSession) -> None:
            for _ in left:
                begun = time.perf_counter()
                await session.transfer("interaction-1", "genesys://user/agent-9", check=check)
                took.append(time.perf_counter() - begun)

        await asyncio.gather(*(work(sessions[number % sockets]) for number in range(in_flight)))
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    took.sort()
    at = lambda part: took[min(len(took) * part // 100, len(took) - 1)] * 1e3  # noqa: E731
    told = {"seconds": seconds, "cpu": cpu, "transfers": len(took), "p50_ms": at(50), "p99_ms": at(99)}
    print(json.dumps(told))


#: A million a minute and at once.
FAST = 1_000_000

if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4]), check=sys.argv[4] == "check"))
