"""porteur: uploads, messages, transfers and pictures for a contact-center platform.

``Client`` waits, ``AsyncClient`` is awaited; they have the same methods. Whatever may be left out is a keyword
argument, and leaving it out (or None) means the default. Durations are seconds, sizes are bytes. Every error is a
``PorteurError``; see ``porteur.errors``. Events are logged with ``logging`` below the logger ``porteur``.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeAlias, final, type_check_only

from _typeshed import ReadableBuffer, StrPath
from numpy import uint8
from numpy.typing import NDArray
from PIL.Image import Image

from ._message import JSON, Content, Message, Outgoing
from ._transfer import OutgoingTransfer
from .errors import PorteurError

__all__ = [
    "AsyncClient",
    "AsyncPreviewWorker",
    "AsyncSession",
    "Attachment",
    "AttachmentInfo",
    "AttachmentTimes",
    "Audio",
    "Audit",
    "AuditFinding",
    "AuditReceipt",
    "AuditReport",
    "Callback",
    "ChunkDigests",
    "Client",
    "DeadLetter",
    "Guest",
    "HistoryMessage",
    "ImageInfo",
    "Limits",
    "MediaLimits",
    "MediaMatrix",
    "Pace",
    "PreviewOutcome",
    "PreviewStats",
    "PreviewTimes",
    "PreviewWorker",
    "Progress",
    "QueueStats",
    "Receipt",
    "SentGuestMessage",
    "SentMessage",
    "Session",
    "SessionEvent",
    "Simulator",
    "Sla",
    "StageTimes",
    "Submitted",
    "Thumbnail",
    "Timeouts",
    "TransferOutcome",
    "Transformed",
    "TransformedAttachment",
    "UploadedFile",
    "Video",
    "WebhookAnswer",
    "inspect",
    "media_child",
    "messages",
    "preview",
    "sha256_chunks",
    "transform",
    "transform_many",
    "verify_audit",
]

_Buffer: TypeAlias = ReadableBuffer

@type_check_only
class _Readable(Protocol):
    def read(self, size: int, /) -> _Buffer: ...

_Source: TypeAlias = StrPath | _Buffer | _Readable | Iterable[_Buffer]

# As web frameworks have them.
_Headers: TypeAlias = Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[str | bytes, str | bytes]]

# Where a property of that name is nearer.
_Bytes: TypeAlias = bytes

_Crop: TypeAlias = Literal[
    "center", "top", "top-right", "right", "bottom-right", "bottom", "bottom-left", "left", "top-left"
]

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
        audit: Where an audit trail is kept. Default nowhere. A forked child writes a chain of its own into the same
            file.
        transfer_callback: Whom to tell how transfers ended, or the URL for a POST. Default nobody.
        attachment_callback: Whom to tell of an attachment that was transformed, or the URL for a POST. Default nobody.

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
        audit: Audit | None = None,
        transfer_callback: Callback | str | None = None,
        attachment_callback: Callback | str | None = None,
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
        audit: Audit | None = None,
        transfer_callback: Callback | str | None = None,
        attachment_callback: Callback | str | None = None,
    ) -> Client:
        """A client from ``GENESYS_CLIENT_ID``, ``GENESYS_CLIENT_SECRET``, ``GENESYS_SCOPES``, ``GENESYS_ENVIRONMENT``
        (else ``GENESYS_ENV``) and ``GENESYS_BASE_URL``, for an audit trail ``PORTEUR_AUDIT_FILE``,
        ``PORTEUR_AUDIT_SECRET`` and ``PORTEUR_AUDIT_ENDPOINT``, for the callback of transfers ``MEDIA_SERVER_WEBHOOK``
        and for that of attachments ``EXTERNAL_ASSET_CALLBACK_URL``; an argument goes before its variable.

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

    def send(
        self,
        conversation: str,
        *,
        text: str | None = None,
        html: str | None = None,
        json: Content | None = None,
        sender: str,
        to: Sequence[str],
        attachments: Sequence[UploadedFile | Attachment] | None = None,
        client_id: str | None = None,
        check: bool | None = None,
        allow_unlisted_sender: bool | None = None,
    ) -> SentMessage:
        """Sends a message to a conversation, once: a lost answer is asked for again under the same deduplication id.

        The conversation is read first (and remembered for 5 s) to hold the message against its rules. With an audit log
        the send is in it before the message leaves.

        Args:
            conversation: The platform's id of the conversation.
            text: What it says, as plain text. Exactly one of ``text``, ``html`` and ``json``.
            html: What it says, as HTML, for channels that show it.
            json: What it says, as a JSON object or array: dicts, lists, tuples, strings, numbers, booleans and None.
            sender: A participant of the conversation with the role ``agent``.
            to: Who is to read it, at least one.
            attachments: Uploaded files, or ``Attachment``s of bytes or URLs. One whose type was not named goes by its
                name.
            client_id: The deduplication id, 1 to 128 visible ASCII characters: the platform answers the same id in a
                conversation with the first message. Default a new one; give one to be able to send again after a crash.
            check: Whether the conversation's rules are looked at before. Default True.
            allow_unlisted_sender: Whether a sender may write who is no participant. Default False.

        Raises:
            InvalidInput: The rule, the field and the value that cannot be; nothing was sent.
            TypeError: An argument of another type; in ``json`` the place of what JSON cannot express.
            NotFound: There is no such conversation.
            Unconfirmed: The message may be there, but no attempt was answered: send it again with the ``client_id`` in
                ``details``.
            File: The audit log cannot be written; nothing was sent.
            Unauthenticated, PermissionDenied, RateLimited, Unavailable, Api, Network, Protocol: The platform or the way
                to it failed, after as many attempts as the pace allows.
            Cancelled: The client is closed.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s. A message that left is not recalled.
        """

    def send_many(
        self, messages: Iterable[Outgoing], *, concurrency: int | None = None
    ) -> list[SentMessage | PorteurError]:
        """Sends many messages; what became of each, in order. One that fails stops no other.

        Args:
            messages: Dicts of ``conversation`` and what ``send`` takes beside it.
            concurrency: How many are under way at a time, 1 to 256. Default 16.

        Returns:
            For each message what ``send`` would return, or the error that it would raise.

        Raises:
            InvalidInput: A ``concurrency`` that cannot be.
            TypeError: Something that is no message, by its place; nothing was sent.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s. Messages that left are not recalled; those whose turn
        has not come are not sent.
        """

    def await_delivery(
        self,
        sent: SentMessage,
        *,
        within: float | None = None,
        interval: float | None = None,
        backoff: float | None = None,
        sla: float | None = None,
    ) -> Receipt:
        """Waits until ``sent`` is delivered or read. Who waits for messages of one conversation shares the questions.

        Args:
            sent: What ``send`` returned, or a ``SentMessage`` of a conversation and an id.
            within: For how long to ask, in seconds. Default 20.
            interval: The wait before the first question and between questions, in seconds. Default 2.
            backoff: What the wait is multiplied with after every question, 1 to 10. Default 1.
            sla: The time from creation to delivery that was promised, in seconds; it marks the receipt and stops
                nothing. Default none.

        Raises:
            InvalidInput: A number that cannot be.
            DeliveryFailed: As soon as the platform says so.
            DeliveryTimeout: ``within`` passed first.
            NotFound: There is no such conversation.
            Unauthenticated, PermissionDenied, RateLimited, Unavailable, Api, Network, Protocol: The platform or the way
                to it failed, after as many attempts as the pace allows.
            Cancelled: The client is closed.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s. Only the asking stops: the message itself is not recalled.
        """

    def history(
        self, conversation: str, *, page_size: int | None = None, page_token: str | None = None
    ) -> Iterator[HistoryMessage]:
        """The messages of a conversation, oldest first. A page is read when its first message is asked for.

        Args:
            conversation: The platform's id of the conversation.
            page_size: Messages a page, 1 to 100. Default 25.
            page_token: Where an earlier reading stopped, as the platform named it. Default the beginning.

        The iteration raises, and ends then:

            InvalidInput: A page size or a token that cannot be, also when the platform refuses it.
            NotFound: There is no such conversation.
            Protocol: Pages that would never end.
            Other errors of the platform, as ``send``.
        """

    def connect(self) -> Session:
        """Opens a session on the platform's socket, which many transfers share.

        >>> with client.connect() as session:  # doctest: +SKIP
        ...     session.transfer("interaction-1", "genesys://user/agent-9")

        Raises:
            Unauthenticated, PermissionDenied, RateLimited, Unavailable, Api, Network, Protocol: The platform or the way
                to it failed, after as many attempts as the pace allows; nothing was sent on the socket.
            Cancelled: The client is closed.
        """

    def transfer(
        self,
        interaction: str,
        destination: str,
        *,
        media: Sequence[Audio | MediaMatrix] | None = None,
        id: str | None = None,
        frame_timeout: float | None = None,
        within: float | None = None,
        check: bool | None = None,
        callback: Callback | str | None = None,
    ) -> TransferOutcome:
        """Transfers one interaction in a session of its own, as ``Session.transfer`` does in a shared one.

        Raises:
            As ``connect`` and ``Session.transfer``.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s. A frame that left is not recalled: give an ``id`` to be able
        to find out what became of it.
        """

    def attachment(self, id: str) -> AttachmentInfo:
        """What an attachment of a conversation is.

        Raises:
            InvalidInput: An id that cannot be.
            NotFound, NotAvailable: There is none by this id, or it cannot be had (yet).
            Other errors of the platform, as ``send``.
        """

    def transform_attachment(
        self,
        directive: str | Mapping[str, object],
        *,
        target_format: Literal["jpeg", "png", "webp"] | None = None,
        max_width: int | None = None,
        max_height: int | None = None,
        preserve_aspect_ratio: bool | None = None,
        generate_thumbnail: bool | None = None,
        thumbnail_max_width: int | None = None,
        enlarge: bool | None = None,
    ) -> TransformedAttachment:
        """Makes a new attachment of one: downloads it, transforms it, uploads the result, and says what it is.

        Then the callback is made. With an audit log an entry is in it before the upload, before the patch, and at the
        end.

        >>> client.transform_attachment(  # doctest: +SKIP
        ...     "a1b2c3d4", target_format="jpeg", max_width=1920, max_height=1080, generate_thumbnail=True,
        ...     thumbnail_max_width=200,
        ... )

        Args:
            directive: The platform's id of the attachment, and the rest as keyword arguments; or all of it as the JSON
                of the platform's tutorial: ``{"attachmentId": ..., "targetFormat": ..., "maxWidth": ...}``.
            target_format: What the new one is encoded as.
            max_width: 1 to 4096 px; even where the aspect ratio is kept.
            max_height: The same.
            preserve_aspect_ratio: Whether it keeps its shape, as large as fits; else it is stretched to exactly this
                size. Default True.
            generate_thumbnail: Whether a thumbnail is made of the result and linked by ``thumbnailId``. Default False.
            thumbnail_max_width: 1 px to ``max_width``. Looked at when a thumbnail is made.
            enlarge: Whether a picture that is smaller may be made larger. Default False.

        Raises:
            InvalidInput: A field that is missing, unknown, or breaks a rule; nothing was sent.
            NotFound, NotAvailable: There is no such attachment, or it cannot be had (yet).
            Media: A type that is not taken, bytes that are not of their type, a picture that is damaged or costs too
                much.
            TooLarge: More bytes than ``limits.media`` allows.
            Protocol: Another length than the one described, or a redirect that must not be followed.
            Unfinished: Whatever fails once something is or may be on the platform; it names the ids.
            File: The audit log cannot be written.
            Other errors of the platform, as ``send``.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s. What was uploaded stays; the audit log names it.
        """

    def transform_attachments(
        self, directives: Iterable[Mapping[str, object]], *, concurrency: int | None = None
    ) -> list[TransformedAttachment | PorteurError]:
        """Transforms many attachments; what became of each, in order. One that fails stops no other.

        Some are downloaded and uploaded while the pictures of others are worked on, one a core.

        Args:
            directives: Dicts of what ``transform_attachment`` takes, with the id as ``attachment_id``, or the JSON of
                the tutorial.
            concurrency: How many are under way at a time, 1 to 256; so many of their files are in memory at most.
                Default 16.

        Returns:
            For each what ``transform_attachment`` would return, or the error that it would raise.

        Raises:
            InvalidInput: A ``concurrency`` that cannot be.
            TypeError: Something that is no dict, by its place; nothing was sent.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s. What was uploaded stays; those
        whose turn has not come are left alone.
        """

    def previews(
        self,
        *,
        publish_to: str | Callable[[str], str] | None = None,
        store: str | None = None,
        store_options: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        public_url: str | None = None,
        queue: StrPath | None = None,
        webhook_secrets: Sequence[str] | None = None,
        unsigned: bool | None = None,
        concurrency: int | None = None,
        cpus: int | None = None,
        visibility: float | None = None,
        max_attempts: int | None = None,
        remember: float | None = None,
        allow_private: bool | None = None,
        allowed_hosts: Sequence[str] | None = None,
        spool: StrPath | None = None,
        grace: float | None = None,
        max_width: int | None = None,
        max_height: int | None = None,
        quality: int | None = None,
        effort: Literal["fast", "best"] | None = None,
        background: tuple[int, int, int] | None = None,
        page: int | None = None,
        dpi: int | None = None,
        limits: MediaLimits | None = None,
    ) -> PreviewWorker:
        """A worker that makes previews of attachments and links them into their conversations. It opens its queue, and makes
        nothing before ``run``.

        Without ``publish_to`` and ``store``, ``CDN_PRESIGNED_URL_TEMPLATE`` says where previews go and
        ``PORTEUR_WEBHOOK_SECRET`` with what webhooks are signed (two secrets with a comma between them).

        Args:
            publish_to: A PUT to this URL with ``{id}`` replaced by the name of the preview; or a function that makes the URL for a
                name, asked anew for each attempt, on a thread of its own.
                What it raises fails that attempt, and is what ``handle`` raises.
            store: An object store in place of that: ``s3://bucket/folder``, ``gs://``, ``az://`` or ``file:///folder``. It wants a
                ``public_url``.
            store_options: Options of the store, as in ``aws_access_key_id``; what is not given is taken from the environment.
            headers: Headers of each PUT besides ``Content-Type``.
            public_url: Where a preview is to be had, with ``{id}`` for its name. Default the URL that it was put to, without its
                query.
            queue: Where jobs are kept: a SQLite file, or a ``postgres://`` URL for many hosts. Default ``previews.db``.
            webhook_secrets: What webhooks may be signed with: two while one takes the place of the other. Default none.
            unsigned: Whether webhooks are taken without a signature, for hosts that have looked at it themselves. Default no.
            concurrency: How many jobs are under way at a time; most of them wait for the network. Default 16.
            cpus: How many pictures are worked on at a time. Default one a core.
            visibility: After how many seconds a job whose worker says nothing more is given to another. Default 60.
            max_attempts: How often a job is begun before it becomes a dead letter. Default 5.
            remember: For how many seconds the same event again is known to be done. Default 7 days.
            allow_private: Whether attachments may be fetched from this machine and its network, for tests. Default no.
            allowed_hosts: The hosts of the platform's own downloads, which get the client's token. Default none.
            spool: The folder for files on their way. Default one of this user's in the system's folder for temporary files.
            grace: How many seconds ``stop`` waits for jobs under way before it gives them back. Default 30.
            max_width, max_height, quality, effort, background, page, dpi, limits: How a preview is made, as in ``preview``.

        In a forked child the worker is another one with the same settings. A queue in a file that its parent has used is not to
        be had there; one that its parent has only opened is.

        Raises:
            InvalidInput: A setting that cannot be.
            Queue: The queue cannot be opened.
            File: The spool cannot be used.
        """

    def record(self, kind: str, fields: Mapping[str, JSON]) -> AuditReceipt:
        """Writes an entry of your own into the audit log, and returns when it is there.

        Args:
            kind: What sort of thing happened: 1 to 64 characters of ``a-z``, ``0-9``, ``_`` and ``-``.
            fields: What there is to say about it.

        Raises:
            InvalidInput: The client has no audit log, or a kind or a field that cannot be.
            TypeError: What JSON cannot express, by its place.
            TooLarge: An entry of more than 64 KiB.
            Unavailable: The log is full, with ``when_full="fail"``.
            File: The log cannot be written.
            Cancelled: The client is closed.
        """

    def flush_audit(self) -> None:
        """Posts whatever the audit endpoint has not acknowledged yet. Nothing to do without an audit log.

        Raises:
            PorteurError: Why the endpoint did not take it; the entries stay in the log and are posted later.
        """

    def close(self) -> None:
        """Ends every call under way, and refuses later ones with ``Cancelled``.

        Then signs and posts the audit log, for at most its ``drain``; what the endpoint does not take stays in the file
        for the next client.

        The end of a ``with`` block does this.
        """

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
        audit: Where an audit trail is kept. Default nowhere. A forked child writes a chain of its own into the same
            file.
        transfer_callback: Whom to tell how transfers ended, or the URL for a POST. Default nobody.
        attachment_callback: Whom to tell of an attachment that was transformed, or the URL for a POST. Default nobody.

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
        audit: Audit | None = None,
        transfer_callback: Callback | str | None = None,
        attachment_callback: Callback | str | None = None,
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
        audit: Audit | None = None,
        transfer_callback: Callback | str | None = None,
        attachment_callback: Callback | str | None = None,
    ) -> AsyncClient:
        """A client from ``GENESYS_CLIENT_ID``, ``GENESYS_CLIENT_SECRET``, ``GENESYS_SCOPES``, ``GENESYS_ENVIRONMENT``
        (else ``GENESYS_ENV``) and ``GENESYS_BASE_URL``, for an audit trail ``PORTEUR_AUDIT_FILE``,
        ``PORTEUR_AUDIT_SECRET`` and ``PORTEUR_AUDIT_ENDPOINT``, for the callback of transfers ``MEDIA_SERVER_WEBHOOK``
        and for that of attachments ``EXTERNAL_ASSET_CALLBACK_URL``; an argument goes before its variable.

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

    async def send(
        self,
        conversation: str,
        *,
        text: str | None = None,
        html: str | None = None,
        json: Content | None = None,
        sender: str,
        to: Sequence[str],
        attachments: Sequence[UploadedFile | Attachment] | None = None,
        client_id: str | None = None,
        check: bool | None = None,
        allow_unlisted_sender: bool | None = None,
    ) -> SentMessage:
        """Sends a message to a conversation, once: a lost answer is asked for again under the same deduplication id.

        The conversation is read first (and remembered for 5 s) to hold the message against its rules. With an audit log
        the send is in it before the message leaves.

        Args:
            conversation: The platform's id of the conversation.
            text: What it says, as plain text. Exactly one of ``text``, ``html`` and ``json``.
            html: What it says, as HTML, for channels that show it.
            json: What it says, as a JSON object or array: dicts, lists, tuples, strings, numbers, booleans and None.
            sender: A participant of the conversation with the role ``agent``.
            to: Who is to read it, at least one.
            attachments: Uploaded files, or ``Attachment``s of bytes or URLs. One whose type was not named goes by its
                name.
            client_id: The deduplication id, 1 to 128 visible ASCII characters: the platform answers the same id in a
                conversation with the first message. Default a new one; give one to be able to send again after a crash.
            check: Whether the conversation's rules are looked at before. Default True.
            allow_unlisted_sender: Whether a sender may write who is no participant. Default False.

        Raises:
            InvalidInput: The rule, the field and the value that cannot be; nothing was sent.
            TypeError: An argument of another type; in ``json`` the place of what JSON cannot express.
            NotFound: There is no such conversation.
            Unconfirmed: The message may be there, but no attempt was answered: send it again with the ``client_id`` in
                ``details``.
            File: The audit log cannot be written; nothing was sent.
            Unauthenticated, PermissionDenied, RateLimited, Unavailable, Api, Network, Protocol: The platform or the way
                to it failed, after as many attempts as the pace allows.
            Cancelled: The client is closed.

        Cancellation: ``task.cancel()`` ends the call. A message that left is not recalled.
        """

    async def send_many(
        self, messages: Iterable[Outgoing], *, concurrency: int | None = None
    ) -> list[SentMessage | PorteurError]:
        """Sends many messages; what became of each, in order. One that fails stops no other.

        Args:
            messages: Dicts of ``conversation`` and what ``send`` takes beside it.
            concurrency: How many are under way at a time, 1 to 256. Default 16.

        Returns:
            For each message what ``send`` would return, or the error that it would raise.

        Raises:
            InvalidInput: A ``concurrency`` that cannot be.
            TypeError: Something that is no message, by its place; nothing was sent.

        Cancellation: ``task.cancel()`` ends the call. Messages that left are not recalled; those whose turn
        has not come are not sent.
        """

    async def await_delivery(
        self,
        sent: SentMessage,
        *,
        within: float | None = None,
        interval: float | None = None,
        backoff: float | None = None,
        sla: float | None = None,
    ) -> Receipt:
        """Waits until ``sent`` is delivered or read. Who waits for messages of one conversation shares the questions.

        Args:
            sent: What ``send`` returned, or a ``SentMessage`` of a conversation and an id.
            within: For how long to ask, in seconds. Default 20.
            interval: The wait before the first question and between questions, in seconds. Default 2.
            backoff: What the wait is multiplied with after every question, 1 to 10. Default 1.
            sla: The time from creation to delivery that was promised, in seconds; it marks the receipt and stops
                nothing. Default none.

        Raises:
            InvalidInput: A number that cannot be.
            DeliveryFailed: As soon as the platform says so.
            DeliveryTimeout: ``within`` passed first.
            NotFound: There is no such conversation.
            Unauthenticated, PermissionDenied, RateLimited, Unavailable, Api, Network, Protocol: The platform or the way
                to it failed, after as many attempts as the pace allows.
            Cancelled: The client is closed.

        Cancellation: ``task.cancel()`` ends the call. Only the asking stops: the message itself is not recalled.
        """

    def history(
        self, conversation: str, *, page_size: int | None = None, page_token: str | None = None
    ) -> AsyncIterator[HistoryMessage]:
        """The messages of a conversation, oldest first, for ``async for``. A page is read when its first message is
        asked for.

        Args:
            conversation: The platform's id of the conversation.
            page_size: Messages a page, 1 to 100. Default 25.
            page_token: Where an earlier reading stopped, as the platform named it. Default the beginning.

        The iteration raises, and ends then:

            InvalidInput: A page size or a token that cannot be, also when the platform refuses it.
            NotFound: There is no such conversation.
            Protocol: Pages that would never end.
            Other errors of the platform, as ``send``.
        """

    async def connect(self) -> AsyncSession:
        """Opens a session on the platform's socket, which many transfers share.

        >>> async with await client.connect() as session:  # doctest: +SKIP
        ...     await session.transfer("interaction-1", "genesys://user/agent-9")

        Raises:
            Unauthenticated, PermissionDenied, RateLimited, Unavailable, Api, Network, Protocol: The platform or the way
                to it failed, after as many attempts as the pace allows; nothing was sent on the socket.
            Cancelled: The client is closed.
        """

    async def transfer(
        self,
        interaction: str,
        destination: str,
        *,
        media: Sequence[Audio | MediaMatrix] | None = None,
        id: str | None = None,
        frame_timeout: float | None = None,
        within: float | None = None,
        check: bool | None = None,
        callback: Callback | str | None = None,
    ) -> TransferOutcome:
        """Transfers one interaction in a session of its own, as ``AsyncSession.transfer`` does in a shared one.

        Raises:
            As ``connect`` and ``AsyncSession.transfer``.

        Cancellation: ``task.cancel()`` ends the call. A frame that left is not recalled: give an ``id`` to be able to
        find out what became of it.
        """

    async def attachment(self, id: str) -> AttachmentInfo:
        """What an attachment of a conversation is.

        Raises:
            InvalidInput: An id that cannot be.
            NotFound, NotAvailable: There is none by this id, or it cannot be had (yet).
            Other errors of the platform, as ``send``.
        """

    async def transform_attachment(
        self,
        directive: str | Mapping[str, object],
        *,
        target_format: Literal["jpeg", "png", "webp"] | None = None,
        max_width: int | None = None,
        max_height: int | None = None,
        preserve_aspect_ratio: bool | None = None,
        generate_thumbnail: bool | None = None,
        thumbnail_max_width: int | None = None,
        enlarge: bool | None = None,
    ) -> TransformedAttachment:
        """Makes a new attachment of one: downloads it, transforms it, uploads the result, and says what it is.

        Then the callback is made. With an audit log an entry is in it before the upload, before the patch, and at the
        end.

        >>> await client.transform_attachment(  # doctest: +SKIP
        ...     "a1b2c3d4", target_format="jpeg", max_width=1920, max_height=1080, generate_thumbnail=True,
        ...     thumbnail_max_width=200,
        ... )

        Args:
            directive: The platform's id of the attachment, and the rest as keyword arguments; or all of it as the JSON
                of the platform's tutorial: ``{"attachmentId": ..., "targetFormat": ..., "maxWidth": ...}``.
            target_format: What the new one is encoded as.
            max_width: 1 to 4096 px; even where the aspect ratio is kept.
            max_height: The same.
            preserve_aspect_ratio: Whether it keeps its shape, as large as fits; else it is stretched to exactly this
                size. Default True.
            generate_thumbnail: Whether a thumbnail is made of the result and linked by ``thumbnailId``. Default False.
            thumbnail_max_width: 1 px to ``max_width``. Looked at when a thumbnail is made.
            enlarge: Whether a picture that is smaller may be made larger. Default False.

        Raises:
            InvalidInput: A field that is missing, unknown, or breaks a rule; nothing was sent.
            NotFound, NotAvailable: There is no such attachment, or it cannot be had (yet).
            Media: A type that is not taken, bytes that are not of their type, a picture that is damaged or costs too
                much.
            TooLarge: More bytes than ``limits.media`` allows.
            Protocol: Another length than the one described, or a redirect that must not be followed.
            Unfinished: Whatever fails once something is or may be on the platform; it names the ids.
            File: The audit log cannot be written.
            Other errors of the platform, as ``send``.

        Cancellation: ``task.cancel()`` ends the call. What was uploaded stays; the audit log names it.
        """

    async def transform_attachments(
        self, directives: Iterable[Mapping[str, object]], *, concurrency: int | None = None
    ) -> list[TransformedAttachment | PorteurError]:
        """Transforms many attachments; what became of each, in order. One that fails stops no other.

        Some are downloaded and uploaded while the pictures of others are worked on, one a core.

        Args:
            directives: Dicts of what ``transform_attachment`` takes, with the id as ``attachment_id``, or the JSON of
                the tutorial.
            concurrency: How many are under way at a time, 1 to 256; so many of their files are in memory at most.
                Default 16.

        Returns:
            For each what ``transform_attachment`` would return, or the error that it would raise.

        Raises:
            InvalidInput: A ``concurrency`` that cannot be.
            TypeError: Something that is no dict, by its place; nothing was sent.

        When its task is cancelled, the call ends. What was uploaded stays; those
        whose turn has not come are left alone.
        """

    def previews(
        self,
        *,
        publish_to: str | Callable[[str], str | Awaitable[str]] | None = None,
        store: str | None = None,
        store_options: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        public_url: str | None = None,
        queue: StrPath | None = None,
        webhook_secrets: Sequence[str] | None = None,
        unsigned: bool | None = None,
        concurrency: int | None = None,
        cpus: int | None = None,
        visibility: float | None = None,
        max_attempts: int | None = None,
        remember: float | None = None,
        allow_private: bool | None = None,
        allowed_hosts: Sequence[str] | None = None,
        spool: StrPath | None = None,
        grace: float | None = None,
        max_width: int | None = None,
        max_height: int | None = None,
        quality: int | None = None,
        effort: Literal["fast", "best"] | None = None,
        background: tuple[int, int, int] | None = None,
        page: int | None = None,
        dpi: int | None = None,
        limits: MediaLimits | None = None,
    ) -> AsyncPreviewWorker:
        """A worker that makes previews of attachments and links them into their conversations. It opens its queue, and makes
        nothing before ``run``.

        Without ``publish_to`` and ``store``, ``CDN_PRESIGNED_URL_TEMPLATE`` says where previews go and
        ``PORTEUR_WEBHOOK_SECRET`` with what webhooks are signed (two secrets with a comma between them).

        Args:
            publish_to: A PUT to this URL with ``{id}`` replaced by the name of the preview; or a function that makes the URL for a
                name, asked anew for each attempt, on a thread of its own, or as a coroutine
                on the loop of the call.
                What it raises fails that attempt, and is what ``handle`` raises.
            store: An object store in place of that: ``s3://bucket/folder``, ``gs://``, ``az://`` or ``file:///folder``. It wants a
                ``public_url``.
            store_options: Options of the store, as in ``aws_access_key_id``; what is not given is taken from the environment.
            headers: Headers of each PUT besides ``Content-Type``.
            public_url: Where a preview is to be had, with ``{id}`` for its name. Default the URL that it was put to, without its
                query.
            queue: Where jobs are kept: a SQLite file, or a ``postgres://`` URL for many hosts. Default ``previews.db``.
            webhook_secrets: What webhooks may be signed with: two while one takes the place of the other. Default none.
            unsigned: Whether webhooks are taken without a signature, for hosts that have looked at it themselves. Default no.
            concurrency: How many jobs are under way at a time; most of them wait for the network. Default 16.
            cpus: How many pictures are worked on at a time. Default one a core.
            visibility: After how many seconds a job whose worker says nothing more is given to another. Default 60.
            max_attempts: How often a job is begun before it becomes a dead letter. Default 5.
            remember: For how many seconds the same event again is known to be done. Default 7 days.
            allow_private: Whether attachments may be fetched from this machine and its network, for tests. Default no.
            allowed_hosts: The hosts of the platform's own downloads, which get the client's token. Default none.
            spool: The folder for files on their way. Default one of this user's in the system's folder for temporary files.
            grace: How many seconds ``stop`` waits for jobs under way before it gives them back. Default 30.
            max_width, max_height, quality, effort, background, page, dpi, limits: How a preview is made, as in ``preview``.

        In a forked child the worker is another one with the same settings. A queue in a file that its parent has used is not to
        be had there; one that its parent has only opened is.

        Raises:
            InvalidInput: A setting that cannot be.
            Queue: The queue cannot be opened.
            File: The spool cannot be used.
        """

    async def record(self, kind: str, fields: Mapping[str, JSON]) -> AuditReceipt:
        """Writes an entry of your own into the audit log, and returns when it is there.

        Args:
            kind: What sort of thing happened: 1 to 64 characters of ``a-z``, ``0-9``, ``_`` and ``-``.
            fields: What there is to say about it.

        Raises:
            InvalidInput: The client has no audit log, or a kind or a field that cannot be.
            TypeError: What JSON cannot express, by its place.
            TooLarge: An entry of more than 64 KiB.
            Unavailable: The log is full, with ``when_full="fail"``.
            File: The log cannot be written.
            Cancelled: The client is closed.
        """

    async def flush_audit(self) -> None:
        """Posts whatever the audit endpoint has not acknowledged yet. Nothing to do without an audit log.

        Raises:
            PorteurError: Why the endpoint did not take it; the entries stay in the log and are posted later.
        """

    async def close(self) -> None:
        """Ends every call under way, and refuses later ones with ``Cancelled``.

        Then signs and posts the audit log, for at most its ``drain``; what the endpoint does not take stays in the file
        for the next client.

        The end of an ``async with`` block does this.
        """

    def __aenter__(self) -> Coroutine[Any, Any, Self]: ...
    def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None, /
    ) -> Coroutine[Any, Any, None]: ...
    def _by_clock_of(self, simulator: Simulator) -> AsyncClient: ...

@final
class Session:
    """An open socket to the platform, from ``Client.connect``, whose methods wait, with the GIL released.

    When the connection is lost it is opened again, and transfers under way go on. Share it between threads; one that
    nobody holds any more is closed. Cannot be pickled, and is of no use in a forked child, where all but ``close``
    raises ``RuntimeError``.
    """

    def transfer(
        self,
        interaction: str,
        destination: str,
        *,
        media: Sequence[Audio | MediaMatrix] | None = None,
        id: str | None = None,
        frame_timeout: float | None = None,
        within: float | None = None,
        check: bool | None = None,
        callback: Callback | str | None = None,
    ) -> TransferOutcome:
        """Transfers an interaction with its media, and says how that ended.

        The socket is pinged and the interaction read; then a frame is sent. Media that the gateway does not support are
        followed by the next, in a frame of their own. A frame that met a lost connection or a rate limit is sent again,
        three times at most; before that the interaction is read, and the gateway carries out an id once. With an audit
        log a frame is in it before it leaves, and what became of it afterwards. Then the callback is made.

        Args:
            interaction: The platform's id of the interaction, which has to be active or queued.
            destination: Where it goes, as in ``"genesys://user/agent-9"``.
            media: What is to be heard and seen, the best first. Default ``[Audio("opus", 64)]``.
            id: The id of the first frame, 1 to 128 visible ASCII characters; those of the others follow from it. Default
                a new one; give the one that an error names, with the same media, to find out what became of it. When
                the interaction is over by then and tells nothing of it, that takes ``check=False``.
            frame_timeout: How long an answer to one frame is waited for, in seconds. Default 10.
            within: How long the transfer may take in all, in seconds; the callback comes on top. Default 30.
            check: Whether the socket is pinged and the interaction read before. Default True.
            callback: Whom to tell how it ended, or the URL for a POST. Default the client's ``transfer_callback``.

        Raises:
            InvalidInput: The field and the value that cannot be, as in ``media[1].audio.codec``; nothing was sent.
            InteractionNotActive, NotFound: The interaction is over, or never was; nothing was sent.
            TransferRejected: The gateway says no.
            TransferTimeout, Unconfirmed: What became of the frame is not known in time, or not at all: the same
                transfer with the ``id`` in ``details`` (of ``Unconfirmed``, the ``client_id``) finds out, and never
                makes a second one.
            RateLimited: The gateway says so to the end.
            File: The audit log cannot be written; nothing was sent.
            Unauthenticated, PermissionDenied, Unavailable, Api, Network, Protocol: The platform or the way to it
                failed, after as many attempts as the pace allows.
            Cancelled: The session or its client is closed.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s. A frame that left is not recalled: give an ``id`` to be able
        to find out what became of it.
        """

    def transfer_many(
        self, transfers: Iterable[OutgoingTransfer], *, concurrency: int | None = None
    ) -> list[TransferOutcome | PorteurError]:
        """Transfers many interactions over this socket; what became of each, in order. One that fails stops no other.

        Args:
            transfers: Dicts of what ``transfer`` takes.
            concurrency: How many are under way at a time, 1 to 256. Default 16.

        Returns:
            For each transfer what ``transfer`` would return, or the error that it would raise.

        Raises:
            InvalidInput: A ``concurrency`` that cannot be.
            TypeError: Something that is no transfer, by its place; nothing was sent.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s. Frames that left are not recalled; transfers whose turn has
        not come are not made.
        """

    def events(self) -> Iterator[SessionEvent]:
        """What happens on this session from now on; ends after the event ``"closed"``. Holds at most 256 events that
        nobody took, and keeps the session open.

        Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s, and no event is lost by it.
        """

    def close(self) -> None:
        """Closes the socket: transfers under way end with ``Cancelled``, and so do later ones. Returns when the
        platform has agreed, or after 3 s without that.

        The end of a ``with`` block does this.
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...

