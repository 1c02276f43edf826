"""What is special to Python about pictures: the GIL, buffers, files, signals, iterators, Pillow and NumPy."""

from __future__ import annotations

import asyncio
import io
import mmap
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

import porteur
from conftest import TESTS, Boom, counts_while

FORMATS = TESTS / "media" / "formats"
PNG = (FORMATS / "rgb.png").read_bytes()
JPEG = (FORMATS / "rgb.jpg").read_bytes()


def large(side: int) -> bytes:
    """A PNG of many colours, which takes tens of milliseconds for each million pixels."""
    row = numpy.arange(side, dtype=numpy.uint32)
    pixels = (row[:, None] * 7 + row[None, :] * 13) % 251
    file = io.BytesIO()
    Image.fromarray(numpy.stack([pixels, pixels[::-1], pixels.T], axis=-1).astype(numpy.uint8)).save(
        file, "png", compress_level=1
    )
    return file.getvalue()


# The GIL


def test_other_threads_run_while_a_picture_is_worked_on() -> None:
    data = large(1000)
    assert counts_while(lambda: porteur.transform(data, format="webp")) > 1000
    assert counts_while(lambda: list(porteur.transform_many([data] * 2, format="webp", threads=1))) > 1000


def test_threads_work_side_by_side() -> None:
    expected = porteur.transform(JPEG, max_width=20).bytes
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(porteur.transform(JPEG, max_width=20).bytes)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


async def test_the_loop_turns_while_a_picture_is_worked_on_beside_it() -> None:
    work = asyncio.create_task(asyncio.to_thread(porteur.transform, large(1000), format="webp"))
    turns = 0
    while not work.done():
        turns += 1
        await asyncio.sleep(0)
    assert (await work).format == "webp"
    assert turns > 10


# Sources

