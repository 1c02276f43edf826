"""One contender of media.py in Python: `python media_worker.py NAME`, asked in lines of JSON and answering in them.

* `{"file", "job", "seconds", "out"}` does the job for so long, at least once, and answers `{"wall": [seconds],
  "reaped": CPU seconds of processes it started and ended, "bytes": [size]}`. What was made is written to `out` with a
  number behind.
* `{"batch": [file], "job", "cores"}` does it for every file as fast as it can, and answers `{"seconds"}`.

Whatever a library throws is answered as `{"error"}`. Each is called as its documentation advises for servers.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

from media_items import THUMBNAIL_QUALITY, Job


def main(name: str) -> None:
    work = CONTENDERS[name]()
    # Its processes start when the first batch comes, anew: a library's threads do not survive a fork.
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context("spawn")) as pool:
        for line in sys.stdin:
            request = json.loads(line)
            request["job"] = Job(**request["job"])
            try:
                answer = batch(name, pool, **request) if "batch" in request else repeat(work, **request)
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)


def repeat(work: Work, file: str, job: Job, seconds: float, out: str | None) -> dict[str, Any]:
    source, ended = read(file), reaped()
    wall: list[float] = []
    until = time.perf_counter() + seconds
    while not wall or time.perf_counter() < until:
        started = time.perf_counter()
        made = work(source, job)
        wall.append(time.perf_counter() - started)
    ended = reaped() - ended
    if out is not None:
        for number, one in enumerate(made):
            Path(f"{out}.{number}").write_bytes(one)
    return {"wall": wall, "reaped": ended, "bytes": [len(one) for one in made]}


@cache
def read(file: str) -> bytes:
    """The file is read once: nobody's disk is measured."""
    return Path(file).read_bytes()


def reaped() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def batch(name: str, pool: ProcessPoolExecutor, batch: list[str], job: Job, cores: int) -> dict[str, Any]:
    """Every file once, with `transform_many` or with a process a core."""
    started = time.perf_counter()
    if name.startswith("porteur"):
        import porteur

        for made in porteur.transform_many(batch, threads=cores, **options(job)):
            if isinstance(made, porteur.PorteurError):
                raise made
    else:
        list(pool.map(partial(one_of_many, name, job), batch))
    return {"seconds": time.perf_counter() - started}


def one_of_many(name: str, job: Job, file: str) -> list[bytes]:
    return known(name)(Path(file).read_bytes(), job)


@cache
def known(name: str) -> Work:
    return CONTENDERS[name]()


def by_porteur(**effort: Any) -> Work:
    import porteur  # Each contender loads its own library alone.

    def work(source: bytes, job: Job) -> list[bytes]:
        if job.page:
            width, height = job.box or (None, None)
            page = porteur.preview(source, max_width=width, max_height=height, quality=job.quality, **effort)
            return [page.bytes]
        made = porteur.transform(source, **options(job), **effort)
        return [made.bytes] if made.thumbnail is None else [made.bytes, made.thumbnail.bytes]

    return work


def options(job: Job) -> dict[str, Any]:
    """The job in the words of `transform`."""
    width, height = job.box or (None, None)
    wish = {"max_width": width, "max_height": height, "format": job.format, "quality": job.quality}
    if job.thumbnail is not None:
        wish |= {"thumbnail": job.thumbnail, "thumbnail_quality": THUMBNAIL_QUALITY}
    return {name: value for name, value in wish.items() if value is not None}


def by_pyvips() -> Work:
    import pyvips

    # The same picture again and again is no server's life.
    pyvips.cache_set_max(0)

    def work(source: bytes, job: Job) -> list[bytes]:
        if job.box is None:
            return [pyvips.Image.new_from_buffer(source, "", access="sequential").jpegsave_buffer(Q=job.quality)]
        width, height = job.box
        made = pyvips.Image.thumbnail_buffer(source, width, height=height, size="down")
        if job.format == "webp":
            return [made.webpsave_buffer(Q=job.quality, keep="none")]
        if job.thumbnail is None:
            return [made.jpegsave_buffer(Q=job.quality, keep="none")]
        made = made.copy_memory()
        small = made.thumbnail_image(job.thumbnail)
        return [
            made.jpegsave_buffer(Q=job.quality, keep="none"),
            small.jpegsave_buffer(Q=THUMBNAIL_QUALITY, keep="none"),
        ]

    return work