@final
class AsyncSession:
    """An open socket to the platform, from ``AsyncClient.connect``, whose methods are coroutines.

    When the connection is lost it is opened again, and transfers under way go on. Share it between tasks; one that
    nobody holds any more is closed. Cannot be pickled, and is of no use in a forked child, where all but ``close``
    raises ``RuntimeError``.
    """

    async def transfer(
        self,
        interaction: str,
        destination: str,
        *,
        media: Sequence[Audio | MediaMatrix] | None = None,
        id: str | None = None,
        frame_timeout: float | None = None,
        within: float | None = None,
        check: bool | None = None,
        callback: Callback | str | None = None,
    ) -> TransferOutcome:
        """Transfers an interaction with its media, and says how that ended.

        The socket is pinged and the interaction read; then a frame is sent. Media that the gateway does not support are
        followed by the next, in a frame of their own. A frame that met a lost connection or a rate limit is sent again,
        three times at most; before that the interaction is read, and the gateway carries out an id once. With an audit
        log a frame is in it before it leaves, and what became of it afterwards. Then the callback is made.

        Args:
            interaction: The platform's id of the interaction, which has to be active or queued.
            destination: Where it goes, as in ``"genesys://user/agent-9"``.
            media: What is to be heard and seen, the best first. Default ``[Audio("opus", 64)]``.
            id: The id of the first frame, 1 to 128 visible ASCII characters; those of the others follow from it. Default
                a new one; give the one that an error names, with the same media, to find out what became of it. When
                the interaction is over by then and tells nothing of it, that takes ``check=False``.
            frame_timeout: How long an answer to one frame is waited for, in seconds. Default 10.
            within: How long the transfer may take in all, in seconds; the callback comes on top. Default 30.
            check: Whether the socket is pinged and the interaction read before. Default True.
            callback: Whom to tell how it ended, or the URL for a POST. Default the client's ``transfer_callback``.

        Raises:
            InvalidInput: The field and the value that cannot be, as in ``media[1].audio.codec``; nothing was sent.
            InteractionNotActive, NotFound: The interaction is over, or never was; nothing was sent.
            TransferRejected: The gateway says no.
            TransferTimeout, Unconfirmed: What became of the frame is not known in time, or not at all: the same
                transfer with the ``id`` in ``details`` (of ``Unconfirmed``, the ``client_id``) finds out, and never
                makes a second one.
            RateLimited: The gateway says so to the end.
            File: The audit log cannot be written; nothing was sent.
            Unauthenticated, PermissionDenied, Unavailable, Api, Network, Protocol: The platform or the way to it
                failed, after as many attempts as the pace allows.
            Cancelled: The session or its client is closed.

        Cancellation: ``task.cancel()`` ends the call. A frame that left is not recalled: give an ``id`` to be able to
        find out what became of it.
        """

    async def transfer_many(
        self, transfers: Iterable[OutgoingTransfer], *, concurrency: int | None = None
    ) -> list[TransferOutcome | PorteurError]:
        """Transfers many interactions over this socket; what became of each, in order. One that fails stops no other.

        Args:
            transfers: Dicts of what ``transfer`` takes.
            concurrency: How many are under way at a time, 1 to 256. Default 16.

        Returns:
            For each transfer what ``transfer`` would return, or the error that it would raise.

        Raises:
            InvalidInput: A ``concurrency`` that cannot be.
            TypeError: Something that is no transfer, by its place; nothing was sent.

        When its task is cancelled, the call ends. Frames that left are not recalled; transfers whose turn has
        not come are not made.
        """

    def events(self) -> AsyncIterator[SessionEvent]:
        """What happens on this session from now on, for ``async for``; ends after the event ``"closed"``. Holds at most
        256 events that nobody took, and keeps the session open.

        Cancellation: ``task.cancel()`` ends the wait for an event, and loses none.
        """

    async def close(self) -> None:
        """Closes the socket: transfers under way end with ``Cancelled``, and so do later ones. Returns when the
        platform has agreed, or after 3 s without that.

        The end of an ``async with`` block does this.
        """

    def __aenter__(self) -> Coroutine[Any, Any, Self]: ...
    def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None, /
    ) -> Coroutine[Any, Any, None]: ...

