"""porteur: uploads and guest messages for a contact-center platform.

``Client`` waits, ``AsyncClient`` is awaited; they have the same methods. Whatever may be left out is a keyword
argument, and leaving it out (or None) means the default. Durations are seconds, sizes are bytes. Every error is a
``PorteurError``; see ``porteur.errors``. Events are logged with ``logging`` below the logger ``porteur``.
"""

from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeAlias, final, type_check_only

from _typeshed import ReadableBuffer, StrPath

__all__ = [
    "AsyncClient",
    "ChunkDigests",
    "Client",
    "Guest",
    "Limits",
    "Pace",
    "Progress",
    "SentGuestMessage",
    "Simulator",
    "Timeouts",
    "UploadedFile",
    "sha256_chunks",
]

_Buffer: TypeAlias = ReadableBuffer

@type_check_only
class _Readable(Protocol):
    def read(self, size: int, /) -> _Buffer: ...

_Source: TypeAlias = StrPath | _Buffer | _Readable | Iterable[_Buffer]

@final
class Client:
    """A connection to the platform whose methods wait, with the GIL released.

    Keeps the token, the pace and the connections; make one and share it between threads. Works on in forked child
    processes, which get connections of their own.

    Args:
        client_id: The id of an OAuth client with the client-credentials grant.
        client_secret: Its secret.
        environment: A domain of the platform, as in ``"mypurecloud.ie"``, or its AWS region, as in ``"eu-west-1"``.
            Default ``"mypurecloud.com"``.
        base_url: One host for everything, instead of the environment's.
        scopes: The scopes to ask for. By default none are named, and the platform grants what the client's roles give.
        allow_plain_http: Whether tokens and bytes may travel unencrypted to a host that is not this machine. Default
            False.
        renew_before: How long before its expiry a token is renewed, in seconds; at most half of its life. Default 120.
        pace: How often and how fast to knock.
        timeouts: How long to wait for an answer.
        limits: How much to take on.

    Raises:
        InvalidInput: A setting that cannot be used; ``details["field"]`` names it.
    """

    def __new__(
        cls,
        client_id: str,
        client_secret: str,
        *,
        environment: str | None = None,
        base_url: str | None = None,
        scopes: Sequence[str] | None = None,
        allow_plain_http: bool | None = None,
        renew_before: float | None = None,
        pace: Pace | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
    ) -> Self: ...
    @staticmethod
    def from_env(
        *,
        environment: str | None = None,
        base_url: str | None = None,
        scopes: Sequence[str] | None = None,
        allow_plain_http: bool | None = None,
        renew_before: float | None = None,
        pace: Pace | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
    ) -> Client:
        """A client from ``GENESYS_CLIENT_ID``, ``GENESYS_CLIENT_SECRET``, ``GENESYS_SCOPES``, ``GENESYS_ENVIRONMENT``
        (else ``GENESYS_ENV``) and ``GENESYS_BASE_URL``; an argument goes before its variable.

        Raises:
            InvalidInput: Variables that are missing; ``details["field"]`` names all of them.
        """

    def upload(
        self,
        source: _Source,
        *,
        name: str | None = None,
        content_type: str | None = None,
        concurrency: int | None = None,
        journal: StrPath | None = None,
        size: int | None = None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> UploadedFile:
        """Uploads a file in chunks, each with its SHA-256, and returns when the platform confirmed them.

        Args:
            source: What to upload.

                * ``str`` or ``os.PathLike``: the file at this path. It is read twice, and memory does not grow with it.
                * ``bytes``: used as they are, without a copy. Needs ``name``.
                * any other buffer (``bytearray``, ``memoryview``): copied once, since it could change. Needs ``name``.
                * a file object: read once from where it stands, at most a few chunks in memory. Needs ``name``, and
                  ``size`` where it cannot seek. Read on another thread.
                * an iterator or iterable of bytes: as a file object. Needs ``name`` and ``size``.
            name: The name that the platform keeps. Default the last part of the path.
            content_type: The MIME type. Default ``"application/octet-stream"``.
            concurrency: How many parts travel side by side when the platform gives one URL a part, 1 to 64. Default 4.
            journal: Where to write down what was reached, so that a later call with the same journal goes on there. The
                file holds upload URLs, has mode 0600, and is removed when the upload is complete. Default nowhere.
            size: Bytes in all, for a source that is read piece by piece.
            on_progress: Called with a ``Progress`` at most every 0.1 s, and once when the last chunk is stored; may run
                on any thread. What it raises ends the upload, and is raised here.

        Raises:
            InvalidInput, File, TooLarge: Before anything is sent.
            SourceChanged: The file changed while it was read.
            ChecksumMismatch: The platform stored something else.
            Expired: The upload URL ran out, and the source cannot be read again or that happened too often.
            UnsafeTarget: The upload target would keep only the last chunk.
            Unauthenticated, PermissionDenied, RateLimited, Unavailable, Api, Network, Protocol: The platform or the way
                to it failed, after as many attempts as the pace allows.
            Cancelled: The client is closed.
            Exception: Whatever the source or ``on_progress`` raises; nothing is completed then.

        Ctrl-C stops sending and raises ``KeyboardInterrupt`` within 0.1 s. What the platform has stays there unnamed;
        with ``journal`` the same call goes on from there.
        """

    def guest(self, language: str, *, metadata: Mapping[str, str] | None = None) -> Guest:
        """Creates a guest, who sends messages with ``send_as_guest``.

        Args:
            language: A BCP 47 tag, as in ``"en-US"``.
            metadata: Names and values that the platform keeps with the guest.

        Raises:
            InvalidInput: An empty language.
            Network: Not repeated when it may have arrived: with ``details["kind"]`` lost or timeout there may be a
                guest.
            Cancelled: The client is closed.
        """

    def send_as_guest(
        self,
        guest: Guest,
        *,
        to: Sequence[str],
        text: str | None = None,
        attachments: Sequence[UploadedFile | tuple[str, str]] | None = None,
        send_as: Literal["guest", "client"] | None = None,
    ) -> SentGuestMessage:
        """Sends a message as a guest.

        Args:
            guest: Who speaks.
            to: The recipients, at least one.
            text: What it says; may be left out when there are attachments.
            attachments: Uploaded files, or their id and name.
            send_as: Whose token the call carries: the guest's own (default), or the client's.

        Raises:
            InvalidInput: No recipient, neither text nor attachments, or a word that ``send_as`` does not know.
            Network: Not repeated when it may have arrived, since that would be a second message.
            Cancelled: The client is closed.
        """

    def close(self) -> None:
        """Ends every call under way, and refuses later ones with ``Cancelled``."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def _by_clock_of(self, simulator: Simulator) -> Client: ...

@final
class AsyncClient:
    """A connection to the platform whose methods are coroutines.

    Keeps the token, the pace and the connections; make one and share it between tasks. Works on in forked child
    processes, which get connections of their own.

    Args:
        client_id: The id of an OAuth client with the client-credentials grant.
        client_secret: Its secret.
        environment: A domain of the platform, as in ``"mypurecloud.ie"``, or its AWS region, as in ``"eu-west-1"``.
            Default ``"mypurecloud.com"``.
        base_url: One host for everything, instead of the environment's.
        scopes: The scopes to ask for. By default none are named, and the platform grants what the client's roles give.
        allow_plain_http: Whether tokens and bytes may travel unencrypted to a host that is not this machine. Default
            False.
        renew_before: How long before its expiry a token is renewed, in seconds; at most half of its life. Default 120.
        pace: How often and how fast to knock.
        timeouts: How long to wait for an answer.
        limits: How much to take on.

    Raises:
        InvalidInput: A setting that cannot be used; ``details["field"]`` names it.
    """

    def __new__(
        cls,
        client_id: str,
        client_secret: str,
        *,
        environment: str | None = None,
        base_url: str | None = None,
        scopes: Sequence[str] | None = None,
        allow_plain_http: bool | None = None,
        renew_before: float | None = None,
        pace: Pace | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
    ) -> Self: ...
    @staticmethod
    def from_env(
        *,
        environment: str | None = None,
        base_url: str | None = None,
        scopes: Sequence[str] | None = None,
        allow_plain_http: bool | None = None,
        renew_before: float | None = None,
        pace: Pace | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
    ) -> AsyncClient:
        """A client from ``GENESYS_CLIENT_ID``, ``GENESYS_CLIENT_SECRET``, ``GENESYS_SCOPES``, ``GENESYS_ENVIRONMENT``
        (else ``GENESYS_ENV``) and ``GENESYS_BASE_URL``; an argument goes before its variable.

        Raises:
            InvalidInput: Variables that are missing; ``details["field"]`` names all of them.
        """

    async def upload(
        self,
        source: _Source | AsyncIterable[_Buffer],
        *,
        name: str | None = None,
        content_type: str | None = None,
        concurrency: int | None = None,
        journal: StrPath | None = None,
        size: int | None = None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> UploadedFile:
        """Uploads a file in chunks, each with its SHA-256, and returns when the platform confirmed them.

        Args:
            source: What to upload.

                * ``str`` or ``os.PathLike``: the file at this path. It is read twice, and memory does not grow with it.
                * ``bytes``: used as they are, without a copy. Needs ``name``.
                * any other buffer (``bytearray``, ``memoryview``): copied once, since it could change. Needs ``name``.
                * a file object: read once from where it stands, at most a few chunks in memory. Needs ``name``, and
                  ``size`` where it cannot seek. Read on another thread.
                * an iterator or iterable of bytes: as a file object. Needs ``name`` and ``size``.
                * an async iterator or iterable of bytes: as an iterator, on the event loop. Needs ``name`` and
                  ``size``.
            name: The name that the platform keeps. Default the last part of the path.
            content_type: The MIME type. Default ``"application/octet-stream"``.
            concurrency: How many parts travel side by side when the platform gives one URL a part, 1 to 64. Default 4.
            journal: Where to write down what was reached, so that a later call with the same journal goes on there. The
                file holds upload URLs, has mode 0600, and is removed when the upload is complete. Default nowhere.
            size: Bytes in all, for a source that is read piece by piece.
            on_progress: Called with a ``Progress`` at most every 0.1 s, and once when the last chunk is stored; may run
                on any thread (``loop.call_soon_threadsafe`` leads back to the loop). What it raises ends the upload,
                and is raised here.

        Raises:
            InvalidInput, File, TooLarge: Before anything is sent.
            SourceChanged: The file changed while it was read.
            ChecksumMismatch: The platform stored something else.
            Expired: The upload URL ran out, and the source cannot be read again or that happened too often.
            UnsafeTarget: The upload target would keep only the last chunk.
            Unauthenticated, PermissionDenied, RateLimited, Unavailable, Api, Network, Protocol: The platform or the way
                to it failed, after as many attempts as the pace allows.
            Cancelled: The client is closed.
            Exception: Whatever the source or ``on_progress`` raises; nothing is completed then.

        Cancellation: ``task.cancel()`` stops sending, and the coroutine ends when nothing of the upload runs any more.
        What the platform has stays there unnamed; with ``journal`` the same call goes on from there.
        """

    async def guest(self, language: str, *, metadata: Mapping[str, str] | None = None) -> Guest:
        """Creates a guest, who sends messages with ``send_as_guest``.

        Args:
            language: A BCP 47 tag, as in ``"en-US"``.
            metadata: Names and values that the platform keeps with the guest.

        Raises:
            InvalidInput: An empty language.
            Network: Not repeated when it may have arrived: with ``details["kind"]`` lost or timeout there may be a
                guest.
            Cancelled: The client is closed.
        """

    async def send_as_guest(
        self,
        guest: Guest,
        *,
        to: Sequence[str],
        text: str | None = None,
        attachments: Sequence[UploadedFile | tuple[str, str]] | None = None,
        send_as: Literal["guest", "client"] | None = None,
    ) -> SentGuestMessage:
        """Sends a message as a guest.

        Args:
            guest: Who speaks.
            to: The recipients, at least one.
            text: What it says; may be left out when there are attachments.
            attachments: Uploaded files, or their id and name.
            send_as: Whose token the call carries: the guest's own (default), or the client's.

        Raises:
            InvalidInput: No recipient, neither text nor attachments, or a word that ``send_as`` does not know.
            Network: Not repeated when it may have arrived, since that would be a second message.
            Cancelled: The client is closed.
        """

    def close(self) -> None:
        """Ends every call under way, and refuses later ones with ``Cancelled``."""

    def __aenter__(self) -> Coroutine[Any, Any, Self]: ...
    def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None, /
    ) -> Coroutine[Any, Any, None]: ...
    def _by_clock_of(self, simulator: Simulator) -> AsyncClient: ...

@final
class Pace:
    """How often a call is tried, how long it may take, and how many may leave.

    Args:
        attempts: How often a call is tried in all. Default 4.
        base: The first backoff is drawn from 0 to this, in seconds; the bound doubles with every attempt. Default 0.5.
        cap: The bound stops growing here, in seconds. Default 30.
        budget: The time for all attempts of one call and the waits between them, in seconds. Default 120.
        per_minute: Platform calls a minute; storage is not counted. Default 300, the platform's limit for one client.
        burst: How many of them may leave at once after a quiet time. Default 30.
        breaker_after: Server faults in a row after which a host is left alone. Default 5.
        breaker_pause: For how long, in seconds. Default 30.

    Raises:
        InvalidInput: A number that is negative or too large. What is zero and must not be is refused by the client.
    """

    def __new__(
        cls,
        *,
        attempts: int | None = None,
        base: float | None = None,
        cap: float | None = None,
        budget: float | None = None,
        per_minute: int | None = None,
        burst: int | None = None,
        breaker_after: int | None = None,
        breaker_pause: float | None = None,
    ) -> Self: ...
    @property
    def attempts(self) -> int: ...
    @property
    def base(self) -> float: ...
    @property
    def cap(self) -> float: ...
    @property
    def budget(self) -> float: ...
    @property
    def per_minute(self) -> int: ...
    @property
    def burst(self) -> int: ...
    @property
    def breaker_after(self) -> int: ...
    @property
    def breaker_pause(self) -> float: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

@final
class Timeouts:
    """How long to wait for an answer, in seconds.

    Args:
        connect: For a connection. Default 5.
        token: For a token. Default 10.
        call: For a JSON call in all. Default 15.
        stall: For a storage PUT without progress; there is no limit in all. Default 30.

    Raises:
        InvalidInput: A number that is negative or too large.
    """

    def __new__(
        cls,
        *,
        connect: float | None = None,
        token: float | None = None,
        call: float | None = None,
        stall: float | None = None,
    ) -> Self: ...
    @property
    def connect(self) -> float: ...
    @property
    def token(self) -> float: ...
    @property
    def call(self) -> float: ...
    @property
    def stall(self) -> float: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

@final
class Limits:
    """How much to take on.

    Args:
        max_chunk_bytes: The largest chunk that is held in memory for a source that cannot be read again. Default
            64 MiB.

    Raises:
        InvalidInput: A number that is negative or too large.
    """

    def __new__(cls, *, max_chunk_bytes: int | None = None) -> Self: ...
    @property
    def max_chunk_bytes(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

@final
class Progress:
    """How far an upload is, in bytes."""

    def __new__(cls, sent: int, acknowledged: int, total: int) -> Self: ...
    @property
    def sent(self) -> int:
        """Handed to the network, chunks under way included; goes back when a chunk has to be sent again."""

    @property
    def acknowledged(self) -> int:
        """Acknowledged by the storage; never goes back within a session."""

    @property
    def total(self) -> int:
        """In all."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[int, int, int]: ...

@final
class UploadedFile:
    """A file that the platform has, checksums confirmed. Can be pickled."""

    def __new__(cls, id: str, name: str, size: int, checksums: Sequence[str]) -> Self: ...
    @property
    def id(self) -> str:
        """The platform's id of the file, for messages to refer to."""

    @property
    def name(self) -> str:
        """The name as the platform keeps it."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def checksums(self) -> list[str]:
        """The SHA-256 of each chunk in order, in lower-case hex."""

    @property
    def chunks(self) -> int:
        """How many chunks it was sent in."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str, str, int, list[str]]: ...

@final
class Guest:
    """A guest, with the token that speaks in its name; ``repr`` hides it.

    Can be made from what was kept of an earlier guest. Can be pickled, token included: keep that as carefully as a
    password.
    """

    def __new__(cls, id: str, token: str) -> Self: ...
    @property
    def id(self) -> str:
        """The platform's id of the guest."""

    @property
    def token(self) -> str:
        """The guest's token."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str, str]: ...

@final
class SentGuestMessage:
    """A message that the platform took. Can be pickled."""

    def __new__(cls, id: str) -> Self: ...
    @property
    def id(self) -> str:
        """The platform's id of the message."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str]: ...

def sha256_chunks(
    source: StrPath | _Buffer, chunk_size: int, *, whole: bool | None = None, threads: int | None = None
) -> ChunkDigests:
    """Hashes every chunk of a file or of bytes on all cores, with the GIL released.

    Args:
        source: A path, or bytes (used without a copy; other buffers are copied once).
        chunk_size: Bytes a chunk; the last one may be shorter.
        whole: Whether the digest of all bytes is wanted too. Default False: it cannot be shared between cores.
        threads: How many threads hash chunks. Default one for each core.

    Raises:
        InvalidInput: A ``chunk_size`` or ``threads`` of 0, or so many chunks that their digests fill the memory.
        File: The file is missing, is no regular file, or cannot be read.
        SourceChanged: The file changed while it was read.
    """

@final
class ChunkDigests:
    """The digests of the chunks of a source. Can be pickled."""

    def __new__(cls, size: int, chunk_size: int, chunks: Sequence[str], whole: str | None = None) -> Self: ...
    @property
    def size(self) -> int:
        """Bytes in all."""

    @property
    def chunk_size(self) -> int:
        """Bytes a chunk; the last one may be shorter."""

    @property
    def chunks(self) -> list[str]:
        """One SHA-256 a chunk in order, in lower-case hex; at least one, because an empty source is one empty chunk."""

    @property
    def whole(self) -> str | None:
        """The SHA-256 of all bytes, when it was asked for."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[int, int, list[str], str | None]: ...

@final
class Simulator:
    """The simulated platform below ``porteur.testing.Simulator``, in JSON."""

    def __new__(cls, settings: str) -> Self: ...
    @property
    def url(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def client_secret(self) -> str: ...
    def slept(self) -> list[float]: ...
    def violations(self) -> list[str]: ...
    def journal(self) -> str: ...
    def state(self) -> str: ...
    def file(self, id: str) -> bytes | None: ...
    def add_fault(self, fault: str) -> None: ...
    def advance(self, by: float, /) -> None: ...
    def stop(self) -> None: ...
