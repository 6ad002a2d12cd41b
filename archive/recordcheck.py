"""One WARC record under examination, by itself: digests, date, identity, address of the peer."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from archive import warc
from archive.http import HttpError, read_head
from archive.members import RecordView

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_DIGEST = re.compile(r"(sha1|sha256|sha512|md5):([A-Za-z0-9]+)=*")
_HASHERS = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ2345670189", "0123456789ABCDEFGHIJKLMNOPQRSTUV!!!!")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? \d{3}")
_TRANSFER_CODING = re.compile(rb"\ntransfer-encoding[ \t]*:([^\n]*)", re.IGNORECASE)
_FOLDED = re.compile(rb"\n[ \t]")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\n")
_LINE_END = re.compile(rb"\n")


def record_faults(record: RecordView, *, imported: bool = False) -> Iterator[tuple[str, str]]:
    """One word and one sentence for each thing that is wrong with a record by itself.

    Args:
        imported: another program captured it, and may not have noted the peer's address.
    """
    fields = record.fields
    if not record.id:
        yield "id-missing", "the record has no WARC-Record-ID."
    if not _is_date(fields.get("warc-date", "")):
        yield "date-malformed", f"WARC-Date is «{fields.get('warc-date', '')}», not a time like 2026-03-21T08:30:00Z."
    yield from _digest_fault("block", fields.get("warc-block-digest", ""), [record.block])
    address = fields.get("warc-ip-address", "")
    if record.type in warc.CAPTURES and record.is_web and (address or not imported):
        yield from _ip_fault(address)
    if record.type == "response":
        yield from _payload_fault(record)


@lru_cache(8)  # the records of an exchange share theirs
def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _digest_fault(part: str, written: str, data: Iterable[memoryview]) -> Iterator[tuple[str, str]]:
    match = _DIGEST.fullmatch(written)
    if match is None:
        yield "digest-missing", f"the record has no {part} digest that can be checked: «{written}»."
    elif not _fits(match[1], match[2], data):
        yield f"{part}-digest", f"the {part} is not the one that was written: its {match[1]} differs."


def _fits(algorithm: str, value: str, data: Iterable[memoryview]) -> bool:
    hasher = _HASHERS[algorithm](usedforsecurity=False)
    for piece in data:
        hasher.update(piece)
    found = hasher.digest()
    if len(value) == 2 * len(found):
        return found.hex() == value.lower()
    # Python reads numbers to the base of 32, with other digits, twenty times faster than base64 packs them.
    try:
        number = int(value.upper().translate(_BASE32), 32)
    except ValueError:
        return False
    spare = 5 * len(value) - 8 * len(found)
    return 0 <= spare < 5 and number == int.from_bytes(found) << spare  # noqa: PLR2004 - bits of a digit


def _payload_fault(record: RecordView) -> Iterator[tuple[str, str]]:
    written = record.fields.get("warc-payload-digest", "")
    if record.fields.get("warc-truncated"):
        # A body that broke off cannot always be taken apart; its block digest covers it.
        if not written:
            yield "digest-missing", "the response has no payload digest."
        return
    try:
        yield from _digest_fault("payload", written, payload_of(record.block) if record.is_web else [record.block])
    except HttpError as error:
        yield "payload-unreadable", f"the response cannot be taken apart: {error}."


def payload_of(block: memoryview) -> Iterator[memoryview]:
    """The transfer-decoded body of a response block, in pieces that are not copied. Raises HttpError."""
    end = _HEAD_END.search(block)
    if end is None:
        raise HttpError("no HTTP response head")
    head = bytes(block[: end.end()])
    if not _STATUS_LINE.match(head):
        raise HttpError("no HTTP response head")
    codings = _TRANSFER_CODING.findall(head)
    if len(codings) > 1 or _FOLDED.search(head):  # rare, and taking a head apart is slow
        codings = [read_head(head).get("transfer-encoding").encode("latin-1")]
    chunked = bool(codings) and b"chunked" in codings[0].lower()
    body = block[end.end() :]
    return _chunks(body) if chunked and body else iter([body])


def _chunks(body: memoryview) -> Iterator[memoryview]:
    """What `http.transfer_decode` joins, by the same rules."""
    at = 0
    while True:
        line = _CHUNK_SIZE.match(body, at)
        if line is None:
            raise HttpError("a chunk without a size")
        size = int(line[1], 16)
        if size == 0:
            return
        start = line.end()
        after = _LINE_END.search(body, start + size)
        if after is None:
            raise HttpError("the last chunk is cut off")
        yield body[start : start + size]
        at = after.end()


def _ip_fault(address: str) -> Iterator[tuple[str, str]]:
    if not address:
        yield "ip-missing", "the response has no WARC-IP-Address."
    elif not _is_ip(address):
        yield "ip-missing", f"WARC-IP-Address is «{address}», which is no IP address."


@lru_cache
def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
