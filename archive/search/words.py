"""From Persian text to the words of the index: one term for all the ways a word is written and inflected.

Text is cut into pieces of letters or digits. A piece that is a prefix (می) or an ending (ها، ای، ترین) joins
its neighbour over a half-space, and over a space where that is safe. What remains are words with their forms:

* `main`, what is indexed in the word's place: one spelling, and what is surely an ending removed;
* `surface`, the word as written with its endings on, for `exact:`;
* `also`, readings without an ending that may as well be part of the word: خدماتشان is also خدمات.

Rules come first; a list stands only where the language is irregular. ـان, ـات and plain ـی are never removed
from `main`, for they make other words: تهرانی is not تهران.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from archive.persian import HALF_SPACES, MARKS, fold

_PIECE = re.compile(rf"((?:[^\W\d_]++[{re.escape(MARKS)}\u0300-\u0345]*+)++|\d++)([{HALF_SPACES} \t\xa0]*)")
_ALNUM = re.compile(r"[^\W_]+")
_FOLDED = frozenset("ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی0123456789")
"""What folds to itself, and is nearly everything: a word of these need not be folded."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Pieces that join a neighbour.

_PREVERBS = ("", "بر", "در", "باز", "وا", "فرا", "فرو")
_MI = frozenset(preverb + negation + "می" for preverb in _PREVERBS for negation in ("", "ن"))
_VERB_ENDS = ("م", "ی", "د", "ت", "توان")
"""Over a space, می joins what may be a verb; before anything else it is the month of May, or wine."""

_PLURAL_ENDS = _set("ی یی یم یت یش یمان یتان یشان ست یند مان تان شان") | {""}
_PLURALS = frozenset(f"ها{end}" for end in _PLURAL_ENDS | {"م", "ش"})
_GLUED = _set("تر تری ترین ترینی")
_GLUED_OVER_HALF_SPACE = _set("ان ین یی گی گان گاه مند گر گری وگو وجو وشو")
_ENCLITICS = _set("ی ای ایی ام ات اش ایم اید اند مان تان شان م ت ش")
_ENDINGS = _PLURALS | _GLUED | _GLUED_OVER_HALF_SPACE | _ENCLITICS
_SILENT_HE = re.compile(r".*[^او]ه")
"""On a silent ه nothing can be written, so that an ending stands apart, even over a space: خانه ای."""

# Spelling.

_SPELLINGS = {
    "اله": "الله",
    "اسحق": "اسحاق",
    "اسمعیل": "اسماعیل",
    "اطاق": "اتاق",
    "باطری": "باتری",
    "بصورت": "به صورت",
    "بعنوان": "به عنوان",
    "بلیط": "بلیت",
    "تقوی": "تقوا",
    "داوود": "داود",
    "ذغال": "زغال",
    "رحمن": "رحمان",
    "زکوه": "زکات",
    "زکاه": "زکات",
    "صلوه": "صلات",
    "طهران": "تهران",
    "فتوی": "فتوا",
    "خامنهای": "خامنه",
    "والمسلمین": "و المسلمین",
    "وبلوچستان": "و بلوچستان",
}
_HAMZA = {  # the seat of the hamza is written in two or three ways in these, whatever follows
    "مسیول": "مسوول",
    "مسیله": "مساله",
    "هییت": "هیات",
    "جریت": "جرات",
    "نشیت": "نشات",
    "سیوال": "سوال",
    "سووال": "سوال",
    "ریوف": "رووف",
    "ریوس": "رووس",
}
_HAMZA_SEAT = re.compile(rf"مسیول|^(?:{'|'.join(_HAMZA)})")
_ROUND_TE = {"ایه": "ایت", "حجه": "حجت", "رحمه": "رحمت", "نعمه": "نعمت", "قدره": "قدرت", "عزه": "عزت"}
"""ة before the Arabic article is ت in Persian: حجة‌الاسلام is حجت‌الاسلام."""
_ROUND_TE_GLUED = re.compile(rf"({'|'.join(_ROUND_TE)})(?=ال.)")
_OF_GOD = re.compile(
    "^((?:عبد|روح|فتح|فیض|سیف|نصر|نصرت|ایت|حجت|رحمت|نعمت|قدرت|عزت|عنایت|هدایت|حشمت|کرامت|نور|ولی|نبی|اسد|حبیب|خلیل"
    "|ذبیح|ید|شکر|امان|بقیت|بقیه|ثار|فرج|لطف|صفی|عطا|ذکر|عین|خیر|کلام|حزب|انصار|فضل|سعد)ال)(?=ه)"
)
_DIALOGUE = re.compile("^(گفت|جست|شست)و(گو|جو|شو)")
_TALK = {"گفت": "گو", "جست": "جو", "شست": "شو"}
_DIALOGUES = frozenset(one + two + end for one, two in _TALK.items() for end in ("", "ی", "یی", "ها", "های"))
"""گفت و گو is گفتگو, but only as these pieces: گفت و گوش داد is no dialogue."""
_OPENINGS = _MI | _ROUND_TE.keys() | _TALK.keys()

