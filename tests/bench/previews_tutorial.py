"""The tutorial's worker: FastAPI, one thread, requests, Pillow and pdf2image. What it leaves open it leaves open here too.

The platform's SDK has no method for the message that the tutorial posts with it, so requests posts it.
"""

from __future__ import annotations

import io
import os
import queue
import threading
import uuid
from pathlib import Path
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI, Request
from pdf2image import convert_from_bytes
from PIL import Image

app = FastAPI()
events: queue.Queue[dict[str, Any]] = queue.Queue()


@app.post("/webhooks/genesys/attachments")
async def receive(request: Request) -> dict[str, str]:
    payload = await request.json()
    if payload.get("event") != "webchat:attachment":
        return {"status": "ignored"}
    events.put(payload)
    return {"status": "queued"}


def thumbnail(url: str, mime_type: str) -> bytes:
    original = requests.get(url, timeout=10).content
    image: Image.Image
    if mime_type.startswith("image/"):
        image = Image.open(io.BytesIO(original))
        image.load()
    elif mime_type == "application/pdf":
        image = convert_from_bytes(original, first_page=1, last_page=1, dpi=150)[0]
    else:
        raise ValueError(f"unsupported: {mime_type}")
    image.thumbnail((300, 300), Image.Resampling.LANCZOS)
    if image.mode in ("RGBA", "P"):
        image = image.convert("RGB")
    made = io.BytesIO()
    image.save(made, format="WEBP", optimize=True, quality=85)
    return made.getvalue()


def publish(webp: bytes) -> str:
    url = os.environ["CDN_PRESIGNED_URL_TEMPLATE"].replace("{id}", uuid.uuid4().hex)
    answer = requests.put(url, data=webp, headers={"Content-Type": "image/webp"}, timeout=15)
    answer.raise_for_status()
    return url.split("?")[0]


def link(token: str, data: dict[str, Any], url: str, size: int) -> None:
    conversation = data["conversationId"]
    message = {
        "conversationId": conversation,
        "type": "message",
        "from": {"id": "system", "name": "System"},
        "to": [{"id": conversation, "name": "Guest Session"}],
        "text": f"Preview generated: {url}",
        "metadata": {"originalFileName": data["fileName"], "previewFormat": "webp", "previewSizeBytes": size},
    }
    endpoint = f"{os.environ['GENESYS_BASE_URL']}/api/v2/conversations/messages"
    answer = requests.post(endpoint, json=message, headers={"Authorization": f"Bearer {token}"}, timeout=15)
    answer.raise_for_status()


def work() -> None:
    credentials = (os.environ["GENESYS_CLIENT_ID"], os.environ["GENESYS_CLIENT_SECRET"])
    endpoint = f"{os.environ['GENESYS_BASE_URL']}/oauth/token"
    granted = requests.post(endpoint, data={"grant_type": "client_credentials"}, auth=credentials, timeout=15)
    token = granted.json()["access_token"]
    while True:
        data = events.get()["data"]
        webp = thumbnail(data["attachmentUrl"], data["mimeType"])
        Path(f"{uuid.uuid4().hex}.webp").write_bytes(webp)
        link(token, data, publish(webp), len(webp))


class Server(uvicorn.Server):
    """Says where it listens when it does."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        [server] = self.servers
        host, port = server.sockets[0].getsockname()
        print(f"webhooks on http://{host}:{port}/webhooks/genesys/attachments", flush=True)


if __name__ == "__main__":
    threading.Thread(target=work, daemon=True).start()
    Server(uvicorn.Config(app, port=0, log_level="error", access_log=False)).run()
