"""What pages show, that each has a JSON twin with the same facts, and that links lead somewhere."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path

import pytest
from lxml import html

from archive.catalogue import Catalogue
from archive.collection import lock_collection, open_collection
from archive.persian import ascii_digits, fold
from archive.record import to_dict
from archive.search import index
from archive.web.routes import DOWNLOADS, VIEWS
from tests.conftest import Crawled, bayegan
from tests.web.conftest import Shown, Site, keep, running


def document(site: Site, path: str, **params: str | int) -> html.HtmlElement:
    found = site.get(path, **params)
    assert found.status_code == 200, (path, found.text[:300])
    return html.fromstring(found.text)


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def example(path: str, shown: Shown) -> str:
    """An address of a route."""
    values = {"id": shown.edited, "province": "IR-22", "office": "behzisti-hormozgan", "year": "1403", "month": "1"}
    return path.format(**values)


@pytest.fixture(scope="module")
def catalogue(shown: Shown):
    collection = open_collection(shown.path)
    yield collection.catalogue
    collection.close()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.path)
def test_every_page_is_there_in_both_languages_and_as_json(site: Site, shown: Shown, view) -> None:
    path = example(view.path, shown)
    persian, english = document(site, path), document(site, f"/en{path}")
    assert (persian.get("lang"), persian.get("dir")) == ("fa", "rtl")
    assert (english.get("lang"), english.get("dir")) == ("en", "ltr")
    twin = example(view.twin, shown)
    assert persian.xpath('string(//link[@type="application/json"]/@href)') == twin
    assert site.get(twin).headers["content-type"] == "application/json"
    assert len(persian.xpath("//h1")) == 1


def test_no_link_on_any_page_leads_nowhere(site: Site) -> None:
    seen: set[str] = set()
    waiting = ["/", "/en/"]
    while waiting and len(seen) < 250:
        path = waiting.pop()
        found = site.get(path)
        assert found.status_code == 200, path
        if not found.headers["content-type"].startswith("text/html") or path.startswith("/replay"):
            continue
        for address in html.fromstring(found.text).xpath("//a/@href | //link/@href | //img/@src | //iframe/@src"):
            link = address.partition("#")[0]
            if link.startswith("/") and link not in seen and "owned" not in link:
                seen.add(link)
                waiting.insert(0, link)
    assert len(seen) >= 250


def test_the_front_page_shows_the_newest_items_and_the_numbers_of_the_archive(
    site: Site, shown: Shown, catalogue: Catalogue
) -> None:
    data = site.get("/index.json").json()
    assert data["state"]["items"] == shown.count
    assert data["state"]["withdrawn"] == 1
    assert data["state"]["captures"] == catalogue.db.execute("SELECT count(*) FROM captures").fetchone()[0]
    newest = [catalogue.by_docid(docid).id for docid in index.search(catalogue.db, "", limit=12).ids]
    assert [item["id"] for item in data["latest"]] == newest
    links = document(site, "/").xpath('//ol[@class="items"]//h3/a/@href')
    assert links == [f"/item/{item}" for item in newest]


SPELLINGS = ("توان‌خواهان", "توان خواهان", "توانخواهان", "توان‌خواهان".replace("ی", "ي"))


@pytest.mark.parametrize("query", SPELLINGS)
def test_a_search_finds_the_same_in_every_spelling_and_marks_it_in_the_original(site: Site, query: str) -> None:
    page = document(site, "/search", q=query)
    assert page.xpath('//input[@name="q"]/@value') == [query]
    marked = {mark.text_content().replace("\u200c", " ") for mark in page.xpath("//mark")}
    assert marked <= {"توان خواهان", "توان", "خواهان"}
    assert marked
    assert len(page.xpath('//ol[@class="items"]/li')) == site.get("/search.json", q=SPELLINGS[0]).json()["stories"]


def test_facets_count_every_hit_and_narrow_to_what_they_say(site: Site, catalogue: Catalogue) -> None:
    found = site.get("/search.json", q="بهزیستی").json()
    records = [catalogue.by_docid(docid) for docid in index.search_ids(catalogue.db, "بهزیستی")]
    assert found["total"] == len(records)
    facets = {facet["name"]: {v["value"]: v["count"] for v in facet["values"]} for facet in found["facets"]}
    for name, field in {"province": "province", "office": "office", "kind": "kind", "org": "organisation"}.items():
        assert facets[name] == {k: n for k, n in Counter(getattr(r, field) for r in records).items() if k}, name
    assert facets["year"] == Counter(r.published_jalali[:4] for r in records if r.published_jalali)
    for name in ("province", "kind", "org"):
        for value, count in facets[name].items():
            if len(value) < 20:
                assert site.get("/search.json", q="بهزیستی", **{name: value}).json()["total"] == count
    for year, count in facets["year"].items():
        assert site.get("/search.json", q="بهزیستی", **{"from": year, "to": year}).json()["total"] == count


def test_months_are_offered_within_one_year_and_chosen_filters_can_be_taken_back(site: Site) -> None:
    page = document(site, "/search", **{"from": "1402", "to": "1402", "province": "IR-22"})
    month = page.xpath('//aside//a[contains(text(), "اسفند")]/@href')[0]
    assert "from=1402-12" in month
    assert "province=IR-22" in month
    back = page.xpath('//p[@class="chosen"]/a')
    assert [text(a) for a in back] == ["هرمزگان ✕", "از تاریخ ۱۴۰۲ ✕", "تا تاریخ ۱۴۰۲ ✕"]
    assert "province" not in back[0].get("href")
    assert all("from=" in a.get("href") for a in back[:1])


def test_pages_of_a_result_hold_every_hit_once_newest_first(site: Site) -> None:
    first = site.get("/search.json", fold="no").json()
    pages = [site.get("/search.json", fold="no", page=page).json() for page in range(1, first["pages"] + 1)]
    hits = [hit for page in pages for hit in page["hits"]]
    assert len(hits) == len({hit["id"] for hit in hits}) == first["total"]
    days = [hit["published"] for hit in hits if hit["published"]]
    assert [d[:10] for d in days] == sorted((d[:10] for d in days), reverse=True)
    assert hits[-1]["published"] is None
    assert document(site, "/search").xpath('//a[@rel="next"]/@href') == ["/search?page=2"]


def test_best_match_first_is_another_order_of_the_same_hits(site: Site) -> None:
    by_day, by_rank = (site.get("/search.json", q="کودک", sort=sort).json() for sort in ("date", "relevance"))
    assert by_day["total"] == by_rank["total"]
    assert [h["id"] for h in by_day["hits"]] != [h["id"] for h in by_rank["hits"]]


def test_an_item_shows_its_record_and_where_its_bytes_are(site: Site, plain) -> None:
    data = site.get(f"/item/{plain.id}.json").json()
    assert data["record"] == to_dict(plain)
    assert list(data["record"]) == list(to_dict(plain))
    page = document(site, f"/item/{plain.id}")
    shown = text(page)
    for fact in (plain.title, plain.capture.payload_digest, plain.capture.warc, plain.capture.record_id, plain.url):
        assert fact in shown
    assert plain.capture.fetched in shown
    body = text(page.xpath('//div[@class="text"]')[0])
    words = [word for line in plain.body.split("\n") for word in line.split() if word != "|"]
    assert not [word for word in words if word not in body]
    # Among English, a Persian line of date and time would be put in another order.
    shown_raw = document(site, f"/en/item/{plain.id}").xpath("//dd[@lang='fa']/bdi")
    assert plain.published_raw in [line.text_content() for line in shown_raw]


def test_neighbours_follow_the_order_of_codes(site: Site, catalogue: Catalogue) -> None:
    ids = [record.id for record in catalogue.records()]
    for item in (ids[0], ids[5], ids[-1]):
        data = site.get(f"/item/{item}.json").json()
        kin = [other for other in ids if other.split(":")[0] == item.split(":")[0]]
        at = kin.index(item)
        assert (data["previous"] or {"id": None})["id"] == (kin[at - 1] if at else None)
        assert (data["next"] or {"id": None})["id"] == (kin[at + 1] if at + 1 < len(kin) else None)


def test_a_text_that_was_passed_on_is_the_same_story_and_others_are_not(site: Site, shown: Shown) -> None:
    alike = site.get(f"/item/{shown.copied}.json").json()["same_story"]
    assert [each["item"]["id"] for each in alike] == ["oghaf:990001"]
    assert alike[0]["shared"] > 0.9
    assert "oghaf:990001" in site.get(f"/item/{shown.copied}").text


def test_similar_items_share_rare_words_and_are_neither_the_item_nor_its_story(site: Site, shown: Shown) -> None:
    data = site.get(f"/item/{shown.copied}.json").json()
    similar = [hit["id"] for hit in data["similar"]]
    assert 0 < len(similar) <= 5
    assert not {shown.copied, *(each["item"]["id"] for each in data["same_story"])} & set(similar)
    words = set(fold(data["record"]["title"] + " " + " ".join(data["record"]["tags"])).split())
    best = site.get(f"/item/{similar[0]}.json").json()["record"]
    assert words & set(fold(" ".join((best["title"], best["lead"], *best["tags"]))).split())
    assert document(site, f"/item/{shown.copied}").xpath('//section[@aria-labelledby="similar"]//a')


def test_a_story_of_several_offices_is_shown_once_and_can_be_unfolded(site: Site, shown: Shown) -> None:
    asked = {"q": f"code:{shown.copied.partition(':')[2]} OR code:990001"}
    folded, unfolded = (site.get("/search.json", **asked, fold=fold).json() for fold in ("yes", "no"))
    assert (folded["total"], folded["stories"], folded["pages"], len(folded["hits"])) == (2, 1, 1, 1)
    told = {hit["id"]: hit for hit in unfolded["hits"]}
    assert set(told) == {shown.copied, "oghaf:990001"}
    for item, other in (list(told), list(told)[::-1]):
        assert (told[item]["story"], told[item]["places"]) == (shown.copied, 2)
        assert [each["id"] for each in told[item]["elsewhere"]] == [other]
    page = document(site, "/search", **asked)
    assert [text(each) for each in page.xpath('//details[@class="told"]/summary')] == ["همین خبر در ۲ پایگاه"]
    others = page.xpath('//details[@class="told"]//a/@href')
    assert others == [f"/item/{each['id']}" for each in folded["hits"][0]["elsewhere"]]
    unfolding = page.xpath('//span[@class="fold"]/a/@href')[0]
    assert len(html.fromstring(site.get(unfolding).text).xpath('//ol[@class="items"]/li')) == 2


def test_a_withdrawn_item_says_so_on_its_page_and_in_lists(site: Site, shown: Shown) -> None:
    assert document(site, f"/item/{shown.withdrawn}").xpath('//*[@class="withdrawn"]')
    assert site.get(f"/item/{shown.withdrawn}.json").json()["revisions"][-1]["status"] == "gone"
    assert [h["id"] for h in site.get("/search.json", status="gone").json()["hits"]] == [shown.withdrawn]
    assert document(site, "/search", q="status:gone").xpath('//span[@class="gone"]')
    assert not document(site, f"/item/{shown.edited}").xpath('//*[@class="withdrawn"]')


def test_a_withdrawn_item_names_the_captures_that_prove_it(crawled: Crawled, tmp_path: Path) -> None:
    """On its page, in its JSON and on the terminal; of the answers of its addresses those since it was last seen."""
    root = crawled.copy(tmp_path / "c")
    writer = lock_collection(root)
    record = next(r for r in writer.catalogue.records() if r.portal == "behzisti")
    looks = [dt.datetime(2030, 1, day, 3, 4, 5, tzinfo=dt.UTC) for day in (3, 4)]
    captures = [
        keep(writer, record.url, b"no such page", "text/html", when, status)
        for when, status in zip(looks, (404, 410), strict=True)
    ]
    for capture in captures:
        writer.catalogue.not_found(record.id, record.url, "http-404", capture.fetched)
    writer.close()
    for site in running(root):
        found = site.get(f"/item/{record.id}.json").json()["withdrawal"]
        assert [c["record_id"] for c in found["captures"]] == [c.record_id for c in captures]
        assert (found["last_seen"], found["checked"]) == (record.last_seen, captures[1].fetched)
        notice = document(site, f"/item/{record.id}").xpath('//*[@class="withdrawn"]')[0]
        assert "۱۴ دی ۱۴۰۸، ۰۶:۳۴" in text(notice)
        for link in notice.xpath(".//a/@href"):
            assert site.get(link).status_code == 200
        assert site.get(f"/replay/{captures[0].record_id}").text == "no such page"
        live = next(each for each in open_collection(root).records if each.status == "live")
        assert site.get(f"/item/{live.id}.json").json()["withdrawal"] is None
    shown = bayegan("show", record.id, "--collection", root).out
    assert captures[1].fetched in shown
    assert all(c.record_id in shown for c in captures)


def test_a_withdrawal_without_a_kept_answer_says_when_it_was_found(site: Site, shown: Shown) -> None:
    assert "۱۵ دی ۱۴۰۸" in text(document(site, f"/item/{shown.withdrawn}").xpath('//*[@class="withdrawn"]')[0])


def test_a_page_behind_the_last_one_says_where_the_result_ends(site: Site) -> None:
    page = document(site, "/search", q="توان", page=9)
    assert "نتیجه در صفحهٔ" in text(page)
    back = page.xpath('//p[@class="nothing"]/a/@href')[0]
    assert html.fromstring(site.get(back).text).xpath('//ol[@class="items"]/li')


@pytest.mark.parametrize("path", ["/search.json?kind=", "/search.json?q=kind:", "/search.json?q=گونه:"])
def test_the_values_of_facets_are_accepted_by_their_names(site: Site, path: str) -> None:
    wanted = site.get("/search.json", kind="photo").json()["total"]
    assert wanted > 0
    for name in ("photo", "عکس"):
        assert site.get(path + name).json()["total"] == wanted
    refused = site.get(path + "zz")
    assert refused.status_code == 400
    assert "photo (عکس)" in refused.json()["detail"]


def test_every_facet_of_the_page_can_be_typed_as_it_is_shown(site: Site) -> None:
    """Its Persian or English heading as the field, its label as the value, in a query."""
    typed = 0
    for prefix in ("", "/en"):
        page = document(site, f"{prefix}/search?from=1402&to=1402&fold=no")
        for facet in page.xpath('//section[@class="facet"][ul/li/span]'):
            field = text(facet.xpath("h2")[0])
            for row in facet.xpath("ul/li[a][span]")[:3]:
                label, count = text(row.xpath("a")[0]), ascii_digits(text(row.xpath("span")[0]))
                found = site.get("/search.json", q=f'{field}:"{label}" from:1402 to:1402')
                assert found.status_code == 200, found.text
                assert found.json()["total"] == int(count), (field, label)
                typed += 1
    assert typed > 20


def test_an_edit_is_shown_word_by_word(site: Site, shown: Shown) -> None:
    data = site.get(f"/item/{shown.edited}/diff.json").json()
    assert (data["older"]["revision"], data["newer"]["revision"]) == (1, 2)
    title = next(f for f in data["fields"] if f["field"] == "title")
    assert [p["text"].strip() for p in title["pieces"] if p["change"] == "added"] == ["(اصلاحیه)"]
    page = document(site, f"/item/{shown.edited}/diff")
    assert any("اصلاحیه" in ins.text_content() for ins in page.xpath("//ins"))
    assert page.xpath("//del")
    same = document(site, f"/item/{shown.edited}/diff", a=2, b=2)
    assert not same.xpath('//div[@class="difference"]')


def test_a_kept_picture_is_shown_and_another_named(site: Site, shown: Shown) -> None:
    page = document(site, f"/item/{shown.edited}")
    kept = page.xpath('//section[@class="pictures"]//img/@src')
    assert len(kept) == 1
    assert site.get(kept[0]).content.startswith(b"\x89PNG")
    assert not [src for src in page.xpath("//img/@src") if not src.startswith("/")]


def test_places_and_calendar_add_up(site: Site, shown: Shown) -> None:
    places = site.get("/places.json").json()
    assert sum(p["total"] for p in places["provinces"]) + places["elsewhere"] == shown.count
    assert len(places["provinces"]) == 31
    calendar = site.get("/calendar.json").json()
    assert sum(y["total"] for y in calendar["years"]) + calendar["undated"] == shown.count
    year = calendar["years"][0]
    at = max(range(12), key=lambda month: year["months"][month])
    month = site.get(f"/calendar/{year['year']}/{at + 1}.json").json()
    assert month["total"] == year["months"][at] == sum(d["items"] for d in month["days"])
    day = max(month["days"], key=lambda d: d["items"])
    assert site.get("/search.json", **{"from": day["date"], "to": day["date"]}).json()["total"] == day["items"]


def test_weekdays_stand_in_their_column(site: Site) -> None:
    days = site.get("/calendar/1403/1.json").json()["days"]
    assert (days[0]["gregorian"], days[0]["weekday"]) == ("2024-03-20", 4), "1 Farvardin 1403 was a Wednesday"
    row = document(site, "/calendar/1403/1").xpath('//table[@class="month"]/tbody/tr[1]/td')
    assert [text(cell)[:1] for cell in row] == ["", "", "", "", "۱", "۲", "۳"]


def test_coverage_counts_every_office_and_shows_gaps(site: Site, catalogue: Catalogue) -> None:
    data = site.get("/coverage.json", year=1402).json()
    for office in data["offices"]:
        expected = [0] * 12
        rows = catalogue.db.execute("SELECT published_jalali FROM items WHERE office = ?", (office["office"],))
        for (day,) in rows:
            if day and day.startswith("1402"):
                expected[int(day[5:7]) - 1] += 1
        assert office["months"] == expected
    assert document(site, "/coverage", year=1402).xpath('//td[@class="gap"]')


def test_coverage_tells_of_every_code_what_is_known_of_it(site: Site) -> None:
    codes = site.get("/coverage.json").json()["codes"]
    assert codes
    for portal in codes:
        assert sum(portal["states"].values()) == portal["highest"] - portal["lowest"] + 1


def test_coverage_has_a_picture_of_the_year(site: Site) -> None:
    picture = site.get("/coverage.svg", year=1402)
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "۱۴۰۲" in picture.text
    assert document(site, "/coverage", year=1402).xpath('//img[contains(@src, "/coverage.svg")]/@alt')


def test_the_address_of_an_item_is_its_id_and_stays(site: Site, shown: Shown) -> None:
    assert site.get(f"/item/{shown.edited}").status_code == 200
    assert site.get(f"/item/{shown.edited.replace(':', '%3A')}").status_code == 200


def test_the_routes_do_not_hide_each_other() -> None:
    paths = [each.path for each in (*VIEWS, *DOWNLOADS)] + [view.twin for view in VIEWS]
    assert len(paths) == len(set(paths))
    assert all(re.fullmatch(r"/[a-z/{}.-]*", path) for path in paths)