@final
class PreviewWorker:
    """Makes previews of attachments, from ``Client.previews``. Leaving its ``with`` block stops it."""

    def submit(self, body: _Buffer, headers: _Headers) -> Submitted:
        """Takes a webhook. When this returns its job is stored, and nothing loses it any more.

        The same event again is the same job, also when that is done.

        Args:
            body: The raw bytes: what was parsed and printed again has another signature.
            headers: All that came with it, as a mapping or as pairs, of ``str`` or of the ``bytes`` of ASGI.

        Raises:
            WebhookRejected: The signature or the body is not acceptable; answer with its ``status``.
            InvalidInput: There is no secret, and ``unsigned`` does not say that none is needed.
            Queue: The job could not be stored: answer 503, and the platform sends it again.
        """

    def answer(self, body: _Buffer, headers: _Headers) -> WebhookAnswer:
        """``submit``, and what to answer to whoever sent the webhook, whatever became of it."""

    def handle(self, event: Mapping[str, JSON], attempt: int | None = None) -> PreviewOutcome:
        """Makes the preview of one attachment now, without the queue: for hosts with a queue of their own.

        Args:
            event: The ``data`` of a webhook.
            attempt: Counted from 1, the default. From the second on the history is searched first, so that nothing is posted
                twice.

        Raises:
            WebhookRejected: An event that is none, by the member that is missing or wrong.
            Media: What no preview can be made of.
            UnsafeTarget: An attachment that may not be fetched.
            PorteurError: As for every call; ``retryable`` says whether another attempt may help.
        """

    def run(self) -> None:
        """Works until ``stop`` is called or the client is closed; jobs under way are finished then, or given back.

        A queue that is not to be had is waited for. When the platform or the CDN is not to be had, no job is begun for a while.
        Ctrl-C is ``stop``, and raises ``KeyboardInterrupt`` when that is done; a second one ends the jobs where they are, and
        they come back to the queue when their visibility ends.

        Raises:
            InvalidInput: This worker runs already.
        """

    def drain(self) -> None:
        """Works until no job is left but dead letters, those included that are to be tried again later and those that others have
        taken. It ends early as ``run`` does.

        Raises:
            InvalidInput: This worker runs already.
            Queue: The queue is not to be had.
        """

    def stop(self) -> None:
        """Ends ``run`` and ``drain``, and waits until they have: jobs under way are finished, and those that take longer than
        ``grace`` are given back. The worker can run again afterwards."""

    def stats(self) -> PreviewStats:
        """How this worker fares."""

    def recent(self) -> list[PreviewOutcome]:
        """The last previews of this worker, the newest first: at most 24."""

    def queue_stats(self) -> QueueStats:
        """How much there is of what in the queue.

        Raises:
            Queue: It is not to be had. So do the methods below.
        """

    def dead_letters(self, *, after: int | None = None, most: int | None = None) -> list[DeadLetter]:
        """The jobs that nobody will try again by themselves, a page at a time.

        Args:
            after: Those behind this ``position``. Default all.
            most: At most so many, and 1,000 at most.
        """

    def redrive(self, key: str | None = None) -> int:
        """Makes the dead letter of this key a job again, with all attempts before it; without a key all of them. Returns how many
        there were."""

    def purge(self, key: str | None = None) -> int:
        """Removes the dead letter of this key and forgets it; without a key all of them. Returns how many there were."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...

@final
class AsyncPreviewWorker:
    """Makes previews of attachments, from ``AsyncClient.previews``; the methods of ``PreviewWorker``, awaited. Leaving its ``async with`` block stops it."""

    async def submit(self, body: _Buffer, headers: _Headers) -> Submitted:
        """Takes a webhook. When this returns its job is stored, and nothing loses it any more.

        The same event again is the same job, also when that is done.

        Args:
            body: The raw bytes: what was parsed and printed again has another signature.
            headers: All that came with it, as a mapping or as pairs, of ``str`` or of the ``bytes`` of ASGI.

        Raises:
            WebhookRejected: The signature or the body is not acceptable; answer with its ``status``.
            InvalidInput: There is no secret, and ``unsigned`` does not say that none is needed.
            Queue: The job could not be stored: answer 503, and the platform sends it again.
        """

    async def answer(self, body: _Buffer, headers: _Headers) -> WebhookAnswer:
        """``submit``, and what to answer to whoever sent the webhook, whatever became of it."""

    async def handle(self, event: Mapping[str, JSON], attempt: int | None = None) -> PreviewOutcome:
        """Makes the preview of one attachment now, without the queue: for hosts with a queue of their own.

        Args:
            event: The ``data`` of a webhook.
            attempt: Counted from 1, the default. From the second on the history is searched first, so that nothing is posted
                twice.

        Raises:
            WebhookRejected: An event that is none, by the member that is missing or wrong.
            Media: What no preview can be made of.
            UnsafeTarget: An attachment that may not be fetched.
            PorteurError: As for every call; ``retryable`` says whether another attempt may help.
        """

    async def run(self) -> None:
        """Works until ``stop`` is called or the client is closed; jobs under way are finished then, or given back.

        A queue that is not to be had is waited for. When the platform or the CDN is not to be had, no job is begun for a while.
        When the task is cancelled, the jobs under way are given back before this ends.

        Raises:
            InvalidInput: This worker runs already.
        """

    async def drain(self) -> None:
        """Works until no job is left but dead letters, those included that are to be tried again later and those that others have
        taken. It ends early as ``run`` does.

        Raises:
            InvalidInput: This worker runs already.
            Queue: The queue is not to be had.
        """

    async def stop(self) -> None:
        """Ends ``run`` and ``drain``, and waits until they have: jobs under way are finished, and those that take longer than
        ``grace`` are given back. The worker can run again afterwards."""

    def stats(self) -> PreviewStats:
        """How this worker fares."""

    def recent(self) -> list[PreviewOutcome]:
        """The last previews of this worker, the newest first: at most 24."""

    async def queue_stats(self) -> QueueStats:
        """How much there is of what in the queue.

        Raises:
            Queue: It is not to be had. So do the methods below.
        """

    async def dead_letters(self, *, after: int | None = None, most: int | None = None) -> list[DeadLetter]:
        """The jobs that nobody will try again by themselves, a page at a time.

        Args:
            after: Those behind this ``position``. Default all.
            most: At most so many, and 1,000 at most.
        """

    async def redrive(self, key: str | None = None) -> int:
        """Makes the dead letter of this key a job again, with all attempts before it; without a key all of them. Returns how many
        there were."""

    async def purge(self, key: str | None = None) -> int:
        """Removes the dead letter of this key and forgets it; without a key all of them. Returns how many there were."""

    def __aenter__(self) -> Coroutine[Any, Any, Self]: ...
    def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None, /
    ) -> Coroutine[Any, Any, None]: ...

@final
class Submitted:
    """What became of a webhook. Can be pickled."""

    def __new__(cls, status: str, *, id: str | None = None, known: bool = False, reason: str | None = None) -> Self: ...
    @property
    def status(self) -> str:
        """``"queued"`` when it is a job, and stored; ``"ignored"`` when it is of no attachment."""

    @property
    def id(self) -> str | None:
        """The key of the job."""

    @property
    def known(self) -> bool:
        """Whether the job was known before: the same event came again."""

    @property
    def reason(self) -> str | None:
        """Why it is ignored."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]: ...

