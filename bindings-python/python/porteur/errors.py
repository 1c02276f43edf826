"""What can go wrong, by what the caller can do about it.

One class for each code of the core, each also a builtin that programs catch already where one means the same thing.
All of them can be pickled, so they come whole out of Celery and multiprocessing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "Api",
    "Cancelled",
    "ChecksumMismatch",
    "DeliveryFailed",
    "DeliveryTimeout",
    "Expired",
    "File",
    "InteractionNotActive",
    "InvalidInput",
    "Media",
    "Network",
    "NotAvailable",
    "NotFound",
    "PermissionDenied",
    "PorteurError",
    "Protocol",
    "QueueError",
    "RateLimited",
    "SourceChanged",
    "TooLarge",
    "TransferRejected",
    "TransferTimeout",
    "Unauthenticated",
    "Unavailable",
    "Unconfirmed",
    "Unfinished",
    "UnsafeTarget",
    "WebhookRejected",
]


class PorteurError(Exception):
    """A call failed.

    Attributes:
        code: The kind of failure in snake_case, as in ``"rate_limited"``; the same word in every language.
        message: The whole text, causes included.
        retryable: Whether the same call may succeed when it is made again.
        retry_after: Seconds to wait before that, when known.
        status: The HTTP status, when the platform answered; of a ``WebhookRejected`` the one to answer with.
        request_id: The id to give to the platform's support, when the platform named one.
        details: What else is known, as text: field, reason, hint, what, id, attempts, kind, endpoint, platform_code,
            chunks, path, errno, client_id, cause, message_id, conversation, status, waited_seconds, elapsed_seconds,
            sla_seconds, sla_violation, format.
    """

    code: str = "error"
    message: str
    retryable: bool
    retry_after: float | None
    status: int | None
    request_id: str | None
    details: dict[str, str]

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
        request_id: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after
        self.status = status
        self.request_id = request_id
        self.details = dict(details or {})

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # By name, since Exception would call __init__ with args alone. Notes and the like are in __dict__.
        facts = {name: getattr(self, name) for name in _FACTS}
        return _again, (type(self), self.message, facts), dict(self.__dict__)


class InvalidInput(PorteurError, ValueError):
    """A value is not acceptable: correct ``details["field"]``."""

    code = "invalid_input"


class Unauthenticated(PorteurError, PermissionError):
    """The credentials or the token were refused: check client id and secret."""

    code = "unauthenticated"


class PermissionDenied(PorteurError, PermissionError):
    """The platform knows who asks and says no: ``details["hint"]`` says what to check."""

    code = "permission_denied"


class NotFound(PorteurError, LookupError):
    """There is no such thing on the platform: ``details["what"]`` and ``details["id"]``."""

    code = "not_found"


class NotAvailable(PorteurError):
    """It is on the platform and cannot be had, mostly not yet: ``details["id"]`` and ``details["status"]``."""

    code = "not_available"


class TooLarge(PorteurError, ValueError):
    """Larger than a limit, ours or the platform's."""

    code = "too_large"


class RateLimited(PorteurError):
    """The platform asked us to slow down until patience ran out: come back after ``retry_after`` seconds."""

    code = "rate_limited"


class Unavailable(PorteurError, ConnectionError):
    """The service is down. A ``ConnectionError``, as a service that does not even answer is: come back later."""

    code = "unavailable"


class Api(PorteurError):
    """Any other refusal by the platform: see ``status``."""

    code = "api"


class Network(PorteurError, ConnectionError):
    """The network failed: ``details["kind"]`` is connect, tls, timeout or lost."""

    code = "network"


class Protocol(PorteurError):
    """The platform answered something that its contract does not allow."""

    code = "protocol"


class ChecksumMismatch(PorteurError):
    """What is stored is not what was sent: ``details["chunks"]``, counted from 0, separated by commas."""

    code = "checksum_mismatch"


class SourceChanged(PorteurError):
    """The source changed while it was read; nothing was completed."""

    code = "source_changed"


class UnsafeTarget(PorteurError):
    """A URL is not to be used, and nothing was sent to it: an upload would lose data there, or a stranger's URL leads
    where strangers have no business."""

    code = "unsafe_target"


