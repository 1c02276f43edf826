"""Sends with the platform's official SDK: `python send_sdk.py SENDS IN_FLIGHT`; more than one in flight is threads.

None of its generated methods speaks this endpoint: the nearest one, `post_conversations_message_communication_messages`,
posts to another path and takes no header of one call. What it ends in, as all of them do, is `ApiClient.call_api`, and that
is what is called here: the SDK's serialisation, connection pool (4 connections, its own limit) and error handling, without
the few checks of arguments in the generated method.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def main(sends: int, in_flight: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        # It watches the whole home directory for its settings: an empty one costs it the least.
        os.environ["HOME"] = home
        import PureCloudPlatformClientV2 as sdk  # Takes seconds, which are not counted.

        measure(sdk, sends, in_flight)


def measure(sdk: Any, sends: int, in_flight: int) -> None:
    started, worked = time.perf_counter(), time.process_time()
    sdk.configuration.host = os.environ["GENESYS_BASE_URL"]
    client = sdk.api_client.ApiClient().get_client_credentials_token(
        os.environ["GENESYS_CLIENT_ID"], os.environ["GENESYS_CLIENT_SECRET"]
    )

    def send(_: int) -> str:
        header = {
            "Accept": client.select_header_accept(["application/json"]),
            "Content-Type": client.select_header_content_type(["application/json"]),
            "X-Genesys-Client-Id": str(uuid.uuid4()),
        }
        answer = client.call_api(
            "/api/v2/conversations/{conversationId}/messages",
            "POST",
            {"conversationId": "conversation-1"},
            {},
            header,
            body=MESSAGE,
            response_type="object",
            auth_settings=["PureCloud OAuth"],
        )
        return str(answer["id"])

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

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
