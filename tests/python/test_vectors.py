"""Input and output of pure functions: `tests/vectors/*.json`."""

from __future__ import annotations

import builtins
import io
import json
from pathlib import Path
from typing import Any

import pytest

import porteur
from conftest import TESTS
from porteur.errors import BY_CODE, from_facts
from porteur.testing import messages

DIGESTS: list[dict[str, Any]] = json.loads((TESTS / "vectors" / "digest.json").read_text())
MEDIA: list[dict[str, Any]] = json.loads((TESTS / "vectors" / "media.json").read_text())
ERRORS: list[dict[str, Any]] = json.loads((TESTS / "vectors" / "errors.json").read_text())
MESSAGES: list[dict[str, Any]] = json.loads((TESTS / "vectors" / "messages.json").read_text())


@pytest.mark.parametrize("case", DIGESTS, ids=lambda case: str(case["name"]))
def test_every_case_has_the_digests_as_written_from_bytes_and_from_a_file(case: dict[str, Any], tmp_path: Path) -> None:
    data = bytes(case["zeros"]) if "zeros" in case else bytes.fromhex(case["bytes_hex"])
    path = tmp_path / "source"
    path.write_bytes(data)
    expected = porteur.ChunkDigests(len(data), case["chunk_size"], case["chunks"], case["whole"])
    for source in (data, bytearray(data), path, str(path)):
        for threads in (None, 1, 3):
            assert porteur.sha256_chunks(source, case["chunk_size"], whole=True, threads=threads) == expected
    assert porteur.sha256_chunks(data, case["chunk_size"]).whole is None


@pytest.mark.parametrize("case", MEDIA, ids=lambda case: str(case["name"]))
def test_every_picture_comes_out_as_written_from_bytes_and_from_a_file(case: dict[str, Any], tmp_path: Path) -> None:
    data = bytes.fromhex(case["hex"]) if "hex" in case else picture(case["file"])[: case.get("first")]
    path = tmp_path / "source"
    path.write_bytes(data)
    for source in (data, bytearray(data), path, io.BytesIO(data)):
        expect = dict(case["expect"])
        try:
            got = getattr(porteur, case["call"])(source, **media_options(case["options"]))
        except porteur.PorteurError as error:
            assert error.code == expect.pop("error", None), error
            assert error.details.items() >= expect["details"].items()
        else:
            assert_members(got, expect)


def picture(name: str) -> bytes:
    return (TESTS / "media" / "formats" / name).read_bytes()


def media_options(options: dict[str, Any]) -> dict[str, Any]:
    """A vector's options as keyword arguments: pairs and colours are tuples here."""
    made: dict[str, Any] = {}
    for name, value in options.items():
        made[name] = tuple(value) if isinstance(value, list) else value
    if "limits" in options:
        made["limits"] = porteur.MediaLimits(**options["limits"])
    return made


def assert_members(got: Any, expect: dict[str, Any]) -> None:
    for name, value in expect.items():
        member = getattr(got, name)
        if isinstance(value, dict):
            assert_members(member, value)
        else:
            assert member == value, name


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: str(case["code"]))
def test_every_code_has_its_class_and_its_builtin(case: dict[str, Any]) -> None:
    error = from_facts(case["code"], "so it is", True, 1.5, 503, "abc", {"reason": "so"})
    assert type(error) is getattr(porteur, case["python"])
    assert case["python"] in porteur.__all__
    above = [base for base in type(error).__bases__ if base is not porteur.PorteurError]
    assert above == ([getattr(builtins, case["builtin"])] if case["builtin"] else [])
    assert (error.code, str(error), error.message) == (case["code"], "so it is", "so it is")
    assert (error.retryable, error.retry_after, error.status, error.request_id) == (True, 1.5, 503, "abc")
    assert error.details == {"reason": "so"}


def test_no_class_is_without_a_code_in_the_vector() -> None:
    assert set(BY_CODE) == {case["code"] for case in ERRORS}


def test_a_code_from_a_newer_core_is_still_an_error_of_ours() -> None:
    error = from_facts("brand_new", "a surprise", False, None, None, None, {})
    assert type(error) is porteur.PorteurError
    assert error.code == "brand_new"


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: str(case["seed"]))
def test_a_seed_makes_the_messages_as_written(case: dict[str, Any]) -> None:
    made = [as_written(message) for message in messages(int(case["seed"]), len(case["messages"]))]
    assert made == case["messages"]


def as_written(message: Any) -> dict[str, Any]:
    [(kind, content)] = [(kind, message.pop(kind)) for kind in TYPES if kind in message]
    attachments = [
        {"content_type": file.content_type, "filename": file.filename, "url": file.url}
        for file in message.pop("attachments", [])
    ]
    return {"content_type": TYPES[kind], "content": content, **message, "attachments": attachments}


def test_seeds_and_counts_that_cannot_be_are_named() -> None:
    for field, arguments in (("seed", (-1, 1)), ("seed", (1 << 64, 1)), ("count", (1, -1))):
        with pytest.raises(porteur.InvalidInput) as raised:
            messages(*arguments)
        assert raised.value.details["field"] == field


TYPES = {"text": "text/plain", "html": "text/html", "json": "application/json"}
