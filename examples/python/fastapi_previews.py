"""Takes webhooks of attachments with FastAPI, and makes their previews in the same process.

GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_BASE_URL say where the platform is, CDN_PRESIGNED_URL_TEMPLATE where
previews go, PORTEUR_WEBHOOK_SECRET what webhooks are signed with, and PORTEUR_QUEUE where jobs are kept. Several of these
processes may share a queue.

    pip install fastapi uvicorn
    uvicorn --app-dir examples/python fastapi_previews:app
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

import porteur


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # With attachments on this machine, as in the tests.
    allow_private = "PREVIEWS_ALLOW_PRIVATE" in os.environ
    async with porteur.AsyncClient.from_env() as client, asyncio.TaskGroup() as tasks:
        worker = client.previews(queue=os.environ.get("PORTEUR_QUEUE"), allow_private=allow_private)
        app.state.worker = worker
        running = tasks.create_task(worker.run())
        yield
        # What is under way is finished; what waits is done by the next process.
        await worker.stop()
        # Over by now, unless it had not begun.
        running.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/webhooks/genesys/attachments")
async def take(request: Request) -> Response:
    # The raw body, as it was signed.
    answer = await app.state.worker.answer(await request.body(), request.headers)
    return Response(answer.body, answer.status, answer.headers)


@app.get("/previews")
def stats() -> dict[str, float]:
    figures = app.state.worker.stats()
    return {"made": figures.made, "retried": figures.retried, "dead": figures.buried}
