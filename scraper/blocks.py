"""An element as a list of text blocks, one a line: paragraphs, subheads, list items, quotes, table rows.

A block remembers the text nodes that it came from, so that a block judged to be boilerplate can be wiped from
the tree as well, and the markup we keep says the same as the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_NO_ELEMENTS = {etree.Comment, etree.ProcessingInstruction, etree.Entity}
SKIPPED = frozenset(
    _NO_ELEMENTS
    | {"script", "style", "noscript", "template", "iframe", "object", "embed", "form", "input", "button"}
    | {"select", "textarea", "svg", "head", "meta", "link", "video", "audio", "source", "map"}
)
"""Elements whose text no reader sees, or which are no text."""

BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "blockquote"}
    | {"figure", "figcaption", "section", "article", "aside", "header", "footer", "main", "nav", "table"}
    | {"caption", "thead", "tbody", "tfoot", "tr", "address", "pre", "hr", "fieldset", "center", "details"}
    | {"summary"}
)
"""Elements that begin a line of their own."""

_TEXT = etree.XPath("string()", smart_strings=False)
_NOT_INLINE = SKIPPED | BLOCKS | {"br"}
CELL_SEPARATOR = " | "
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\ufeff"


@dataclass(slots=True)
class Block:
    """One line of text with the places it came from."""

    text: str = ""
    slots: list[tuple[Element, bool]] = field(default_factory=list)
    """Text nodes: an element, and whether it is the element's tail (else its text)."""
    anchors: list[Element] = field(default_factory=list)
    linked: bool = False
    """Whether all of its text stands inside links."""
    tag: str = ""
    """The block element that it stands in."""


def blocks(root: Element) -> list[Block]:
    """Return the blocks of an element, in document order, without empty ones. Never raises.

    A line ends where a block element begins or ends and at <br>. Cells of a table row are joined with « | »;
    empty cells are left out. Runs of white space are one space; half-spaces (U+200C) stay, at the ends of a
    block too.
    """
    walk = _Walk()
    if root.tag not in SKIPPED:
        walk.element(root, str(root.tag))
    walk.end_line()
    return walk.found


def line(root: Element) -> str:
    """All text of an element in one line."""
    if root.tag in SKIPPED:
        return ""
    if not len(root):
        text = root.text or ""
    elif not _NOT_INLINE.isdisjoint([element.tag for element in root.iterdescendants()]):
        return " ".join(block.text for block in blocks(root))
    else:
        text = str(_TEXT(root))
    text = " ".join(text.split())
    return text if text.strip(_INVISIBLE) else ""


class _Walk:
    """One pass over a tree. libxml2 ends HTML at 256 levels, so recursion is safe."""

    def __init__(self) -> None:
        self.found: list[Block] = []
        self.pieces: list[str] = []
        self.block = Block()
        self.anchor_depth = 0
        self.cell_depth = 0
        self.plain = False
        self.tag = ""

    def end_line(self) -> None:
        """Close the block that is being collected."""
        if not self.pieces:
            return
        text = " ".join("".join(self.pieces).split())
        self.pieces.clear()
        if text and text.strip(_INVISIBLE):
            self.block.text, self.block.linked, self.block.tag = text, not self.plain, self.tag
            self.found.append(self.block)
        self.block, self.plain = Block(), False

    def element(self, element: Element, tag: str) -> None:
        """Add an element's own text and its children; its tail is the parent's business."""
        if tag == "br":
            self.line_break()
        elif tag == "tr":
            self.row(element)
        elif tag == "a":
            self.anchor_depth += 1
            self.block.anchors.append(element)
            self.inside(element)
            self.anchor_depth -= 1
        elif tag in BLOCKS:
            outer_tag = self.tag
            self.line_break()
            if not self.cell_depth:
                self.tag = tag
            self.inside(element)
            self.line_break()
            self.tag = outer_tag
        else:
            self.inside(element)

    def text(self, element: Element, text: str, *, tail: bool) -> None:
        self.pieces.append(text)
        self.block.slots.append((element, tail))
        if not self.plain and not self.anchor_depth and not text.isspace():
            self.plain = True

    def inside(self, element: Element) -> None:
        if text := element.text:
            self.text(element, text, tail=False)
        for child in element:
            tag = child.tag
            if tag not in SKIPPED:
                self.element(child, str(tag))
            if tail := child.tail:
                self.text(child, tail, tail=True)

    def line_break(self) -> None:
        """End the line, except inside a table cell, where a row must stay one line."""
        if self.cell_depth:
            self.pieces.append(" ")
        else:
            self.end_line()

    def row(self, row: Element) -> None:
        """Read a table row as one line. A table inside a cell is part of the cell's text."""
        if not self.cell_depth:
            self.end_line()
        outer_tag, self.tag = self.tag, "tr"
        self.cell_depth += 1
        first = True
        for cell in row:
            mark = len(self.pieces)
            self.pieces.append(" " if first else CELL_SEPARATOR)
            if cell.tag not in SKIPPED:
                self.inside(cell)
            if "".join(self.pieces[mark + 1 :]).strip():
                first = False
            else:
                del self.pieces[mark:]
            if cell.tail and cell.tail.strip():
                self.text(cell, cell.tail, tail=True)
        self.cell_depth -= 1
        if not self.cell_depth:
            self.end_line()
        self.tag = outer_tag
