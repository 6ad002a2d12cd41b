"""What stands in or beside an article without belonging to it: named rules, each counted.

Three kinds of rule: by class or id of an element, by tag, and by the text of a whole block. Sources:
cms-notes §1–2; the phrases are those of the comment form, the share bar and the end marks as the pages print
them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scraper.outline import LOOKED_UP

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from lxml.etree import _Element as Element

    from scraper.blocks import Block
    from scraper.outline import Outline

ELEMENT_RULES = {
    name: rule
    for rule, names in {
        "print-header": "print-header",
        "comment-form": "comment-form form-comment frmNewsComment comm_form comm_b comment-respond comment-container",
        "comments": "news-comment comments-list comments_container comments comment-list comm_info comments-area",
        "captcha": "captcha captcha-group captchaImg",
        "related": "related-items related related-news item-boxes item-boxes2 linear_news linear_news3 related-posts"
        " jp-relatedposts yarpp-related post-navigation",
        "read-more": "readmore-container read-more",
        "adverts": "ads adv_padd news_adv_lg news_adv_xs advert advertising ads-footer adsbygoogle",
        "share": "item-sharing header-sharing share_to_box social_icons share-buttons share-box sharer sharedaddy",
        "tags": "tags tags_container tags_title tag_items smart-keyword doc_tags tags-links",
        "short-link": "short-link-container short-link shortlink short-url",
        "menus": "menu nav-menu pagination toolbar_mobile",
        "item-code": "item-code news_id_c",
        "hidden": "hideTag screen-reader-text",
    }.items()
    for name in names.split()
}
"""Class or id → rule."""

_RULED_NAMES = {sign + name for name in ELEMENT_RULES for sign in ".#"}
LOOKED_UP.update(_RULED_NAMES)

TAG_RULES = dict.fromkeys(("script", "style", "noscript", "template"), "scripts") | {
    "form": "comment-form",
    "nav": "menus",
}
"""Element name → rule."""

_Y, _K, _S = "[یيى]", "[کك]", r"[\s\u200c]*"
_READ_MORE = re.compile(
    rf"(?:ب{_Y}شتر{_S}(?:بخوان{_Y}د|بدان{_Y}د)|همچن{_Y}ن{_S}بخوان{_Y}د|(?:مطالب|اخبار){_S}مرتبط|خبرها{_Y}{_S}مرتبط)"
    rf"[^:：]{{0,12}}(?:[:：].*)?"
)
_E_SERVICES = re.compile(rf"خدمات{_S}ال{_K}ترون{_Y}{_K}(?:{_S}پر{_S}{_K}اربرد)?")
HEADINGS = {"read-more": _READ_MORE, "e-services": _E_SERVICES}
"""Rules for a heading that takes with it the blocks of mere links that follow."""

BLOCK_RULES = {
    "end-mark": re.compile(rf"[.\s]*(?:انتها{_Y}|پا{_Y}ان){_S}(?:پ{_Y}ام|خبر)\s*[/.|*]?[\s\w/.*-]{{0,14}}"),
    "item-code": re.compile(rf"{_K}د{_S}(?:خبر|مطلب)\s*[:：]?\s*\d+"),
    "comment-form": re.compile(
        rf"نظر{_S}شما\s*\*?|ارسال{_S}نظر|شما{_S}در{_S}حال{_S}پاسخ{_S}به{_S}نظر.{{0,200}}|لغو{_S}پاسخ|×?\s*لغو{_S}پاسخ"
    ),
    "captcha": re.compile(rf"\*?\s*\d{{1,2}}\s*[+×*-]\s*\d{{1,2}}\s*=\s*\??|\*?\s*{_K}د{_S}امن{_Y}ت{_Y}.{{0,40}}"),
    "tags": re.compile(rf"برچسب{_S}ها\s*[:：]?"),
    "share": re.compile(rf"اشترا{_K}{_S}گذار{_Y}\s*[:：]?"),
    "short-link": re.compile(rf"ل{_Y}ن{_K}{_S}{_K}وتاه\s*[:：]?.{{0,80}}"),
}
"""Rules for the whole text of a block."""

_RULES_IN_ORDER = (*HEADINGS, *BLOCK_RULES)
_ANY_BLOCK_RULE = re.compile(
    "|".join(f"({pattern.pattern})" for pattern in (*HEADINGS.values(), *BLOCK_RULES.values()))
)
"""All of them in one search: the number of the group is the rule."""

_END_MARK_INLINE = re.compile(rf"(?<=[.!؟?»:]) *(?:انتها{_Y}|پا{_Y}ان){_S}پ{_Y}ام\s*[/.]?[^\s.،]{{0,6}}\s*$")
_DESK_CODE = re.compile(r"\d{4,6}|\d{2,6}(?:[/\-ـ*]+\d{2,6}){1,3}")

SURVIVORS = (
    (rf"شما{_S}در{_S}حال{_S}پاسخ|لغو{_S}پاسخ", "پاسخ", ""),
    (_E_SERVICES.pattern, "رونی", "روني"),
    (rf"{_K}د{_S}خبر\s*[:：]?\s*\d", "د خبر|د\u200cخبر|دخبر", ""),
    (rf"(?:انتها{_Y}|پا{_Y}ان){_S}پ{_Y}ام", "پیام", "پيام"),
    (rf"(?:^|\n)(?:نظر{_S}شما|برچسب{_S}ها|ب{_Y}شتر{_S}بخوان{_Y}د)", "\nنظر|\nبر|\nبی", "\nبي"),
    (rf"{_K}د{_S}امن{_Y}ت{_Y}", "د امن", ""),
    (r"\d\s*\+\s*\d+\s*=", "=", ""),
)
"""Phrases that must not be left in a lead or a body; each with strings that are found fast and one of which it holds:
always, and in a text with Arabic letters."""

_SURVIVORS = tuple(
    (re.compile(pattern), tuple(signs.split("|")), tuple(arabic.split("|")) if arabic else ())
    for pattern, signs, arabic in SURVIVORS
)


def sweep(outline: Outline, places: list[Element], body: Element | None, removed: Counter[str]) -> None:
    """Count the boilerplate of an article and beside it; cut out of the tree what stands inside one of `places`.

    Places are the elements from which media are taken, `body` the one that holds the text; these are never
    cut themselves.
    """
    kept = set(places)
    found = _ruled(outline)
    for element in places if body is None else (*places, body):
        found.pop(element, None)
    for element, rule in found.items():
        above = list(element.iterancestors())
        if rule not in map(found.get, above):
            removed[rule] += 1
        if not kept.isdisjoint(above):
            cut(element)
    for element in _beside(outline.scope):
        if beside := _rule(element):
            removed[beside] += 1
        elif element.tag == "footer" and _E_SERVICES.search("".join(element.itertext())):
            removed["e-services"] += 1


def _ruled(outline: Outline) -> dict[Element, str]:
    """The elements below the scope to which a rule applies."""
    rules = dict.fromkeys(outline.styled, "")
    for name in outline.names.keys() & _RULED_NAMES:
        for place in outline.names[name]:
            rules[place] = "" if place in rules else ELEMENT_RULES[name[1:]]
    rules.pop(0, None)
    found: dict[Element, str] = {}
    for place in sorted(rules):
        element = outline.elements[place]
        if rule := rules[place] or _rule(element):  # of several names the first counts
            found[element] = rule
    for element in outline.scope.iterdescendants(*TAG_RULES):
        found[element] = TAG_RULES[str(element.tag)]
    return found


def is_boilerplate(element: Element) -> bool:
    """Whether a rule takes this element away."""
    return _rule(element) is not None


def _rule(element: Element) -> str | None:
    if rule := TAG_RULES.get(str(element.tag)):
        return rule
    names = element.get("class")
    if names is not None:
        for name in names.split():
            if rule := ELEMENT_RULES.get(name):
                return rule
    if rule := ELEMENT_RULES.get(element.get("id", "")):
        return rule
    style = element.get("style")
    return "hidden" if style and "display:none" in style.replace(" ", "") else None


def _beside(scope: Element) -> Iterator[Element]:
    """Yield the siblings of an element and of its ancestors, up to <body>."""
    element: Element | None = scope
    while element is not None and element.tag not in {"body", "html"}:
        yield from element.itersiblings("*", preceding=True)
        yield from element.itersiblings("*")
        element = element.getparent()


def cut(element: Element) -> None:
    """Take an element out of its tree and leave the text behind it where it is."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def strip_blocks(found: list[Block], removed: Counter[str]) -> list[Block]:
    """Return the blocks that belong to the article. What goes is counted and wiped from the tree."""
    kept: list[Block] = []
    heading: str | None = None
    for block in found:
        if heading and block.linked:
            wipe(block)
            continue
        match = _ANY_BLOCK_RULE.fullmatch(block.text)
        rule = _RULES_IN_ORDER[match.lastindex - 1] if match and match.lastindex else None
        heading = rule if rule in HEADINGS else None
        if rule:
            removed[rule] += 1
            wipe(block)
        else:
            kept.append(block)
    _strip_end(kept, removed)
    return kept


