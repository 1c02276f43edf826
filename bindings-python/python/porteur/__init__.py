"""Large uploads and messages for a contact-center platform: a Rust core for Python.

>>> import porteur
>>> with porteur.Client.from_env() as client:  # doctest: +SKIP
...     file = client.upload("invoice.pdf", content_type="application/pdf")
"""

from ._porteur import (
    AsyncClient,
    ChunkDigests,
    Client,
    Guest,
    Limits,
    Pace,
    Progress,
    SentGuestMessage,
    Timeouts,
    UploadedFile,
    sha256_chunks,
)
from .errors import (
    Api,
    Cancelled,
    ChecksumMismatch,
    Expired,
    File,
    InvalidInput,
    Network,
    NotFound,
    PermissionDenied,
    PorteurError,
    Protocol,
    RateLimited,
    SourceChanged,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsafeTarget,
)

__all__ = [
    "Api",
    "AsyncClient",
    "Cancelled",
    "ChecksumMismatch",
    "ChunkDigests",
    "Client",
    "Expired",
    "File",
    "Guest",
    "InvalidInput",
    "Limits",
    "Network",
    "NotFound",
    "Pace",
    "PermissionDenied",
    "PorteurError",
    "Progress",
    "Protocol",
    "RateLimited",
    "SentGuestMessage",
    "SourceChanged",
    "Timeouts",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "UnsafeTarget",
    "UploadedFile",
    "sha256_chunks",
]
