"""How an item is cited, with the capture that proves it: APA-like text, BibTeX, RIS and CSL-JSON."""

from __future__ import annotations

import re
from typing import Any

from archive.names import Lang, office_name
from archive.record import NewsRecord

_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "{}%&$#_"},
}


def apa(record: NewsRecord, lang: Lang = "en") -> tuple[str, ...]:
    """The parts of a citation in the manner of APA: who, when and what; where; code and capture; what proves it.

    Apart, because Persian and Latin text in one line changes places on a screen.
    """
    code, captured = ("کد خبر", "ضبط‌شده در") if lang == "fa" else ("News code", "Captured")
    parts = [f"{_author(record, lang)}. ({_published(record, lang)}). {_title(record)}.", record.url]
    if record.capture is None:
        return (*parts, f"{code} {record.code}.")
    moment = f"{code} {record.code}. {captured} {record.capture.fetched}."
    return (*parts, moment, f"{record.capture.payload_digest}.", record.capture.record_id)


def bibtex(record: NewsRecord) -> str:
    """An `@online` entry of biblatex."""
    fields = {
        "author": f"{{{_tex(_author(record))}}}",
        "title": f"{{{_tex(_title(record))}}}",
        "date": (record.published or "")[:10],
        "url": re.sub(r"([{}\\\s])", lambda sign: f"%{ord(sign[1]):02X}", record.url),
        "urldate": record.capture.fetched[:10] if record.capture else "",
        "langid": "persian" if record.language in {None, "fa"} else "",
        "note": _tex(f"News code {record.code}. {_evidence(record)}"),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@online{{{_key(record)},\n{lines}}}\n"


def ris(record: NewsRecord) -> str:
    """A RIS record of type NEWS."""
    day = (record.published or "")[:10].replace("-", "/")
    lines = [
        ("TY", "NEWS"),
        ("ID", _key(record)),
        ("TI", _title(record)),
        ("AU", _author(record)),
        ("PY", day[:4]),
        ("DA", day),
        ("AB", record.lead),
        *(("KW", tag) for tag in record.tags),
        ("UR", record.url),
        ("Y2", record.capture.fetched[:10].replace("-", "/") if record.capture else ""),
        ("LA", record.language or "fa"),
        ("N1", f"News code {record.code}. {_evidence(record)}"),
    ]
    return "".join(f"{tag}  - {' '.join(text.split())}\r\n" for tag, text in lines if text) + "ER  - \r\n"


def csl(record: NewsRecord) -> dict[str, Any]:
    """A CSL-JSON item."""
    item: dict[str, Any] = {
        "id": record.id,
        "type": "article-newspaper",
        "title": _title(record),
        "author": [{"literal": _author(record)}],
        "URL": record.url,
        "language": record.language or "fa",
        "number": record.code,
        "note": _evidence(record),
    }
    if record.published:
        item["issued"] = {"date-parts": [_date_parts(record.published)]}
    if record.capture:
        item["accessed"] = {"date-parts": [_date_parts(record.capture.fetched)]}
        item["archive_location"] = record.capture.record_id
    if record.lead:
        item["abstract"] = record.lead
    return item


def _evidence(record: NewsRecord) -> str:
    c = record.capture
    return f"Captured {c.fetched}, {c.payload_digest}, {c.record_id}" if c else "No capture"


def _author(record: NewsRecord, lang: Lang = "fa") -> str:
    return office_name(record.office, lang) or record.portal


def _title(record: NewsRecord) -> str:
    return " ".join(record.title.split())


def _published(record: NewsRecord, lang: Lang) -> str:
    if not record.published:
        return "بی‌تا" if lang == "fa" else "n.d."
    if lang == "fa" and record.published_jalali:
        return record.published_jalali.replace("-", "/")
    jalali = f"; {record.published_jalali} Jalali" if record.published_jalali else ""
    return record.published[:10] + jalali


def _date_parts(moment: str) -> list[int]:
    return [int(part) for part in moment[:10].split("-")]


def _key(record: NewsRecord) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", record.id)


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in " ".join(text.split()))