@final
class WebhookAnswer:
    """What to answer to whoever sent a webhook. Can be pickled."""

    def __new__(cls, status: int, headers: Mapping[str, str], body: str) -> Self: ...
    @property
    def status(self) -> int:
        """200; 400, 401 or 413 for what is not acceptable; 503 when the job could not be stored."""

    @property
    def headers(self) -> dict[str, str]:
        """``Content-Type``, and with 503 ``Retry-After``."""

    @property
    def body(self) -> str:
        """JSON, as in ``{"status":"queued"}``."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[int, dict[str, str], str]: ...

@final
class PreviewOutcome:
    """A preview that stands in its conversation. Can be pickled."""

    def __new__(
        cls,
        id: str,
        conversation: str,
        *,
        file_name: str,
        url: str,
        message: str,
        linked_before: bool,
        bytes: _Bytes,
        format: str,
        width: int,
        height: int,
        source_bytes: int,
        timings: PreviewTimes,
    ) -> Self: ...
    @property
    def id(self) -> str:
        """The key of the job: ``{id}`` of what was published, and ``previewId`` in the message."""

    @property
    def conversation(self) -> str:
        """The conversation."""

    @property
    def file_name(self) -> str:
        """The name of the attachment."""

    @property
    def url(self) -> str:
        """Where the preview is to be had."""

    @property
    def message(self) -> str:
        """The id of the message that says so."""

    @property
    def linked_before(self) -> bool:
        """Whether an earlier attempt had posted that message already."""

    @property
    def bytes(self) -> _Bytes:
        """The preview itself."""

    @property
    def format(self) -> str:
        """What it is encoded as: ``"webp"``."""

    @property
    def content_type(self) -> str:
        """Its MIME type."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""

    @property
    def source_bytes(self) -> int:
        """Bytes of the attachment."""

    @property
    def timings(self) -> PreviewTimes:
        """How long each stage took."""

    def base64(self) -> str:
        """The preview in base64, as for a ``data:`` URL."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]: ...

@final
class PreviewTimes:
    """How long each stage of a preview took, in seconds. Can be pickled."""

    def __new__(cls, fetch: float, picture: float, publish: float, link: float) -> Self: ...
    @property
    def fetch(self) -> float:
        """Fetching the attachment."""

    @property
    def picture(self) -> float:
        """Waiting for a processor, and making the picture small."""

    @property
    def publish(self) -> float:
        """Putting the preview where it is to be had."""

    @property
    def link(self) -> float:
        """Saying so in the conversation."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[float, float, float, float]: ...

