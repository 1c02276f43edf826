"""A transfer as the arguments of ``transfer``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Required, TypedDict

from ._porteur import Audio, Callback, MediaMatrix


class OutgoingTransfer(TypedDict, total=False):
    """One of the transfers of ``transfer_many``: what ``transfer`` takes."""

    interaction: Required[str]
    destination: Required[str]
    media: Sequence[Audio | MediaMatrix] | None
    id: str | None
    frame_timeout: float | None
    within: float | None
    check: bool | None
    callback: Callback | str | None
