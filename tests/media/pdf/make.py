"""Makes the PDFs of this folder, in the syntax of ISO 32000 and by hand; pikepdf locks two of them and Pillow makes the photograph.

    python tests/media/pdf/make.py

What they show is drawn by arithmetic or said in a few words, so nobody owns it. Made with pikepdf 10.18 and Pillow 13.0.
"""

from __future__ import annotations

import io
import math
import sys
import zlib
from pathlib import Path

import pikepdf
from PIL import Image

FOLDER = Path(__file__).parent


def pdf(objects: dict[int, bytes], *, root: int = 1) -> bytes:
    """A file of these objects, with its table of where they are."""
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (max(places) + 1)
    for number in range(1, max(places) + 1):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
    out += b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (max(places) + 1, root, table)
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def deflated(data: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), entries + b" /Filter /FlateDecode")


def fields(width: int, height: int) -> bytes:
    """Red, green (above), blue and yellow (below), so that every way of turning the page shows."""
    places = [(0, 1, b"1 0 0"), (1, 1, b"0 1 0"), (0, 0, b"0 0 1"), (1, 0, b"1 1 0")]
    boxes = (b"%s rg %g %g %g %g re f" % (color, x * width / 2, y * height / 2, width / 2, height / 2) for x, y, color in places)
    return b"\n".join(boxes)


def photograph(width: int, height: int) -> bytes:
    picture = Image.new("RGB", (width, height))
    pixels = picture.load()
    for x in range(width):
        for y in range(height):
            wave = math.sin(x / 17) * math.cos(y / 13)
            pixels[x, y] = (128 + int(90 * wave), 120 + y * 90 // height, 200 - x * 120 // width)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def pages() -> bytes:
    """Three: four fields on 240 x 160 points, the same turned a quarter to the right, and 5 x 2.5 units of a tenth of an inch."""
    tree = b"<< /Type /Pages /Count 3 /Kids [3 0 R 4 0 R 5 0 R] >>"
    page = b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R /MediaBox [%s] %s >>"
    return pdf({
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: tree,
        # The corners may stand in any order.
        3: page % (6, b"240 160 0 0", b""),
        4: page % (6, b"0 0 240 160", b"/Rotate 90"),
        5: page % (7, b"0 0 5 2.5", b"/UserUnit 7.2"),
        6: deflated(fields(240, 160)),
        7: deflated(b"0 0 1 rg 0 0 5 2.5 re f"),
    })


def letter() -> bytes:
    """Text in a font that is not in the file, lines, a shading, glass and a photograph: what an invoice has."""
    text = [b"BT /F1 22 Tf 60 770 Td (Your invoice) Tj ET"]
    words = b"A hundred and twenty words a minute, as whoever reads them may count, and none of them true"
    for line in range(24):
        text.append(b"BT /F2 10 Tf 60 %d Td (%d %s) Tj ET" % (735 - 14 * line, line + 1, words))
    art = b"0.2 0.3 0.6 RG 2 w 60 760 m 535 760 l S q 60 300 180 70 re W n /S1 sh Q q 0.8 0 0 rg /G1 gs 200 280 160 60 re f Q"
    photo = b"q 220 0 0 150 315 120 cm /I1 Do Q"
    resources = (
        b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Times-Bold >> /F2 << /Type /Font /Subtype /Type1 "
        b"/BaseFont /Helvetica >> >> /XObject << /I1 5 0 R >> /ExtGState << /G1 << /ca 0.5 >> >> /Shading << /S1 << "
        b"/ShadingType 2 /ColorSpace /DeviceRGB /Coords [60 0 240 0] /Function << /FunctionType 2 /Domain [0 1] "
        b"/C0 [1 1 0] /C1 [0 0.5 0] /N 1 >> >> >> >>"
    )
    photo_entries = b"/Type /XObject /Subtype /Image /Width 220 /Height 150 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"
    return pdf({
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 595.276 841.89] >>",
        3: b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources %s >>" % resources,
        4: deflated(b"\n".join([*text, art, photo])),
        5: stream(photograph(220, 150), photo_entries),
    })


def active() -> bytes:
    """A page that wants to run a script and a program, and carries a file. None of it is to be seen in what is made of it."""
    return pdf({
        1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction 5 0 R /AA << /WC 6 0 R >> /Names << /EmbeddedFiles << /Names [(secret.txt) 7 0 R] >> "
        b"/JavaScript << /Names [(first) 5 0 R] >> >> >>",
        2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 240 160] /Contents 4 0 R /AA << /O 6 0 R >> >>",
        4: deflated(fields(240, 160)),
        5: b"<< /S /JavaScript /JS (app.alert\\('secret script'\\)) >>",
        6: b"<< /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) /P (/c secret) >> >>",
        7: b"<< /Type /Filespec /F (secret.txt) /EF << /F 8 0 R >> >>",
        8: stream(b"secret contents", b"/Type /EmbeddedFile"),
    })


def bomb() -> bytes:
    """Zeros, deflated twice: 268 MiB of page content in less than a kilobyte."""
    inner = zlib.compress(bytes(268 << 20), 9)
    content = stream(zlib.compress(inner, 9), b"/Filter [/FlateDecode /FlateDecode]")
    return pdf({
        1: b"<< /Pages 2 0 R >>",
        2: b"<< /Kids [3 0 R] >>",
        3: b"<< /Contents 4 0 R /MediaBox [0 0 9 9] >>",
        4: content,
    })


def locked(data: bytes, *, owner: str, user: str) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as file:
        file.save(buffer, encryption=pikepdf.Encryption(owner=owner, user=user), deterministic_id=False)
    return buffer.getvalue()


FILES = {
    "pages": pages,
    "letter": letter,
    "active": active,
    "bomb": bomb,
    # Opens with a password alone.
    "locked": lambda: locked(pages(), owner="owner", user="user"),
    # Opens without one; only changing it needs one.
    "guarded": lambda: locked(pages(), owner="owner", user=""),
}

if __name__ == "__main__":
    for name in sys.argv[1:] or FILES:
        (FOLDER / f"{name}.pdf").write_bytes(FILES[name]())
