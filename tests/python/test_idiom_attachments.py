"""What is special to Python about attachments: keywords and the tutorial's JSON, tasks, pickles, values by name."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import porteur
from conftest import counted
from porteur.testing import Simulator

ID = "attachment-1"
UPLOAD = "POST /api/v2/files/attachments"
WISH: dict[str, Any] = {"target_format": "png", "max_width": 32, "max_height": 32}
# The same as the platform's tutorial writes it.
DIRECTIVE = {"attachmentId": ID, "targetFormat": "png", "maxWidth": 32, "maxHeight": 32, "preserveAspectRatio": True}


def test_keywords_and_the_json_of_the_tutorial_say_the_same(simulator: Simulator) -> None:
    with simulator.client() as client:
        by_name = client.transform_attachment(ID, **WISH)
        as_json = client.transform_attachment(DIRECTIVE)
    assert (by_name.width, by_name.height) == (as_json.width, as_json.height) == (32, 24)
    sizes = [porteur.inspect(simulator.attachment(made.id) or b"").width for made in (by_name, as_json)]
    assert sizes == [32, 32]


def test_a_field_is_named_as_the_caller_wrote_it_and_nothing_is_asked(simulator: Simulator) -> None:
    with simulator.client() as client:
        for call, field in WRONG:
            with pytest.raises(porteur.InvalidInput) as raised:
                call(client)
            assert raised.value.details["field"] == field
        with pytest.raises(TypeError):
            client.transform_attachment(7, **WISH)  # type: ignore[arg-type]
    assert simulator.journal == []


WRONG: list[tuple[Callable[[porteur.Client], Any], str]] = [
    (lambda client: client.transform_attachment(ID, **{**WISH, "max_width": 5000}), "max_width"),
    (lambda client: client.transform_attachment(ID, **{**WISH, "max_width": -1}), "max_width"),
    (lambda client: client.transform_attachment(ID, **{**WISH, "target_format": "tiff"}), "target_format"),
    (lambda client: client.transform_attachment(ID, max_width=2, max_height=2), "target_format"),
    (lambda client: client.transform_attachment({**DIRECTIVE, "quality": 85}), "quality"),
    (lambda client: client.transform_attachment(DIRECTIVE, max_width=64), "max_width"),
]


def test_many_are_dicts_of_either_spelling_and_each_has_an_outcome(simulator: Simulator) -> None:
    with simulator.client() as client:
        wishes = [DIRECTIVE, {"attachment_id": ID, **WISH}, {**DIRECTIVE, "maxWidth": 33}, {**DIRECTIVE, "maxWidth": "a"}]
        first, second, odd, word = client.transform_attachments(wishes, concurrency=2)
        with pytest.raises(TypeError, match=r"directives\[0\]"):
            client.transform_attachments([ID])  # type: ignore[list-item]
    assert isinstance(first, porteur.TransformedAttachment) and isinstance(second, porteur.TransformedAttachment)
    assert isinstance(odd, porteur.InvalidInput) and isinstance(word, porteur.InvalidInput)
    assert odd.details["field"] == word.details["field"] == "max_width"


async def test_a_cancelled_task_asks_for_nothing_more(simulator: Simulator) -> None:
    simulator.add_fault(on=UPLOAD, stall_ms=1)
    async with simulator.async_client() as client:
        task = asyncio.ensure_future(client.transform_attachment(DIRECTIVE))
        while counted(simulator, UPLOAD) == 0:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert counted(simulator, "PATCH") == 0


async def test_many_run_side_by_side_on_the_loop(simulator: Simulator) -> None:
    async with simulator.async_client() as client:
        info, made = await asyncio.gather(client.attachment(ID), client.transform_attachments([DIRECTIVE] * 3))
    assert info.name == "picture.png"
    assert [one.source_id for one in made if isinstance(one, porteur.TransformedAttachment)] == [ID] * 3


def test_values_are_pickled_compared_and_shown(simulator: Simulator) -> None:
    simulator.add_fault(on="POST /callback", status=403)
    with simulator.client(attachment_callback=f"{simulator.url}/callback") as client:
        info = client.attachment(ID)
        made = client.transform_attachment(ID, **WISH, generate_thumbnail=True, thumbnail_max_width=8)
    assert isinstance(made.callback_error, porteur.PermissionDenied)
    for value in (info, made, made.times):
        assert pickle.loads(pickle.dumps(value)) == value
    assert repr(info) == f'<AttachmentInfo id="{ID}" name="picture.png" content_type="image/png" size={info.size}>'
    assert repr(made).startswith('<TransformedAttachment id="uploaded-1" source_id="attachment-1" format="png" width=32')
    assert made.times.decode > 0 and repr(made.times).startswith("AttachmentTimes(describe=")


def test_an_unfinished_attachment_names_what_is_left(simulator: Simulator) -> None:
    simulator.add_fault(on="PATCH /api", status=403)
    with simulator.client() as client, pytest.raises(porteur.Unfinished) as raised:
        client.transform_attachment(DIRECTIVE)
    assert raised.value.details["uploaded"] == "uploaded-1"
    assert pickle.loads(pickle.dumps(raised.value)).details == raised.value.details


def test_limits_and_timeouts_reach_the_core(simulator: Simulator) -> None:
    limits = porteur.Limits(media=porteur.MediaLimits(max_input_bytes=10))
    assert limits.media.max_input_bytes == 10 and pickle.loads(pickle.dumps(limits)) == limits
    timeouts = porteur.Timeouts(download=3, download_stall=0.5, attachment_callback=2)
    assert pickle.loads(pickle.dumps(timeouts)) == timeouts and "download_stall=0.5" in repr(timeouts)
    with simulator.client(limits=limits, timeouts=timeouts) as client, pytest.raises(porteur.TooLarge):
        client.transform_attachment(DIRECTIVE)
