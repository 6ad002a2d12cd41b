"""A Jalali year as a picture: a row a month, a square a day; darker where more was published, framed where we lack."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from xml.sax.saxutils import escape

from archive.errors import BayeganError, NothingFoundError, UsageError
from archive.jalali import MONTHS, month_length

_SIZE, _GAP, _LEFT, _TOP = 16, 3, 12, 44
_SHADES = ("#e8eaed", "#c6e0d4", "#8fc7ad", "#4fa583", "#1f7a5a", "#0b4f38")
_STEPS = (0, 1, 3, 6, 12)
"""More than so many items a day give the next shade."""
_MISSING = "#c0392b"
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def years(db: sqlite3.Connection, office: str | None = None) -> list[int]:
    """The Jalali years in which a collection, or an office, has something or lacks something, newest first."""
    of = " AND office = :office" if office else ""
    rows = db.execute(
        f"SELECT substr(published_jalali, 1, 4) FROM items WHERE published_jalali IS NOT NULL{of}"  # noqa: S608
        f" UNION SELECT substr(day, 1, 4) FROM listed WHERE day <> ''{of} ORDER BY 1 DESC",
        {"office": office},
    )
    return [int(year) for (year,) in rows]


def draw(db: sqlite3.Connection, file: Path, year: int | None = None, office: str | None = None) -> None:
    """Write a year as a picture into a file, whole or not at all.

    Raises UsageError for a file that is no SVG, NothingFoundError when no item has a date or the year or the office
    has nothing to draw, BayeganError when the file cannot be written.
    """
    if file.suffix.lower() != ".svg":
        raise UsageError(f"The picture is an SVG file, and «{file}» does not end in .svg. Say --picture year.svg.")
    known = years(db, office)
    if not known:
        whose = f"of «{office}» " if office else ""
        raise NothingFoundError(
            f"No item {whose}here has a date, so there is no year to draw. `bayegan report --coverage` names the "
            "offices that have some; `bayegan crawl` brings more."
        )
    if year is not None and year not in known:
        raise NothingFoundError(
            f"There is nothing of the year {year} to draw; there is of {', '.join(map(str, known[:5]))}."
        )
    part = file.with_name(file.name + ".part")
    try:
        part.write_text(picture(db, year or known[0], office), encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BayeganError(
            f"The picture could not be written to {file}: {error.strerror}. Name a file in a folder that exists."
        ) from error


def picture(db: sqlite3.Connection, year: int, office: str | None = None) -> str:
    """Draw a year of all offices or of one, as SVG text."""
    where = " AND office = :office" if office else ""
    values = {"office": office, "first": f"{year:04}-00", "last": f"{year:04}-99"}
    recorded = dict(
        db.execute(
            "SELECT published_jalali, count(*) FROM items"  # noqa: S608
            f" WHERE published_jalali BETWEEN :first AND :last{where} GROUP BY 1",
            values,
        ).fetchall()
    )
    lacking = dict(
        db.execute(
            "SELECT day, count(DISTINCT item) FROM listed WHERE day BETWEEN :first AND :last"  # noqa: S608
            f" AND NOT EXISTS (SELECT 1 FROM items WHERE id = item){where} GROUP BY 1",
            values,
        ).fetchall()
    )
    rows = [_month(year, month, recorded, lacking) for month in range(1, 13)]
    width, height = _LEFT * 2 + 31 * (_SIZE + _GAP) + 70, _TOP + 12 * (_SIZE + _GAP) + 34
    title = f"{office or 'همهٔ اداره‌ها'}، {_persian(year)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" font-family="Vazirmatn, Tahoma, sans-serif" font-size="12">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="{width - _LEFT}" y="24" text-anchor="start" direction="rtl" font-size="15" fill="#1b1f23">'
        f"{escape(title)}</text>\n" + _days() + "".join(rows) + _legend(width, height) + "</svg>\n"
    )


def _days() -> str:
    """The numbers of some days above their columns."""
    right = _LEFT + 31 * (_SIZE + _GAP)
    return "".join(
        f'<text x="{right - day * (_SIZE + _GAP) + _SIZE / 2}" y="{_TOP - 5}" text-anchor="middle" font-size="10"'
        f' fill="#57606a">{_persian(day)}</text>\n'
        for day in (1, 5, 10, 15, 20, 25, 30)
    )


def _month(year: int, month: int, recorded: dict[str, int], lacking: dict[str, int]) -> str:
    """The squares of a month from right to left, as Persian is read."""
    right, y = _LEFT + 31 * (_SIZE + _GAP), _TOP + (month - 1) * (_SIZE + _GAP)
    name = MONTHS[month - 1]
    parts = [f'<text x="{right + 64}" y="{y + 12}" text-anchor="start" direction="rtl" fill="#1b1f23">{name}</text>\n']
    for day in range(1, month_length(year, month) + 1):
        key = f"{year:04}-{month:02}-{day:02}"
        count, lack = recorded.get(key, 0), lacking.get(key, 0)
        told = f"{key}: {count}" + (f" (−{lack})" if lack else "")
        frame = f' stroke="{_MISSING}" stroke-width="2"' if lack else ""
        parts.append(
            f'<rect x="{right - day * (_SIZE + _GAP)}" y="{y}" width="{_SIZE}" height="{_SIZE}" rx="3"'
            f' fill="{_SHADES[sum(count > step for step in _STEPS)]}"{frame}><title>{told}</title></rect>\n'
        )
    return "".join(parts)


def _legend(width: int, height: int) -> str:
    y = height - 22
    squares = "".join(
        f'<rect x="{_LEFT + n * (_SIZE + _GAP)}" y="{y}" width="{_SIZE}" height="{_SIZE}" rx="3" fill="{shade}"/>\n'
        for n, shade in enumerate(_SHADES)
    )
    end = _LEFT + len(_SHADES) * (_SIZE + _GAP)
    return (
        f'{squares}<text x="{end + 4}" y="{y + 12}" text-anchor="end" direction="rtl" fill="#57606a">'
        f"۰ تا بیش از {_persian(_STEPS[-1])} خبر در روز</text>\n"
        f'<rect x="{width - _LEFT - _SIZE}" y="{y}" width="{_SIZE}" height="{_SIZE}" rx="3" fill="{_SHADES[0]}"'
        f' stroke="{_MISSING}" stroke-width="2"/>\n'
        f'<text x="{width - _LEFT - _SIZE - 6}" y="{y + 12}" text-anchor="start" direction="rtl" fill="#57606a">'
        "در فهرست سایت هست و در بایگانی نیست</text>\n"
    )


def _persian(number: int) -> str:
    return str(number).translate(_PERSIAN_DIGITS)