MEMORY = """
import resource, sys
import porteur

MIB = 1 << 20
# A picture and 96 MiB behind it, which nobody reads.
data = open(sys.argv[1], "rb").read() + bytes(96 * MIB)
limits = porteur.MediaLimits(max_input_bytes=200 * MIB)
porteur.transform(data[:1000], max_width=10)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
porteur.inspect(data, limits=limits)
porteur.transform(data, max_width=10, limits=limits)
porteur.preview(data, limits=limits)
[made] = porteur.transform_many([data], max_width=10, limits=limits)
assert isinstance(made, porteur.Transformed)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_bytes_are_not_copied() -> None:
    command = [sys.executable, "-c", MEMORY, str(FORMATS / "rgb.png")]
    outcome = subprocess.run(command, capture_output=True, text=True, check=True)
    grown_kib = int(outcome.stdout)
    # A copy would be 96 MiB.
    assert grown_kib < 48 << 10


def test_a_bytearray_is_copied_once() -> None:
    data = bytearray(PNG + bytes(16 << 20))
    tracemalloc.start()
    porteur.transform(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(data) <= peak < 1.5 * len(data)


def test_a_bytearray_that_changes_meanwhile_is_worked_on_as_it_was() -> None:
    data = bytearray(large(1000))
    expected = porteur.transform(bytes(data), max_width=500).bytes
    begun = threading.Event()

    def sources() -> Iterator[bytearray]:
        yield data
        begun.set()
        data[:] = b"?" * len(data)

    [made] = porteur.transform_many(sources(), max_width=500)
    assert begun.is_set()
    assert isinstance(made, porteur.Transformed)
    assert made.bytes == expected


def test_every_kind_of_source_gives_the_same_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    with open(path, "rb") as opened, open(path, "rb", buffering=0) as raw, open(path, "rb") as mapped:
        with mmap.mmap(mapped.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
            sources: list[Any] = [
                *(PNG, bytearray(PNG), memoryview(PNG), numpy.frombuffer(PNG, numpy.uint8), mapping),
                *(path, str(path), opened, raw, io.BytesIO(PNG), Drops(PNG), iter([PNG[:7], PNG[7:]])),
            ]
            made = [porteur.transform(source, max_width=10).bytes for source in sources]
    assert made == [porteur.transform(PNG, max_width=10).bytes] * len(sources)


class Drops(io.RawIOBase):
    """Gives less than it is asked for, as a socket does."""

    def __init__(self, data: bytes) -> None:
        self.left = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        return self.left.read(min(size, 10))


def test_a_file_object_is_read_from_where_it_stands() -> None:
    source = io.BytesIO(b"junk" + PNG)
    source.seek(4)
    assert porteur.inspect(source).width == 48


def test_of_a_file_object_no_more_is_read_than_shows_that_it_is_too_large() -> None:
    asked: list[int] = []

    class Endless:
        def read(self, size: int, /) -> bytes:
            asked.append(size)
            return bytes(min(size, 400))

    with pytest.raises(porteur.Media) as raised:
        porteur.transform(Endless(), limits=porteur.MediaLimits(max_input_bytes=1000))
    assert raised.value.details["kind"] == "too_large"
    assert asked == [1001, 601, 201]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(porteur.Media, match="expected at most 26214400 bytes, got 1099511627776"):
        porteur.inspect(path)


def test_a_missing_file_is_an_os_error_with_its_name(tmp_path: Path) -> None:
    for call in (porteur.inspect, porteur.transform, porteur.preview):
        with pytest.raises(porteur.File) as raised:
            call(tmp_path / "missing.png")
        assert raised.value.filename == str(tmp_path / "missing.png")
        assert isinstance(raised.value, OSError)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(porteur.File, match="not a regular file"):
        porteur.inspect(tmp_path / "pipe")


@pytest.mark.parametrize("source", [None, 7, object(), ["a.png"], io.StringIO("text"), Image.new("RGB", (1, 1))])
def test_something_that_is_no_source_is_a_type_error(source: Any) -> None:
    with pytest.raises(TypeError, match="source"):
        porteur.transform(source)


def test_what_a_file_object_raises_arrives_as_the_same_object() -> None:
    error = Boom("from the source")

    class Broken:
        def read(self, size: int, /) -> bytes:
            raise error

    with pytest.raises(Boom) as raised:
        porteur.preview(Broken())
    assert raised.value is error


# Arguments


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("max_width", {"max_width": -1}),
        ("cover", {"cover": (10, -1)}),
        ("exact", {"exact": (1 << 40, 1)}),
        ("background", {"background": (0, 0, 256)}),
        ("quality", {"quality": 300}),
        ("thumbnail", {"thumbnail": -1}),
    ],
    ids=repr,
)
def test_a_number_that_cannot_be_is_named(field: str, options: dict[str, Any]) -> None:
    for call in (lambda: porteur.transform(PNG, **options), lambda: porteur.transform_many([PNG], **options)):
        with pytest.raises(porteur.InvalidInput) as raised:
            call()
        assert raised.value.details["field"] == field


@pytest.mark.parametrize(
    "options",
    [{"max_width": "wide"}, {"cover": 10}, {"background": "white"}, {"limits": {"max_side": 1}}, {"unheard_of": 1}],
    ids=repr,
)
def test_an_option_of_another_type_is_a_type_error(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        porteur.transform(PNG, **options)


def test_a_media_error_is_a_value_error_that_can_be_pickled() -> None:
    with pytest.raises(ValueError) as raised:
        porteur.transform(b"II*\0 a tiff")
    error = pickle.loads(pickle.dumps(raised.value))
    assert isinstance(error, porteur.Media)
    assert (error.code, error.details["kind"], error.details["format"]) == ("media", "unsupported", "tiff")


# Results


def test_bytes_of_a_result_are_one_object_and_not_shown() -> None:
    made = porteur.transform(PNG, thumbnail=8)
    assert made.bytes is made.bytes
    assert made.thumbnail is not None
    assert made.thumbnail.bytes is made.thumbnail.bytes
    assert repr(made) == f'<Transformed format="png" width=48 height=32 bytes={len(made.bytes)}>'
    assert sum((made.timings.decode, made.timings.resize, made.timings.encode, made.timings.thumbnail)) < 60


def test_a_result_comes_whole_out_of_another_process() -> None:
    with ProcessPoolExecutor(1) as pool:
        made = pool.submit(porteur.transform, PNG, max_width=10).result()
    assert made.bytes == porteur.transform(PNG, max_width=10).bytes


def test_pillow_and_numpy_have_the_picture() -> None:
    made = porteur.transform(FORMATS / "rgba.png", max_width=24, thumbnail=6)
    image, pixels = made.to_pil(), made.to_numpy()
    assert (image.size, image.mode) == ((24, 16), "RGBA")
    assert (pixels.shape, pixels.dtype.name) == ((16, 24, 4), "uint8")
    assert made.thumbnail is not None
    assert (made.thumbnail.to_pil().size, made.thumbnail.to_numpy().shape) == ((6, 4), (4, 6, 3))


WITHOUT = """
import sys
sys.modules["PIL"] = None
import porteur
made = porteur.transform(open(sys.argv[1], "rb"))
for helper in (made.to_pil, made.to_numpy):
    try:
        helper()
    except ImportError as error:
        print(error)