@final
class PreviewStats:
    """How a worker fares. Counts are of this process since the worker was made; what is in the queue is everybody's. Can be pickled."""

    def __new__(
        cls,
        *,
        running: int,
        made: int,
        retried: int,
        given_back: int,
        buried: int,
        bytes_fetched: int,
        times: PreviewTimes,
        paused: float | None = None,
    ) -> Self: ...
    @property
    def running(self) -> int:
        """Jobs that are under way."""

    @property
    def made(self) -> int:
        """Previews that were made and linked."""

    @property
    def retried(self) -> int:
        """Attempts that failed and are made again."""

    @property
    def given_back(self) -> int:
        """Attempts that were given back since the platform or the CDN was not to be had."""

    @property
    def buried(self) -> int:
        """Jobs that became dead letters."""

    @property
    def bytes_fetched(self) -> int:
        """Bytes of attachments that were fetched."""

    @property
    def times(self) -> PreviewTimes:
        """The time that each stage took, over all previews that were made."""

    @property
    def paused(self) -> float | None:
        """For how many seconds no job is begun from now on, when the platform or the CDN is not to be had."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

@final
class QueueStats:
    """How much there is of what in a queue. Can be pickled."""

    def __new__(
        cls, *, waiting: int, taken: int, delayed: int, dead: int, remembered: int, oldest: float | None = None
    ) -> Self: ...
    @property
    def waiting(self) -> int:
        """Jobs that may be taken."""

    @property
    def taken(self) -> int:
        """Jobs that somebody has."""

    @property
    def delayed(self) -> int:
        """Jobs that are to be tried again later."""

    @property
    def dead(self) -> int:
        """Dead letters."""

    @property
    def remembered(self) -> int:
        """Finished keys that are still known."""

    @property
    def oldest(self) -> float | None:
        """How many seconds ago the oldest job was stored that is not finished and not dead."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