def by_pillow() -> Work:
    from PIL import Image

    # Its own limit of 89 MP is lifted for the 100 MP item alone.
    Image.MAX_IMAGE_PIXELS = None
    return lambda source, job: with_pillow(Image.open(io.BytesIO(source)), job)


def by_pdf2image() -> Work:
    from pdf2image import convert_from_bytes

    def work(source: bytes, job: Job) -> list[bytes]:
        return with_pillow(convert_from_bytes(source, dpi=DPI, first_page=1, last_page=1)[0], job)

    return work


def by_pypdfium2() -> Work:
    import pypdfium2

    def work(source: bytes, job: Job) -> list[bytes]:
        document = pypdfium2.PdfDocument(source)
        page = document[0].render(scale=DPI / 72).to_pil()
        document.close()
        return with_pillow(page, job)

    return work


def with_pillow(picture: Any, job: Job) -> list[bytes]:
    """Pillow's way from a picture that is opened but not yet decoded."""
    from PIL import Image, ImageOps

    if picture.mode == "P":
        picture = picture.convert("RGB")
    if job.box is not None:
        # Decodes at a reduced scale where the format can, and shrinks in two steps.
        picture.thumbnail(job.box, Image.Resampling.LANCZOS, reducing_gap=2.0)
    picture = ImageOps.exif_transpose(picture)
    made = [pillow_bytes(picture, job, job.quality)]
    if job.thumbnail is not None:
        small = picture.copy()
        small.thumbnail((job.thumbnail, job.thumbnail), Image.Resampling.LANCZOS)
        made.append(pillow_bytes(small, job, THUMBNAIL_QUALITY))
    return made


def pillow_bytes(picture: Any, job: Job, quality: int) -> bytes:
    output = io.BytesIO()
    picture.save(output, job.format, quality=quality)
    return output.getvalue()


def by_opencv(*, reduced: bool = False) -> Work:
    import cv2
    import numpy

    cv2.setNumThreads(1)
    by = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}

    def fit(picture: Any, box: tuple[int, int]) -> Any:
        height, width = picture.shape[:2]
        scale = min(box[0] / width, box[1] / height)
        size = (round(width * scale), round(height * scale))
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)

    def encode(picture: Any, job: Job, quality: int) -> bytes:
        flag = cv2.IMWRITE_WEBP_QUALITY if job.format == "webp" else cv2.IMWRITE_JPEG_QUALITY
        return bytes(cv2.imencode(f".{job.format}", picture, [flag, quality])[1])

    def work(source: bytes, job: Job) -> list[bytes]:
        flag = cv2.IMREAD_UNCHANGED if job.alpha else cv2.IMREAD_COLOR
        picture = cv2.imdecode(numpy.frombuffer(source, numpy.uint8), by[job.reduce] if reduced else flag)
        if job.box is not None:
            picture = fit(picture, job.box)
        made = [encode(picture, job, job.quality)]
        if job.thumbnail is not None:
            made.append(encode(fit(picture, (job.thumbnail, job.thumbnail)), job, THUMBNAIL_QUALITY))
        return made

    return work


#: Makes the outputs of a job from the bytes of a source.
Work = Callable[[bytes, Job], list[bytes]]
CONTENDERS: dict[str, Callable[[], Work]] = {
    "porteur": by_porteur,
    "porteur-fast": partial(by_porteur, effort="fast"),
    "porteur-best": partial(by_porteur, effort="best"),
    "pyvips": by_pyvips,
    "pillow": by_pillow,
    "opencv": by_opencv,
    "opencv-reduced": partial(by_opencv, reduced=True),
    "pdf2image": by_pdf2image,
    "pypdfium2": by_pypdfium2,
}
#: What the two PDF libraries are asked for; a page of A4 is then 1240 px wide.
DPI = 150

if __name__ == "__main__":
    main(sys.argv[1])
