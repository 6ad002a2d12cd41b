"""The head of a page as bytes: a few metas are looked up in it, so that it need not be parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree

_NEAR = 200
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_ATTRIBUTE = re.compile(rb"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_TAG = re.compile(rb"""<(?:meta|link)(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_LANGUAGE = re.compile(rb"""<html\b[^>]*?\slang\s*=\s*["']?([\w-]+)""")


class Head:
    """Everything before </head>. What a quoted attribute names is found as a parser of the whole page finds it."""

    def __init__(self, data: bytes) -> None:
        self.data = _COMMENT.sub(b"", data) if b"<!--" in data else data
        self.single = data.rfind(b"='") >= 0
        found = _LANGUAGE.match(self.data, max(0, self.data.find(b"<html")))
        self.language = found[1].decode() if found else ""
        self.known: dict[str, str] = {}

    def meta(self, name: str) -> str:
        """Return the first content that is not empty of a <meta> with this property, name or itemprop."""
        if name not in self.known:
            self.known[name] = self._meta(name.encode())
        return self.known[name]

    def link(self, rel: str) -> str:
        """Return the address of the first <link> with this relation."""
        if rel not in self.known:
            sought = rel.encode()
            told = (told for told in self._tags(sought) if told.get(b"rel") == sought and told.get(b"href"))
            self.known[rel] = next((_plain(found[b"href"]) for found in told), "")
        return self.known[rel]

    def _meta(self, name: bytes) -> str:
        for told in self._tags(name):
            content = told.get(b"content") or told.get(b"value") or b""
            if name in {told.get(b"property"), told.get(b"name"), told.get(b"itemprop")}:
                text = _plain(content)
                if text and not text.isspace():
                    return text
        return ""

    def _tags(self, value: bytes) -> Iterator[dict[bytes, bytes]]:
        """Attributes of every <meta> and <link> that has one with this value, in the order of the page."""
        starts: Iterable[int] = self._starts(b'"%b"' % value)
        if self.single:
            starts = sorted([*starts, *self._starts(b"'%b'" % value)])
        for start in starts:
            if (match := _TAG.match(self.data, start)) and not self._in_string(start):
                yield {key: first or second for key, first, second in _ATTRIBUTE.findall(match[0])}

    def _starts(self, quoted: bytes) -> Iterator[int]:
        """Where the tags begin in which something stands."""
        at = self.data.find(quoted)
        while at >= 0:
            yield self.data.rfind(b"<", 0, at)
            at = self.data.find(quoted, at + len(quoted))

    def _in_string(self, start: int) -> bool:
        """Whether what looks like a tag is written by a script."""
        return not self.data[max(0, start - _NEAR) : start].rstrip().endswith(b">")


def _plain(data: bytes) -> str:
    """Read references as the parser of pages reads them. Raises UnicodeDecodeError for what is not UTF-8."""
    text = data.decode()
    if "&" not in text:
        return text
    quote = "'" if '"' in text else '"'
    tag = etree.fromstring(f"<meta content={quote}{text}{quote}>", etree.HTMLParser())
    return next(tag.iter("meta")).get("content", "")