"""


def test_whoever_has_no_pillow_is_told_what_to_install() -> None:
    command = [sys.executable, "-c", WITHOUT, str(FORMATS / "rgb.png")]
    outcome = subprocess.run(command, capture_output=True, text=True, check=True)
    assert outcome.stdout.splitlines() == [
        "to_pil() needs Pillow: pip install Pillow",
        "to_numpy() needs NumPy and Pillow: pip install numpy Pillow",
    ]


# Many


def test_outcomes_come_in_the_order_of_the_sources_with_their_own_failures(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    sources: list[Any] = [large(600), b"no picture", path, tmp_path / "missing", io.BytesIO(PNG), bytearray(JPEG)]
    for threads in (1, 2, None):
        outcomes = list(porteur.transform_many(sources, max_width=10, threads=threads))
        kinds = [outcome.format if isinstance(outcome, porteur.Transformed) else outcome.code for outcome in outcomes]
        assert kinds == ["png", "media", "jpeg", "file", "png", "jpeg"]
        sources[4].seek(0)


def test_a_generator_is_asked_as_outcomes_are_and_on_the_thread_that_asks() -> None:
    taken: list[threading.Thread] = []

    def sources() -> Iterator[bytes]:
        for _ in range(100):
            taken.append(threading.current_thread())
            yield PNG

    outcomes = porteur.transform_many(sources(), max_width=10, threads=2)
    assert taken == []
    next(outcomes)
    assert len(taken) == 4
    next(outcomes)
    assert len(taken) == 5
    assert set(taken) == {threading.main_thread()}


def test_what_a_generator_raises_comes_after_the_outcomes_before_it() -> None:
    error = Boom("from the source")

    def sources() -> Iterator[bytes]:
        yield PNG
        yield b"no picture"
        raise error

    outcomes = porteur.transform_many(sources(), max_width=10)
    assert isinstance(next(outcomes), porteur.Transformed)
    assert isinstance(next(outcomes), porteur.Media)
    with pytest.raises(Boom) as raised:
        next(outcomes)
    assert raised.value is error
    assert list(outcomes) == []


def test_something_that_is_no_source_is_a_type_error_in_its_place() -> None:
    sources: list[Any] = [PNG, 7, PNG]
    outcomes = porteur.transform_many(sources)
    assert isinstance(next(outcomes), porteur.Transformed)
    with pytest.raises(TypeError, match="source"):
        next(outcomes)
    assert list(outcomes) == []


@pytest.mark.parametrize("sources", ["a.png", PNG], ids=type)
def test_one_source_is_not_many(sources: Any) -> None:
    with pytest.raises(TypeError, match="sources: expected an iterable of sources"):
        porteur.transform_many(sources)


def test_an_abandoned_iterator_closes_its_generator_and_ends_its_threads() -> None:
    closed = threading.Event()

    def sources() -> Iterator[bytes]:
        try:
            while True:
                yield PNG
        finally:
            closed.set()

    outcomes = porteur.transform_many(sources(), max_width=10, threads=2)
    next(outcomes)
    ours = len(os.listdir("/proc/self/task"))
    del outcomes
    assert closed.is_set()
    assert len(os.listdir("/proc/self/task")) == ours - 2


def test_two_threads_cannot_ask_at_once_and_a_generator_cannot_ask_itself() -> None:
    def sources() -> Iterator[bytes]:
        with pytest.raises(ValueError, match="already executing"):
            next(outcomes)
        yield PNG

    outcomes = porteur.transform_many(sources(), max_width=10)
    assert len(list(outcomes)) == 1


@pytest.mark.parametrize("threads", [0, -1])
def test_an_unusable_number_of_threads_is_named(threads: int) -> None:
    with pytest.raises(porteur.InvalidInput) as raised:
        porteur.transform_many([], threads=threads)
    assert raised.value.details["field"] == "threads"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_pictures_under_way_are_those_of_the_process_that_began_them() -> None:
    outcomes = porteur.transform_many([PNG] * 9, max_width=10)
    next(outcomes)
    child = os.fork()
    if child == 0:
        try:
            next(outcomes)
        except RuntimeError:
            # Pictures of its own are no trouble.
            made = porteur.transform(PNG, max_width=10)
            os._exit(0 if made.width == 10 else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert len(list(outcomes)) == 8


# Ctrl-C

INTERRUPTED = """
import sys
import porteur