@final
class DeadLetter:
    """A job that nobody will try again by itself. Can be pickled."""

    def __new__(
        cls,
        position: int,
        key: str,
        *,
        body: bytes,
        reason: str,
        attempts: int,
        enqueued_at: datetime,
        died_at: datetime,
    ) -> Self: ...
    @property
    def position(self) -> int:
        """Where it stands among them: give that of the last one as ``after`` for the next page."""

    @property
    def key(self) -> str:
        """The key of the job."""

    @property
    def body(self) -> bytes:
        """The event, as JSON."""

    @property
    def reason(self) -> str:
        """Why it is here."""

    @property
    def attempts(self) -> int:
        """How often it was begun."""

    @property
    def enqueued_at(self) -> datetime:
        """When it was stored, in UTC."""

    @property
    def died_at(self) -> datetime:
        """When it was given up, in UTC."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[int, str], dict[str, Any]]: ...

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
        audit: For a batch of the audit log in all. Default 10.
        ping: For the answer to a ping on a socket. Default 3.
        callback: For one attempt at the callback of a transfer. Default 5.
        attachment_callback: For one attempt at the callback of an attachment. Default 10.
        download: For the bytes of an attachment, each attempt and each redirect by itself. Default 30.
        download_stall: For the bytes of an attachment without a byte that comes. Default 10.
        publish: For one attempt at putting a preview where it is to be had. Default 15.

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
        audit: float | None = None,
        ping: float | None = None,
        callback: float | None = None,
        attachment_callback: float | None = None,
        download: float | None = None,
        download_stall: float | None = None,
        publish: float | None = None,
    ) -> Self: ...
    @property
    def connect(self) -> float: ...
    @property
    def token(self) -> float: ...
    @property
    def call(self) -> float: ...
    @property
    def stall(self) -> float: ...
    @property
    def audit(self) -> float: ...
    @property
    def ping(self) -> float: ...
    @property
    def callback(self) -> float: ...
    @property
    def attachment_callback(self) -> float: ...
    @property
    def download(self) -> float: ...
    @property
    def download_stall(self) -> float: ...
    @property
    def publish(self) -> float: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

@final
class Limits:
    """How much to take on.

    Args:
        max_chunk_bytes: The largest chunk that is held in memory for a source that cannot be read again. Default
            64 MiB.
        max_bandwidth_kbps: The most kbit/s of a transfer's sound that the media gateway takes. Default 128.
        codecs: The codecs that the media gateway knows. Default ``["opus", "g722", "pcmu"]``.
        max_fps: The most pictures a second of a transfer that the media gateway takes. Default 30.
        media: What the picture of an attachment may cost.

    Raises:
        InvalidInput: A number that is negative or too large.
    """

    def __new__(
        cls,
        *,
        max_chunk_bytes: int | None = None,
        max_bandwidth_kbps: int | None = None,
        codecs: Sequence[str] | None = None,
        max_fps: int | None = None,
        media: MediaLimits | None = None,
    ) -> Self: ...
    @property
    def max_chunk_bytes(self) -> int: ...
    @property
    def max_bandwidth_kbps(self) -> int: ...
    @property
    def codecs(self) -> list[str]: ...
    @property
    def max_fps(self) -> int: ...
    @property
    def media(self) -> MediaLimits: ...
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

    def __new__(
        cls, id: str, name: str, size: int, checksums: Sequence[str], content_type: str | None = None
    ) -> Self: ...
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

    @property
    def content_type(self) -> str:
        """The MIME type that it was uploaded with."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str, str, int, list[str], str]: ...

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

@final
class Attachment:
    """An attachment of a message: bytes, a URL, or a file that was uploaded. Can be pickled.

    Args:
        filename: The name that the reader sees.
        data: Bytes that travel in the message (used without a copy; other buffers are copied once).
        url: An absolute http or https URL where the reader fetches it.
        file_id: The platform's id of an uploaded file; an ``UploadedFile`` is an attachment by itself.
        content_type: The MIME type. Default what the name's extension says, else ``"application/octet-stream"``.

    Raises:
        InvalidInput: None of ``data``, ``url`` and ``file_id``, or more than one.
    """

    def __new__(
        cls,
        filename: str,
        *,
        data: _Buffer | None = None,
        url: str | None = None,
        file_id: str | None = None,
        content_type: str | None = None,
    ) -> Self: ...
    @property
    def filename(self) -> str: ...
    @property
    def data(self) -> bytes | None: ...
    @property
    def url(self) -> str | None: ...
    @property
    def file_id(self) -> str | None: ...
    @property
    def content_type(self) -> str | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]: ...

@final
class SentMessage:
    """A message that the platform took; delivery comes later: ``await_delivery``. Can be pickled.

    Can be made from the conversation and the id of a message that was sent earlier, perhaps by another process; what is
    not known of it is empty.
    """

    def __new__(
        cls,
        conversation: str,
        id: str,
        *,
        status: str | None = None,
        client_id: str | None = None,
        sender: str | None = None,
        to: Sequence[str] | None = None,
    ) -> Self: ...
    @property
    def id(self) -> str:
        """The platform's id of the message."""

    @property
    def conversation(self) -> str:
        """Its conversation."""

    @property
    def status(self) -> str:
        """The platform's first word about it, as in ``"queued"``."""

    @property
    def client_id(self) -> str:
        """The deduplication id."""

    @property
    def sender(self) -> str:
        """Who sent it."""

    @property
    def to(self) -> list[str]:
        """Who is to read it."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]: ...

@final
class Receipt:
    """What is known of a message that was delivered. Can be pickled."""

    def __new__(
        cls,
        message_id: str,
        conversation: str,
        status: str,
        created: datetime,
        delivered: datetime,
        elapsed: float,
        sla: Sla | None = None,
    ) -> Self: ...
    @property
    def message_id(self) -> str:
        """The platform's id of the message."""

    @property
    def conversation(self) -> str:
        """Its conversation."""

    @property
    def status(self) -> str:
        """The platform's word: ``"delivered"`` or ``"read"``."""

    @property
    def created(self) -> datetime:
        """When the platform created it, in UTC."""

    @property
    def delivered(self) -> datetime:
        """When it was delivered, in UTC."""

    @property
    def elapsed(self) -> float:
        """The time between the two, in seconds."""

    @property
    def sla(self) -> Sla | None:
        """The verdict, when a threshold was given."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str, str, str, datetime, datetime, float, Sla | None]: ...

@final
class Sla:
    """How a delivery stands against the time that was promised, in seconds. Can be pickled."""

    def __new__(cls, threshold: float, elapsed: float, violated: bool) -> Self: ...
    @property
    def threshold(self) -> float:
        """The time from creation to delivery that was promised."""

    @property
    def elapsed(self) -> float:
        """The time it took."""

    @property
    def violated(self) -> bool:
        """Whether that is too long."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[float, float, bool]: ...

@final
class HistoryMessage:
    """A message as the conversation keeps it. Can be pickled."""

    def __new__(
        cls,
        id: str,
        *,
        sender: str | None = None,
        to: Sequence[str] | None = None,
        content_type: str | None = None,
        content: JSON = None,
        status: str | None = None,
        created: datetime | None = None,
        metadata: Mapping[str, JSON] | None = None,
    ) -> Self: ...
    @property
    def id(self) -> str:
        """The platform's id of the message."""

    @property
    def sender(self) -> str | None:
        """Who wrote it, where the platform says so."""

    @property
    def to(self) -> list[str]:
        """Who was to read it."""

    @property
    def content_type(self) -> str | None:
        """The MIME type of the content, where the platform says so."""

    @property
    def content(self) -> Any:
        """What it says: a string for text and HTML, a dict or a list for JSON, None where there is nothing."""

    @property
    def status(self) -> str | None:
        """The platform's word for how far it got, where it says so."""

    @property
    def created(self) -> datetime | None:
        """When it was created, in UTC, where the platform says so."""

    @property
    def metadata(self) -> dict[str, Any]:
        """What else the platform keeps with it."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]: ...

@final
class Audio:
    """What is to be heard. Can be pickled.

    Args:
        codec: One of the gateway's: ``Limits.codecs``.
        bandwidth_kbps: In kbit/s.
        bit_depth: Bits a sample. Default 16.

    Raises:
        InvalidInput: A number that is negative or too large. What the gateway does not take is refused by ``transfer``.
    """

    def __new__(cls, codec: str, bandwidth_kbps: int, *, bit_depth: int | None = None) -> Self: ...
    @property
    def codec(self) -> str: ...
    @property
    def bandwidth_kbps(self) -> int: ...
    @property
    def bit_depth(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str, int], dict[str, Any]]: ...

@final
class Video:
    """What is to be seen. Can be pickled.

    Args:
        codec: As in ``"vp8"``.
        resolution: Width and height in pixels, as in ``"1280x720"``.
        fps: Pictures a second.

    Raises:
        InvalidInput: A number that is negative or too large. What the gateway does not take is refused by ``transfer``.
    """

    def __new__(cls, codec: str, resolution: str, fps: int) -> Self: ...
    @property
    def codec(self) -> str: ...
    @property
    def resolution(self) -> str: ...
    @property
    def fps(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs__(self) -> tuple[str, str, int]: ...

@final
class MediaMatrix:
    """What is to be heard, and perhaps seen. Can be pickled.

    Args:
        audio: What is to be heard.
        video: What is to be seen. Default nothing.
    """

    def __new__(cls, audio: Audio, *, video: Video | None = None) -> Self: ...
    @property
    def audio(self) -> Audio: ...
    @property
    def video(self) -> Video | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Audio], dict[str, Any]]: ...

@final
class Callback:
    """Whom to tell how something ended: JSON with an id of the event, sent as often as the client's pace allows. Can be
    pickled; ``repr`` hides the query of the URL.

    Args:
        url: Where to; https, or http to this machine.
        method: ``"POST"`` (default), ``"PUT"`` or ``"PATCH"``.
    """

    def __new__(cls, url: str, *, method: Literal["POST", "PUT", "PATCH"] | None = None) -> Self: ...
    @property
    def url(self) -> str: ...
    @property
    def method(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]: ...

@final
class TransferOutcome:
    """A transfer that was carried out. Can be pickled."""

    def __new__(
        cls,
        id: str,
        interaction: str,
        *,
        status: str,
        codec: str,
        media: int,
        latency: float,
        retries: int,
        callback_error: PorteurError | None = None,
    ) -> Self: ...
    @property
    def id(self) -> str:
        """The id of the frame that did it."""

    @property
    def interaction(self) -> str:
        """The interaction."""

    @property
    def status(self) -> str:
        """The gateway's word: ``"codec_negotiated"`` or ``"transfer_initiated"``."""

    @property
    def codec(self) -> str:
        """The codec that is heard: the gateway's word for it, else the one that was asked for."""

    @property
    def media(self) -> int:
        """Which of the media it was, counted from 0."""

    @property
    def latency(self) -> float:
        """From the first frame to the answer that settled it, in seconds."""

    @property
    def retries(self) -> int:
        """How often a frame had to be sent again, or the connection be made anew."""

    @property
    def callback_error(self) -> PorteurError | None:
        """Why the callback did not arrive, if there is one and it did not. The transfer stands."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]: ...

@final
class AttachmentInfo:
    """An attachment that can be had, as the platform describes it. Name and metadata were written by strangers. Can be
    pickled."""

    def __new__(cls, id: str, *, name: str, content_type: str, size: int, metadata: Mapping[str, str]) -> Self: ...
    @property
    def id(self) -> str:
        """The platform's id of it."""

    @property
    def name(self) -> str:
        """The file name that it was sent with. It may hold anything: no path is to be made of it."""

    @property
    def content_type(self) -> str:
        """The MIME type that it was sent with, parameters included."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def metadata(self) -> dict[str, str]:
        """What else is known, as in ``originalWidth``."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]: ...

