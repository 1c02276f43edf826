"""The tutorial's pipeline in Python: `python attachments_tutorial.py COUNT whole|draft`; requests and Pillow, one by one.

As the tutorial has it: described, checked, downloaded, decoded whole, scaled with bilinear filtering, encoded with
quality 85, a thumbnail with quality 75 that goes nowhere, uploaded, patched with the limits of the directive for its
size; 429 alone is tried again. `draft` lets Pillow decode a JPEG at a half or a quarter, which the tutorial's language
cannot.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from typing import Any

import requests
from PIL import Image


def main(count: int, draft: bool) -> None:
    started = time.perf_counter()
    base = os.environ["GENESYS_BASE_URL"]
    credentials = (os.environ["GENESYS_CLIENT_ID"], os.environ["GENESYS_CLIENT_SECRET"])
    with requests.Session() as session:
        session.trust_env = False
        granted = session.post(
            f"{base}/oauth/token", data={"grant_type": "client_credentials"}, auth=credentials, timeout=TIMEOUT
        )
        granted.raise_for_status()
        session.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        pipeline = Pipeline(session, f"{base}/api/v2/files/attachments", draft)
        patched = sum(pipeline.transform(f"attachment-{number}") for number in range(count))
    print(json.dumps({"seconds": time.perf_counter() - started, "patched": patched}))


class Pipeline:
    def __init__(self, session: requests.Session, url: str, draft: bool) -> None:
        self.session = session
        self.url = url
        self.draft = draft

    def transform(self, attachment: str) -> bool:
        described = self.asked("GET", f"{self.url}/{attachment}").json()
        if described["status"] != "available":
            raise SystemExit(f"{attachment} is {described['status']}")
        validate(described)
        raw = self.asked("GET", f"{self.url}/{attachment}/download").content
        picture, _thumbnail = self.transformed(raw)
        file = {"file": (f"transformed.{TARGET_FORMAT}", picture, f"image/{TARGET_FORMAT}")}
        uploaded = self.asked("POST", self.url, files=file).json()
        patch = {
            "name": f"transformed_{attachment}.{TARGET_FORMAT}",
            "contentType": f"image/{TARGET_FORMAT}",
            "metadata": {
                "transformed": "true",
                "sourceId": attachment,
                "width": str(MAX_WIDTH),
                "height": str(MAX_HEIGHT),
            },
        }
        self.asked("PATCH", f"{self.url}/{uploaded['id']}", json=patch)
        return True

    def transformed(self, raw: bytes) -> tuple[bytes, bytes]:
        source = Image.open(io.BytesIO(raw))
        ratio = source.width / source.height
        width, height = MAX_WIDTH, MAX_HEIGHT
        if width / height > ratio:
            width = int(height * ratio)
        else:
            height = int(width / ratio)
        if self.draft:
            source.draft("RGB", (width, height))
        picture = source.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
        small_size = (THUMBNAIL_WIDTH, int(THUMBNAIL_WIDTH * height / width))
        small = picture.resize(small_size, Image.Resampling.BILINEAR)
        return encoded(picture, 85), encoded(small, 75)

    def asked(self, method: str, url: str, **what: Any) -> requests.Response:
        for attempt in range(4):
            answer = self.session.request(method, url, timeout=TIMEOUT, **what)
            if answer.status_code != 429:
                break
            time.sleep(2**attempt)
        answer.raise_for_status()
        return answer


def validate(described: dict[str, Any]) -> None:
    if described["contentType"] not in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        raise SystemExit(f"unsupported source MIME type: {described['contentType']}")
    if MAX_WIDTH > 4096 or MAX_HEIGHT > 4096 or MAX_WIDTH % 2 or MAX_HEIGHT % 2:
        raise SystemExit("a directive that cannot be")


def encoded(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


TARGET_FORMAT = "jpeg"
#: Pixels.
MAX_WIDTH, MAX_HEIGHT, THUMBNAIL_WIDTH = 1920, 1080, 200
#: Seconds.
TIMEOUT = 15

if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "draft")