data = open(sys.argv[1], "rb").read()
outcomes = porteur.transform_many(iter([data] * 3), exact=(2000, 2000), format="webp", threads=1)
for wait in (lambda: porteur.transform(data, exact=(2000, 2000), format="webp"), lambda: next(outcomes)):
    try:
        print("working", flush=True)
        wait()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
print(len(list(outcomes)), flush=True)
"""


def test_ctrl_c_is_heard_while_a_picture_is_worked_on_and_no_outcome_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(large(2000))
    command = [sys.executable, "-c", INTERRUPTED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(2):
            assert process.stdout.readline() == "working\n"
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n"
            assert time.monotonic() - start < 1
        assert process.stdout.readline() == "3\n"
    assert process.returncode == 0


# What others see


@pytest.mark.parametrize("path", sorted(FORMATS.iterdir()), ids=lambda path: path.name)
@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_every_result_is_a_picture_to_pillow(path: Path, format: Any) -> None:
    made = porteur.transform(path, format=format, quality=95, background=(255, 255, 255), thumbnail=12)
    image = Image.open(io.BytesIO(made.bytes))
    image.load()
    assert (image.format, image.size) == (format.upper(), (made.width, made.height))
    assert image.mode in ("RGB", "L")
    # Four fields of colour, as the script that made the files has them; the same ones from a lossless way.
    lossless = porteur.transform(path, format="png", background=(255, 255, 255)).to_pil().convert("RGB")
    for x in (made.width // 4, 3 * made.width // 4):
        for y in (made.height // 4, 3 * made.height // 4):
            seen, expected = image.convert("RGB").getpixel((x, y)), lossless.getpixel((x, y))
            assert isinstance(seen, tuple) and isinstance(expected, tuple)
            assert max(abs(a - b) for a, b in zip(seen, expected, strict=True)) <= 24
    assert made.thumbnail is not None
    assert made.thumbnail.to_pil().size == (made.thumbnail.width, made.thumbnail.height)


@pytest.mark.parametrize("name", ["rgba.png", "gray-alpha.png", "palette-clear.png", "clear.gif", "lossy-alpha.webp"])
@pytest.mark.parametrize("format", ["png", "webp"])
def test_glass_stays_glass_to_pillow(name: str, format: Any) -> None:
    made = porteur.transform(FORMATS / name, format=format).to_pil().convert("RGBA")
    with Image.open(FORMATS / name) as opened:
        original = opened.convert("RGBA")
    for x in (12, 36):
        for y in (8, 24):
            seen, expected = made.getpixel((x, y)), original.getpixel((x, y))
            assert isinstance(seen, tuple) and isinstance(expected, tuple)
            assert abs(seen[3] - expected[3]) <= 8