# Endings written on.

_WHOLE = _set(
    "تنها انتها منتها بها رها انها اینها اشتها فقها سفها اژدها طاها گرانبها خونبها شیربها پربها کمبها اجارهبها بینهایت"
)
"""Words that end in ها, or look as if they did, by nature; آنها and اینها are pronouns."""
_PLURAL = re.compile(rf"(.{{2,}})ها({'|'.join(sorted(_PLURAL_ENDS))})")
_SUPERLATIVE = re.compile(r"(?!(?:به|وی|دک|کا)ت)(.{2,})ترین")
_ARE = re.compile(r"(.{2,}ه)اند")
_EZAFE = re.compile(r"(?!برای$|دارای$)(.{2,}ا)ی")
_POSSESSED = re.compile(
    r"(?!.*ستان$|ساختمان$|راندمان$)(.{4,})(?:شان|مان|تان)"
    r"|(?!پری|کهک|خوی)(.{3})شان|(.{3,}ا[تن])ش"
)
_EZAFE_AFTER_VAV = re.compile(r"(?!پهلوی|خسروی|مینوی)(.{3,}و)ی")
_PERSONS = re.compile(r"(.{4,})ان")


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """What a word is found by; see the top of the module. For ﷺ and its like `main` is several terms."""

    main: str
    surface: str
    also: tuple[str, ...]
    terms: tuple[str, ...]
    """`main` as index terms, nearly always one."""


Token = tuple[int, int, Forms]
"""A word of a text: its start and end in the original, and its forms. A bare tuple, since a list of results is cut
into thousands of them."""

_Group = tuple[int, int, Forms]
"""Number of a word's first piece, of its last, and its forms."""


@lru_cache(maxsize=1 << 16)
def _fold_piece(piece: str) -> str:
    key = piece if _FOLDED.issuperset(piece) else fold(piece)
    return key if key.isalnum() else " ".join(_ALNUM.findall(key))


def _stem(word: str) -> str:
    """Choose one spelling, then remove what is surely an ending."""
    word = _SPELLINGS.get(word, word)
    word = _ROUND_TE_GLUED.sub(lambda match: _ROUND_TE[match[1]], word)
    word = _HAMZA_SEAT.sub(lambda match: _HAMZA[match[0]], word)
    word = _DIALOGUE.sub(r"\1\2", word)
    word = _OF_GOD.sub(r"\1ل", word, count=1) if "اله" in word else word
    if word not in _WHOLE and (match := _PLURAL.fullmatch(word)):
        whole = match[1] + "ها"
        if whole not in _WHOLE:
            word = match[1]
        elif match[2] == "ی":
            word = whole
    for ending in (_SUPERLATIVE, _ARE, _EZAFE):
        if word not in _WHOLE and (match := ending.fullmatch(word)):
            word = match[1]
    return word


def _also(main: str) -> list[str]:
    """Read a word without an ending that may be part of it."""
    if match := _POSSESSED.fullmatch(main):
        owned = _stem(match[1] or match[2] or match[3])
        persons = _PERSONS.fullmatch(owned)  # whoever has همکاران has a همکار; bare ـان says no such thing
        return [owned, persons[1]] if persons else [owned]
    match = _EZAFE_AFTER_VAV.fullmatch(main)
    return [match[1]] if match else []


@lru_cache(maxsize=1 << 16)
def _forms(core: str, tail: str, bare: str) -> Forms:
    """Find the forms of a core, given the endings taken off it and what it was before one was glued on."""
    main = _stem(core)
    also = _also(main)
    if bare:
        also.append(_stem(bare))
    also = [term for term in also if term != main]
    return Forms(main, core + tail, tuple(dict.fromkeys(also)), tuple(main.split(" ")))


