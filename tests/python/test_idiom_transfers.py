"""What is special to Python about transfers: sessions in `with`, events as iterators, tasks, Ctrl-C, forks, values."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import porteur
from conftest import counted
from porteur.testing import Simulator
from test_idiom_stopping import forking, in_a_child

INTERACTION = "interaction-1"
ENDS = (INTERACTION, "genesys://user/agent-9")
FRAME = "FRAME /interaction.transfer"
SOCKET = "GET /api/v2/websocket"

# The first frame is carried out, and answered after the second.
HELD = {"on": FRAME, "hold_back": 1}
# The first frame is never answered: the client waits until somebody stops it.
STALLED = {"on": FRAME, "stall_ms": 1}


def wait_for_frames(simulator: Simulator, times: int) -> None:
    """Returns when so many frames arrived."""
    while len(simulator.state["frames"]) < times:
        os.sched_yield()


def transferred(simulator: Simulator) -> list[str]:
    """The ids of the frames that were carried out."""
    return [transfer["id"] for transfer in simulator.state["interactions"][0]["transfers"]]


# Sessions


def test_a_session_is_closed_at_the_end_of_its_block(simulator: Simulator) -> None:
    with simulator.client() as client:
        with client.connect() as session:
            assert session.transfer(*ENDS).status == "codec_negotiated"
            events = session.events()
        assert [event.kind for event in events] == ["closed"]
        with pytest.raises(porteur.Cancelled):
            session.transfer(*ENDS)
        session.close()
        assert client.transfer(*ENDS).codec == "opus"
    assert counted(simulator, SOCKET) == 2


async def test_an_async_session_is_closed_at_the_end_of_its_block(simulator: Simulator) -> None:
    async with simulator.async_client() as client:
        async with await client.connect() as session:
            assert (await session.transfer(*ENDS)).status == "codec_negotiated"
            events = session.events()
        assert [event.kind async for event in events] == ["closed"]
        assert await anext(events, None) is None
        with pytest.raises(porteur.Cancelled):
            await session.transfer(*ENDS)
        await session.close()
        assert (await client.transfer(*ENDS)).codec == "opus"
    assert counted(simulator, SOCKET) == 2


async def test_a_block_that_raises_closes_its_session(simulator: Simulator) -> None:
    async with simulator.async_client() as client:
        with pytest.raises(ZeroDivisionError):
            async with await client.connect() as session:
                raise ZeroDivisionError
        with pytest.raises(porteur.Cancelled):
            await session.transfer(*ENDS)


def test_a_session_ends_with_its_client_when_that_is_closed_and_not_when_it_is_forgotten(simulator: Simulator) -> None:
    client = simulator.client()
    closed, forgotten = client.connect(), simulator.client().connect()
    events = closed.events()
    client.close()
    gc.collect()
    assert [event.kind for event in events] == ["closed"]
    with pytest.raises(porteur.Cancelled):
        closed.transfer(*ENDS)
    assert forgotten.transfer(*ENDS).status == "codec_negotiated"


def test_threads_share_a_session(simulator: Simulator) -> None:
    with simulator.client() as client, client.connect() as session, ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: session.transfer(*ENDS, id=f"frame-{n}"), range(40)))
    assert [outcome.id for outcome in outcomes] == [f"frame-{n}" for n in range(40)]
    assert sorted(transferred(simulator)) == sorted(outcome.id for outcome in outcomes)
    assert counted(simulator, SOCKET) == 1


def test_a_session_cannot_be_pickled(simulator: Simulator) -> None:
    with simulator.client() as client, client.connect() as session, pytest.raises(TypeError, match="pickle"):
        pickle.dumps(session)


# Events


def test_whoever_listens_keeps_the_session_open(simulator: Simulator) -> None:
    with simulator.client() as client:
        events = client.connect().events()
        with ThreadPoolExecutor(1) as pool:
            event = pool.submit(next, events)
            gc.collect()
            with pytest.raises(TimeoutError):
                event.result(0.05)
            client.close()
            assert event.result(10) == porteur.SessionEvent("closed")
    assert next(events, None) is None


async def test_events_say_what_happened_to_the_socket() -> None:
    faults = [{"on": FRAME, "close": 1008}, {"on": FRAME, "nth": 2, "noise": [{"topic": "presence", "n": [1, None]}]}]
    with Simulator(faults=faults) as simulator:
        async with simulator.async_client() as client, await client.connect() as session:
            events = session.events()
            assert (await session.transfer(*ENDS)).retries == 1
            ended, opened, frame = [await anext(events) for _ in range(3)]
        assert (ended.kind, ended.code, type(ended.reason), ended.frame) == ("disconnected", 1008, str, None)
        assert opened == porteur.SessionEvent("reconnected")
        assert frame == porteur.SessionEvent("frame", frame={"topic": "presence", "n": [1, None]})
        assert "presence" not in repr(frame)
        assert [event.kind async for event in events] == ["closed"]


async def test_a_cancelled_anext_loses_no_event(simulator: Simulator) -> None:
    async with simulator.async_client() as client, await client.connect() as session:
        events = session.events()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(events)
        await session.close()
        assert [event.kind async for event in events] == ["closed"]


# Cancelled tasks


async def test_a_cancelled_transfer_leaves_its_session_as_it_was_and_its_answer_is_an_event() -> None:
    with Simulator(faults=[HELD]) as simulator:
        async with simulator.async_client() as client, await client.connect() as session:
            events = session.events()
            task = asyncio.create_task(session.transfer(*ENDS, id="frame-1"))
            await asyncio.to_thread(wait_for_frames, simulator, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await session.transfer(*ENDS, id="frame-2")).id == "frame-2"
            event = await anext(events)
            assert (event.kind, event.frame["id"]) == ("frame", "frame-1")
            # What became of it is found out under its id, and not done again.
            assert (await session.transfer(*ENDS, id="frame-1")).status == "codec_negotiated"
        assert transferred(simulator) == ["frame-1", "frame-2"]
        assert (counted(simulator, SOCKET), simulator.violations) == (1, [])


@pytest.mark.parametrize("through", ["session", "client"])
async def test_a_timeout_of_asyncio_stops_a_transfer(through: str) -> None:
    with Simulator(faults=[STALLED]) as simulator:
        async with simulator.async_client() as client, await client.connect() as session:
            transfer: Any = session.transfer if through == "session" else client.transfer
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await transfer(*ENDS)
            assert (await transfer(*ENDS)).status == "codec_negotiated"
        assert len(transferred(simulator)) == 1


async def test_a_transfer_that_is_cancelled_before_it_ran_sends_nothing(simulator: Simulator) -> None:
    async with simulator.async_client() as client, await client.connect() as session:
        task = asyncio.create_task(session.transfer(*ENDS))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        call = session.transfer(*ENDS)
        assert asyncio.iscoroutine(call)
        call.close()
    assert simulator.state["frames"] == []


async def test_closing_a_session_ends_what_waits_on_it() -> None:
    with Simulator(faults=[STALLED]) as simulator:
        async with simulator.async_client() as client:
            session = await client.connect()
            task = asyncio.create_task(session.transfer(*ENDS))
            await asyncio.to_thread(wait_for_frames, simulator, 1)
            await session.close()
            with pytest.raises(porteur.Cancelled):
                await task


# Ctrl-C


INTERRUPTED = """
import threading
from test_idiom_transfers import ENDS, HELD, wait_for_frames
from porteur.testing import Simulator