@final
class TransformedAttachment:
    """An attachment that was made of another one. Can be pickled."""

    def __new__(
        cls,
        id: str,
        source_id: str,
        *,
        name: str,
        format: str,
        width: int,
        height: int,
        original_size: int,
        size: int,
        times: AttachmentTimes,
        thumbnail_id: str | None = None,
        thumbnail_size: int | None = None,
        callback_error: PorteurError | None = None,
    ) -> Self: ...
    @property
    def id(self) -> str:
        """The platform's id of the new attachment."""

    @property
    def source_id(self) -> str:
        """The one that it was made of."""

    @property
    def name(self) -> str:
        """The name that the platform keeps: ``transformed_{source_id}.{format}``."""

    @property
    def thumbnail_id(self) -> str | None:
        """The platform's id of the thumbnail, when one was wished for."""

    @property
    def format(self) -> str:
        """What it is encoded as, as in ``"jpeg"``."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""

    @property
    def original_size(self) -> int:
        """Bytes of the attachment that it was made of."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def thumbnail_size(self) -> int | None:
        """Bytes of the thumbnail."""

    @property
    def times(self) -> AttachmentTimes:
        """How long each stage took."""

    @property
    def callback_error(self) -> PorteurError | None:
        """Why the callback did not arrive, if there is one and it did not. The new attachment stands."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]: ...

@final
class AttachmentTimes:
    """How long each stage took, in seconds. Waiting for a core is in none of them. Can be pickled."""

    def __new__(
        cls,
        *,
        describe: float,
        download: float,
        decode: float,
        resize: float,
        encode: float,
        thumbnail: float,
        upload: float,
        patch: float,
    ) -> Self: ...
    @property
    def describe(self) -> float:
        """Until the platform said what it is."""

    @property
    def download(self) -> float:
        """Until its bytes were here, redirects included."""

    @property
    def decode(self) -> float:
        """From bytes to pixels."""

    @property
    def resize(self) -> float:
        """Scaling, turning, colours."""

    @property
    def encode(self) -> float:
        """From pixels to bytes."""

    @property
    def thumbnail(self) -> float:
        """Scaling and encoding the thumbnail; 0 without one."""

    @property
    def upload(self) -> float:
        """Until result and thumbnail were on the platform."""

    @property
    def patch(self) -> float:
        """Until the platform knew what they are."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

@final
class SessionEvent:
    """Something that happened on a session. Can be pickled."""

    def __new__(
        cls,
        kind: str,
        *,
        code: int | None = None,
        reason: str | None = None,
        frame: JSON = None,
        count: int | None = None,
    ) -> Self: ...
    @property
    def kind(self) -> str:
        """What happened.

        * ``"reconnected"``: the socket was opened anew after it was lost
        * ``"disconnected"``: the socket ended and is opened again; ``code`` and ``reason``
        * ``"failed"``: it could not be opened again, and the next transfer tries once more; ``reason``
        * ``"frame"``: a frame of the platform, of at most 16 KiB, that no transfer waits for; ``frame``
        * ``"missed"``: so many events were missed, since nobody took them for too long; ``count``
        * ``"closed"``: the session was closed, and there is nothing to come
        """

    @property
    def code(self) -> int | None:
        """The platform's close code, or the one it was told when it broke the protocol; None when the connection was
        lost without a word."""

    @property
    def reason(self) -> str | None:
        """The platform's reason, or how the connection was lost."""

    @property
    def frame(self) -> Any:
        """The frame, as JSON has it."""

    @property
    def count(self) -> int | None:
        """How many events."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]: ...

@final
class Audit:
    """Where an audit trail is kept, and to whom it is posted; ``repr`` hides the secret. Cannot be pickled.

    Args:
        file: The log file. Several processes may share it.
        secret: Signs the log and the batches that are posted.
        endpoint: The URL where entries are posted. Default nowhere: the log stays in its file.
        sync: When the file is synced to the disk: ``"entry"``, with every ``"batch"`` (default), or ``"never"``.
        limit_bytes: How many bytes of the file may wait for the endpoint. Default 64 MiB.
        when_full: What becomes of an entry beyond that: it has to ``"wait"`` (default), or it is to ``"fail"``.
        batch: How many entries are posted and signed at a time. Default 50.
        every: How long fewer entries wait for others, in seconds. Default 5.
        drain: How long closing tries to get rid of what is left, in seconds. Default 10.

    Raises:
        InvalidInput: A word that is not known, or a number that is negative or too large. What cannot be used for
            another reason is refused by the client.
    """

    def __new__(
        cls,
        file: StrPath,
        secret: str,
        *,
        endpoint: str | None = None,
        sync: Literal["entry", "batch", "never"] | None = None,
        limit_bytes: int | None = None,
        when_full: Literal["wait", "fail"] | None = None,
        batch: int | None = None,
        every: float | None = None,
        drain: float | None = None,
    ) -> Self: ...
    @property
    def file(self) -> Path: ...
    @property
    def endpoint(self) -> str | None: ...
    @property
    def sync(self) -> Literal["entry", "batch", "never"]: ...
    @property
    def limit_bytes(self) -> int: ...
    @property
    def when_full(self) -> Literal["wait", "fail"]: ...
    @property
    def batch(self) -> int: ...
    @property
    def every(self) -> float: ...
    @property
    def drain(self) -> float: ...

@final
class AuditReceipt:
    """Where an entry stands in the audit log. Can be pickled."""

    def __new__(cls, log: str, sequence: int) -> Self: ...
    @property
    def log(self) -> str:
        """The id of the chain that this process writes."""

    @property
    def sequence(self) -> int:
        """The number of the entry in that chain, from 1."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str, int]: ...

def verify_audit(path: StrPath, secret: str) -> AuditReport:
    """Reads an audit log and says whether it is still what was written, with the GIL released.

    Args:
        path: The log file.
        secret: The one it was signed with.

    Raises:
        InvalidInput: An empty secret, or a file that is no audit log.
        File: The file is missing or cannot be read.
    """

@final
class AuditReport:
    """What was found in an audit log. Can be pickled."""

    def __new__(
        cls, entries: int, logs: int, signed: int, torn: bool, findings: Sequence[AuditFinding]
    ) -> Self: ...
    @property
    def entries(self) -> int:
        """How many entries there are."""

    @property
    def logs(self) -> int:
        """How many chains they are in: one a process that wrote."""

    @property
    def signed(self) -> int:
        """How many entries of unbroken chains a signature covers; the others can be changed without the secret."""

    @property
    def torn(self) -> bool:
        """Whether the log ends in the middle of a line, as a process leaves it that is killed while it writes. Nobody was
        told that it is in the log, and it is no finding."""

    @property
    def findings(self) -> list[AuditFinding]:
        """The first broken entry of each chain, and what was done to the signatures."""

    @property
    def is_intact(self) -> bool:
        """Whether nothing is wrong."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[int, int, int, bool, list[AuditFinding]]: ...

@final
class AuditFinding:
    """One thing that is wrong with an audit log. Can be pickled."""

    def __new__(cls, kind: str, line: int, log: str, sequence: int, message: str) -> Self: ...
    @property
    def kind(self) -> str:
        """``"changed"``, ``"missing"``, ``"reordered"``, ``"duplicated"``, ``"cut_off"`` or ``"foreign"``."""

    @property
    def line(self) -> int:
        """The line that it is about, from 1, which may be one behind the last where something is missing."""

    @property
    def log(self) -> str:
        """The id of the chain; empty when the line does not say any more."""

    @property
    def sequence(self) -> int:
        """The number of the entry in that chain; 0 when the line does not say any more."""

    @property
    def message(self) -> str:
        """How that was noticed."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str, int, str, int, str]: ...

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

def inspect(source: _Source, *, limits: MediaLimits | None = None) -> ImageInfo:
    """What a picture is, read from its header; no pixel is decoded.

    Args:
        source: As in ``transform``.
        limits: What it may cost.

    Raises:
        Media: Neither JPEG, PNG, GIF, WebP nor PDF, a header that is damaged or cut off, or one that is over a limit.
        File: The file is missing, is no regular file, or cannot be read.
    """

def transform(
    source: _Source,
    *,
    max_width: int | None = None,
    max_height: int | None = None,
    cover: tuple[int, int] | None = None,
    exact: tuple[int, int] | None = None,
    format: Literal["jpeg", "png", "webp"] | None = None,
    quality: int | None = None,
    effort: Literal["fast", "best"] | None = None,
    background: tuple[int, int, int] | None = None,
    enlarge: bool | None = None,
    crop: _Crop | None = None,
    keep_metadata: bool | None = None,
    animated: bool | None = None,
    thumbnail: int | None = None,
    thumbnail_format: Literal["jpeg", "png", "webp"] | None = None,
    thumbnail_quality: int | None = None,
    limits: MediaLimits | None = None,
) -> Transformed:
    """Makes another picture of one, on a thread of our own with the GIL released.

    The result stands upright, has 8 bits a sample and the colours of sRGB. Of an animation the first picture is taken
    unless it is to stay ``animated``.
    In asyncio: ``await asyncio.to_thread(porteur.transform, data, max_width=300)``.

    Args:
        source: A path, bytes (used without a copy; other buffers are copied once), a file object from where it stands,
            or an iterator of bytes. Of those two no more is read than ``limits`` allow.
        max_width: At most this wide, in pixels. The shape is kept. Default: as wide as ``limits`` allow when there is a
            ``max_height``, else the size stays as it is.
        max_height: At most this high, in pixels.
        cover: The width and height of a box that is filled; what hangs over is cut off. Instead of the two above.
        exact: The exact width and height, stretched where the shape differs. Instead of the three above.
        format: What the result is encoded as. Default as the source; a GIF becomes WebP.
        quality: How much of the detail is kept where the format loses some, 1 to 100. Default 85.
        effort: ``"best"`` (default), or ``"fast"``: less detail of a large JPEG is read, PNG and alpha are encoded quicker,
            and JPEG larger than a thumbnail a little less tightly.
        background: The colour (red, green, blue; 0 to 255) that shows through where the picture is transparent. Default
            none, so that alpha is kept; JPEG has none and takes white.
        enlarge: Whether a small picture may be made larger. Default False; an exact size is made in any case.
        crop: Which part is kept where ``cover`` cuts something off. Default ``"center"``.
        keep_metadata: Whether EXIF data (camera, time, place) is kept, made upright. Default False. ICC profiles, XMP
            and comments never are.
        animated: Whether a GIF or WebP animation stays one, as WebP. Default False.
        thumbnail: The width of a second, smaller picture, made from the pixels of the result. Default none.
        thumbnail_format: What that is encoded as. Default ``"jpeg"``.
        thumbnail_quality: Its quality, 1 to 100. Default 75.
        limits: What the source may cost.

    Raises:
        InvalidInput: A wish that cannot be; ``details["field"]`` names it.
        Media: Not a picture that is taken (``details["kind"]`` is unsupported), damaged (corrupt), over one of
            ``limits`` (too_large), or locked (encrypted).
        File: The file is missing, is no regular file, or cannot be read.
        SourceChanged: The file changed while it was read.
        TypeError: Something that is no source.

    Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s; the thread finishes what it began.
    """

