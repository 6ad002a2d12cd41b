"""CDXJ: the index by which replay tools (pywb, ReplayWeb.page) find a capture in a WARC file.

One line a capture: sort key of the address, 14-digit time, JSON. The lines are those of `cdxj-indexer`, sorted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from archive import warc
from archive.members import Member, NotOneRecordError, RecordView, scan, view

SUFFIX = ".cdxj"

_URL = re.compile(rb"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.IGNORECASE)
_AUTHORITY = re.compile(rb"(?:.*@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?")
_DEFAULT_PORTS = {b"http": 80, b"https": 443}
_WWW = re.compile(rb"www\d*\.")
_DROPPED = str.maketrans("", "", "\n\r\t")
_ESCAPED = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
_ODD = re.compile(rb"(?:[^!-~]|[#%])+")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\S+\s+(\d{3})")
_MIME = re.compile(rb"\ncontent-type[ \t]*:[ \t]*([^;\s]+)", re.IGNORECASE)
_SESSIONS_IN_PATH = [
    re.compile(rb"(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)", re.DOTALL),
    re.compile(rb"(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)", re.DOTALL),
]
_SESSIONS_IN_QUERY = [
    re.compile(rb"(.*)" + name + rb"(?:&(.*))?", re.DOTALL)
    for name in (
        rb"jsessionid=[0-9a-z]{32}",
        rb"phpsessid=[0-9a-z]{32}",
        rb"sid=[0-9a-z]{32}",
        rb"aspsessionid[a-z]{8}=[a-z]{24}",
        rb"cfid=[^&]+&cftoken=[^&]+",
    )
]


def url_key(url: str) -> str:
    """The key under which replay tools look an address up: host backwards, then path and query, folded (SURT).

    Scheme, `www.`, default port, user, fragment, letter case, percent-encoding, the order of query fields and common
    session numbers make no difference. What is not http(s) is its own key.
    """
    match = _URL.match(url.strip().translate(_DROPPED).encode("utf-8", "surrogateescape"))
    if match is None:
        return url
    scheme, authority, path, query = match.groups()
    key = _host_key(authority, _DEFAULT_PORTS[scheme.lower()]) + b")" + _path_key(path) + _query_key(query or b"")
    return key.decode("ascii", "backslashreplace")


@lru_cache  # a file holds few hosts
def _host_key(authority: bytes, default_port: int) -> bytes:
    match = _AUTHORITY.match(authority)
    host, port = (match[1], match[2]) if match else (authority, None)
    host = _unescape(host.strip(b"[]"))
    if not host.isascii():
        with suppress(UnicodeError):  # a host that no resolver takes keeps its bytes
            host = host.decode("utf-8", "ignore").encode("idna")
    host = _escape(host.replace(b"..", b".").strip(b".")).lower()
    host = host[len(www[0]) :] if (www := _WWW.match(host)) else host
    reverse = b",".join(reversed(host.split(b".")))
    return reverse if not port or int(port) == default_port else reverse + b":%d" % int(port)


def _path_key(path: bytes) -> bytes:
    kept: list[bytes] = []
    segments = _unescape(path).split(b"/")[1:]
    for segment in segments:
        if segment == b".." and kept:
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    last = kept.pop() if kept else b""
    path = _escape(b"/" + b"".join(segment + b"/" for segment in kept if segment) + last).lower()
    for session in _SESSIONS_IN_PATH:
        if match := session.fullmatch(path):
            path = match[1] + match[2]
    return path[:-1] if len(path) > 1 and path.endswith(b"/") else path


def _query_key(query: bytes) -> bytes:
    query = _escape(_unescape(query)).lower()
    for session in _SESSIONS_IN_QUERY:
        if match := session.fullmatch(query):
            query = match[1] + (match[2] or b"")
    if len(query) > 1:
        query = b"&".join(b"=".join(pair) for pair in sorted(field.split(b"=", 1) for field in query.split(b"&")))
    return b"?" + query if query else b""


def _unescape(text: bytes) -> bytes:
    """Undo percent-encoding until none is left."""
    while (plain := _ESCAPED.sub(lambda run: bytes.fromhex(run[0].replace(b"%", b"").decode()), text)) != text:
        text = plain
    return text


def _escape(text: bytes) -> bytes:
    """Percent-encode, with small letters, whatever is not printable ASCII, and # and %."""
    return _ODD.sub(lambda run: b"%" + run[0].hex("%").encode(), text)


