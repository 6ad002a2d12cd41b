"""The tables of catalogue.sqlite. Everything but the frontier can be made again from the WARC files."""

from __future__ import annotations

VERSION = 2

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS crawls (          -- one row a crawl; a resumed crawl keeps its row
    id        TEXT PRIMARY KEY,
    scope     TEXT NOT NULL,                 -- JSON: offices, since, until; equal scopes resume each other
    state     TEXT NOT NULL,                 -- running, stopped or finished
    started   TEXT NOT NULL,
    finished  TEXT,
    reason    TEXT,                          -- why it ended
    runs      INTEGER NOT NULL DEFAULT 1,    -- processes that worked on it
    seconds   REAL NOT NULL DEFAULT 0,       -- time those processes took
    counts    TEXT NOT NULL DEFAULT '{}'     -- JSON: what no table counts (boilerplate removed, links skipped)
);

CREATE TABLE IF NOT EXISTS captures (        -- one row a response or revisit record
    id        INTEGER PRIMARY KEY,
    record_id TEXT NOT NULL UNIQUE,
    warc      TEXT NOT NULL,                 -- relative to the collection
    offset    INTEGER NOT NULL,
    length    INTEGER NOT NULL,
    type      TEXT NOT NULL,
    url       TEXT NOT NULL,
    status    INTEGER NOT NULL,
    mime      TEXT,
    fetched   TEXT NOT NULL,
    payload_digest TEXT NOT NULL,
    ip        TEXT,
    crawl     TEXT,
    office    TEXT,
    refers_to TEXT,                          -- of a revisit: the record_id of the response that has the payload
    truncated TEXT                           -- WARC-Truncated: why the response is not whole
);
CREATE INDEX IF NOT EXISTS captures_place ON captures (warc, offset);
CREATE INDEX IF NOT EXISTS captures_crawl ON captures (crawl);
CREATE INDEX IF NOT EXISTS captures_url ON captures (url, fetched);

CREATE TABLE IF NOT EXISTS items (           -- one row an item: its newest revision
    docid     INTEGER PRIMARY KEY,           -- ascends with the minute of publication: see archive/search
    id        TEXT NOT NULL UNIQUE,
    portal    TEXT NOT NULL,
    code      TEXT NOT NULL,
    office    TEXT,
    organisation TEXT,
    province  TEXT,
    kind      TEXT NOT NULL,
    title     TEXT NOT NULL,
    published TEXT,
    published_jalali TEXT,
    status    TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    content_sha256 TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    checked   TEXT NOT NULL,                 -- the last look at its address, whatever it found
    missed    INTEGER NOT NULL DEFAULT 0,    -- looks in a row that found nothing there; the second makes it gone
    record    BLOB NOT NULL                  -- JSON of the record, aliases left out: they are in `addresses`
);
CREATE INDEX IF NOT EXISTS items_office ON items (office, published_jalali);

-- Facets are counted from groups of this index: see archive/search/facts.py
CREATE INDEX IF NOT EXISTS items_kin ON items (organisation, province, office, kind, status);
CREATE INDEX IF NOT EXISTS items_checks ON items (first_seen, checked, missed, office, portal, published_jalali);

CREATE TABLE IF NOT EXISTS absent (          -- codes that were looked for and not found, and have no record
    item      TEXT PRIMARY KEY,
    url       TEXT NOT NULL,
    reason    TEXT NOT NULL,
    seen      TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS listed (          -- which office's listings named an item, and under which day
    item      TEXT NOT NULL,
    office    TEXT NOT NULL,
    day       TEXT NOT NULL,                 -- YYYY-MM-DD, Jalali; empty when the listing does not say
    PRIMARY KEY (item, office)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS revisions (       -- every version of a record, the newest too
    item      TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    record    BLOB NOT NULL,
    PRIMARY KEY (item, revision)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS addresses (       -- every address seen for an item, as seen
    item      TEXT NOT NULL,
    url       TEXT NOT NULL,
    PRIMARY KEY (item, url)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS frontier (        -- what a crawl has to fetch, is fetching and has settled
    id        INTEGER PRIMARY KEY,
    crawl     TEXT NOT NULL,
    key       TEXT NOT NULL,                 -- the item's id, or the normalised address
    url       TEXT NOT NULL,
    role      TEXT NOT NULL,                 -- home, listing, item or asset
    office    TEXT NOT NULL,
    portal    TEXT NOT NULL,
    dialect   TEXT NOT NULL,
    host      TEXT NOT NULL,
    via       TEXT,                          -- the page that named it
    path      TEXT NOT NULL,                 -- how it was found: seed, feed, sitemap, archive …
    priority  INTEGER NOT NULL,
    attempts  INTEGER NOT NULL DEFAULT 0,
    hops      INTEGER NOT NULL DEFAULT 0,    -- redirects followed to here
    due       REAL NOT NULL DEFAULT 0,       -- not before this time (Unix seconds)
    state     TEXT NOT NULL,                 -- queued, leased or done
    lease     TEXT,                          -- the run that holds it
    outcome   TEXT,                          -- recorded, known, listing, gone, refused, failed …
    reason    TEXT,
    UNIQUE (crawl, key)
);
CREATE INDEX IF NOT EXISTS frontier_queue ON frontier (crawl, host, priority DESC, id) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS frontier_items ON frontier (key) WHERE role = 'item' AND coalesce(outcome, '') <> 'known';
CREATE INDEX IF NOT EXISTS frontier_home ON frontier (crawl, office) WHERE role = 'home';
CREATE INDEX IF NOT EXISTS frontier_leased ON frontier (lease) WHERE state = 'leased';

CREATE TABLE IF NOT EXISTS fills (           -- how well a crawl could read an office's pages: see archive/drift.py
    office    TEXT NOT NULL,
    field     TEXT NOT NULL,                 -- a field; page (it gave a record); system:<name>; block:<a line>
    crawl     TEXT NOT NULL,
    filled    INTEGER NOT NULL,              -- pages
    total     INTEGER NOT NULL,
    example   TEXT,                          -- a page where it was not filled; of system and block, one where it was
    PRIMARY KEY (office, field, crawl)
) WITHOUT ROWID;
"""