@lru_cache(maxsize=256)
def is_half(gap: str) -> bool:
    """Tell whether nothing but half-spaces stands between two words."""
    return bool(gap) and not gap.strip(HALF_SPACES)


def _is_verb(following: str, gap: str) -> bool:
    """Decide whether the می before a piece is its prefix."""
    return following not in _ENDINGS and (is_half(gap) or following.endswith(_VERB_ENDS))


def _joins(core: str, ending: str, gap: str) -> bool:
    """Decide whether a piece is an ending that belongs to the word before it."""
    if not gap or ending not in _ENDINGS:
        return False
    if ending in _PLURALS or ending in _GLUED or is_half(gap):
        return True
    return ending in _ENCLITICS and ending not in "متش" and _SILENT_HE.fullmatch(core) is not None


def _comes_off(core: str, ending: str) -> bool:
    """Decide whether an ending that stands apart is removed; the others are written on."""
    if ending == "ی":
        return core.endswith(("ه", "ا", "و", "ی"))  # elsewhere it makes another word
    return ending in _ENCLITICS or (ending in _PLURALS and core + "ها" not in _WHOLE)


def _opened(folded: list[str], gaps: list[str], at: int) -> tuple[str, int]:
    """Join a piece to what it opens: the core of the word, and the number of its last piece."""
    core, following = folded[at], folded[at + 1]
    if core in _MI and _is_verb(following, gaps[at]):
        return core + following, at + 1
    if core in _ROUND_TE and following.startswith("ال"):
        return _ROUND_TE[core], at
    if following == "و" and at + 2 < len(folded) and core + folded[at + 2] in _DIALOGUES:
        return core + folded[at + 2], at + 2
    return core, at


def _group(folded: list[str], gaps: list[str]) -> list[_Group]:
    """Join pieces to words."""
    groups: list[_Group] = []
    at, last = 0, len(folded) - 1
    while at <= last:
        first, core, tail, bare = at, folded[at], "", ""
        if core not in _OPENINGS and (at == last or folded[at + 1] not in _ENDINGS):  # nearly always
            if core:
                groups.append((at, at, _forms(core, "", "")))
            at += 1
            continue
        if core in _OPENINGS and at < last and gaps[at]:
            core, at = _opened(folded, gaps, at)
        while at < last and _joins(core, ending := folded[at + 1], gaps[at]):
            if tail or _comes_off(core, ending):
                tail += ending
            else:
                core, bare = core + ending, "" if ending in _PLURALS else core
            at += 1
        if core:
            groups.append((first, at, _forms(core, tail, bare)))
        at += 1
    return groups


def tokens(text: str) -> list[Token]:
    """Cut a text into words; offsets are those of the text as given."""
    pieces = list(_PIECE.finditer(text))
    folded = [_fold_piece(match[1]) for match in pieces]
    groups = _group(folded, [match[2] for match in pieces])
    return [(pieces[first].start(1), pieces[last].end(1), forms) for first, last, forms in groups]


def join(mains: list[str]) -> str:
    """Write words as one, and take its index term."""
    return _forms("".join(mains), "", "").main


def index_text(text: str) -> str:
    """Write a text as terms for the index: the words in order, then marked terms, each once.

    `≈x`      a word that is also x
    `≡x`      a word that is written x, where x is not what it is indexed by
    `≠x`      x occurs with endings only
    `x‿y`     x and y are joined by a half-space, so xy is one word and may be written apart
    No phrase reaches the marked terms, because no query asks for them in a phrase.
    """
    pieces = _PIECE.findall(text)
    gaps = [gap for _, gap in pieces]
    groups = _group([_fold_piece(piece) for piece, _ in pieces], gaps)
    words = [forms.main for _, _, forms in groups]
    forms_seen = {forms for _, _, forms in groups}
    inflected = [forms for forms in forms_seen if forms.surface != forms.main and " " not in forms.main]
    marked = {f"≈{term}" for forms in forms_seen for term in forms.also}
    if inflected:
        bare = {forms.main for forms in forms_seen if forms.surface == forms.main}
        marked.update(f"≡{forms.surface}" for forms in inflected)
        marked.update(f"≠{forms.main}" for forms in inflected if forms.main not in bare)
    for (_, last, forms), (_, _, following) in pairwise(groups):
        if gaps[last] != " " and is_half(gaps[last]):
            marked.add(f"{forms.main}‿{following.main}")
    return " ".join(words + sorted(marked))