# --- lines ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Entry:
    """What an index line says of a capture. `mime` and `digest` are None where the record has none."""

    url: str
    date: str
    mime: str | None
    status: str | None
    digest: str | None
    length: int
    offset: int
    filename: str

    def line(self) -> str:
        """The line, with its end."""
        facts = {
            "url": self.url,
            "mime": self.mime,
            "status": self.status,
            "digest": self.digest,
            "length": str(self.length),
            "offset": str(self.offset),
            "filename": self.filename,
        }
        present = json.dumps({name: value for name, value in facts.items() if value})
        return f"{url_key(self.url)} {timestamp(self.date)} {present}\n"


def timestamp(date: str) -> str:
    """The 14 digits of a WARC-Date, fractions of a second left out."""
    return re.sub(r"\D", "", date)[:14].ljust(14, "0")


def entry(record: RecordView, offset: int, length: int, filename: str) -> Entry | None:
    """The index entry of a record; None for records that hold nothing to replay."""
    if record.type not in warc.CAPTURES:
        return None
    end = _HEAD_END.search(record.block)
    head = bytes(record.block[: end.start()]) if end else b""
    status, mime = _STATUS.match(head), _MIME.search(head)
    return Entry(
        url=record.url,
        date=record.fields.get("warc-date", ""),
        mime="warc/revisit" if record.type == "revisit" else mime and mime[1].decode("latin-1"),
        status=status and status[1].decode(),
        digest=record.fields.get("warc-payload-digest"),
        length=length,
        offset=offset,
        filename=filename,
    )


def entry_written(record: warc.Record, place: warc.Location) -> Entry | None:
    """The index entry of a record that was just written, as reading its file would give it."""
    if record.type not in warc.CAPTURES:
        return None
    start = next(record.spool.pieces(), b"") if record.spool else record.block
    fields = {name.lower(): value.strip() for name, value in reversed(record.headers)}
    seen = RecordView(record.type, record.id, fields, [], memoryview(start))
    return entry(seen, place.offset, place.length, place.warc.rpartition("/")[2])


def index_lines(path: Path) -> list[str]:
    """The sorted lines of one WARC file. What is damaged in it is left out: `bayegan verify` names that."""
    filename = path.name.removesuffix(warc.OPEN_SUFFIX)
    lines = []
    for found in scan(path):
        if isinstance(found, Member):
            with suppress(NotOneRecordError):
                made = entry(view(found.data), found.offset, found.length, filename)
                lines += [made.line()] if made else []
    return sorted(lines)


# --- files ------------------------------------------------------------------------------------------------------


def index_of(path: Path) -> Path:
    """Where the index of a WARC file is, finished or not: `NAME.cdxj` beside `NAME.warc.gz`."""
    return path.with_name(path.name.removesuffix(warc.OPEN_SUFFIX).removesuffix(".warc.gz") + SUFFIX)


def seal(path: Path, lines: Iterable[str] | None = None) -> Path:
    """Write the index of a WARC file beside it, whole or not at all, and durably. Returns where.

    The index of a finished file is kept if there is one; that of an unfinished file is made anew.

    Args:
        lines: its lines in any order, where whoever wrote the file knows them; else the file is read.
    """
    target = index_of(path)
    if path.name.endswith(warc.OPEN_SUFFIX) or not target.exists():
        write_durably(target, index_lines(path) if lines is None else sorted(lines))
    return target


def write_durably(target: Path, lines: Iterable[str]) -> None:
    """Write a text file under another name, bring it to the disk, and only then give it its name."""
    part = target.with_name(target.name + ".part")
    with part.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(lines)
        out.flush()
        os.fsync(out.fileno())
    part.replace(target)
    warc.sync_folder(target.parent)
