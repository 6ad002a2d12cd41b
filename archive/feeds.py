"""A search as a feed: Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from archive.names import office_name
from archive.record import NewsRecord

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its title, its own address, the page it belongs to, and the address of an item by its id."""

    title: str
    address: str
    page: str
    items: Sequence[tuple[NewsRecord, str]]


def atom(feed: Feed) -> str:
    """The feed as an Atom document."""
    updated = max((_updated(record) for record, _ in feed.items), default="1970-01-01T00:00:00Z")
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fa">\n'
        f"<title>{_xml(feed.title)}</title>\n<id>{_xml(_urn(feed.page))}</id>\n<updated>{updated}</updated>\n"
        f"<author><name>Bayegan</name></author>\n"
        f'<link rel="self" type="application/atom+xml" href={_attribute(feed.address)}/>\n'
        f'<link rel="alternate" type="text/html" href={_attribute(feed.page)}/>\n'
    )
    return head + "".join(_entry(record, address) for record, address in feed.items) + "</feed>\n"


def _entry(record: NewsRecord, address: str) -> str:
    published = f"<published>{record.published}</published>\n" if record.published else ""
    categories = "".join(f"<category term={_attribute(tag)}/>\n" for tag in record.tags)
    author = office_name(record.office, "fa") or record.portal
    return (
        f"<entry>\n<title>{_xml(record.title)}</title>\n<id>{_urn(record.id)}</id>\n"
        f"<updated>{_updated(record)}</updated>\n{published}"
        f"<author><name>{_xml(author)}</name></author>\n"
        f'<link rel="alternate" type="text/html" href={_attribute(address)}/>\n'
        f'<link rel="via" type="text/html" href={_attribute(record.url)}/>\n{categories}'
        f"<summary>{_xml(record.lead)}</summary>\n"
        f'<content type="text">{_xml(record.body)}</content>\n</entry>\n'
    )


def json_feed(feed: Feed) -> dict[str, Any]:
    """The feed as JSON types."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "language": "fa",
        "items": [_item(record, address) for record, address in feed.items],
    }


def _item(record: NewsRecord, address: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": _urn(record.id),
        "url": address,
        "external_url": record.url,
        "title": record.title,
        "content_text": record.body,
        "summary": record.lead,
        "date_modified": _updated(record),
        "authors": [{"name": office_name(record.office, "fa") or record.portal}],
        "tags": record.tags,
    }
    return item | ({"date_published": record.published} if record.published else {})


def _urn(name: str) -> str:
    # The same item has the same id in every collection and at every address it is served from.
    return uuid.uuid5(uuid.NAMESPACE_URL, f"bayegan:{name}").urn


def _updated(record: NewsRecord) -> str:
    return record.capture.fetched if record.capture else record.first_seen or "1970-01-01T00:00:00Z"


def _xml(text: str) -> str:
    return escape(_NO_XML.sub("", text))


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("", text))
