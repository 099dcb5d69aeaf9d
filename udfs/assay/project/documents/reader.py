"""The child that reads documents: `python -I -m assay.project.documents.reader BYTES SECONDS`.

It is handed a name and bytes on standard input and answers with a line of JSON, one document after
another. It opens no file of a document and cannot write any. `BYTES` is the memory it may take,
`SECONDS` when it ends itself, in case nobody is left to end it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import IO, Any

import kreuzberg

from assay.core.pages import paged
from assay.project.documents.kinds import PDF, PLAIN, in_utf8, kind_of

MOST_CHARACTERS = 5_000_000

_REMEDIED = (("password", "encrypted"), ("encrypt", "encrypted"), ("limit exceeded", "too_big"))
"""What an error says, in lower case, and what became of the document then."""


def reading(name: str, data: bytes) -> dict[str, Any]:
    """Return what a document holds: `status`, and fields of a `DocumentReading`."""
    kind: str | None = None
    try:
        kind = kind_of(name, _told(data))
        if kind is None:
            return {"status": "unknown_kind"}
        return {"kind": kind, **_parsed(in_utf8(data, kind), kind)}
    except MemoryError:
        return {"kind": kind, "status": "too_big", "error": "It needs more memory than it may."}
    except Exception as error:  # noqa: BLE001 - whatever a parser says of one file
        return {"kind": kind, "status": _status(error), "error": str(error)[:300]}


def _told(data: bytes) -> str | None:
    try:
        return str(kreuzberg.detect_mime_type_from_bytes(data))
    except RuntimeError:
        return None


def _parsed(data: bytes, kind: str) -> dict[str, Any]:
    found = _extracted(data, kind)
    pages, about = _pages(found.pages or []), dict(found.metadata or {})
    text = _whole(pages) if kind == PDF and pages else _clean(found.content)
    if len(text) > MOST_CHARACTERS:
        return {"status": "too_big", "error": f"More than {MOST_CHARACTERS:,} characters."}
    return {
        "status": "ok" if text.strip() else "no_text",
        "text": text if text.strip() else None,
        "title": _clean(about.get("title")).strip() or None,
        "page_count": about.get("page_count"),
        "pages": pages,
        "metadata": json.dumps(about, default=str),
    }


def _extracted(data: bytes, kind: str) -> kreuzberg.ExtractionResult:
    """Return what the parser finds; a PDF is read as it stands, then as Markdown.

    Markdown leaves text of some PDFs out; in others it has captions that nothing else has.
    """
    forms = (False, True) if kind == PDF else (kind != PLAIN,)
    for marks in forms:
        found = kreuzberg.extract_bytes_sync(data, kind, config=_config(marks=marks))
        if (found.content or "").strip():
            break
    return found


def _pages(pages: list[Any]) -> list[tuple[int, str]]:
    """Return numbers and texts of pages; nothing where the text is on none of them."""
    texts = [(page["page_number"], _clean(page["content"])) for page in pages]
    return texts if any(text.strip() for _, text in texts) else []


def _whole(pages: list[tuple[int, str]]) -> str:
    """Return the text of a PDF with its pages marked; other kinds have text on no page as well."""
    written = dict(pages)
    return paged(written.get(number, "") for number in range(1, max(written) + 1))


def _config(*, marks: bool) -> kreuzberg.ExtractionConfig:
    return kreuzberg.ExtractionConfig(
        disable_ocr=True,
        use_cache=False,
        output_format="markdown" if marks else "plain",
        pages=kreuzberg.PageConfig(extract_pages=True),
    )


def _clean(text: str | None) -> str:
    """Return a text without what DuckDB and JSON cannot hold."""
    return (text or "").replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _status(error: Exception) -> str:
    said, name = str(error).lower(), type(error).__name__
    if "Timeout" in name:
        return "timeout"
    if "unsupported" in said:
        return "unknown_kind"
    return next((status for words, status in _REMEDIED if words in said), "invalid")


def _unpack() -> None:
    """Let the parser write the library out that reads PDFs, into the folder of this process."""
    with contextlib.suppress(Exception):
        kreuzberg.extract_bytes_sync(b"%PDF-1.4", PDF, config=_config(marks=False))


def _confine(memory: int) -> None:
    """Bound what this process may take: no byte of a file; Windows has no such bounds."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_in(seconds: int) -> None:
    """Let the system end this process in so many seconds, 0 for never."""
    if sys.platform != "win32":
        signal.alarm(seconds)


def _replies() -> IO[str]:
    """Take standard output for replies alone: a parser that prints prints elsewhere."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


def main() -> None:
    """Read what comes in until nothing does."""
    memory, seconds = map(int, sys.argv[1:])
    replies, asked = _replies(), sys.stdin.buffer
    _unpack()
    _confine(memory)
    while line := asked.readline():
        head = json.loads(line)
        _end_in(seconds)
        reply = reading(head["name"], asked.read(head["bytes"]))
        _end_in(0)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