def preview(
    source: _Source,
    *,
    max_width: int | None = None,
    max_height: int | None = None,
    quality: int | None = None,
    effort: Literal["fast", "best"] | None = None,
    background: tuple[int, int, int] | None = None,
    page: int | None = None,
    dpi: int | None = None,
    limits: MediaLimits | None = None,
) -> Transformed:
    """Makes a small WebP of a picture, or of a page of a PDF, as ``transform`` does.

    Args:
        source: As in ``transform``.
        max_width: At most this wide, in pixels. Default 300.
        max_height: At most this high, in pixels. Default 300.
        quality: How much of the detail is kept, 1 to 100. Default 85.
        effort: ``"best"`` (default), or ``"fast"``: less detail of a large JPEG is read, pages are drawn smaller.
        background: The colour (red, green, blue; 0 to 255) that shows through where the picture is transparent. Default
            none, so that alpha is kept.
        page: Which page of a PDF is shown, counted from 1. Default 1.
        dpi: Dots an inch at which a page is drawn before it is made small. Default none: it is drawn at the size that
            is needed.
        limits: What the source may cost.

    Raises:
        As ``transform``.
    """

def transform_many(
    sources: Iterable[_Source],
    *,
    threads: int | None = None,
    max_width: int | None = None,
    max_height: int | None = None,
    cover: tuple[int, int] | None = None,
    exact: tuple[int, int] | None = None,
    format: Literal["jpeg", "png", "webp"] | None = None,
    quality: int | None = None,
    effort: Literal["fast", "best"] | None = None,
    background: tuple[int, int, int] | None = None,
    enlarge: bool | None = None,
    crop: _Crop | None = None,
    keep_metadata: bool | None = None,
    animated: bool | None = None,
    thumbnail: int | None = None,
    thumbnail_format: Literal["jpeg", "png", "webp"] | None = None,
    thumbnail_quality: int | None = None,
    limits: MediaLimits | None = None,
) -> Iterator[Transformed | PorteurError]:
    """Makes another picture of each of many in the same way, on all cores; what became of each, in order. One that fails
    stops no other.

    Sources are taken as they are needed, at most two a thread ahead of the outcome that is asked for, so neither they
    nor the results pile up. Files are read by the threads that work on them.

    Args:
        sources: Any iterable of what ``transform`` takes; a generator may make them one by one. It is asked on the
            thread that asks for the outcomes.
        threads: How many threads work. Default one for each core.
        max_width: This and all that follow as in ``transform``.

    Returns:
        For each source what ``transform`` would return, or the error that it would raise.

    Raises:
        InvalidInput: A wish that cannot be; raised at once.
        TypeError: Something that is no source; raised in its place, after the outcomes of those before it, and the
            last. So is what the iterable itself raises.

    Ctrl-C raises ``KeyboardInterrupt`` within 0.1 s, and no outcome is lost by it. An iterator that is let go of waits
    for the pictures that are being worked on and starts no others.
    """

@final
class Transformed:
    """A picture as it was wished for. Can be pickled."""

    def __new__(
        cls,
        bytes: _Bytes,
        format: str,
        width: int,
        height: int,
        *,
        source: ImageInfo,
        timings: StageTimes,
        thumbnail: Thumbnail | None = None,
    ) -> Self: ...
    @property
    def bytes(self) -> _Bytes:
        """The encoded picture."""

    @property
    def format(self) -> str:
        """What it is encoded as: ``"jpeg"``, ``"png"`` or ``"webp"``, which is the usual ending of a file too."""

    @property
    def content_type(self) -> str:
        """Its MIME type, as in ``"image/jpeg"``."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""

    @property
    def thumbnail(self) -> Thumbnail | None:
        """The second, smaller picture, when one was asked for."""

    @property
    def source(self) -> ImageInfo:
        """What it was made from."""

    @property
    def timings(self) -> StageTimes:
        """How long it took."""

    def to_pil(self) -> Image:
        """The picture as Pillow has it, decoded.

        Raises:
            ImportError: Pillow is not installed.
        """

    def to_numpy(self) -> NDArray[uint8]:
        """Its pixels: height by width, by 3 (RGB) or 4 (RGBA) unless it is grey. May not be written to.

        Raises:
            ImportError: NumPy or Pillow, which decodes it, is not installed.
        """

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[_Bytes, str, int, int], dict[str, Any]]: ...

@final
class Thumbnail:
    """A small picture made from the pixels of a result. Can be pickled."""

    def __new__(cls, bytes: _Bytes, format: str, width: int, height: int) -> Self: ...
    @property
    def bytes(self) -> _Bytes:
        """The encoded picture."""

    @property
    def format(self) -> str:
        """What it is encoded as, as in ``"jpeg"``."""

    @property
    def content_type(self) -> str:
        """Its MIME type, as in ``"image/jpeg"``."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""

    def to_pil(self) -> Image:
        """As in ``Transformed``."""

    def to_numpy(self) -> NDArray[uint8]:
        """As in ``Transformed``."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[_Bytes, str, int, int]: ...

@final
class ImageInfo:
    """What a file is, as far as its header tells. Can be pickled."""

    def __new__(
        cls,
        format: str,
        width: int,
        height: int,
        *,
        orientation: int,
        frames: int,
        has_alpha: bool,
        has_icc: bool,
        pdf_pages: int | None = None,
    ) -> Self: ...
    @property
    def format(self) -> str:
        """What it is by its first bytes: ``"jpeg"``, ``"png"``, ``"gif"`` or ``"webp"``."""

    @property
    def content_type(self) -> str:
        """Its MIME type, as in ``"image/jpeg"``."""

    @property
    def width(self) -> int:
        """Pixels from left to right on the screen, after it was turned as ``orientation`` says."""

    @property
    def height(self) -> int:
        """Pixels from top to bottom on the screen."""

    @property
    def orientation(self) -> int:
        """How the stored pixels must be turned to stand upright: the values of EXIF, where 1 is not at all."""

    @property
    def frames(self) -> int:
        """Pictures in it: more than 1 in an animation."""

    @property
    def has_alpha(self) -> bool:
        """Whether it can be transparent."""

    @property
    def has_icc(self) -> bool:
        """Whether it carries an ICC profile."""

    @property
    def pdf_pages(self) -> int | None:
        """Pages of a PDF; None for pictures."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str, int, int], dict[str, Any]]: ...

@final
class StageTimes:
    """How long each stage took, in seconds. Can be pickled."""

    def __new__(cls, decode: float, resize: float, encode: float, thumbnail: float) -> Self: ...
    @property
    def decode(self) -> float:
        """From bytes to pixels."""

    @property
    def resize(self) -> float:
        """Scaling, turning, colours."""

    @property
    def encode(self) -> float:
        """From pixels to bytes."""

    @property
    def thumbnail(self) -> float:
        """Scaling and encoding the thumbnail; 0 without one."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[float, float, float, float]: ...

@final
class MediaLimits:
    """What a picture from a stranger may cost, checked against its header before anything is allocated for it.

    Whatever is over a limit raises ``Media`` with the kind too_large.

    Args:
        max_input_bytes: Bytes of the file. Default 25 MiB.
        max_pixels: Width times height. Default 100 million.
        max_side: Width or height of what comes in, in pixels. Default 16 384.
        max_output_side: Width or height of what goes out, in pixels. Default 4 096.
        max_allocation: Bytes that are held for the decoded picture. Default 256 MiB. This decides for formats that
            cannot be reduced while they are decoded: 64 million pixels with alpha, 85 million without.
        max_frames: Pictures of an animation that is kept. Default 256.
        max_frame_pixels: Pixels of an animation that is kept, over all of its pictures. Default 200 million.
        max_scans: Scans of a progressive JPEG. Default 100.
        max_profile_bytes: Bytes of an ICC profile. Default 1 MiB.
        max_metadata_bytes: Bytes of metadata that is kept. Default 1 MiB.
        isolation: What is worked on in a child process, which a decoder that loops or eats memory ends alone: ``"pdf"``
            (default), ``"everything"`` or ``"nothing"``.
        max_child_memory: Bytes of memory that the child may take for a file. Default 512 MiB.
        max_child_cpu: Time of a processor that the child may take for a file, in seconds. Default 2.
        max_child_wall: Time by the clock that the child may take for a file, in seconds. Default 10.

    Raises:
        InvalidInput: A number that is negative or too large, or an unknown ``isolation``.
    """

    def __new__(
        cls,
        *,
        max_input_bytes: int | None = None,
        max_pixels: int | None = None,
        max_side: int | None = None,
        max_output_side: int | None = None,
        max_allocation: int | None = None,
        max_frames: int | None = None,
        max_frame_pixels: int | None = None,
        max_scans: int | None = None,
        max_profile_bytes: int | None = None,
        max_metadata_bytes: int | None = None,
        isolation: Literal["pdf", "everything", "nothing"] | None = None,
        max_child_memory: int | None = None,
        max_child_cpu: float | None = None,
        max_child_wall: float | None = None,
    ) -> Self: ...
    @property
    def max_input_bytes(self) -> int: ...
    @property
    def max_pixels(self) -> int: ...
    @property
    def max_side(self) -> int: ...
    @property
    def max_output_side(self) -> int: ...
    @property
    def max_allocation(self) -> int: ...
    @property
    def max_frames(self) -> int: ...
    @property
    def max_frame_pixels(self) -> int: ...
    @property
    def max_scans(self) -> int: ...
    @property
    def max_profile_bytes(self) -> int: ...
    @property
    def max_metadata_bytes(self) -> int: ...
    @property
    def isolation(self) -> str: ...
    @property
    def max_child_memory(self) -> int: ...
    @property
    def max_child_cpu(self) -> float: ...
    @property
    def max_child_wall(self) -> float: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

def media_child(program: StrPath, args: Sequence[str]) -> None:
    """Names what is started as a media child: a program that calls ``be_media_child`` of the extension. The first call counts."""

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
    def attachment(self, id: str) -> bytes | None: ...
    def add_fault(self, fault: str) -> None: ...
    def advance(self, by: float, /) -> None: ...
    def stop(self) -> None: ...

def messages(seed: int, count: int) -> list[Message]:
    """The messages below ``porteur.testing.messages``."""
