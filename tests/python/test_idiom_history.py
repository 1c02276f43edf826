"""What is special to Python about a history: iterators that read a page when they come to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

import porteur
from conftest import counted, wait_for
from porteur.testing import Simulator
from test_idiom_stopping import forking, in_a_child

CONVERSATION = "conversation-1"
HISTORY = "GET /api/v2/conversations/messages"


@pytest.fixture
def long() -> Iterator[Simulator]:
    """A platform with a conversation of seven messages."""
    with Simulator(conversations=[{"id": CONVERSATION, "history": 7}]) as simulator:
        yield simulator
        assert simulator.violations == []


def test_a_page_is_read_when_the_iteration_comes_to_it(long: Simulator) -> None:
    with long.client() as client:
        history = client.history(CONVERSATION, page_size=3)
        assert counted(long, HISTORY) == 0
        ids = [next(history).id for _ in range(3)]
        assert counted(long, HISTORY) == 1
        ids.append(next(history).id)
        assert counted(long, HISTORY) == 2
        ids += [message.id for message in history]
    assert counted(long, HISTORY) == 3
    assert len(set(ids)) == 7


async def test_an_async_iteration_that_breaks_off_reads_no_more_pages(long: Simulator) -> None:
    async with long.async_client() as client:
        history = client.history(CONVERSATION, page_size=3)
        assert counted(long, HISTORY) == 0
        seen = []
        async for message in history:
            seen.append(message.id)
            if len(seen) == 4:
                break
        assert counted(long, HISTORY) == 2
        assert len(seen + [message.id async for message in history]) == 7


@pytest.mark.parametrize("again", range(3))
def test_an_iterator_at_its_end_stays_there(long: Simulator, again: int) -> None:
    with long.client() as client:
        history = client.history(CONVERSATION)
        assert len(list(history)) == 7
        for _ in range(again):
            assert next(history, None) is None


async def test_an_iteration_ends_with_its_error() -> None:
    with Simulator(conversations=[]) as simulator:
        with simulator.client() as client:
            blocking = client.history(CONVERSATION)
            with pytest.raises(porteur.NotFound):
                next(blocking)
            assert list(blocking) == []
        async with simulator.async_client() as asynchronous:
            history = asynchronous.history(CONVERSATION)
            with pytest.raises(LookupError):
                await anext(history)
            assert await anext(history, None) is None


def test_threads_share_an_iterator_and_each_message_goes_to_one(long: Simulator) -> None:
    seen: list[str] = []
    with long.client() as client:
        history = client.history(CONVERSATION, page_size=2)
        threads = [threading.Thread(target=lambda: seen.extend(message.id for message in history)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert len(seen) == len(set(seen)) == 7


async def test_a_cancelled_anext_loses_no_message() -> None:
    fault = {"on": HISTORY, "nth": 2, "slow_ms": 50}
    with Simulator(conversations=[{"id": CONVERSATION, "history": 4}], faults=[fault]) as simulator:
        async with simulator.async_client() as client:
            history = client.history(CONVERSATION, page_size=2)
            seen = [(await anext(history)).id, (await anext(history)).id]
            task = asyncio.ensure_future(anext(history))
            await asyncio.to_thread(wait_for, simulator, HISTORY, 2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            seen += [message.id async for message in history]
            assert counted(simulator, HISTORY) == 2
    assert len(seen) == len(set(seen)) == 4


def test_a_history_of_a_closed_client_is_cancelled(long: Simulator) -> None:
    with long.client() as client:
        history = client.history(CONVERSATION, page_size=3)
        next(history)
    assert [next(history), next(history)]
    with pytest.raises(porteur.Cancelled):
        next(history)


@forking
def test_a_history_is_read_on_by_its_own_process_only(long: Simulator) -> None:
    with long.client() as client:
        history = client.history(CONVERSATION, page_size=3)
        next(history)

        def use() -> None:
            with pytest.raises(RuntimeError, match="forked"):
                next(history)
            assert len(list(client.history(CONVERSATION))) == 7

        in_a_child(use)
        assert len(list(history)) == 6
