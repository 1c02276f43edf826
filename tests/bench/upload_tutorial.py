"""A large upload as the tutorial does it, in Python: read a chunk, hash it, put it, then the next.

Reads the platform from the environment like everybody else: `python upload_tutorial.py FILE`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import requests


def main(path: Path) -> None:
    started = time.perf_counter()
    base = os.environ["GENESYS_BASE_URL"]
    credentials = (os.environ["GENESYS_CLIENT_ID"], os.environ["GENESYS_CLIENT_SECRET"])
    with requests.Session() as session:
        session.trust_env = False
        granted = session.post(
            f"{base}/oauth/token", data={"grant_type": "client_credentials"}, auth=credentials, timeout=TIMEOUT
        )
        granted.raise_for_status()
        bearer = {"Authorization": f"Bearer {granted.json()['access_token']}"}
        wish = {"fileName": path.name, "contentType": CONTENT_TYPE, "totalSize": path.stat().st_size}
        announced = session.post(f"{base}/api/v2/files/uploads", json=wish, headers=bearer, timeout=TIMEOUT)
        announced.raise_for_status()
        upload = announced.json()
        checksums = put_chunks(session, path, upload)
        done = session.post(
            f"{base}/api/v2/files/uploads/{upload['uploadId']}/complete",
            json={"checksums": checksums, "contentType": CONTENT_TYPE},
            headers=bearer,
            timeout=COMPLETION,
        )
        done.raise_for_status()
    print(json.dumps({"seconds": time.perf_counter() - started}))


def put_chunks(session: requests.Session, path: Path, upload: dict[str, str | int]) -> list[str]:
    checksums = []
    total, offset = path.stat().st_size, 0
    with path.open("rb") as file:
        while offset < total:
            chunk = file.read(int(upload["chunkSize"]))
            checksums.append("sha256:" + hashlib.sha256(chunk).hexdigest())
            end = offset + len(chunk) - 1
            headers = {"Content-Range": f"bytes {offset}-{end}/{total}", "Content-Type": CONTENT_TYPE}
            put_chunk(session, str(upload["presignedUrl"]), chunk, headers)
            offset += len(chunk)
    return checksums


def put_chunk(session: requests.Session, url: str, chunk: bytes, headers: dict[str, str]) -> None:
    for attempt in range(3):
        answer = session.put(url, data=chunk, headers=headers, timeout=TIMEOUT)
        if answer.status_code == 429:
            time.sleep(1 << attempt)
            continue
        if answer.status_code not in (200, 206):
            raise SystemExit(f"chunk upload returned status {answer.status_code}")
        return
    raise SystemExit("chunk upload failed after retries")


CONTENT_TYPE = "application/octet-stream"
#: Seconds, as in the tutorial.
TIMEOUT = 30
#: Seconds; a platform that hashes the whole file at the end takes longer than it does for a chunk.
COMPLETION = 120

if __name__ == "__main__":
    main(Path(sys.argv[1]))
