"""An index in a real SQLite file, and records to put into it."""

from __future__ import annotations

import sqlite3

import pytest

from archive import schema
from archive.record import NewsRecord
from archive.search import index


@pytest.fixture
def db(tmp_path):
    connection = sqlite3.connect(tmp_path / "catalogue.sqlite", isolation_level=None)
    connection.executescript(schema.TABLES)
    index.create(connection)
    yield connection
    connection.close()


@pytest.fixture
def put(db):
    """Index a record made of the given fields; its row id."""

    def put(body="", title="", **fields):
        usual = {"id": "p:1", "portal": "p", "code": "1", "url": "https://p.ir/1"}
        record = NewsRecord(**usual | fields, title=title, body=body)
        rowid = index.allocate(db, record.published)
        index.add(db, rowid, index.terms_of(record))
        return rowid

    return put
