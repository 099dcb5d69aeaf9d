"""Endpoints: which URLs texts may be sent to, and the name of a host in keys."""

from __future__ import annotations

from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def host_of(url: str) -> str:
    """Return the host that a URL names, `loopback` for this machine.

    Ports and paths are left out, so that moving a gateway does not buy answers again.
    """
    name = urlsplit(url).hostname or ""
    return "loopback" if name in _LOOPBACK else name


def check_url(url: str, key_variable: str | None) -> None:
    """Raise `ValueError` for an endpoint that texts may not be sent to, or that holds a secret."""
    key = f"use `{key_variable}` for the key." if key_variable else "leave keys out."
    if "@" in (url.partition("//")[2] or url).partition("/")[0]:
        message = (
            "`ASSAY_BASE_URL` holds a user name or a password, which would show in messages; "
            f"{key}"
        )
        raise ValueError(message)
    if "?" in url or "#" in url:
        message = (
            "`ASSAY_BASE_URL` holds a `?` or a `#`, which is not sent but would show in messages; "
            f"end it with the path, /v1, and {key}"
        )
        raise ValueError(message)
    if is_safe(url):
        return
    message = (
        f"`ASSAY_BASE_URL` is {url!r}; use an https URL (plain http only to 127.0.0.1, ::1 or "
        "localhost), up to and including /v1."
    )
    raise ValueError(message)


def is_safe(url: str) -> bool:
    """Whether anything may be sent to `url`: by https, or to this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # brackets that do not match, a port that is none
        return False
    loopback = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return loopback or (parts.scheme == "https" and bool(parts.hostname))


def check_search_url(url: str) -> None:
    """Raise `ValueError` for a search server that may not be asked, or a URL with a secret."""
    if "{query}" in url and is_safe(url) and "@" not in urlsplit(url).netloc and "#" not in url:
        return
    message = (
        "`ASSAY_EVIDENCE_URL` is no https URL (plain http only to 127.0.0.1, ::1 or localhost) "
        "with `{query}` where the question goes, and without user, password and `#`; keys belong "
        "into `ASSAY_EVIDENCE_HEADERS`."
    )
    raise ValueError(message)
