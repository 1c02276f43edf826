"""The half of a coroutine call that runs on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def awaited(start: Callable[[Callable[[], object]], Awaitable[T]], pieces: Pieces | None) -> T:
    """Starts a call and awaits it. When the task is cancelled, this ends after the call did: what it held (the lock of
    a journal, for one) is free again then."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    try:
        call = start(lambda: loop.call_soon_threadsafe(ended.set))
        try:
            return await call
        except asyncio.CancelledError:
            await ended.wait()
            raise
    finally:
        if pieces is not None:
            await pieces.stop()


async def running(work: Callable[[], Awaitable[T]], give_back: Callable[[], Awaitable[object]]) -> T:
    """Awaits ``work``. When the task is cancelled, this ends after the jobs under way were given back."""
    task = asyncio.ensure_future(work())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await give_back()
            # One that had not begun knows of nothing.
            task.cancel()
            await asyncio.wait([task])
        raise


async def ready(value: T) -> T:
    return value


class Pieces:
    """An async iterator that is asked from another thread, one piece at a time."""

    def __init__(self, source: AsyncIterable[object]) -> None:
        self._iterator: AsyncIterator[object] = aiter(source)
        self._asked: asyncio.Task[object] | None = None

    async def next(self) -> tuple[object] | None:
        """The next piece, in a tuple; None after the last one."""
        self._asked = asyncio.current_task()
        try:
            return (await anext(self._iterator),)
        except StopAsyncIteration:
            return None
        finally:
            self._asked = None

    async def stop(self) -> None:
        """Ends the piece that is awaited, so that the caller's code does not go on by itself."""
        if self._asked is not None:
            self._asked.cancel()
            await asyncio.wait([self._asked])
