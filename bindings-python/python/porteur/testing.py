"""The platform on this machine, for tests without an account.

>>> from porteur.testing import Simulator
>>> with Simulator(chunk_size=8) as simulator, simulator.client() as client:
...     client.upload(b"0123456789", name="notes.txt").chunks
2

``messages`` makes messages to send to it.

>>> with Simulator() as simulator, simulator.client() as client:  # doctest: +SKIP
...     client.send_many({"conversation": "conversation-1", **message} for message in messages(42, 100))

Nothing waits: clients made with ``simulator.client()`` take their time from the simulator, which moves on by itself.
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

from ._message import Message
from ._porteur import AsyncClient, Client
from ._porteur import Simulator as _Simulator
from ._porteur import messages as _messages

__all__ = ["Simulator", "messages"]


def messages(seed: int, count: int) -> list[Message]:
    """The first messages of a seed, the same ones in every language; each is what ``send`` takes beside the
    conversation.

    >>> messages(42, 3) == messages(42, 3)
    True

    Raises:
        InvalidInput: A negative number.
    """
    return _messages(seed, count)


class Simulator:
    """A platform on 127.0.0.1; stopped by ``with`` or ``stop()``.

    Args:
        settings: What the platform is like; all of it may be left out.

            * ``port``: default any free one
            * ``clock``: ``"simulated"`` (default) or ``"system"``
            * ``chunk_size``: bytes, default 5 MiB; ``max_chunks``: default 10 000; ``max_total_size``: bytes, no limit
            * ``multipart``: one URL a part, default False; ``aws_signed``: default False
            * ``url_life_s``: seconds, default an hour; ``token_life_s``: seconds, default a day
            * ``client_id``, ``client_secret``: the ones that are accepted
            * ``scopes``: the ones that are granted, default all
            * ``store_status``: how a chunk is answered, default 200
            * ``keep_bytes``: whether files are kept or only their checksums, default True
            * ``attachments``: a list of ``id``, ``name``, ``content_type``, ``status``, the size of a drawing
              (``width``, ``height``) or the bytes (``base64``, ``path``), ``size`` (how many it says that it has),
              ``metadata``, ``redirect`` (``"signed"`` or a URL), ``redirect_status``, ``chunked`` and ``breaks_off``
              (after so many bytes, once); default ``attachment-1``, a PNG of 64 x 48 px
            * ``conversations``: a list of ``id``, ``channel`` (default ``"webchat"``), ``participants`` (each an ``id``
              and a ``role``) and ``history`` (how many messages it begins with); default ``conversation-1`` between
              ``agent@example.com`` and ``customer@example.com``
            * ``deliveries``: what becomes of one message after another, the last for all others: ``outcome``
              (``"delivered"``, ``"read"``, ``"failed"``, ``"never"``), ``after_polls`` (default 1), ``after_ms``
            * ``interactions``: a list of ``id`` and ``state`` (``"active"`` (default), ``"queued"``, ``"completed"``,
              ``"abandoned"``); default ``interaction-1``, which is active
            * ``codecs``: the ones that the media gateway supports, default opus, g722 and pcmu
            * ``tells_transfers``: whether an interaction tells of its last transfer when it is read, default True
            * ``page_size``: the largest page of a history, default 100
            * ``rate_limit``: how many calls are taken, ``per_minute`` and ``burst``, default as many as come
            * ``audit_secret``: what batches for the audit endpoint (``url`` and ``/audit``) are signed with, default
              ``"simulator-audit-secret"``
            * ``faults``: a list of what goes wrong, see ``add_fault``

    Raises:
        InvalidInput: A setting that no platform could have.

    After ``stop()`` everything here but ``url`` raises ``Cancelled``.
    """

    def __init__(self, **settings: Any) -> None:
        self._core = _Simulator(json.dumps(settings))
        self._url = self._core.url

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return self._url

    @property
    def client_id(self) -> str:
        """The client id that is accepted."""
        return self._core.client_id

    @property
    def client_secret(self) -> str:
        """The client secret that is accepted."""
        return self._core.client_secret

    @property
    def slept(self) -> list[float]:
        """The waits that the simulated clock was asked for, in order, in seconds."""
        return self._core.slept()

    @property
    def journal(self) -> list[dict[str, Any]]:
        """The requests so far: ``number, method, path, status, headers, body_bytes, at_ms``. ``status`` is
        ``"dropped"`` where the connection ended without an answer, and None where the answer is awaited."""
        entries: list[dict[str, Any]] = json.loads(self._core.journal())
        return entries

    @property
    def violations(self) -> list[str]:
        """Every breach of the contract by a client, as a sentence that names the request."""
        return self._core.violations()

    @property
    def state(self) -> dict[str, Any]:
        """What the platform holds: ``files, guests, messages, uploads, attachments, conversations, interactions,
        frames, callbacks, audit, tokens_issued, token_requests``. ``callbacks`` is what ``url`` and ``/callback`` was told."""
        state: dict[str, Any] = json.loads(self._core.state())
        return state

    def file(self, id: str) -> bytes | None:
        """The content of a file; None when there is no such file, or only its checksums were kept."""
        return self._core.file(id)

    def attachment(self, id: str) -> bytes | None:
        """The content of an attachment; None when there is no such attachment, or it was not kept."""
        return self._core.attachment(id)

    def add_fault(self, **fault: Any) -> None:
        """Adds something that goes wrong, counting from now on.

        Args:
            fault: ``on`` (method and path prefix, as in ``"PUT /storage"``; on a socket ``"FRAME /"`` and the frame's
                type, or ``"PING /"``), ``nth`` (default 1), ``times`` (default 1), and one effect: ``status`` (with
                ``retry_after``, ``retry_after_date``, ``headers``, ``body`` or ``text``), ``drop`` (``"before"``,
                ``"during"``, ``"after"``), ``slow_ms``, ``stall_ms``, ``flip_bit``, ``store_bytes``, ``expire_url``,
                ``expire_token``, ``edit``; on a frame also ``reply`` (the members of its answer), ``close`` (a close
                code), ``mute_ms`` (carried out, never answered), ``hold_back`` (answered after so many more), ``noise``
                (frames before its answer), ``raw`` (bytes in hex instead of it).

        Raises:
            InvalidInput: What is wrong with it.
        """
        self._core.add_fault(json.dumps(fault))

    def advance(self, seconds: float) -> None:
        """Moves the simulated clock on, so that tokens and URLs grow old.

        Raises:
            InvalidInput: The clock is the system's, which nobody moves.
        """
        self._core.advance(seconds)

    def client(self, **options: Any) -> Client:
        """A client of this platform, by its clock; takes the arguments of ``Client``."""
        return Client(**self._settings(options))._by_clock_of(self._core)

    def async_client(self, **options: Any) -> AsyncClient:
        """A client of this platform, by its clock; takes the arguments of ``AsyncClient``."""
        return AsyncClient(**self._settings(options))._by_clock_of(self._core)

    def stop(self) -> None:
        """Stops the platform: open connections end, and the port is free when this returns."""
        self._core.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Simulator url={self.url!r}>"

    def _settings(self, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "base_url": self.url,
            **options,
        }
