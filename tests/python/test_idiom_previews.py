"""What is special to Python about PDFs: the interpreter is its own media child, before and after a fork."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import porteur
from conftest import TESTS
from test_idiom_stopping import forking, in_a_child

PDF = TESTS / "media" / "pdf"
# A busy machine may take its time; what counts is that of the processor.
PATIENT = porteur.MediaLimits(max_child_wall=120.0)


def elsewhere(code: str, **environment: str) -> str:
    """What `code` prints in an interpreter of its own, where the last line of it may not work out."""
    program = f"import sys\n{code}"
    finished = subprocess.run(
        [sys.executable, "-c", program, str(PDF / "pages.pdf")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return finished.stdout + finished.stderr


def test_a_page_becomes_a_picture() -> None:
    small = porteur.preview(PDF / "pages.pdf", page=2, limits=PATIENT)
    assert (small.width, small.height, small.source.pdf_pages) == (200, 300, 3)
    assert porteur.inspect((PDF / "letter.pdf").read_bytes(), limits=PATIENT).width == 595


@pytest.mark.parametrize(("name", "kind"), [("bomb.pdf", "too_large"), ("locked.pdf", "encrypted")])
def test_a_file_that_is_refused_leaves_the_interpreter_as_it_was(name: str, kind: str) -> None:
    with pytest.raises(porteur.Media) as refused:
        porteur.preview(PDF / name, limits=PATIENT)
    assert refused.value.details["kind"] == kind
    assert porteur.preview(PDF / "pages.pdf", limits=PATIENT).width == 300


@forking
def test_a_forked_process_has_a_child_of_its_own() -> None:
    before = porteur.preview(PDF / "pages.pdf", limits=PATIENT).bytes

    def task() -> None:
        assert porteur.preview(PDF / "pages.pdf", limits=PATIENT).bytes == before

    in_a_child(task)
    assert porteur.preview(PDF / "pages.pdf", limits=PATIENT).bytes == before


def test_a_program_that_is_no_interpreter_is_not_started_once_more() -> None:
    said = elsewhere("sys.executable = '/usr/bin/uwsgi'\nimport porteur\nporteur.preview(sys.argv[1])")
    assert "InvalidInput: invalid isolation: no program is known for the child process" in said
    said = elsewhere(
        "sys.executable = ''\nimport porteur\n"
        "print(porteur.preview(sys.argv[1], limits=porteur.MediaLimits(isolation='nothing')).width)"
    )
    assert said == "300\n"


def test_the_environment_can_name_another_program() -> None:
    said = elsewhere("import porteur\nporteur.preview(sys.argv[1])", PORTEUR_MEDIA_CHILD="/bin/false")
    assert "invalid isolation: expected /bin/false to serve as a child process" in said


def test_what_python_says_and_imports_does_not_get_between(tmp_path: Any) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('hello from a site')\n")
    (tmp_path / "errors.py").write_text("raise SystemExit('the wrong module')\n")
    code = "import porteur\nprint(porteur.preview(sys.argv[1], limits=porteur.MediaLimits(max_child_wall=120.0)).width)"
    assert elsewhere(code, PYTHONPATH=str(tmp_path)).endswith("300\n")


def test_threads_draw_pages_side_by_side() -> None:
    with ThreadPoolExecutor(6) as threads:
        drawn = threads.map(lambda _: porteur.preview(PDF / "pages.pdf", max_width=40, limits=PATIENT).bytes, range(18))
        assert len(set(drawn)) == 1


def test_a_page_that_takes_too_long_ends_with_its_limit() -> None:
    with pytest.raises(porteur.Media, match="too large"):
        porteur.preview(PDF / "letter.pdf", max_width=2000, limits=porteur.MediaLimits(max_child_wall=0.001))


def test_a_program_that_ends_leaves_no_child_behind() -> None:
    code = """
import os, porteur

def parent(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return int(stat.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0

porteur.preview(sys.argv[1], limits=porteur.MediaLimits(max_child_wall=120.0))
print(*[pid for pid in os.listdir("/proc") if pid.isdigit() and parent(pid) == os.getpid()])
"""
    children = [int(pid) for pid in elsewhere(code).split()]
    assert children
    for pid in children:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        with os.fdopen(descriptor) as process:
            assert select.select([process], [], [], 60)[0], f"{pid} is still there"
