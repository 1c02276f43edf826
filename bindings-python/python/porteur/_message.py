"""A message as the arguments of ``send``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Required, TypeAlias, TypedDict

from ._porteur import Attachment, UploadedFile

JSON: TypeAlias = bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"] | None
Content: TypeAlias = Mapping[str, JSON] | Sequence[JSON]


class Message(TypedDict, total=False):
    """What ``send`` takes beside the conversation: ``client.send(conversation, **message)``."""

    text: str | None
    html: str | None
    json: Content | None
    sender: Required[str]
    to: Required[Sequence[str]]
    attachments: Sequence[UploadedFile | Attachment] | None
    client_id: str | None
    check: bool | None
    allow_unlisted_sender: bool | None


class Outgoing(Message, total=False):
    """One of the messages of ``send_many``: the conversation and what ``send`` takes beside it."""

    conversation: Required[str]
