"""The language of queries: from what a person types to a tree. `docs/search.md` describes it.

Only the tree reaches the index; the text typed never does. Whatever cannot be understood raises QueryError,
which says what to write instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from archive.errors import QueryError, UsageError
from archive.jalali import parse_period
from archive.search import terms
from archive.search.tree import FACT_FIELDS, And, Node, Not, Or, Period, Query, Words
from archive.search.values import filter_of

TEXT_FIELDS = {"title": "title", "lead": "lead", "body": "body", "tag": "tags", **{n: n for n in FACT_FIELDS}}
"""Where a word can be looked for, and the column of the index."""
_EXACT = "exact"
_DATES = ("from", "to", "year", "month")
FILTERS = ("org", "province", "office", "portal", "code", "kind", "status")
PERSIAN_FIELDS = {
    "عنوان": "title",
    "لید": "lead",
    "متن": "body",
    "برچسب": "tag",
    "سازمان": "org",
    "استان": "province",
    "نویسنده": "author",
    "دسته": "category",
    "اداره": "office",
    "پایگاه": "portal",
    "گونه": "kind",
    "وضعیت": "status",
    "کد": "code",
    "از": "from",
    "تا": "to",
    "سال": "year",
    "ماه": "month",
    "دقیق": _EXACT,
}
_OTHER_FIELDS = {"organisation": "org", "tags": "tag", "categories": "category"}
"""As pages call them."""
_FIELDS = (*TEXT_FIELDS, *FILTERS, *_DATES, _EXACT)

_LONGEST = 1000
_DEEPEST = 8
_QUOTES = {'"': '"', "“": "”", "«": "»"}
_LEXEME = re.compile(
    r"(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<quote>[\"“«])"
    rf"|(?P<field>[A-Za-z]+(?=:)|(?:{'|'.join(PERSIAN_FIELDS)})(?=:\S)):\s*"
    r"|(?P<or>OR(?![^\s()]))|(?P<and>AND(?![^\s()]))"
    r"|(?P<not>-(?=[^\s\-])|NOT(?![^\s()]))|(?P<word>[^\s()\"“«]+)"
)


def parse(text: str) -> Query:
    """Read a query. Raises QueryError with a sentence that says what to write."""
    if len(text) > _LONGEST:
        raise QueryError(f"The query has {len(text)} characters. Write at most {_LONGEST}.")
    parser = _Parser(text)
    nodes = parser.sequence(0)
    if parser.peek() == "close":
        raise QueryError("A ) closes nothing. Write a ( before it, or leave it out.")
    if text.strip() and not nodes:
        raise QueryError(f"«{text.strip()}» has no word to look for. Write at least one word or number.")
    periods = [node for node in nodes if isinstance(node, Period)]
    parts = tuple(node for node in nodes if not isinstance(node, Period))
    for part in parts:
        _refuse_period(part)
    return Query(text, parts, _intersection(periods))


def _refuse_period(node: Node) -> None:
    if isinstance(node, Period):
        raise QueryError(
            "from:, to:, year: and month: hold for the whole query. Write them without -, OR and parentheses."
        )
    for part in node.parts if isinstance(node, And | Or) else (node.part,) if isinstance(node, Not) else ():
        _refuse_period(part)


def _intersection(periods: list[Period]) -> Period | None:
    if not periods:
        return None
    first = max((p.first for p in periods if p.first), default=None)
    last = min((p.last for p in periods if p.last), default=None)
    if first and last and first > last:
        raise QueryError("from: is later than to:, so no day lies between. Write the earlier day after from:.")
    return Period(first, last)


@dataclass(slots=True)
class _Parser:
    """Recursive descent: a sequence of operands, all of which must hold; OR ties the two beside it."""

    text: str
    at: int = 0
    match: re.Match[str] | None = field(default=None, init=False)

    def peek(self) -> str:
        """Name the lexeme at hand, white space skipped; empty at the end."""
        while (match := _LEXEME.match(self.text, self.at)) and match.lastgroup == "space":
            self.at = match.end()
        self.match = match
        return (match.lastgroup or "") if match else ""

    def take(self) -> re.Match[str]:
        """Step over the lexeme at hand."""
        self.peek()
        assert self.match is not None
        self.at = self.match.end()
        return self.match

    def sequence(self, depth: int) -> list[Node]:
        """Read operands up to the end or a closing parenthesis."""
        nodes: list[Node] = []
        either = False
        while (kind := self.peek()) not in {"", "close"}:
            if kind == "and":
                self.take()
            elif kind == "or":
                self.take()
                if either or not nodes:
                    raise QueryError("OR stands between two words. Write one before it and one after it.")
                either = True
            else:
                found = self.operand(depth)
                if either and found:
                    before = nodes.pop()
                    parts = before.parts if isinstance(before, Or) else (before,)
                    found[0] = Or((*parts, found[0]))
                    either = False
                nodes += found
        if either:
            raise QueryError("OR stands between two words. Write one after it.")
        return nodes

    def operand(self, depth: int) -> list[Node]:
        """Read a negation, group, field, phrase, or as many plain words as follow."""
        kind = self.peek()
        if kind == "not":
            return [Not(self.single(depth, self.take()["not"]))]
        if kind == "open":
            return [self.group(depth)]
        if kind == "field":
            return [self.field_value(depth)]
        if kind == "quote":
            return [terms.phrase(self.quoted())]
        return self.run()

    def single(self, depth: int, before: str) -> Node:
        """Read the one operand that an operator needs."""
        if (kind := self.peek()) == "word":
            nodes: list[Node] = [*terms.plain(self.take()["word"])]
        else:
            nodes = [] if kind in {"", "close", "or", "and"} else self.operand(depth)
        if not nodes:
            raise QueryError(f"Nothing to look for follows «{before}». Write a word, a phrase or a group after it.")
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def group(self, depth: int) -> Node:
        """Read what is in parentheses."""
        self.take()
        if depth == _DEEPEST:
            raise QueryError(f"Parentheses are nested too deeply. Write at most {_DEEPEST} inside each other.")
        nodes = self.sequence(depth + 1)
        if self.peek() != "close":
            raise QueryError("A ( is not closed. Write a ) where the group ends.")
        self.take()
        if not nodes:
            raise QueryError("The parentheses hold no word. Write one in them, or leave them out.")
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def quoted(self) -> str:
        """Read a phrase in quotes."""
        quote = self.take()["quote"]
        end = self.text.find(_QUOTES[quote], self.at)
        if end < 0:
            raise QueryError(f"A {quote} is not closed. Write a {_QUOTES[quote]} where the phrase ends.")
        phrase, self.at = self.text[self.at : end], end + 1
        return phrase

    def run(self) -> list[Node]:
        """Read plain words that follow one another: endings and compounds may be spread over several."""
        start = end = self.at
        while self.peek() == "word":
            end = self.take().end()
            if self.text[end - 1] == "*":
                break
        return [*terms.plain(self.text[start:end])]

    def field_value(self, depth: int) -> Node:
        """Read name:value."""
        written = self.take()["field"]
        name = PERSIAN_FIELDS.get(written) or _OTHER_FIELDS.get(written.lower(), written.lower())
        if name in TEXT_FIELDS:
            return _in_column(self.single(depth, written + ":"), TEXT_FIELDS[name])
        if name not in _FIELDS:
            near = get_close_matches(name, _FIELDS, 1)
            hint = f"Did you mean {near[0]}:? " if near else ""
            raise QueryError(
                f"There is no field «{written}:». {hint}Fields are {', '.join(_FIELDS)}; "
                "text with a colon in it goes in quotes."
            )
        kind = self.peek()
        if kind not in {"word", "quote"}:
            raise QueryError(f"{written}: needs a value. Write it right after the colon.")
        value = self.quoted() if kind == "quote" else self.take()["word"]
        if name == _EXACT:
            return terms.exact(value)
        return _period(name, value) if name in _DATES else filter_of(name, value)


def _in_column(node: Node, column: str) -> Node:
    """Look for the words of a node in one column."""
    if isinstance(node, Words):
        return replace(node, columns=(column,))
    if isinstance(node, Not):
        return Not(_in_column(node.part, column))
    if isinstance(node, And | Or):
        return replace(node, parts=tuple(_in_column(part, column) for part in node.parts))
    return node


def _period(name: str, value: str) -> Period:
    try:
        first, last = parse_period(value)
    except UsageError as error:
        raise QueryError(str(error)) from error
    return Period(None if name == "to" else first, None if name == "from" else last)
