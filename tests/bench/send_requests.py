"""Sends with one `requests.Session`: `python send_requests.py SENDS IN_FLIGHT`; more than one in flight is threads.

What a script does: a token, then one POST after the other with a deduplication id. Nothing is checked or sent again.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter


def main(sends: int, in_flight: int) -> None:
    started, worked = time.perf_counter(), time.process_time()
    base = os.environ["GENESYS_BASE_URL"]
    credentials = (os.environ["GENESYS_CLIENT_ID"], os.environ["GENESYS_CLIENT_SECRET"])
    with requests.Session() as session:
        session.trust_env = False
        session.mount(base, HTTPAdapter(pool_maxsize=in_flight))
        granted = session.post(
            f"{base}/oauth/token", data={"grant_type": "client_credentials"}, auth=credentials, timeout=TIMEOUT
        )
        granted.raise_for_status()
        session.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        url = f"{base}/api/v2/conversations/conversation-1/messages"

        def send(_: int) -> str:
            answer = session.post(
                url, json=MESSAGE, headers={"X-Genesys-Client-Id": str(uuid.uuid4())}, timeout=TIMEOUT
            )
            answer.raise_for_status()
            return str(answer.json()["id"])

        if in_flight == 1:
            ids = {send(number) for number in range(sends)}
        else:
            with ThreadPoolExecutor(in_flight) as threads:
                ids = set(threads.map(send, range(sends)))
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    print(json.dumps({"seconds": seconds, "cpu": cpu, "sent": len(ids)}))


MESSAGE = {
    "from": "agent@example.com",
    "to": ["customer@example.com"],
    "type": "text/plain",
    "content": "Your invoice.",
}
#: Seconds.
TIMEOUT = 15

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
