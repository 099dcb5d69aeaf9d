"""Files that are made to harm whoever reads them."""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from pathlib import Path

_ENTITIES = "".join(f'<!ENTITY {chr(98 + i)} "{(f"&{chr(97 + i)};") * 10}">' for i in range(9))
_TEXTS = {
    "laughs.xml": f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">{_ENTITIES}]><l>&j;</l>',
    "xxe.xml": '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    "<r>&x;</r>",
    "deep.html": "<div>" * 100_000 + "x" + "</div>" * 100_000,
    "big.html": "<p>" + "word " * 4_000_000 + "</p>",
    "ragged.csv": 'a,b\n1,2,3\n"x\n',
}
_PDF = (
    b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
    b"4 0 obj<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream endobj\n"
    b"trailer<</Root 1 0 R>>"
)
_WRONG_NAMES = {
    "docx_named.pdf": "lorem_ipsum.docx",
    "pdf_named.docx": "fake-memo.pdf",
    "pdf_named.txt": "fake-memo.pdf",
    "html_named.pdf": "fake-html.html",
    "no_extension": "fake-memo.pdf",
}


def make_hostile(folder: Path, real: Path) -> None:
    """Write them into a new folder; some are made of the documents in the folder `real`."""
    folder.mkdir()
    for name, text in _TEXTS.items():
        (folder / name).write_text(text)
    for name, size in {
        "zero.pdf": 0,
        "zero.docx": 0,
        "noise.pdf": 200_000,
        "noise.docx": 50_000,
    }.items():
        (folder / name).write_bytes(os.urandom(size))
    for name, of in _WRONG_NAMES.items():
        shutil.copy(real / of, folder / name)
    for name in ("multi_page.pdf", "lorem_ipsum.docx"):
        whole = (real / name).read_bytes()
        (folder / f"cut_{name}").write_bytes(whole[: len(whole) // 2])
    (folder / "nested.eml").write_text(_nested_mail(200))
    stream = zlib.compress(b"\0" * 500_000_000, 9)
    (folder / "flate_bomb.pdf").write_bytes(_PDF % (len(stream), stream))
    _zip_bomb(folder / "zip_bomb.docx", real / "lorem_ipsum.docx")
    (folder / "link.txt").symlink_to("/etc/hostname")
    (folder / "up").symlink_to("/etc")


def _nested_mail(depth: int) -> str:
    body = "Content-Type: text/plain\n\nhello"
    for i in range(depth):
        body = f'Content-Type: multipart/mixed; boundary="b{i}"\n\n--b{i}\n{body}\n--b{i}--'
    return "From: a@b.c\nSubject: n\nMIME-Version: 1.0\n" + body


def _zip_bomb(path: Path, real: Path) -> None:
    """A document of 2 GB in a file of 2 MB."""
    word = b"<w:p><w:r><w:t>" + b"A" * 999_000 + b"</w:t></w:r></w:p>"
    inner = zipfile.ZipInfo("word/document.xml")
    inner.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(real) as of, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in set(of.namelist()) - {inner.filename}:
            bomb.writestr(name, of.read(name))
        with bomb.open(inner, "w", force_zip64=True) as file:
            file.write(
                b'<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
            )
            for _ in range(2000):
                file.write(word)
            file.write(b"</w:body></w:document>")
