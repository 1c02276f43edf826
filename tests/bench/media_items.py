"""What media.py has done, and by whom: the items, each with the peer it is judged by, and the contenders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Job:
    """What becomes of a picture."""

    format: Literal["jpeg", "webp"]
    #: Width and height of the box it has to fit; without one it keeps its size.
    box: tuple[int, int] | None = None
    quality: int = 85
    #: The side of a second, smaller picture made from the first, at `THUMBNAIL_QUALITY`.
    thumbnail: int | None = None
    #: The first page of a document is the source.
    page: bool = False
    #: Transparency has to survive.
    alpha: bool = False
    #: What somebody who knows the size of the source has OpenCV divide it by while it decodes a JPEG.
    reduce: int = 1


@dataclass(frozen=True)
class Item:
    """One kind of work."""

    title: str
    #: A file of the corpus.
    file: str
    job: Job
    #: Whom we are compared with: the fastest that is as good, or for documents whatever people use.
    peers: tuple[str, ...]


@dataclass(frozen=True)
class Contender:
    """Somebody who does the work."""

    title: str
    #: "python" or "node": the worker that knows it.
    worker: Literal["python", "node"]
    #: The items it cannot do.
    cannot: frozenset[str] = frozenset()
    #: Asked for by name only.
    aside: bool = False


FIT_300 = Job("webp", (300, 300))
FIT_300_BY_8 = Job("webp", (300, 300), reduce=8)
SAME_SIZE = Job("jpeg")
PAGE = Job("webp", (300, 300), page=True)
FULL_HD_AND_THUMBNAIL = Job("jpeg", (1920, 1080), thumbnail=200, reduce=2)
#: As in the tutorial's thumbnail.
THUMBNAIL_QUALITY = 75

ITEMS = {
    "a": Item("12 MP JPEG to 300 px WebP", "p12_base.jpg", FIT_300_BY_8, ("sharp",)),
    "a_prog": Item("Progressive 12 MP JPEG to 300 px WebP", "p12_prog.jpg", FIT_300_BY_8, ("sharp",)),
    "e": Item("24 MP turned JPEG to 300 px WebP", "p24_o6.jpg", FIT_300_BY_8, ("sharp",)),
    "p2": Item("2 MP JPEG to 300 px WebP", "p2.jpg", Job("webp", (300, 300), reduce=4), ("sharp",)),
    "b": Item("12 MP JPEG to 1080p JPEG and thumbnail", "p12_base.jpg", FULL_HD_AND_THUMBNAIL, ("pyvips",)),
    "c": Item("PNG screenshot to 300 px WebP", "shot_rgb.png", FIT_300, ("sharp",)),
    "c_photo": Item("PNG photo to 300 px WebP", "photo.png", FIT_300, ("sharp",)),
    "c_rgba": Item("PNG with alpha to 300 px WebP", "shot_rgba.png", Job("webp", (300, 300), alpha=True), ("sharp",)),
    "c_pal": Item("PNG of 256 colours to 300 px WebP", "shot_pal.png", FIT_300, ("sharp",)),
    "d": Item("PNG screenshot to JPEG, same size", "shot_rgb.png", SAME_SIZE, ("pyvips",)),
    "d_photo": Item("PNG photo to JPEG, same size", "photo.png", SAME_SIZE, ("pyvips",)),
    "f_gif": Item("GIF to 300 px WebP", "anim.gif", FIT_300, ("pillow",)),
    "f_webp": Item("Lossy WebP to 300 px WebP", "photo_lossy.webp", FIT_300, ("sharp",)),
    "g": Item("First page of a PDF to 300 px WebP", "doc1.pdf", PAGE, ("pdf2image", "pypdfium2")),
}
#: The item that is measured for memory, and the one that is done in batches.
LARGE = Item("100 MP JPEG to 300 px WebP", "p100.jpg", FIT_300_BY_8, ("sharp",))
BATCH = "a"
#: What a process did before its memory counts as that of the bare library.
TINY = "tiny.jpg"

PAGES = frozenset(name for name, item in ITEMS.items() if item.job.page)
PICTURES = frozenset(ITEMS) - PAGES

CONTENDERS = {
    "porteur": Contender("porteur", "python"),
    "porteur-node": Contender("porteur, Node", "node"),
    "porteur-fast": Contender("porteur, fast", "python", aside=True),
    "porteur-best": Contender("porteur, best", "python", aside=True),
    "sharp": Contender("sharp", "node", PAGES),
    "pyvips": Contender("pyvips", "python", PAGES),
    "pillow": Contender("Pillow", "python", PAGES),
    "opencv": Contender("OpenCV", "python", PAGES),
    # Whatever is no JPEG it decodes as `opencv` does.
    "opencv-reduced": Contender(
        "OpenCV, reduced", "python", frozenset(name for name, item in ITEMS.items() if item.job.reduce == 1)
    ),
    "napi-image": Contender("@napi-rs/image", "node", PAGES | {"f_gif"}),
    "pdf2image": Contender("pdf2image", "python", PICTURES),
    "pypdfium2": Contender("pypdfium2", "python", PICTURES),
}
#: The rule by which two pictures count as equally good: so many points of SSIMULACRA2, and so much of the bytes.
POINTS = 1.0
BYTES = 1.03