class Expired(PorteurError, TimeoutError):
    """The upload URL ran out of time, and could not be renewed: start over."""

    code = "expired"


class Unconfirmed(PorteurError, ConnectionError):
    """Whether a message was taken, or a transfer carried out, is unknown; ``details["what"]`` says which of them it is.
    Send the message again with ``client_id=error.details["client_id"]``, or transfer again with that as ``id``, which
    never makes a second one."""

    code = "unconfirmed"


class Unfinished(PorteurError):
    """An attachment was transformed, and then something failed that leaves files on the platform:
    ``details["uploaded"]`` names them, separated by commas; with ``details["uncertain"]`` ``"true"`` there may be one
    more, whose upload was not answered. The same call uploads anew."""

    code = "unfinished"


class DeliveryFailed(PorteurError):
    """The platform says that a message was not delivered: ``details["message_id"]`` and ``details["status"]``."""

    code = "delivery_failed"


class DeliveryTimeout(PorteurError, TimeoutError):
    """A message was not delivered in time; it may be later. ``details`` has its ``message_id`` and its last ``status``,
    and with an SLA ``sla_violation``."""

    code = "delivery_timeout"


class InteractionNotActive(PorteurError):
    """An interaction that is over cannot be transferred, and nothing was sent: ``details["interaction"]`` and
    ``details["state"]``."""

    code = "interaction_not_active"


class TransferRejected(PorteurError):
    """The gateway says no, and asking again does not help: ``details["status"]`` is its word, ``codec_unsupported``
    when it supports none of the media."""

    code = "transfer_rejected"


class TransferTimeout(PorteurError, TimeoutError):
    """The gateway said nothing in time. With ``details["sent"]`` ``"true"`` it is unknown whether the transfer was
    carried out: transfer again with ``id=error.details["id"]``, which finds out and never makes a second one."""

    code = "transfer_timeout"


class Media(PorteurError, ValueError):
    """A picture cannot be worked on: ``details["kind"]`` is unsupported, corrupt, too_large or encrypted, and
    ``details["format"]`` what it is, where that is known."""

    code = "media"


class QueueError(PorteurError):
    """The queue of jobs could not do it: ``details["kind"]`` is stale, locked, corrupt, full or unavailable. Nothing
    was lost. Not called ``Queue``, which is what it is about."""

    code = "queue"


class WebhookRejected(PorteurError, ValueError):
    """A delivery to a webhook is not acceptable, and nothing was queued: ``status`` is the HTTP status to answer its
    sender with (400, 401 or 413), ``details["field"]`` the member that is wrong, when it is one."""

    code = "webhook_rejected"


class File(PorteurError, OSError):
    """A local file could not be read or written: ``filename``, and ``errno`` and ``strerror`` where they are known."""

    code = "file"

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.filename = self.details.get("path")
        number = self.details.get("errno")
        if number is not None:
            self.errno = int(number)
            self.strerror = os.strerror(self.errno)


class Cancelled(PorteurError, RuntimeError):
    """The client is closed. A ``RuntimeError``, as the use of a closed event loop is."""

    code = "cancelled"


BY_CODE: Final[Mapping[str, type[PorteurError]]] = {
    cls.code: cls for cls in PorteurError.__subclasses__() if cls.__module__ == __name__
}


def from_facts(
    code: str,
    message: str,
    retryable: bool,
    retry_after: float | None,
    status: int | None,
    request_id: str | None,
    details: Mapping[str, str],
) -> PorteurError:
    """The exception for the facts of an error of the core; ``PorteurError`` itself for a code without a class."""
    return BY_CODE.get(code, PorteurError)(
        message,
        code=code,
        retryable=retryable,
        retry_after=retry_after,
        status=status,
        request_id=request_id,
        details=details,
    )


def _again(cls: type[PorteurError], message: str, facts: dict[str, Any]) -> PorteurError:
    return cls(message, **facts)


_FACTS: Final = ("code", "retryable", "retry_after", "status", "request_id", "details")