with Simulator(faults=[HELD]) as simulator, simulator.client() as client, client.connect() as session:
    def report():
        wait_for_frames(simulator, 1)
        print("held", flush=True)

    threading.Thread(target=report).start()
    try:
        session.transfer(*ENDS, id="frame-1")
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    print(session.transfer(*ENDS, id="frame-2").status, flush=True)
    events = session.events()
    try:
        print("listening", flush=True)
        # The answer to the first frame, whom nobody waits for any more, may be one.
        for event in events:
            pass
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    session.close()
    print([event.kind for event in events], flush=True)
"""


def test_ctrl_c_stops_a_transfer_and_a_wait_for_events_and_the_session_goes_on() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent) as process:
        assert process.stdout is not None

        def interrupt(after: str) -> None:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{after}\n"
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n"
            assert time.monotonic() - start < 1

        interrupt("held")
        assert process.stdout.readline() == "codec_negotiated\n"
        interrupt("listening")
        assert process.stdout.readline() == "['closed']\n"
    assert process.returncode == 0


# Forks


@forking
def test_a_session_is_open_in_its_own_process_only(simulator: Simulator) -> None:
    with simulator.client() as client:
        with client.connect() as session:
            events = session.events()

            def use() -> None:
                calls: list[Callable[[], object]] = [partial(session.transfer, *ENDS), session.events, events.__next__]
                for call in calls:
                    with pytest.raises(RuntimeError, match="forked"):
                        call()
                # As the end of a `with` block does that the child is in.
                session.close()
                with client.connect() as own:
                    own.transfer(*ENDS, id="child")

            in_a_child(use)
            session.transfer(*ENDS, id="parent")
    assert transferred(simulator) == ["child", "parent"]


# Values


def test_a_callback_may_be_a_url_and_the_nearer_one_counts(simulator: Simulator) -> None:
    url = f"{simulator.url}/callback"
    with simulator.client(transfer_callback=url) as client, client.connect() as session:
        session.transfer(*ENDS, id="frame-1")
        session.transfer(*ENDS, id="frame-2", callback=porteur.Callback(url, method="PUT"))
        client.transfer(*ENDS, id="frame-3", callback=url)
    told = [event["frame_id"] for event in simulator.state["callbacks"]]
    assert told == ["frame-1", "frame-2", "frame-3"]
    assert (counted(simulator, "POST /callback"), counted(simulator, "PUT /callback")) == (2, 1)


def test_the_callback_of_the_environment_is_told(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYS_CLIENT_ID", simulator.client_id)
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", simulator.client_secret)
    monkeypatch.setenv("MEDIA_SERVER_WEBHOOK", f"{simulator.url}/callback")
    with porteur.Client.from_env(base_url=simulator.url) as client:
        client.transfer(*ENDS)
    assert [event["status"] for event in simulator.state["callbacks"]] == ["codec_negotiated"]


def test_a_callback_that_does_not_arrive_is_an_error_in_the_outcome() -> None:
    fault = {"on": "POST /callback", "status": 403}
    with Simulator(faults=[fault]) as simulator, simulator.client() as client:
        outcome = client.transfer(*ENDS, callback=f"{simulator.url}/callback")
        assert isinstance(outcome.callback_error, porteur.PermissionDenied)
        assert isinstance(outcome.callback_error, PermissionError)
        assert outcome.callback_error is outcome.callback_error
        again = pickle.loads(pickle.dumps(outcome))
        assert again == outcome
        assert again.callback_error.request_id == outcome.callback_error.request_id
        # Whoever raises it makes a circle, which can be collected.
        with pytest.raises(porteur.PermissionDenied):
            raise outcome.callback_error


def test_an_outcome_says_what_was_done(simulator: Simulator) -> None:
    video = porteur.Video("vp8", "1280x720", 30)
    media: list[porteur.Audio | porteur.MediaMatrix] = [
        porteur.Audio("g722", 64),
        porteur.MediaMatrix(porteur.Audio("opus", 96, bit_depth=24), video=video),
    ]
    with simulator.client() as client:
        outcome = client.transfer(*ENDS, media=media, within=5, frame_timeout=2.5, check=False, id="frame-1")
    assert (outcome.id, outcome.interaction, outcome.status) == ("frame-1", INTERACTION, "codec_negotiated")
    assert (outcome.codec, outcome.media, outcome.retries, outcome.callback_error) == ("g722", 0, 0, None)
    assert isinstance(outcome.latency, float)
    assert counted(simulator, "GET /api/v2/interactions") == 0


def test_a_transfer_that_is_late_rejected_or_over_is_told_apart_by_its_class() -> None:
    faults = [{"on": FRAME, "stall_ms": 10_000}, {"on": FRAME, "nth": 2, "reply": {"status": "busy"}}]
    interactions = [{"id": INTERACTION}, {"id": "interaction-2", "state": "completed"}]
    with Simulator(faults=faults, interactions=interactions) as simulator, simulator.client() as client:
        with pytest.raises(TimeoutError) as late:
            client.transfer(*ENDS, id="frame-1")
        error = pickle.loads(pickle.dumps(late.value))
        assert isinstance(error, porteur.TransferTimeout)
        assert error.retryable
        assert (error.details["id"], error.details["sent"]) == ("frame-1", "true")
        with pytest.raises(porteur.TransferRejected) as rejected:
            client.transfer(*ENDS)
        assert rejected.value.details["status"] == "busy"
        with pytest.raises(porteur.InteractionNotActive) as over:
            client.transfer("interaction-2", ENDS[1])
        assert over.value.details == {"interaction": "interaction-2", "state": "completed"}


def test_what_the_gateway_takes_is_a_setting(simulator: Simulator) -> None:
    limits = porteur.Limits(codecs=["opus", "amr"], max_bandwidth_kbps=256, max_fps=60)
    media = porteur.MediaMatrix(porteur.Audio("opus", 256), video=porteur.Video("vp8", "1280x720", 60))
    with simulator.client(limits=limits) as client:
        assert client.transfer(*ENDS, media=[porteur.Audio("amr", 8), media]).media == 1


def seen(resolution: str = "1280x720", fps: int = 30, codec: str = "vp8") -> porteur.MediaMatrix:
    return porteur.MediaMatrix(porteur.Audio("opus", 64), video=porteur.Video(codec, resolution, fps))


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("interaction", {"interaction": ""}),
        ("destination", {"destination": "agent-9"}),
        ("id", {"id": "with a space"}),
        ("media[1].audio.codec", {"media": [porteur.Audio("opus", 64), porteur.Audio("mp3", 64)]}),
        ("media[0].audio.bandwidth_kbps", {"media": [porteur.Audio("opus", 129)]}),
        ("media[0].audio.bit_depth", {"media": [porteur.Audio("opus", 64, bit_depth=0)]}),
        ("media[0].video.codec", {"media": [seen(codec="")]}),
        ("media[1].video.resolution", {"media": [seen(), seen(resolution="large")]}),
        ("media[0].video.fps", {"media": [seen(fps=31)]}),
        ("media", {"media": [porteur.Audio("opus", 64)] * 17}),
        ("frame_timeout", {"frame_timeout": 0}),
        ("frame_timeout", {"frame_timeout": float("nan")}),
        ("within", {"within": 0}),
        ("within", {"within": -1}),
        ("callback", {"callback": "http://example.com/hook"}),
        ("callback", {"callback": porteur.Callback("https://example.com", method="GET")}),  # type: ignore[arg-type]
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_transfer_that_cannot_be_names_its_field(
    simulator: Simulator, field: str, options: dict[str, Any]
) -> None:
    wish: Any = {"interaction": INTERACTION, "destination": ENDS[1], **options}
    with simulator.client() as client, pytest.raises(porteur.InvalidInput) as raised:
        client.transfer(**wish)
    assert raised.value.details["field"] == field
    async with simulator.async_client() as asynchronous, await asynchronous.connect() as session:
        with pytest.raises(porteur.InvalidInput) as raised:
            await session.transfer(**wish)
    assert raised.value.details["field"] == field
    assert simulator.state["frames"] == []


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("bandwidth_kbps", lambda: porteur.Audio("opus", -1)),
        ("bit_depth", lambda: porteur.Audio("opus", 64, bit_depth=1 << 40)),
        ("fps", lambda: porteur.Video("vp8", "1280x720", -1)),
        ("max_bandwidth_kbps", lambda: porteur.Limits(max_bandwidth_kbps=-1)),
        ("ping", lambda: porteur.Timeouts(ping=-1)),
    ],
)
def test_a_number_that_no_gateway_could_be_told_is_named(field: str, make: Callable[[], object]) -> None:
    with pytest.raises(porteur.InvalidInput) as raised:
        make()
    assert raised.value.details["field"] == field


@pytest.mark.parametrize(
    "options",
    [
        {"media": porteur.Audio("opus", 64)},
        {"media": ["opus"]},
        {"media": [{"audio": {"codec": "opus", "bandwidth_kbps": 64}}]},
        {"media": "opus"},
        {"callback": 7},
        {"check": "yes"},
        {"within": "soon"},
        {"id": 7},
        {"unheard_of": 7},
    ],
    ids=repr,
)
def test_a_transfer_of_another_type_is_a_type_error(simulator: Simulator, options: dict[str, Any]) -> None:
    with simulator.client() as client, pytest.raises(TypeError, match=next(iter(options))):
        client.transfer(*ENDS, **options)
    assert simulator.journal == []


def test_media_have_their_parts_by_name() -> None:
    with pytest.raises(TypeError):
        porteur.MediaMatrix("opus")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        porteur.Audio("opus", 64, 16)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        porteur.Callback("https://example.com", "PUT")  # type: ignore[call-arg]