def _strip_end(kept: list[Block], removed: Counter[str]) -> None:
    """Take away a desk code that is the last block, and an end mark that closes the last sentence."""
    if (
        len(kept) > 1
        and _DESK_CODE.fullmatch(kept[-1].text)
        and kept[-1].tag != "tr"
        and kept[-2].text[-1] not in ":："
    ):
        removed["desk-code"] += 1
        wipe(kept.pop())
    for block in kept[-2:]:
        if match := _END_MARK_INLINE.search(block.text):
            removed["end-mark"] += 1
            block.text = block.text[: match.start()].rstrip(" ")
            _wipe_end(block)


def wipe(block: Block) -> None:
    """Take the text of a block out of the tree, so that the markup we keep says the same as the text."""
    for element, tail in block.slots:
        if tail:
            element.tail = None
        else:
            element.text = None
    for anchor in block.anchors:
        anchor.attrib.pop("href", None)


def _wipe_end(block: Block) -> None:
    """Cut the end mark in the tree as well, when it stands in one text node."""
    for element, tail in reversed(block.slots):
        text = (element.tail if tail else element.text) or ""
        if match := _END_MARK_INLINE.search(f". {text.strip()}"):
            kept = text[: text.rstrip().rfind(match[0].strip())]
            if tail:
                element.tail = kept
            else:
                element.text = kept
        if text.strip():
            return


def survivors(text: str) -> list[str]:
    """Boilerplate phrases that are still in a text."""
    text = f"\n{text}"
    is_arabic = "ي" in text
    found: set[str] = set()
    for pattern, signs, arabic in _SURVIVORS:
        if any(sign in text for sign in signs) or (is_arabic and any(sign in text for sign in arabic)):
            found.update(match[0].strip() for match in pattern.finditer(text))
    return sorted(found)
