"""Sends with porteur: `python send_porteur.py SENDS IN_FLIGHT`, through one client."""

from __future__ import annotations

import json
import sys
import time

import porteur


def main(sends: int, in_flight: int) -> None:
    started, worked = time.perf_counter(), time.process_time()
    # So fast that the rate does not matter; the rules are checked as always.
    pace = porteur.Pace(per_minute=FAST, burst=FAST)
    with porteur.Client.from_env(pace=pace) as client:
        sent = client.send_many((MESSAGE for _ in range(sends)), concurrency=in_flight)
    failed = [error for error in sent if isinstance(error, porteur.PorteurError)]
    if failed:
        raise failed[0]
    ids = {message.id for message in sent if isinstance(message, porteur.SentMessage)}
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    print(json.dumps({"seconds": seconds, "cpu": cpu, "sent": len(ids)}))


MESSAGE: porteur.Outgoing = {
    "conversation": "conversation-1",
    "text": "Your invoice.",
    "sender": "agent@example.com",
    "to": ["customer@example.com"],
}
#: A million a minute and at once.
FAST = 1_000_000

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
