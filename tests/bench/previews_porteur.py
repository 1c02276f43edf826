"""The package in a Python process: FastAPI takes the webhooks, and the worker runs beside it on the same event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import porteur
import uvicorn
from fastapi import FastAPI, Request, Response
from previews_tutorial import Server

client = porteur.AsyncClient.from_env(pace=porteur.Pace(per_minute=100_000))
worker = client.previews(unsigned=True, allow_private=True)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    running = asyncio.create_task(worker.run())
    yield
    await worker.stop()
    await running
    await client.close()


app = FastAPI(lifespan=lifespan)


@app.post("/webhooks/genesys/attachments")
async def receive(request: Request) -> Response:
    answer = await worker.answer(await request.body(), request.headers)
    return Response(answer.body, answer.status, answer.headers, "application/json")


if __name__ == "__main__":
    Server(uvicorn.Config(app, port=0, log_level="error", access_log=False)).run()
